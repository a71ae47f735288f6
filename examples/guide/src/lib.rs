//! A bookshop's API: every section of the Next.js guide to route handlers, as routes of one app.

pub mod catalog;
pub mod routes;
pub mod upstream;
#[path = "../app/_lib/xml.rs"]
pub mod xml;

/// Where the shop lives: feeds and sitemaps need absolute links.
pub const ORIGIN: &str = "https://bookshop.example";
