//! What the routes of the guide answer.
