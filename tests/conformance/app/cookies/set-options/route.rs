//! All attributes of a cookie.

use wharf::{
    Cookie,
    cookie::{
        SameSite,
        time::{Duration, OffsetDateTime},
    },
    cookies,
};

/// 2 January 2030, 03:04:05 UTC.
const LATER: i64 = 1_893_553_445;

pub async fn post() -> wharf::Result<&'static str> {
    let later = OffsetDateTime::from_unix_timestamp(LATER)?;
    let cookies = cookies();
    cookies.set(
        Cookie::build(("full", "v"))
            .domain("example.com")
            .path("/p")
            .max_age(Duration::hours(1))
            .http_only(true)
            .secure(true)
            .same_site(SameSite::Lax),
    );
    cookies.set(Cookie::build(("strict", "v")).same_site(SameSite::Strict));
    cookies.set(Cookie::build(("ma0", "v")).max_age(Duration::ZERO));
    cookies.set(Cookie::build(("part", "v")).partitioned(true).same_site(SameSite::None).secure(true));
    cookies.set(("empty", ""));
    cookies.set(Cookie::build(("exp", "v")).expires(later));
    Ok("ok")
}
