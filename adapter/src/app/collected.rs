//! The body of an answer, collected up to the bytes that can be sent of it: what is longer is dropped where that is
//! known, and not at its end.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header::CONTENT_ENCODING};
use http_body_util::BodyExt;

use crate::app::answer::broken;

/// The largest reply that Lambda takes, in bytes of JSON: 6 MB, and 100 bytes as its own error says. Bytes that are no
/// text are a third longer there, as base64
/// ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)).
pub(crate) const REPLY_LIMIT: usize = 6_291_556;

/// The largest reply in pieces
/// ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html)).
pub(crate) const STREAM_LIMIT: usize = 200 * 1024 * 1024;

/// The largest answer that is made at build time: several are made at once, and travel as text.
const EVALUATED_LIMIT: usize = 64 * 1024 * 1024;

/// What becomes of a body that is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// A reply, in JSON.
    Reply,
    /// A reply in pieces, of which it is one.
    Stream,
    /// An answer of the build.
    Evaluated,
}

impl Room {
    /// Why a body does not fit.
    fn refusal(self) -> String {
        match self {
            Self::Reply => format!(
                "the body of the answer is too large: Lambda takes a reply of {REPLY_LIMIT} bytes. It was not read to \
                 its end. Serve it as a file of `public/` or of a bucket, redirect to it, or send it piece by piece \
                 (STREAMING)"
            ),
            Self::Stream => too_long_a_stream(),
            Self::Evaluated => format!(
                "the body of the answer is too large: one that is made at build time may have {EVALUATED_LIMIT} bytes. \
                 It was not read to its end. Write it as a file of `public/`"
            ),
        }
    }
}

pub(crate) fn too_long_a_stream() -> String {
    format!("the body of the answer is too large: Lambda takes {STREAM_LIMIT} bytes in pieces")
}

/// Collects a body. The text is why there is none.
pub(crate) async fn collect(mut body: Body, headers: &HeaderMap, room: Room) -> Result<Bytes, String> {
    let declared = usize::try_from(http_body::Body::size_hint(&body).lower()).unwrap_or(usize::MAX);
    if !room.may_take(declared, declared) {
        return Err(room.refusal());
    }
    let mut collected = Collected::new(headers);
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
        if collected.bytes.is_empty() && http_body::Body::is_end_stream(&body) {
            // What is there at once is not copied; the reply is measured when it is written.
            return if room.may_take(piece.len(), piece.len()) { Ok(piece) } else { Err(room.refusal()) };
        }
        collected.push(&piece);
        if !room.may_take(collected.bytes.len(), collected.as_text()) {
            return Err(room.refusal());
        }
    }
    Ok(collected.bytes.freeze())
}

impl Room {
    /// Whether so many bytes fit, which are so many as text of JSON.
    fn may_take(self, bytes: usize, as_text: usize) -> bool {
        match self {
            // What is text so far may still turn out to be none.
            Self::Reply => as_text.min(as_base64(bytes)) <= REPLY_LIMIT,
            Self::Stream => bytes <= STREAM_LIMIT,
            Self::Evaluated => bytes <= EVALUATED_LIMIT,
        }
    }
}

fn as_base64(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}

struct Collected {
    bytes: BytesMut,
    /// Whether it may be sent as text.
    is_text: bool,
    /// How many of its bytes are known to be UTF-8.
    checked: usize,
    /// The bytes that JSON adds.
    escapes: usize,
}

impl Collected {
    fn new(headers: &HeaderMap) -> Self {
        let is_encoded = headers.get_all(CONTENT_ENCODING).iter().any(|value| value != "identity");
        Self { bytes: BytesMut::new(), is_text: !is_encoded, checked: 0, escapes: 0 }
    }

    fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
        if !self.is_text {
            return;
        }
        self.escapes += piece.iter().map(|byte| escape(*byte)).sum::<usize>();
        match str::from_utf8(&self.bytes[self.checked..]) {
            Ok(text) => self.checked += text.len(),
            // A character may be cut by the end of the piece.
            Err(error) => {
                self.checked += error.valid_up_to();
                self.is_text = error.error_len().is_none();
            }
        }
    }

    fn as_text(&self) -> usize {
        if self.is_text { self.bytes.len() + self.escapes } else { usize::MAX }
    }
}

/// How much longer a byte is in a text of JSON.
fn escape(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0C => 1,
        0..0x20 => 5,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use futures_util::stream;
    use http::HeaderValue;

    use super::*;

    const PIECE: usize = 65_536;

    /// How many pieces were asked for until the body was there, or given up.
    async fn pieces(piece: &'static [u8], encoding: Option<&'static str>, room: Room) -> (usize, bool) {
        let made = AtomicUsize::new(0);
        let made_by: &'static AtomicUsize = Box::leak(Box::new(made));
        let endless = stream::repeat_with(move || {
            made_by.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(Bytes::from_static(piece))
        });
        let headers = encoding.map(|encoding| (CONTENT_ENCODING, HeaderValue::from_static(encoding)));
        let collected = collect(Body::from_stream(endless), &headers.into_iter().collect(), room).await;
        (made_by.load(Ordering::Relaxed), collected.is_ok())
    }

    #[tokio::test]
    async fn an_endless_stream_is_dropped_once_it_cannot_fit() {
        let text: &'static [u8] = vec![b'x'; PIECE].leak();
        let binary: &'static [u8] = vec![0xFF; PIECE].leak();
        let escaped: &'static [u8] = vec![1; PIECE].leak();
        for (piece, encoding, most) in [
            (text, None, REPLY_LIMIT / PIECE + 1),
            (text, Some("br"), REPLY_LIMIT / 4 * 3 / PIECE + 1),
            (text, Some("identity"), REPLY_LIMIT / PIECE + 1),
            (binary, None, REPLY_LIMIT / 4 * 3 / PIECE + 1),
            (escaped, None, REPLY_LIMIT / 4 * 3 / PIECE + 1),
        ] {
            assert_eq!(pieces(piece, encoding, Room::Reply).await, (most, false), "{:?} {encoding:?}", piece[0]);
        }
        assert_eq!(pieces(text, None, Room::Evaluated).await, (EVALUATED_LIMIT / PIECE + 1, false));
    }

    #[tokio::test]
    async fn what_fits_is_collected_whole() {
        for (len, fits) in [(0, true), (REPLY_LIMIT, true), (REPLY_LIMIT + 1, false)] {
            let body = Body::from(vec![b'x'; len]);
            let collected = collect(body, &HeaderMap::new(), Room::Reply).await;
            assert_eq!(collected.map(|body| body.len()).ok(), fits.then_some(len));
        }
        // The euro sign is cut by the end of a piece.
        let cut = stream::iter([&b"a\xE2"[..], b"\x82", b"\xAC"].map(Ok::<_, Infallible>));
        assert_eq!(collect(Body::from_stream(cut), &HeaderMap::new(), Room::Reply).await.unwrap(), "a€");
    }
}
