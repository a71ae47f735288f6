//! Lambda events that carry HTTP requests: one file a shape, and the detection.

mod incoming;
mod payload_v2;

use std::fmt;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

pub(crate) use incoming::{Arrived, Incoming, Refusal};

use crate::answer::Answer;

/// The shape of an event, which is also that of its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// HTTP API with payload 2.0, Function URL, and the emulators.
    PayloadV2,
}

/// The event is no HTTP request that a route can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotHttp(String);

impl fmt::Display for NotHttp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "this event is no HTTP request of an HTTP API or a Function URL (payload 2.0): {}", self.0)
    }
}

impl std::error::Error for NotHttp {}

/// The fields by which the shapes are told apart, read in one pass.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Discriminators<'a> {
    #[serde(borrow, default)]
    version: Option<&'a RawValue>,
    #[serde(default)]
    http_method: Option<IgnoredAny>,
    #[serde(default, rename = "raw_path")]
    lattice_path: Option<IgnoredAny>,
    #[serde(default)]
    request_context: Option<ContextDiscriminators>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContextDiscriminators {
    #[serde(default)]
    http: Option<IgnoredAny>,
    #[serde(default)]
    elb: Option<IgnoredAny>,
    #[serde(default)]
    connection_id: Option<IgnoredAny>,
    #[serde(default)]
    service_network_arn: Option<IgnoredAny>,
}

/// Reads an event.
pub(crate) fn read(event: &str) -> Result<(Shape, Incoming), NotHttp> {
    let fields: Discriminators<'_> =
        serde_json::from_str(event).map_err(|error| NotHttp(format!("it is no such JSON object: {error}")))?;
    let shape = detect(&fields)?;
    let incoming = match shape {
        Shape::PayloadV2 => payload_v2::read(event),
    };
    incoming.map(|incoming| (shape, incoming)).map_err(|error| NotHttp(error.to_string()))
}

fn detect(fields: &Discriminators<'_>) -> Result<Shape, NotHttp> {
    let refuse = |text: &str| Err(NotHttp(text.to_owned()));
    let Some(context) = &fields.request_context else {
        return refuse(if fields.lattice_path.is_some() {
            "it is a version 1 event of VPC Lattice"
        } else {
            "it has no requestContext"
        });
    };
    if context.elb.is_some() {
        refuse("it comes from an Application Load Balancer")
    } else if context.service_network_arn.is_some() {
        refuse("it comes from VPC Lattice")
    } else if context.connection_id.is_some() {
        refuse("it comes from a WebSocket API")
    } else if fields.version.is_some_and(|version| version.get() == "\"2.0\"") && context.http.is_some() {
        Ok(Shape::PayloadV2)
    } else if fields.http_method.is_some() {
        refuse("its payload format is 1.0; set the integration's payload format version to 2.0")
    } else {
        refuse("its version is not 2.0")
    }
}

/// Writes the reply to an event of this shape.
pub(crate) fn reply(shape: Shape, answer: &Answer) -> Result<Box<RawValue>, serde_json::Error> {
    match shape {
        Shape::PayloadV2 => payload_v2::reply(answer),
    }
}
