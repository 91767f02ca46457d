//! How large a file customers can send.

use crate::{
    probe::body::{Fate, Limit, WANTED},
    report::Finding,
};

/// nginx's `client_max_body_size` where nobody has set it.
const NGINX_DEFAULT: usize = 1 << 20;

/// What a limit means.
pub(crate) fn judge(limit: &Limit) -> Finding {
    const CHECK: &str = "http.body_limit";
    let (low, high) = limit.between;
    let advice = "raise it to what customers may send, such as 40 MB (nginx: client_max_body_size 40m)";
    let refused = |how: &str| {
        let known = if low < NGINX_DEFAULT && NGINX_DEFAULT < high { ": nginx's default is 1 MiB" } else { "" };
        let seen = format!("{how}; {} passes, {} does not{known}", size(low), size(high));
        Finding::warn(CHECK, seen, advice).with("passes_bytes", low).with("refused_bytes", high)
    };
    match limit.wanted {
        Fate::TooLarge => refused("the proxy refuses a file of 5 MB with 413"),
        Fate::Lost(crate::probe::http::Trouble::Cut) => refused("the connection is cut under a file of 5 MB"),
        Fate::Lost(trouble) => Finding::warn(CHECK, format!("a body of 5 MB: {trouble}"), advice),
        Fate::Passed(404) => Finding::ok(CHECK, "5 MB pass").with("passes_bytes", WANTED),
        Fate::Passed(status) => Finding::note(CHECK, format!("a body of 5 MB meets {status}, which tells no limit")),
    }
}

fn size(bytes: usize) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        probe::http::Trouble,
        report::Verdict::{Note, Ok as Fine, Warn},
    };

    #[test]
    fn limit_is_named_with_what_passes() {
        let nginx = Limit { wanted: Fate::TooLarge, between: (1_045_000, 1_060_000) };
        let found = judge(&nginx);
        assert_eq!(found.verdict, Warn);
        assert!(found.seen.contains("1.04 MB passes, 1.06 MB does not: nginx's default"), "{}", found.seen);
        for (wanted, verdict) in [
            (Fate::Passed(404), Fine),
            (Fate::Passed(502), Note),
            (Fate::Lost(Trouble::Cut), Warn),
            (Fate::Lost(Trouble::NoConnection), Warn),
        ] {
            assert_eq!(judge(&Limit { wanted, between: (0, 100_000) }).verdict, verdict, "{wanted:?}");
        }
    }
}
