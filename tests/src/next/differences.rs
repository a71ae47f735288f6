//! What Wharf answers otherwise than Next.js, and by which rule.
//!
//! Where the two versions of Next.js differ, Wharf may answer as either: field by field, since it follows version 13 in
//! what is static, and version 16 in the details of HTTP.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::PathBuf,
};

use super::{Answer, Body, Case, Recorded, Reply, reply::without_time};
use crate::{events::FUNCTION_URL_DOMAIN, paths};

/// A field of a reply that is otherwise than in both versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The name of the case.
    pub id: String,
    /// `status`, `body`, or the name of a header.
    pub field: String,
    /// What version 13 answered; `None` for no such header.
    pub next13: Option<String>,
    /// What version 16 answered.
    pub next16: Option<String>,
    /// What Wharf answers.
    pub wharf: Option<String>,
}

/// Why some differences are meant to be.
#[derive(Debug)]
pub struct Rule {
    /// What Wharf does.
    pub title: &'static str,
    /// Why, in a sentence.
    pub decision: &'static str,
    explains: fn(&Difference) -> bool,
}

/// All of them; a difference goes by the first that explains it.
pub const RULES: &[Rule] = &[
    Rule {
        title: "A GET is static, whatever stands beside it",
        decision: "Static or dynamic is decided for each method; Next.js makes all of a file dynamic by another method in it.",
        explains: |it| {
            it.is_about(&[
                "seed.items.GET",
                "methods.get-put-delete.",
                "methods.options-explicit.",
                "static.force-static-post.",
                "gsp.post.",
            ]) && it.is_how_it_is_kept()
        },
    },
    Rule {
        title: "What no front end lets through is answered all the same",
        decision: "Such a request line reaches no function; if one does, it is an unknown path or method.",
        explains: |it| {
            it.is_about(&[
                "path.asterisk",
                "path.no-slash",
                "path.fragment",
                "path.absolute-form",
                "gsp.encoded.e-acute-raw",
                "unknown.FOO",
            ])
        },
    },
    Rule {
        title: "A path is not tidied but for its slashes",
        decision: "One redirect removes all that are too many. Dots are refused and a backslash is text, so that a \
                   function never answers for another path than the one that the CDN looked up.",
        explains: |it| {
            it.is_about(&["path.dot", "path.dotdot", "path.backslash", "path.double-evil", "path.trailing2"])
        },
    },
    Rule {
        title: "The paths of Next.js itself are unknown",
        decision: "There is no image optimizer, and no page data.",
        explains: |it| it.is_about(&["path.next-", "path.rsc"]),
    },
    Rule {
        title: "A path is decoded before it is matched",
        decision: "An HTTP API hands a function the decoded path, so no function can tell the spellings apart.",
        explains: |it| it.is_about(&["path.enc-letter", "prec.enc-static", "tree.plus-enc"]),
    },
    Rule {
        title: "There is no edge runtime",
        decision: "A handler that Next.js runs on the edge for each request is kept as any other.",
        explains: |it| it.is_about(&["edge.static."]) && it.is_how_it_is_kept(),
    },
    Rule {
        title: "A renewed answer is made before it is sent",
        decision: "Lambda stops a function when it has answered, so nothing is made afterwards; the CDN in front serves \
                   what is stale meanwhile.",
        explains: |it| it.is_about(&["isr.", "seed.items-reval-", "reval.tagged."]) && it.is_how_it_is_kept(),
    },
    Rule {
        title: "Kept answers have an entity tag",
        decision: "So that a client that has the answer gets a 304 (RFC 9110, 8.8.3).",
        explains: |it| {
            it.is_about(&["cached.headers.inm"]) || it.field == "etag" && it.next13.is_none() && it.next16.is_none()
        },
    },
    Rule {
        title: "What is not kept is private",
        decision: "A shared cache may serve an answer that says nothing, so `private, no-store` is said where the handler \
                   says nothing.",
        explains: |it| it.field == "cache-control" && it.wharf.as_deref() == Some("private, no-store"),
    },
    Rule {
        title: "A 404 is kept for 10 seconds",
        decision: "Whoever asks before a page is published would hide it for a year otherwise. What has a time is made anew by \
                   a new function.",
        explains: |it| {
            it.wharf.as_deref() == Some("s-maxage=10")
                || it.field == "x-wharf-cache" && it.is_about(&["cached.s404.", "cached.notfound."])
        },
    },
    Rule {
        title: "A kept answer says for how long",
        decision: "A CDN goes by `Cache-Control`; version 16 sends it as well, with what it keeps.",
        explains: |it| it.field == "cache-control" && it.next13.is_none() && it.next16.is_none(),
    },
    Rule {
        title: "Each listed path has its own counter",
        decision: "All params are evaluated at the same time, so the ported handlers count for each.",
        explains: |it| it.is_about(&["gsp.strict.", "gsp.encoded.", "gsp.catch."]) && it.field == "body",
    },
    Rule {
        title: "A 405 says what is allowed, and nothing else",
        decision: "RFC 9110, 15.5.6, asks for the header.",
        explains: |it| it.field == "allow" || it.is_about(&["seed.robots.txt.POST"]),
    },
    Rule {
        title: "A body has a content type",
        decision: "API Gateway would invent one where there is none.",
        explains: |it| it.field == "content-type" && it.next13.is_none() && it.next16.is_none(),
    },
    Rule {
        title: "The body of a redirect is empty",
        decision: "The place stands in `Location`.",
        explains: |it| {
            it.field == "body"
                && it.wharf.as_deref() == Some("")
                && it.next16.as_ref().is_some_and(|to| to.starts_with('/'))
        },
    },
    Rule {
        title: "The functions compress nothing",
        decision: "CloudFront does, in front of them.",
        explains: |it| it.is_about(&["cached.large.gzip", "errors.proxy-gzip"]),
    },
    Rule {
        title: "What only JavaScript has is left out",
        decision: "Prototypes, `instanceof`, clones, `basePath`, locales and the kind of a runtime have no counterpart.",
        explains: |it| {
            it.is_about(&["seed.edge.GET", "seed.next-extended", "params.order", "nexturl."]) && it.field == "body"
        },
    },
    Rule {
        title: "A request has the headers that the front end sends",
        decision: "Those of a server of Node.js are others than those of a Function URL.",
        explains: |it| it.is_about(&["headers.dump"]) && it.field == "body",
    },
    Rule {
        title: "A handler that returns nothing answers an empty 200",
        decision: "`()` is a response in axum.",
        explains: |it| it.is_about(&["seed.convention.GET", "seed.api-cookies-req", "seed.api-headers-req"]),
    },
    Rule {
        title: "Cookies can be iterated",
        decision: "In Next.js only `getAll()` gives all of them.",
        explains: |it| it.is_about(&["cookies.iterate"]),
    },
    Rule {
        title: "A cookie has the attributes that the crate `cookie` knows",
        decision: "That is neither `Priority` nor a `SameSite` of `true`.",
        explains: |it| it.is_about(&["cookies.set-options"]) && it.field == "set-cookie",
    },
    Rule {
        title: "Set-Cookie headers of a handler stay as they are",
        decision: "Next.js parses them, and writes them anew with `Path=/`.",
        explains: |it| it.is_about(&["cookies.set-and-header"]) && it.field == "set-cookie",
    },
    Rule {
        title: "The texts of errors are Wharf's own",
        decision: "A handler that shows them shows another text.",
        explains: |it| it.is_about(&["fetch.fc-only-no-store."]) && it.field == "body",
    },
    Rule {
        title: "A redirect may lead to a relative place, and its status is not checked",
        decision: "RFC 9110, 10.2.2, allows it; `NextResponse.redirect()` and `Response.redirect()` throw.",
        explains: |it| {
            it.is_about(&["redirect.response.nr-rel", "redirect.response.nr-200", "redirect.response.rr-rel"])
        },
    },
    Rule {
        title: "The place of a redirect is a URL",
        decision: "What a URL cannot hold is percent-encoded, so that nothing ends the header's line.",
        explains: |it| it.is_about(&["redirect.fn.to-"]) && it.field == "location",
    },
    Rule {
        title: "A bad status is a 500 with an empty body, and a body that may not be is dropped",
        decision: "Nothing is thrown that a handler could catch; the cause stands in the log.",
        explains: |it| it.is_about(&["resp.status."]),
    },
    Rule {
        title: "An error may be a response, or have a status",
        decision: "`?` hands on a `Response` as it is, and `Error::with_status` says what is answered.",
        explains: |it| it.is_about(&["errors.throw.response", "errors.throw.status"]),
    },
    Rule {
        title: "A `Content-Encoding` of `identity` stays",
        decision: "The handler has set it, and it is true.",
        explains: |it| it.is_about(&["headers.resp-hop.ce"]),
    },
    Rule {
        title: "Nothing of a connection is handed on",
        decision: "A reply over Lambda has no connection that could be upgraded (RFC 9110, 7.6.1).",
        explains: |it| it.is_about(&["headers.resp-hop."]),
    },
    Rule {
        title: "What a client sent wrong is a bad request",
        decision: "Next.js answers 500 to JSON that is malformed; it is no fault of the server, and no alarm should ring.",
        explains: |it| it.is_about(&["seed.items-body.malformed", "seed.items-body.empty"]) && it.field == "status",
    },
    Rule {
        title: "A path that cannot be decoded is a bad request",
        decision: "It is that of no route, and never will be: 400 says so.",
        explains: |it| it.is_about(&["path.bad-", "path.nul"]) && it.field == "status",
    },
];

impl Difference {
    fn is_about(&self, ids: &[&str]) -> bool {
        ids.iter().any(|id| self.id.starts_with(id))
    }

    /// Whether it shows in what tells that an answer was kept: its headers, and the counter in the body.
    fn is_how_it_is_kept(&self) -> bool {
        ["x-wharf-cache", "cache-control", "body"].contains(&self.field.as_str())
    }
}

/// Handlers that were not ported: the names of the cases, and the reason.
pub const NOT_PORTED: &[(&[&str], &str)] = &[
    (
        &[
            "errors.ret.undefined",
            "errors.ret.string",
            "errors.ret.null",
            "errors.ret.object",
            "errors.ret.number",
            "errors.ret.resplike",
            "errors.ret.array",
            "errors.ret.undefined.POST",
            "errors.response-error",
        ],
        "Returns what is no response. A handler in Rust that does so does not compile.",
    ),
    (
        &["seed.api-cookies.with", "seed.api-cookies.without"],
        "Puts an object of JavaScript into a text, by mistake. `seed.api-cookies-value`, which was meant, is ported.",
    ),
    (&["methods.this", "params.sync"], "Looks at the arguments of the JavaScript function, or at a promise."),
    (&["redirect.caught"], "Catches what `redirect()` throws. In Wharf it is a value, and nothing is thrown."),
    (
        &["nr.json.undef", "nr.json.date", "nr.json.big"],
        "Writes `undefined`, a `Date` or a `BigInt` as JSON. Rust has none of them.",
    ),
    (&["nr.next"], "`NextResponse.next()` is for middleware, which Wharf has not."),
    (&["nr.after.1", "nr.after.2"], "`after()` runs once the reply is sent. Lambda stops a function then."),
    (&["tree.slot"], "A folder `@side`. Wharf refuses parallel routes (`segment::parallel-route`)."),
    (&["path.host-missing"], "HTTP/1.1 without a `Host`. It does not get as far as a function."),
];

/// The fields of a reply, by name: `status`, `body` and the headers that are compared.
type Fields = BTreeMap<String, String>;

/// What does not depend on the handler, but on who sends the reply.
const NOT_COMPARED: [&str; 4] = ["content-length", "date", "x-nextjs-prerender", "x-nextjs-stale-time"];

/// What the router of Next.js adds to `Vary`, and what compression adds.
const NOT_OF_THE_HANDLER: [&str; 7] = [
    "rsc",
    "next-router-state-tree",
    "next-router-prefetch",
    "next-router-segment-prefetch",
    "next-url",
    "accept-encoding",
    "",
];

fn fields(reply: &Reply) -> Fields {
    let mut fields = Fields::new();
    let mut add = |name: &str, value: &str| {
        let line: &mut String = fields.entry(name.to_owned()).or_default();
        if !line.is_empty() {
            line.push_str(if name == "set-cookie" { " | " } else { ", " });
        }
        line.push_str(value);
    };
    for (name, value) in &reply.headers {
        match name.as_str() {
            name if NOT_COMPARED.contains(&name) => {}
            "x-powered-by" if value == "Next.js" => {}
            "x-nextjs-cache" => add("x-wharf-cache", value),
            "content-type" => add(name, &value.to_ascii_lowercase().replace("; ", ";")),
            "vary" => {
                let names = value.split(',').map(str::trim);
                let kept: Vec<_> =
                    names.filter(|it| !NOT_OF_THE_HANDLER.contains(&it.to_ascii_lowercase().as_str())).collect();
                if !kept.is_empty() {
                    add(name, &kept.join(", "));
                }
            }
            name => add(name, &of_the_function(without_time(name, value))),
        }
    }
    add("status", &reply.status.to_string());
    let body = reply.body.clone().map(of_the_function).shown();
    add("body", &body);
    fields
}

/// A text with the origin of the server as that of the function.
fn of_the_function(text: String) -> String {
    ["http://localhost:3000", "http://localhost:3100", "https://localhost:3100"]
        .iter()
        .fold(text, |text, origin| text.replace(origin, &format!("https://{FUNCTION_URL_DOMAIN}")))
}

/// What Next.js answered, an HTML page of an error as an empty body.
fn recorded_fields(reply: &Reply) -> Fields {
    let is_page = reply.status >= 400
        && matches!(reply.body, Body::Large { .. })
        && reply.headers.iter().any(|(name, value)| {
            name == "content-type" && (value.starts_with("text/html") || value == "text/x-component")
        });
    if !is_page {
        return fields(reply);
    }
    let headers = reply.headers.iter().filter(|(name, _)| name == "allow").cloned().collect();
    fields(&Reply { status: reply.status, headers, body: Body::Text { body: String::new() } })
}

/// The fields in which a reply is otherwise than in both versions.
#[must_use]
pub fn of(case: &Case, recorded: &Recorded) -> Vec<Difference> {
    let Some(reply) = &case.reply else { return Vec::new() };
    let wharf = fields(reply);
    let versions: Vec<_> =
        [&recorded.next13, &recorded.next16].map(|answer| (answer, recorded_fields(&answer.reply))).into();
    let is_stable = |(answer, _): &&(&Answer, Fields)| !answer.varies;
    let counted: Vec<_> = match versions.iter().filter(is_stable).collect::<Vec<_>>() {
        stable if stable.is_empty() => versions.iter().collect(),
        stable => stable,
    };
    let names: BTreeSet<_> = versions.iter().flat_map(|(_, fields)| fields.keys()).chain(wharf.keys()).collect();
    names
        .into_iter()
        .filter(|name| !counted.iter().any(|(_, fields)| fields.get(*name) == wharf.get(*name)))
        .map(|name| Difference {
            id: case.id.clone(),
            field: name.clone(),
            next13: versions[0].1.get(name).cloned(),
            next16: versions[1].1.get(name).cloned(),
            wharf: wharf.get(name).cloned(),
        })
        .collect()
}

/// Where `DIFFERENCES.md` is.
#[must_use]
pub fn path() -> PathBuf {
    paths::conformance().join("DIFFERENCES.md")
}

/// `DIFFERENCES.md` as it is committed.
///
/// # Panics
///
/// When it is not there.
#[must_use]
pub fn committed() -> String {
    fs::read_to_string(path()).expect("the table is part of the repository")
}

/// The text of `DIFFERENCES.md`.
///
/// # Errors
///
/// The differences that no rule explains, and the rules that explain none.
pub fn table(cases: &[Case], recorded: &[Recorded]) -> Result<String, String> {
    let mut by_rule: Vec<Vec<Difference>> = RULES.iter().map(|_| Vec::new()).collect();
    let (mut unexplained, mut equal, mut ported) = (String::new(), 0, 0);
    for recorded in recorded {
        let Some(case) = cases.iter().find(|case| case.id == recorded.id) else { continue };
        ported += 1;
        let differences = of(case, recorded);
        equal += usize::from(differences.is_empty());
        for difference in differences {
            match RULES.iter().position(|rule| (rule.explains)(&difference)) {
                Some(rule) => by_rule[rule].push(difference),
                None => {
                    let _ = writeln!(unexplained, "no rule for {difference:?}");
                }
            }
        }
    }
    for (rule, _) in RULES.iter().zip(&by_rule).filter(|(_, differences)| differences.is_empty()) {
        let _ = writeln!(unexplained, "nothing goes by the rule `{}`", rule.title);
    }
    if !unexplained.is_empty() {
        return Err(unexplained);
    }
    let mut text = INTRODUCTION.to_owned();
    let _ = writeln!(
        text,
        "Of {} recorded requests, {} are sent to Wharf: {equal} replies are the same, and {} differ in a field or more,\neach \
         by a rule below. {} ask handlers that cannot be ported.\n",
        recorded.len(),
        ported,
        ported - equal,
        recorded.len() - ported,
    );
    for (rule, differences) in RULES.iter().zip(&by_rule) {
        let _ = writeln!(text, "## {}\n\n{}\n", rule.title, rule.decision);
        text.push_str("| Requests | Field | Next.js 13 | Next.js 16 | Wharf |\n| --- | --- | --- | --- | --- |\n");
        for (row, ids) in rows(differences) {
            let _ = writeln!(text, "| {} | {row} |", ids.join(", "));
        }
        text.push('\n');
    }
    text.push_str("## Not ported\n\n| Requests | Why |\n| --- | --- |\n");
    for (ids, reason) in NOT_PORTED {
        let _ = writeln!(text, "| {} | {reason} |", ids.join(", "));
    }
    text.push_str(NOT_RECORDED);
    Ok(text)
}

/// What was decided by reading the standards, and by asking the Web API of Node.js 20.
const NOT_RECORDED: &str = "
## Not recorded

What no recorded request asks for, and is otherwise than the Web API of Node.js 20, on which Next.js builds. Tests of the
crate `wharf` show it.

| What | Next.js | Wharf |
| --- | --- | --- |
| A file of a form without a type | `text/plain` | no type: the client said none |
| A file name in `filename*`, a name without quotes | an error | read |
| A malformed form, or a body that is no form | 500 unless it is caught | 400 and 415 |
| Lone surrogates in JSON (`\"\\ud800\"`) | kept | 400: no text of Rust holds them |
| Numbers out of range in JSON (`1e400`) | infinite | 400 |
| More than 127 arrays and objects in one another | read, up to some thousands | 400 |
| A key that is repeated in a JSON object | the last value | the last value in a map; 400 for a struct |
| A header value beyond Latin-1 in a reply | 500 | sent as UTF-8 |
| A header value of a request that is no ASCII | Latin-1 | the text of the event, which the front end decoded |
| `x-forwarded-*`, `forwarded` and the like, unproven | handed on | dropped, or what the front end vouches for |
";

const INTRODUCTION: &str = "\
# Wharf beside Next.js

The handlers in `app/` stood, in TypeScript, in a server of Next.js 13.4 and of 16.4, which were sent the requests in
`cases.jsonl`. Where the versions differ, Wharf may answer as either: field by field, since it follows version 13 in what
is static, and version 16 in the details of HTTP. This page lists what is otherwise than in both. A test writes it, with
`UPDATE_EXPECTATIONS=1`, and fails when it is stale.

Not a difference are: the HTML page of an error (in Wharf its body is empty), the name of the header `x-nextjs-cache`
(`x-wharf-cache`), the spelling of a content type, the dates that are made of a cookie's `Max-Age`, what Next.js adds to
`Vary`, the `Content-Length` of the connection, and the origin of the server in a URL.

";

/// The rows of a table, in the order of the requests; requests that differ in the same way share one.
fn rows(differences: &[Difference]) -> Vec<(String, Vec<&str>)> {
    let mut rows: Vec<(String, Vec<&str>)> = Vec::new();
    for Difference { id, field, next13, next16, wharf } in differences {
        // An entity tag is made of the body, which is the same.
        let wharf = wharf.as_deref().map(|value| if field == "etag" { "…" } else { value });
        let [next13, next16, wharf] = [next13.as_deref(), next16.as_deref(), wharf].map(cell);
        let row = format!("{field} | {next13} | {next16} | {wharf}");
        match rows.iter_mut().find(|(known, _)| *known == row) {
            Some((_, ids)) => ids.push(id),
            None => rows.push((row, vec![id])),
        }
    }
    rows
}

/// A value in a cell of a table: short, and on one line.
fn cell(value: Option<&str>) -> String {
    const LONGEST: usize = 72;
    let Some(value) = value else { return "none".to_owned() };
    let value = value.escape_debug().to_string().replace('|', "\\|").replace("\\\"", "\"").replace("\\'", "'");
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", value[..end].trim_end()),
        None if value.is_empty() => "empty".to_owned(),
        None => format!("`{value}`"),
    }
}
