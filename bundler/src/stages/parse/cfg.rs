//! The conditions of an item: under which of them rustc compiles it, carried to the code that calls it.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Meta, Token,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

use super::range;
use crate::diagnostic::Source;

/// The attributes that decide whether an item is there, as they are written: `cfg(feature = "admin")`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions(Vec<String>);

impl Conditions {
    /// Those among the attributes of an item.
    pub(super) fn of(attributes: &[Attribute], source: &Source) -> Self {
        Self(attributes.iter().filter_map(|attribute| condition(&attribute.meta, source)).collect())
    }

    /// These, and those of what the item is in.
    pub(super) fn within(mut self, outer: &Self) -> Self {
        self.0.splice(0..0, outer.0.iter().cloned());
        self
    }

    /// Whether the item is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of each.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// A `cfg` as it is; of a `cfg_attr` what it adds in the way of conditions, if anything.
fn condition(meta: &Meta, source: &Source) -> Option<String> {
    let Meta::List(list) = meta else { return None };
    if list.path.is_ident("cfg") {
        return Some(format!("cfg({})", text(&list.tokens, source)));
    }
    if !list.path.is_ident("cfg_attr") {
        return None;
    }
    let parts = list.parse_args_with(Punctuated::<Argument, Token![,]>::parse_terminated).ok()?;
    let (predicate, added) = (parts.first()?, parts.iter().skip(1));
    let added: Vec<String> = added.filter_map(|part| condition(&syn::parse2(part.0.clone()).ok()?, source)).collect();
    (!added.is_empty()).then(|| format!("cfg_attr({}, {})", text(&predicate.0, source), added.join(", ")))
}

/// One argument of a `cfg_attr`: a predicate, which may be no attribute, or an attribute.
struct Argument(TokenStream);

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut tokens = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![,]) {
            tokens.extend([input.parse::<TokenTree>()?]);
        }
        Ok(Self(tokens))
    }
}

/// As it is written, on one line.
fn text(tokens: &TokenStream, source: &Source) -> String {
    let mut spans = tokens.clone().into_iter().map(|token| range(token.span()));
    let first = spans.next();
    let span = first.map(|first| first.start..spans.last().unwrap_or(first).end);
    match span.and_then(|span| source.text.get(span)) {
        Some(written) if !written.contains('\n') => written.to_owned(),
        _ => tokens.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(attributes: &str) -> Vec<String> {
        let text = format!("{attributes} fn get() {{}}");
        let item: syn::ItemFn = syn::parse_str(&text).unwrap();
        Conditions::of(&item.attrs, &Source::file("app/route.rs", text)).iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_decides_is_kept_and_nothing_else() {
        assert_eq!(conditions("#[cfg(feature = \"a\")] #[cfg(not(unix))]"), ["cfg(feature = \"a\")", "cfg(not(unix))"]);
        assert_eq!(conditions("#[inline] #[doc = \"x\"]"), [""; 0]);
        assert_eq!(conditions("#[cfg_attr(unix, inline)]"), [""; 0]);
        assert_eq!(conditions("#[cfg_attr(all(unix, test), inline, cfg(a))]"), ["cfg_attr(all(unix, test), cfg(a))"]);
        assert_eq!(conditions("#[cfg(\n    // why\n    unix\n)]"), ["cfg(unix)"]);
    }
}
