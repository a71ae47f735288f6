//! The books that the shop sells.

use serde::Serialize;

/// A book, as the API shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Book {
    pub slug: &'static str,
    pub title: &'static str,
    pub author: &'static str,
    pub year: u16,
    pub genre: &'static str,
    pub price_cents: u32,
}

/// Every book, oldest first.
pub const BOOKS: &[Book] = &[
    book("solaris", "Solaris", "Stanisław Lem", 1961, "science-fiction", 11_00),
    book("the-left-hand-of-darkness", "The Left Hand of Darkness", "Ursula K. Le Guin", 1969, "science-fiction", 12_50),
    book("the-dispossessed", "The Dispossessed", "Ursula K. Le Guin", 1974, "science-fiction", 13_00),
    book("the-name-of-the-rose", "The Name of the Rose", "Umberto Eco", 1980, "mystery", 14_00),
    book("jonathan-strange", "Jonathan Strange & Mr Norrell", "Susanna Clarke", 2004, "fantasy", 15_50),
    book("piranesi", "Piranesi", "Susanna Clarke", 2020, "fantasy", 10_00),
    book("james", "James", "Percival Everett", 2024, "literary", 18_00),
];

const fn book(
    slug: &'static str,
    title: &'static str,
    author: &'static str,
    year: u16,
    genre: &'static str,
    price_cents: u32,
) -> Book {
    Book { slug, title, author, year, genre, price_cents }
}

/// The book with this slug.
pub fn find(slug: &str) -> Option<&'static Book> {
    BOOKS.iter().find(|book| book.slug == slug)
}

/// What a list of books has in its column `value`, each once, sorted.
pub fn distinct<T: Ord>(value: impl Fn(&'static Book) -> T) -> Vec<T> {
    let mut values: Vec<T> = BOOKS.iter().map(value).collect();
    values.sort();
    values.dedup();
    values
}

/// The books that `keep` accepts, oldest first.
pub fn select(keep: impl Fn(&Book) -> bool) -> Vec<&'static Book> {
    BOOKS.iter().filter(|book| keep(book)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_unique() {
        assert_eq!(distinct(|book| book.slug).len(), BOOKS.len());
    }

    #[test]
    fn books_stand_in_order_of_their_year() {
        assert!(BOOKS.is_sorted_by_key(|book| book.year));
    }
}
