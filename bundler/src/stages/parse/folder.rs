//! The name of one folder of the app directory, as a type.

use percent_encoding::percent_decode_str;
use wharf::pattern::Segment;

use crate::diagnostic::Code;

/// What a folder adds to the URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Folder {
    /// `items`, `[slug]`, `[...path]`, `[[...path]]`
    Segment(Segment),
    /// `(name)`: nothing.
    Group,
}

/// Why a folder name is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) help: String,
}

/// Reads the name of a folder that is not private.
///
/// # Errors
///
/// With the code and texts of the diagnostic when the name has no meaning, or one that is nearly always a mistake.
pub(super) fn parse(name: &str) -> Result<Folder, Refusal> {
    if name.starts_with('@') {
        return Err(Refusal {
            code: Code::ParallelRoute,
            message: format!("`{name}` is a slot, and route handlers have no layout to fill"),
            help: "remove the folder, or write the `@` as `%40` if it belongs to the URL".to_owned(),
        });
    }
    if let Some(rest) = ["(...)", "(..)", "(.)"].iter().find_map(|prefix| name.strip_prefix(prefix)) {
        return Err(Refusal {
            code: Code::InterceptingRoute,
            message: format!("`{name}` intercepts a navigation, and route handlers have none"),
            help: match rest {
                "" => "rename the folder".to_owned(),
                rest => format!("remove the dots in parentheses: `{rest}`"),
            },
        });
    }
    if name.starts_with('(') || name.ends_with(')') {
        return group(name);
    }
    if name.contains(['[', ']']) {
        return dynamic(name).map(Folder::Segment);
    }
    literal(name).map(Folder::Segment)
}

fn group(name: &str) -> Result<Folder, Refusal> {
    match name.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some("") => Err(Refusal {
            code: Code::EmptyGroup,
            message: "a route group needs a name".to_owned(),
            help: "name it, for example `(site)`, or move its contents up one folder".to_owned(),
        }),
        Some(inner) if !inner.contains(['(', ')']) => Ok(Folder::Group),
        _ => Err(Refusal {
            code: Code::UnbalancedGroup,
            message: format!("`{name}` has an unmatched parenthesis"),
            help: "a route group is in parentheses as a whole, `(name)`; in a URL, write them as `%28` and `%29`"
                .to_owned(),
        }),
    }
}

fn dynamic(name: &str) -> Result<Segment, Refusal> {
    if name.matches('[').count() != name.matches(']').count() {
        return Err(Refusal {
            code: Code::UnbalancedBrackets,
            message: format!("`{name}` has an unmatched bracket"),
            help: "write `[name]`, `[...name]` or `[[...name]]`; in a URL, write brackets as `%5B` and `%5D`"
                .to_owned(),
        });
    }
    if let Some(inner) = enclosed(name, "[[", "]]") {
        let Some(param) = inner.strip_prefix("...") else {
            return Err(optional_param(name, inner));
        };
        return Ok(Segment::OptionalCatchAll(param_name(name, param)?));
    }
    let Some(inner) = enclosed(name, "[", "]") else {
        return Err(brackets_inside(name));
    };
    match inner.strip_prefix("...") {
        Some(param) => Ok(Segment::CatchAll(param_name(name, param)?)),
        None => Ok(Segment::Param(param_name(name, inner)?)),
    }
}

fn brackets_inside(name: &str) -> Refusal {
    match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) if inner.contains("][") => Refusal {
            code: Code::BracketsInside,
            message: format!("`{name}` has several params, and a folder can have one"),
            help: format!(
                "make a folder of each, `{}`, or take one value apart in the handler",
                name.replace("][", "]/[")
            ),
        },
        _ => Refusal {
            code: Code::BracketsInside,
            message: format!("`{name}` is only in part in brackets"),
            help: "make the whole folder dynamic and take the value apart in the handler, or write the brackets as \
                   `%5B` and `%5D`"
                .to_owned(),
        },
    }
}

/// What stands between `open` and `close` when neither occurs inside.
fn enclosed<'a>(name: &'a str, open: &str, close: &str) -> Option<&'a str> {
    name.strip_prefix(open)?.strip_suffix(close).filter(|inner| !inner.contains(['[', ']']))
}

fn optional_param(name: &str, inner: &str) -> Refusal {
    let param = inner.trim_start_matches(['.', '…']);
    if param.len() < inner.len() {
        return leading_dot(name, param);
    }
    Refusal {
        code: Code::OptionalParam,
        message: format!("`{name}` is an optional single part, which does not exist"),
        help: format!(
            "write `[[...{param}]]` for any number of parts, or use `[{param}]` and add a route.rs to the folder above"
        ),
    }
}

fn leading_dot(name: &str, param: &str) -> Refusal {
    Refusal {
        code: Code::LeadingDot,
        message: format!("the param of `{name}` starts with dots that are not the three of a catch-all"),
        help: format!("write `[{param}]` for one part or `[...{param}]` for the rest of the path"),
    }
}

fn param_name(folder: &str, param: &str) -> Result<String, Refusal> {
    let bare = param.trim_start_matches(['.', '…']);
    if bare.len() < param.len() {
        return Err(leading_dot(folder, bare));
    }
    if param.is_empty() {
        return Err(Refusal {
            code: Code::EmptyParam,
            message: format!("the dynamic folder `{folder}` has no name"),
            help: format!(
                "name it after the value, for example `{}`",
                if folder.contains("...") { folder.replace("...", "...path") } else { "[id]".to_owned() }
            ),
        });
    }
    let starts_well = param.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if starts_well && param.chars().all(|each| each.is_ascii_alphanumeric() || matches!(each, '-' | '_')) {
        return Ok(param.to_owned());
    }
    Err(Refusal {
        code: Code::ParamName,
        message: format!("`{param}` is not a name that a param can have"),
        help: "use ASCII letters, digits, `-` and `_`, and start with a letter or `_`".to_owned(),
    })
}

fn literal(name: &str) -> Result<Segment, Refusal> {
    if let Some(escape) = bad_escape(name) {
        return Err(Refusal {
            code: Code::BadEscape,
            message: format!("`{escape}` in `{name}` is not a percent-escape"),
            help: "follow `%` with two hexadecimal digits, or write a literal percent sign as `%25`".to_owned(),
        });
    }
    let Ok(decoded) = percent_decode_str(name).decode_utf8() else {
        return Err(Refusal {
            code: Code::BadEscape,
            message: format!("the escapes of `{name}` do not decode to UTF-8"),
            help: "escape the UTF-8 bytes of each character, for example `%C3%A9` for é".to_owned(),
        });
    };
    match unreachable(name, &decoded) {
        Some(refusal) => Err(refusal),
        None => Ok(Segment::Static(decoded.into_owned())),
    }
}

fn unreachable(name: &str, decoded: &str) -> Option<Refusal> {
    let (why, help) = if decoded.contains('/') {
        ("has a slash in it, which separates folders", "make a folder of each part")
    } else if decoded.contains(char::is_control) {
        ("has a control character in it", "remove the control character")
    } else if matches!(decoded, "." | "..") {
        ("is one that clients resolve before they send the path", "rename the folder")
    } else {
        return None;
    };
    Some(Refusal {
        code: Code::Unreachable,
        message: format!("no request can ask for `{name}`: the decoded name {why}"),
        help: help.to_owned(),
    })
}

/// The first `%` with what follows it, when that is not two hexadecimal digits.
fn bad_escape(name: &str) -> Option<String> {
    name.match_indices('%').find_map(|(index, _)| {
        let digits: String = name[index + 1..].chars().take(2).collect();
        let good = digits.len() == 2 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
        (!good).then(|| format!("%{digits}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(name: &str) -> Segment {
        match parse(name) {
            Ok(Folder::Segment(segment)) => segment,
            other => panic!("`{name}` is {other:?}"),
        }
    }

    fn code(name: &str) -> Code {
        parse(name).unwrap_err().code
    }

    #[test]
    fn good_names_become_segments() {
        assert_eq!(segment("robots.txt"), Segment::Static("robots.txt".to_owned()));
        assert_eq!(segment("%5Funder"), Segment::Static("_under".to_owned()));
        assert_eq!(segment("[slug]"), Segment::Param("slug".to_owned()));
        assert_eq!(segment("[...path]"), Segment::CatchAll("path".to_owned()));
        assert_eq!(segment("[[...path]]"), Segment::OptionalCatchAll("path".to_owned()));
        assert_eq!(parse("(site)"), Ok(Folder::Group));
    }

    #[test]
    fn wrong_names_have_their_own_codes() {
        for (name, expected) in [
            ("[id", Code::UnbalancedBrackets),
            ("[id].json", Code::BracketsInside),
            ("[a][b]", Code::BracketsInside),
            ("[a[b]c]", Code::BracketsInside),
            ("[]", Code::EmptyParam),
            ("[...]", Code::EmptyParam),
            ("[[id]]", Code::OptionalParam),
            ("[.a]", Code::LeadingDot),
            ("[....a]", Code::LeadingDot),
            ("[…a]", Code::LeadingDot),
            ("[[..a]]", Code::LeadingDot),
            ("[a b]", Code::ParamName),
            ("[1a]", Code::ParamName),
            ("%zz", Code::BadEscape),
            ("a%", Code::BadEscape),
            ("%ff", Code::BadEscape),
            ("a%2Fb", Code::Unreachable),
            ("%2e%2E", Code::Unreachable),
            ("a%00", Code::Unreachable),
            ("()", Code::EmptyGroup),
            ("(a", Code::UnbalancedGroup),
            ("a)", Code::UnbalancedGroup),
            ("@modal", Code::ParallelRoute),
            ("(.)photo", Code::InterceptingRoute),
            ("(...)photo", Code::InterceptingRoute),
        ] {
            assert_eq!(code(name), expected, "{name}");
        }
    }
}
