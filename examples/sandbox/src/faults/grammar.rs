//! A rule as one line, for the command line and for shells:
//!
//! ```text
//! rule   = [METHOD] [path] fault ["p=" 0..1] [count]
//! METHOD = GET | POST | PATCH | PUT | DELETE | ANY
//! path   = part of the path (or, for frames, of the event's name)
//! fault  = latency=MS | drop-before-write | reset-after-write | status=CODE | status-after-write=CODE
//!        | too-many-requests | truncate=BYTES | stall=BYTES | captive-portal | hang
//!        | reset-upload=BYTES | stall-upload=BYTES | redirect=URL
//!        | cable-duplicate | cable-reorder | cable-drop | cable-swap | cable-strip-echo
//!        | cable-half-open | cable-refuse
//!        | cable-disconnect=REASON[,stay-away]
//!        | deaf | late-frames=SECONDS | list-too-long=MESSAGES[,SECONDS]
//! ```
//!
//! `POST messages reset-after-write 3` resets the next three sends after they were written. A fault's number may also
//! follow as the next word: `late-frames 20`. Seconds may have a fraction.

use std::{str::FromStr, time::Duration};

use super::{Fault, Rule};

/// Why a line is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// No word of the line names a fault.
    #[error("`{0}` names no fault; try `POST messages reset-after-write 3`")]
    NoFault(String),
    /// A fault's number is missing or no number.
    #[error("`{0}` needs a number, like `latency=300`")]
    Number(String),
    /// A word that means nothing here.
    #[error("`{0}` is not understood")]
    Word(String),
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(line: &str) -> Result<Self, RuleError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut found = None;
        for (place, word) in words.iter().enumerate() {
            if let Some((fault, length)) = parse_words(word, words.get(place + 1))? {
                found = Some((place, fault, length));
                break;
            }
        }
        let (place, fault, length) = found.ok_or_else(|| RuleError::NoFault(line.to_owned()))?;
        let mut rule = Self::new(fault);
        for word in words.iter().take(place) {
            match *word {
                "ANY" => {}
                "GET" | "POST" | "PATCH" | "PUT" | "DELETE" if rule.method.is_none() => {
                    rule.method = Some((*word).to_owned());
                }
                path if rule.path_contains.is_none() => rule.path_contains = Some(path.to_owned()),
                other => return Err(RuleError::Word(other.to_owned())),
            }
        }
        for word in words.iter().skip(place + length) {
            let wrong = |_| RuleError::Word((*word).to_owned());
            match word.strip_prefix("p=") {
                Some(probability) => {
                    rule.probability = probability.parse().map_err(|_| RuleError::Word((*word).to_owned()))?;
                }
                None => rule.remaining = Some(word.parse().map_err(wrong)?),
            }
        }
        Ok(rule)
    }
}

/// A fault and the number of words that name it: two where its number stands in the next word.
fn parse_words(word: &str, next: Option<&&str>) -> Result<Option<(Fault, usize)>, RuleError> {
    match (parse_fault(word), next) {
        (Err(RuleError::Number(_)), Some(next)) if !word.contains('=') => {
            Ok(parse_fault(&format!("{word}={next}"))?.map(|fault| (fault, 2)))
        }
        (found, _) => Ok(found?.map(|fault| (fault, 1))),
    }
}

fn parse_fault(word: &str) -> Result<Option<Fault>, RuleError> {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let missing = || RuleError::Number(word.to_owned());
    Ok(Some(match name {
        "latency" => Fault::Latency(Duration::from_millis(value.parse().map_err(|_| missing())?)),
        "drop-before-write" => Fault::DropBeforeWrite,
        "reset-after-write" => Fault::ResetAfterWrite,
        "status" => Fault::Status(value.parse().map_err(|_| missing())?),
        "status-after-write" => Fault::StatusAfterWrite(value.parse().map_err(|_| missing())?),
        "too-many-requests" => Fault::TooManyRequests,
        "truncate" => Fault::TruncateBody(value.parse().map_err(|_| missing())?),
        "stall" => Fault::StallBody(value.parse().map_err(|_| missing())?),
        "reset-upload" => Fault::ResetUpload(value.parse().map_err(|_| missing())?),
        "stall-upload" => Fault::StallUpload(value.parse().map_err(|_| missing())?),
        "redirect" => Fault::Redirect(value.to_owned()),
        "captive-portal" => Fault::CaptivePortal,
        "hang" => Fault::Hang,
        "cable-duplicate" => Fault::CableDuplicate,
        "cable-reorder" => Fault::CableReorder,
        "cable-drop" => Fault::CableDropFrames,
        "cable-swap" => Fault::CableSwap,
        "cable-strip-echo" => Fault::CableStripEcho,
        "cable-half-open" => Fault::CableHalfOpen,
        "cable-refuse" => Fault::CableRefuse,
        "cable-disconnect" => {
            let (reason, rest) = value.split_once(',').unwrap_or((value, ""));
            let reason = if reason.is_empty() { "remote" } else { reason };
            Fault::CableDisconnect { reason: reason.to_owned(), reconnect: rest != "stay-away" }
        }
        "deaf" => Fault::Deaf,
        "late-frames" => Fault::LateFrames(seconds(value).ok_or_else(missing)?),
        "list-too-long" => {
            let (messages, after) = value.split_once(',').map_or((value, None), |(most, after)| (most, Some(after)));
            Fault::ListTooLong {
                messages: messages.parse().map_err(|_| missing())?,
                after: after.map_or(Some(Fault::RACK_TIMEOUT), seconds).ok_or_else(missing)?,
            }
        }
        _ => return Ok(None),
    }))
}

/// A time in seconds, whole or not. A negative one and one that no clock holds are none.
fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_line_becomes_a_rule() {
        let rule: Rule = "POST messages reset-after-write p=0.5 3".parse().unwrap();
        assert_eq!(rule.method.as_deref(), Some("POST"));
        assert_eq!(rule.path_contains.as_deref(), Some("messages"));
        assert_eq!(rule.fault, Fault::ResetAfterWrite);
        assert_eq!((rule.probability, rule.remaining), (0.5, Some(3)));
    }

    #[test]
    fn a_lone_fault_applies_to_everything() {
        let rule: Rule = "latency=300".parse().unwrap();
        assert_eq!(rule, Rule::new(Fault::Latency(Duration::from_millis(300))));
        let rule: Rule = "redirect=file:///etc/passwd?x=1".parse().unwrap();
        assert_eq!(rule.fault, Fault::Redirect("file:///etc/passwd?x=1".to_owned()));
        let rule: Rule = "message. cable-swap 2".parse().unwrap();
        assert_eq!((rule.fault, rule.path_contains.as_deref()), (Fault::CableSwap, Some("message.")));
        assert_eq!("stall-upload=9".parse::<Rule>().unwrap().fault, Fault::StallUpload(9));
        let rule: Rule = "cable-disconnect=unauthorized,stay-away".parse().unwrap();
        assert_eq!(rule.fault, Fault::CableDisconnect { reason: "unauthorized".to_owned(), reconnect: false });
    }

    #[test]
    fn a_number_is_read_behind_an_equals_sign_or_as_the_next_word() {
        let fault = |line: &str| line.parse::<Rule>().map(|rule| (rule.fault, rule.remaining));
        assert_eq!(fault("deaf"), Ok((Fault::Deaf, None)));
        assert_eq!(fault("deaf 1"), Ok((Fault::Deaf, Some(1))));
        let late = Fault::LateFrames(Duration::from_millis(1_500));
        assert_eq!(fault("late-frames=1.5"), Ok((late.clone(), None)));
        assert_eq!(fault("message. late-frames 1.5 2"), Ok((late, Some(2))));
        assert_eq!(fault("list-too-long=5000 1"), Ok((Fault::list_too_long(5_000), Some(1))));
        let cut = Fault::ListTooLong { messages: 9, after: Duration::ZERO };
        assert_eq!(fault("list-too-long 9,0 3"), Ok((cut, Some(3))));
        for wrong in ["late-frames", "late-frames=-1", "late-frames soon", "late-frames=1e99", "list-too-long=9,x"] {
            assert!(matches!(fault(wrong), Err(RuleError::Number(_))), "{wrong}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        assert_eq!("POST".parse::<Rule>(), Err(RuleError::NoFault("POST".to_owned())));
        assert_eq!("latency=soon".parse::<Rule>(), Err(RuleError::Number("latency=soon".to_owned())));
        assert_eq!("hang soon".parse::<Rule>(), Err(RuleError::Word("soon".to_owned())));
    }
}
