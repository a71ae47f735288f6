//! One route file, read as syntax.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::Range,
};

use syn::{Ident, ItemFn, ItemStruct, ItemUse, ReturnType, UseTree, Visibility, spanned::Spanned};
use wharf::{Method, contract::report::Takes, pattern::Pattern};

use super::{
    cfg::Conditions,
    config::{self, ConfigConst, ConfigName, Meaning},
    handler::{self, HandlerFn},
    opened::{self, OpenedFile},
    range,
};
use crate::{
    diagnostic::{Code, Diagnostic, Label, Source},
    stages::discover::AppFile,
};

/// One `route.rs`.
#[derive(Debug, Clone)]
pub struct RouteFile {
    /// Relative to the package: `app/items/[slug]/route.rs`.
    pub path: String,
    /// Its text, for diagnostics.
    pub source: Source,
    /// The paths that it answers.
    pub pattern: Pattern,
    /// Its handlers; never empty.
    pub handlers: BTreeMap<Method, HandlerFn>,
    /// Its `generate_static_params`.
    pub static_params: Option<StaticParamsFn>,
    /// The segment config that it declares.
    pub config: BTreeMap<ConfigName, ConfigConst>,
    /// The first call in it that opens a file.
    pub opened: Option<OpenedFile>,
    /// What it declares again, under other conditions.
    pub alternatives: Vec<Item>,
}

/// What the generated code names of a route file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A handler.
    Handler(Method, HandlerFn),
    /// A constant of segment config.
    Config(ConfigName, ConfigConst),
    /// `generate_static_params`.
    StaticParams(StaticParamsFn),
}

impl Item {
    /// Under which conditions it is there.
    #[must_use]
    pub const fn conditions(&self) -> &Conditions {
        match self {
            Self::Handler(_, handler) => &handler.conditions,
            Self::Config(_, constant) => &constant.conditions,
            Self::StaticParams(function) => &function.conditions,
        }
    }

    const fn conditions_mut(&mut self) -> &mut Conditions {
        match self {
            Self::Handler(_, handler) => &mut handler.conditions,
            Self::Config(_, constant) => &mut constant.conditions,
            Self::StaticParams(function) => &mut function.conditions,
        }
    }

    /// The same for those that exclude each other.
    fn order(&self) -> (u8, Option<Method>, Option<ConfigName>) {
        match self {
            Self::Handler(method, _) => (0, Some(*method), None),
            Self::Config(name, _) => (1, None, Some(*name)),
            Self::StaticParams(_) => (2, None, None),
        }
    }
}

impl RouteFile {
    /// All that the generated code names, in its order. What stands there again under other conditions comes after the
    /// first.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let handlers = self.handlers.iter().map(|(method, handler)| Item::Handler(*method, handler.clone()));
        let config = self.config.iter().map(|(name, constant)| Item::Config(*name, constant.clone()));
        let params = self.static_params.iter().map(|function| Item::StaticParams(function.clone()));
        let mut items: Vec<Item> =
            handlers.chain(config).chain(params).chain(self.alternatives.iter().cloned()).collect();
        items.sort_by_key(Item::order);
        items
    }

    /// What holds for the whole file holds for all that is in it.
    fn add_conditions(&mut self, of_file: &Conditions) {
        let mut items = self.items();
        for item in &mut items {
            let conditions = item.conditions_mut();
            *conditions = std::mem::take(conditions).within(of_file);
        }
        self.clear();
        items.into_iter().for_each(|item| self.add(item));
    }

    fn clear(&mut self) {
        self.handlers.clear();
        self.config.clear();
        self.static_params = None;
        self.alternatives.clear();
    }

    fn add(&mut self, item: Item) {
        match item {
            Item::Handler(method, handler) if !self.handlers.contains_key(&method) => {
                self.handlers.insert(method, handler);
            }
            Item::Config(name, constant) if !self.config.contains_key(&name) => {
                self.config.insert(name, constant);
            }
            Item::StaticParams(function) if self.static_params.is_none() => self.static_params = Some(function),
            again => self.alternatives.push(again),
        }
    }

    /// Forgets what rustc did not compile: of the [`items`](Self::items) with conditions, all but those at `compiled`.
    pub fn keep(&mut self, compiled: &[u32]) {
        let items = self.items().into_iter().zip(0..);
        let there: Vec<Item> = items
            .filter(|(item, index)| item.conditions().is_empty() || compiled.contains(index))
            .map(|(item, _)| item)
            .collect();
        self.clear();
        there.into_iter().for_each(|item| self.add(item));
    }
}

/// A `generate_static_params`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticParamsFn {
    /// Where it is named.
    pub span: Range<usize>,
    /// Whether its result is to be awaited.
    pub is_async: bool,
    /// The type that it returns, where that is known.
    pub output: Option<Range<usize>>,
    /// Under which conditions it is there.
    pub conditions: Conditions,
}

/// Reads a route file; `None` when it, or the folder that it stands in, is wrong.
pub(super) fn parse(
    file: &AppFile,
    pattern: Option<&Pattern>,
    source: Source,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<RouteFile> {
    let before = diagnostics.len();
    let syntax = match syn::parse_file(&source.text) {
        Ok(syntax) => syntax,
        Err(error) => {
            diagnostics.push(merge_conflict(&source).unwrap_or_else(|| syntax_error(&error, &source)));
            return None;
        }
    };
    let structs = syntax.items.iter().filter_map(|item| match item {
        syn::Item::Struct(item) => Some((item.ident.to_string(), item)),
        _ => None,
    });
    let structs = structs.collect();
    let mut reader = Reader { source: &source, pattern, diagnostics, structs, found: Found::default() };
    for item in &syntax.items {
        reader.item(item);
    }
    reader.whole_file(file);
    let found = reader.found;
    let good = diagnostics.len() == before;
    let pattern = pattern.filter(|_| good)?.clone();
    let of_file = Conditions::of(&syntax.attrs, &source);
    let mut route = RouteFile {
        path: file.path.clone(),
        source,
        pattern,
        handlers: found.handlers,
        static_params: found.static_params,
        config: found.config,
        opened: opened::find(&syntax),
        alternatives: found.alternatives,
    };
    if !of_file.is_empty() {
        route.add_conditions(&of_file);
    }
    Some(route)
}

/// The markers of git around lines that two branches changed, which are no Rust.
fn merge_conflict(source: &Source) -> Option<Diagnostic> {
    let is_marker = |line: &str, marker: &str| {
        line.strip_prefix(marker).is_some_and(|rest| rest.trim_end().is_empty() || rest.starts_with(' '))
    };
    let mut start = 0;
    let mut lines = source.text.split_inclusive('\n').map(|line| {
        let range = start..start + line.trim_end().len();
        start += line.len();
        (line, range)
    });
    let (_, ours) = lines.find(|(line, _)| is_marker(line, "<<<<<<<"))?;
    let (_, theirs) = lines.find(|(line, _)| is_marker(line, ">>>>>>>"))?;
    let diagnostic = Diagnostic::new(
        Code::MergeConflict,
        format!("`{}` has a conflict of a merge in it", source.path),
        Label::new(source, ours, "one version starts here"),
        "keep one version, or join the two, and remove the lines of the markers",
    );
    Some(diagnostic.also(Label::new(source, theirs, "the other one ends here")))
}

fn syntax_error(error: &syn::Error, source: &Source) -> Diagnostic {
    let span = range(error.span());
    let (text, label, span) = match source.text[span.start..].chars().next() {
        // Text that is no sequence of tokens: the span is empty, and starts where the trouble does.
        Some(first) if span.is_empty() => {
            let (text, label) = no_token(first);
            (text, label, span.start..span.start + first.len_utf8())
        }
        // An error at the end of the file has no text to point at; the last character is the nearest that has.
        None => (error.to_string(), "the file ends here", last_character(&source.text)),
        Some(_) => (error.to_string(), "", span),
    };
    Diagnostic::new(
        Code::Syntax,
        format!("the file is not valid Rust: {text}"),
        Label::new(source, span, label),
        "correct the syntax; `cargo check` may say more",
    )
}

fn no_token(first: char) -> (String, &'static str) {
    match first {
        '(' | '[' | '{' => (format!("unmatched `{first}`"), "never closed"),
        ')' | ']' | '}' => (format!("unmatched `{first}`"), "closes nothing that is open here"),
        '"' | '\'' => ("malformed literal".to_owned(), "it starts here"),
        _ => (format!("unknown token `{first}`"), "no token of Rust starts so"),
    }
}

/// The last character that is no white space.
fn last_character(text: &str) -> Range<usize> {
    let end = text.trim_end().len();
    text[..end].char_indices().next_back().map_or(0, |(index, _)| index)..end
}

#[derive(Default)]
struct Found {
    handlers: BTreeMap<Method, HandlerFn>,
    static_params: Option<StaticParamsFn>,
    config: BTreeMap<ConfigName, ConfigConst>,
    alternatives: Vec<Item>,
    /// A refused item was meant as the handler of GET.
    meant_get: bool,
    /// The first `*` of a public import, behind which nothing is looked for.
    glob: Option<Range<usize>>,
}

/// What one `use` says of all that it imports.
struct Import<'a> {
    visibility: &'a Visibility,
    conditions: Conditions,
}

impl<'a> Import<'a> {
    fn of(import: &'a ItemUse, source: &Source) -> Self {
        Self { visibility: &import.vis, conditions: Conditions::of(&import.attrs, source) }
    }
}

struct Reader<'a> {
    source: &'a Source,
    pattern: Option<&'a Pattern>,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// The structs of the file, by name.
    structs: BTreeMap<String, &'a ItemStruct>,
    found: Found,
}

impl Reader<'_> {
    fn item(&mut self, item: &syn::Item) {
        match item {
            syn::Item::Fn(function) if !is_for_tests(&function.attrs) => self.function(function),
            syn::Item::Use(import) if !matches!(import.vis, Visibility::Inherited) => {
                self.import(&import.tree, &Import::of(import, self.source));
            }
            syn::Item::Const(constant) => match config::meaning(&constant.ident) {
                Meaning::Exact(name) => {
                    let parsed = config::parse(name, constant, self.source, self.diagnostics);
                    self.add_config(name, parsed);
                }
                Meaning::Near(nearest) if matches!(constant.vis, Visibility::Public(_)) => {
                    self.diagnostics.push(config::unknown(&constant.ident, nearest, self.source));
                }
                Meaning::Near(_) | Meaning::None => self.not_a_function(&constant.ident, "a constant"),
            },
            syn::Item::Static(item) => self.other(&item.ident, "a static"),
            syn::Item::Struct(item) => self.other(&item.ident, "a struct"),
            syn::Item::Enum(item) => self.other(&item.ident, "an enum"),
            syn::Item::Type(item) => self.other(&item.ident, "a type"),
            syn::Item::Mod(item) => self.other(&item.ident, "a module"),
            syn::Item::Trait(item) => self.other(&item.ident, "a trait"),
            _ => {}
        }
    }

    fn function(&mut self, function: &ItemFn) {
        let ident = &function.sig.ident;
        let name = ident.to_string();
        if name == "generate_static_params" {
            self.static_params(function);
        } else if let Some(method) = Method::from_handler_name(&name) {
            let parsed = handler::parse(method, function, self.pattern, self.source, self.diagnostics);
            if let Some(pattern) = self.pattern {
                self.diagnostics.extend(handler::unknown_fields(function, pattern, &self.structs, self.source));
            }
            self.add_handler(method, parsed);
        } else if let Some(method) = Method::from_handler_name(&name.to_ascii_uppercase()) {
            self.found.meant_get |= method == Method::Get;
            self.diagnostics.push(mixed_case(ident, method, self.source));
        } else if is_unknown_method(function, &name) {
            self.diagnostics.push(unknown_method(ident, self.source));
        } else if let Meaning::Exact(name) = config::meaning(ident) {
            self.diagnostics.push(config::not_const(ident, "a function", name, self.source));
        }
    }

    fn add_handler(&mut self, method: Method, handler: HandlerFn) {
        let Some(first) = self.found.handlers.get(&method) else {
            self.found.handlers.insert(method, handler);
            return;
        };
        if first.name == handler.name && !first.conditions.is_empty() && !handler.conditions.is_empty() {
            self.found.alternatives.push(Item::Handler(method, handler));
            return;
        }
        self.diagnostics.push(
            Diagnostic::new(
                Code::BothSpellings,
                format!("{method} has two handlers, `{}` and `{}`", first.name, handler.name),
                Label::new(self.source, handler.span, "the second one"),
                "remove one of them",
            )
            .also(Label::new(self.source, first.span.clone(), "the first one")),
        );
    }

    /// A constant that stands there twice without a condition is rustc's to refuse.
    fn add_config(&mut self, name: ConfigName, constant: ConfigConst) {
        match self.found.config.entry(name) {
            Entry::Vacant(vacant) => {
                vacant.insert(constant);
            }
            Entry::Occupied(_) => self.found.alternatives.push(Item::Config(name, constant)),
        }
    }

    fn add_static_params(&mut self, function: StaticParamsFn) {
        if self.found.static_params.is_some() {
            self.found.alternatives.push(Item::StaticParams(function));
        } else {
            self.found.static_params = Some(function);
        }
    }

    /// `pub use crate::shared::get;`: a handler whose signature stands elsewhere.
    fn import(&mut self, tree: &UseTree, by: &Import<'_>) {
        match tree {
            UseTree::Path(path) => self.import(&path.tree, by),
            UseTree::Group(group) => group.items.iter().for_each(|inner| self.import(inner, by)),
            UseTree::Name(name) => self.imported(&name.ident, by),
            UseTree::Rename(rename) => self.imported(&rename.rename, by),
            UseTree::Glob(glob) => {
                self.found.glob.get_or_insert_with(|| range(glob.star_token.span()));
            }
        }
    }

    fn imported(&mut self, ident: &Ident, by: &Import<'_>) {
        let name = ident.to_string();
        let span = range(ident.span());
        let conditions = by.conditions.clone();
        if !matches!(by.visibility, Visibility::Public(_)) {
            self.diagnostics.extend(hidden_import(ident, by.visibility, self.source));
        }
        if name == "generate_static_params" {
            self.add_static_params(StaticParamsFn { span, is_async: true, output: None, conditions });
        } else if let Some(method) = Method::from_handler_name(&name) {
            let request_argument = Some(span.clone());
            let takes = Takes::Request;
            self.add_handler(method, HandlerFn { name, span, takes, request_argument, signature: None, conditions });
        } else if let Meaning::Exact(name) = config::meaning(ident) {
            self.add_config(name, ConfigConst { span: span.clone(), value: span.clone(), ty: span, conditions });
        }
    }

    fn static_params(&mut self, function: &ItemFn) {
        let signature = &function.sig;
        let span = range(signature.ident.span());
        if !matches!(function.vis, Visibility::Public(_)) {
            self.diagnostics.push(Diagnostic::new(
                Code::PrivateStaticParams,
                "`generate_static_params` is not public, and would be ignored",
                Label::new(self.source, span.clone(), "not `pub`"),
                "write `pub async fn generate_static_params`",
            ));
        }
        let odd = signature.inputs.first().map(Spanned::span);
        if let Some(odd) = odd.or_else(|| signature.generics.params.first().map(Spanned::span)) {
            self.diagnostics.push(Diagnostic::new(
                Code::StaticParamsShape,
                "`generate_static_params` takes something",
                Label::new(self.source, range(odd), "nobody can say what this is at build time"),
                "remove the arguments and type parameters",
            ));
        }
        let output = match &signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(range(ty.span())),
        };
        let conditions = Conditions::of(&function.attrs, self.source);
        self.add_static_params(StaticParamsFn { span, is_async: signature.asyncness.is_some(), output, conditions });
    }

    fn other(&mut self, ident: &Ident, what: &str) {
        if let Meaning::Exact(name) = config::meaning(ident) {
            self.diagnostics.push(config::not_const(ident, what, name, self.source));
        } else {
            self.not_a_function(ident, what);
        }
    }

    /// Modules and types may be named `get` without harm; the upper-case names are meant as handlers.
    fn not_a_function(&mut self, ident: &Ident, what: &str) {
        let name = ident.to_string();
        let Ok(method) = name.parse::<Method>() else { return };
        self.found.meant_get |= method == Method::Get;
        self.diagnostics.push(Diagnostic::new(
            Code::NotAFunction,
            format!("`{name}` is {what}, and a handler is a function"),
            Label::new(self.source, range(ident.span()), "not a function"),
            format!("write `pub async fn {name}`, or give it another name"),
        ));
    }

    /// What can only be said when all items were seen.
    fn whole_file(&mut self, file: &AppFile) {
        if self.found.handlers.is_empty() {
            self.no_handler(file);
            return;
        }
        let has_get = self.found.handlers.contains_key(&Method::Get) || self.found.meant_get;
        let has_params = self.pattern.is_none_or(|pattern| !pattern.is_static());
        self.without_get(has_get);
        match &self.found.static_params {
            Some(function) if !has_params => {
                let label = Label::new(self.source, function.span.clone(), "nothing to list");
                self.diagnostics.push(Diagnostic::new(
                    Code::StaticParamsWithoutParams,
                    "`generate_static_params` in a route without params",
                    label,
                    "remove the function, or rename a folder to `[name]`",
                ));
            }
            Some(function)
                if !has_get && self.literal(ConfigName::DynamicParams).is_none_or(|value| value == "true") =>
            {
                let label = Label::new(self.source, function.span.clone(), "there is no GET to evaluate");
                self.diagnostics.push(config::static_params_without_get(label));
            }
            None if has_params && self.literal(ConfigName::DynamicParams) == Some("false") => {
                let value = self.found.config[&ConfigName::DynamicParams].value.clone();
                self.diagnostics.push(config::static_params_missing(Label::new(self.source, value, "")));
            }
            _ => {}
        }
        self.dynamic_params_without_params(has_params);
    }

    /// The value of a constant as it is written.
    fn literal(&self, name: ConfigName) -> Option<&str> {
        self.found.config.get(&name).map(|constant| &self.source.text[constant.value.clone()])
    }

    /// `true` is what holds without the constant too: a file may spell out every option.
    fn dynamic_params_without_params(&mut self, has_params: bool) {
        let says_something = self.literal(ConfigName::DynamicParams).is_some_and(|value| value != "true");
        if has_params || !says_something {
            return;
        }
        if let Some(constant) = self.found.config.get(&ConfigName::DynamicParams) {
            self.diagnostics.push(Diagnostic::new(
                Code::StaticParamsWithoutParams,
                "`DYNAMIC_PARAMS` in a route without params",
                Label::new(self.source, constant.span.clone(), "there is nothing to list"),
                "remove the constant, or rename a folder to `[name]`",
            ));
        }
    }

    fn without_get(&mut self, has_get: bool) {
        if has_get {
            return;
        }
        for (name, constant) in &self.found.config {
            if name.is_about_get() {
                self.diagnostics.push(Diagnostic::new(
                    Code::WithoutGet,
                    format!("`{}` in a route without a GET handler", name.as_str()),
                    Label::new(self.source, constant.span.clone(), "says something about GET only"),
                    "remove the constant, or write `pub async fn get`",
                ));
            }
        }
    }

    fn no_handler(&mut self, file: &AppFile) {
        // A near miss has been reported already, and says more.
        if self.diagnostics.iter().any(|known| known.primary().source.path == self.source.path) {
            return;
        }
        let (label, help) = match self.found.glob.take() {
            None => (
                Label::path(&file.path, file.file_name(), "no `get`, `post` or other method in it"),
                "write one, for example `pub async fn get() -> &'static str { \"hello\" }`, or remove the file",
            ),
            Some(glob) => (
                Label::new(self.source, glob, "handlers are not looked for behind a `*`"),
                "import the handlers by name, for example `pub use crate::shared::{get, post};`",
            ),
        };
        self.diagnostics.push(Diagnostic::new(Code::NoHandler, format!("`{}` has no handler", file.path), label, help));
    }
}

fn mixed_case(ident: &Ident, method: Method, source: &Source) -> Diagnostic {
    Diagnostic::new(
        Code::MixedCase,
        format!("`{ident}` looks like a handler of {method} and is not one"),
        Label::new(source, range(ident.span()), "neither lower nor upper case"),
        format!("rename it to `{}`", method.handler_name()),
    )
}

/// What is imported under a name that means something, and is not seen from outside.
fn hidden_import(ident: &Ident, visibility: &Visibility, source: &Source) -> Option<Diagnostic> {
    let name = ident.to_string();
    let code = match (Method::from_handler_name(&name), config::meaning(ident)) {
        (Some(_), _) => Code::PrivateHandler,
        (_, Meaning::Exact(_)) => Code::PrivateConfig,
        _ if name == "generate_static_params" => Code::PrivateStaticParams,
        _ => return None,
    };
    Some(
        Diagnostic::new(
            code,
            format!("`{name}` is imported for this crate alone, and would be ignored"),
            Label::new(source, range(visibility.span()), "not `pub`"),
            "write `pub use`, or import it under another name if it is not meant for the route",
        )
        .also(Label::new(source, range(ident.span()), "")),
    )
}

/// In upper case nothing else can be meant; in lower case it is one for what is no helper.
fn is_unknown_method(function: &ItemFn, name: &str) -> bool {
    const UPPER: [&str; 10] =
        ["TRACE", "CONNECT", "QUERY", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK"];
    UPPER.contains(&name)
        || (is_meant_as_handler(function) && ["trace", "connect"].contains(&&*name.to_ascii_lowercase()))
}

/// A function that nobody outside would see, or that does not wait, has its name by chance.
fn is_meant_as_handler(function: &ItemFn) -> bool {
    matches!(function.vis, Visibility::Public(_)) && function.sig.asyncness.is_some()
}

fn unknown_method(ident: &Ident, source: &Source) -> Diagnostic {
    let methods = Method::ALL.map(|method| format!("`{}`", method.handler_name())).join(", ");
    Diagnostic::new(
        Code::UnknownMethod,
        format!("`{ident}` is not a method that a route can answer"),
        Label::new(source, range(ident.span()), ""),
        format!("use one of {methods}, or give the function another name if it is no handler"),
    )
}

pub(super) fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute.parse_args::<Ident>().is_ok_and(|condition| condition == "test"))
    })
}
