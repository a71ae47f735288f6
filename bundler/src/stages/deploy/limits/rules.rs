//! What AWS limits, as its pages said in November 2026.

use serde::Serialize;

/// A limit of AWS.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// What is limited: of a function, of an answer and so on, where there are several, the largest.
    pub name: &'static str,
    /// How much AWS allows.
    pub allowed: u64,
    /// What is counted.
    pub unit: Unit,
    /// What happens above it.
    pub kind: Kind,
    /// Which deployments it is a limit of.
    pub target: Target,
    /// The page of AWS that says so.
    pub page: &'static str,
    /// What to do about it, in the imperative.
    pub help: &'static str,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
}

/// What happens above a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// AWS refuses it, whoever asks.
    Fixed,
    /// AWS refuses it until it has raised the quota, on request.
    Adjustable,
    /// AWS does not wait for more.
    Cut,
    /// It cannot happen: an earlier stage has seen to it.
    Kept,
}

/// Which deployments a limit is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// All of them.
    Every,
    /// Those with SAM.
    Sam,
    /// Those with Terraform.
    Terraform,
    /// Those with a CDN.
    Cdn,
    /// Those without a CDN.
    WithoutCdn,
}

impl Target {
    /// As it is printed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Every => "all",
            Self::Sam => "SAM",
            Self::Terraform => "Terraform",
            Self::Cdn => "CDN",
            Self::WithoutCdn => "no CDN",
        }
    }
}

const API_GATEWAY: &str = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html";
const CLOUDFORMATION: &str =
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html";
const CLOUDFRONT: &str = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html";
const IAM: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html";
const LAMBDA: &str = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html";
const S3: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html";

const FEWER_FUNCTIONS: &str = "put the routes of folders into one function each, as `function-groups = [\"app/admin\"]` in \
                               `[package.metadata.wharf]` does";
const SMALLER_FUNCTION: &str = "leave out dependencies, features of them, or files that are compiled in, list fewer \
                                params in `generate_static_params`, or bundle with `--lto`";
const LARGE_ANSWER: &str = "put what is large into `public/`, redirect to where it is, or send it with `STREAMING`";

pub(super) const ROUTES: Rule = Rule {
    name: "routes of the HTTP API",
    allowed: 300,
    unit: Unit::Count,
    kind: Kind::Adjustable,
    target: Target::Every,
    page: API_GATEWAY,
    help: "have AWS raise the quota `Routes per API`, or list folders in `function-groups`, each of which needs two",
};

pub(super) const INTEGRATIONS: Rule = Rule {
    name: "integrations of the HTTP API",
    allowed: 300,
    unit: Unit::Count,
    kind: Kind::Fixed,
    target: Target::Every,
    page: API_GATEWAY,
    help: FEWER_FUNCTIONS,
};

pub(super) const WAIT: Rule = Rule {
    name: "time that the HTTP API waits for",
    allowed: 30,
    unit: Unit::Seconds,
    kind: Kind::Cut,
    target: Target::Every,
    page: API_GATEWAY,
    help: "lower `MAX_DURATION`, or send the answer piece by piece with `STREAMING`",
};

pub(super) const HEADERS: Rule = Rule {
    name: "headers of an answer",
    allowed: 10_240,
    unit: Unit::Bytes,
    kind: Kind::Fixed,
    target: Target::Every,
    page: API_GATEWAY,
    help: "send fewer or shorter headers",
};

pub(super) const NAME: Rule = Rule {
    name: "name of a function, in the stage `prod`",
    allowed: 64,
    unit: Unit::Bytes,
    kind: Kind::Kept,
    target: Target::Every,
    page: "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
    help: "",
};

/// An upload by Terraform is a direct one; that of SAM goes through S3.
pub(super) const ZIP: Rule = Rule {
    name: "zip of a function, uploaded directly",
    allowed: 50 << 20,
    unit: Unit::Bytes,
    kind: Kind::Fixed,
    target: Target::Terraform,
    page: LAMBDA,
    help: SMALLER_FUNCTION,
};

pub(super) const UNZIPPED: Rule = Rule {
    name: "contents of a zip",
    allowed: 250 << 20,
    unit: Unit::Bytes,
    kind: Kind::Fixed,
    target: Target::Every,
    page: LAMBDA,
    help: SMALLER_FUNCTION,
};

pub(super) const ALL_ZIPS: Rule = Rule {
    name: "zips of all functions, each version once",
    allowed: 75 << 30,
    unit: Unit::Bytes,
    kind: Kind::Adjustable,
    target: Target::Every,
    page: LAMBDA,
    help: "have AWS raise the quota `Function and layer storage`, and delete old versions",
};

pub(super) const VARIABLES: Rule = Rule {
    name: "environment of a function, without the values that a deployment sets",
    allowed: 4 << 10,
    unit: Unit::Bytes,
    kind: Kind::Fixed,
    target: Target::Every,
    page: LAMBDA,
    help: "list fewer variables in `environment`; have the app read what is large from Parameter Store or Secrets Manager",
};

pub(super) const TIMEOUT: Rule = Rule {
    name: "timeout of a function",
    allowed: 900,
    unit: Unit::Seconds,
    kind: Kind::Kept,
    target: Target::Every,
    page: LAMBDA,
    help: "",
};

pub(super) const MEMORY: Rule = Rule {
    name: "memory of a function, in MB",
    allowed: 10_240,
    unit: Unit::Count,
    kind: Kind::Kept,
    target: Target::Every,
    page: LAMBDA,
    help: "",
};

/// What a function needs to know of its frozen answers, beside their bodies, which stay in the file. A quarter of the
/// memory is for answers that are made later.
pub(super) const FROZEN: Rule = Rule {
    name: "memory for frozen answers, in % of a function's",
    allowed: 100,
    unit: Unit::Count,
    kind: Kind::Fixed,
    target: Target::Every,
    page: LAMBDA,
    help: "raise `MEMORY` in the route file, or list fewer params in `generate_static_params`; the others are made when \
           they are asked for",
};

/// With 100 bytes more than 6 MB, as Lambda's own error says.
const LARGEST_REPLY: u64 = (6 << 20) + 100;

pub(super) const REPLY: Rule = Rule {
    name: "answer that only its function can send",
    allowed: LARGEST_REPLY,
    unit: Unit::Bytes,
    kind: Kind::Fixed,
    target: Target::Every,
    page: LAMBDA,
    help: LARGE_ANSWER,
};

pub(super) const REPLY_WITHOUT_CDN: Rule = Rule {
    name: "answer that S3 can send as well",
    allowed: LARGEST_REPLY,
    unit: Unit::Bytes,
    kind: Kind::Fixed,
    target: Target::WithoutCdn,
    page: LAMBDA,
    help: LARGE_ANSWER,
};

pub(super) const ROLES: Rule = Rule {
    name: "roles of the account",
    allowed: 1000,
    unit: Unit::Count,
    kind: Kind::Adjustable,
    target: Target::Every,
    page: IAM,
    help: "have AWS raise the quota `Roles per account`, or list folders in `function-groups`",
};

/// Two, and one for each function that streams.
pub(super) const ORIGINS: Rule = Rule {
    name: "origins of the distribution",
    allowed: 100,
    unit: Unit::Count,
    kind: Kind::Adjustable,
    target: Target::Cdn,
    page: CLOUDFRONT,
    help: "have AWS raise the quota `Origins per distribution`, or let fewer functions stream",
};

/// One, whatever the app: its function chooses the origin.
pub(super) const BEHAVIORS: Rule = Rule {
    name: "cache behaviors of the distribution",
    allowed: 75,
    unit: Unit::Count,
    kind: Kind::Adjustable,
    target: Target::Cdn,
    page: CLOUDFRONT,
    help: "",
};

/// Above it there is no bundle: `cdn::too-many-streams`.
pub(super) const VIEWER_REQUEST: Rule = Rule {
    name: "function of CloudFront",
    allowed: 10 << 10,
    unit: Unit::Bytes,
    kind: Kind::Fixed,
    target: Target::Cdn,
    page: CLOUDFRONT,
    help: "put routes that stream below one dynamic folder, give their folders shorter names, or let fewer of them stream",
};

/// The stamps that the app writes come on top.
pub(super) const KEY_VALUES: Rule = Rule {
    name: "data of the key-value store",
    allowed: 5 << 20,
    unit: Unit::Bytes,
    kind: Kind::Fixed,
    target: Target::Cdn,
    page: CLOUDFRONT,
    help: "list fewer params in `generate_static_params`; answers that find no room are sent by their function",
};

/// What is longer has no entry: `cdn::file-not-served`, `cdn::left-to-the-api`.
pub(super) const KEY: Rule = Rule {
    name: "key of the key-value store",
    allowed: 512,
    unit: Unit::Bytes,
    kind: Kind::Kept,
    target: Target::Cdn,
    page: CLOUDFRONT,
    help: "",
};

/// As for a key.
pub(super) const VALUE: Rule = Rule {
    name: "value of the key-value store",
    allowed: 1024,
    unit: Unit::Bytes,
    kind: Kind::Kept,
    target: Target::Cdn,
    page: CLOUDFRONT,
    help: "",
};

/// An answer with longer ones is no object.
pub(super) const METADATA: Rule = Rule {
    name: "headers of an object",
    allowed: crate::stages::package::MOST_METADATA as u64,
    unit: Unit::Bytes,
    kind: Kind::Kept,
    target: Target::Cdn,
    page: S3,
    help: "",
};

/// Functions move to nested stacks before this is reached; the root keeps the API, which has 300 permissions at most.
pub(super) const RESOURCES: Rule = Rule {
    name: "resources of a stack",
    allowed: 500,
    unit: Unit::Count,
    kind: Kind::Kept,
    target: Target::Sam,
    page: CLOUDFORMATION,
    help: "",
};

pub(super) const ALL_RESOURCES: Rule = Rule {
    name: "resources of all nested stacks",
    allowed: 2500,
    unit: Unit::Count,
    kind: Kind::Fixed,
    target: Target::Sam,
    page: CLOUDFORMATION,
    help: FEWER_FUNCTIONS,
};

pub(super) const PARAMETERS: Rule = Rule {
    name: "parameters of a template",
    allowed: 200,
    unit: Unit::Count,
    kind: Kind::Fixed,
    target: Target::Sam,
    page: CLOUDFORMATION,
    help: "list fewer variables in `environment`, for example one with a JSON text for several",
};

/// One or two a function, so that its resources are too many before.
pub(super) const OUTPUTS: Rule = Rule {
    name: "outputs of a template",
    allowed: 200,
    unit: Unit::Count,
    kind: Kind::Kept,
    target: Target::Sam,
    page: CLOUDFORMATION,
    help: "",
};

/// In S3, where `sam deploy` puts each template; one that is handed over without S3 has 51,200 bytes at most.
pub(super) const TEMPLATE: Rule = Rule {
    name: "template in S3",
    allowed: 1 << 20,
    unit: Unit::Bytes,
    kind: Kind::Fixed,
    target: Target::Sam,
    page: CLOUDFORMATION,
    help: FEWER_FUNCTIONS,
};
