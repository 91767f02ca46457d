use proptest::prelude::*;

use super::*;

const IDENTIFIER: &str = r#"{\"channel\":\"RoomChannel\",\"pubsub_token\":\"t0k\"}"#;

fn seconds(n: f64) -> Duration {
    Duration::from_secs_f64(n)
}

fn about_us(rest: &str) -> String {
    format!(r#"{{"identifier":"{IDENTIFIER}",{rest}}}"#)
}

fn told(effects: &[Effect]) -> String {
    let told: Vec<String> = effects
        .iter()
        .map(|effect| match effect {
            Effect::Send(text) => {
                let frame: Value = serde_json::from_str(text).unwrap();
                format!("send {}", frame["command"].as_str().unwrap())
            }
            Effect::Confirmed => "confirmed".to_owned(),
            Effect::Event { name, data } => format!("event {name} {data}"),
            Effect::End(error) => {
                assert_eq!(error.happened, crate::backend::Happened::No);
                format!("{:?}: {}", error.fault, error.detail)
            }
        })
        .collect();
    told.join("; ")
}

/// Plays frames a second apart, an empty one being a tick, and tells what the last one led to.
fn play(frames: &[&str]) -> String {
    let mut cable = Cable::new(&Secret::new("t0k"), Timing::default());
    let mut last = String::new();
    for (second, frame) in frames.iter().enumerate() {
        let input = if frame.is_empty() { Input::Tick } else { Input::Frame(frame) };
        last = told(&cable.on(input, seconds(second as f64)));
    }
    last
}

const WELCOME: &str = r#"{"type":"welcome"}"#;
const PING: &str = r#"{"type":"ping","message":1750000000}"#;

#[test]
fn each_script_ends_as_the_protocol_says() {
    let confirm = about_us(r#""type":"confirm_subscription""#);
    let reject = about_us(r#""type":"reject_subscription""#);
    let event = about_us(r#""message":{"event":"message.created","data":{"id":1}}"#);
    let table: Vec<(Vec<&str>, &str)> = vec![
        (vec![WELCOME], "send subscribe"),
        (vec![WELCOME, PING], ""),
        (vec![WELCOME, &confirm], "confirmed"),
        (vec![WELCOME, &confirm, &event], r#"event message.created {"id":1}"#),
        // Events may overtake the confirmation.
        (vec![WELCOME, &event], r#"event message.created {"id":1}"#),
        // The identifier is compared letter by letter, not by meaning.
        (vec![WELCOME, r#"{"identifier":"{\"channel\": \"RoomChannel\"}","type":"confirm_subscription"}"#], ""),
        (vec![WELCOME, &confirm, r#"{"identifier":"x","message":{"event":"a","data":1}}"#], ""),
        (vec![WELCOME, &confirm, r#"{"message":{"event":"a","data":1}}"#], ""),
        (vec![&confirm], ""),
        (vec![WELCOME, &confirm, &confirm], ""),
        (vec![WELCOME, WELCOME], ""),
        (vec![WELCOME, &reject], "SessionGone: the desk rejected the subscription"),
        (
            vec![WELCOME, r#"{"type":"disconnect","reason":"unauthorized","reconnect":false}"#],
            "SessionGone: the desk disconnected: unauthorized",
        ),
        (
            vec![r#"{"type":"disconnect","reason":"invalid_request","reconnect":false}"#],
            "Desk: the desk does not take the realtime connection",
        ),
        (
            vec![WELCOME, &confirm, r#"{"type":"disconnect","reason":"server_restart","reconnect":true}"#],
            "Network: the desk disconnected: it restarts",
        ),
        (
            vec![WELCOME, &confirm, r#"{"type":"disconnect","reason":"remote","reconnect":true}"#],
            "Network: the desk disconnected",
        ),
        (
            vec![WELCOME, &confirm, r#"{"type":"disconnect","reason":"remote","reconnect":false}"#],
            "SessionGone: the desk disconnected and wants no reconnect",
        ),
        (vec![WELCOME, &confirm, r#"{"type":"disconnect"}"#], "Network: the desk disconnected"),
        (vec![WELCOME, &confirm, r#"{"type":"resume","of":[1]}"#, "not json", "[]", "null", "7"], ""),
        // Over is over.
        (vec![WELCOME, &reject, &confirm, &event, PING, ""], ""),
    ];
    for (script, expected) in table {
        assert_eq!(play(&script), expected, "{script:?}");
    }
}

#[test]
fn subscription_names_channel_and_token_only() {
    let mut cable = Cable::new(&Secret::new("t0k"), Timing::default());
    let effects = cable.on(Input::Frame(WELCOME), Duration::ZERO);
    let expected = format!(r#"{{"command":"subscribe","identifier":"{IDENTIFIER}"}}"#);
    assert_eq!(effects, [Effect::Send(expected)]);
}

#[test]
fn presence_is_announced_only_when_live() {
    let mut cable = Cable::new(&Secret::new("t0k"), Timing::default());
    assert!(cable.on(Input::Present, Duration::ZERO).is_empty());
    cable.on(Input::Frame(WELCOME), Duration::ZERO);
    assert!(cable.on(Input::Present, Duration::ZERO).is_empty());
    cable.on(Input::Frame(&about_us(r#""type":"confirm_subscription""#)), Duration::ZERO);
    let expected =
        format!(r#"{{"command":"message","data":"{{\"action\":\"update_presence\"}}","identifier":"{IDENTIFIER}"}}"#);
    assert_eq!(cable.on(Input::Present, Duration::ZERO), [Effect::Send(expected)]);
}

#[test]
fn pings_without_confirmation_mean_that_the_session_is_gone() {
    let mut cable = Cable::new(&Secret::new("t0k"), Timing::default());
    cable.on(Input::Frame(WELCOME), seconds(0.5));
    for at in [3.0, 6.0, 9.0] {
        assert!(cable.on(Input::Frame(PING), seconds(at)).is_empty());
    }
    assert_eq!(cable.deadline(), Some(seconds(10.5)));
    assert!(cable.on(Input::Tick, seconds(10.4)).is_empty());
    let end = told(&cable.on(Input::Tick, seconds(10.5)));
    assert_eq!(end, "SessionGone: the desk stays silent to the subscription: it does not know the token");
    assert_eq!(cable.deadline(), None);
}

#[test]
fn silence_without_pings_means_a_dead_connection() {
    let mut cable = Cable::new(&Secret::new("t0k"), Timing::default());
    cable.on(Input::Frame(WELCOME), seconds(0.5));
    assert_eq!(cable.deadline(), Some(seconds(7.5)));
    let end = told(&cable.on(Input::Tick, seconds(7.5)));
    assert_eq!(end, "Network: the realtime connection is stale: no ping for 7000 ms");
}

#[test]
fn no_welcome_means_that_something_else_answers() {
    let mut cable = Cable::new(&Secret::new("t0k"), Timing::default());
    cable.on(Input::Frame(PING), seconds(9.0));
    let end = told(&cable.on(Input::Tick, seconds(10.0)));
    assert_eq!(end, "Network: no welcome on the realtime connection");
}

#[test]
fn live_connection_without_pings_goes_stale_and_any_frame_keeps_it() {
    let mut cable = Cable::new(&Secret::new("t0k"), Timing::default());
    cable.on(Input::Frame(WELCOME), seconds(0.0));
    cable.on(Input::Frame(&about_us(r#""type":"confirm_subscription""#)), seconds(1.0));
    cable.on(Input::Frame("an unknown frame"), seconds(7.9));
    assert!(cable.on(Input::Tick, seconds(14.8)).is_empty());
    // A tick that comes late (a phone that slept) still tells how long it was.
    let end = told(&cable.on(Input::Tick, seconds(3600.0)));
    assert_eq!(end, "Network: the realtime connection is stale: no ping for 3592100 ms");
}

#[test]
fn closed_socket_is_network_trouble() {
    let mut cable = Cable::new(&Secret::new("t0k"), Timing::default());
    let end = told(&cable.on(Input::Closed, seconds(0.0)));
    assert_eq!(end, "Network: the desk closed the realtime connection");
}

fn any_frame() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(WELCOME.to_owned()),
        Just(PING.to_owned()),
        Just(about_us(r#""type":"confirm_subscription""#)),
        Just(about_us(r#""type":"reject_subscription""#)),
        "(unauthorized|remote|server_restart|x)"
            .prop_map(|reason| format!(r#"{{"type":"disconnect","reason":"{reason}"}}"#)),
        "[a-z.]{0,9}".prop_map(|name| about_us(&format!(r#""message":{{"event":"{name}","data":[1]}}"#))),
        "\\PC{0,30}",
        Just("[".repeat(10_000)),
        Just(r#"{"type":7,"identifier":[],"message":"x"}"#.to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_frames_keep_the_promises(steps in proptest::collection::vec((any_frame(), 0_u32..5_000, 0..4), 0..60)) {
        let mut cable = Cable::new(&Secret::new("t0k"), Timing::default());
        let mut now = Duration::ZERO;
        let (mut confirmed, mut ended) = (0, 0);
        for (frame, wait, what) in &steps {
            now += Duration::from_millis(u64::from(*wait));
            let input = match what { 0 => Input::Tick, 1 => Input::Present, _ => Input::Frame(frame) };
            for effect in cable.on(input, now) {
                prop_assert_eq!(ended, 0, "nothing follows the end");
                match effect {
                    Effect::Confirmed => confirmed += 1,
                    Effect::End(error) => {
                        ended += 1;
                        prop_assert!(!error.detail.contains("t0k"));
                    }
                    Effect::Send(_) | Effect::Event { .. } => {}
                }
            }
            prop_assert_eq!(cable.deadline().is_none(), ended == 1);
        }
        prop_assert!(confirmed <= 1);
    }
}
