//! How the functions are spread over stacks, of which each holds 500 resources.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{api::answering, function::resource_count};
use crate::stages::manifest::{FunctionEntry, Manifest};

/// The resources of one stack.
pub(crate) const MOST_RESOURCES: usize = 500;

/// What the root has besides functions and their permissions: the API with its stage and domain, the CDN, and what writes
/// stamps.
const RESOURCES_OF_THE_ROOT: usize = 20;

type Functions<'a> = BTreeMap<&'a str, &'a FunctionEntry>;

/// Which stack each function stands in.
#[derive(Debug)]
pub(super) enum Layout<'a> {
    /// All in the one that the user deploys.
    One(Functions<'a>),
    /// In nested ones.
    Several(Vec<Part<'a>>),
}

/// A nested stack.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// From 1.
    pub(super) number: usize,
    /// How many there are.
    pub(super) of: usize,
    pub(super) functions: Functions<'a>,
}

impl<'a> Layout<'a> {
    pub(super) fn of(manifest: &'a Manifest) -> Self {
        let functions: Functions<'a> = manifest.functions.iter().map(|(name, entry)| (name.as_str(), entry)).collect();
        let resources = size(&functions) + answering(manifest).len() + RESOURCES_OF_THE_ROOT;
        if resources <= MOST_RESOURCES {
            return Self::One(functions);
        }
        // The first number of stacks that leaves some room in each. That of a part is found for every app, since with
        // as many parts as functions each part is nearly empty.
        let fitting = (2..).map(|of| spread(&functions, of)).find(|parts| {
            let largest = parts.iter().map(|part| size(&part.functions)).max().unwrap_or(0);
            largest <= MOST_RESOURCES - MOST_RESOURCES / 10
        });
        Self::Several(fitting.unwrap_or_default())
    }

    /// The nested stacks.
    pub(super) fn nested(&self) -> &[Part<'a>] {
        match self {
            Self::One(_) => &[],
            Self::Several(parts) => parts,
        }
    }
}

fn size(functions: &Functions<'_>) -> usize {
    functions.values().map(|entry| resource_count(entry)).sum()
}

/// Spreads by a hash of the name: a function that is added or removed moves no other one.
fn spread<'a>(functions: &Functions<'a>, of: usize) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = (1..=of).map(|number| Part { number, of, functions: BTreeMap::new() }).collect();
    for (name, entry) in functions {
        let digest = Sha256::digest(name);
        let index = u64::from_be_bytes(std::array::from_fn(|index| digest[index])) % of as u64;
        // Less than `of`, which is the length.
        parts[usize::try_from(index).unwrap_or(0)].functions.insert(name, entry);
    }
    parts.retain(|part| !part.functions.is_empty());
    parts
}

impl Part<'_> {
    /// Whether one of its functions sends to the queue of stamps.
    pub(super) fn revalidates(&self) -> bool {
        self.functions.values().any(|entry| entry.revalidates)
    }

    pub(super) fn logical_id(&self) -> String {
        format!("Functions{}of{}", self.number, self.of)
    }

    /// The path of its template in the bundle.
    pub(super) fn file(&self) -> String {
        format!("stacks/functions-{}-of-{}.yaml", self.number, self.of)
    }

    /// What stands in the names of its functions. When the number of stacks changes, functions move to other ones and
    /// are made anew, and the old ones are only removed afterwards: both need a name then.
    pub(super) fn tag(&self) -> String {
        let letter = |number: usize| char::from_digit(u32::try_from(number % 36).unwrap_or(0), 36).unwrap_or('0');
        format!("{}{}", letter(self.of), letter(self.number))
    }
}
