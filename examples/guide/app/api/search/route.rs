//! URL Query Parameters: by the `Query` extractor for what is known, by `request.url()` for the link to the next page.
//! `/api/search?title=the&genre=science-fiction`

mod query;

use serde::Serialize;
use wharf::{Json, Query, Request};

use self::query::SearchQuery;
use crate::catalog::{self, Book};

const PAGE_SIZE: usize = 2;

#[derive(Serialize)]
pub struct Page {
    found: usize,
    books: Vec<&'static Book>,
    next: Option<String>,
}

pub async fn get(Query(query): Query<SearchQuery>, request: Request) -> Json<Page> {
    let found = catalog::select(|book| query.accepts(book));
    let first = query.page.saturating_mul(PAGE_SIZE);
    let books: Vec<_> = found.iter().copied().skip(first).take(PAGE_SIZE).collect();
    let is_last = first.saturating_add(PAGE_SIZE) >= found.len();
    let next = (!is_last).then(|| address_of_page(&request, query.page + 1));
    Json(Page { found: found.len(), books, next })
}

fn address_of_page(request: &Request, page: usize) -> String {
    let mut url = request.url();
    let kept: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| name != "page").collect();
    url.query_pairs_mut().clear().extend_pairs(kept).append_pair("page", &page.to_string());
    url.into()
}
