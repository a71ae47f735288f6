//! What a service answered instead of what was asked for, in words that say what to do.

use std::error::Error;

use super::bucket::Request;
use crate::{
    diagnostic::{Code, Diagnostic, Label, failure::Failure},
    effects::options::Target,
};

/// What a service answered instead of what was asked for.
#[derive(Debug)]
pub(super) struct Refusal {
    code: Code,
    /// What it said.
    pub(super) text: String,
}

impl Refusal {
    /// Of an error of S3.
    pub(super) fn of_store(error: &object_store::Error) -> Self {
        let text = innermost(error);
        let code = match error {
            object_store::Error::NotFound { .. } => Code::NotFound,
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => Code::Denied,
            // The client has no error of its own for a bucket of another region, nor for one that it was to find.
            _ if text.contains("configured region") || text.ends_with("' not found") => Code::NotFound,
            _ => Code::UploadFailed,
        };
        Self::new(code, &text)
    }

    /// Of an answer that reports an error.
    pub(super) fn of_answer(status: u16, answer: &str) -> Self {
        let code = match status {
            404 => Code::NotFound,
            401 | 403 => Code::Denied,
            _ => Code::UploadFailed,
        };
        Self::new(code, if answer.is_empty() { "no reason is given" } else { answer })
    }

    /// Of no answer at all.
    pub(super) fn of_connection(error: &dyn Error) -> Self {
        Self { code: Code::UploadFailed, text: innermost(error) }
    }

    /// The services of AWS report errors in XML, and their codes are more exact than the errors of the client.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
    fn new(code: Code, answer: &str) -> Self {
        let Some(name) = between(answer, "<Code>", "</Code>") else { return Self { code, text: answer.to_owned() } };
        let message = between(answer, "<Message>", "</Message>").unwrap_or_default();
        let code = match name {
            "ExpiredToken"
            | "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "InvalidToken"
            | "RequestTimeTooSkewed"
            | "SignatureDoesNotMatch"
            | "TokenRefreshRequired" => Code::NoCredentials,
            "AccessDenied" | "AllAccessDisabled" => Code::Denied,
            "AuthorizationHeaderMalformed" | "NoSuchBucket" | "NoSuchDistribution" | "PermanentRedirect" => {
                Code::NotFound
            }
            _ => code,
        };
        Self { code, text: format!("{name}: {message}") }
    }

    /// What the user is told.
    pub(super) fn failure(self, request: &Request) -> Failure {
        let Request { service, subject, what, place, permission } = request;
        let (message, help) = match self.code {
            Code::NoCredentials => (format!("{service} does not accept the credentials"), CREDENTIALS.to_owned()),
            Code::NotFound => (
                format!("{service} finds no {subject}"),
                "check the name, the account of the credentials, and for a bucket the region in `AWS_REGION`"
                    .to_owned(),
            ),
            Code::Denied => (
                format!("the credentials may not {what}"),
                format!("allow them {permission}, or take the credentials of somebody who may"),
            ),
            _ => (format!("{service} could not {what}"), "run it again: it goes on where it stopped".to_owned()),
        };
        remote(self.code, message, place, self.text, help)
    }
}

/// Nobody told who asks.
pub(super) fn no_credentials(target: &Target, text: &str) -> Failure {
    let place = format!("s3://{}", target.bucket);
    let message = "there are no credentials for AWS".to_owned();
    remote(Code::NoCredentials, message, &place, text.to_owned(), CREDENTIALS.to_owned())
}

const CREDENTIALS: &str = "run `eval \"$(aws configure export-credentials --format env)\"`, which hands a profile or a \
                           sign-in to programs like this one; in CI, set the variables or let it assume a role";

fn remote(code: Code, message: String, place: &str, label: String, help: String) -> Failure {
    Failure::Remote(Box::new(Diagnostic::new(code, message, Label::path(place, place, label), help)))
}

/// What stands between two texts.
pub(super) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(inside, _)| inside)
}

/// The outer errors tell what was done, and the innermost why it failed.
fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_says_of_the_credentials_is_about_the_credentials() {
        let answer = |code: &str| format!("<Error><Code>{code}</Code><Message>Why</Message></Error>");
        let refusal = Refusal::of_answer(403, &answer("SignatureDoesNotMatch"));
        assert_eq!((refusal.code, &*refusal.text), (Code::NoCredentials, "SignatureDoesNotMatch: Why"));
        assert_eq!(Refusal::of_answer(403, &answer("AccessDenied")).code, Code::Denied);
        assert_eq!(Refusal::of_answer(404, &answer("NoSuchDistribution")).code, Code::NotFound);
        assert_eq!(Refusal::of_answer(500, "").code, Code::UploadFailed);
    }
}
