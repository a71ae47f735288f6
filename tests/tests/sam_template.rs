//! `template.yaml`, judged by the tools of AWS: for an app of each kind of route, for one of 300, and for one that streams.
//!
//! The template is made from the manifest alone, so the apps are manifests, and nothing is compiled for them; `guide_bundle.rs` has the template of
//! a whole bundle judged.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use walkdir::WalkDir;
use wharf_bundler::stages::{
    deploy::{cdn, sam},
    discover::PolicyStatement,
    manifest::{FunctionEntry, InvokeMode, Manifest, RouteEntry, http_api},
};
use wharf_tests::{checkov, paths, sam as tools};

/// A bundle of empty zips, as far as SAM looks at it.
struct Bundle {
    manifest: Manifest,
    folder: TempDir,
    translated: OnceLock<BTreeMap<String, Value>>,
}

impl Bundle {
    fn of(manifest: Manifest) -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder takes a folder");
        let write = |path: &str, contents: &[u8]| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder takes a folder");
            fs::write(path, contents).expect("the folder takes a file");
        };
        for function in manifest.functions.values() {
            write(&function.zip, b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        }
        for (path, text) in files(&manifest) {
            write(&path, text.as_bytes());
        }
        Self { manifest, folder, translated: OnceLock::new() }
    }

    /// All templates: the one that is deployed, and those of nested stacks.
    fn templates(&self) -> Vec<PathBuf> {
        let files = files(&self.manifest).into_keys();
        files.filter(|path| path.ends_with(".yaml")).map(|path| self.folder.path().join(path)).collect()
    }

    /// Each template as AWS expands it, by the name of its file.
    fn translated(&self) -> &BTreeMap<String, Value> {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let translated = || self.templates().iter().map(|path| (name(path), tools::translated(path))).collect();
        self.translated.get_or_init(translated)
    }
}

/// What the bundle holds for SAM and for the CDN.
fn files(manifest: &Manifest) -> BTreeMap<String, String> {
    let cdn = cdn::files(manifest).unwrap_or_else(|problems| panic!("the CDN: {problems:?}"));
    let mut files = sam::files(manifest, &cdn);
    files.extend(cdn.files);
    files
}

/// A pattern, and whether its function streams.
type Route<'a> = (&'a str, bool);

/// The manifest of an app with these routes.
fn manifest(routes: &[Route<'_>]) -> Manifest {
    let mut manifest = json!({
        "format_version": 1,
        "generator": { "name": "wharf-bundler", "version": "0.1.0" },
        "app": { "name": "big-shop", "version": "0.1.0", "wharf": "0.1.0", "environment": ["API_KEY", "TABLE"] },
        "functions": {},
        "routes": [],
        "api": {},
        "objects": [
            object("/about", 'a', "text/html; charset=utf-8"),
            object("/about.html", 'a', "text/html; charset=utf-8"),
            object("/quote.txt", 'b', "text/plain; title=\"it's $1\""),
            object("/team", 'c', "text/html; charset=utf-8"),
        ],
    });
    for (pattern, streams) in routes {
        let name = match pattern.trim_matches(|character: char| !character.is_ascii_alphanumeric()) {
            "" => "index".to_owned(),
            text => text.split(|character: char| !character.is_ascii_alphanumeric()).collect::<Vec<_>>().join("-"),
        };
        let source = format!("app{pattern}/route.rs");
        manifest["functions"][&name] = json!({
            "zip": format!("functions/{name}.zip"),
            "size": 1_000_000, "unzipped_size": 2_000_000,
            "sha256": "", "code_sha256": "",
            "runtime": "provided.al2023", "handler": "bootstrap", "architecture": "arm64",
            "memory": 256, "timeout": 30, "invoke_mode": if *streams { "response_stream" } else { "buffered" },
            "revalidates": pattern.contains("revalidate"),
            "description": source, "routes": [pattern], "sources": [source],
        });
        if pattern.contains("revalidate") {
            manifest["stamp_writer"] = json!({
                "zip": "functions/_stamp_writer.zip",
                "size": 1_000_000, "unzipped_size": 2_000_000,
                "sha256": "", "code_sha256": "",
                "runtime": "provided.al2023", "handler": "bootstrap", "architecture": "arm64",
                "memory": 256, "timeout": 30, "description": "writes", "batch_size": 1000, "batch_window": 1,
            });
        }
        let methods = json!({ "GET": {
            "class": "dynamic",
            "reason": { "code": "takes-request", "text": "takes the request" },
        } });
        manifest["routes"].as_array_mut().expect("it is a list").push(json!({
            "pattern": pattern, "segments": segments(pattern), "source": source,
            "function": name, "dynamic_params": true, "streaming": streams, "methods": methods,
        }));
    }
    with_api(serde_json::from_value(manifest).unwrap_or_else(|error| panic!("the manifest: {error}")))
}

/// A page, whose key is this digit.
fn object(path: &str, digit: char, content_type: &str) -> Value {
    let key = format!("objects/{}", digit.to_string().repeat(64));
    json!({
        "path": path, "key": key, "file": key, "size": 1, "sha256": "", "status": 200,
        "headers": { "cache-control": "public, max-age=0", "content-type": content_type },
        "revalidate": false, "source": format!("app{path}/page.html"),
    })
}

fn segments(pattern: &str) -> Vec<Value> {
    let parts = pattern.split('/').filter(|part| !part.is_empty());
    let segment = |part: &str| match part.trim_matches(['[', ']']) {
        text if text == part => json!({ "static": text }),
        text => match (part.starts_with("[["), text.strip_prefix("...")) {
            (true, Some(name)) => json!({ "optional_catch_all": name }),
            (_, Some(name)) => json!({ "catch_all": name }),
            (_, None) => json!({ "param": text }),
        },
    };
    parts.map(segment).collect()
}

/// The manifest with the routes of one first segment in one function.
fn grouped(manifest: Manifest) -> Manifest {
    let function = |route: &RouteEntry| route.pattern.split('/').nth(1).unwrap_or_default().to_owned();
    let mut functions: BTreeMap<String, FunctionEntry> = BTreeMap::new();
    for route in &manifest.routes {
        let name = function(route);
        let mut one = manifest.functions[&route.function].clone();
        one.zip = format!("functions/{name}.zip");
        let entry = functions.entry(name).or_insert_with(|| FunctionEntry { routes: Vec::new(), ..one.clone() });
        entry.routes.extend(one.routes);
    }
    let routes = manifest.routes.into_iter().map(|route| RouteEntry { function: function(&route), ..route }).collect();
    with_api(Manifest { functions, routes, ..manifest })
}

fn with_api(manifest: Manifest) -> Manifest {
    let pattern = |route: &RouteEntry| route.pattern.parse().unwrap_or_else(|error| panic!("{error}"));
    let api = http_api::routes(manifest.routes.iter().map(|route| (pattern(route), route.function.as_str())));
    Manifest { api, ..manifest }
}

/// The same with what an app may say of single functions: of the first it is all, and each has a variable.
fn with_settings(mut manifest: Manifest) -> Manifest {
    for (index, entry) in manifest.functions.values_mut().enumerate() {
        entry.environment = vec![format!("OWN_{}", ["A", "B", "C"][index % 3])];
        if index == 0 {
            entry.reserved_concurrency = Some(5);
            let resources = ["arn:aws:s3:::${AWS::AccountId}-${OWN_A}/*", "${TABLE}", "arn:aws:s3:::fixed"];
            entry.policy_statements = vec![PolicyStatement {
                actions: vec!["s3:PutObject".to_owned()],
                resources: resources.map(str::to_owned).into(),
            }];
        }
    }
    manifest
}

/// So many routes `/r0/[id]`, `/r1/[id]` and so on, one of which revalidates.
fn many(routes: usize) -> Manifest {
    let pattern = |index| if index == 7 { "/revalidate/[id]".to_owned() } else { format!("/r{index}/[id]") };
    let patterns: Vec<String> = (0..routes).map(pattern).collect();
    let routes: Vec<Route<'_>> = patterns.iter().map(|pattern| (pattern.as_str(), false)).collect();
    manifest(&routes)
}

/// So many first segments with so many routes below each: `/r0/s0/[id]`, `/r0/s1/[id]` and so on.
fn many_below(segments: usize, routes: usize) -> Manifest {
    let patterns = (0..segments).flat_map(|first| (0..routes).map(move |second| format!("/r{first}/s{second}/[id]")));
    let patterns: Vec<String> = patterns.collect();
    let routes: Vec<Route<'_>> = patterns.iter().map(|pattern| (pattern.as_str(), false)).collect();
    manifest(&routes)
}

/// An app of each kind of route, one as large as an HTTP API allows, and one that only streams.
fn bundles() -> &'static [(&'static str, Bundle)] {
    static BUNDLES: OnceLock<Vec<(&str, Bundle)>> = OnceLock::new();
    BUNDLES.get_or_init(|| {
        let shop = [
            ("/", false),
            ("/2024", false),
            ("/a b@c", false),
            ("/api/revalidate", false),
            ("/docs/[...path]", false),
            ("/events", true),
            ("/items/[slug]", false),
            ("/shelves/[floor]/[number]", false),
            ("/shop/[[...filters]]", false),
            ("/sizes/[größe]/[[...other]]", false),
        ];
        vec![
            ("shop", Bundle::of(with_settings(manifest(&shop)))),
            ("300 routes", Bundle::of(with_settings(many(300)))),
            ("300 routes in groups", Bundle::of(grouped(many_below(30, 10)))),
            ("streaming", Bundle::of(manifest(&[("/chat/[room]", true), ("/events", true)]))),
        ]
    })
}

#[test]
fn sam_validate_finds_nothing() {
    for (name, bundle) in bundles() {
        let output = tools::sam(bundle.folder.path(), &["validate", "--lint", "-t", "template.yaml"]);
        assert_eq!(output.code, Some(0), "{name}\n{output}");
    }
}

/// One finding is one in every function, so that the small apps show all.
#[test]
fn checkov_finds_nothing_that_has_no_reason() {
    let templates = bundles().iter().filter(|(name, _)| *name != "300 routes").flat_map(|(_, it)| it.templates());
    let found = checkov::findings("cloudformation", &templates.collect::<Vec<_>>());
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn what_aws_makes_of_every_template_passes_cfn_lint_and_fits_a_stack() {
    for (name, bundle) in bundles() {
        for (file, template) in bundle.translated() {
            let path = bundle.folder.path().join(format!("{file}.json"));
            fs::write(&path, template.to_string()).expect("the folder takes a file");
            let output = tools::cfn_lint(&path);
            assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""), "{name}: {file}\n{output}");
            let count = template["Resources"].as_object().map_or(0, serde_json::Map::len);
            assert!(count > 0 && count <= 500, "{name}: {file} has {count} resources");
            assert!(template.to_string().len() < 1_000_000, "{name}: {file} is too large");
        }
    }
}

#[test]
fn an_app_without_routes_is_a_bucket_behind_cloudfront() {
    let pages = Bundle::of(manifest(&[]));
    let output = tools::sam(pages.folder.path(), &["validate", "--lint", "-t", "template.yaml"]);
    assert_eq!(output.code, Some(0), "{output}");
    let template = &pages.translated()["template.yaml"];
    let path = pages.folder.path().join("template.json");
    fs::write(&path, template.to_string()).expect("the folder takes a file");
    let output = tools::cfn_lint(&path);
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""), "{output}");
    let resources = template["Resources"].as_object().expect("it has some");
    assert!(resources.values().all(|resource| resource["Condition"] == "HasCdn"), "{template:#}");
    let config = &resources["Cdn"]["Properties"]["DistributionConfig"];
    assert_eq!(config["DefaultCacheBehavior"]["TargetOriginId"], "objects");
    assert_eq!(config["Origins"].as_array().map(Vec::len), Some(1));
    assert!(template["Parameters"]["ObjectsBucket"].get("Default").is_none(), "it would be a stack of nothing");
    assert!(template["Parameters"].get("OriginSecret").is_none(), "there is nobody to prove it to");
}

#[test]
fn a_stack_is_counted_as_aws_makes_it() {
    for (name, bundle) in bundles() {
        let cdn = cdn::files(&bundle.manifest).expect("the CDN takes it");
        let stacks = sam::stacks(&bundle.manifest, &cdn);
        assert_eq!(stacks.len(), bundle.templates().len(), "{name}");
        for stack in stacks {
            let file = stack.file.rsplit('/').next().unwrap_or_default();
            let template = &bundle.translated()[file];
            let count = |section: &str| template[section].as_object().map_or(0, serde_json::Map::len);
            let counted = [stack.resources, stack.parameters, stack.outputs];
            assert_eq!(counted, ["Resources", "Parameters", "Outputs"].map(count), "{name}: {file}");
        }
    }
}

#[test]
fn the_api_has_the_routes_of_the_manifest() {
    for (name, bundle) in bundles() {
        let root = &bundle.translated()["template.yaml"];
        let body = &root["Resources"]["Api"]["Properties"]["Body"];
        let paths: BTreeSet<&str> =
            body["paths"].as_object().expect("it has paths").keys().map(String::as_str).collect();
        assert_eq!(paths, bundle.manifest.api.keys().map(String::as_str).collect(), "{name}");
        for (path, function) in &bundle.manifest.api {
            let integration = &body["paths"][path]["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"];
            let wanted = format!("#/components/x-amazon-apigateway-integrations/{function}");
            assert_eq!(integration["$ref"], wanted, "{name}: {path}");
        }
        let integrations = body["components"]["x-amazon-apigateway-integrations"].as_object().expect("it has some");
        assert_eq!(integrations.len(), bundle.manifest.functions.len(), "{name}");
        assert!(integrations.values().all(|integration| integration["payloadFormatVersion"] == "2.0"), "{name}");

        let path = bundle.folder.path().join("openapi.json");
        fs::write(&path, substituted(body).to_string()).expect("the folder takes a file");
        let output = tools::openapi_spec_validator(&path);
        assert_eq!(output.code, Some(0), "{name}\n{output}");
    }
}

/// With a text in the place of each intrinsic function, as AWS puts one there.
fn substituted(value: &Value) -> Value {
    match value {
        Value::Object(map) if map.contains_key("Fn::Sub") => "text".into(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), substituted(value))).collect(),
        Value::Array(list) => list.iter().map(substituted).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_api_logs_what_that_of_the_terraform_module_logs() {
    let module = fs::read_to_string(paths::workspace_root().join("deploy/terraform/api.tf")).expect("it is there");
    let fields = module.lines().filter_map(|line| {
        let (name, value) = line.trim().split_once('=')?;
        let value = value.trim().strip_prefix('"')?.strip_suffix('"').filter(|value| value.starts_with("$context."))?;
        Some((name.trim().to_owned(), Value::from(value)))
    });
    let fields: serde_json::Map<String, Value> = fields.collect();
    assert!(fields.len() > 10, "{fields:?}");
    for (name, bundle) in bundles() {
        let resources = &bundle.translated()["template.yaml"]["Resources"];
        let settings = &resources["ApiApiGatewayDefaultStage"]["Properties"]["AccessLogSettings"]["Fn::If"];
        assert_eq!(settings[0], "HasAccessLog", "{name}");
        assert_eq!(settings[1]["DestinationArn"]["Fn::GetAtt"][0], "ApiAccessLog", "{name}");
        let format: Value =
            serde_json::from_str(settings[1]["Format"].as_str().expect("it is a text")).expect("of JSON");
        assert_eq!(format, Value::Object(fields.clone()), "{name}");
        assert_eq!(resources["ApiAccessLog"]["Properties"]["RetentionInDays"]["Ref"], "LogRetention", "{name}");
    }
}

#[test]
fn three_hundred_routes_in_groups_are_one_stack_with_a_route_for_each_group() {
    let (_, bundle) = bundles().iter().find(|(name, _)| *name == "300 routes in groups").expect("it is one of them");
    assert_eq!(bundle.manifest.routes.len(), 300);
    assert_eq!(bundle.manifest.api.len(), 30);
    assert_eq!(bundle.templates().len(), 1, "no nested stack");
}

#[test]
fn every_function_is_its_zip_with_a_role_logs_and_a_permission_of_its_own() {
    for (name, bundle) in bundles() {
        let mut functions = BTreeSet::new();
        let templates = bundle.translated();
        let resources: Vec<(&String, &Value)> =
            templates.values().filter_map(|template| template["Resources"].as_object()).flatten().collect();
        let count = |kind: &str| resources.iter().filter(|(_, resource)| resource["Type"] == kind).count();
        for (id, resource) in resources
            .iter()
            .filter(|(_, resource)| resource["Type"] == "AWS::Lambda::Function")
            .filter(|(id, _)| *id != WRITER)
        {
            let properties = &resource["Properties"];
            let key = properties["Code"]["S3Key"].as_str().unwrap_or_default();
            assert!(functions.insert(key.trim_start_matches("../").to_owned()), "{name}: {id}");
            assert_eq!(properties["Role"]["Fn::GetAtt"][0], id.replace("Function", "Role"), "{name}: {id}");
            assert_eq!(properties["LoggingConfig"]["LogGroup"]["Ref"], id.replace("Function", "Logs"), "{name}: {id}");
        }
        let zips: BTreeSet<String> = bundle.manifest.functions.values().map(|function| function.zip.clone()).collect();
        assert_eq!(functions, zips, "{name}");
        let writers = usize::from(bundle.manifest.stamp_writer.is_some());
        for kind in ["AWS::IAM::Role", "AWS::Lambda::Version", "AWS::Lambda::Alias"] {
            assert_eq!(count(kind), zips.len() + writers, "{name}: {kind}");
        }
        assert_eq!(count("AWS::Logs::LogGroup"), zips.len() + writers + 1, "{name}: the API has one, too");
        let functions = bundle.manifest.functions.values();
        let streaming = functions.filter(|function| function.invoke_mode == InvokeMode::ResponseStream).count();
        assert_eq!(count("AWS::Lambda::Url"), streaming, "{name}");
        assert_eq!(count("AWS::Lambda::Permission"), zips.len() + 2 * streaming, "{name}");
    }
}

#[test]
fn sam_build_leaves_the_zips_as_they_are() {
    for (name, bundle) in bundles() {
        let output = tools::sam(bundle.folder.path(), &["build", "-t", "template.yaml"]);
        assert_eq!(output.code, Some(0), "{name}\n{output}");
        assert!(!bundle.folder.path().join("target").exists(), "{name}");
        let files = WalkDir::new(bundle.folder.path().join(".aws-sam/build")).into_iter().flatten();
        let files: Vec<_> = files.filter(|entry| entry.file_type().is_file()).collect();
        // Nothing was copied or compiled: there are only templates, and they name the same zips.
        assert!(files.iter().all(|file| file.file_name() == "template.yaml"), "{name}: {files:?}");
        let text: String = files.iter().filter_map(|file| fs::read_to_string(file.path()).ok()).collect();
        for function in bundle.manifest.functions.values() {
            assert!(text.contains(&format!("../{}", function.zip)), "{name}: {}", function.zip);
        }
    }
}

#[test]
fn every_function_has_the_variables_of_the_app_and_the_secret() {
    for (name, bundle) in bundles() {
        let templates = bundle.translated();
        let resources = templates.values().filter_map(|template| template["Resources"].as_object()).flatten();
        for (id, resource) in resources
            .filter(|(_, resource)| resource["Type"] == "AWS::Lambda::Function")
            .filter(|(id, _)| *id != WRITER)
        {
            let variables = &resource["Properties"]["Environment"]["Variables"];
            assert_eq!(variables["API_KEY"]["Ref"], "EnvApiKey", "{name}: {id}");
            assert_eq!(variables["TABLE"]["Ref"], "EnvTable", "{name}: {id}");
            assert_eq!(variables["WHARF_ORIGIN_SECRET"]["Fn::If"][1]["Ref"], "OriginSecret", "{name}: {id}");
            let rotation = &variables["WHARF_ORIGIN_SECRET_ROTATION"]["Fn::If"][1]["Ref"];
            assert_eq!(rotation, "OriginSecretRotation", "{name}: {id}");
            assert_eq!(variables["WHARF_HOSTS"]["Fn::If"][1]["Ref"], "Domain", "{name}: {id}");
            assert_eq!(variables["WHARF_REQUIRE_ORIGIN"]["Fn::If"][1], "1", "{name}: {id}");
        }
        for (file, template) in templates {
            for parameter in ["EnvApiKey", "EnvTable", "OriginSecret", "OriginSecretRotation"] {
                assert_eq!(template["Parameters"][parameter]["NoEcho"], true, "{name}: {file}: {parameter}");
            }
            let stacks = template["Resources"].as_object().expect("it has some").values();
            for stack in stacks.filter(|resource| resource["Type"] == "AWS::CloudFormation::Stack") {
                assert_eq!(stack["Properties"]["Parameters"]["EnvTable"]["Ref"], "EnvTable", "{name}");
            }
        }
    }
}

#[test]
fn a_function_has_what_the_app_says_of_it_and_no_other_has() {
    for (name, bundle) in bundles().iter().filter(|(name, _)| *name != "streaming") {
        let (first, entry) = bundle.manifest.functions.first_key_value().expect("it has some");
        let is_set = entry.reserved_concurrency.is_some();
        let mut seen = 0;
        for (file, template) in bundle.translated() {
            let resources = template["Resources"].as_object().expect("it has some");
            for (id, function) in resources.iter().filter(|(_, it)| it["Type"] == "AWS::Lambda::Function") {
                let properties = &function["Properties"];
                let concurrency = &properties["ReservedConcurrentExecutions"];
                if concurrency.is_null() {
                    continue;
                }
                seen += 1;
                let parameter = concurrency["Ref"].as_str().expect("it is a parameter");
                assert_eq!(parameter, id.replace("Function", "Concurrency"), "{name}: {file}");
                assert_eq!(template["Parameters"][parameter]["Default"], 5, "{name}: {file}");
                let own = &properties["Environment"]["Variables"];
                assert_eq!(own["OWN_A"]["Ref"], "EnvOwnA", "{name}: {first}");
                assert_eq!(own["OWN_B"], Value::Null, "{name}: {first}");
                let policies = resources[&id.replace("Function", "Role")]["Properties"]["Policies"].as_array();
                let policy = policies.and_then(|policies| policies.last()).expect("it has some");
                let wanted = json!([{ "Effect": "Allow", "Action": ["s3:PutObject"], "Resource": [
                    { "Fn::Sub": "arn:aws:s3:::${AWS::AccountId}-${EnvOwnA}/*" },
                    { "Fn::Sub": "${EnvTable}" },
                    "arn:aws:s3:::fixed",
                ] }]);
                assert_eq!(policy["PolicyDocument"]["Statement"], wanted, "{name}: {first}");
            }
            for (id, parameter) in template["Parameters"].as_object().expect("it has some") {
                assert!(!id.starts_with("EnvOwn") || parameter["NoEcho"] == true, "{name}: {file}: {id}");
            }
        }
        assert_eq!(seen, usize::from(is_set), "{name}");
    }
}

#[test]
fn the_api_is_throttled_and_a_key_encrypts_logs_and_variables() {
    for (name, bundle) in bundles() {
        for (file, template) in bundle.translated() {
            let resources = template["Resources"].as_object().expect("it has some");
            let key = json!({ "Fn::If": ["HasKmsKey", { "Ref": "KmsKeyArn" }, { "Ref": "AWS::NoValue" }] });
            for (id, resource) in resources {
                let property = match resource["Type"].as_str() {
                    Some("AWS::Lambda::Function") => "KmsKeyArn",
                    Some("AWS::Logs::LogGroup") => "KmsKeyId",
                    _ => continue,
                };
                assert_eq!(resource["Properties"][property], key, "{name}: {file}: {id}");
            }
        }
        let root = &bundle.translated()["template.yaml"];
        let stages = root["Resources"].as_object().expect("it has some").values();
        let mut stages = stages.filter(|it| it["Type"] == "AWS::ApiGatewayV2::Stage");
        let settings = &stages.next().expect("the API has one")["Properties"]["DefaultRouteSettings"];
        let wanted = json!({
            "ThrottlingBurstLimit": { "Ref": "ThrottleBurst" }, "ThrottlingRateLimit": { "Ref": "ThrottleRate" },
        });
        assert_eq!(*settings, wanted, "{name}");
        let default = |parameter: &str| root["Parameters"][parameter]["Default"].as_u64();
        assert_eq!([default("ThrottleRate"), default("ThrottleBurst")], [Some(10_000), Some(5_000)], "{name}");
    }
}

/// The logical id of the one function that may write to the store.
const WRITER: &str = "StampsWriter";

#[test]
fn a_function_that_revalidates_may_send_to_the_queue_and_nothing_else() {
    for (name, bundle) in bundles() {
        for (file, template) in bundle.translated() {
            // The root names the queue that it makes; a nested stack is told of it.
            let (condition, url, arn) = match file.as_str() {
                "template.yaml" => ("HasCdn", "StampQueue", json!({ "Fn::GetAtt": ["StampQueue", "Arn"] })),
                _ => ("HasStampQueue", "StampQueue", json!({ "Ref": "StampQueueArn" })),
            };
            let resources = template["Resources"].as_object().expect("it has some");
            let functions = resources.iter().filter(|(_, it)| it["Type"] == "AWS::Lambda::Function");
            for (id, function) in functions.filter(|(id, _)| *id != WRITER) {
                let revalidates = id.contains("Revalidate");
                let variables = &function["Properties"]["Environment"]["Variables"];
                let wanted = json!({ "Fn::If": [condition, { "Ref": url }, { "Ref": "AWS::NoValue" }] });
                let wanted = if revalidates { wanted } else { Value::Null };
                assert_eq!(variables["WHARF_STAMP_QUEUE"], wanted, "{name}: {file}: {id}");
                assert_eq!(variables["WHARF_KEY_VALUE_STORE"], Value::Null, "{name}: {file}: {id}");
                let policies = &resources[&id.replace("Function", "Role")]["Properties"]["Policies"];
                let stamps = policies.as_array().and_then(|policies| policies.get(2));
                let statement = stamps.map(|stamps| &stamps["Fn::If"][1]["PolicyDocument"]["Statement"][0]);
                // What the app itself says of a function has no condition.
                let statement = statement.filter(|statement| !statement.is_null());
                let wanted = json!({ "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn });
                assert_eq!(statement, revalidates.then_some(&wanted), "{name}: {file}: {id}");
            }
            let of_stacks = resources.values().map(|it| &it["Properties"]["Parameters"]);
            for passed in of_stacks.filter(|passed| passed.get("StampQueue").is_some()) {
                let arn = json!({ "Fn::GetAtt": ["StampQueue", "Arn"] });
                assert_eq!(passed["StampQueue"], json!({ "Fn::If": ["HasCdn", { "Ref": "StampQueue" }, ""] }));
                assert_eq!(passed["StampQueueArn"], json!({ "Fn::If": ["HasCdn", arn, ""] }), "{name}: {file}");
            }
        }
        let takes = bundle.translated().values().filter(|it| it["Parameters"].get("StampQueue").is_some()).count();
        assert_eq!(takes, usize::from(*name == "300 routes"), "{name}");
    }
}

#[test]
fn the_stamp_writer_alone_may_write_to_the_store_and_knows_nothing_of_the_app() {
    for (name, bundle) in bundles() {
        let revalidates = bundle.manifest.stamp_writer.is_some();
        for (file, template) in bundle.translated() {
            let resources = template["Resources"].as_object().expect("it has some");
            for (id, role) in resources.iter().filter(|(_, it)| it["Type"] == "AWS::IAM::Role") {
                let writes = role.to_string().contains("cloudfront-keyvaluestore:");
                assert_eq!(writes, id == "StampsWriterRights", "{name}: {file}: {id}");
            }
            assert_eq!(resources.contains_key(WRITER), revalidates && file == "template.yaml", "{name}: {file}");
            let stamps = resources.iter().filter(|(id, _)| id.starts_with("Stamp"));
            assert!(stamps.clone().all(|(_, it)| it["Condition"] == "HasCdn"), "{name}: {file}");
            assert!(revalidates || stamps.count() == 0, "{name}: {file}");
        }
        if !revalidates {
            continue;
        }
        let resources = &bundle.translated()["template.yaml"]["Resources"];
        let variables = resources[WRITER]["Properties"]["Environment"]["Variables"].as_object().expect("it has one");
        let no_value = json!({ "Ref": "AWS::NoValue" });
        let set: Vec<_> = variables.iter().filter(|(_, value)| **value != no_value).collect();
        let store = json!({ "Fn::GetAtt": ["CdnKeyValues", "Arn"] });
        assert_eq!(set, [(&"WHARF_KEY_VALUE_STORE".to_owned(), &store)], "{name}");
        let policies = resources["StampsWriterRights"]["Properties"]["Policies"].as_array().expect("it has some");
        let statement = |index: usize| &policies[index]["PolicyDocument"]["Statement"][0];
        let queue = json!({ "Fn::GetAtt": ["StampQueue", "Arn"] });
        assert_eq!(
            (&statement(2)["Action"], &statement(2)["Resource"]),
            (&json!(["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]), &queue)
        );
        let actions =
            ["DescribeKeyValueStore", "GetKey", "UpdateKeys"].map(|it| format!("cloudfront-keyvaluestore:{it}"));
        assert_eq!((&statement(3)["Action"], &statement(3)["Resource"]), (&json!(actions), &store), "{name}");
        assert!(resources["StampsWriterRights"]["Properties"].get("ManagedPolicyArns").is_none(), "{name}");
        let mapping = &resources["StampsMapping"]["Properties"];
        assert_eq!(mapping["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{name}");
        assert_eq!(mapping["ScalingConfig"], json!({ "MaximumConcurrency": 2 }), "{name}");
        assert_eq!(resources["StampQueue"]["Properties"]["VisibilityTimeout"], 180, "{name}");
        assert_eq!(resources["StampsLost"]["Properties"]["SqsManagedSseEnabled"], true, "{name}");
    }
}

#[test]
fn cloudfront_has_the_origins_that_its_function_chooses_from() {
    for (name, bundle) in bundles() {
        let resources = &bundle.translated()["template.yaml"]["Resources"];
        let config = &resources["Cdn"]["Properties"]["DistributionConfig"];
        let origins = config["Origins"].as_array().expect("it has some");
        let ids: BTreeSet<String> =
            origins.iter().filter_map(|origin| origin["Id"].as_str()).map(str::to_owned).collect();
        let streaming = bundle.manifest.functions.iter().filter(|(_, it)| it.invoke_mode == InvokeMode::ResponseStream);
        let mut wanted: BTreeSet<String> = streaming.map(|(function, _)| format!("stream-{function}")).collect();
        wanted.extend(["api".to_owned(), "objects".to_owned()]);
        assert_eq!(ids, wanted, "{name}");
        for origin in origins.iter().filter(|origin| origin["Id"] != "objects") {
            assert_eq!(origin["OriginCustomHeaders"][0]["HeaderValue"]["Ref"], "OriginSecret", "{name}: {origin}");
        }
        let code = resources["CdnViewerRequest"]["Properties"]["FunctionCode"].as_str();
        assert_eq!(code, files(&bundle.manifest).get("cdn/viewer-request.js").map(String::as_str), "{name}");
        for (id, resource) in resources.as_object().expect("it has some") {
            let is_of_the_cdn = resource["Type"]
                .as_str()
                .is_some_and(|kind| kind.starts_with("AWS::CloudFront::") || kind.starts_with("AWS::S3::"));
            assert!(!is_of_the_cdn || resource["Condition"] == "HasCdn", "{name}: {id} is there without a bucket");
        }
    }
}

#[test]
fn the_same_manifest_gives_the_same_files() {
    let manifest = many(300);
    assert_eq!(files(&manifest), files(&manifest));
}
