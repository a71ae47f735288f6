//! The stable codes of the diagnostics, and what each means at length.

use std::{fmt, str::FromStr};

/// The code of a diagnostic. Codes are stable: tools may match on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// `project::no-app-directory`
    NoAppDirectory,
    /// `project::no-routes`
    NoRoutes,
    /// `project::no-library`
    NoLibrary,
    /// `project::no-wharf`
    NoWharf,
    /// `project::routes-not-declared`
    RoutesNotDeclared,
    /// `project::panic-abort`
    PanicAbort,
    /// `segment::not-utf8`
    NotUtf8,
    /// `segment::unbalanced-brackets`
    UnbalancedBrackets,
    /// `segment::brackets-inside`
    BracketsInside,
    /// `segment::empty-param`
    EmptyParam,
    /// `segment::param-name`
    ParamName,
    /// `segment::leading-dot`
    LeadingDot,
    /// `segment::optional-param`
    OptionalParam,
    /// `segment::catch-all-not-last`
    CatchAllNotLast,
    /// `segment::repeated-param`
    RepeatedParam,
    /// `segment::similar-param`
    SimilarParam,
    /// `segment::bad-escape`
    BadEscape,
    /// `segment::unreachable`
    Unreachable,
    /// `segment::empty-group`
    EmptyGroup,
    /// `segment::unbalanced-group`
    UnbalancedGroup,
    /// `segment::parallel-route`
    ParallelRoute,
    /// `segment::intercepting-route`
    InterceptingRoute,
    /// `route::duplicate`
    DuplicateRoute,
    /// `route::param-names-differ`
    ParamNamesDiffer,
    /// `route::catch-alls-at-one-level`
    CatchAllsAtOneLevel,
    /// `route::same-specificity`
    SameSpecificity,
    /// `route::page-conflict`
    PageConflict,
    /// `route::public-conflict`
    PublicConflict,
    /// `page::duplicate`
    DuplicatePage,
    /// `page::not-html`
    PageNotHtml,
    /// `page::dynamic`
    DynamicPage,
    /// `file::misnamed-route`
    MisnamedRoute,
    /// `file::link-loop`
    LinkLoop,
    /// `file::not-text`
    NotText,
    /// `handler::syntax`
    Syntax,
    /// `handler::none`
    NoHandler,
    /// `handler::both-spellings`
    BothSpellings,
    /// `handler::mixed-case`
    MixedCase,
    /// `handler::private`
    PrivateHandler,
    /// `handler::not-async`
    NotAsync,
    /// `handler::generic`
    GenericHandler,
    /// `handler::qualified`
    QualifiedHandler,
    /// `handler::not-a-function`
    NotAFunction,
    /// `handler::unknown-method`
    UnknownMethod,
    /// `handler::body-not-last`
    BodyNotLast,
    /// `handler::too-many-arguments`
    TooManyArguments,
    /// `handler::path-arity`
    PathArity,
    /// `handler::path-without-params`
    PathWithoutParams,
    /// `config::unknown`
    UnknownConfig,
    /// `config::private`
    PrivateConfig,
    /// `config::not-const`
    NotConst,
    /// `config::type`
    ConfigType,
    /// `config::value`
    ConfigValue,
    /// `config::edge-runtime`
    EdgeRuntime,
    /// `config::without-get`
    WithoutGet,
    /// `params::without-dynamic-segment`
    StaticParamsWithoutParams,
    /// `params::without-get`
    StaticParamsWithoutGet,
    /// `params::private`
    PrivateStaticParams,
    /// `params::shape`
    StaticParamsShape,
    /// `params::missing`
    StaticParamsMissing,
    /// `params::failed`
    StaticParamsFailed,
    /// `evaluate::failed`
    EvaluationFailed,
    /// `evaluate::set-cookie`
    EvaluationSetCookie,
    /// `evaluate::dynamic-error`
    DynamicError,
}

impl Code {
    /// Every code, in the order of the stages that report them.
    pub const ALL: [Self; 64] = [
        Self::NoAppDirectory,
        Self::NoRoutes,
        Self::NoLibrary,
        Self::NoWharf,
        Self::RoutesNotDeclared,
        Self::PanicAbort,
        Self::NotUtf8,
        Self::UnbalancedBrackets,
        Self::BracketsInside,
        Self::EmptyParam,
        Self::ParamName,
        Self::LeadingDot,
        Self::OptionalParam,
        Self::CatchAllNotLast,
        Self::RepeatedParam,
        Self::SimilarParam,
        Self::BadEscape,
        Self::Unreachable,
        Self::EmptyGroup,
        Self::UnbalancedGroup,
        Self::ParallelRoute,
        Self::InterceptingRoute,
        Self::DuplicateRoute,
        Self::ParamNamesDiffer,
        Self::CatchAllsAtOneLevel,
        Self::SameSpecificity,
        Self::PageConflict,
        Self::PublicConflict,
        Self::DuplicatePage,
        Self::PageNotHtml,
        Self::DynamicPage,
        Self::MisnamedRoute,
        Self::LinkLoop,
        Self::NotText,
        Self::Syntax,
        Self::NoHandler,
        Self::BothSpellings,
        Self::MixedCase,
        Self::PrivateHandler,
        Self::NotAsync,
        Self::GenericHandler,
        Self::QualifiedHandler,
        Self::NotAFunction,
        Self::UnknownMethod,
        Self::BodyNotLast,
        Self::TooManyArguments,
        Self::PathArity,
        Self::PathWithoutParams,
        Self::UnknownConfig,
        Self::PrivateConfig,
        Self::NotConst,
        Self::ConfigType,
        Self::ConfigValue,
        Self::EdgeRuntime,
        Self::WithoutGet,
        Self::StaticParamsWithoutParams,
        Self::StaticParamsWithoutGet,
        Self::PrivateStaticParams,
        Self::StaticParamsShape,
        Self::StaticParamsMissing,
        Self::StaticParamsFailed,
        Self::EvaluationFailed,
        Self::EvaluationSetCookie,
        Self::DynamicError,
    ];

    /// The code as it is printed: `route::duplicate`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAppDirectory => "project::no-app-directory",
            Self::NoRoutes => "project::no-routes",
            Self::NoLibrary => "project::no-library",
            Self::NoWharf => "project::no-wharf",
            Self::RoutesNotDeclared => "project::routes-not-declared",
            Self::PanicAbort => "project::panic-abort",
            Self::NotUtf8 => "segment::not-utf8",
            Self::UnbalancedBrackets => "segment::unbalanced-brackets",
            Self::BracketsInside => "segment::brackets-inside",
            Self::EmptyParam => "segment::empty-param",
            Self::ParamName => "segment::param-name",
            Self::LeadingDot => "segment::leading-dot",
            Self::OptionalParam => "segment::optional-param",
            Self::CatchAllNotLast => "segment::catch-all-not-last",
            Self::RepeatedParam => "segment::repeated-param",
            Self::SimilarParam => "segment::similar-param",
            Self::BadEscape => "segment::bad-escape",
            Self::Unreachable => "segment::unreachable",
            Self::EmptyGroup => "segment::empty-group",
            Self::UnbalancedGroup => "segment::unbalanced-group",
            Self::ParallelRoute => "segment::parallel-route",
            Self::InterceptingRoute => "segment::intercepting-route",
            Self::DuplicateRoute => "route::duplicate",
            Self::ParamNamesDiffer => "route::param-names-differ",
            Self::CatchAllsAtOneLevel => "route::catch-alls-at-one-level",
            Self::SameSpecificity => "route::same-specificity",
            Self::PageConflict => "route::page-conflict",
            Self::PublicConflict => "route::public-conflict",
            Self::DuplicatePage => "page::duplicate",
            Self::PageNotHtml => "page::not-html",
            Self::DynamicPage => "page::dynamic",
            Self::MisnamedRoute => "file::misnamed-route",
            Self::LinkLoop => "file::link-loop",
            Self::NotText => "file::not-text",
            Self::Syntax => "handler::syntax",
            Self::NoHandler => "handler::none",
            Self::BothSpellings => "handler::both-spellings",
            Self::MixedCase => "handler::mixed-case",
            Self::PrivateHandler => "handler::private",
            Self::NotAsync => "handler::not-async",
            Self::GenericHandler => "handler::generic",
            Self::QualifiedHandler => "handler::qualified",
            Self::NotAFunction => "handler::not-a-function",
            Self::UnknownMethod => "handler::unknown-method",
            Self::BodyNotLast => "handler::body-not-last",
            Self::TooManyArguments => "handler::too-many-arguments",
            Self::PathArity => "handler::path-arity",
            Self::PathWithoutParams => "handler::path-without-params",
            Self::UnknownConfig => "config::unknown",
            Self::PrivateConfig => "config::private",
            Self::NotConst => "config::not-const",
            Self::ConfigType => "config::type",
            Self::ConfigValue => "config::value",
            Self::EdgeRuntime => "config::edge-runtime",
            Self::WithoutGet => "config::without-get",
            Self::StaticParamsWithoutParams => "params::without-dynamic-segment",
            Self::StaticParamsWithoutGet => "params::without-get",
            Self::PrivateStaticParams => "params::private",
            Self::StaticParamsShape => "params::shape",
            Self::StaticParamsMissing => "params::missing",
            Self::StaticParamsFailed => "params::failed",
            Self::EvaluationFailed => "evaluate::failed",
            Self::EvaluationSetCookie => "evaluate::set-cookie",
            Self::DynamicError => "evaluate::dynamic-error",
        }
    }

    /// Whether the bundle is made all the same.
    #[must_use]
    pub const fn is_warning(self) -> bool {
        matches!(self, Self::PageNotHtml | Self::DynamicPage)
    }

    /// What the code means, and why it is an error: the text of `cargo bundle explain CODE`.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::NoAppDirectory => {
                "The package has no `app` folder, so there is nothing to bundle. Routes are files named \
                 `route.rs` below `app/`, in the folder of the package's Cargo.toml."
            }
            Self::NoRoutes => {
                "The app directory holds no `route.rs` and no `page.html`. Every bundle has at least one \
                 route or page."
            }
            Self::NoLibrary => {
                "The generated binaries call the routes through the package's library, so the package needs a \
                 `src/lib.rs` (or a `[lib]` with another path) of the plain library kind."
            }
            Self::NoWharf => {
                "The generated `src/routes.rs` names the crate `wharf`, so the package has to depend on it \
                 under that name."
            }
            Self::RoutesNotDeclared => {
                "The bundler writes `routes.rs` beside the library's root file; the root file has to declare \
                 it with `pub mod routes;` so that rustc compiles it and the generated binaries can call it."
            }
            Self::PanicAbort => {
                "With `panic = \"abort\"` a panic in one request ends the Lambda environment and every later \
                 request pays for a cold start. Wharf answers a panic with an empty 500 and goes on, which \
                 needs unwinding."
            }
            Self::NotUtf8 => {
                "A folder name is a part of a URL, and URLs decode to UTF-8 text. A name that is not UTF-8 \
                 could never be asked for."
            }
            Self::UnbalancedBrackets => {
                "Dynamic folders are written `[name]`, `[...name]` or `[[...name]]`. A bracket without its \
                 partner is nearly always a typing mistake."
            }
            Self::BracketsInside => {
                "A dynamic folder is dynamic as a whole: `[id]`. Next.js takes `[id].json` or `v[id]` as \
                 literal text, which is hardly ever meant, so Wharf refuses it."
            }
            Self::EmptyParam => "A dynamic folder needs a name, by which handlers find the value.",
            Self::ParamName => {
                "The name of a param consists of ASCII letters, digits, `-` and `_`, and starts with a letter \
                 or `_`. It becomes a key in the params, a variable in API Gateway and a placeholder in the \
                 local router, and this is what all of them accept."
            }
            Self::LeadingDot => {
                "A catch-all is written with exactly three dots, `[...name]`. Fewer dots, more dots, or an \
                 ellipsis character are typing mistakes."
            }
            Self::OptionalParam => {
                "Only a catch-all can be optional: `[[...name]]`. For an optional single part add a \
                 `route.rs` to the parent folder."
            }
            Self::CatchAllNotLast => {
                "A catch-all takes the rest of the path, so no folder below it could ever be reached."
            }
            Self::RepeatedParam => {
                "Two dynamic folders of one path have the same name, so that one value would hide the other."
            }
            Self::SimilarParam => {
                "Two dynamic folders of one path have names that differ only by punctuation or case. They \
                 would be mistaken for each other, and become one field when params are read into a struct."
            }
            Self::BadEscape => {
                "A `%` in a folder name starts an escape of two hexadecimal digits, such as `%5F` for an \
                 underscore, and the decoded name has to be UTF-8."
            }
            Self::Unreachable => {
                "The decoded folder name is one that no request can ask for: it contains a slash or a control \
                 character, or is `.` or `..`, which HTTP clients resolve before they send the path."
            }
            Self::EmptyGroup => {
                "A route group is a folder named in parentheses, `(name)`, that is left out of the URL."
            }
            Self::UnbalancedGroup => {
                "A route group is a folder named in parentheses as a whole, `(name)`. A parenthesis at one \
                 end only is nearly always a typing mistake."
            }
            Self::ParallelRoute => {
                "Folders that start with `@` are slots of a Next.js layout. Route handlers have no layout, so \
                 they have no slots."
            }
            Self::InterceptingRoute => {
                "Folders that start with `(.)`, `(..)` or `(...)` intercept a client-side navigation in \
                 Next.js. Route handlers have no navigation to intercept."
            }
            Self::DuplicateRoute => "Two files answer the same path, because route groups are not a part of the URL.",
            Self::ParamNamesDiffer => {
                "Two dynamic folders at the same level of the URL have different names. A path gives no hint \
                 which of them is meant, and API Gateway refuses the pair."
            }
            Self::CatchAllsAtOneLevel => {
                "A required and an optional catch-all at the same level answer the same paths."
            }
            Self::SameSpecificity => {
                "An optional catch-all also answers the path of its parent folder, where another route stands \
                 already."
            }
            Self::PageConflict => "A page and a route at the same path would both answer a GET of it.",
            Self::PublicConflict => {
                "A file in `public/` is exported at its own path, which a route or page answers already. In \
                 Next.js the file silently wins."
            }
            Self::DuplicatePage => {
                "Two pages are exported at the same path, because route groups are not a part of the URL."
            }
            Self::PageNotHtml => "Wharf exports `page.html` as it is. It renders no other kind of page.",
            Self::DynamicPage => "A page in a dynamic folder has no single path that it could be exported at.",
            Self::MisnamedRoute => {
                "Only a file named exactly `route.rs` makes a route. A file that looks like one but is not \
                 would be left out without a word."
            }
            Self::LinkLoop => "A symbolic link leads back to a folder that contains it, so that the tree has no end.",
            Self::NotText => "Rust source files are UTF-8 text.",
            Self::Syntax => "The file is not valid Rust, so the bundler cannot see its handlers.",
            Self::NoHandler => {
                "A route file has to have at least one handler: a public async function named after a method, \
                 such as `get` or `post`."
            }
            Self::BothSpellings => {
                "A handler may be named in lower case (`get`) or in upper case (`GET`). One file cannot have \
                 both for one method."
            }
            Self::MixedCase => {
                "Handlers are found by their names, and methods are case-sensitive: `get` or `GET`, not \
                 `Get`."
            }
            Self::PrivateHandler => {
                "A function named after a method is taken for a handler, and the generated code can only call \
                 it when it is `pub`."
            }
            Self::NotAsync => "Handlers are axum handlers, which are async functions.",
            Self::GenericHandler => {
                "The generated code names the handler without type arguments, so it cannot be generic."
            }
            Self::QualifiedHandler => {
                "A handler is a plain async function: not `unsafe`, not `const`, and without an ABI."
            }
            Self::NotAFunction => {
                "An item with the name of a method is taken for a handler, and only functions can be \
                 handlers."
            }
            Self::UnknownMethod => {
                "Route files answer DELETE, GET, HEAD, OPTIONS, PATCH, POST and PUT. API Gateway and Function \
                 URLs forward no TRACE and no CONNECT, and WebDAV methods get 400 as in Next.js."
            }
            Self::BodyNotLast => {
                "An argument that reads the body takes the whole request, so it can only be the last one."
            }
            Self::TooManyArguments => "axum implements handlers for functions of at most 16 arguments.",
            Self::PathArity => "A tuple in `Path` takes one param an element, in the order of the URL.",
            Self::PathWithoutParams => "`Path` reads the params of dynamic folders, and this route has none.",
            Self::UnknownConfig => {
                "Upper-case public constants of a route file that look like segment config are checked, since \
                 a misspelled one would be ignored without a word."
            }
            Self::PrivateConfig => {
                "Segment config is read by the generated code, which can only see it when it is `pub`."
            }
            Self::NotConst => "Segment config is constants, since rustc has to know the values.",
            Self::ConfigType => "The constant has another type than the segment config of this name.",
            Self::ConfigValue => {
                "The value is outside of what the segment config of this name, or AWS Lambda, accepts."
            }
            Self::EdgeRuntime => {
                "CloudFront Functions and Lambda@Edge run no native binaries. A Lambda function behind \
                 CloudFront, with its answers cached at the edge, is what works."
            }
            Self::WithoutGet => {
                "The segment config says when a GET is evaluated or kept, and the route has no GET handler."
            }
            Self::StaticParamsWithoutParams => {
                "`generate_static_params` lists values of dynamic folders, and this route has none."
            }
            Self::StaticParamsWithoutGet => {
                "`generate_static_params` lists the params that GET is evaluated with, and the route has no \
                 GET handler."
            }
            Self::PrivateStaticParams => "The generated code can only call `generate_static_params` when it is `pub`.",
            Self::StaticParamsShape => {
                "`generate_static_params` is a function without arguments and without type parameters."
            }
            Self::StaticParamsMissing => {
                "`DYNAMIC_PARAMS = false` answers only the params that `generate_static_params` lists, and \
                 there is no such function."
            }
            Self::StaticParamsFailed => {
                "`generate_static_params` was called on the build host and did not return a list of params \
                 that fit the route."
            }
            Self::EvaluationFailed => {
                "The GET handler was run on the build host, as its answer does not depend on a request, and \
                 it failed."
            }
            Self::EvaluationSetCookie => {
                "An answer that is evaluated once is sent to everyone, and a cookie in it would be one cookie \
                 for all visitors."
            }
            Self::DynamicError => {
                "`DYNAMIC = Dynamic::Error` promises a static answer, and the handler looks at the request."
            }
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The text is not the code of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|code| code.as_str() == text).ok_or(UnknownCode)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_round_trip() {
        let texts: BTreeSet<_> = Code::ALL.map(Code::as_str).into();
        assert_eq!(texts.len(), Code::ALL.len());
        assert!(Code::ALL.into_iter().all(|code| code.as_str().parse() == Ok(code)));
    }

    #[test]
    fn every_explanation_is_a_sentence() {
        assert!(Code::ALL.into_iter().all(|code| code.explanation().ends_with('.')));
    }
}
