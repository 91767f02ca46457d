//! The certificate chain as a phone sees it.

use crate::{
    probe::tls::{Certificate, Distrust, Handshake, Seen},
    report::{Finding, brief},
};

const CERTIFICATE: &str = "tls.certificate";

/// Days of life that a certificate should have left: renewals run at thirty, and one that failed needs a person.
const DAYS_LEFT: i64 = 14;

/// Whether a phone would talk to the server.
pub(crate) fn is_trusted(seen: &Seen) -> bool {
    matches!(seen, Seen::Handshake(Handshake { version: Some(_), trust: Ok(()), .. }))
}

/// What a handshake means.
pub(crate) fn judge(seen: &Seen) -> Vec<Finding> {
    match seen {
        Seen::Trouble(trouble) => {
            vec![Finding::stop("tls", format!("no TLS: {trouble}"), "see whether the port speaks TLS at all")]
        }
        Seen::NoTls(why) => vec![Finding::stop(
            "tls",
            format!("no TLS: {}", brief(why)),
            "offer TLS 1.2 or 1.3 with AES-GCM, for the name in the address (SNI)",
        )],
        Seen::Handshake(shaken) => {
            let version = match shaken.version {
                Some(version) => Finding::ok("tls", format!("TLS {version}")).with("version", version),
                None => Finding::stop("tls", "the handshake breaks off", "offer TLS 1.2 or 1.3 with AES-GCM"),
            };
            vec![version, chain(shaken), http(shaken)]
        }
    }
}

fn chain(shaken: &Handshake) -> Finding {
    let leaf = shaken.chain.first().cloned().unwrap_or_default();
    let count = shaken.chain.len();
    let finding = match &shaken.trust {
        Ok(()) => lifetime(shaken, count),
        Err(Distrust::UnknownIssuer) => distrusted_issuer(&leaf, count),
        Err(Distrust::Expired) => Finding::stop(
            CERTIFICATE,
            "a certificate of the chain has expired",
            "renew it and reload the server; let the renewal run by itself",
        ),
        Err(Distrust::NotYetValid) => {
            Finding::stop(CERTIFICATE, "the certificate is not valid yet", "see whether this machine's clock is right")
        }
        Err(Distrust::WrongName) => Finding::stop(
            CERTIFICATE,
            format!("the certificate is for another name ({})", brief(&leaf.names.join(", "))),
            "get one for the name in the address, or give the app the address that it is for",
        ),
        Err(Distrust::Other(why)) => Finding::stop(CERTIFICATE, brief(why), "get a certificate that browsers take"),
    };
    finding.with("certificates", count)
}

fn lifetime(shaken: &Handshake, count: usize) -> Finding {
    let ends = shaken.chain.iter().map(|certificate| certificate.not_after).min().unwrap_or(shaken.now);
    let days = (ends - shaken.now) / 86_400;
    let seen = format!("trusted by phones, {count} sent, expires in {days} days");
    if days < DAYS_LEFT {
        Finding::warn(CERTIFICATE, seen, "renew it now, and let the renewal run by itself")
    } else {
        Finding::ok(CERTIFICATE, seen)
    }
    .with("days_left", days)
}

fn distrusted_issuer(leaf: &Certificate, count: usize) -> Finding {
    let issuer = brief(&leaf.issuer);
    if leaf.issuer == leaf.subject {
        return Finding::stop(
            CERTIFICATE,
            "the certificate is signed by itself: no phone trusts it",
            "get one from a public authority, such as Let's Encrypt",
        );
    }
    if count == 1 {
        return Finding::stop(
            CERTIFICATE,
            format!("the server sends its own certificate alone; who signed it ({issuer}) is not known to phones"),
            "send the intermediate certificates, too (fullchain.pem); browsers may fetch what is missing, phones don't",
        );
    }
    Finding::stop(
        CERTIFICATE,
        format!("phones don't know the authority that the chain leads to ({issuer})"),
        "get a certificate from a public authority; the SDK does not take one that was installed on the phone",
    )
}

fn http(shaken: &Handshake) -> Finding {
    // The SDK speaks HTTP/1.1 over few kept connections; the dashboard and the web widget gain by HTTP/2.
    let seen = if shaken.http2 { "HTTP/2 and 1.1 offered" } else { "HTTP/1.1 only" };
    Finding::ok("http.version", format!("{seen}; the SDK speaks 1.1")).with("http2", shaken.http2)
}

/// Whether the address is one that the SDK takes.
pub(crate) fn judge_plain(loopback: bool) -> Finding {
    if loopback {
        Finding::note("tls", "plain http on this very machine: for development only")
    } else {
        Finding::stop(
            "tls",
            "plain http: anybody on the way reads along, and the SDK refuses the address",
            "put the desk behind https, and give the app that address",
        )
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::{
        probe::http::Trouble,
        report::Verdict::{self, Ok as Fine, Stop, Warn},
    };

    const DAY: i64 = 86_400;

    fn certificate(subject: &str, issuer: &str, days: i64) -> Certificate {
        Certificate {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            not_before: 0,
            not_after: 1_000 * DAY + days * DAY,
            names: vec!["desk.example".to_owned()],
        }
    }

    fn shaken(trust: Result<(), Distrust>, chain: Vec<Certificate>) -> Seen {
        Seen::Handshake(Handshake { version: Some("1.3"), http2: true, chain, trust, now: 1_000 * DAY })
    }

    #[test]
    fn certificate_is_judged_as_a_phone_judges_it() {
        let leaf = certificate("CN=desk", "CN=R3", 60);
        let (own, middle) = (certificate("CN=me", "CN=me", 60), certificate("CN=R3", "CN=root", 5));
        for (trust, chain, verdict, words) in [
            (Ok(()), vec![leaf.clone()], Fine, "expires in 60 days"),
            (Ok(()), vec![leaf.clone(), middle.clone()], Warn, "expires in 5 days"),
            (Err(Distrust::UnknownIssuer), vec![leaf.clone()], Stop, "certificate alone"),
            (Err(Distrust::UnknownIssuer), vec![own], Stop, "signed by itself"),
            (Err(Distrust::UnknownIssuer), vec![leaf.clone(), middle], Stop, "don't know the authority"),
            (Err(Distrust::Expired), vec![leaf.clone()], Stop, "expired"),
            (Err(Distrust::NotYetValid), vec![leaf.clone()], Stop, "not valid yet"),
            (Err(Distrust::WrongName), vec![leaf.clone()], Stop, "another name (desk.example)"),
            (Err(Distrust::Other("odd".to_owned())), vec![leaf], Stop, "odd"),
        ] {
            let seen = shaken(trust.clone(), chain);
            let found = judge(&seen);
            assert_eq!((found[1].verdict, is_trusted(&seen)), (verdict, trust.is_ok()), "{trust:?}");
            assert!(found[1].seen.contains(words), "{} should say {words}", found[1].seen);
        }
    }

    #[test]
    fn what_is_no_tls_stops() {
        let verdicts = |seen: Seen| judge(&seen).iter().map(|finding| finding.verdict).collect::<Vec<Verdict>>();
        assert_eq!(verdicts(Seen::NoTls("alert".to_owned())), [Stop]);
        assert_eq!(verdicts(Seen::Trouble(Trouble::Cut)), [Stop]);
        assert_eq!((judge_plain(true).verdict, judge_plain(false).verdict), (Verdict::Note, Stop));
    }
}
