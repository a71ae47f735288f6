//! The Terraform module of a bundle: its text, its plans, and what changes when the app does.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use wharf_tests::{
    Guide, Upstream,
    bundle_command::sha256,
    checkov, paths,
    terraform::{Applied, OfflineProvider, is_installed, terraform},
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER_SECRET: &str = "fedcba9876543210fedcba9876543210";

fn module() -> PathBuf {
    paths::workspace_root().join("deploy/terraform")
}

/// A bundle of small files that stand for zips and objects, and a root module beside it that keeps its state.
struct Shop {
    folder: TempDir,
}

impl Shop {
    fn new() -> Self {
        let shop = Self { folder: tempfile::tempdir().expect("the folders of the test are there and its own") };
        for entry in fs::read_dir(module()).expect("the folders of the test are there and its own") {
            let path = entry.expect("the folders of the test are there and its own").path();
            if path.extension().is_some_and(|extension| extension == "tf") {
                let text = fs::read_to_string(&path).expect("the folders of the test are there and its own");
                shop.write(
                    &format!(
                        "terraform/{}",
                        path.file_name()
                            .expect("the folders of the test are there and its own")
                            .to_str()
                            .expect("the folders of the test are there and its own")
                    ),
                    &text,
                );
            }
        }
        shop.write("cdn/viewer-request.js", "async function handler(event) { return event.request; }");
        shop.write("cdn/key-values.json", r#"{"data":[]}"#);
        shop.bundle("the first edition");
        shop
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join("target/bundle").join(path);
        fs::create_dir_all(path.parent().expect("the folders of the test are there and its own"))
            .expect("the folders of the test are there and its own");
        fs::write(path, text).expect("the folders of the test are there and its own");
    }

    /// Writes what `cargo bundle` would, over what is there. `edition` is what the route `/editions` answers.
    fn bundle(&self, edition: &str) {
        // The routes of `app/admin` share a function.
        let api = [
            ("/", "index"),
            ("/a%20b@c/{path+}", "docs-path"),
            ("/admin", "admin"),
            ("/admin/{proxy+}", "admin"),
            ("/editions", "editions"),
            ("/items/{slug}", "items-slug"),
            ("/live", "live"),
        ];
        let functions = api.iter().map(|(_, name)| {
            let code = if *name == "editions" { edition } else { name };
            self.write(&format!("functions/{name}.zip"), code);
            let mode = if *name == "live" { "response_stream" } else { "buffered" };
            let function = json!({
                "zip": format!("functions/{name}.zip"), "size": code.len(), "unzipped_size": code.len(),
                "sha256": "", "code_sha256": format!("hash of {code}"), "runtime": "provided.al2023",
                "handler": "bootstrap", "architecture": "arm64", "memory": 256, "timeout": 30, "invoke_mode": mode,
                "description": format!("app/{name}/route.rs"), "revalidates": *name == "editions",
            });
            ((*name).to_owned(), function)
        });
        let functions: BTreeMap<String, Value> = functions.collect();
        let objects = [
            self.object("/editions", edition, &json!(false), Some("editions")),
            self.object("/index.html", "<h1>", &json!(false), None),
            self.object("/copy.html", "<h1>", &json!(false), None),
            self.object("/news", "renewed", &json!(60), Some("index")),
        ];
        let pairs = objects.iter().filter(|object| object["revalidate"] == false);
        let pairs =
            pairs.map(|object| json!({"key": object["path"], "value": json!({"k": object["key"]}).to_string()}));
        self.write("cdn/key-values.json", &json!({"data": pairs.collect::<Vec<_>>()}).to_string());
        let manifest = json!({
            "format_version": 1, "generator": {"name": "wharf-bundler", "version": "0.1.0"},
            "app": {"name": "shop", "version": "0.1.0", "wharf": "0.1.0"},
            "functions": functions, "routes": [], "api": BTreeMap::from(api), "objects": objects,
            "stamp_writer": {
                "zip": "functions/_stamp_writer.zip", "size": 6, "unzipped_size": 6, "sha256": "",
                "code_sha256": "hash of writer", "runtime": "provided.al2023", "handler": "bootstrap",
                "architecture": "arm64", "memory": 256, "timeout": 30, "description": "writes",
                "batch_size": 1000, "batch_window": 1,
            },
        });
        self.write("functions/_stamp_writer.zip", "writer");
        self.write("manifest.json", &manifest.to_string());
    }

    fn object(&self, path: &str, body: &str, revalidate: &Value, function: Option<&str>) -> Value {
        let key = format!("objects/{}", body.replace(|character: char| !character.is_ascii_alphanumeric(), "-"));
        self.write(&key, body);
        let mut object = json!({
            "path": path, "key": key, "file": key, "size": body.len(), "sha256": "", "status": 200,
            "headers": {"content-type": "text/html", "cache-control": "public, max-age=0", "content-language": "de"},
            "revalidate": revalidate,
        });
        if let Some(function) = function {
            object["function"] = function.into();
        }
        object
    }

    /// A root module with these inputs besides the name. In Terraform's JSON, where the provider's stand-in leaves the
    /// backend as it is, so that one run goes on where the last one ended.
    fn root(&self, inputs: &Value) -> PathBuf {
        let mut module = json!({"source": "../target/bundle/terraform", "name": "shop"});
        for (name, value) in inputs.as_object().expect("inputs are an object") {
            module[name] = value.clone();
        }
        let root = json!({
            "terraform": {"backend": {"local": {"path": self.folder.path().join("shop.tfstate")}}},
            "provider": {"aws": {"region": "eu-central-1"}},
            "module": {"app": module},
            "output": {"all": {"value": "${module.app}"}},
        });
        let folder = self.folder.path().join("deploy");
        fs::create_dir_all(&folder).expect("the folders of the test are there and its own");
        fs::write(folder.join("main.tf.json"), root.to_string())
            .expect("the folders of the test are there and its own");
        folder
    }
}

fn keys<'a>(resources: &[(String, &'a Value)], attribute: &str) -> Vec<&'a str> {
    let mut values: Vec<_> = resources.iter().filter_map(|(_, values)| values[attribute].as_str()).collect();
    values.sort_unstable();
    values
}

#[test]
fn the_module_and_the_example_are_formatted() {
    if is_installed() {
        for folder in [module(), paths::example("guide").join("deploy")] {
            let _ = terraform(&folder, &["fmt", "-check", "-diff", "-recursive"]).succeeded();
        }
    }
}

#[test]
fn checkov_finds_nothing_that_has_no_reason() {
    let found = checkov::findings("terraform", &[module()]);
    assert_eq!(found, Vec::<String>::new());
}

/// What the module reads of the manifest, in whatever way it is spelled, is what the manifest's schema has.
#[test]
fn the_module_reads_only_what_the_manifest_has() {
    let schema = fs::read_to_string(paths::workspace_root().join("bundler/manifest.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let read = |file: &str, before: &str| {
        let text = fs::read_to_string(module().join(file)).unwrap();
        let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        let code = code.join("\n");
        let names = code.split(before).skip(1);
        let names: Vec<String> = names
            .map(|rest| rest.chars().take_while(|next| next.is_ascii_alphanumeric() || *next == '_').collect())
            .collect();
        assert!(!names.is_empty(), "{file} holds no {before}");
        names
    };
    let cases = [
        ("manifest.tf", "local.manifest.", &schema["properties"]),
        ("manifest.tf", " function.", &schema["$defs"]["FunctionEntry"]["properties"]),
        ("functions.tf", ", function.", &schema["$defs"]["FunctionEntry"]["properties"]),
        ("api.tf", "local.manifest.", &schema["properties"]),
        ("manifest.tf", " object.", &schema["$defs"]["ObjectEntry"]["properties"]),
        ("manifest.tf", "(object.", &schema["$defs"]["ObjectEntry"]["properties"]),
    ];
    for (file, before, properties) in cases {
        for name in read(file, before) {
            assert!(properties.get(&name).is_some(), "{file} reads {before}{name}, which no manifest has");
        }
    }
    for name in ["zip", "code_sha256", "runtime", "handler", "architecture", "description"] {
        assert!(read("functions.tf", "each.value.").contains(&name.to_owned()), "functions.tf ignores {name}");
    }
}

#[test]
fn everything_of_the_manifest_is_applied() {
    let Some(provider) = OfflineProvider::configured() else { return };
    let shop = Shop::new();
    let inputs = json!({
        "origin_secret": SECRET,
        "origin_secret_rotation": OTHER_SECRET,
        "environment": {"TABLE": "orders"},
        "functions": {"index": {"memory": 512, "environment": {"ONLY": "here"}, "policy_statements":
            [{"actions": ["dynamodb:GetItem"], "resources": ["*"]}]}},
        "object_prefix": "wharf/",
        "tracing": true,
        "vpc": {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]},
        "alarms": {"topic_arn": "arn:aws:sns:eu-central-1:123456789012:alarms"},
        "domain": {"name": "shop.example.com", "zone_id": "Z0123456789"},
    });
    let applied = provider.apply(&shop.root(&inputs), &[]);

    let functions = of_the_app(&applied);
    assert_eq!(
        keys(&functions, "function_name"),
        ["shop-admin", "shop-docs-path", "shop-editions", "shop-index", "shop-items-slug", "shop-live"]
    );
    for (name, function) in &functions {
        let code = if name == "editions" { "the first edition" } else { name };
        assert_eq!(function["source_code_hash"], format!("hash of {code}"));
        assert_eq!(function["memory_size"], if name == "index" { 512 } else { 256 }, "{name}");
        assert_eq!(function["architectures"], json!(["arm64"]));
        let variables = &function["environment"][0]["variables"];
        assert_eq!(variables["TABLE"], "orders");
        let queue = stamp_queue(&applied)["url"].as_str().filter(|_| name == "editions");
        assert_eq!(variables["WHARF_STAMP_QUEUE"].as_str(), queue, "{name}");
        assert_eq!(variables["WHARF_KEY_VALUE_STORE"], Value::Null, "{name}");
        assert_eq!(variables["ONLY"], if name == "index" { json!("here") } else { Value::Null }, "{name}");
        assert_eq!(
            (&variables["WHARF_ORIGIN_SECRET"], &variables["WHARF_REQUIRE_ORIGIN"]),
            (&json!(SECRET), &json!("1"))
        );
        assert_eq!(variables["WHARF_ORIGIN_SECRET_ROTATION"], OTHER_SECRET);
        assert_eq!(variables["WHARF_HOSTS"], "shop.example.com");
    }
    let routes = keys(&applied.resources("aws_apigatewayv2_route"), "route_key");
    assert_eq!(
        routes,
        [
            "ANY /",
            "ANY /a%20b@c/{path+}",
            "ANY /admin",
            "ANY /admin/{proxy+}",
            "ANY /editions",
            "ANY /items/{slug}",
            "ANY /live",
        ]
    );
    assert_eq!(applied.resources("aws_apigatewayv2_integration").len(), functions.len());
    assert_eq!(applied.resources("aws_lambda_permission").len(), functions.len(), "one, for all routes of a function");
    let policies = applied.resources("aws_iam_role_policy");
    let policies: Vec<_> = policies.into_iter().filter(|(name, _)| name != WRITER).collect();
    let logs_of_its_own = |(name, policy): &(String, &Value)| {
        let policy = policy["policy"].as_str().unwrap();
        let group = format!(":log-group:/aws/lambda/shop-{name}:*");
        policy.contains(&group)
            && policy.matches(":log-group:").count() == 1
            && policy.contains("dynamodb:GetItem") == (name == "index")
            && policy.contains("sqs:SendMessage") == (name == "editions")
            && !policy.contains("cloudfront-keyvaluestore:")
    };
    assert!(policies.len() == 6 && policies.iter().all(logs_of_its_own), "{policies:#?}");

    let urls = applied.resources("aws_lambda_function_url");
    assert_eq!(keys(&urls, "invoke_mode"), ["RESPONSE_STREAM"]);
    assert_eq!(urls[0].0, "live");

    let objects = applied.resources("aws_s3_object");
    assert_eq!(keys(&objects, "key"), ["wharf/objects/-h1-", "wharf/objects/the-first-edition"]);
    for (_, object) in &objects {
        assert_eq!(object["content_type"], "text/html");
        assert_eq!(object["cache_control"], "public, max-age=0");
        assert_eq!(object["content_language"], "de");
        assert!(object["etag"].as_str().is_some_and(|etag| etag.len() == 32), "{object:#}");
    }
    let stored = applied.only("aws_cloudfrontkeyvaluestore_keys_exclusive");
    assert_eq!(stored["resource_key_value_pair"].as_array().unwrap().len(), 3);

    let distribution = applied.only("aws_cloudfront_distribution");
    let origins = distribution["origin"].as_array().unwrap();
    let of = |id: &str| origins.iter().find(|origin| origin["origin_id"] == id).unwrap();
    assert_eq!(origins.len(), 3);
    assert_eq!(of("objects")["origin_path"], "/wharf");
    assert_eq!(of("api")["custom_header"], json!([{"name": "x-wharf-origin-secret", "value": SECRET}]));
    assert_eq!(distribution["aliases"], json!(["shop.example.com"]));
    assert_eq!(applied.only("aws_acm_certificate")["region"], "us-east-1");
    assert_eq!(applied.resources("aws_cloudwatch_metric_alarm").len(), 3 * 6 + 2);
    assert_eq!(applied.value("all")["url"], "https://shop.example.com");
}

#[test]
fn without_the_cdn_the_api_is_all_there_is() {
    let Some(provider) = OfflineProvider::configured() else { return };
    let shop = Shop::new();
    let inputs = json!({"cdn": false, "access_log": false, "domain": {"name": "shop.example.com", "zone_id": "Z01"}});
    let applied = provider.apply(&shop.root(&inputs), &[]);
    for kind in ["aws_s3_bucket", "aws_s3_object", "aws_cloudfront_distribution", "aws_cloudwatch_metric_alarm"] {
        assert!(applied.resources(kind).is_empty(), "{kind}");
    }
    for kind in ["aws_sqs_queue", "aws_lambda_event_source_mapping"] {
        assert!(applied.resources(kind).is_empty(), "{kind}");
    }
    for (name, function) in applied.resources("aws_lambda_function") {
        assert!(function["environment"][0]["variables"].get("WHARF_STAMP_QUEUE").is_none(), "{name}");
    }
    assert_eq!(applied.only("aws_apigatewayv2_api")["disable_execute_api_endpoint"], true);
    assert_eq!(applied.only("aws_acm_certificate")["region"], "eu-central-1");
    let warning = applied.output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(warning.contains("nothing serves /index.html, /copy.html"), "{}", applied.output);
}

#[test]
fn an_app_without_routes_is_applied() {
    let Some(provider) = OfflineProvider::configured() else { return };
    let shop = Shop::new();
    let manifest = json!({"format_version": 1, "functions": {}, "routes": [], "api": {}, "objects": []});
    shop.write("manifest.json", &manifest.to_string());
    let applied = provider.apply(&shop.root(&json!({"origin_secret": SECRET})), &[]);
    assert!(applied.resources("aws_lambda_function").is_empty());
    assert_eq!(applied.only("aws_cloudfront_distribution")["enabled"], true);
}

/// A shop that says something of one of its functions.
fn shop_with_settings() -> Shop {
    let shop = Shop::new();
    let path = shop.folder.path().join("target/bundle/manifest.json");
    let text = fs::read_to_string(path).expect("the shop has a manifest");
    let mut manifest: Value = serde_json::from_str(&text).expect("the manifest of the shop is ours");
    let function = &mut manifest["functions"]["admin"];
    let resources = ["arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TABLE}", "*"];
    function["policy_statements"] = json!([{"actions": ["dynamodb:PutItem"], "resources": resources}]);
    function["reserved_concurrency"] = json!(5);
    function["environment"] = json!(["TABLE"]);
    shop.write("manifest.json", &manifest.to_string());
    shop
}

#[test]
fn a_function_has_what_the_app_says_of_it_unless_the_deployment_says_otherwise() {
    let Some(provider) = OfflineProvider::configured() else { return };
    let shop = shop_with_settings();
    let said = provider.refuses(&shop.root(&json!({"origin_secret": SECRET})));
    assert!(said.contains("needs a value for TABLE"), "{said}");
    let functions = json!({"admin": {"environment": {"TABLE": "orders"}}});
    let applied = provider.apply(&shop.root(&json!({"origin_secret": SECRET, "functions": functions})), &[]);
    for (name, function) in of_the_app(&applied) {
        let wanted = if name == "admin" { json!(5) } else { json!(-1) };
        let found = &function["reserved_concurrent_executions"];
        assert!(*found == wanted || (name != "admin" && found.is_null()), "{name}: {found}");
    }
    let policies = applied.resources("aws_iam_role_policy");
    let policy = policies.iter().find(|(name, _)| name == "admin").unwrap().1["policy"].as_str().unwrap();
    let policy: Value = serde_json::from_str(policy).unwrap();
    let statement = policy["Statement"].as_array().unwrap().last().unwrap();
    assert_eq!(statement["Action"], json!(["dynamodb:PutItem"]));
    let resource = statement["Resource"][0].as_str().unwrap();
    assert!(resource.ends_with(":table/orders") && resource.contains(":eu-central-1:"), "{resource}");
    assert!(!resource.contains("${") && statement["Resource"][1] == "*", "{statement}");
    let functions = json!({"admin": {"environment": {"TABLE": "orders"}, "reserved_concurrency": 7}});
    let applied = provider.apply(&shop.root(&json!({"origin_secret": SECRET, "functions": functions})), &[]);
    let functions = of_the_app(&applied);
    let admin = functions.iter().find(|(name, _)| name == "admin").unwrap().1;
    assert_eq!(admin["reserved_concurrent_executions"], 7);
}

/// The key of what belongs to the stamp writer.
const WRITER: &str = "stamp_writer";

/// The functions that answer routes.
fn of_the_app(applied: &Applied) -> Vec<(String, &Value)> {
    applied.resources("aws_lambda_function").into_iter().filter(|(name, _)| name != WRITER).collect()
}

/// The queue that functions send to.
fn stamp_queue(applied: &Applied) -> &Value {
    let queues = applied.resources("aws_sqs_queue");
    let queue = queues.into_iter().find(|(_, queue)| queue["name"] == "shop-stamps");
    queue.unwrap_or_else(|| panic!("there is no queue\n{}", applied.output)).1
}

#[test]
fn the_stamp_writer_alone_writes_to_the_store_and_runs_nothing_of_the_app() {
    let Some(provider) = OfflineProvider::configured() else { return };
    let shop = Shop::new();
    let inputs = json!({"origin_secret": SECRET, "environment": {"TABLE": "orders"}, "policy_statements":
        [{"actions": ["dynamodb:GetItem"], "resources": ["*"]}]});
    let applied = provider.apply(&shop.root(&inputs), &[]);
    let store = applied.only("aws_cloudfront_key_value_store")["arn"].clone();
    let functions = applied.resources("aws_lambda_function");
    let writer = functions.iter().find(|(name, _)| name == WRITER).unwrap().1;
    assert_eq!(writer["environment"][0]["variables"], json!({"WHARF_KEY_VALUE_STORE": store}));
    assert_eq!(writer["source_code_hash"], "hash of writer");
    for (name, policy) in applied.resources("aws_iam_role_policy") {
        let policy: Value = serde_json::from_str(policy["policy"].as_str().unwrap()).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        let actions: Vec<&str> = statements
            .iter()
            .flat_map(|statement| match &statement["Action"] {
                Value::Array(actions) => actions.iter().filter_map(Value::as_str).collect(),
                action => action.as_str().into_iter().collect::<Vec<_>>(),
            })
            .collect();
        let writes = actions.iter().any(|action| action.starts_with("cloudfront-keyvaluestore:"));
        assert_eq!(writes, name == WRITER, "{name}: {actions:?}");
        if name == WRITER {
            let wanted = [
                "logs:CreateLogStream",
                "logs:PutLogEvents",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
                "cloudfront-keyvaluestore:DescribeKeyValueStore",
                "cloudfront-keyvaluestore:GetKey",
                "cloudfront-keyvaluestore:UpdateKeys",
            ];
            assert_eq!(actions, wanted);
            let resources: Vec<&Value> = statements.iter().map(|statement| &statement["Resource"]).collect();
            assert_eq!(resources[1..], [&stamp_queue(&applied)["arn"], &store]);
        }
    }
    let mapping = applied.only("aws_lambda_event_source_mapping");
    assert_eq!(mapping["function_response_types"], json!(["ReportBatchItemFailures"]));
    assert_eq!(mapping["scaling_config"], json!([{"maximum_concurrency": 2}]));
    assert_eq!((&mapping["batch_size"], &mapping["maximum_batching_window_in_seconds"]), (&json!(1000), &json!(1)));
    assert_eq!(stamp_queue(&applied)["visibility_timeout_seconds"], 180);
    for (name, queue) in applied.resources("aws_sqs_queue") {
        assert_eq!(queue["sqs_managed_sse_enabled"], true, "{name}");
    }
}

/// The line in which Terraform says this of this resource.
fn line(applied: &Applied, address: &str, says: &str) -> usize {
    let mut lines = applied.output.stdout.lines();
    let found = lines.position(|line| line.starts_with(&format!("module.app.{address}")) && line.contains(says));
    found.unwrap_or_else(|| panic!("no line says {says} of {address}\n{}", applied.output))
}

/// What replaces one edition by another, in this order: what is new, the key-value data, and then what is old.
fn assert_replaced(applied: &Applied, old: &str, new: &str) {
    let object = |edition: &str| format!("aws_s3_object.object[\"objects/{}\"]", edition.replace(' ', "-"));
    let (data, function) =
        ("aws_cloudfrontkeyvaluestore_keys_exclusive.cdn[0]", "aws_lambda_function.function[\"editions\"]");
    let mut wanted = [
        (data.to_owned(), "delete, create".to_owned()),
        (function.to_owned(), "update".to_owned()),
        (object(old), "delete".to_owned()),
        (object(new), "create".to_owned()),
        ("terraform_data.bundle".to_owned(), "update".to_owned()),
    ];
    wanted.sort();
    assert_eq!(applied.changes(), wanted);
    let switch_begins = line(applied, data, ": Creating...");
    for (address, says) in [(&*object(new), ": Creation complete"), (function, ": Modifications complete")] {
        assert!(line(applied, address, says) < switch_begins, "{address} is late\n{}", applied.output);
    }
    let old_goes = line(applied, &object(old), ": Destroying...");
    let switch_ends = line(applied, data, ": Creation complete");
    assert!(switch_ends < old_goes, "the old object goes too early\n{}", applied.output);
}

/// What a deployment answers with, whatever it was before.
fn answers(applied: &Applied) -> Value {
    let code = |kind: &str, attribute: &str| -> BTreeMap<String, Value> {
        applied.resources(kind).into_iter().map(|(key, values)| (key, values[attribute].clone())).collect()
    };
    json!({
        "functions": code("aws_lambda_function", "source_code_hash"),
        "objects": code("aws_s3_object", "key"),
        "data": applied.only("aws_cloudfrontkeyvaluestore_keys_exclusive")["resource_key_value_pair"],
        "viewer-request": applied.only("aws_cloudfront_function")["code"],
    })
}

#[test]
fn a_changed_route_changes_its_function_and_its_objects_in_order_and_so_does_the_way_back() {
    let Some(provider) = OfflineProvider::configured() else { return };
    let shop = Shop::new();
    let root = shop.root(&json!({"origin_secret": SECRET}));
    let first = provider.apply(&root, &[]);
    assert!(first.changes().len() > 40, "{:#?}", first.changes());
    assert!(provider.apply(&root, &[]).changes().is_empty(), "the state was not kept");

    shop.bundle("the second edition");
    let second = provider.apply(&root, &[]);
    assert_replaced(&second, "the first edition", "the second edition");
    assert_ne!(answers(&second), answers(&first));

    shop.bundle("the first edition");
    let back = provider.apply(&root, &[]);
    assert_replaced(&back, "the second edition", "the first edition");
    assert_eq!(answers(&back), answers(&first));

    // One function alone, as the output `functions` names its versions.
    let root = shop.root(&json!({"origin_secret": SECRET, "functions": {"editions": {"version": "7"}}}));
    let alone = provider.apply(&root, &[]);
    assert_eq!(alone.changes(), [("aws_lambda_alias.live[\"editions\"]".to_owned(), "update".to_owned())]);
}

#[test]
fn objects_of_kept_bundles_stay() {
    let Some(provider) = OfflineProvider::configured() else { return };
    let shop = Shop::new();
    let kept = shop.folder.path().join("kept");
    fs::create_dir_all(kept.join("objects")).unwrap();
    for file in ["manifest.json", "objects/the-first-edition", "objects/-h1-"] {
        fs::copy(shop.folder.path().join("target/bundle").join(file), kept.join(file)).unwrap();
    }
    shop.bundle("the second edition");
    let applied = provider.apply(&shop.root(&json!({"origin_secret": SECRET, "kept_bundles": ["../kept"]})), &[]);
    let objects = applied.resources("aws_s3_object");
    let sources = keys(&objects, "source");
    assert_eq!(sources.len(), 3, "{sources:?}");
    assert_eq!(sources.iter().filter(|source| source.starts_with("../kept/")).count(), 1, "{sources:?}");
}

#[test]
fn mistakes_are_named() {
    let Some(provider) = OfflineProvider::configured() else { return };
    let shop = Shop::new();
    let cases = [
        (json!({}), "With the CDN, the secret is 32 to 256 visible ASCII characters."),
        (json!({"origin_secret": "short"}), "With the CDN, the secret is 32 to 256 visible ASCII characters."),
        (json!({"origin_secret": SECRET, "origin_secret_rotation": ""}), "The second secret is 32 to 256 visible"),
        (json!({"cdn": false, "name": "Shop"}), "The name is 1 to 23 lower-case letters"),
        (json!({"cdn": false, "functions": {"nope": {}}}), "names what is no function of this bundle: nope."),
        (json!({"cdn": false, "bundle": "../target"}), "run `cargo bundle` first"),
        (json!({"cdn": false, "domain": {"name": "a.example"}}), "A domain needs its zone_id or a certificate_arn."),
        (json!({"origin_secret": SECRET, "object_prefix": "/x"}), "The prefix is empty, or folders"),
    ];
    for (inputs, says) in cases {
        let said = provider.refuses(&shop.root(&inputs));
        assert!(said.contains(says), "{inputs}: {said}");
    }
    shop.write("manifest.json", r#"{"format_version": 2, "functions": {}, "routes": [], "api": {}, "objects": []}"#);
    let said = provider.refuses(&shop.root(&json!({"cdn": false})));
    assert!(said.contains("This module reads manifests of format 1"), "{said}");
}

#[test]
fn the_example_deploys_the_guide() {
    let Some(provider) = OfflineProvider::configured() else { return };
    let guide = Guide::bundled(&Upstream::start());
    let applied = provider.apply(&guide.project.path("deploy"), &[("origin_secret", SECRET)]);
    let functions = of_the_app(&applied);
    assert_eq!(functions.len(), guide.bundle.functions().len());
    let writer = &guide.bundle.manifest()["stamp_writer"];
    let functions_and_writer = applied.resources("aws_lambda_function");
    let deployed = functions_and_writer.iter().find(|(name, _)| name == WRITER).unwrap().1;
    assert_eq!(deployed["source_code_hash"], writer["code_sha256"]);
    let optional =
        guide.bundle.routes().iter().filter(|route| route["pattern"].as_str().unwrap().contains("[[")).count();
    assert_eq!(applied.resources("aws_apigatewayv2_route").len(), guide.bundle.routes().len() + optional);
    for (name, function) in functions {
        assert_eq!(function["source_code_hash"], guide.bundle.manifest()["functions"][&name]["code_sha256"]);
    }
    for (key, object) in applied.resources("aws_s3_object") {
        let body = guide.bundle.folder().join(&key);
        let described = guide.bundle.objects().iter().find(|object| object["key"] == key.as_str()).unwrap();
        assert_eq!(described["sha256"], sha256(&body));
        assert_eq!(object["content_type"], described["headers"]["content-type"]);
    }
    assert!(applied.value("url").as_str().is_some_and(|url| url.starts_with("https://")));
}
