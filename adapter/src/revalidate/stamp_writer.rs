//! The stamp writer: a function of its own, without code of the app, and the only one that may write to the CDN's store,
//! which holds the routing too. It reads batches of the queue of stamps.
//!
//! Every write follows a version of the whole store that it read, so that of two writers one has to try again. The store
//! keeps the newest of all stamps beside them. A writer reads it after the version, and writes stamps that are newer than
//! it: so no stamp is ever set back, in whatever order messages come and whatever a writer's clock says.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, Hasher, RandomState},
    sync::Mutex,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    Told,
    key_value_store::{self, MOST_KEYS, Outcome, Trouble, Version},
};
use crate::{
    contract::slot::Slot,
    handler::{error::Result, scope::lock},
    host::settings::KeyValueStore,
    revalidate::stamp::Stamp,
};

/// Where the newest of all stamps stands.
const NEWEST: &str = "stamp:newest";

/// How long one batch is tried; less than the function's timeout, so that what was not written is told.
const PATIENCE: Duration = Duration::from_secs(25);

/// A batch of the queue
/// ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event)).
#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    #[serde(rename = "messageId")]
    id: String,
    body: String,
}

/// What the queue has to hand out again
/// ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting)).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failures {
    batch_item_failures: Vec<Failed>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    item_identifier: String,
}

/// A version of the store, and the newest stamp that it holds.
struct Position {
    version: Version,
    newest: Stamp,
}

pub(crate) struct StampWriter {
    store: KeyValueStore,
    patience: Duration,
    /// What the last write led to: as long as nobody else writes, the next one need not ask.
    position: Mutex<Option<Position>>,
}

impl StampWriter {
    pub(crate) fn new(store: KeyValueStore) -> Self {
        Self { store, patience: PATIENCE, position: Mutex::new(None) }
    }

    /// Writes the stamps of a batch. Only an event that is no batch is an error.
    pub(crate) async fn write(&self, event: &str) -> serde_json::Result<Failures> {
        let Batch { records } = serde_json::from_str(event)?;
        let mut by_message = Vec::new();
        let mut left: BTreeMap<Slot, Stamp> = BTreeMap::new();
        for Record { id, body } in records {
            match serde_json::from_str::<Told>(&body) {
                Ok(Told { slot, moment }) => {
                    let newest = left.entry(slot).or_default();
                    *newest = moment.max(*newest);
                    by_message.push((id, slot));
                }
                // It would be the same the next time.
                Err(error) => tracing::error!(message_id = id, "a message of the queue is dropped: {error}"),
            }
        }
        let slots = left.len();
        let failure = match tokio::time::timeout(self.patience, self.write_all(&mut left)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.chain()),
            Err(_) => Some(format!("it was not written to within {} s", self.patience.as_secs())),
        };
        let (messages, written) = (by_message.len(), slots - left.len());
        match failure {
            None => tracing::info!(target: "wharf", messages, written, "stamps"),
            Some(failure) => {
                tracing::error!(target: "wharf", messages, written, left = left.len(), "the key-value store: {failure}");
            }
        }
        let failed = by_message.into_iter().filter(|(_, slot)| left.contains_key(slot));
        Ok(Failures { batch_item_failures: failed.map(|(id, _)| Failed { item_identifier: id }).collect() })
    }

    /// Takes out of `left` what is written.
    async fn write_all(&self, left: &mut BTreeMap<Slot, Stamp>) -> Result<()> {
        while !left.is_empty() {
            // One key is that of the newest stamp.
            let next: Vec<(Slot, Stamp)> = left.iter().take(MOST_KEYS - 1).map(|(slot, at)| (*slot, *at)).collect();
            self.update(&next).await?;
            for (slot, _) in next {
                left.remove(&slot);
            }
        }
        Ok(())
    }

    /// Tries until it is done.
    async fn update(&self, told: &[(Slot, Stamp)]) -> Result<()> {
        let mut tried = 0;
        loop {
            match self.try_to_update(told).await {
                Ok(()) => return Ok(()),
                Err(Trouble::Lasting(error)) => return Err(error),
                Err(Trouble::Passing(why)) => tracing::debug!(target: "wharf", "the key-value store, again: {why}"),
            }
            tokio::time::sleep(pause(tried)).await;
            tried += 1;
        }
    }

    async fn try_to_update(&self, told: &[(Slot, Stamp)]) -> Outcome<()> {
        let known = lock(&self.position).take();
        let position = match known {
            Some(position) => position,
            None => self.position().await?,
        };
        let now = Stamp::now();
        let told_last = told.iter().map(|(_, moment)| *moment).max().unwrap_or_default();
        let stamp = now.max(told_last.not_far_after(now)).max(position.newest.next());
        let slots = told.iter().map(|(slot, _)| slot.to_string()).chain([NEWEST.to_owned()]);
        let pairs: Vec<(String, String)> = slots.map(|key| (key, stamp.to_string())).collect();
        let version = key_value_store::put(&self.store, &position.version, &pairs).await?;
        *lock(&self.position) = Some(Position { version, newest: stamp });
        Ok(())
    }

    /// First the version: if another write comes after it, ours is refused.
    async fn position(&self) -> Outcome<Position> {
        let version = key_value_store::version(&self.store).await?;
        let newest = key_value_store::get(&self.store, NEWEST).await?;
        let newest = newest.and_then(|text| text.parse().ok()).filter(|stamp: &Stamp| stamp.is_possible());
        Ok(Position { version, newest: newest.unwrap_or_default() })
    }
}

/// Longer each time, and of a random length, so that two writers do not meet again and again.
fn pause(tried: u32) -> Duration {
    let longest = 40_u64 << tried.min(5);
    let random = RandomState::new().build_hasher().finish();
    Duration::from_millis(longest / 2 + random % longest)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, Read, Write},
        net::{TcpListener, TcpStream},
        sync::Arc,
        thread,
    };

    use serde_json::{Value, json};

    use super::*;
    use crate::host::settings::Credentials;

    const ARN: &str = "arn:aws:cloudfront::123456789012:key-value-store/0e-1f";

    /// The data API of CloudFront's key-value stores, as far as it is used: a write has to name the version of the whole
    /// store, and writes all of its keys or none.
    #[derive(Default)]
    struct Fake {
        values: BTreeMap<String, String>,
        version: u32,
        /// The requests: `describe`, `get` and `update`.
        asked: Vec<&'static str>,
        /// What the next updates are answered with.
        refusals: Vec<u16>,
        /// Whether the next update is done, and its answer lost.
        loses_an_answer: bool,
        /// The slots of each update, in order, with the stamp.
        updates: Vec<(usize, u64)>,
    }

    impl Fake {
        fn serve() -> (String, Arc<Mutex<Self>>) {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let fake = Arc::new(Mutex::new(Self::default()));
            let served = Arc::clone(&fake);
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let stream = stream.unwrap();
                    let fake = Arc::clone(&served);
                    thread::spawn(move || Self::answer(&fake, stream));
                }
            });
            (url, fake)
        }

        fn answer(fake: &Mutex<Self>, mut stream: TcpStream) {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut lines = reader.by_ref().lines().map_while(std::result::Result::ok);
            let Some(line) = lines.next() else { return };
            let headers: Vec<(String, String)> = lines
                .map_while(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
                .collect();
            let header = |name: &str| headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
            let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            assert!(header("authorization").starts_with("AWS4-ECDSA-P256-SHA256 Credential=id/"), "{headers:?}");
            assert_eq!((header("x-amz-region-set"), header("x-amz-security-token")), ("*", "token"));
            let mut fake = fake.lock().unwrap();
            let store = "/key-value-stores/arn%3Aaws%3Acloudfront%3A%3A123456789012%3Akey-value-store%2F0e-1f";
            let (method, rest) = line.split_once(store).unwrap_or_else(|| panic!("{line}"));
            let (status, answer) = match (method, rest.trim_end_matches(" HTTP/1.1")) {
                ("GET ", "") => {
                    fake.asked.push("describe");
                    (200, json!({}))
                }
                ("GET ", "/keys/stamp%3Anewest") => {
                    fake.asked.push("get");
                    fake.values.get(NEWEST).map_or((404, json!({})), |value| (200, json!({ "Value": value })))
                }
                ("POST ", "/keys") => (fake.update(header("if-match"), &body), json!({})),
                other => panic!("{other:?}"),
            };
            if std::mem::take(&mut fake.loses_an_answer) {
                return;
            }
            let answer = answer.to_string();
            let (version, length) = (fake.version, answer.len());
            let head =
                format!("HTTP/1.1 {status} X\r\netag: V{version}\r\ncontent-length: {length}\r\nconnection: close");
            let _ = write!(stream, "{head}\r\n\r\n{answer}");
        }

        fn update(&mut self, version: &str, body: &[u8]) -> u16 {
            self.asked.push("update");
            if let Some(status) = self.refusals.pop() {
                return status;
            }
            if version != format!("V{}", self.version) {
                return 409;
            }
            let body: Value = serde_json::from_slice(body).unwrap();
            let puts = body["Puts"].as_array().unwrap();
            assert!(body.get("Deletes").is_none() && puts.len() <= 50, "{body}");
            for put in puts {
                let (key, value) = (put["Key"].as_str().unwrap(), put["Value"].as_str().unwrap());
                assert!(key.starts_with("stamp:"), "{key}");
                let before = self.values.insert(key.to_owned(), value.to_owned());
                let [before, after] = [before.as_deref().unwrap_or("0"), value].map(|it| it.parse::<u64>().unwrap());
                assert!(before < after, "{key} is set back from {before} to {after}");
            }
            let newest = self.values[NEWEST].parse().unwrap();
            self.updates.push((puts.len() - 1, newest));
            self.version += 1;
            200
        }
    }

    fn writer(endpoint: &str) -> StampWriter {
        let [access_key_id, secret_access_key] = ["id", "secret"].map(str::to_owned);
        let session_token = Some("token".to_owned());
        let credentials = Credentials { access_key_id, secret_access_key, session_token };
        StampWriter::new(KeyValueStore { arn: ARN.to_owned(), endpoint: endpoint.to_owned(), credentials })
    }

    fn batch(bodies: &[String]) -> String {
        let record = |(index, body): (usize, &String)| json!({ "messageId": index.to_string(), "body": body });
        json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() }).to_string()
    }

    fn told(slots: impl IntoIterator<Item = u16>, moment: u64) -> Vec<String> {
        slots.into_iter().map(|slot| json!({ "slot": slot, "moment": moment }).to_string()).collect()
    }

    async fn write(writer: &StampWriter, bodies: &[String]) -> Vec<String> {
        let failures = writer.write(&batch(bodies)).await.unwrap().batch_item_failures;
        failures.into_iter().map(|failed| failed.item_identifier).collect()
    }

    fn now() -> u64 {
        Stamp::now().to_string().parse().unwrap()
    }

    fn stamp(fake: &Mutex<Fake>, slot: &str) -> u64 {
        fake.lock().unwrap().values[slot].parse().unwrap()
    }

    #[tokio::test]
    async fn a_burst_is_merged_and_written_fifty_keys_at_a_time() {
        let (url, fake) = Fake::serve();
        let writer = writer(&url);
        let messages = told((0..1_000).map(|number| number % 120), now());
        assert_eq!(write(&writer, &messages).await, Vec::<String>::new());
        let asked = fake.lock().unwrap().asked.clone();
        assert_eq!(asked, ["describe", "get", "update", "update", "update"], "as many as 120 slots need");
        assert_eq!(write(&writer, &told([7], now())).await, Vec::<String>::new());
        assert_eq!(fake.lock().unwrap().asked.len(), 6, "nobody else wrote, so nothing is asked");
        let keys: Vec<String> = fake.lock().unwrap().values.keys().cloned().collect();
        assert_eq!((keys.len(), &*keys[0], &*keys[119]), (121, "stamp:0000", "stamp:0077"));
    }

    #[tokio::test]
    async fn two_writers_lose_nothing_and_set_nothing_back() {
        let (url, fake) = Fake::serve();
        let writers = [Arc::new(writer(&url)), Arc::new(writer(&url))];
        let tasks = (0..10_u16).map(|index| {
            let writer = Arc::clone(&writers[usize::from(index % 2)]);
            // Slots of its own, and some that all of them write.
            tokio::spawn(async move {
                (now(), write(&writer, &told((index * 100..index * 100 + 60).chain(5_000..5_010), now())).await)
            })
        });
        let tasks: Vec<_> = tasks.collect();
        for (index, task) in tasks.into_iter().enumerate() {
            let (sent, failures) = task.await.unwrap();
            assert_eq!(failures, Vec::<String>::new());
            for slot in [index * 100, index * 100 + 59, 5_000, 5_009] {
                assert!(stamp(&fake, &format!("stamp:{slot:04x}")) >= sent, "{index}: {slot}");
            }
        }
        let fake = fake.lock().unwrap();
        assert_eq!(fake.values.len(), 10 * 60 + 10 + 1);
        assert!(fake.updates.is_sorted_by_key(|(_, stamp)| *stamp), "{:?}", fake.updates);
    }

    #[tokio::test]
    async fn a_storm_of_conflicts_and_a_lost_answer_are_waited_out() {
        let (url, fake) = Fake::serve();
        let writer = writer(&url);
        fake.lock().unwrap().refusals = vec![409, 412, 429, 500, 503, 409];
        let sent = now();
        assert_eq!(write(&writer, &told([1], sent)).await, Vec::<String>::new());
        assert_eq!(fake.lock().unwrap().asked.iter().filter(|asked| **asked == "update").count(), 7);
        assert!(stamp(&fake, "stamp:0001") >= sent);
        fake.lock().unwrap().loses_an_answer = true;
        assert_eq!(write(&writer, &told([2], now())).await, Vec::<String>::new());
        assert_eq!(fake.lock().unwrap().updates.len(), 3, "written twice, the second time with a newer stamp");
    }

    #[tokio::test]
    async fn what_is_handed_out_again_or_late_sets_nothing_back() {
        let (url, fake) = Fake::serve();
        let writer = writer(&url);
        let (early, late) = (told([3], now() - 60_000), told([3], now()));
        write(&writer, &late).await;
        let first = stamp(&fake, "stamp:0003");
        for again in [&early, &late, &[early.clone(), late.clone()].concat()] {
            assert_eq!(write(&writer, again).await, Vec::<String>::new());
        }
        assert!(stamp(&fake, "stamp:0003") > first);
    }

    #[tokio::test]
    async fn a_stamp_is_newer_than_all_others_whatever_the_clocks_say() {
        let (url, fake) = Fake::serve();
        // Another writer's clock is ahead, and so is the clock of who sent a message.
        let ahead = now() + 30_000;
        fake.lock().unwrap().values = BTreeMap::from([(NEWEST.to_owned(), ahead.to_string())]);
        write(&writer(&url), &told([4], now())).await;
        assert_eq!(stamp(&fake, "stamp:0004"), ahead + 1);
        fake.lock().unwrap().values.clear();
        let sent = now() + 5_000;
        write(&writer(&url), &told([5], sent)).await;
        assert_eq!(stamp(&fake, "stamp:0005"), sent);
        // Nobody's clock says so.
        for wrong in ["99999999999999", "soon", "-1", ""] {
            fake.lock().unwrap().values = BTreeMap::from([(NEWEST.to_owned(), "0".to_owned())]);
            let far = told([6], u64::MAX);
            assert_eq!(write(&writer(&url), &far).await, Vec::<String>::new(), "{wrong}");
            assert!(stamp(&fake, "stamp:0006") <= now() + 10_000, "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_is_no_message_is_dropped_and_holds_nothing_up() {
        let (url, fake) = Fake::serve();
        let writer = writer(&url);
        let mut messages: Vec<String> = [
            "",
            "{}",
            "[]",
            "null",
            "\u{0}",
            "{\"slot\":8192,\"moment\":1}",
            "{\"slot\":-1,\"moment\":1}",
            "{\"slot\":1}",
            "{\"slot\":\"/\",\"moment\":1}",
            "{\"slot\":1,\"moment\":1.5}",
            "{\"slot\":1,\"moment\":1,\"key\":\"/orders\"}",
            "{\"key\":\"/orders\",\"value\":\"{}\"}",
        ]
        .map(str::to_owned)
        .into();
        messages.push("[".repeat(100_000));
        assert_eq!(write(&writer, &messages).await, Vec::<String>::new());
        assert!(fake.lock().unwrap().asked.is_empty());
        messages.extend(told([9], now()));
        assert_eq!(write(&writer, &messages).await, Vec::<String>::new());
        assert_eq!(fake.lock().unwrap().updates.len(), 1);
        for event in ["", "{}", "{\"Records\":1}", "{\"Records\":[{}]}"] {
            assert!(writer.write(event).await.is_err(), "{event}");
        }
        assert_eq!(write(&writer, &[]).await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn what_was_not_written_is_handed_out_again_and_nothing_else() {
        let (url, fake) = Fake::serve();
        let writer = StampWriter { patience: Duration::from_secs(2), ..writer(&url) };
        fake.lock().unwrap().refusals = vec![403];
        let messages = told([1, 2, 1], now());
        assert_eq!(write(&writer, &messages).await, ["0", "1", "2"]);
        assert_eq!(fake.lock().unwrap().asked, ["describe", "get", "update"], "a refusal is no conflict");
        // The first update passes, and the second does not within the time.
        fake.lock().unwrap().refusals = vec![409; 1_000];
        fake.lock().unwrap().refusals.push(200);
        let messages = told(0..60, now());
        let failures = write(&writer, &messages).await;
        assert_eq!((failures.len(), &*failures[0]), (11, "49"));
        fake.lock().unwrap().refusals.clear();
        assert_eq!(write(&writer, &messages[49..]).await, Vec::<String>::new());
        // Nobody answers there.
        let nowhere = StampWriter { patience: Duration::from_millis(300), ..self::writer("http://127.0.0.1:1") };
        assert_eq!(write(&nowhere, &told([1], now())).await, ["0"]);
    }

    #[tokio::test]
    async fn however_much_is_revalidated_the_store_holds_as_many_stamps() {
        let (url, fake) = Fake::serve();
        let writer = StampWriter { patience: Duration::from_secs(120), ..writer(&url) };
        let all: Vec<String> = (0..20_000)
            .map(|number| json!({ "slot": Slot::of(&format!("path:/{number}")), "moment": now() }).to_string())
            .collect();
        assert_eq!(write(&writer, &all).await, Vec::<String>::new());
        let fake = fake.lock().unwrap();
        let bytes: usize = fake
            .values
            .iter()
            .map(|pair| serde_json::to_string(&json!({ "key": pair.0, "value": pair.1 })).unwrap().len() + 2)
            .sum();
        assert!(fake.values.len() <= usize::from(Slot::COUNT) + 1, "{}", fake.values.len());
        assert!(bytes < 500_000, "{bytes}: the bundler leaves as much");
    }
}
