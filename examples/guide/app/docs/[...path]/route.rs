//! Dynamic Route Segments, catch-all: `/docs/returns/abroad`.

use wharf::{Path, Response, Result, not_found};

pub async fn get(Path(path): Path<Vec<String>>) -> Result {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let text = match path.as_slice() {
        ["ordering"] => "Post an order to /api/orders.",
        ["returns"] => "Within thirty days.",
        ["returns", "abroad"] => "Within sixty days.",
        _ => return Err(not_found().into()),
    };
    Ok(Response::text(text))
}
