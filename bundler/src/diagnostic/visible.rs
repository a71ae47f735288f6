//! Characters that nobody sees, or that change how others are seen: none is printed as it is.
//!
//! A name of a folder, a file or a crate is shown in tables and messages. With an escape sequence in it a terminal would do
//! what it says; with a character that turns the direction of the text, as in "Trojan Source"
//! (<https://trojansource.codes>), people would read another name.

use std::borrow::Cow;

/// What a text is, by which it is decided what of it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It may have several lines.
    Lines,
    /// The name or the path of something: the end of a line in it is as odd as an escape.
    Name,
}

/// The text with an escape, `\u{202e}`, for each character that is not seen.
pub(crate) fn visible(text: &str, kind: Kind) -> Cow<'_, str> {
    if text.char_indices().all(|(index, character)| is_shown(text, kind, index, character)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.char_indices().map(|(index, character)| shown(text, kind, index, character)).collect())
}

/// How long what stands before `end` is, once it is visible.
pub(crate) fn visible_length(text: &str, kind: Kind, end: usize) -> usize {
    let before = text.char_indices().take_while(|(index, _)| *index < end);
    before.map(|(index, character)| shown(text, kind, index, character).len()).sum()
}

fn shown(text: &str, kind: Kind, index: usize, character: char) -> String {
    if is_shown(text, kind, index, character) { character.to_string() } else { character.escape_unicode().to_string() }
}

fn is_shown(text: &str, kind: Kind, index: usize, character: char) -> bool {
    let is_layout = match character {
        '\n' | '\t' => true,
        '\r' => text[index + 1..].starts_with('\n'),
        _ => false,
    };
    !is_hidden(character) || is_joined(text, index, character) || (kind == Kind::Lines && is_layout)
}

/// The first character of a name that is not seen, and where it is.
pub(crate) fn first_hidden(name: &str) -> Option<(usize, char)> {
    name.char_indices().find(|(index, character)| !is_shown(name, Kind::Name, *index, *character))
}

/// Control characters, those of direction, and those without a width: `Default_Ignorable_Code_Point` of Unicode but for
/// the variation selectors, which belong to the character before them, and the separators of lines.
/// <https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point>
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Whether a joiner, or its opposite, stands between two characters that it is made for: Persian words and emoji have
/// them.
fn is_joined(text: &str, index: usize, character: char) -> bool {
    let is_partner = |other: char| !other.is_ascii() && !is_hidden(other);
    matches!(character, '\u{200c}' | '\u{200d}')
        && text[..index].ends_with(is_partner)
        && text[index + character.len_utf8()..].starts_with(is_partner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_found_and_escaped() {
        for (text, shown) in [
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\u{200b}b", "a\\u{200b}b"),
            ("a\u{200d}b", "a\\u{200d}b"),
            ("\u{feff}a", "\\u{feff}a"),
            ("a\u{7f}\u{9b}", "a\\u{7f}\\u{9b}"),
            ("a\u{ad}b\u{e0041}", "a\\u{ad}b\\u{e0041}"),
            ("a\rb", "a\\u{d}b"),
        ] {
            assert_eq!(visible(text, Kind::Lines), shown);
            assert_eq!(visible_length(text, Kind::Lines, text.len()), shown.len());
            assert!(first_hidden(text).is_some(), "{shown}");
        }
    }

    #[test]
    fn letters_of_all_scripts_stay() {
        for text in ["items", "日本", "é", "e\u{301}", "می\u{200c}خواهم", "👩\u{200d}💻", "❤\u{fe0f}", "a b", "🦀"]
        {
            assert_eq!(visible(text, Kind::Name), text);
            assert_eq!(first_hidden(text), None, "{text}");
        }
        assert_eq!(visible("a\r\n\tb", Kind::Lines), "a\r\n\tb");
        assert_eq!(visible("a\nb", Kind::Name), "a\\u{a}b");
        assert_eq!(first_hidden("a\nb"), Some((1, '\n')));
    }
}
