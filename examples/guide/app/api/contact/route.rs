//! Request Body, as `FormData`: works for urlencoded and for multipart forms.

use serde::Serialize;
use wharf::{FormData, Json, Request, Response, Result};

#[derive(Serialize)]
pub struct Receipt {
    name: String,
    email: String,
}

pub async fn post(mut request: Request) -> Result<Json<Receipt>> {
    let form = request.form_data().await?;
    Ok(Json(Receipt { name: field(&form, "name")?, email: field(&form, "email")? }))
}

fn field(form: &FormData, name: &str) -> Result<String> {
    let missing = || Response::text(format!("The form lacks the field {name}.")).status(422);
    Ok(form.text(name).ok_or_else(missing)?.to_owned())
}
