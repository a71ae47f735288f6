//! XML, with its type.

use wharf::Response;

const SITEMAP: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\
    <url><loc>https://www.example.com/</loc></url></urlset>";

pub async fn get() -> Response {
    Response::new(SITEMAP).content_type("application/xml")
}
