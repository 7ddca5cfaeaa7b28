//! The rules of the architecture, read from the source: what each module may use, where AWS is
//! spoken to, and what the pure half must not know.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each module and what stands left of it: all that it may use of this crate.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("settings", &["domain"]),
    ("event", &["domain", "settings"]),
    ("api", &["domain"]),
    ("usage", &["domain", "settings", "event", "api"]),
    ("inventory", &["domain", "settings", "event", "api"]),
    ("catalog", &["domain", "settings", "event"]),
    ("price_list", &["domain", "api", "catalog"]),
    ("observation", GATHERED),
    ("sample", OBSERVED),
    ("pricing", OBSERVED),
    ("commitment", PRICED),
    ("advice", SIZED),
    ("page", &[]),
    ("report", ADVISED),
    ("prices", SHOWN),
    ("emit", REPORTED),
    ("clients", &["domain", "usage", "inventory", "price_list"]),
    ("error", EMITTED),
    (
        "documents",
        &["domain", "settings", "api", "clients", "error"],
    ),
    (
        "live",
        &[
            "domain",
            "api",
            "catalog",
            "price_list",
            "observation",
            "clients",
        ],
    ),
    ("gather", SHELL),
    ("run", &[]),
];

const GATHERED: &[&str] = &[
    "domain",
    "settings",
    "event",
    "usage",
    "inventory",
    "catalog",
];
const OBSERVED: &[&str] = &[
    "domain",
    "settings",
    "event",
    "usage",
    "inventory",
    "catalog",
    "observation",
];
const PRICED: &[&str] = &[
    "domain",
    "settings",
    "event",
    "usage",
    "inventory",
    "catalog",
    "observation",
    "pricing",
];
const SIZED: &[&str] = &[
    "domain",
    "settings",
    "event",
    "usage",
    "inventory",
    "catalog",
    "observation",
    "pricing",
    "commitment",
];
const ADVISED: &[&str] = &[
    "domain",
    "settings",
    "event",
    "usage",
    "inventory",
    "catalog",
    "observation",
    "pricing",
    "commitment",
    "advice",
    "page",
];
const SHOWN: &[&str] = &[
    "domain",
    "settings",
    "event",
    "usage",
    "inventory",
    "catalog",
    "observation",
    "pricing",
    "commitment",
    "advice",
    "page",
    "price_list",
    "report",
];
const REPORTED: &[&str] = &[
    "domain",
    "settings",
    "event",
    "api",
    "usage",
    "inventory",
    "catalog",
    "observation",
    "pricing",
    "commitment",
    "advice",
    "report",
];
const EMITTED: &[&str] = &[
    "domain",
    "settings",
    "event",
    "api",
    "usage",
    "inventory",
    "catalog",
    "observation",
    "pricing",
    "commitment",
    "advice",
    "report",
    "emit",
];
const SHELL: &[&str] = &[
    "domain",
    "settings",
    "event",
    "api",
    "usage",
    "inventory",
    "catalog",
    "observation",
    "pricing",
    "commitment",
    "advice",
    "clients",
    "error",
];

/// The one module that may use them all.
const TOP: &str = "run";

/// The files that speak to AWS through the SDK.
const SDK: &[&str] = &[
    "api.rs",
    "clients.rs",
    "usage/cloudwatch.rs",
    "inventory/bedrock.rs",
    "emit/put.rs",
    "documents.rs",
    "price_list/get_products.rs",
];

/// The files that know its configuration.
const SDK_CONFIG: &[&str] = &[
    "clients.rs",
    "documents.rs",
    "live.rs",
    "gather.rs",
    "run.rs",
    "main.rs",
];

/// The files that read or write local files.
const FILES: &[&str] = &[
    "documents.rs",
    "bin/cost-guard/main.rs",
    "bin/cost-guard/prices.rs",
];

/// The pure half: no I/O, no clock, no environment.
const PURE: &[&str] = &[
    "domain",
    "settings",
    "event",
    "catalog",
    "price_list",
    "usage",
    "inventory",
    "observation",
    "sample",
    "pricing",
    "advice",
    "page",
    "report",
    "prices",
];

/// Files of those modules that ask AWS.
const NOT_PURE: &[&str] = &[
    "usage/cloudwatch.rs",
    "usage/history.rs",
    "inventory/bedrock.rs",
    "price_list/get_products.rs",
];

/// A source file without its comments and unit tests.
struct Source {
    /// Its path below `src`.
    path: String,
    code: String,
}

impl Source {
    /// The module of the crate that it belongs to; `None` for the roots.
    fn module(&self) -> Option<&str> {
        let first = self.path.split('/').next().unwrap_or_default();
        let name = first.strip_suffix(".rs").unwrap_or(first);
        (!["lib", "main", "bin"].contains(&name)).then_some(name)
    }

    /// The modules of the crate that it names, with the words that do it.
    fn uses(&self) -> Vec<(String, String)> {
        // In a module's own file `super` is the crate, in a file below it is the module.
        let is_top = !self.path.contains('/') || self.path.ends_with("/mod.rs");
        let mut roots = vec!["crate::", "super::super::"];
        if is_top {
            roots.push("super::");
        }
        let mut uses = Vec::new();
        for root in roots {
            for (place, _) in self.code.match_indices(root) {
                let before = self.code[..place].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                    continue;
                }
                let rest = &self.code[place + root.len()..];
                let name: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                uses.push((name.clone(), format!("{root}{name}")));
            }
        }
        uses
    }
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn sources() -> Vec<Source> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    assert!(files.len() > 30, "{files:?}");
    files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let path = file.strip_prefix(&root).unwrap();
            Source {
                path: path.to_string_lossy().replace('\\', "/"),
                code: code(&text),
            }
        })
        .collect()
}

fn code(text: &str) -> String {
    let text = text
        .split("\n#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[test]
fn every_module_uses_only_what_stands_left_of_it() {
    let mut arrows = Vec::new();
    for source in sources() {
        let Some(module) = source.module() else {
            continue;
        };
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            panic!("src/{} belongs to no layer: name its place", source.path);
        };
        if module == TOP {
            continue;
        }
        for (used, words) in source.uses() {
            if used != module && !allowed.contains(&used.as_str()) {
                arrows.push(format!(
                    "src/{}: `{words}` points to the right of {module}",
                    source.path
                ));
            }
        }
    }
    assert!(arrows.is_empty(), "{}", arrows.join("\n"));
}

#[test]
fn nothing_uses_the_run_but_the_programs() {
    for source in sources() {
        let is_program = source.module().is_none();
        let uses_run = source.uses().iter().any(|(used, _)| used == TOP);
        assert!(is_program || !uses_run, "src/{}", source.path);
    }
}

#[test]
fn types_of_the_sdk_stay_in_the_files_that_talk_to_aws() {
    for source in sources() {
        let path = source.path.as_str();
        assert!(
            SDK.contains(&path) || !source.code.contains("aws_sdk_"),
            "src/{path} names the SDK"
        );
        assert!(
            SDK_CONFIG.contains(&path) || !source.code.contains("aws_config"),
            "src/{path} names the configuration of the SDK"
        );
        let is_edge = ["main.rs", "bin/cost-guard/main.rs"].contains(&path);
        assert!(
            is_edge || !source.code.contains("lambda_runtime"),
            "src/{path} names the Lambda runtime"
        );
    }
}

#[test]
fn files_are_read_where_documents_are_and_in_the_terminal() {
    for source in sources() {
        let path = source.path.as_str();
        assert!(
            FILES.contains(&path) || !source.code.contains("fs::"),
            "src/{path} reads files"
        );
    }
}

#[test]
fn the_pure_half_knows_no_clock_no_environment_and_no_network() {
    let banned = [
        "tokio",
        "lambda_runtime",
        "tracing",
        "std::env",
        "std::fs",
        "std::io",
        "std::net",
        "std::process",
        "std::thread",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "print!",
        "println!",
        "async fn",
    ];
    let mut seen = 0;
    for source in sources() {
        let is_pure = source.module().is_some_and(|module| PURE.contains(&module));
        if !is_pure || NOT_PURE.contains(&source.path.as_str()) {
            continue;
        }
        seen += 1;
        for word in banned {
            assert!(
                !source.code.contains(word),
                "src/{} names {word}",
                source.path
            );
        }
    }
    assert!(seen > 25, "{seen} files");
}

#[test]
fn the_reading_of_a_source_leaves_out_comments_and_tests() {
    let source = Source {
        path: "usage/plan.rs".to_owned(),
        code: code(
            "use crate::domain::Usd;\n// crate::guard::run\nfn f(a: super::Span) -> bedrock::Crate {\n    \
             super::super::advice::g()\n}\n\n#[cfg(test)]\nmod tests {\n    use crate::emit;\n}\n",
        ),
    };
    let names: Vec<String> = source.uses().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["domain", "advice"]);
    assert_eq!(source.module(), Some("usage"));
}

#[test]
fn the_lambda_depends_on_nothing_of_the_terminal() {
    let tree = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["tree", "--edges=normal", "--prefix=none", "--offline"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let mut names: Vec<String> = text
            .lines()
            .filter_map(|line| line.split(' ').next())
            .map(str::to_owned)
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let lambda = tree(&["--no-default-features"]);
    let terminal = tree(&[]);
    assert!(lambda.contains(&"lambda_runtime".to_owned()));
    for name in ["clap", "comfy-table", "anyhow", "aws-sdk-sso"] {
        assert!(!lambda.contains(&name.to_owned()), "the Lambda has {name}");
        assert!(terminal.contains(&name.to_owned()), "{name} is misspelled");
    }
}
