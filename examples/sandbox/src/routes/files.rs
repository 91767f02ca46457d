//! Attachments' bytes: a link that redirects, and the storage behind it with ranges.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
            IF_MODIFIED_SINCE, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE,
        },
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use super::Held;
use crate::{
    clock::{Millis, http_date},
    domain::{Refusal, files::thumbnail},
    shared::Shared,
    state::tables::Attachment,
    views::percent_encode,
};

/// `GET …/blobs/redirect/:key/:name`: 302 to the bytes, good for five minutes as Active Storage's links are.
pub(super) async fn redirect(State(shared): Held, Path((key, _)): Path<(String, String)>) -> Response {
    to(&shared, &key, "disk")
}

/// `GET …/representations/redirect/:key/:variation/:name`: the same, to a picture's small version.
pub(super) async fn redirect_thumb(State(shared): Held, Path((key, ..)): Path<(String, String, String)>) -> Response {
    to(&shared, &key, "disk/thumb")
}

fn to(shared: &Shared, key: &str, place: &str) -> Response {
    let location = shared.read(|desk| {
        let attachment = desk.attachment(key)?;
        let name = percent_encode(&attachment.name);
        Some(format!("{}/rails/active_storage/{place}/{key}/{name}", desk.base_url))
    });
    match location {
        None => Refusal::NotFound.into_response(),
        Some(location) => {
            let headers = [(LOCATION, location), (CACHE_CONTROL, "max-age=300, private".to_owned())];
            (StatusCode::FOUND, headers).into_response()
        }
    }
}

/// `GET …/disk/:key/:name`: the bytes, or the range of them that is asked for.
pub(super) async fn serve(State(shared): Held, Path((key, _)): Path<(String, String)>, headers: HeaderMap) -> Response {
    match stored(&shared, &key) {
        Some(file) => file.answer(&headers),
        None => Refusal::NotFound.into_response(),
    }
}

/// `GET …/disk/thumb/:key/:name`: a picture's small version, made now, in the same way. What is no picture after all is
/// an error of the desk's, as it is there.
pub(super) async fn serve_thumb(
    State(shared): Held,
    Path((key, _)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(file) = stored(&shared, &key) else { return Refusal::NotFound.into_response() };
    let picture = file.bytes.clone();
    match tokio::task::spawn_blocking(move || thumbnail(&picture)).await {
        Ok(Some(small)) => Stored { bytes: small.into(), ..file }.answer(&headers),
        _ => Refusal::Internal.into_response(),
    }
}

/// A file as it is served.
struct Stored {
    bytes: Bytes,
    content_type: String,
    name: String,
    modified: Millis,
}

fn stored(shared: &Shared, key: &str) -> Option<Stored> {
    shared.read(|desk| {
        let Attachment { content_type, name, .. } = desk.attachment(key)?;
        let bytes = desk.blobs.get(key)?;
        let owner = desk.tables.messages.values();
        let sent = owner.filter(|row| row.attachments.iter().any(|file| file.key == key)).map(|row| row.created_at);
        Some(Stored { bytes, content_type, name, modified: sent.max().unwrap_or(0) })
    })
}

impl Stored {
    /// The disk service knows a file by its time alone: there is no ETag.
    fn answer(self, headers: &HeaderMap) -> Response {
        let Self { bytes, content_type, name, modified } = self;
        let modified = http_date(modified);
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let builder = Response::builder()
            .header(LAST_MODIFIED, &modified)
            .header(ACCEPT_RANGES, "bytes")
            .header(CACHE_CONTROL, "max-age=0, private, must-revalidate");
        let not_modified = header(IF_MODIFIED_SINCE).is_some_and(|held| held == modified);
        // A range of another version than the client holds part of would make a broken file: then all of it is sent.
        let same_version = header(IF_RANGE).is_none_or(|held| held == modified);
        let range = header(RANGE).filter(|_| same_version).map(|range| parse_range(range, bytes.len()));
        let response = if not_modified {
            builder.status(StatusCode::NOT_MODIFIED).body(Body::empty())
        } else {
            let builder = builder.header(CONTENT_TYPE, &content_type).header(CONTENT_DISPOSITION, disposition(&name));
            match range {
                Some(Range::Part(first, last)) => builder
                    .status(StatusCode::PARTIAL_CONTENT)
                    .header(CONTENT_RANGE, format!("bytes {first}-{last}/{}", bytes.len()))
                    .header(CONTENT_LENGTH, last + 1 - first)
                    .body(Body::from(bytes.slice(first..=last))),
                Some(Range::Beyond) => builder
                    .status(StatusCode::RANGE_NOT_SATISFIABLE)
                    .header(CONTENT_RANGE, format!("bytes */{}", bytes.len()))
                    .body(Body::empty()),
                Some(Range::Unknown) | None => builder.header(CONTENT_LENGTH, bytes.len()).body(Body::from(bytes)),
            }
        };
        response.unwrap_or_else(|_| Refusal::Internal.into_response())
    }
}

/// A name in the two forms of RFC 6266: for old clients what of it is ASCII, for others all of it.
fn disposition(name: &str) -> String {
    let ascii: String = name.chars().map(|letter| if letter.is_ascii() { letter } else { '?' }).collect();
    let ascii = escaped(&ascii, b" !#$+.^_`|~-");
    format!("inline; filename=\"{ascii}\"; filename*=UTF-8''{}", escaped(name, b"!#$&+.^_`|~-"))
}

fn escaped(text: &str, plain: &[u8]) -> String {
    let escape = |byte: u8| {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(escape).collect()
}

#[derive(Debug, PartialEq)]
enum Range {
    /// First and last byte.
    Part(usize, usize),
    /// No byte of the file.
    Beyond,
    /// Several ranges, or another unit: the whole file is a right answer.
    Unknown,
}

fn parse_range(text: &str, length: usize) -> Range {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Unknown;
    };
    let end = length.saturating_sub(1);
    let (first, last) = match (first.trim().parse::<usize>(), last.trim().parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(end)),
        (Ok(first), Err(_)) if last.trim().is_empty() => (first, end),
        (Err(_), Ok(tail)) if first.trim().is_empty() && tail > 0 => (length.saturating_sub(tail), end),
        _ => return Range::Unknown,
    };
    if first < length { Range::Part(first, last) } else { Range::Beyond }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_is_told_in_ascii_and_whole() {
        let wanted = "inline; filename=\"manual.pdf\"; filename*=UTF-8''manual.pdf";
        assert_eq!(disposition("manual.pdf"), wanted);
        let wanted = "inline; filename=\"%3F b%22.pdf\"; filename*=UTF-8''%C4%91%20b%22.pdf";
        assert_eq!(disposition("đ b\".pdf"), wanted);
    }

    #[test]
    fn each_form_of_a_range_names_its_bytes() {
        assert_eq!(parse_range("bytes=0-4", 10), Range::Part(0, 4));
        assert_eq!(parse_range("bytes=6-", 10), Range::Part(6, 9));
        assert_eq!(parse_range("bytes=-3", 10), Range::Part(7, 9));
        assert_eq!(parse_range("bytes=8-99", 10), Range::Part(8, 9));
        assert_eq!(parse_range("bytes=10-", 10), Range::Beyond);
        assert_eq!(parse_range("bytes=0-1,4-5", 10), Range::Unknown);
    }
}
