//! The socket: whether answers come at once, or only when a phone asks for them.

use std::time::Duration;

use super::ms;
use crate::{
    probe::{
        cable::{Heard, NoSocket},
        write::Frame,
    },
    report::{Finding, brief},
};

/// The desk pings every 3 s, and clients take a socket for dead after twice that.
const STALE: Duration = Duration::from_secs(6);

/// A frame that comes later than this was held up by something.
const PROMPT: Duration = Duration::from_secs(2);

const WITHOUT: &str = "without it answers show 5 to 15 s late, and no typing and no presence";

/// The socket as such.
pub(crate) fn judge(socket: &Result<Heard, NoSocket>) -> Vec<Finding> {
    let heard = match socket {
        Ok(heard) => heard,
        Err(why) => return vec![refused(why)],
    };
    let mut found = vec![upgrade(heard)];
    if heard.welcome {
        found.push(pings(heard));
    }
    if heard.subscribed && heard.welcome {
        found.push(confirmation(heard));
    }
    found
}

fn refused(why: &NoSocket) -> Finding {
    let seen = match why {
        NoSocket::Status(status) => format!("GET /cable is answered with {status} and not upgraded"),
        NoSocket::Unreachable => "GET /cable is not answered".to_owned(),
        NoSocket::Broken => "the upgrade of GET /cable breaks the protocol".to_owned(),
    };
    Finding::warn(
        "socket",
        format!("{seen}; {WITHOUT}"),
        "let the proxy upgrade /cable: HTTP/1.1 to the desk, with the headers Upgrade and Connection",
    )
}

fn upgrade(heard: &Heard) -> Finding {
    const CHECK: &str = "socket";
    if let Some(reason) = &heard.dismissed {
        let seen = format!("upgraded, then dismissed ({}); {WITHOUT}", brief(reason));
        return Finding::warn(CHECK, seen, "see what the desk's log says of /cable");
    }
    if !heard.welcome {
        let seen = format!("upgraded, and no welcome comes; {WITHOUT}");
        return Finding::warn(
            CHECK,
            seen,
            "see whether the proxy holds answers back (nginx: proxy_buffering), and Redis",
        );
    }
    if !heard.protocol {
        let seen = "upgraded and welcomed, without the name of its subprotocol";
        return Finding::warn(CHECK, seen, "let the proxy pass Sec-WebSocket-Protocol");
    }
    Finding::ok(CHECK, "upgraded and welcomed")
}

fn pings(heard: &Heard) -> Finding {
    const CHECK: &str = "socket.pings";
    let longest = heard.gaps.iter().max().copied();
    let advice =
        "see that the proxy neither holds frames back nor ends quiet connections (nginx: proxy_read_timeout 60s)";
    match longest {
        Some(gap) if heard.gaps.len() >= 2 && gap <= STALE => {
            Finding::ok(CHECK, format!("come, {} ms apart at most", ms(gap))).with("gap_ms", ms(gap))
        }
        Some(gap) if heard.gaps.len() >= 2 => {
            Finding::warn(CHECK, format!("come {} ms apart", ms(gap)), advice).with("gap_ms", ms(gap))
        }
        _ if heard.ended => Finding::warn(CHECK, "the connection ends before two of them have come", advice),
        _ => {
            let waited = heard.listened.as_secs();
            Finding::warn(CHECK, format!("{} of two came in {waited} s", heard.gaps.len()), advice)
        }
    }
}

fn confirmation(heard: &Heard) -> Finding {
    const CHECK: &str = "socket.confirmation";
    match heard.confirmed {
        Some(took) => Finding::ok(CHECK, format!("a subscription is confirmed after {} ms", ms(took)))
            .with("confirmed_ms", ms(took)),
        None => Finding::warn(
            CHECK,
            format!("a subscription is not confirmed: the desk's Redis was restarted under it, or is gone; {WITHOUT}"),
            "restart the desk's web processes, and see that Redis runs",
        ),
    }
}

/// How late a frame is.
pub(crate) fn judge_frame(frame: Frame) -> Finding {
    const CHECK: &str = "socket.frames";
    let advice = "see that Sidekiq runs and keeps up: frames are its jobs, and wait behind all others of their queue";
    match frame {
        Frame::Came(late) if late <= PROMPT => {
            Finding::ok(CHECK, format!("a message's frame comes {} ms after its answer", ms(late)))
                .with("late_ms", ms(late))
        }
        Frame::Came(late) => {
            let seen = format!("a message's frame comes {} ms after its answer", ms(late));
            Finding::warn(CHECK, seen, advice).with("late_ms", ms(late))
        }
        Frame::Missing(waited) => {
            let seen = format!("no frame came of a message within {} s, though the socket is up", waited.as_secs_f64());
            Finding::warn(CHECK, format!("{seen}; {WITHOUT}"), advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict::{Ok as Fine, Warn};

    fn heard() -> Heard {
        Heard {
            protocol: true,
            welcome: true,
            gaps: vec![Duration::from_secs(3); 2],
            subscribed: true,
            confirmed: Some(Duration::from_millis(40)),
            ..Heard::default()
        }
    }

    #[test]
    fn socket_is_well_only_with_all_of_it() {
        let of = |heard: Heard| judge(&Ok(heard)).iter().map(|finding| finding.verdict).collect::<Vec<_>>();
        assert_eq!(of(heard()), [Fine, Fine, Fine]);
        assert_eq!(of(Heard { subscribed: false, confirmed: None, ..heard() }), [Fine, Fine]);
        assert_eq!(of(Heard { confirmed: None, ..heard() }), [Fine, Fine, Warn]);
        assert_eq!(
            of(Heard { gaps: vec![Duration::from_secs(3), Duration::from_secs(9)], ..heard() }),
            [Fine, Warn, Fine]
        );
        assert_eq!(of(Heard { gaps: vec![], ..heard() }), [Fine, Warn, Fine]);
        assert_eq!(of(Heard { protocol: false, ..heard() }), [Warn, Fine, Fine]);
        assert_eq!(of(Heard { dismissed: Some("unauthorized".to_owned()), ..heard() }), [Warn, Fine, Fine]);
        assert_eq!(of(Heard { ended: true, ..Heard::default() }), [Warn]);
    }

    #[test]
    fn socket_that_is_refused_is_one_warning() {
        for why in [NoSocket::Status(404), NoSocket::Unreachable, NoSocket::Broken] {
            let found = judge(&Err(why));
            assert!(found.len() == 1 && found.iter().all(|finding| finding.verdict == Warn), "{found:?}");
        }
    }

    #[test]
    fn late_frame_is_the_job_queues() {
        for (frame, verdict) in [
            (Frame::Came(Duration::from_millis(80)), Fine),
            (Frame::Came(Duration::from_secs(25)), Warn),
            (Frame::Missing(Duration::from_secs(30)), Warn),
        ] {
            assert_eq!(judge_frame(frame).verdict, verdict);
        }
    }
}
