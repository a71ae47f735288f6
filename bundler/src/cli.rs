//! What the user typed.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    architecture::Architecture,
    diagnostic::{Code, failure::Failure},
    effects::{
        options::{Baseline, Features, Options, Target, UploadOptions, aws_variables},
        shell::MessageFormat,
    },
};

/// Bundles the route handlers of `app/**/route.rs` into Lambda functions, static objects and one manifest
#[derive(Debug, Parser)]
#[command(name = "cargo bundle", bin_name = "cargo bundle", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do; without one, bundle.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to bundle.
    #[command(flatten)]
    pub bundle: BundleArguments,
}

/// What else there is to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print what the code of a diagnostic means
    Explain {
        /// The code, for example `route::duplicate`
        code: String,
    },
    /// Upload the objects of a bundle to S3, for a stack of SAM to serve
    Upload(UploadArguments),
}

/// What goes where.
#[derive(Debug, Args)]
pub struct UploadArguments {
    /// The bucket that the stack is told as `ObjectsBucket`
    #[arg(long, value_name = "NAME", value_parser = bucket)]
    bucket: String,
    /// The folder in the bucket that the stack is told as `ObjectsPrefix`, as `shop/live`
    #[arg(long, value_name = "FOLDER", value_parser = prefix, default_value = "", hide_default_value = true)]
    prefix: String,
    /// After the deployment: have this distribution of CloudFront forget what it keeps
    #[arg(long, value_name = "ID", value_parser = distribution)]
    distribution: Option<String>,
    /// After the deployment: remove the objects of other bundles
    #[arg(long)]
    prune: bool,
    /// Only print what would be put and removed
    #[arg(long)]
    dry_run: bool,
    /// The bundle, instead of that of the app
    #[arg(long, value_name = "FOLDER", conflicts_with = "out_dir")]
    bundle: Option<PathBuf>,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
fn bucket(text: &str) -> Result<String, String> {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    if (3..=63).contains(&text.len()) && text.bytes().all(is_allowed) {
        return Ok(text.to_owned());
    }
    Err("a bucket has a name of 3 to 63 lower-case letters, digits, dots and hyphens".to_owned())
}

/// As the template of SAM takes it, and with a slash at the end.
fn prefix(text: &str) -> Result<String, String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let is_folder = |part: &str| !["", ".", ".."].contains(&part) && part.bytes().all(is_allowed);
    let folders = text.strip_suffix('/').unwrap_or(text);
    if text.is_empty() {
        return Ok(String::new());
    }
    if folders.split('/').all(is_folder) {
        return Ok(format!("{folders}/"));
    }
    Err("a prefix is one folder or several, as in shop/live, of letters, digits, `_`, `.` and `-`".to_owned())
}

/// It becomes a part of a URL.
fn distribution(text: &str) -> Result<String, String> {
    let is_allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if !text.is_empty() && text.bytes().all(is_allowed) {
        return Ok(text.to_owned());
    }
    Err("the id of a distribution has capital letters and digits, as E1A2B3C4D5E6F7".to_owned())
}

impl UploadArguments {
    /// What the arguments mean where the user is.
    ///
    /// # Errors
    ///
    /// When a path is empty.
    pub fn into_options(self, run: Options) -> Result<UploadOptions, Failure> {
        Ok(UploadOptions {
            bundle: self.bundle.map(|path| run.absolute(&path)).transpose()?,
            target: Target { bucket: self.bucket, prefix: self.prefix },
            distribution: self.distribution,
            prune: self.prune,
            dry_run: self.dry_run,
            variables: aws_variables(),
            run,
        })
    }
}

/// How to bundle.
#[derive(Debug, Args)]
pub struct BundleArguments {
    /// The Cargo.toml of the app's package or workspace
    #[arg(long, value_name = "PATH", global = true)]
    manifest_path: Option<PathBuf>,
    /// The app's package, where the workspace has several
    #[arg(short, long, value_name = "NAME")]
    package: Option<String>,
    /// Where the bundle goes, instead of `bundle` in the target directory
    #[arg(long, value_name = "FOLDER", global = true)]
    out_dir: Option<PathBuf>,
    /// Where cargo writes, instead of the target directory of the app's workspace
    #[arg(long, value_name = "FOLDER", global = true)]
    target_dir: Option<PathBuf>,
    /// Features of the app's package to enable, separated by commas
    #[arg(short = 'F', long, value_name = "NAMES", value_delimiter = ',')]
    features: Vec<String>,
    /// Enable all features of the app's package
    #[arg(long)]
    all_features: bool,
    /// Do not enable the default feature of the app's package
    #[arg(long)]
    no_default_features: bool,
    /// Only compare the generated routes.rs with what it would be; write nothing
    #[arg(long)]
    pub check: bool,
    /// Fail when a method of a route has another class, static or dynamic, than this file says
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the file of `--baseline` anew
    #[arg(long, requires = "baseline")]
    update_baseline: bool,
    /// Explain, instead of the table, what answers the path of a URL
    #[arg(long, value_name = "PATH")]
    pub explain_route: Option<String>,
    /// Print, instead of the table, what AWS limits, and how much of it the bundle uses
    #[arg(long, conflicts_with = "explain_route")]
    pub limits: bool,
    /// The processors that the functions run on, instead of those of this machine
    #[arg(long, value_enum, value_name = "ARCHITECTURE")]
    arch: Option<Architecture>,
    /// Compile the functions with cargo-zigbuild, against the glibc of Lambda's runtime
    #[arg(long)]
    zigbuild: bool,
    /// Optimize across crates: smaller zips, and a build that takes a minute longer for each few functions
    #[arg(long)]
    lto: bool,
    /// Text for people, or one JSON object a line for tools
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT", global = true)]
    message_format: Format,
    /// Run without network
    #[arg(long)]
    offline: bool,
    /// Fail when the app's Cargo.lock would change
    #[arg(long)]
    locked: bool,
    /// As `--locked` and `--offline` together
    #[arg(long)]
    frozen: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Human,
    Json,
}

const EXIT_CODES: &str = "\
Exit codes:
    0  the bundle is complete
    1  the app has mistakes, each printed as a diagnostic
    2  the command line is wrong
    3  --check: routes.rs is stale
    4  cargo does not see a package to bundle
    5  rustc refused the app, or made functions that Lambda cannot run
    6  a handler failed while it was evaluated
    7  a file could not be read or written
    8  --baseline: a route changed its class
    9  upload: AWS refused, or could not be reached
  130  interrupted";

impl Cli {
    /// Reads the arguments of the process. Cargo calls `cargo-bundle bundle …` for `cargo bundle …`.
    #[must_use]
    pub fn from_arguments(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let mut arguments: Vec<OsString> = arguments.into_iter().collect();
        if arguments.get(1).is_some_and(|first| first == "bundle") {
            arguments.remove(1);
        }
        Self::parse_from(arguments)
    }
}

impl BundleArguments {
    /// How the run is to speak.
    #[must_use]
    pub fn message_format(&self) -> MessageFormat {
        match self.message_format {
            Format::Human => MessageFormat::Human,
            Format::Json => MessageFormat::Json,
        }
    }

    /// What the arguments mean where the user is.
    ///
    /// # Errors
    ///
    /// When a path is empty, or the process does not know where it is.
    pub fn into_options(self) -> Result<Options, Failure> {
        let options = Options::from_environment()?;
        let absolute = |path: Option<PathBuf>| path.map(|path| options.absolute(&path)).transpose();
        let flags = [(self.offline, "--offline"), (self.locked, "--locked"), (self.frozen, "--frozen")];
        Ok(Options {
            manifest_path: absolute(self.manifest_path)?,
            out_dir: absolute(self.out_dir)?,
            target_dir: absolute(self.target_dir)?,
            baseline: absolute(self.baseline)?.map(|path| Baseline { path, update: self.update_baseline }),
            package: self.package,
            features: Features { named: self.features, no_default: self.no_default_features, all: self.all_features },
            arch: self.arch,
            zigbuild: self.zigbuild,
            lto: self.lto,
            cargo_flags: flags.into_iter().filter_map(|(set, flag)| set.then_some(flag)).collect(),
            ..options
        })
    }
}

/// The long text of a code, or what to say instead.
///
/// # Errors
///
/// When there is no such code, with the nearest one that there is.
pub fn explanation(code: &str) -> Result<String, String> {
    match code.parse::<Code>() {
        Ok(code) => Ok(format!("{code}\n\n{}\n", code.explanation())),
        Err(_) => {
            let distance = |known: &Code| strsim::damerau_levenshtein(known.as_str(), code);
            let nearest = Code::ALL.into_iter().min_by_key(distance).map(Code::as_str).unwrap_or_default();
            Err(format!("there is no code `{code}`; the nearest is `{nearest}`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::diagnostic::failure::exit_code;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_names_every_exit_code() {
        let codes = [
            exit_code::OK,
            exit_code::DIAGNOSTICS,
            exit_code::USAGE,
            exit_code::STALE,
            exit_code::PROJECT,
            exit_code::COMPILE,
            exit_code::EVALUATE,
            exit_code::IO,
            exit_code::BASELINE,
            exit_code::REMOTE,
            exit_code::INTERRUPTED,
        ];
        assert!(codes.iter().all(|code| EXIT_CODES.contains(&format!("{code:>5}  "))));
    }

    #[test]
    fn a_prefix_is_folders_with_a_slash_at_the_end() {
        assert_eq!(prefix(""), Ok(String::new()));
        assert_eq!(prefix("shop/live"), Ok("shop/live/".to_owned()));
        assert_eq!(prefix("wharf/"), Ok("wharf/".to_owned()));
        for wrong in ["/", "/shop", "a//b", "a/../b", "s3://bucket", "a b"] {
            assert!(prefix(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_no_bucket_and_no_distribution() {
        assert!(bucket("my-shop.objects").is_ok() && distribution("E1A2B3").is_ok());
        assert!(["s3://shop", "shop/live", "ab", "Shop"].into_iter().all(|wrong| bucket(wrong).is_err()));
        assert!(["", "arn:aws:cloudfront", "../E1", "e1"].into_iter().all(|wrong| distribution(wrong).is_err()));
    }

    #[test]
    fn cargo_and_the_shell_call_it_alike() {
        let as_of = |arguments: &[&str]| Cli::from_arguments(arguments.iter().map(OsString::from)).bundle.check;
        assert!(as_of(&["cargo-bundle", "bundle", "--check"]));
        assert!(as_of(&["cargo-bundle", "--check"]));
    }
}
