//! What rustc says of `routes.rs`, said of the route file: nobody has written the generated code, and its errors name none
//! of what the user has.

use std::ops::Range;

use cargo_metadata::diagnostic::{Diagnostic as Message, DiagnosticLevel, DiagnosticSpan};

use crate::{
    diagnostic::{Code, Diagnostic, Label, Source},
    stages::{
        generate::{Call, Sources},
        parse::{ConfigConst, ConfigName, HandlerFn, Item, StaticParamsFn},
    },
};

/// What of a handler fits, for people.
const FITTING_ARGUMENTS: &str = "take `Path`, `Query`, `HeaderMap`, `Extension` or another type that implements \
                                 `FromRequestParts`, and at the end `Request`, `Json`, `Form`, `String` or `Bytes`, each by \
                                 value";
const FITTING_OUTPUTS: &str = "return a `String`, `&'static str`, `Json`, `Response`, a status, a tuple of these, or a `Result` \
                               of one of them with `wharf::Error`";

/// The diagnostic of an error in a line of the generated code that names an item of a route file; of any other `None`.
pub(super) fn diagnostic(message: &Message, sources: &Sources) -> Option<Diagnostic> {
    if message.level != DiagnosticLevel::Error {
        return None;
    }
    let call = message.spans.iter().filter(|span| span.is_primary).find_map(|span| call_at(span, sources))?;
    let route = sources.plan.routes.iter().find(|route| route.name == call.route)?;
    let source = &route.file.source;
    Some(match &call.item {
        Item::Handler(_, handler) => of_handler(handler, source, &message.message),
        Item::Config(name, constant) => of_config(*name, constant, source),
        Item::StaticParams(function) => of_static_params(function, source, &message.message),
    })
}

fn call_at<'s>(span: &DiagnosticSpan, sources: &'s Sources) -> Option<&'s Call> {
    // Those in a macro, as of the standard library, stand where it is called.
    if let Some(expansion) = &span.expansion {
        return call_at(&expansion.span, sources);
    }
    let path = &sources.routes.path;
    let root = &sources.plan.project.root;
    let is_there =
        root.join(&span.file_name) == *path || path.strip_prefix(root).is_ok_and(|it| *it == *span.file_name);
    let at = (span.line_start, span.column_start);
    let (found, call) = sources.calls.range(at..).next().filter(|_| is_there)?;
    (found.0 == span.line_start).then_some(call)
}

fn of_handler(handler: &HandlerFn, source: &Source, said: &str) -> Diagnostic {
    let name = &handler.name;
    let at_name = |text: &str| Label::new(source, handler.span.clone(), text.to_owned());
    let Some(signature) = &handler.signature else {
        return refused(name, at_name("its signature stands elsewhere"), said);
    };
    let text = |range: &Range<usize>| source.text.get(range.clone()).unwrap_or_default();
    if said.contains("cannot be sent between threads") || said.contains("cannot be shared between threads") {
        return not_send(name, at_name("has to be `Send`"));
    }
    if let Some(argument) = signature.arguments.iter().find(|argument| !may_be_taken(text(argument))) {
        return Diagnostic::new(
            Code::HandlerArgument,
            format!("the handler `{name}` takes `{}`, which cannot be made of a request", text(argument)),
            Label::new(source, argument.clone(), "no extractor"),
            FITTING_ARGUMENTS,
        );
    }
    if let Some(output) = signature.output.as_ref().filter(|output| !may_be_returned(text(output))) {
        return Diagnostic::new(
            Code::HandlerOutput,
            format!("the handler `{name}` returns `{}`, which is no response", text(output)),
            Label::new(source, output.clone(), "does not implement `IntoResponse`"),
            FITTING_OUTPUTS,
        );
    }
    let unknown: Vec<_> = signature.arguments.iter().filter(|argument| !is_extractor(text(argument))).collect();
    let is_answer = signature.output.as_ref().is_none_or(|output| is_response(text(output)));
    match (unknown.as_slice(), is_answer, &signature.output) {
        ([], true, _) => not_send(name, at_name("cannot be called as a handler")),
        ([argument], true, _) => Diagnostic::new(
            Code::HandlerArgument,
            format!("the handler `{name}` takes `{}`, which cannot be made of a request", text(argument)),
            Label::new(source, (*argument).clone(), why_not_taken(text(argument))),
            FITTING_ARGUMENTS,
        ),
        ([], false, Some(output)) => Diagnostic::new(
            Code::HandlerOutput,
            format!("the handler `{name}` returns `{}`, which is no response", text(output)),
            Label::new(source, output.clone(), "does not implement `IntoResponse`"),
            FITTING_OUTPUTS,
        ),
        _ => refused(name, at_name("an argument or what it returns does not fit"), said),
    }
}

fn not_send(name: &str, label: Label) -> Diagnostic {
    Diagnostic::new(
        Code::HandlerNotSend,
        format!("the handler `{name}` keeps something over an `.await` that cannot be sent to another thread"),
        label,
        "drop an `Rc`, a `RefCell`'s guard or a lock of `std` before the `.await`, or use `Arc` and the locks of tokio; \
         `#[axum::debug_handler]` in front of the handler says which line it is",
    )
}

fn refused(name: &str, label: Label, said: &str) -> Diagnostic {
    let help = format!("{FITTING_ARGUMENTS}; {FITTING_OUTPUTS}");
    Diagnostic::new(
        Code::HandlerRefused,
        format!("the handler `{name}` is none that axum can call: {said}"),
        label,
        help,
    )
}

fn of_config(name: ConfigName, constant: &ConfigConst, source: &Source) -> Diagnostic {
    let ty = source.text.get(constant.ty.clone()).unwrap_or_default();
    Diagnostic::new(
        Code::ConfigType,
        format!("`{}` cannot be of type `{ty}`", name.as_str()),
        Label::new(source, constant.ty.clone(), format!("should be {}", name.types())),
        format!("write for example {}", name.example()),
    )
}

fn of_static_params(function: &StaticParamsFn, source: &Source, said: &str) -> Diagnostic {
    let place = function.output.clone().unwrap_or_else(|| function.span.clone());
    let is_send = said.contains("between threads");
    let (label, message) = if is_send {
        (
            "has to be `Send`",
            "`generate_static_params` keeps something that cannot be sent to another thread".to_owned(),
        )
    } else {
        ("no list of params", format!("what `generate_static_params` returns is no list of params: {said}"))
    };
    Diagnostic::new(
        Code::StaticParamsOutput,
        message,
        Label::new(source, place, label),
        "return a `Vec` or an array, or a `Result` of one, with a text or number for each path, a tuple where there are \
         several params, or a `Vec<String>` for a catch-all",
    )
}

/// The last name of a type as it is written: `Vec` of `std::vec::Vec<u8>`.
fn outer(ty: &str) -> &str {
    let path = ty.split('<').next().unwrap_or(ty).trim();
    path.rsplit("::").next().unwrap_or(path).trim()
}

const PRIMITIVES: [&str; 16] = [
    "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64",
];

/// What surely implements none of axum's traits of extractors is told without a look at the rest.
fn may_be_taken(ty: &str) -> bool {
    !ty.starts_with(['&', '*', '['])
        && !PRIMITIVES.contains(&ty)
        && !matches!(outer(ty), "Vec" | "HashMap" | "BTreeMap" | "Rc")
}

fn why_not_taken(ty: &str) -> &'static str {
    if matches!(outer(ty), "Path" | "Query" | "Json" | "Form") {
        "what is inside has to implement `serde::Deserialize` for itself, with nothing borrowed"
    } else {
        "implements neither `FromRequestParts` nor, at the end, `FromRequest`"
    }
}

fn is_extractor(ty: &str) -> bool {
    let known = [
        "Path",
        "Query",
        "HeaderMap",
        "Method",
        "Uri",
        "Version",
        "Request",
        "Json",
        "Form",
        "String",
        "Bytes",
        "Multipart",
        "RawQuery",
        "RawForm",
        "Extensions",
        "Extension",
        "State",
        "Cookies",
        "CookieJar",
        "Body",
        "Parts",
    ];
    match (outer(ty), ty.split_once('<')) {
        // The type inside has to be read, which only rustc can tell.
        ("Path" | "Query" | "Json" | "Form", Some((_, inner))) => {
            let inner = outer(inner.trim_end_matches('>'));
            PRIMITIVES.contains(&inner)
                || matches!(inner, "String" | "Vec" | "Option" | "HashMap" | "BTreeMap" | "Value")
        }
        (name, _) => known.contains(&name),
    }
}

fn may_be_returned(ty: &str) -> bool {
    !PRIMITIVES.contains(&ty)
        && outer(ty) != "Option"
        && !ty.starts_with("impl std::fmt")
        && !ty.starts_with("impl Display")
}

fn is_response(ty: &str) -> bool {
    matches!(outer(ty), "String" | "Response" | "Html" | "StatusCode" | "Redirect" | "Bytes")
        || ty == "&'static str"
        || ty == "()"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::parse::tests::route;

    fn told(text: &str, said: &str) -> (Code, String) {
        let file = route("app/items/[id]/route.rs", text);
        let handler = file.handlers.values().next().unwrap();
        let diagnostic = of_handler(handler, &file.source, said);
        let label = diagnostic.primary();
        (diagnostic.code, label.source.text[label.span.clone()].to_owned())
    }

    #[test]
    fn the_part_of_a_signature_that_does_not_fit_is_pointed_at() {
        for (text, code, marked) in [
            ("pub async fn get(n: i32) -> String {}", Code::HandlerArgument, "i32"),
            ("pub async fn get(a: Path<u32>, s: Session) -> String {}", Code::HandlerArgument, "Session"),
            ("pub async fn get(a: &str) -> String {}", Code::HandlerArgument, "&str"),
            ("pub async fn get(a: Path<Id>) -> String {}", Code::HandlerArgument, "Path<Id>"),
            ("pub async fn get() -> u64 {}", Code::HandlerOutput, "u64"),
            ("pub async fn get() -> Result<String, u8> {}", Code::HandlerOutput, "Result<String, u8>"),
            ("pub async fn get(a: Path<u32>) -> Thing {}", Code::HandlerOutput, "Thing"),
            ("pub async fn get(a: A, b: B) -> String {}", Code::HandlerRefused, "get"),
            ("pub async fn get() -> String {}", Code::HandlerNotSend, "get"),
            ("pub use crate::shared::get;", Code::HandlerRefused, "get"),
        ] {
            assert_eq!(told(text, "the trait bound is not satisfied"), (code, marked.to_owned()), "{text}");
        }
        let (code, _) = told("pub async fn get(n: A) {}", "future cannot be sent between threads safely");
        assert_eq!(code, Code::HandlerNotSend);
    }
}
