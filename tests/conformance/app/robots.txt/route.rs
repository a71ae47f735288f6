//! A text.

use wharf::Response;

pub async fn get() -> Response {
    Response::text("User-agent: *\nAllow: /\n\nSitemap: https://www.example.com/sitemap.xml")
}
