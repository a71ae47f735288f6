//! A handler's signature: what it takes from the request, and what axum would refuse.

use std::{collections::BTreeMap, ops::Range};

use syn::{
    Attribute, Field, Fields, FnArg, GenericArgument, Ident, ItemFn, ItemStruct, PathArguments, ReturnType, Safety,
    Type, TypeImplTrait, Visibility,
    ext::IdentExt,
    spanned::Spanned,
    visit::{self, Visit},
};
use wharf::{
    Method,
    contract::report::Takes,
    pattern::{Pattern, Segment},
};

use super::{cfg::Conditions, range};
use crate::diagnostic::{Code, Diagnostic, Label, Source};

/// The handler of one method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerFn {
    /// The name as it is spelled: `get` or `GET`.
    pub name: String,
    /// Where it is named.
    pub span: Range<usize>,
    /// What its signature takes from the request.
    pub takes: Takes,
    /// The first argument that takes more than params; the name again when the signature is in another file.
    pub request_argument: Option<Range<usize>>,
    /// What is known of its signature; `None` when that is in another file, or made by a macro.
    pub signature: Option<Signature>,
    /// Under which conditions it is there.
    pub conditions: Conditions,
}

/// Where the parts of a handler's signature stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The types of the arguments.
    pub arguments: Vec<Range<usize>>,
    /// The type that it returns; `None` where it returns nothing.
    pub output: Option<Range<usize>>,
}

/// The most arguments that axum implements handlers for.
const MOST_ARGUMENTS: usize = 16;

/// The extractors that read the body, by the names under which everybody imports them.
const BODY_READERS: [&str; 8] = ["Request", "Json", "Form", "Multipart", "Bytes", "String", "Body", "RawForm"];

/// Reads a function that is named after a method.
pub(super) fn parse(
    method: Method,
    function: &ItemFn,
    pattern: Option<&Pattern>,
    source: &Source,
    diagnostics: &mut Vec<Diagnostic>,
) -> HandlerFn {
    diagnostics.extend(private(method, function, source));
    diagnostics.extend(not_async(function, source));
    diagnostics.extend(generic(function, source));
    diagnostics.extend(qualified(function, source));
    diagnostics.extend(too_many_arguments(function, source));
    diagnostics.extend(body_not_last(function, source));
    if let Some(pattern) = pattern {
        diagnostics.extend(path_mismatch(function, pattern, source));
    }
    let request_argument = arguments(function).find(|argument| last_name(argument).as_deref() != Some("Path"));
    HandlerFn {
        name: function.sig.ident.to_string(),
        span: range(function.sig.ident.span()),
        takes: match (function.sig.inputs.is_empty(), request_argument) {
            (true, _) => Takes::Nothing,
            (false, None) => Takes::Params,
            (false, Some(_)) => Takes::Request,
        },
        request_argument: request_argument.map(|argument| range(argument.span())),
        signature: keeps_signature(function).then(|| signature_of(function)),
        conditions: Conditions::of(&function.attrs, source),
    }
}

fn signature_of(function: &ItemFn) -> Signature {
    Signature {
        arguments: arguments(function).map(|argument| range(argument.span())).collect(),
        output: match &function.sig.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(range(ty.span())),
        },
    }
}

/// Whether nothing stands before the function or an argument that may give it other arguments: all attributes are of Rust,
/// of a tool, or known to leave a signature alone.
fn keeps_signature(function: &ItemFn) -> bool {
    const KNOWN: [&str; 14] = [
        "allow",
        "cfg",
        "cold",
        "debug_handler",
        "deny",
        "deprecated",
        "doc",
        "expect",
        "forbid",
        "inline",
        "instrument",
        "must_use",
        "track_caller",
        "warn",
    ];
    let is_known = |attribute: &Attribute| {
        let segments = &attribute.path().segments;
        let is_of_tool = segments.first().is_some_and(|first| first.ident == "rustfmt" || first.ident == "clippy");
        let is_known = segments.last().is_some_and(|last| KNOWN.contains(&last.ident.to_string().as_str()));
        is_of_tool || is_known
    };
    let is_bare = |argument: &FnArg| matches!(argument, FnArg::Typed(typed) if typed.attrs.is_empty());
    function.attrs.iter().all(is_known) && function.sig.inputs.iter().all(is_bare)
}

/// The types of the arguments.
fn arguments(function: &ItemFn) -> impl Iterator<Item = &Type> {
    function.sig.inputs.iter().filter_map(|argument| match argument {
        FnArg::Typed(typed) => Some(&*typed.ty),
        FnArg::Receiver(_) => None,
    })
}

/// The last name of a type's path: `Json` of `axum::Json<T>`.
pub(super) fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        Type::Paren(inner) => last_name(&inner.elem),
        Type::Group(inner) => last_name(&inner.elem),
        _ => None,
    }
}

fn private(method: Method, function: &ItemFn, source: &Source) -> Option<Diagnostic> {
    let name = &function.sig.ident;
    (!matches!(function.vis, Visibility::Public(_))).then(|| {
        Diagnostic::new(
            Code::PrivateHandler,
            format!("the handler `{name}` is not public, so {method} would not be answered"),
            Label::new(source, range(name.span()), "not `pub`"),
            format!("write `pub async fn {name}`, or give the function another name if it is no handler"),
        )
    })
}

fn not_async(function: &ItemFn, source: &Source) -> Option<Diagnostic> {
    let returns_future = match &function.sig.output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => {
            matches!(&**ty, Type::ImplTrait(_))
                || last_name(ty).is_some_and(|name| name.contains("Future") || name == "Pin")
        }
    };
    (function.sig.asyncness.is_none() && !returns_future).then(|| {
        Diagnostic::new(
            Code::NotAsync,
            format!("the handler `{}` is not async", function.sig.ident),
            Label::new(source, range(function.sig.fn_token.span()), "a plain function"),
            format!("write `pub async fn {}`", function.sig.ident),
        )
    })
}

fn generic(function: &ItemFn, source: &Source) -> Option<Diagnostic> {
    let generics = &function.sig.generics;
    let bound_type = generics.type_params().next().map(Spanned::span);
    let declared = bound_type.or_else(|| generics.const_params().next().map(Spanned::span));
    let parameter = declared.or_else(|| arguments(function).find_map(unnamed_type))?;
    Some(Diagnostic::new(
        Code::GenericHandler,
        format!("the handler `{}` is generic", function.sig.ident),
        Label::new(source, range(parameter), "nobody can say which type this is"),
        "name the type, or call a generic function from the handler",
    ))
}

/// Where a type says `impl Trait`, which makes the function of the argument generic.
fn unnamed_type(ty: &Type) -> Option<proc_macro2::Span> {
    struct First(Option<proc_macro2::Span>);
    impl<'a> Visit<'a> for First {
        fn visit_type_impl_trait(&mut self, ty: &'a TypeImplTrait) {
            self.0.get_or_insert_with(|| ty.span());
            visit::visit_type_impl_trait(self, ty);
        }
    }
    let mut first = First(None);
    first.visit_type(ty);
    first.0
}

fn qualified(function: &ItemFn, source: &Source) -> Option<Diagnostic> {
    let signature = &function.sig;
    let unsafe_span = match &signature.safety {
        Safety::Unsafe(token) => Some(token.span()),
        _ => None,
    };
    let constness = signature.constness.as_ref().map(Spanned::span);
    let span = unsafe_span.or(constness).or_else(|| signature.abi.as_ref().map(Spanned::span))?;
    Some(Diagnostic::new(
        Code::QualifiedHandler,
        format!("the handler `{}` is more than a plain async function", signature.ident),
        Label::new(source, range(span), "cannot be called by axum"),
        format!("write `pub async fn {}`", signature.ident),
    ))
}

fn too_many_arguments(function: &ItemFn, source: &Source) -> Option<Diagnostic> {
    let first_too_many = function.sig.inputs.iter().nth(MOST_ARGUMENTS)?;
    Some(Diagnostic::new(
        Code::TooManyArguments,
        format!("the handler `{}` has {} arguments", function.sig.ident, function.sig.inputs.len()),
        Label::new(source, range(first_too_many.span()), "the first one too many"),
        "take several values as one argument, in a tuple or a struct that implements `FromRequestParts`",
    ))
}

fn body_not_last(function: &ItemFn, source: &Source) -> Option<Diagnostic> {
    let arguments: Vec<_> = arguments(function).collect();
    let (_, before_last) = arguments.split_last()?;
    let reader = before_last
        .iter()
        .find(|argument| last_name(argument).is_some_and(|name| BODY_READERS.contains(&name.as_str())))?;
    let name = last_name(reader)?;
    Some(Diagnostic::new(
        Code::BodyNotLast,
        format!("`{name}` takes the whole request, and another argument follows it"),
        Label::new(source, range(reader.span()), "has to be the last argument"),
        format!("move `{name}` to the end of the arguments"),
    ))
}

/// `Path` against the params of the pattern: only what its syntax alone makes certain.
fn path_mismatch(function: &ItemFn, pattern: &Pattern, source: &Source) -> Option<Diagnostic> {
    let path = arguments(function).find(|argument| last_name(argument).as_deref() == Some("Path"))?;
    let params: Vec<_> = pattern.params().collect();
    if params.is_empty() {
        return Some(Diagnostic::new(
            Code::PathWithoutParams,
            format!("`{pattern}` has no params to extract"),
            Label::new(source, range(path.span()), "there is nothing for it"),
            "remove the argument, or rename a folder to `[name]`",
        ));
    }
    let types = path_elements(path)?;
    let elements = types.len();
    if elements == params.len() {
        let dynamic = pattern.segments().iter().filter(|segment| segment.param().is_some());
        return types.into_iter().zip(dynamic).find_map(|(ty, segment)| wrong_shape(ty, segment, source));
    }
    Some({
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        Diagnostic::new(
            Code::PathArity,
            format!("`Path` takes {elements} value{}, and `{pattern}` has {}", plural(elements), params.len()),
            Label::new(source, range(path.span()), format!("the param{}: {}", plural(params.len()), params.join(", "))),
            "take a tuple with one element a param, or a struct with one field a param",
        )
    })
}

/// One value where the path has a list, or the other way round, which compiles and never fits a request.
fn wrong_shape(ty: &Type, segment: &Segment, source: &Source) -> Option<Diagnostic> {
    let bare = inside(ty, "Option").unwrap_or(ty);
    let is_one = last_name(bare).is_some_and(|name| is_scalar(&name));
    let is_list = inside(bare, "Vec").is_some();
    let (message, fitting) = match segment {
        Segment::CatchAll(name) | Segment::OptionalCatchAll(name) if is_one => {
            let fitting = match segment {
                Segment::CatchAll(_) => "`Vec<String>`",
                _ => "`Option<Vec<String>>`",
            };
            (format!("`{name}` is the rest of the path, a list, and the handler asks for one value"), fitting)
        }
        Segment::Param(name) if is_list => {
            (format!("`{name}` is one part of the path, and the handler asks for a list"), "`String`")
        }
        _ => return None,
    };
    Some(Diagnostic::new(
        Code::PathType,
        message,
        Label::new(source, range(ty.span()), "every request would be answered with 400"),
        format!("take {fitting} instead, or a type that is read from it"),
    ))
}

/// The type argument of a type with this last name: `T` of `Option<T>`.
fn inside<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

/// The fields of a struct in `Path` against the params of the pattern, where the struct stands in the same file and says
/// nothing to serde.
pub(super) fn unknown_fields(
    function: &ItemFn,
    pattern: &Pattern,
    structs: &BTreeMap<String, &ItemStruct>,
    source: &Source,
) -> Vec<Diagnostic> {
    let path = arguments(function).find_map(|argument| inside(argument, "Path"));
    let Some(item) = path.and_then(last_name).and_then(|name| structs.get(&name)) else { return Vec::new() };
    let says_something = |attributes: &[Attribute]| attributes.iter().any(|it| it.path().is_ident("serde"));
    let Fields::Named(fields) = &item.fields else { return Vec::new() };
    if says_something(&item.attrs) || fields.named.iter().any(|field| says_something(&field.attrs)) {
        return Vec::new();
    }
    let problem = |field: &Field| {
        let ident = field.ident.as_ref()?;
        let name = ident.unraw().to_string();
        let segment = pattern.segments().iter().find(|segment| segment.param() == Some(&name));
        match segment {
            Some(segment) => wrong_shape(&field.ty, segment, source),
            None if inside(&field.ty, "Option").is_some() => None,
            None => Some(unknown_field(ident, pattern, source)),
        }
    };
    fields.named.iter().filter_map(problem).collect()
}

fn unknown_field(field: &Ident, pattern: &Pattern, source: &Source) -> Diagnostic {
    let params: Vec<_> = pattern.params().map(|param| format!("`{param}`")).collect();
    Diagnostic::new(
        Code::PathField,
        format!("`{pattern}` has no param `{field}`"),
        Label::new(source, range(field.span()), "missing in every request, which would be answered with 400"),
        match params.as_slice() {
            [] => "remove the argument, or rename a folder to `[name]`".to_owned(),
            params => format!("name the field after a param: {}", params.join(", ")),
        },
    )
}

/// The types inside of `Path`, one a param, where they are certain.
fn path_elements(path: &Type) -> Option<Vec<&Type>> {
    match inside(path, "Path")? {
        Type::Tuple(tuple) => Some(tuple.elems.iter().collect()),
        // As a whole it takes all params, or the list of the only one.
        other if inside(inside(other, "Option").unwrap_or(other), "Vec").is_some() => None,
        other => {
            let bare = inside(other, "Option").unwrap_or(other);
            last_name(bare).filter(|name| is_scalar(name)).map(|_| vec![other])
        }
    }
}

fn is_scalar(name: &str) -> bool {
    let scalars = [
        "String", "bool", "char", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128",
        "usize", "f32", "f64",
    ];
    scalars.contains(&name)
}
