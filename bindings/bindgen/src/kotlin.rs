//! Leaves out of the generated Kotlin what can't be called.
//!
//! Every converter is written with both ways, to bytes and from bytes, and calls its kin through an interface, so that
//! no shrinker sees which of the two is ever gone. Most records go one way only: an app reads messages and writes none.
//! Here the other way becomes one line that throws, which takes what only it used with it.

use std::collections::{BTreeMap, BTreeSet};

const PREFIX: &str = "FfiConverter";
const OBJECT: &str = "public object FfiConverter";

/// A way through a converter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Read,
    Write,
}

/// A converter, and one of its ways.
type Use<'a> = (&'a str, Way);

/// A member of a converter that overrides one of the interface.
struct Member<'a> {
    way: Way,
    /// What it converts.
    of: &'a str,
    lines: std::ops::Range<usize>,
    uses: Vec<Use<'a>>,
}

/// The generated text, taken apart as far as matters here.
#[derive(Default)]
struct Code<'a> {
    /// Of each converter.
    members: BTreeMap<&'a str, Vec<Member<'a>>>,
    /// What everything else uses.
    roots: Vec<Use<'a>>,
}

/// The text without the ways that nothing leads to.
pub fn without_dead_ways(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let code = Code::read(&lines);
    let alive = code.alive();
    let mut dead: BTreeMap<usize, &Member<'_>> = BTreeMap::new();
    for (name, members) in &code.members {
        let without_use = members.iter().filter(|member| !alive.contains(&(*name, member.way)));
        dead.extend(without_use.map(|member| (member.lines.start, member)));
    }
    let mut out = String::new();
    let mut number = 0;
    while let Some(line) = lines.get(number) {
        if let Some(member) = dead.get(&number) {
            out.push_str(&throwing(line, member.of));
            number = member.lines.end;
        } else {
            out.push_str(line);
            number += 1;
        }
        out.push('\n');
    }
    out
}

impl<'a> Code<'a> {
    fn read(lines: &[&'a str]) -> Self {
        let mut code = Self::default();
        // The converter that a line stands in, and what it converts.
        let mut object = None;
        let mut number = 0;
        while let Some(line) = lines.get(number) {
            let mut end = number + 1;
            let head = line.strip_prefix(OBJECT);
            if let Some(head) = head {
                let of = head.split_once('<').map_or("", |(_, of)| of.trim_end_matches(['{', ' ']));
                object = Some((word(head), of.strip_suffix('>').unwrap_or(of)));
            } else if *line == "}" {
                object = None;
            }
            if let (Some((name, of)), Some(way)) = (object, way_of(line)) {
                if line.ends_with(['{', '(']) {
                    let closes = |line: &&str| matches!(*line, "    }" | "    )");
                    end += lines[end..].iter().position(closes).map_or(0, |at| at + 1);
                }
                let uses = lines[number..end].iter().flat_map(|line| uses(line)).collect();
                code.members.entry(name).or_default().push(Member { way, of, lines: number..end, uses });
            } else {
                code.roots.extend(uses(head.unwrap_or(line)));
            }
            number = end;
        }
        code
    }

    /// The ways that something leads to.
    fn alive(&self) -> BTreeSet<Use<'a>> {
        let mut alive = BTreeSet::new();
        let mut open = self.roots.clone();
        while let Some((name, way)) = open.pop() {
            if alive.insert((name, way)) {
                let members = self.members.get(name).into_iter().flatten();
                open.extend(members.filter(|member| member.way == way).flat_map(|member| &member.uses));
            }
        }
        alive
    }
}

/// The way that a line begins a member of.
fn way_of(line: &str) -> Option<Way> {
    let name = word(line.strip_prefix("    override fun ")?);
    match name {
        "read" | "lift" => Some(Way::Read),
        "write" | "allocationSize" | "lower" => Some(Way::Write),
        _ => None,
    }
}

/// The same member, of a converter of `of`, with a body that throws.
fn throwing(line: &str, of: &str) -> String {
    let head = line.split(" = ").next().unwrap_or(line).trim_end_matches([' ', '{']);
    // The type of what is given back is not always written.
    let given = match word(line.trim_start().trim_start_matches("override fun ")) {
        _ if !head.ends_with(')') => String::new(),
        "read" | "lift" => format!(": {of}"),
        "allocationSize" => ": ULong".to_owned(),
        _ => ": Unit".to_owned(),
    };
    format!("{head}{given} = throw UnsupportedOperationException()")
}

/// The name that a text begins with.
fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The converters that a line names, by how it uses them, both ways where that can't be seen.
fn uses(line: &str) -> Vec<Use<'_>> {
    let mut uses = Vec::new();
    for (at, _) in line.match_indices(PREFIX) {
        let rest = &line[at + PREFIX.len()..];
        let name = word(rest);
        match rest[name.len()..].strip_prefix('.').map(word) {
            Some("read" | "lift" | "liftFromRustBuffer") => uses.push((name, Way::Read)),
            Some("write" | "allocationSize" | "lower" | "lowerIntoRustBuffer") => uses.push((name, Way::Write)),
            // Kept beside the ways, for callbacks.
            Some("handleMap") => {}
            _ => uses.extend([(name, Way::Read), (name, Way::Write)]),
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
fun given(value: A) = FfiConverterTypeA.lower(value)
fun got(buf: ByteBuffer) = FfiConverterTypeB.lift(buf)
public object FfiConverterTypeA: FfiConverterRustBuffer<A> {
    override fun read(buf: ByteBuffer): A {
        return A(FfiConverterTypeC.read(buf))
    }

    override fun allocationSize(value: A) = (
            FfiConverterTypeC.allocationSize(value.`c`)
    )

    override fun write(value: A, buf: ByteBuffer) {
            FfiConverterTypeC.write(value.`c`, buf)
    }
}
public object FfiConverterTypeB: FfiConverterRustBuffer<B> {
    override fun read(buf: ByteBuffer) = try {
        B.values()[buf.getInt() - 1]
    } finally {
    }

    override fun allocationSize(value: B) = 4UL

    override fun write(value: B, buf: ByteBuffer) {
        buf.putInt(value.ordinal + 1)
    }
}
public object FfiConverterTypeC: FfiConverterRustBuffer<C> {
    override fun read(buf: ByteBuffer): C {
        return C()
    }

    override fun allocationSize(value: C): ULong = 0UL

    override fun write(value: C, buf: ByteBuffer) {
    }
}
";

    #[test]
    fn what_nothing_leads_to_throws_and_the_rest_stays() {
        let made = without_dead_ways(TEXT);
        let throws: Vec<&str> = made.lines().filter(|line| line.contains("throw")).collect();
        let dead = "    override fun ";
        assert_eq!(
            throws,
            [
                format!("{dead}read(buf: ByteBuffer): A = throw UnsupportedOperationException()"),
                format!("{dead}allocationSize(value: B): ULong = throw UnsupportedOperationException()"),
                format!("{dead}write(value: B, buf: ByteBuffer): Unit = throw UnsupportedOperationException()"),
                format!("{dead}read(buf: ByteBuffer): C = throw UnsupportedOperationException()"),
            ]
        );
        assert!(made.contains("FfiConverterTypeC.write(value.`c`, buf)") && made.contains("B.values()"));
        assert_eq!(made.matches("public object").count(), 3);
    }

    #[test]
    fn type_that_is_not_written_is_that_of_the_converter() {
        let made = without_dead_ways(&TEXT.replace("FfiConverterTypeB.lift(buf)", "FfiConverterTypeB.lower(buf)"));
        assert!(made.contains("    override fun read(buf: ByteBuffer): B = throw UnsupportedOperationException()\n"));
    }

    #[test]
    fn converter_that_is_handed_on_keeps_both_ways() {
        let made = without_dead_ways(&format!("{TEXT}val handed = listOf(FfiConverterTypeA, FfiConverterTypeB)\n"));
        assert!(!made.contains("throw"));
    }
}
