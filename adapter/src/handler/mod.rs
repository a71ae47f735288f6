//! What route files name: requests, responses, params, cookies, forms and errors, and the scope of a run through which
//! plain functions reach the request.
//!
//! It may name [`contract`](crate::contract) and [`revalidate`](crate::revalidate).

pub(crate) mod bounds;
pub(crate) mod cookies;
pub(crate) mod error;
pub(crate) mod form;
pub(crate) mod headers;
pub(crate) mod hosts;
pub(crate) mod json;
pub(crate) mod mark;
pub(crate) mod params;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod redirect;
pub(crate) mod rejection;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod scope;
pub(crate) mod static_params;
pub(crate) mod viewer;
