package com.shopbell.sdk

/** As much of JSON as the tests read. */
class Json private constructor(
    private val value: Any?,
) {
    constructor(source: String) : this(Reader(source).read())

    fun field(name: String): Json = Json((value as Map<*, *>)[name])

    fun items(): List<Json> = (value as? List<*>)?.map { Json(it) }.orEmpty()

    fun text(): String = value.toString()

    private class Reader(
        private val source: String,
    ) {
        private var at = 0

        fun read(): Any? {
            space()
            return when (source[at]) {
                '{' -> members()
                '[' -> elements()
                '"' -> string()
                else -> source.substring(at, end()).also { at = end() }
            }
        }

        private fun end(): Int = (at until source.length).first { source[it] in ",]} \n" }

        private fun space() {
            while (source[at].isWhitespace()) at++
        }

        /** Whether there is another one, past the comma before it. */
        private fun more(close: Char): Boolean {
            space()
            if (source[at] == ',') at++
            space()
            return (source[at] != close).also { if (!it) at++ }
        }

        private fun members(): Map<String, Any?> {
            at++
            val members = HashMap<String, Any?>()
            while (more('}')) {
                val name = string()
                space()
                check(source[at++] == ':')
                members[name] = read()
            }
            return members
        }

        private fun elements(): List<Any?> {
            at++
            val elements = ArrayList<Any?>()
            while (more(']')) elements += read()
            return elements
        }

        private fun string(): String {
            val text = StringBuilder()
            while (source[++at] != '"') {
                if (source[at] != '\\') {
                    text.append(source[at])
                    continue
                }
                when (val escaped = source[++at]) {
                    'n' -> text.append('\n')
                    't' -> text.append('\t')
                    'r' -> text.append('\r')
                    'u' -> text.append(source.substring(at + 1, at + 5).toInt(16).toChar()).also { at += 4 }
                    else -> text.append(escaped)
                }
            }
            at++
            return text.toString()
        }
    }
}
