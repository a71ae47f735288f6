//! The files that a route file opens, as far as its syntax shows them.

use std::{collections::BTreeSet, ops::Range};

use syn::{
    Expr, ExprCall, File, Item, ItemFn, ItemMod, Lit, Macro, Path, Token, UseTree,
    punctuated::Punctuated,
    spanned::Spanned,
    visit::{self, Visit},
};

use super::{range, route_file::is_for_tests};

/// A call that opens a file of the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedFile {
    /// The function that is called.
    pub span: Range<usize>,
    /// The path of the file, where it is a literal.
    pub path: Option<String>,
}

/// What of `std::fs` and of its likes reads.
const FUNCTIONS: [&str; 9] =
    ["open", "read", "read_to_string", "read_dir", "read_link", "metadata", "exists", "try_exists", "canonicalize"];

/// The first call that opens a file. An absolute path, as of `/tmp`, is none of the package.
pub(super) fn find(file: &File) -> Option<OpenedFile> {
    let mut calls = Calls::default();
    for item in &file.items {
        if let Item::Use(import) = item {
            calls.import(&import.tree, false);
        }
    }
    calls.visit_file(file);
    calls.found
}

#[derive(Default)]
struct Calls {
    /// The names of functions that are imported from a module `fs`.
    imported: BTreeSet<String>,
    found: Option<OpenedFile>,
}

impl Calls {
    fn import(&mut self, tree: &UseTree, is_of_fs: bool) {
        match tree {
            UseTree::Path(path) => self.import(&path.tree, path.ident == "fs" || is_of_fs),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, is_of_fs)),
            UseTree::Name(name) if is_of_fs && FUNCTIONS.iter().any(|function| name.ident == function) => {
                self.imported.insert(name.ident.to_string());
            }
            UseTree::Rename(rename) if is_of_fs && FUNCTIONS.iter().any(|function| rename.ident == function) => {
                self.imported.insert(rename.rename.to_string());
            }
            _ => {}
        }
    }

    fn opens(&self, path: &Path) -> bool {
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        match names.as_slice() {
            [name] => self.imported.contains(name),
            [.., owner, name] => ["fs", "File"].contains(&owner.as_str()) && FUNCTIONS.contains(&name.as_str()),
            [] => false,
        }
    }
}

impl<'ast> Visit<'ast> for Calls {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(function) = &*call.func
            && self.opens(&function.path)
        {
            let path = call.args.first().and_then(literal);
            if self.found.is_none() && !path.as_ref().is_some_and(|path| path.starts_with('/')) {
                self.found = Some(OpenedFile { span: range(function.span()), path });
            }
        }
        visit::visit_expr_call(self, call);
    }

    /// `format!("{}", read(..))`: most macros that take expressions take them with commas.
    fn visit_macro(&mut self, call: &'ast Macro) {
        let arguments = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).unwrap_or_default();
        for argument in &arguments {
            let mut inner = Self { imported: self.imported.clone(), found: None };
            inner.visit_expr(argument);
            self.found = self.found.take().or(inner.found);
        }
    }
}

fn literal(argument: &Expr) -> Option<String> {
    match argument {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(String, Option<String>)> {
        let found = find(&syn::parse_file(text).unwrap())?;
        Some((text[found.span].to_owned(), found.path))
    }

    #[test]
    fn calls_that_open_a_file_are_seen() {
        for (text, called) in [
            ("fn f() { std::fs::read_to_string(\"a/b\"); }", "std::fs::read_to_string"),
            ("use std::fs; fn f() { fs::read(\"a/b\"); }", "fs::read"),
            ("async fn f() { tokio::fs::read_to_string(\"a/b\").await; }", "tokio::fs::read_to_string"),
            ("use std::fs::File; fn f() { let x = File::open(\"a/b\")?; }", "File::open"),
            ("use std::{fs::{read_dir as list}}; fn f() { list(\"a/b\"); }", "list"),
            ("fn f() { format!(\"{}\", std::fs::read_to_string(\"a/b\").unwrap()); }", "std::fs::read_to_string"),
        ] {
            assert_eq!(found(text), Some((called.to_owned(), Some("a/b".to_owned()))), "{text}");
        }
        let built = "fn f(x: &str) { std::fs::read(format!(\"content/{x}\")); }";
        assert_eq!(found(built), Some(("std::fs::read".to_owned(), None)));
    }

    #[test]
    fn what_is_compiled_in_or_elsewhere_is_no_file_of_the_package() {
        for text in [
            "fn f() { include_str!(\"a\"); }",
            "fn f() { std::fs::read(\"/tmp/a\"); }",
            "fn f() { std::fs::write(\"a\", \"\"); }",
            "fn f() { read_to_string(\"a\"); client.read(\"a\"); Path::exists(\"a\"); }",
            "#[cfg(test)] mod tests { fn f() { std::fs::read(\"a\"); } }",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
