//! The harness of the end-to-end tests: it bundles real projects with the real `cargo bundle`, and runs what comes out
//! the way Lambda and `cargo lambda watch` run it.
//!
//! | to … | use |
//! | --- | --- |
//! | get a project to bundle | [`Project`] |
//! | run `cargo bundle` | [`BundleCommand`] |
//! | look into what came out | [`artifact`] |
//! | invoke a function | [`Function`] with an event of [`events`] |
//! | ask `cargo lambda watch` | [`Watch`] and [`HttpClient`] |
//! | state once what a route answers | [`expectations`] |
//! | have every source of events tell the same | [`conformance`] |
//! | get the guide, bundled | [`Guide`] |
//! | compile for arm64, and run it | [`Arm64`] |
//! | compare with recorded answers of Next.js | [`next`] |
//! | apply a Terraform module, offline | [`terraform`] |
//! | judge a SAM template | [`sam`], [`checkov`] |
//! | have S3 and CloudFront on this machine | [`s3`] |
//! | ask what CloudFront would keep, and for whom | [`cloudfront`] |
//!
//! Everything blocks, and everything has a time limit. A failure of the harness is a failure of the test that uses it,
//! so its functions panic, with the captured output in the message, where a library would return an error.

pub mod arm64;
pub mod artifact;
pub mod breaking;
pub mod bundle_command;
pub mod cargo;
pub mod cargo_lambda;
pub mod checkov;
pub mod cloudfront;
pub mod conformance;
pub mod cyclonedx;
pub mod debian;
pub mod environment;
pub mod events;
pub mod expectations;
pub mod guide;
pub mod http_client;
pub mod http_reply;
pub mod http_request;
pub mod lock;
pub mod next;
pub mod paths;
pub mod process_group;
pub mod project;
pub mod pypi;
pub mod runtime_api;
pub mod s3;
pub mod sam;
pub mod terraform;
pub mod upstream;

pub use arm64::Arm64;
pub use bundle_command::BundleCommand;
pub use cargo_lambda::Watch;
pub use guide::Guide;
pub use http_client::HttpClient;
pub use http_reply::HttpReply;
pub use http_request::HttpRequest;
pub use process_group::{Output, ProcessGroup};
pub use project::Project;
pub use runtime_api::{Function, Invocation, RuntimeApi};
pub use upstream::Upstream;
