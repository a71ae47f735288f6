//! What a search may ask for. A route file may have modules of its own beside it.

use serde::Deserialize;

use crate::catalog::Book;

/// `?title=…&genre=…&page=…`, each of which may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchQuery {
    pub title: String,
    pub genre: Option<String>,
    pub page: usize,
}

impl SearchQuery {
    pub fn accepts(&self, book: &Book) -> bool {
        let title_fits = book.title.to_lowercase().contains(&self.title.to_lowercase());
        title_fits && self.genre.as_ref().is_none_or(|genre| genre == book.genre)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::BOOKS;

    #[test]
    fn an_empty_search_accepts_every_book() {
        assert!(BOOKS.iter().all(|book| SearchQuery::default().accepts(book)));
    }
}
