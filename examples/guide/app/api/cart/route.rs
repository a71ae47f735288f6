//! Cookies: read with `cookies()`; set by a header of the response, or with `cookies().set(…)` from anywhere.

use serde::{Deserialize, Serialize};
use wharf::{Cookie, Json, Response, Result, cookie::SameSite, cookies, not_found};

use crate::catalog;

#[derive(Deserialize)]
pub struct Addition {
    slug: String,
}

#[derive(Serialize)]
pub struct Cart {
    slugs: Vec<String>,
}

/// What is in the cart. The response renews the cookie by its own header.
pub async fn get() -> Result<Response> {
    let cart = Cart::of_visitor();
    let renewed = format!("cart={}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax", cart.slugs.join("."));
    Ok(Response::json(&cart)?.header("set-cookie", renewed))
}

/// Puts a book into the cart.
pub async fn post(Json(addition): Json<Addition>) -> Result<Json<Cart>> {
    let book = catalog::find(&addition.slug).ok_or_else(not_found)?;
    let mut cart = Cart::of_visitor();
    cart.slugs.push(book.slug.to_owned());
    cart.remember();
    Ok(Json(cart))
}

/// Empties the cart.
pub async fn delete() -> Response {
    cookies().delete("cart");
    Response::empty().status(204)
}

impl Cart {
    fn of_visitor() -> Self {
        let slugs = cookies().get("cart").map(|cookie| {
            let known = cookie.value().split('.').filter(|slug| catalog::find(slug).is_some());
            known.map(str::to_owned).collect()
        });
        Self { slugs: slugs.unwrap_or_default() }
    }

    fn remember(&self) {
        let cookie = Cookie::build(("cart", self.slugs.join("."))).path("/").http_only(true).same_site(SameSite::Lax);
        cookies().set(cookie.build());
    }
}
