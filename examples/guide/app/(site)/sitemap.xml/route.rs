//! Non-UI Responses, a sitemap. `Dynamic::Error` promises that it is static: to look at the request fails the bundle.

use wharf::{Response, config::Dynamic};

use crate::{ORIGIN, catalog::BOOKS, xml};

pub const DYNAMIC: Dynamic = Dynamic::Error;

pub async fn get() -> Response {
    let urls: String = BOOKS.iter().map(|book| format!("<url><loc>{ORIGIN}/items/{}</loc></url>", book.slug)).collect();
    let root = format!("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</urlset>");
    xml::document("application/xml", &root)
}
