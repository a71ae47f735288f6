//! What a source forces to be otherwise, all of it.

use std::collections::HashSet;

use form_urlencoded::parse;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use wharf::testing::Source::{self, AlbMulti, AlbSingle, FunctionUrl, HttpApi, Local, Rest, VpcLattice};

use super::asked::{Asked, Line, NOT_IN_A_PATH, VouchedHost};
use crate::HttpReply;

/// A difference, in one sentence, and where it holds.
#[derive(Debug)]
pub struct Difference {
    /// What is otherwise than the client or the handler meant.
    pub what: &'static str,
    /// The sources that force it.
    pub sources: &'static [Source],
    force: Force,
}

#[derive(Debug)]
enum Force {
    /// The request is as if the client had asked for this.
    Request(fn(&mut Asked)),
    /// The reply is as if the handler had told this.
    Reply(fn(&mut HttpReply)),
}

/// All of them, in the order in which they happen to a request and then to its reply.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        what: "The emulator forwards nothing: the client is 127.0.0.1, over plain HTTP.",
        sources: &[Local],
        force: Force::Request(forward_nothing),
    },
    Difference {
        what: "The emulator has no domain: the host is what it was called, if that is this machine.",
        sources: &[Local],
        force: Force::Request(|asked| asked.vouched_host = VouchedHost::ThisMachine),
    },
    Difference {
        what: "Nothing vouches for a host: it is `localhost`, unless `WHARF_HOSTS` names those of the app.",
        sources: &[AlbSingle, AlbMulti, VpcLattice],
        force: Force::Request(|asked| asked.vouched_host = VouchedHost::Nobody),
    },
    Difference {
        what: "The path is decoded: how it was spelled is lost, a `%2F` is a slash, and what is no escape is text.",
        sources: &[HttpApi],
        force: Force::Request(|asked| asked.path = encoded_path(&decoded_path(asked))),
    },
    Difference {
        what: "The decoded path is cut at a `?`.",
        sources: &[HttpApi],
        force: Force::Request(|asked| asked.path = asked.path.split("%3F").next().unwrap_or_default().to_owned()),
    },
    Difference {
        what: "The client sees the stage in front of the path, so URLs and a redirect to another spelling name it.",
        sources: &[Rest],
        force: Force::Request(|asked| asked.stage = "/prod"),
    },
    Difference {
        what: "The parameters of the query are decoded: they are the same pairs in another spelling.",
        sources: &[Rest],
        force: Force::Request(|asked| asked.query = encoded_pairs(&asked.query)),
    },
    Difference {
        what: "The query is a map: `a` is `a=`, and an empty pair is none.",
        sources: &[Rest, AlbSingle, AlbMulti],
        force: Force::Request(|asked| asked.query = joined(pairs(&asked.query))),
    },
    Difference {
        what: "The query is a map: the values of one name stand together, and nothing tells the order of the names.",
        sources: &[Rest, AlbSingle, AlbMulti],
        force: Force::Request(|asked| asked.query = joined(sorted(asked, pairs(&asked.query)))),
    },
    Difference {
        what: "Of a repeated parameter the last value comes.",
        sources: &[AlbSingle],
        force: Force::Request(|asked| asked.query = joined(last_of_each_name(pairs(&asked.query)))),
    },
    Difference {
        what: "Of a repeated header the last line comes.",
        sources: &[AlbSingle],
        force: Force::Request(|asked| asked.headers = last_of_each_name(asked.headers.clone())),
    },
    Difference {
        what: "A repeated header is one line, joined by a comma.",
        sources: &[Local, HttpApi, FunctionUrl],
        force: Force::Request(|asked| fold(&mut asked.headers, |name| name != "cookie", ",")),
    },
    Difference {
        what: "Repeated `Cookie` headers are one line, joined by a semicolon.",
        sources: &[Local, HttpApi, FunctionUrl],
        force: Force::Request(|asked| fold(&mut asked.headers, |name| name == "cookie", "; ")),
    },
    Difference {
        what: "A repeated header of a reply is one line, joined by a comma; `Set-Cookie` is not.",
        sources: &[Local, HttpApi, FunctionUrl, AlbSingle, VpcLattice],
        force: Force::Reply(|reply| fold(&mut reply.headers, |name| name != "set-cookie", ", ")),
    },
    Difference {
        what: "A reply sets 512 cookies at most: as many as `set-cookie` has spellings.",
        sources: &[AlbSingle, VpcLattice],
        force: Force::Reply(keep_512_cookies),
    },
];

impl Difference {
    /// Makes the reply what it forces it to be. The differences of requests come first.
    pub(super) fn force(&self, asked: &mut Asked, reply: &mut HttpReply) {
        match self.force {
            Force::Request(force) => {
                let before = asked.clone();
                force(asked);
                if *asked != before {
                    *reply = asked.reply();
                }
            }
            Force::Reply(force) => force(reply),
        }
    }
}

fn forward_nothing(asked: &mut Asked) {
    asked.headers.clone_from(&asked.sent);
    asked.source_ip = "127.0.0.1";
}

fn decoded_path(asked: &Asked) -> String {
    percent_decode_str(&asked.path).decode_utf8_lossy().into_owned()
}

fn encoded_path(path: &str) -> String {
    utf8_percent_encode(path, NOT_IN_A_PATH).to_string()
}

/// What would end a name or a value, or say something else.
const NOT_IN_A_PARAMETER: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'%').add(b'&').add(b'+').add(b'=');

fn encoded_pairs(query: &str) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NOT_IN_A_PARAMETER).to_string();
    joined(parse(query.as_bytes()).map(|(name, value)| (encoded(&name), encoded(&value))).collect())
}

fn pairs(query: &str) -> Vec<Line> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn joined(pairs: Vec<Line>) -> String {
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// A test needs some order: that of the names, as the source has them.
fn sorted(asked: &Asked, mut pairs: Vec<Line>) -> Vec<Line> {
    let decoded = |name: &str| percent_decode_str(name).decode_utf8_lossy().into_owned();
    pairs.sort_by_key(|(name, _)| if asked.source == Rest { decoded(name) } else { name.clone() });
    pairs
}

fn last_of_each_name(lines: Vec<Line>) -> Vec<Line> {
    let mut names = HashSet::new();
    let mut kept: Vec<_> = lines.into_iter().rev().filter(|(name, _)| names.insert(name.clone())).collect();
    kept.reverse();
    kept
}

fn fold(lines: &mut Vec<Line>, is_folded: fn(&str) -> bool, separator: &str) {
    let mut folded: Vec<Line> = Vec::new();
    for (name, value) in lines.drain(..) {
        match folded.iter_mut().find(|(other, _)| *other == name && is_folded(&name)) {
            Some((_, line)) => *line = format!("{line}{separator}{value}"),
            None => folded.push((name, value)),
        }
    }
    *lines = folded;
}

fn keep_512_cookies(reply: &mut HttpReply) {
    let mut left = 512_u32;
    reply.headers.retain(|(name, _)| {
        name != "set-cookie" || {
            let kept = left > 0;
            left = left.saturating_sub(1);
            kept
        }
    });
}
