//! Under which keys of the CDN's key-value store the stamps of what was revalidated stand.
//!
//! Each path and each tag has one of 8,192 slots, which a hash chooses. So the store never fills, however much is
//! revalidated: at worst a page whose slot another one shares is made anew although nobody asked for it. The function
//! `deploy/cdn/viewer-request.js` chooses slots by the same rule.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A slot: `stamp:0000` to `stamp:1fff` in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Slot(u16);

impl Slot {
    /// As many as there are: all of them, written as a store imports them, are shorter than what the bundler leaves free.
    pub const COUNT: u16 = 1 << 13;

    /// Only the end of a longer subject is hashed, as the CDN's function has little time.
    const HASHED: usize = 512;

    /// Of `path:/items/a` or `tag:items`, which is ASCII. The hash is
    /// [FNV-1a](https://www.rfc-editor.org/rfc/rfc9923) of 32 bits, folded.
    #[must_use]
    pub fn of(subject: &str) -> Self {
        let bytes = subject.as_bytes();
        let hashed = &bytes[bytes.len().saturating_sub(Self::HASHED)..];
        let hash =
            hashed.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
        let folded = (hash ^ (hash >> 13)) % u32::from(Self::COUNT);
        // Less than `COUNT`, which is of this type.
        Self(u16::try_from(folded).unwrap_or_default())
    }

    /// From 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0.into()
    }
}

/// The key in the store.
impl fmt::Display for Slot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "stamp:{:04x}", self.0)
    }
}

impl TryFrom<u16> for Slot {
    type Error = String;

    fn try_from(number: u16) -> Result<Self, Self::Error> {
        if number < Self::COUNT { Ok(Self(number)) } else { Err(format!("{number} is no slot")) }
    }
}

impl From<Slot> for u16 {
    fn from(slot: Slot) -> Self {
        slot.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The hashes of FNV-1a are those of its authors' table: 0xe40c292c for `a`, 0xbf9cf968 for `foobar`.
    #[test]
    fn the_hash_is_that_of_its_authors() {
        for (subject, hash) in [("", 0x811c_9dc5_u32), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] {
            let folded = (hash ^ (hash >> 13)) & 0x1fff;
            assert_eq!(u32::from(Slot::of(subject).0), folded, "{subject}");
        }
    }

    #[test]
    fn every_slot_is_used_and_none_besides() {
        let slots: BTreeSet<Slot> = (0..200_000).map(|number| Slot::of(&format!("path:/items/{number}"))).collect();
        assert_eq!(slots.len(), usize::from(Slot::COUNT));
        assert_eq!(slots.last().map(ToString::to_string), Some("stamp:1fff".to_owned()));
    }

    #[test]
    fn a_long_subject_has_the_slot_of_its_end() {
        let end = "x".repeat(512);
        assert_eq!(Slot::of(&format!("path:/{}{end}", "é".repeat(4_000))), Slot::of(&end));
    }

    #[test]
    fn what_is_no_slot_is_refused() {
        let read = |text: &str| serde_json::from_str::<Slot>(text).map(Slot::index).ok();
        assert_eq!(
            [read("8191"), read("8192"), read("-1"), read("\"1\""), read("1.5")],
            [Some(8191), None, None, None, None]
        );
    }
}
