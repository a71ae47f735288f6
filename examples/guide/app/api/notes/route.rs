//! Request Body, as text: a note to the bookseller, answered with its length.

use wharf::{Request, Response, Result};

pub async fn post(mut request: Request) -> Result<Response> {
    let note = request.text().await?;
    Ok(Response::text(format!("Thank you for {} words.", note.split_whitespace().count())).status(201))
}
