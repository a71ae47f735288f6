//! Lambda events that carry HTTP requests: one file a shape, and the detection.

mod alb;
mod incoming;
mod lines;
mod mount;
mod payload_v2;
mod reply;
mod rest;
mod vpc_lattice;

use std::fmt;

use bytes::Bytes;
use lambda_http::request::RequestContext;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::value::RawValue;

pub(crate) use incoming::{Arrived, Gate, Incoming, Refusal};

use crate::{app::answer::Answer, handler::path::Encoding};

/// The shape of an event, which is also that of its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// HTTP API with payload 2.0, Function URL, and the emulators.
    PayloadV2,
    /// Payload 1.0: REST API, and HTTP API that asks for it.
    Rest,
    /// Application Load Balancer with single values.
    AlbSingle,
    /// Application Load Balancer with lists.
    AlbMulti,
    /// VPC Lattice, both versions.
    VpcLattice,
}

/// The event is no HTTP request that a route can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotHttp(String);

impl fmt::Display for NotHttp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "this event is no HTTP request of API Gateway, a Function URL, a load balancer or VPC Lattice: {}",
            self.0
        )
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
    #[serde(default)]
    multi_value_headers: Option<IgnoredAny>,
    #[serde(default)]
    method_arn: Option<IgnoredAny>,
    #[serde(default)]
    route_arn: Option<IgnoredAny>,
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
        Shape::Rest => rest::read(event),
        Shape::AlbSingle | Shape::AlbMulti => alb::read(event),
        Shape::VpcLattice => vpc_lattice::read(event),
    };
    incoming.map(|incoming| (shape, incoming)).map_err(|error| NotHttp(error.to_string()))
}

fn detect(fields: &Discriminators<'_>) -> Result<Shape, NotHttp> {
    let refuse = |text: &str| Err(NotHttp(text.to_owned()));
    let Some(context) = &fields.request_context else {
        // Version 1 of VPC Lattice alone has none.
        return if fields.lattice_path.is_some() { Ok(Shape::VpcLattice) } else { refuse("it has no requestContext") };
    };
    let version = fields.version.map(RawValue::get);
    let is_version_2 = version == Some("\"2.0\"");
    if fields.method_arn.is_some() || fields.route_arn.is_some() {
        refuse("it asks an authorizer")
    } else if context.elb.is_some() {
        Ok(if fields.multi_value_headers.is_some() { Shape::AlbMulti } else { Shape::AlbSingle })
    } else if context.service_network_arn.is_some() && is_version_2 {
        Ok(Shape::VpcLattice)
    } else if context.connection_id.is_some() {
        refuse("it comes from a WebSocket API")
    } else if context.http.is_some() && is_version_2 {
        Ok(Shape::PayloadV2)
    } else if fields.http_method.is_some() && matches!(version, None | Some("null" | "\"1.0\"")) {
        Ok(Shape::Rest)
    } else {
        refuse("its version and requestContext are those of no known source")
    }
}

/// The request context as lambda_http knows it; `None` when it is not like that.
fn typed<T: DeserializeOwned>(context: &RawValue, variant: fn(T) -> RequestContext) -> Option<Box<RequestContext>> {
    match serde_json::from_str(context.get()) {
        Ok(context) => Some(Box::new(variant(context))),
        Err(error) => {
            tracing::debug!(%error, "the request context is not as lambda_http knows it");
            None
        }
    }
}

/// Whether the reply to this event may come in pieces: only Function URLs and the emulators take it so.
pub(crate) fn takes_pieces(shape: Shape, incoming: &Incoming) -> bool {
    shape == Shape::PayloadV2 && incoming.encoding == Some(Encoding::Percent)
}

/// The prelude of a reply that comes in pieces.
pub(crate) fn prelude(answer: &Answer) -> Result<Bytes, serde_json::Error> {
    serde_json::to_vec(&payload_v2::prelude(answer)).map(Bytes::from)
}

/// Writes the reply to an event of this shape.
pub(crate) fn reply(shape: Shape, answer: &Answer) -> Result<Box<RawValue>, serde_json::Error> {
    let reply = match shape {
        Shape::PayloadV2 => payload_v2::reply(answer),
        Shape::Rest => rest::reply(answer),
        Shape::AlbSingle => alb::reply_single(answer),
        Shape::AlbMulti => alb::reply_multi(answer),
        Shape::VpcLattice => vpc_lattice::reply(answer),
    };
    reply.write()
}
