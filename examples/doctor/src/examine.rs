//! The order of the examination: from the bare connection to the help centre. A stage whose ground is missing says so
//! and is left out; no failure ends the run.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use url::{Host, Url};

use crate::{
    judge,
    options::Options,
    probe::{
        body,
        cable::Cable,
        costs::{self, Failed, Read, Timed},
        help,
        http::{Http, Outcome, good},
        key, line, tls,
        write::{self, Subject},
    },
    report::{Finding, Report},
};

/// The form of [`Report`] as JSON.
const FORMAT: u32 = 1;

const NEEDS_WRITE: &str = "needs --write";

/// Examines a desk. It ends by itself: every request has a time, and so has the whole.
///
/// # Cancel safety
/// A run that is dropped leaves at the desk what [`Options::write`] had it write until then.
pub async fn examine(options: &Options) -> Report {
    let notes = Notes::default();
    let reached = match tokio::time::timeout(options.timing.whole, run(options, &notes)).await {
        Ok(reached) => reached,
        Err(_) => {
            let seen = format!("ended after {} s: the rest was not looked at", options.timing.whole.as_secs());
            notes.add(Finding::warn("run", seen, "the desk is slow to answer: see the findings so far"));
            true
        }
    };
    let findings = notes.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    Report { format: FORMAT, desk: options.desk.to_string(), inbox: options.inbox.clone(), reached, findings }
}

/// What was found so far: kept outside the run, so that its end takes nothing along.
#[derive(Default)]
struct Notes(Mutex<Vec<Finding>>);

impl Notes {
    fn add(&self, finding: Finding) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(finding);
    }

    fn all(&self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.add(finding));
    }

    fn skip(&self, checks: &[&'static str], needs: &str) {
        self.all(checks.iter().map(|check| Finding::skip(check, needs)));
    }
}

fn is_loopback(desk: &Url) -> bool {
    match desk.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Whether anything answered.
async fn run(options: &Options, notes: &Notes) -> bool {
    let round_trip = line::round_trip(&options.desk, options.timing.connect).await;
    notes.add(judge::wire::judge_reach(&round_trip));
    let Ok(round_trip) = round_trip else { return false };
    if options.desk.scheme() == "https" {
        let seen = tls::look(&options.desk, &options.roots, options.timing.connect).await;
        notes.all(judge::tls::judge(&seen));
        if !judge::tls::is_trusted(&seen) {
            notes.skip(&["version", "inbox", "socket", "help"], "a phone would not connect");
            return true;
        }
    } else {
        notes.add(judge::tls::judge_plain(is_loopback(&options.desk)));
    }
    let config = match tls::config(&options.roots) {
        Ok(config) => config,
        Err(error) => {
            notes.add(Finding::stop("tls", error.to_string(), "report this: it is the doctor's own"));
            return true;
        }
    };
    let Ok(http) = Http::new(options, config.clone()) else {
        notes.add(Finding::stop("desk", "no client can be made for this address", "check the address"));
        return true;
    };
    Examination { options, notes, http, config, round_trip }.go().await
}

struct Examination<'a> {
    options: &'a Options,
    notes: &'a Notes,
    http: Http,
    config: rustls::ClientConfig,
    round_trip: Duration,
}

impl Examination<'_> {
    async fn go(&self) -> bool {
        let (options, notes, http) = (self.options, self.notes, &self.http);
        let version = http.get(http.at(&["api"])).await;
        let inbox = http.get(http.inbox(&[])).await;
        if version.is_err() && inbox.is_err() {
            notes.add(judge::wire::judge_silence(&inbox));
            return false;
        }
        if let Some(answer) = inbox.as_ref().ok().or(version.as_ref().ok()) {
            notes.all(judge::wire::judge(answer, answer));
        }
        notes.all(judge::version::judge(&version));
        notes.all(judge::inbox::judge(&inbox, &options.inbox));
        let Some(validates) = judge::inbox::is_there(&inbox, &options.inbox) else {
            self.without_inbox().await;
            return true;
        };
        let marker = write::marker().unwrap_or_default();
        self.key(&marker, validates).await;
        notes.add(judge::body::judge(&body::look(http).await));
        let cost = costs::sample(http, http.inbox(&[])).await;
        notes.add(judge::cost::judge_inbox(&cost, self.round_trip));
        let read = self.subject(validates, &marker).await;
        self.help().await;
        self.load(&cost, read.as_ref());
        true
    }

    /// What can be seen of a desk whose inbox is not there.
    async fn without_inbox(&self) {
        const NEEDS: &str = "needs the inbox";
        self.notes.skip(&["inbox.key", "http.body_limit", "cost.inbox", "write"], NEEDS);
        self.socket(None).await;
        self.help().await;
    }

    async fn key(&self, marker: &str, validates: bool) {
        match &self.options.hmac_key {
            Some(key) => {
                let seen = key::look(&self.http, key, marker).await;
                self.notes.add(judge::inbox::judge_key(&seen, validates));
            }
            None => self.notes.add(Finding::skip("inbox.key", "needs --hmac-key-file")),
        }
    }

    /// Everything that is done as a contact: one that exists, one that is made, or none.
    async fn subject(&self, validates: bool, marker: &str) -> Option<Read> {
        let (options, notes) = (self.options, self.notes);
        let made = if options.write { self.make(validates, marker).await } else { None };
        let known = match &options.source_id {
            Some(source_id) => self.known(source_id.expose(), validates).await,
            None => None,
        };
        // The made one's token is preferred: its frames can be waited for.
        let token = made.as_ref().or(known.as_ref()).and_then(|subject| subject.token.clone());
        let mut cable = self.socket(token.as_ref().map(|token| token.expose())).await;
        let mut written = None;
        if let Some(subject) = &made {
            let seen = write::converse(&self.http, cable.as_mut(), subject, &options.timing).await;
            notes.all(judge::write::judge(&seen));
            written = seen.id.filter(|_| known.is_none());
        } else {
            notes.skip(&["write.message", "socket.frames", "write.file", "write.push"], NEEDS_WRITE);
        }
        let Some(subject) = known.or(made) else {
            notes.skip(&["cost.contact", "cost.page", "cost.list"], "needs --write or --source-id-file");
            return None;
        };
        let proof = options.hmac_key.as_ref().filter(|_| options.source_id.is_none());
        // Under identity validation each of a contact's own answers needs its proof.
        let contact = (!validates || proof.is_some()).then(|| self.contact_address(subject.source_id.expose(), proof));
        let read = costs::read(&self.http, &subject.source_id, contact, written).await;
        notes.all(judge::cost::judge(&read, self.round_trip));
        Some(read)
    }

    async fn make(&self, validates: bool, marker: &str) -> Option<Subject> {
        let made = write::contact(&self.http, self.options, marker).await;
        let has_key = self.options.hmac_key.is_some();
        self.notes.all(judge::write::judge_contact(&made, validates, has_key));
        made.subject
    }

    /// A contact that exists. Under identity validation its own answer, and so its token, is not to be had without
    /// marking it as verified.
    async fn known(&self, source_id: &str, validates: bool) -> Option<Subject> {
        if validates {
            return write::subject(&serde_json::Value::Null, source_id);
        }
        let outcome: Outcome = self.http.get(self.http.inbox(&["contacts", source_id])).await;
        let told = good(&outcome);
        if told.is_none() {
            let seen = format!("the contact of --source-id-file can't be read: {}", judge::in_words(&outcome));
            self.notes.add(Finding::warn("cost.contact", seen, "see that the source id is this inbox's"));
        }
        write::subject(&told?, source_id)
    }

    fn contact_address(&self, source_id: &str, proof: Option<&crate::Secret>) -> Url {
        let mut url = self.http.inbox(&["contacts", source_id]);
        if let Some(key) = proof {
            let hash = key::hash(key, source_id);
            url.query_pairs_mut().append_pair("identifier", source_id).append_pair("identifier_hash", &hash);
        }
        url
    }

    /// The socket; given on if frames may come on it.
    async fn socket(&self, token: Option<&str>) -> Option<Cable> {
        let timing = &self.options.timing;
        let (heard, cable) = match Cable::open(&self.options.desk, self.config.clone(), timing.connect).await {
            Ok(mut cable) => (Ok(cable.listen(token, timing.socket).await), Some(cable)),
            Err(why) => (Err(why), None),
        };
        self.notes.all(judge::socket::judge(&heard));
        if token.is_none() {
            // A contact's token is in its own answer alone, which identity validation keeps from us.
            let needs =
                if self.options.source_id.is_some() { "needs --write" } else { "needs --write or --source-id-file" };
            self.notes.add(Finding::skip("socket.confirmation", needs));
        }
        let confirmed = heard.is_ok_and(|heard| heard.confirmed.is_some());
        cable.filter(|_| confirmed)
    }

    async fn help(&self) {
        match &self.options.help_center {
            Some(slug) => self.notes.all(judge::help::judge(&help::look(&self.http, slug).await, slug)),
            None => self.notes.add(Finding::skip("help", "needs --help-center SLUG")),
        }
    }

    fn load(&self, inbox: &Result<Timed, Failed>, read: Option<&Read>) {
        let options = self.options;
        let help = options.help_center.is_some();
        self.notes.add(judge::cost::judge_load(options.customers, help, inbox, read, self.round_trip));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_by_the_host() {
        for (desk, loopback) in [
            ("http://localhost:3900", true),
            ("http://127.0.0.9", true),
            ("http://[::1]", true),
            ("http://desk.localhost", true),
            ("http://localhost.example", false),
            ("http://192.168.0.4", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(desk).unwrap()), loopback, "{desk}");
        }
    }
}
