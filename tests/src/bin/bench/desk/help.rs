//! A help centre of 600 articles, refreshed.

use std::{path::Path, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{bill::Bill, world::World};

const ARTICLES: usize = 600;
const CATEGORIES: usize = 30;
const HOUR: Duration = Duration::from_secs(3_600);

/// What the refreshes cost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Help {
    /// The first reading of all.
    pub(super) first: Bill,
    /// Nothing has changed but how often articles were read.
    pub(super) unchanged: Bill,
    /// One article has changed.
    pub(super) one_changed: Bill,
}

pub(super) async fn play(data: &Path) -> Help {
    let mut world = World::new(data, false, |_| {}).await.with_help();
    let desk = world.desk.desk();
    // As long as those that were measured: 2 kB.
    let words = "It leaves within a day, and you are told when. ".repeat(40);
    let slugs: Vec<String> = (0..ARTICLES)
        .map(|number| {
            let category = format!("category-{}", number % CATEGORIES);
            desk.add_article("en", &category, &format!("Question {number}"), &words)
        })
        .collect();
    // Days are all that a desk tells of a change.
    world.time.leap(HOUR * 48).await;
    world.start().await;
    world.take_bill();
    refresh(&world).await;
    let first = world.take_bill();
    assert_eq!(shown(&world).await.len(), ARTICLES, "all are on the phone");

    // The first refresh of a day that an app asks for has the names of categories looked at, too.
    world.time.leap(HOUR * 24).await;
    refresh(&world).await;
    world.time.leap(HOUR / 2).await;
    read_one(&world, &slugs[0]).await;
    world.take_bill();
    refresh(&world).await;
    let unchanged = world.take_bill();

    world.time.leap(HOUR * 24).await;
    assert!(desk.edit_article(&slugs[300], "Another question", &words), "it is there");
    world.time.leap(HOUR).await;
    world.take_bill();
    refresh(&world).await;
    let one_changed = world.take_bill();
    let shown = shown(&world).await;
    assert_eq!(shown.len(), ARTICLES);
    assert!(shown.iter().any(|title| title == "Another question"), "the change is on the phone");
    Help { first, unchanged, one_changed }
}

async fn refresh(world: &World) {
    let client = world.client();
    let refreshed = async move {
        client.help_center().expect("the client has one").sync().await.expect("the desk is there");
    };
    world.time.until(refreshed).await;
}

async fn shown(world: &World) -> Vec<String> {
    let client = world.client();
    let titles = async move {
        let articles = client.help_center().expect("the client has one").articles(None).await.expect("the store reads");
        articles.into_iter().map(|article| article.title).collect()
    };
    world.time.until(titles).await
}

/// Somebody else reads an article, and the desk counts it.
async fn read_one(world: &World, slug: &str) {
    let host = world.desk.url().trim_start_matches("http://").to_owned();
    let request = format!(
        "GET /hc/{}/articles/{slug}.png HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n",
        world.desk.help_slug()
    );
    let answer = async move {
        let mut stream = TcpStream::connect(&host).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = world.time.until(answer).await.expect("the desk is there");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "the view is counted");
}
