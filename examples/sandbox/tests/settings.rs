//! What can be changed while the desk runs.

// A test fails by panicking, its helpers included.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use common::{good, shop};
use serde_json::json;

#[tokio::test]
async fn settings_are_changed_over_http_and_unknown_ones_are_refused() {
    let shop = shop().await;
    let url = shop.at("/sandbox/settings");
    let settings = good(shop.http.get(&url).send().await.unwrap()).await;
    assert_eq!((&settings["desk_version"], &settings["hmac_mandatory"]), (&json!("4.15.1"), &json!(false)));
    let change = json!({ "desk_version": "3.16.0", "hmac_mandatory": true });
    let changed = good(shop.http.patch(&url).json(&change).send().await.unwrap()).await;
    assert_eq!((&changed["desk_version"], &changed["hmac_mandatory"]), (&json!("3.16.0"), &json!(true)));
    for wrong in [json!({ "desk_version": "four" }), json!({ "hmac_mandatory": false, "colour": "red" })] {
        assert_eq!(shop.http.patch(&url).json(&wrong).send().await.unwrap().status(), 422);
    }
    assert_eq!(good(shop.http.get(&url).send().await.unwrap()).await, changed);
    assert!(shop.sandbox.desk().settings().hmac_mandatory);
}
