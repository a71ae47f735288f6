//! Tells Lambda that the function cannot start
//! ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror)).

use std::time::Duration;

use http::{Method, header::CONTENT_TYPE};
use lambda_runtime::{Error, streaming::Body};
use lambda_runtime_api_client::{PooledClient, build_request};

/// Lambda answers from the same machine.
const LIMIT: Duration = Duration::from_secs(2);

pub(crate) async fn report(error_type: &'static str, cause: &str) -> Result<(), Error> {
    let error = serde_json::json!({ "errorType": error_type, "errorMessage": cause, "stackTrace": [] });
    let request = build_request()
        .method(Method::POST)
        .uri("/2018-06-01/runtime/init/error")
        .header(CONTENT_TYPE, "application/vnd.aws.lambda.error+json")
        .header("lambda-runtime-function-error-type", error_type)
        .body(Body::from(error.to_string()))?;
    tokio::time::timeout(LIMIT, PooledClient::builder().build().call(request)).await??;
    Ok(())
}
