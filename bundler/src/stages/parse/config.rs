//! Segment config: which constants a route file declares. Their values are rustc's to say.

use std::ops::Range;

use syn::{Expr, Ident, ItemConst, Lit, Type, Visibility, spanned::Spanned};

use super::{cfg::Conditions, handler::last_name, range};
use crate::diagnostic::{Code, Diagnostic, Label, Source};

/// The names of segment config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConfigName {
    /// `DYNAMIC`
    Dynamic,
    /// `DYNAMIC_PARAMS`
    DynamicParams,
    /// `REVALIDATE`
    Revalidate,
    /// `FETCH_CACHE`
    FetchCache,
    /// `RUNTIME`
    Runtime,
    /// `PREFERRED_REGION`
    PreferredRegion,
    /// `STREAMING`
    Streaming,
    /// `MAX_DURATION`
    MaxDuration,
    /// `MEMORY`
    Memory,
}

impl ConfigName {
    /// All names.
    pub const ALL: [Self; 9] = [
        Self::Dynamic,
        Self::DynamicParams,
        Self::Revalidate,
        Self::FetchCache,
        Self::Runtime,
        Self::PreferredRegion,
        Self::Streaming,
        Self::MaxDuration,
        Self::Memory,
    ];

    /// The name of the constant: `MAX_DURATION`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dynamic => "DYNAMIC",
            Self::DynamicParams => "DYNAMIC_PARAMS",
            Self::Revalidate => "REVALIDATE",
            Self::FetchCache => "FETCH_CACHE",
            Self::Runtime => "RUNTIME",
            Self::PreferredRegion => "PREFERRED_REGION",
            Self::Streaming => "STREAMING",
            Self::MaxDuration => "MAX_DURATION",
            Self::Memory => "MEMORY",
        }
    }

    /// The method of `wharf::entry::Route` that takes it: `max_duration`.
    #[must_use]
    pub const fn setter(self) -> &'static str {
        match self {
            Self::Dynamic => "dynamic",
            Self::DynamicParams => "dynamic_params",
            Self::Revalidate => "revalidate",
            Self::FetchCache => "fetch_cache",
            Self::Runtime => "runtime",
            Self::PreferredRegion => "preferred_region",
            Self::Streaming => "streaming",
            Self::MaxDuration => "max_duration",
            Self::Memory => "memory",
        }
    }

    /// The types that the constant may be declared with, for people.
    pub(crate) const fn types(self) -> &'static str {
        match self {
            Self::Dynamic => "`wharf::config::Dynamic`",
            Self::DynamicParams | Self::Streaming => "`bool`",
            Self::Revalidate => "`u32` for seconds, or `bool` for `false`",
            Self::FetchCache => "`wharf::config::FetchCache`",
            Self::Runtime => "`wharf::config::Runtime`",
            Self::PreferredRegion => "`&str` or `&[&str]`",
            Self::MaxDuration => "`u32` for seconds",
            Self::Memory => "`u32` for megabytes",
        }
    }

    /// A good declaration, for people.
    pub(crate) const fn example(self) -> &'static str {
        match self {
            Self::Dynamic => "`pub const DYNAMIC: Dynamic = Dynamic::ForceDynamic;`",
            Self::DynamicParams => "`pub const DYNAMIC_PARAMS: bool = false;`",
            Self::Revalidate => "`pub const REVALIDATE: u32 = 60;`",
            Self::FetchCache => "`pub const FETCH_CACHE: FetchCache = FetchCache::DefaultNoStore;`",
            Self::Runtime => "`pub const RUNTIME: Runtime = Runtime::Lambda;`",
            Self::PreferredRegion => "`pub const PREFERRED_REGION: &str = \"eu-central-1\";`",
            Self::Streaming => "`pub const STREAMING: bool = true;`",
            Self::MaxDuration => "`pub const MAX_DURATION: u32 = 30;`",
            Self::Memory => "`pub const MEMORY: u32 = 512;`",
        }
    }

    /// Whether a type of the standard library's is one of them. Other types may be aliases, and are rustc's to judge.
    fn accepts(self, ty: &Type) -> bool {
        match ty {
            Type::Reference(_) | Type::Array(_) => self == Self::PreferredRegion,
            Type::Tuple(_) => false,
            _ => match last_name(ty).as_deref() {
                Some("u32") => matches!(self, Self::Revalidate | Self::MaxDuration | Self::Memory),
                Some("bool") => matches!(self, Self::Revalidate | Self::DynamicParams | Self::Streaming),
                Some(
                    "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u64" | "u128" | "usize" | "f32"
                    | "f64" | "char" | "String" | "Option" | "Duration" | "Vec",
                ) => false,
                _ => true,
            },
        }
    }

    /// The range that AWS Lambda accepts, both ends included.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
    #[must_use]
    pub const fn limits(self) -> Option<(u32, u32)> {
        match self {
            Self::MaxDuration => Some((1, 900)),
            Self::Memory => Some((128, 10_240)),
            _ => None,
        }
    }

    /// Whether it only says something about GET.
    #[must_use]
    pub const fn is_about_get(self) -> bool {
        matches!(self, Self::Dynamic | Self::Revalidate)
    }
}

/// A constant of segment config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigConst {
    /// Where it is named.
    pub span: Range<usize>,
    /// Where its value stands.
    pub value: Range<usize>,
    /// Where its type stands.
    pub ty: Range<usize>,
    /// Under which conditions it is there.
    pub conditions: Conditions,
}

/// What the name of an item means for segment config.
pub(super) enum Meaning {
    Exact(ConfigName),
    Near(ConfigName),
    None,
}

/// Compares a name with those of segment config.
pub(super) fn meaning(name: &Ident) -> Meaning {
    let name = name.to_string();
    if let Some(exact) = ConfigName::ALL.into_iter().find(|known| known.as_str() == name) {
        return Meaning::Exact(exact);
    }
    let bare = |text: &str| text.replace('_', "").to_ascii_uppercase();
    let distance = |known: ConfigName| strsim::damerau_levenshtein(&bare(&name), &bare(known.as_str()));
    let nearest = ConfigName::ALL.into_iter().min_by_key(|known| distance(*known));
    match nearest {
        // A short name is easily near another one by chance.
        Some(known) if distance(known) * 4 <= known.as_str().len() => Meaning::Near(known),
        _ => Meaning::None,
    }
}

/// Reads a constant with the name of segment config.
pub(super) fn parse(
    name: ConfigName,
    item: &ItemConst,
    source: &Source,
    diagnostics: &mut Vec<Diagnostic>,
) -> ConfigConst {
    diagnostics.extend(private(name, item, source));
    diagnostics.extend(wrong_type(name, item, source));
    diagnostics.extend(wrong_value(name, item, source));
    ConfigConst {
        span: range(item.ident.span()),
        value: range(item.expr.span()),
        ty: range(item.ty.span()),
        conditions: Conditions::of(&item.attrs, source),
    }
}

/// Something public whose name is nearly that of segment config.
pub(super) fn unknown(ident: &Ident, nearest: ConfigName, source: &Source) -> Diagnostic {
    Diagnostic::new(
        Code::UnknownConfig,
        format!("`{ident}` is no segment config, and would be ignored"),
        Label::new(source, range(ident.span()), format!("did you mean `{}`?", nearest.as_str())),
        format!("rename it to `{}`, or give it a name that looks less like it", nearest.as_str()),
    )
}

/// Something else than a constant with the name of segment config.
pub(super) fn not_const(ident: &Ident, what: &str, name: ConfigName, source: &Source) -> Diagnostic {
    Diagnostic::new(
        Code::NotConst,
        format!("`{ident}` is {what}, and segment config is constants"),
        Label::new(source, range(ident.span()), "not a constant"),
        format!("declare a constant of type {}, for example {}", name.types(), name.example()),
    )
}

fn private(name: ConfigName, item: &ItemConst, source: &Source) -> Option<Diagnostic> {
    (!matches!(item.vis, Visibility::Public(_))).then(|| {
        Diagnostic::new(
            Code::PrivateConfig,
            format!("the segment config `{}` is not public, and would be ignored", name.as_str()),
            Label::new(source, range(item.ident.span()), "not `pub`"),
            format!("write `pub const {}`", name.as_str()),
        )
    })
}

fn wrong_type(name: ConfigName, item: &ItemConst, source: &Source) -> Option<Diagnostic> {
    (!name.accepts(&item.ty)).then(|| {
        Diagnostic::new(
            Code::ConfigType,
            format!("`{}` cannot be of type `{}`", name.as_str(), &source.text[range(item.ty.span())]),
            Label::new(source, range(item.ty.span()), format!("should be {}", name.types())),
            format!("write for example {}", name.example()),
        )
    })
}

fn wrong_value(name: ConfigName, item: &ItemConst, source: &Source) -> Option<Diagnostic> {
    let label = |text: &str| Label::new(source, range(item.expr.span()), text);
    match &*item.expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Bool(flag) if name == ConfigName::Revalidate && flag.value => Some(Diagnostic::new(
                Code::ConfigValue,
                "`REVALIDATE = true` says nothing about how long",
                label("`false` or seconds"),
                "give a number of seconds, or `false` to keep the answer until the next bundle",
            )),
            Lit::Int(number) => out_of_limits(name, number.base10_parse().ok()?, label("")),
            _ => None,
        },
        Expr::Path(path) if name == ConfigName::Runtime => {
            let edge = path.path.segments.last().is_some_and(|last| last.ident == "Edge");
            edge.then(|| edge_runtime(label("no native binary runs there")))
        }
        _ => None,
    }
}

/// The diagnostic of `DYNAMIC_PARAMS = false` where nothing lists any params.
#[must_use]
pub(crate) fn static_params_missing(label: Label) -> Diagnostic {
    Diagnostic::new(
        Code::StaticParamsMissing,
        "`DYNAMIC_PARAMS = false` without `generate_static_params` answers nothing",
        label,
        "write `pub async fn generate_static_params`, or remove the constant",
    )
}

/// The diagnostic of a `generate_static_params` whose list nobody looks at.
#[must_use]
pub(crate) fn static_params_without_get(label: Label) -> Diagnostic {
    Diagnostic::new(
        Code::StaticParamsWithoutGet,
        "`generate_static_params` in a route without a GET handler",
        label,
        "remove the function, write `pub async fn get`, or let `DYNAMIC_PARAMS = false` refuse all other params",
    )
}

/// The diagnostic of a value that AWS Lambda does not accept.
#[must_use]
pub(crate) fn out_of_limits(name: ConfigName, value: u32, label: Label) -> Option<Diagnostic> {
    let (least, most) = name.limits()?;
    (value < least || value > most).then(|| {
        Diagnostic::new(
            Code::ConfigValue,
            format!("`{}` is {value}, and AWS Lambda accepts {least} to {most}", name.as_str()),
            Label { text: format!("from {least} to {most}"), ..label },
            format!("choose a value in that range, for example {}", name.example()),
        )
    })
}

/// The diagnostic of `RUNTIME = Runtime::Edge`.
#[must_use]
pub(crate) fn edge_runtime(label: Label) -> Diagnostic {
    Diagnostic::new(
        Code::EdgeRuntime,
        "no edge runtime can run a Rust handler",
        label,
        "remove the constant: a static GET is served from the edge anyway, and `REVALIDATE` lets CloudFront keep others",
    )
}
