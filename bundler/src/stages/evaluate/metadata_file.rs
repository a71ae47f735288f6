//! The files that crawlers and browsers ask for by name, which Next.js keeps static where a GET is dynamic by default
//! (`is-metadata-route`).

use wharf::pattern::{Pattern, Segment};

/// Names that count at the root only.
const AT_THE_ROOT: [&str; 4] = ["favicon.ico", "robots.txt", "manifest.json", "manifest.webmanifest"];
/// Names of images, which count everywhere, with a digit behind them and any of the extensions.
const IMAGES: [&str; 4] = ["icon", "apple-icon", "opengraph-image", "twitter-image"];
const EXTENSIONS: [&str; 5] = ["ico", "jpg", "jpeg", "png", "svg"];

/// Whether the path is that of a metadata file.
pub(super) fn is_at(pattern: &Pattern) -> bool {
    let segments: Vec<_> = pattern.segments().iter().collect();
    let Some((Segment::Static(name), above)) = segments.split_last() else { return false };
    name == "sitemap.xml" || is_image(name) || (above.is_empty() && AT_THE_ROOT.contains(&name.as_str()))
}

fn is_image(name: &str) -> bool {
    let stem = match name.split_once('.') {
        Some((stem, extension)) if EXTENSIONS.contains(&extension) => stem,
        Some(_) => return false,
        None => name,
    };
    let bare = stem.strip_suffix(|last: char| last.is_ascii_digit()).unwrap_or(stem);
    IMAGES.contains(&bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_of_metadata_files_count() {
        let is_at = |pattern: &str| is_at(&pattern.parse().unwrap());
        for path in ["/robots.txt", "/favicon.ico", "/manifest.webmanifest", "/sitemap.xml", "/shop/sitemap.xml"] {
            assert!(is_at(path), "{path}");
        }
        for path in ["/icon", "/icon1", "/shop/icon2.png", "/blog/[slug]/opengraph-image", "/apple-icon.png"] {
            assert!(is_at(path), "{path}");
        }
        for path in
            ["/", "/feed.xml", "/shop/robots.txt", "/icons", "/icon.txt", "/icon12", "/[name]", "/.well-known/x"]
        {
            assert!(!is_at(path), "{path}");
        }
    }
}
