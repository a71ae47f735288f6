//! Values as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use wharf::{Request, Response, Result};

#[derive(Serialize)]
struct Texts {
    e: &'static str,
    lt: &'static str,
}

pub async fn get(request: Request) -> Result {
    let object = BTreeMap::from([("a", 1)]);
    match request.query().first("k").unwrap_or_default() {
        "obj" | "std" => Response::json(&object),
        "init" => Ok(Response::json(&object)?.status(202).header("x-a", "1")),
        "ctype" => Ok(Response::json(&object)?.content_type("application/problem+json")),
        "null" => Response::json(&()),
        "str" => Response::json("s"),
        "num" => Response::json(&0),
        "uni" => Response::json(&Texts { e: "é€😀", lt: "</script>" }),
        _ => Ok(Response::empty().status(400)),
    }
}
