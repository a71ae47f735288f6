//! `revalidate_path()` and `revalidate_tag()`: answers that are made anew although their time is not over.

pub(crate) mod stamp;

#[cfg(feature = "revalidate")]
mod key_value_store;
#[cfg(feature = "revalidate")]
mod stamp_queue;
#[cfg(feature = "revalidate")]
pub(crate) mod stamp_writer;

use std::{fmt, future::Future, panic::Location, sync::atomic::Ordering};

use percent_encoding::utf8_percent_encode;

use self::stamp::Stamp;
use crate::{
    contract::slot::Slot,
    handler::{
        error::{Error, Result},
        path::{self, COMPONENT, Encoding},
        scope::{Run, Scope},
    },
};

/// How many paths and tags one request may revalidate: each is a message.
const MOST: u32 = 1_000;

/// Has the answers at this path made anew, by the next request for each of them.
///
/// The path is that of a URL without host and query, as `/items/an%20anchor`. It names one page; a pattern as
/// `/items/[slug]` is refused ([Next.js](https://nextjs.org/docs/app/api-reference/functions/revalidatePath) takes one
/// only with a type). What is kept at that path is renewed before it is sent, and what `fetch` keeps is asked
/// for again meanwhile. If that fails, the last good answer stays.
///
/// It reaches this instance of this function. Every other instance and function, and CloudFront, are reached through the
/// queue whose URL the variable `WHARF_STAMP_QUEUE` holds, where the feature `revalidate` is on: the stamp writer, a
/// function of its own, writes what it finds there to the key-value store of the CDN. The edges of CloudFront learn of it
/// within seconds. Without that a line in the log says what was not done.
///
/// Other answers may be renewed with it: 8,192 stamps are told apart, and paths and tags share them.
///
/// While an answer is made for everyone, it makes that route dynamic, like [`cookies`](crate::cookies()).
///
/// ```
/// use wharf::{Path, Response, Result, revalidate_path};
///
/// pub async fn put(Path(slug): Path<String>, body: String) -> Result {
///     // … store the item, and then:
///     revalidate_path(&format!("/items/{slug}")).await?;
///     Ok(Response::empty().status(204))
/// }
/// ```
///
/// # Errors
///
/// When the text is no path, when it is called outside a request or more than 1,000 times in one, when the handler runs to
/// make an answer for everyone and may not look at the request, and when the queue does not take the message.
#[track_caller]
pub fn revalidate_path(path: &str) -> impl Future<Output = Result<()>> + Send + use<> {
    revalidate(format!("revalidate_path({path:?})"), Subject::path(path), Location::caller())
}

/// Has the answers made anew that were made from a `fetch` with this tag; otherwise like [`revalidate_path`].
///
/// The CDN knows the tags that the manifest lists: those of answers that were made at build time. An answer that was
/// first made on request is reached by its path.
///
/// ```
/// use wharf::{Result, revalidate_tag};
///
/// pub async fn post() -> Result<&'static str> {
///     revalidate_tag("items").await?;
///     Ok("the items are renewed")
/// }
/// ```
///
/// # Errors
///
/// As those of [`revalidate_path`]; a tag must not be empty.
#[track_caller]
pub fn revalidate_tag(tag: &str) -> impl Future<Output = Result<()>> + Send + use<> {
    revalidate(format!("revalidate_tag({tag:?})"), Subject::tag(tag), Location::caller())
}

async fn revalidate(
    call: String,
    subject: std::result::Result<Subject, String>,
    location: &'static Location<'static>,
) -> Result<()> {
    let failed = |reason: &str| Error::msg(format!("{call}: {reason}"));
    let subject = subject.map_err(|reason| failed(&reason))?;
    let scope = Scope::current().ok_or_else(|| failed("it was called outside a request"))?;
    scope.touch(call.as_str(), location);
    if scope.run == Run::Evaluate && scope.touched().is_some() {
        // The handler is dropped here, and the route is dynamic.
        tokio::task::yield_now().await;
    }
    if scope.run == Run::Evaluate || scope.is_forced() {
        return Err(failed("an answer is being made that is kept for everyone"));
    }
    if scope.revalidations.fetch_add(1, Ordering::Relaxed) >= MOST {
        let what = "paths and tags, and this request revalidates more: a tag stands for many answers";
        return Err(failed(&format!("a request may revalidate {MOST} {what}")));
    }
    let stamp = Stamp::now();
    scope.stamps.set(&subject, stamp);
    tell(&subject, stamp).await.map_err(|error| failed(&error.chain()))
}

/// Tells all other instances, through the stamp writer and the CDN.
#[cfg(feature = "revalidate")]
async fn tell(subject: &Subject, stamp: Stamp) -> Result<()> {
    match crate::host::settings::StampQueue::from_env().map_err(Error::msg)? {
        Some(queue) => stamp_queue::send(&queue, Told { slot: subject.slot(), moment: stamp }).await,
        None => {
            warn_of_others(subject, "WHARF_STAMP_QUEUE is not set");
            Ok(())
        }
    }
}

/// The message on the queue: which slot was revalidated, and when.
#[cfg(feature = "revalidate")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    slot: Slot,
    moment: Stamp,
}

#[cfg(not(feature = "revalidate"))]
async fn tell(subject: &Subject, _: Stamp) -> Result<()> {
    warn_of_others(subject, "the feature `revalidate` of the crate `wharf` is off");
    Ok(())
}

fn warn_of_others(subject: &Subject, reason: &str) {
    tracing::warn!(target: "wharf", %subject, reason, "revalidated in this instance alone: nothing tells the others and the CDN");
}

/// What is revalidated, in ASCII: `path:/items/a` or `tag:items`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject(String);

impl Subject {
    fn path(text: &str) -> std::result::Result<Self, String> {
        let Some(rest) = text.strip_prefix('/') else { return Err("a path starts with `/`".to_owned()) };
        if rest.contains(['?', '#']) {
            return Err("a path has no query and no fragment".to_owned());
        }
        if rest.split('/').any(|part| part.starts_with('[') && part.ends_with(']')) {
            return Err("this is a pattern; name the path of one page, with a value for each param".to_owned());
        }
        let read = path::read(text, Encoding::Percent).map_err(|error| error.to_string())?;
        Ok(Self::of_path(&path::encode(read.parts.iter().map(String::as_str))))
    }

    /// Of a path that is encoded as [`path::encode`] does it.
    pub(crate) fn of_path(path: &str) -> Self {
        Self(format!("path:{path}"))
    }

    fn tag(tag: &str) -> std::result::Result<Self, String> {
        if tag.is_empty() { Err("a tag is not empty".to_owned()) } else { Ok(Self::of_tag(tag)) }
    }

    pub(crate) fn of_tag(tag: &str) -> Self {
        Self(format!("tag:{}", utf8_percent_encode(tag, COMPONENT)))
    }

    /// Where its stamp is kept.
    pub(crate) fn slot(&self) -> Slot {
        Slot::of(&self.0)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_spelled_as_the_cdn_spells_it() {
        for (path, key) in [
            ("/", "path:/"),
            ("/items/x", "path:/items/x"),
            ("/items//x/", "path:/items/x"),
            ("/items/an anchor", "path:/items/an%20anchor"),
            ("/items/%61%2fb", "path:/items/a%2Fb"),
            ("/é/$&+,:;=@!*'()~", "path:/%C3%A9/$&+,:;=@!*'()~"),
            ("/%5Bslug%5D", "path:/%5Bslug%5D"),
        ] {
            assert_eq!(Subject::path(path).unwrap().to_string(), key, "{path}");
        }
    }

    #[test]
    fn a_tag_is_spelled_as_the_cdn_spells_it() {
        for (tag, key) in [("items", "tag:items"), ("a b/é", "tag:a%20b%2F%C3%A9"), ("-_.!~*'()", "tag:-_.!~*'()")] {
            assert_eq!(Subject::tag(tag).unwrap().to_string(), key);
        }
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (path, reason) in [
            ("", "starts with"),
            ("items", "starts with"),
            ("https://shop.example/items", "starts with"),
            ("/items?x=1", "no query"),
            ("/items/[slug]", "a pattern"),
            ("/docs/[...path]", "a pattern"),
            ("/docs/[[...path]]/x", "a pattern"),
            ("/%zz", "escape"),
            ("/a/../b", "`..`"),
        ] {
            let error = Subject::path(path).unwrap_err();
            assert!(error.contains(reason), "{path}: {error}");
        }
        assert!(Subject::tag("").is_err());
    }

    #[tokio::test]
    async fn outside_a_request_it_is_an_error() {
        let error = revalidate_path("/x").await.unwrap_err().to_string();
        assert_eq!(error, "revalidate_path(\"/x\"): it was called outside a request");
    }
}
