//! What sends events, and the event that each makes of one request.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Request;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

/// What stands between a client and the function. Each makes another event of a request, and reads another reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Source {
    /// The local emulator of cargo-lambda: payload 2.0 with the domain `localhost`.
    Local,
    /// An HTTP API with payload 2.0. It decodes the path.
    HttpApi,
    /// A Function URL.
    FunctionUrl,
    /// A REST API (payload 1.0), in its stage `prod`. It decodes the query and tells no order of different names.
    Rest,
    /// An Application Load Balancer with single values: the last one of a repeated header or query parameter.
    AlbSingle,
    /// An Application Load Balancer with lists of values.
    AlbMulti,
    /// VPC Lattice, version 2 of its events.
    VpcLattice,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Local, Self::HttpApi, Self::FunctionUrl, Self::Rest, Self::AlbSingle, Self::AlbMulti, Self::VpcLattice];

    /// The event that it makes of a request. A request without a `Host` goes to the source's own domain, and every one
    /// comes from 203.0.113.7, or from 127.0.0.1 when the source is local.
    ///
    /// ```
    /// use wharf::{http::Request, testing::Source};
    ///
    /// let event = Source::Rest.event(&Request::get("/items/a%20b?x=1&x=2").body("").unwrap());
    /// assert_eq!(event["path"], "/items/a%20b");
    /// assert_eq!(event["multiValueQueryStringParameters"]["x"], serde_json::json!(["1", "2"]));
    /// ```
    ///
    /// # Panics
    ///
    /// When a header's value is not UTF-8, since an event cannot carry it.
    #[must_use]
    pub fn event(self, request: &Request<impl AsRef<[u8]>>) -> Value {
        let headers = request.headers().iter().map(|(name, value)| {
            let Ok(value) = str::from_utf8(value.as_bytes()) else {
                panic!("an event cannot carry a header that is not UTF-8");
            };
            (name.to_string(), value.to_owned())
        });
        let sent = Sent {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            headers: headers.collect(),
            body: Bytes::copy_from_slice(request.body().as_ref()),
        };
        sent.event(self)
    }

    fn domain(self) -> &'static str {
        match self {
            Self::Local => "localhost",
            Self::HttpApi | Self::Rest => "abcdef1234.execute-api.eu-central-1.amazonaws.com",
            Self::FunctionUrl => "id.lambda-url.eu-central-1.on.aws",
            Self::AlbSingle | Self::AlbMulti => "lb-1234567890.eu-central-1.elb.amazonaws.com",
            Self::VpcLattice => "shop-0123456789abcdef0.7d67968.vpc-lattice-svcs.eu-central-1.on.aws",
        }
    }
}

/// A request on its way; the path need not be a valid one.
pub(super) struct Sent {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Sent {
    pub(super) fn event(mut self, source: Source) -> Value {
        if source == Source::Local {
            self.add_header("host", "localhost:9000");
        } else {
            self.add_header("host", source.domain());
            self.add_address("203.0.113.7");
            self.add_header("x-forwarded-port", "443");
            self.add_header("x-forwarded-proto", "https");
        }
        match source {
            Source::Local | Source::HttpApi | Source::FunctionUrl => self.payload_v2(source),
            Source::Rest => self.rest(source),
            Source::AlbSingle | Source::AlbMulti => self.alb(source),
            Source::VpcLattice => self.vpc_lattice(),
        }
    }

    fn add_header(&mut self, name: &str, value: &str) {
        if !self.headers.iter().any(|(other, _)| other == name) {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// A front end writes the address that it saw behind those that were sent.
    fn add_address(&mut self, address: &str) {
        let sent = self.headers.extract_if(.., |(name, _)| name == "x-forwarded-for").map(|(_, value)| value);
        let addresses: Vec<_> = sent.chain([address.to_owned()]).collect();
        self.headers.push(("x-forwarded-for".to_owned(), addresses.join(", ")));
    }

    fn payload_v2(&self, source: Source) -> Value {
        let mut headers = Map::new();
        for (name, values) in grouped(&self.headers) {
            headers.insert(name.clone(), values.join(if name == "cookie" { "; " } else { "," }).into());
        }
        let cookie = if source == Source::HttpApi { headers.remove("cookie") } else { headers.get("cookie").cloned() };
        let path = if source == Source::HttpApi { decoded_path(&self.path) } else { self.path.clone() };
        let source_ip = if source == Source::Local { "127.0.0.1" } else { "203.0.113.7" };
        let mut event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": self.query,
            "headers": headers,
            "requestContext": {
                "accountId": "anonymous",
                "apiId": "test",
                "domainName": source.domain(),
                "domainPrefix": "test",
                "http": {
                    "method": self.method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": source_ip,
                    "userAgent": "",
                },
                "requestId": "test",
                "routeKey": "$default",
                "stage": "$default",
                "time": "01/Jan/1970:00:00:00 +0000",
                "timeEpoch": 0,
            },
        });
        if let Some(cookie) = cookie.as_ref().and_then(Value::as_str).filter(|_| source != Source::Local) {
            event["cookies"] = cookie.split("; ").collect();
        }
        self.add_body(event)
    }

    fn rest(&self, source: Source) -> Value {
        let query = grouped(&decoded_pairs(&self.query));
        self.add_body(json!({
            "resource": "/{proxy+}",
            "path": self.path,
            "httpMethod": self.method,
            "headers": last(&grouped(&self.headers)),
            "multiValueHeaders": lists(&grouped(&self.headers)),
            "queryStringParameters": if query.is_empty() { Value::Null } else { last(&query) },
            "multiValueQueryStringParameters": if query.is_empty() { Value::Null } else { lists(&query) },
            "pathParameters": {"proxy": self.path.trim_start_matches('/')},
            "stageVariables": null,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "abcdef1234",
                "domainName": source.domain(),
                "domainPrefix": "abcdef1234",
                "extendedRequestId": "test",
                "httpMethod": self.method,
                "identity": {"sourceIp": "203.0.113.7", "userAgent": ""},
                "path": format!("/prod{}", self.path),
                "protocol": "HTTP/1.1",
                "requestId": "test",
                "requestTime": "01/Jan/1970:00:00:00 +0000",
                "requestTimeEpoch": 0,
                "resourceId": "abcdef",
                "resourcePath": "/{proxy+}",
                "stage": "prod",
            },
        }))
    }

    fn alb(&self, source: Source) -> Value {
        let (query, headers) = (grouped(&raw_pairs(&self.query)), grouped(&self.headers));
        let mut event = json!({
            "requestContext": {
                "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/test/1"},
            },
            "httpMethod": self.method,
            "path": self.path,
        });
        if source == Source::AlbMulti {
            event["multiValueHeaders"] = lists(&headers);
            event["multiValueQueryStringParameters"] = lists(&query);
        } else {
            event["headers"] = last(&headers);
            event["queryStringParameters"] = last(&query);
        }
        self.add_body(event)
    }

    fn vpc_lattice(&self) -> Value {
        let separator = if self.query.is_empty() { "" } else { "?" };
        self.add_body(json!({
            "version": "2.0",
            "path": format!("{}{separator}{}", self.path, self.query),
            "method": self.method,
            "headers": lists(&grouped(&self.headers)),
            "queryStringParameters": lists(&grouped(&raw_pairs(&self.query))),
            "requestContext": {
                "serviceNetworkArn": "arn:aws:vpc-lattice:eu-central-1:123456789012:servicenetwork/sn-0",
                "serviceArn": "arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-0",
                "targetGroupArn": "arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/tg-0",
                "identity": {"sourceVpcArn": "arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-0", "type": "AWS_IAM"},
                "region": "eu-central-1",
                "timeEpoch": "0",
            },
        }))
    }

    /// Text as it is, anything else as base64.
    fn add_body(&self, mut event: Value) -> Value {
        let text = str::from_utf8(&self.body).ok();
        event["isBase64Encoded"] = text.is_none().into();
        event["body"] = match text {
            Some("") => Value::Null,
            Some(text) => text.into(),
            None => STANDARD.encode(&self.body).into(),
        };
        event
    }
}

/// The values of each name, in the order in which the names first come.
fn grouped(pairs: &[(String, String)]) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in pairs {
        match groups.iter_mut().find(|(other, _)| other == name) {
            Some((_, values)) => values.push(value.clone()),
            None => groups.push((name.clone(), vec![value.clone()])),
        }
    }
    groups
}

fn lists(groups: &[(String, Vec<String>)]) -> Value {
    groups.iter().map(|(name, values)| (name.clone(), Value::from(values.clone()))).collect::<Map<_, _>>().into()
}

fn last(groups: &[(String, Vec<String>)]) -> Value {
    let last = |values: &[String]| values.last().cloned().into();
    groups.iter().map(|(name, values)| (name.clone(), last(values))).collect::<Map<_, _>>().into()
}

fn raw_pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn decoded_pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// An HTTP API also cuts the path at a `?` that it decoded.
fn decoded_path(path: &str) -> String {
    let path = percent_decode_str(path).decode_utf8_lossy();
    path.split('?').next().unwrap_or_default().to_owned()
}
