//! The Terraform module of a bundle. It is the same for every app, as it reads the manifest that lies beside it.

use std::collections::BTreeMap;

/// The files of `deploy/terraform/`, which terraform reads as one text.
const MODULE: [(&str, &str); 11] = [
    ("alarms.tf", include_str!("../../../../deploy/terraform/alarms.tf")),
    ("api.tf", include_str!("../../../../deploy/terraform/api.tf")),
    ("cdn.tf", include_str!("../../../../deploy/terraform/cdn.tf")),
    ("domain.tf", include_str!("../../../../deploy/terraform/domain.tf")),
    ("functions.tf", include_str!("../../../../deploy/terraform/functions.tf")),
    ("manifest.tf", include_str!("../../../../deploy/terraform/manifest.tf")),
    ("objects.tf", include_str!("../../../../deploy/terraform/objects.tf")),
    ("outputs.tf", include_str!("../../../../deploy/terraform/outputs.tf")),
    ("stamps.tf", include_str!("../../../../deploy/terraform/stamps.tf")),
    ("variables.tf", include_str!("../../../../deploy/terraform/variables.tf")),
    ("versions.tf", include_str!("../../../../deploy/terraform/versions.tf")),
];

/// The files of the module, by their path in the bundle.
pub(super) fn files() -> BTreeMap<String, String> {
    MODULE.into_iter().map(|(name, text)| (format!("terraform/{name}"), text.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::stages::manifest::FORMAT_VERSION;

    #[test]
    fn every_file_of_the_module_is_in_the_bundle() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/terraform");
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let written: BTreeMap<_, _> = names
            .filter(|name| name.ends_with(".tf"))
            .map(|name| (format!("terraform/{name}"), fs::read_to_string(format!("{folder}/{name}")).unwrap()))
            .collect();
        assert_eq!(files(), written);
    }

    #[test]
    fn the_module_reads_the_format_that_is_written() {
        let claim = format!("local.manifest.format_version == {FORMAT_VERSION}\n");
        assert!(files()["terraform/manifest.tf"].contains(&claim));
    }
}
