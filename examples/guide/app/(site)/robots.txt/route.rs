//! Non-UI Responses, robots.txt. The folder `(site)` is a route group: it is no part of the URL.

use wharf::Response;

use crate::ORIGIN;

pub async fn get() -> Response {
    Response::text(format!("User-agent: *\nDisallow: /account\nSitemap: {ORIGIN}/sitemap.xml\n"))
}
