//! File names that do no harm, wherever they are saved or shown.

/// The most that file systems take, in bytes.
const MAX_BYTES: usize = 255;

/// The longest that counts as an extension, its dot included: what is longer is the end of a sentence.
const MAX_EXTENSION: usize = 17;

/// Device names of Windows: a file of such a name, with any extension, can't be opened there.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The name without its folders, without what no file system or desk takes, without what turns the direction of text
/// or can't be seen, and short enough; the extension stays. Where nothing is left, `fallback`.
///
/// What a desk would replace anyway is replaced here, by `-`, so that the name that comes back is the one that was
/// sent: the outbox recognises its own messages by it. Applied twice it is as applied once.
pub(crate) fn safe(name: &str, fallback: &str) -> String {
    let mut made = safer(name, fallback);
    // Cutting may make the end of a long name look like an extension, and `_` may make one too long. Each round makes it
    // shorter or changes nothing, but for the one `_`.
    loop {
        let again = safer(&made, fallback);
        if again == made {
            return made;
        }
        made = again;
    }
}

fn safer(name: &str, fallback: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !is_unseen(*c)).map(|c| if is_taken(c) { c } else { '-' }).collect();
    let (stem, extension) = split(plain.trim_matches([' ', '.']));
    let extension = extension.trim_end_matches([' ', '.']);
    let room = MAX_BYTES.saturating_sub(extension.len());
    let mut stem = cut(stem, room).trim_matches([' ', '.']).to_owned();
    if stem.is_empty() {
        fallback.clone_into(&mut stem);
    }
    if is_device(&stem) {
        stem.insert(0, '_');
    }
    stem.push_str(extension);
    stem
}

/// The letters and digits of a name: what stays the same whatever a desk makes of the rest.
pub(crate) fn essence(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// The extension as a part of a file's name on this phone: its dot, letters and digits; empty where there is none.
pub(crate) fn extension(name: &str) -> &str {
    let extension = split(name).1;
    let plain = extension.bytes().skip(1).all(|byte| byte.is_ascii_alphanumeric());
    if plain { extension } else { "" }
}

/// Stem and extension; the dot belongs to the extension. A name that begins with its only dot is all stem.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= MAX_EXTENSION => name.split_at(at),
        _ => (name, ""),
    }
}

/// Controls, and what has no width of its own but changes what stands around it.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn is_taken(c: char) -> bool {
    !matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '%' | '$' | ';')
}

fn cut(text: &str, room: usize) -> &str {
    let mut end = room.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn is_device(stem: &str) -> bool {
    let name = stem.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered = |port: &str| name.strip_prefix(port).is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']));
    DEVICES.contains(&name.as_str()) || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_name_becomes_one_that_does_no_harm(start in "(con|nul|x{0,9}|x{230,260})?", name in "[.x ]{0,30}|\\PC{0,40}") {
            let name = start + &name;
            let made = safe(&name, "file");
            prop_assert!(!made.is_empty() && made.len() <= MAX_BYTES);
            prop_assert!(!made.contains(['/', '\\', '\0']) && !made.starts_with('.'));
            prop_assert!(!made.chars().any(is_unseen) && made.chars().all(is_taken));
            prop_assert_eq!(safe(&made, "file"), made);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harm_is_taken_out_and_the_rest_stays() {
        let table = [
            ("parcel.jpg", "parcel.jpg"),
            ("Ảnh túi xách.PNG", "Ảnh túi xách.PNG"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\mai\\a.txt", "a.txt"),
            ("..", "file"),
            ("", "file"),
            (".bashrc", "bashrc"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("lpt1.", "_lpt1"),
            ("lpt10", "lpt10"),
            ("photo\u{202e}gpj.exe", "photogpj.exe"),
            ("a\r\nContent-Type: x\".png", "aContent-Type- x-.png"),
            ("50%;$.png", "50---.png"),
            ("name. ", "name"),
        ];
        for (name, expected) in table {
            assert_eq!(safe(name, "file"), expected, "{name:?}");
        }
    }

    #[test]
    fn long_name_is_cut_before_its_extension() {
        let made = safe(&format!("{}.jpeg", "ồ".repeat(10_000)), "file");
        assert!(made.ends_with("ồ.jpeg") && made.len() <= MAX_BYTES && made.len() > MAX_BYTES - 4);
        assert_eq!(extension(&made), ".jpeg");
        assert_eq!(safe(&"x".repeat(10_000), "file").len(), MAX_BYTES);
    }

    #[test]
    fn long_name_that_is_cut_at_a_dot_or_named_like_a_device_stays_as_it_is_when_taken_again() {
        let dotted = format!("{}..{}", "x".repeat(MAX_BYTES - 6), "y".repeat(40));
        let device = format!("con.{}", "x".repeat(10_000));
        for name in [dotted, device] {
            let made = safe(&name, "file");
            assert!(made.len() <= MAX_BYTES, "{}", made.len());
            assert_eq!(safe(&made, "file"), made);
        }
    }

    #[test]
    fn essence_outlives_what_desks_do_to_names() {
        let same = |a: &str, b: &str| essence(a).eq(essence(b));
        assert!(same("My photo (1).JPG", "my-photo__1_.jpg"));
        assert!(!same("photo1.jpg", "photo2.jpg"));
    }
}
