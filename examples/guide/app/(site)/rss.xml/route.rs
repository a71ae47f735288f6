//! Non-UI Responses, an RSS feed of the newest books.

use wharf::Response;

use crate::{
    ORIGIN,
    catalog::{BOOKS, Book},
    xml::{self, escape},
};

const NEWEST: usize = 3;

pub async fn get() -> Response {
    let items: String = BOOKS.iter().rev().take(NEWEST).map(item).collect();
    let channel =
        format!("<title>Bookshop</title><link>{ORIGIN}</link><description>The newest books.</description>{items}");
    xml::document("application/rss+xml", &format!("<rss version=\"2.0\"><channel>{channel}</channel></rss>"))
}

fn item(book: &Book) -> String {
    let (title, author) = (escape(book.title), escape(book.author));
    let link = format!("{ORIGIN}/items/{}", book.slug);
    format!("<item><title>{title}</title><description>By {author}.</description><link>{link}</link></item>")
}
