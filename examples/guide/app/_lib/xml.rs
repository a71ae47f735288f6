//! What both feeds need. Folders that start with an underscore are private: nothing in here has a URL.

use wharf::Response;

/// A document of this content type, with the declaration in front.
pub fn document(content_type: &str, root: &str) -> Response {
    Response::new(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{root}\n")).content_type(content_type)
}

/// `text` as it may stand between tags.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ampersand_is_escaped_once() {
        assert_eq!(escape("a & b < c"), "a &amp; b &lt; c");
    }
}
