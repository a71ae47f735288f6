//! Responses that redirect.

use wharf::{Request, Response, Result};

pub async fn get(request: Request) -> Result {
    let target = request.url().join("/target")?;
    let query = request.query();
    let response = match query.first("k").unwrap_or_default() {
        "nr" => Response::redirect(target),
        "nr-str" => Response::redirect("https://example.com/a b"),
        "nr-308" => Response::redirect(target).status(308),
        "nr-303" => Response::redirect(target).status(303),
        "nr-301" => Response::redirect(target).status(301),
        "nr-302" => Response::redirect(target).status(302),
        "nr-init" => Response::redirect(target).header("x-r", "1"),
        "nr-rel" => Response::redirect("/target"),
        "nr-200" => Response::redirect(target).status(200),
        "rr" => Response::redirect("https://example.com/").status(302),
        "rr-308" => Response::redirect("https://example.com/").status(308),
        "rr-rel" => Response::redirect("/x").status(302),
        "manual" => Response::empty().status(302).header("location", "/target"),
        "manual-uni" => Response::empty().status(302).header("location", b"/t\xE9".as_slice()),
        "body" => Response::text("moved").status(301).header("location", "/t"),
        _ => Response::empty().status(400),
    };
    Ok(response)
}
