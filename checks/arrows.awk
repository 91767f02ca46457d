# Finds uses of one room of core/src by another that must not know it. Started by checks/arrows.
#
#   awk -v rooms='model store client; store client' -v lib=core/src/lib.rs -f arrows.awk FILES
#
# `rooms` lists, between semicolons, a room and then the rooms that it must not use. Reads `crate::room`,
# `crate::{room::…, …}`, `super::…` as far as it reaches the crate's root, and names that lib.rs re-exports from a room.
# Comments do not count: a link in a doc comment is no dependency. Plain POSIX awk, for Debian's is mawk.

BEGIN {
    count = split(rooms, lines, ";")
    for (i = 1; i <= count; i++) {
        words = split(lines[i], word, " ")
        for (j = 2; j <= words; j++) forbidden[word[1], word[j]] = 1
    }
    read_exports()
}

# Which room each name that lib.rs re-exports comes from: `pub use client::{SupportClient, …};`.
function read_exports(    text, line, statements, count, i, rest, room, names, n, j) {
    while ((getline line < lib) > 0) {
        sub(/\/\/.*/, "", line)
        text = text " " line
    }
    close(lib)
    count = split(text, statements, ";")
    for (i = 1; i <= count; i++) {
        if (!match(statements[i], /use +[a-z_]+::/)) continue
        rest = substr(statements[i], RSTART + RLENGTH)
        room = substr(statements[i], RSTART, RLENGTH)
        gsub(/use +|::/, "", room)
        n = split(rest, names, /[^A-Za-z0-9_]+/)
        for (j = 1; j <= n; j++) if (names[j] != "" && names[j] != "as") exported[names[j]] = room
    }
}

FNR == 1 {
    path = FILENAME
    sub(/^.*core\/src\//, "", path)
    # How many times `super` leads from this file's module to the crate's root.
    depth = split(path, parts, "/")
    if (parts[depth] == "mod.rs") depth--
    room = parts[1]
    sub(/\.rs$/, "", room)
    mode = ""
    inline = 0
}

{
    # A module within the file is one `super` further in; it ends at a brace as far in as its beginning.
    if (match($0, /^ *(pub(\([a-z ]*\))? +)?mod +[A-Za-z0-9_]+ *\{/) && $0 !~ /\} *$/) {
        match($0, /^ */)
        indent[++inline] = RLENGTH
    } else if (inline > 0 && match($0, /^ *\}/) && RLENGTH == indent[inline] + 1) {
        inline--
    }
    line = $0
    sub(/\/\/.*/, "", line)
    while (match(line, /[A-Za-z_][A-Za-z0-9_]*|::|[^ \t]/)) {
        token = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        step(token)
    }
}

# mode: "" outside of a path, "path" behind `crate` or `super`, "name" behind its `::`, "group" within its braces.
function step(token) {
    if (mode == "path") {
        mode = (token == "::") ? "name" : ""
        if (mode != "") return
    } else if (mode == "name") {
        if (token == "{") { mode = "group"; braces = 1; first = 1 }
        else if (token == "super") { supers++; mode = "path" }
        else { mode = ""; refer(token) }
        return
    } else if (mode == "group") {
        if (token == "{") braces++
        else if (token == "}") { if (--braces == 0) mode = "" }
        else if (token == "," && braces == 1) first = 1
        else if (first && token ~ /^[A-Za-z_]/) { first = 0; refer(token) }
        return
    }
    if (token == "crate") { mode = "path"; rooted = 1; supers = 0 }
    else if (token == "super") { mode = "path"; rooted = 0; supers = 1 }
}

function refer(name,    target) {
    if (!rooted && supers < depth + inline) return
    target = ((room, name) in forbidden) ? name : exported[name]
    if ((room, target) in forbidden) printf "%s:%d: %s must not use %s\t%s\n", FILENAME, FNR, room, target, $0
}
