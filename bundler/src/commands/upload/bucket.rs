//! The bucket: the only place that talks to S3.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::{
    ClientConfigKey, ClientOptions, ObjectStore, PutOptions, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, AwsCredential, resolve_bucket_region},
    path::Path,
};

use super::{
    content::File,
    plan::Listing,
    refusal::{Refusal, no_credentials},
    report::{Item, item},
};
use crate::{diagnostic::failure::Failure, effects::options::Target};

/// Objects on their way at once. Each is in memory as a whole.
const AT_ONCE: usize = 8;

/// How often a request is tried again that a server failed to answer, which takes up to half a minute.
pub(super) const RETRIES: usize = 7;

/// How long an object of a slow line may take. What is dead is noticed sooner, by TCP.
const REQUEST_LIMIT: Duration = Duration::from_secs(15 * 60);

/// How long credentials may take. They come from beside the machine; where there is no such place, nothing answers.
const CREDENTIALS_LIMIT: Duration = Duration::from_secs(5);

/// Variables by which one source of credentials or another is chosen.
const SOURCES: [&str; 5] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// The bucket, with what it takes to write there.
#[derive(Debug)]
pub(super) struct Bucket {
    store: AmazonS3,
    target: Target,
}

impl Bucket {
    /// Finds the credentials, and the region where no variable tells it.
    pub(super) async fn open(target: &Target, variables: &BTreeMap<String, String>) -> Result<Self, Failure> {
        // Fails when there is a provider already, which then serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = variables
            .iter()
            .filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>().ok()?, value)));
        let builder = AmazonS3Builder::new()
            .with_client_options(client_options(endpoint(variables, "AWS_ENDPOINT_URL_S3")))
            .with_retry(RetryConfig { max_retries: RETRIES, ..RetryConfig::default() });
        let mut builder = settings
            .fold(builder, |builder, (name, value)| builder.with_config(name, value))
            .with_bucket_name(&target.bucket);
        let setting = |builder: &AmazonS3Builder, key| builder.get_config_value(&key);
        let has_endpoint = setting(&builder, AmazonS3ConfigKey::Endpoint).is_some()
            || setting(&builder, AmazonS3ConfigKey::S3Endpoint).is_some();
        if setting(&builder, AmazonS3ConfigKey::Region).is_none() && !has_endpoint {
            let region = resolve_bucket_region(&target.bucket, &client_options(None)).await;
            builder = builder.with_region(region.map_err(|error| Refusal::of_store(&error).failure(&find(target)))?);
        }
        let is_disabled = variables.get("AWS_EC2_METADATA_DISABLED").is_some_and(|it| it.eq_ignore_ascii_case("true"));
        if is_disabled && !SOURCES.iter().any(|name| variables.contains_key(*name)) {
            return Err(no_credentials(target, "no variable names any, and the metadata of EC2 is switched off"));
        }
        let store = builder.build().map_err(|error| no_credentials(target, &Refusal::of_store(&error).text))?;
        let bucket = Self { store, target: target.clone() };
        bucket.credentials().await?;
        Ok(bucket)
    }

    /// The credentials of the run.
    pub(super) async fn credentials(&self) -> Result<Arc<AwsCredential>, Failure> {
        let credentials = tokio::time::timeout(CREDENTIALS_LIMIT, self.store.credentials().get_credential()).await;
        let missing = |text: &str| no_credentials(&self.target, text);
        credentials
            .map_err(|_| missing("no variable names any, and nothing beside this machine has some"))?
            .map_err(|error| missing(&Refusal::of_store(&error).text))
    }

    /// What the deployment has there.
    pub(super) async fn list(&self) -> Result<Listing, Failure> {
        let mut listing = Listing::new();
        for folder in ["objects", "cdn"] {
            let folder = Path::from(self.target.key(folder));
            let mut found = self.store.list(Some(&folder));
            while let Some(object) = found.try_next().await.map_err(|error| self.refused("list", &folder, &error))? {
                let key = object.location.as_ref().strip_prefix(&self.target.prefix);
                listing.extend(key.map(|key| (key.to_owned(), object.size)));
            }
        }
        Ok(listing)
    }

    /// Puts files, several at once; `done` is told of each, in their order.
    pub(super) async fn put(&self, files: &[File], done: impl Fn(Item)) -> Result<(), Failure> {
        stream::iter(files)
            .map(|file| self.put_one(file))
            .buffered(AT_ONCE)
            .try_for_each(|item| {
                done(item);
                std::future::ready(Ok(()))
            })
            .await
    }

    async fn put_one(&self, file: &File) -> Result<Item, Failure> {
        let body = fs::read(&file.file).map_err(Failure::io("read", &file.file))?;
        let path = Path::from(self.target.key(&file.key));
        let options = PutOptions { attributes: file.attributes.clone(), ..PutOptions::default() };
        let put = self.store.put_opts(&path, body.into(), options).await;
        put.map_err(|error| self.refused("put", &path, &error))?;
        Ok(item(path.to_string(), file))
    }

    /// Removes objects, a thousand a request.
    pub(super) async fn remove(&self, stale: &Listing) -> Result<(), Failure> {
        let paths: Vec<_> = stale.keys().map(|key| Ok(Path::from(self.target.key(key)))).collect();
        let folder = Path::from(self.target.key("objects"));
        let removed =
            self.store.delete_stream(stream::iter(paths).boxed()).try_for_each(|_| std::future::ready(Ok(())));
        removed.await.map_err(|error| self.refused("delete", &folder, &error))
    }

    fn refused(&self, verb: &'static str, path: &Path, error: &object_store::Error) -> Failure {
        let bucket = &self.target.bucket;
        let (action, resource) = match verb {
            "list" => ("s3:ListBucket", format!("arn:aws:s3:::{bucket}")),
            "put" => ("s3:PutObject", format!("arn:aws:s3:::{bucket}/{}*", self.target.prefix)),
            _ => ("s3:DeleteObject", format!("arn:aws:s3:::{bucket}/{}objects/*", self.target.prefix)),
        };
        let permission = format!("`{action}` on `{resource}`");
        Refusal::of_store(error).failure(&Request {
            service: "S3",
            subject: format!("bucket `{bucket}`"),
            what: format!("{verb} `{path}`"),
            place: format!("s3://{bucket}/{path}"),
            permission,
        })
    }
}

/// What was asked of a service.
#[derive(Debug)]
pub(super) struct Request {
    /// `S3`
    pub(super) service: &'static str,
    /// What has to be there.
    pub(super) subject: String,
    /// In the infinitive.
    pub(super) what: String,
    /// The address of what it is about.
    pub(super) place: String,
    /// What the credentials have to be allowed.
    pub(super) permission: String,
}

fn find(target: &Target) -> Request {
    Request {
        service: "S3",
        subject: format!("bucket `{}`", target.bucket),
        what: format!("find the bucket `{}`", target.bucket),
        place: format!("s3://{}", target.bucket),
        permission: "`s3:ListBucket` on it".to_owned(),
    }
}

/// The address of a service, where it is not that of AWS.
pub(super) fn endpoint<'a>(variables: &'a BTreeMap<String, String>, service: &str) -> Option<&'a str> {
    variables.get(service).or_else(|| variables.get("AWS_ENDPOINT_URL")).map(String::as_str)
}

/// Without TLS only where the user asks for it by the address.
pub(super) fn client_options(endpoint: Option<&str>) -> ClientOptions {
    let is_plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
    ClientOptions::new()
        .with_config(ClientConfigKey::AllowHttp, is_plain.to_string())
        .with_config(ClientConfigKey::UserAgent, concat!("cargo-bundle/", env!("CARGO_PKG_VERSION")))
        .with_timeout(REQUEST_LIMIT)
}
