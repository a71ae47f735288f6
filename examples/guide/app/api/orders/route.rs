//! Request Body, as JSON: the order is priced and confirmed.

use serde::{Deserialize, Serialize};
use wharf::{Request, Response, Result, not_found};

use crate::catalog;

#[derive(Deserialize)]
pub struct Order {
    slug: String,
    copies: u32,
}

#[derive(Serialize)]
pub struct Confirmation {
    title: &'static str,
    total_cents: u64,
}

pub async fn post(mut request: Request) -> Result<Response> {
    let order: Order = request.json().await?;
    let book = catalog::find(&order.slug).ok_or_else(not_found)?;
    let total_cents = u64::from(book.price_cents) * u64::from(order.copies);
    Ok(Response::json(&Confirmation { title: book.title, total_cents })?.status(201))
}
