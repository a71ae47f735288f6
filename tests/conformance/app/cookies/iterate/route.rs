//! How many cookies there are.

use wharf::{Json, cookies};

pub async fn get() -> Json<usize> {
    Json(cookies().iter().count())
}
