//! The stable codes of the diagnostics; `diagnostics.md` says what each means at length.

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
    /// `project::unknown-setting`
    UnknownSetting,
    /// `project::setting-value`
    SettingValue,
    /// `project::env-file`
    EnvFile,
    /// `project::env-line`
    EnvLine,
    /// `project::include-no-match`
    IncludeNoMatch,
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
    /// `segment::invisible-character`
    InvisibleCharacter,
    /// `segment::not-composed`
    NotComposed,
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
    /// `file::dangling-link`
    DanglingLink,
    /// `file::not-a-file`
    NotAFile,
    /// `file::refused-link`
    RefusedLink,
    /// `file::left-out`
    LeftOut,
    /// `file::too-large`
    FileTooLarge,
    /// `file::not-packed`
    FileNotPacked,
    /// `file::not-text`
    NotText,
    /// `file::merge-conflict`
    MergeConflict,
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
    /// `handler::path-type`
    PathType,
    /// `handler::path-field`
    PathField,
    /// `handler::argument`
    HandlerArgument,
    /// `handler::return-type`
    HandlerOutput,
    /// `handler::not-send`
    HandlerNotSend,
    /// `handler::refused`
    HandlerRefused,
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
    /// `config::streaming-static`
    StreamingStatic,
    /// `params::without-dynamic-segment`
    StaticParamsWithoutParams,
    /// `params::without-get`
    StaticParamsWithoutGet,
    /// `params::private`
    PrivateStaticParams,
    /// `params::shape`
    StaticParamsShape,
    /// `params::return-type`
    StaticParamsOutput,
    /// `params::missing`
    StaticParamsMissing,
    /// `params::failed`
    StaticParamsFailed,
    /// `target::std-missing`
    StdMissing,
    /// `target::linker-missing`
    LinkerMissing,
    /// `target::processor-flag`
    ProcessorFlag,
    /// `evaluate::failed`
    EvaluationFailed,
    /// `evaluate::set-cookie`
    EvaluationSetCookie,
    /// `evaluate::dynamic-error`
    DynamicError,
    /// `function::no-route`
    FunctionGroupEmpty,
    /// `function::listed-twice`
    FunctionGroupTwice,
    /// `function::regions-differ`
    FunctionRegionsDiffer,
    /// `function::unknown`
    UnknownFunction,
    /// `bootstrap::not-a-program`
    NotAProgram,
    /// `bootstrap::architecture`
    OtherArchitecture,
    /// `bootstrap::interpreter`
    Interpreter,
    /// `bootstrap::library`
    MissingLibrary,
    /// `bootstrap::glibc`
    GlibcTooNew,
    /// `cdn::file-not-served`
    FileNotServed,
    /// `cdn::left-to-the-api`
    LeftToTheApi,
    /// `cdn::too-many-streams`
    TooManyStreams,
    /// `limit::exceeded`
    AboveALimit,
    /// `limit::exceeded-for-a-target`
    AboveALimitOfATarget,
    /// `limit::quota`
    AboveAQuota,
    /// `limit::near`
    NearALimit,
    /// `limit::timeout`
    LongerThanTheApiWaits,
    /// `upload::not-a-bundle`
    NotABundle,
    /// `upload::unknown-format`
    UnknownFormat,
    /// `upload::damaged`
    DamagedBundle,
    /// `upload::header`
    HeaderNotStorable,
    /// `upload::prune-before-deploy`
    PruneBeforeDeploy,
    /// `upload::credentials`
    NoCredentials,
    /// `upload::not-found`
    NotFound,
    /// `upload::denied`
    Denied,
    /// `upload::failed`
    UploadFailed,
}

impl Code {
    /// Every code, in the order of the stages that report them.
    pub const ALL: [Self; 115] = [
        Self::NoAppDirectory,
        Self::NoRoutes,
        Self::NoLibrary,
        Self::NoWharf,
        Self::RoutesNotDeclared,
        Self::PanicAbort,
        Self::UnknownSetting,
        Self::SettingValue,
        Self::EnvFile,
        Self::EnvLine,
        Self::IncludeNoMatch,
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
        Self::InvisibleCharacter,
        Self::NotComposed,
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
        Self::DanglingLink,
        Self::NotAFile,
        Self::RefusedLink,
        Self::LeftOut,
        Self::FileTooLarge,
        Self::FileNotPacked,
        Self::NotText,
        Self::MergeConflict,
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
        Self::PathType,
        Self::PathField,
        Self::HandlerArgument,
        Self::HandlerOutput,
        Self::HandlerNotSend,
        Self::HandlerRefused,
        Self::PathWithoutParams,
        Self::UnknownConfig,
        Self::PrivateConfig,
        Self::NotConst,
        Self::ConfigType,
        Self::ConfigValue,
        Self::EdgeRuntime,
        Self::WithoutGet,
        Self::StreamingStatic,
        Self::StaticParamsWithoutParams,
        Self::StaticParamsWithoutGet,
        Self::PrivateStaticParams,
        Self::StaticParamsShape,
        Self::StaticParamsOutput,
        Self::StaticParamsMissing,
        Self::StaticParamsFailed,
        Self::StdMissing,
        Self::LinkerMissing,
        Self::ProcessorFlag,
        Self::EvaluationFailed,
        Self::EvaluationSetCookie,
        Self::DynamicError,
        Self::FunctionGroupEmpty,
        Self::FunctionGroupTwice,
        Self::FunctionRegionsDiffer,
        Self::UnknownFunction,
        Self::NotAProgram,
        Self::OtherArchitecture,
        Self::Interpreter,
        Self::MissingLibrary,
        Self::GlibcTooNew,
        Self::FileNotServed,
        Self::LeftToTheApi,
        Self::TooManyStreams,
        Self::AboveALimit,
        Self::AboveALimitOfATarget,
        Self::AboveAQuota,
        Self::NearALimit,
        Self::LongerThanTheApiWaits,
        Self::NotABundle,
        Self::UnknownFormat,
        Self::DamagedBundle,
        Self::HeaderNotStorable,
        Self::PruneBeforeDeploy,
        Self::NoCredentials,
        Self::NotFound,
        Self::Denied,
        Self::UploadFailed,
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
            Self::UnknownSetting => "project::unknown-setting",
            Self::SettingValue => "project::setting-value",
            Self::EnvFile => "project::env-file",
            Self::EnvLine => "project::env-line",
            Self::IncludeNoMatch => "project::include-no-match",
            Self::RefusedLink => "file::refused-link",
            Self::LeftOut => "file::left-out",
            Self::FileTooLarge => "file::too-large",
            Self::FileNotPacked => "file::not-packed",
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
            Self::InvisibleCharacter => "segment::invisible-character",
            Self::NotComposed => "segment::not-composed",
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
            Self::DanglingLink => "file::dangling-link",
            Self::NotAFile => "file::not-a-file",
            Self::NotText => "file::not-text",
            Self::MergeConflict => "file::merge-conflict",
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
            Self::PathType => "handler::path-type",
            Self::PathField => "handler::path-field",
            Self::HandlerArgument => "handler::argument",
            Self::HandlerOutput => "handler::return-type",
            Self::HandlerNotSend => "handler::not-send",
            Self::HandlerRefused => "handler::refused",
            Self::PathWithoutParams => "handler::path-without-params",
            Self::UnknownConfig => "config::unknown",
            Self::PrivateConfig => "config::private",
            Self::NotConst => "config::not-const",
            Self::ConfigType => "config::type",
            Self::ConfigValue => "config::value",
            Self::EdgeRuntime => "config::edge-runtime",
            Self::WithoutGet => "config::without-get",
            Self::StreamingStatic => "config::streaming-static",
            Self::StaticParamsWithoutParams => "params::without-dynamic-segment",
            Self::StaticParamsWithoutGet => "params::without-get",
            Self::PrivateStaticParams => "params::private",
            Self::StaticParamsShape => "params::shape",
            Self::StaticParamsOutput => "params::return-type",
            Self::StaticParamsMissing => "params::missing",
            Self::StaticParamsFailed => "params::failed",
            Self::StdMissing => "target::std-missing",
            Self::LinkerMissing => "target::linker-missing",
            Self::ProcessorFlag => "target::processor-flag",
            Self::EvaluationFailed => "evaluate::failed",
            Self::EvaluationSetCookie => "evaluate::set-cookie",
            Self::DynamicError => "evaluate::dynamic-error",
            Self::FunctionGroupEmpty => "function::no-route",
            Self::FunctionGroupTwice => "function::listed-twice",
            Self::FunctionRegionsDiffer => "function::regions-differ",
            Self::UnknownFunction => "function::unknown",
            Self::NotAProgram => "bootstrap::not-a-program",
            Self::OtherArchitecture => "bootstrap::architecture",
            Self::Interpreter => "bootstrap::interpreter",
            Self::MissingLibrary => "bootstrap::library",
            Self::GlibcTooNew => "bootstrap::glibc",
            Self::FileNotServed => "cdn::file-not-served",
            Self::LeftToTheApi => "cdn::left-to-the-api",
            Self::TooManyStreams => "cdn::too-many-streams",
            Self::AboveALimit => "limit::exceeded",
            Self::AboveALimitOfATarget => "limit::exceeded-for-a-target",
            Self::AboveAQuota => "limit::quota",
            Self::NearALimit => "limit::near",
            Self::LongerThanTheApiWaits => "limit::timeout",
            Self::NotABundle => "upload::not-a-bundle",
            Self::UnknownFormat => "upload::unknown-format",
            Self::DamagedBundle => "upload::damaged",
            Self::HeaderNotStorable => "upload::header",
            Self::PruneBeforeDeploy => "upload::prune-before-deploy",
            Self::NoCredentials => "upload::credentials",
            Self::NotFound => "upload::not-found",
            Self::Denied => "upload::denied",
            Self::UploadFailed => "upload::failed",
        }
    }

    /// Whether the bundle is made all the same.
    #[must_use]
    pub const fn is_warning(self) -> bool {
        matches!(
            self,
            Self::EnvLine
                | Self::IncludeNoMatch
                | Self::LeftOut
                | Self::FileNotPacked
                | Self::PageNotHtml
                | Self::DynamicPage
                | Self::LeftToTheApi
                | Self::AboveALimitOfATarget
                | Self::AboveAQuota
                | Self::NearALimit
                | Self::LongerThanTheApiWaits
        )
    }

    /// What the code means, why it is an error, and an example of both ways: its section of `diagnostics.md`, which is the
    /// text of `cargo bundle explain CODE`.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        let heading = format!("\n## `{self}`\n");
        let section = PAGE.split_once(&heading).map_or("", |(_, rest)| rest);
        section.split("\n## ").next().unwrap_or_default().trim()
    }
}

/// The page that lists all codes.
const PAGE: &str = include_str!("../../diagnostics.md");

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
    fn every_explanation_shows_what_is_wrong_and_what_is_right() {
        for code in Code::ALL {
            let text = code.explanation();
            let (reason, examples) = text.split_once("\n\nWrong:\n\n```").unwrap_or_else(|| panic!("{code}: {text}"));
            assert!(reason.len() > 80 && reason.ends_with('.'), "{code}: {reason}");
            let (wrong, right) =
                examples.split_once("\n```\n\nRight:\n\n```").unwrap_or_else(|| panic!("{code}: {text}"));
            assert!(
                wrong.lines().count() > 1 && right.lines().count() > 2 && right.ends_with("\n```"),
                "{code}: {text}"
            );
        }
    }

    #[test]
    fn the_page_lists_the_codes_and_nothing_else() {
        let headings = PAGE.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'));
        assert_eq!(headings.collect::<Vec<_>>(), Code::ALL.map(Code::as_str));
    }
}
