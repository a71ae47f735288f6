//! The closed set of HTTP methods that a route file may answer.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A method that a handler can be written for.
///
/// The order is alphabetical, which is the order of an `Allow` header
/// ([RFC 9110, 10.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.1) leaves it open; Next.js sorts).
///
/// ```
/// use wharf::Method;
///
/// assert_eq!(Method::from_handler_name("get"), Some(Method::Get));
/// assert_eq!("PATCH".parse(), Ok(Method::Patch));
/// assert_eq!(Method::Get.to_string(), "GET");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// `DELETE`
    Delete,
    /// `GET`; also answers `HEAD` when no handler of its own does.
    Get,
    /// `HEAD`
    Head,
    /// `OPTIONS`
    Options,
    /// `PATCH`
    Patch,
    /// `POST`
    Post,
    /// `PUT`
    Put,
}

impl Method {
    /// Every method, in order.
    pub const ALL: [Self; 7] = [Self::Delete, Self::Get, Self::Head, Self::Options, Self::Patch, Self::Post, Self::Put];

    /// The method as it stands in a request line: `"GET"`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// The name of its handler in a route file, in the Rust spelling: `"get"`.
    #[must_use]
    pub const fn handler_name(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Get => "get",
            Self::Head => "head",
            Self::Options => "options",
            Self::Patch => "patch",
            Self::Post => "post",
            Self::Put => "put",
        }
    }

    /// The method whose handler has this name, in lower case (`get`) or in the Next.js spelling (`GET`).
    #[must_use]
    pub fn from_handler_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.handler_name() == name || method.as_str() == name)
    }

    /// The methods that a route with these handlers answers: `HEAD` comes with `GET`, `OPTIONS` always.
    ///
    /// ```
    /// use wharf::Method;
    ///
    /// let answered = Method::answered(&[Method::Post, Method::Get].into());
    /// assert_eq!(Method::allow(&answered), "GET, HEAD, OPTIONS, POST");
    /// ```
    #[must_use]
    pub fn answered(handlers: &BTreeSet<Self>) -> BTreeSet<Self> {
        let mut answered = handlers.clone();
        answered.insert(Self::Options);
        if handlers.contains(&Self::Get) {
            answered.insert(Self::Head);
        }
        answered
    }

    /// The text of an `Allow` header: sorted, joined by a comma and a space.
    #[must_use]
    pub fn allow(methods: &BTreeSet<Self>) -> String {
        methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The text is not one of the seven methods, in upper case. Methods are case-sensitive
/// ([RFC 9110, 9.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownMethod;

impl fmt::Display for UnknownMethod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not one of DELETE, GET, HEAD, OPTIONS, PATCH, POST and PUT")
    }
}

impl std::error::Error for UnknownMethod {}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|method| method.as_str() == text).ok_or(UnknownMethod)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_sorted_as_allow_needs_it() {
        assert!(Method::ALL.is_sorted());
        assert!(Method::ALL.map(Method::as_str).is_sorted());
    }

    #[test]
    fn a_post_only_route_does_not_answer_head() {
        let answered = Method::answered(&BTreeSet::from([Method::Post]));
        assert_eq!(Method::allow(&answered), "OPTIONS, POST");
    }

    #[test]
    fn mixed_case_is_no_handler_name() {
        assert_eq!(Method::from_handler_name("Get"), None);
        assert_eq!("get".parse::<Method>(), Err(UnknownMethod));
    }
}
