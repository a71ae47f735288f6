//! A param with a POST.

use wharf::Path;

pub async fn post(Path(id): Path<String>) -> String {
    format!("dynamic POST {id}")
}
