//! `cargo bundle upload`: a bundle in a folder → its objects in a bucket.
//!
//! | Stage | In → out | Touches |
//! | --- | --- | --- |
//! | `content` | folder → `Content` | reads the bundle, and compares every object with the manifest |
//! | `bucket` | `Target` → `Listing` | asks S3 what is there |
//! | `plan` | `Content`, `Listing` → `Plan` | nothing |
//! | `bucket` | `Plan` → objects in S3 | puts what is missing, then removes what is stale |
//! | `cdn` | distribution → invalidation | tells CloudFront |
//!
//! `bucket` and `cdn` are the only modules that talk to the network. A key is the hash of all that is sent, so what is
//! there already is right: a run that ended early, for whatever reason, is completed by the next.

mod bucket;
mod cdn;
mod content;
mod plan;
mod refusal;
mod report;

use std::time::Duration;

use bucket::Bucket;
use content::Content;
use plan::Plan;
pub use report::{Item, Report, text};

use crate::{
    diagnostic::failure::Failure,
    effects::{
        interrupt,
        options::UploadOptions,
        shell::{Action, Shell},
    },
    stages::discover,
};

/// How often a run looks for Ctrl-C.
const POLL: Duration = Duration::from_millis(25);

/// Uploads.
///
/// # Errors
///
/// With diagnostics for a bundle that is not whole, before anything is asked of AWS, and with what AWS refused.
pub fn run(options: &UploadOptions, shell: &Shell) -> Result<Report, Failure> {
    let folder = match &options.bundle {
        Some(folder) => folder.clone(),
        None => discover::bundle_folder(&options.run)?,
    };
    let content = shell.stage("read", || content::run(&folder, shell))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::io("start", "the network client"))?;
    runtime.block_on(async {
        tokio::select! {
            result = stages(options, content, shell) => result,
            failure = interrupted() => Err(failure),
        }
    })
}

/// What is under way when the run is interrupted is given up; S3 keeps an object whole or not at all.
async fn interrupted() -> Failure {
    loop {
        if let Err(failure) = interrupt::check() {
            return failure;
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn stages(options: &UploadOptions, content: Content, shell: &Shell) -> Result<Report, Failure> {
    let bucket = Bucket::open(&options.target, &options.variables).await?;
    let listing = shell.stage("list", || bucket.list()).await?;
    let plan = shell.stage("plan", || plan::run(content, &listing, options.prune))?;
    let mut report = Report::new(options, &plan);
    if options.dry_run {
        return Ok(report);
    }
    shell.stage("put", || put(&bucket, &plan, shell)).await?;
    if options.prune {
        shell.stage("remove", || bucket.remove(&plan.stale)).await?;
        shell.object_done(Action::Removed, &report.stale);
    }
    if let Some(distribution) = &options.distribution {
        let invalidate = || cdn::invalidate(distribution, &bucket, &options.variables);
        report.invalidation = Some(shell.stage("invalidate", invalidate).await?);
    }
    Ok(report)
}

/// The key-value data goes up when all that it names is there.
async fn put(bucket: &Bucket, plan: &Plan, shell: &Shell) -> Result<(), Failure> {
    let progress = shell.progress("Uploading");
    let done = |item: Item| {
        progress.advance(&item.key);
        shell.object_done(Action::Put, &[item]);
    };
    bucket.put(&plan.objects, done).await?;
    bucket.put(&plan.key_values, done).await
}
