//! The rules of the house, read from the source: the order of the storeys, what of the outside each
//! may name, and that no file goes in circles, has two jobs, or is too long to read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One room of the house: what it may use of the rooms before it, and what of the outside it may name.
struct Storey {
    name: &'static str,
    uses: &'static [&'static str],
    outside: &'static [&'static str],
}

/// The storeys from the ground up, as `ARCHITECTURE.md` lists them. The core ends with `report`.
const STOREYS: &[Storey] = &[
    Storey { name: "domain", uses: &[], outside: &[] },
    Storey { name: "config", uses: &["domain"], outside: &[] },
    Storey { name: "catalog", uses: &["domain"], outside: &[] },
    Storey { name: "observation", uses: &["domain", "config", "catalog"], outside: &[] },
    Storey { name: "pricing", uses: &["domain", "config", "catalog", "observation"], outside: &[] },
    Storey { name: "sizing", uses: &["domain", "catalog", "observation", "pricing"], outside: &[] },
    Storey {
        name: "advice",
        uses: &["domain", "config", "catalog", "observation", "pricing", "sizing"],
        outside: &[],
    },
    Storey {
        name: "estimate",
        uses: &["domain", "catalog", "pricing", "sizing", "advice"],
        outside: &[],
    },
    Storey {
        name: "report",
        uses: &[
            "domain",
            "config",
            "catalog",
            "observation",
            "pricing",
            "sizing",
            "advice",
            "estimate",
        ],
        outside: &[],
    },
    Storey {
        name: "aws",
        uses: &["domain", "config", "observation", "report"],
        outside: &[
            "aws_sdk_",
            "aws_config",
            "aws_smithy_",
            "tokio",
            "async fn",
            "fs::",
            "std::io",
            "SystemTime",
            "Instant::now",
        ],
    },
    Storey {
        name: "guard",
        uses: &["domain", "config", "catalog", "observation", "advice", "report", "aws"],
        outside: &["aws_config", "tokio", "tracing", "async fn"],
    },
    Storey {
        name: "terminal",
        uses: &["domain", "config", "catalog", "observation", "advice", "estimate", "report"],
        outside: &["comfy_table", "csv::"],
    },
    Storey {
        name: "programs",
        uses: &[
            "domain",
            "config",
            "catalog",
            "observation",
            "estimate",
            "report",
            "aws",
            "guard",
            "terminal",
        ],
        outside: &[
            "aws_config",
            "tokio",
            "tracing",
            "lambda_runtime",
            "clap",
            "anyhow",
            "async fn",
            "fs::",
            "std::env",
            "std::io",
            "std::process",
            "Timestamp::now",
        ],
    },
];

/// The words by which code reaches outside of itself.
const OUTSIDE: &[&str] = &[
    "aws_sdk_",
    "aws_config",
    "aws_smithy_",
    "lambda_runtime",
    "tokio",
    "tracing",
    "clap",
    "anyhow",
    "comfy_table",
    "csv::",
    "async fn",
    "fs::",
    "std::env",
    "std::io",
    // A group would hide what it names.
    "std::{",
    "std::net",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "print!",
    "println!",
];

/// The rooms where amounts are exact: floats are for searches and statistics, which are in `sizing`.
const WITHOUT_FLOATS: &[&str] = &["domain", "catalog", "pricing", "advice", "report"];

/// Lines of code that one file may have, without comments and tests: what a reader can hold.
const LONGEST: usize = 500;

/// A source file without its comments and unit tests.
struct Source {
    /// Its path below `src`.
    path: String,
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let product = text.split("\n#[cfg(test)]\nmod tests").next();
        let lines = product.unwrap_or_default().lines();
        let code = lines.filter(|line| {
            let line = line.trim_start();
            !line.is_empty() && !line.starts_with("//")
        });
        Self { path: path.to_owned(), code: code.flat_map(|line| [line, "\n"]).collect() }
    }

    /// The storey that the file belongs to.
    fn storey(&self) -> &str {
        match self.path.split_once('/') {
            Some(("bin", _)) | None => "programs",
            Some((folder, _)) => folder,
        }
    }

    /// The path of the module, from the crate's root down.
    fn module(&self) -> Vec<String> {
        let path = self.path.trim_end_matches(".rs").trim_end_matches("/mod");
        path.split('/').map(str::to_owned).collect()
    }

    fn is_face(&self) -> bool {
        self.path.ends_with("/mod.rs")
    }

    /// Every path into the crate that the code names, groups taken apart.
    fn names(&self) -> Vec<Vec<String>> {
        let roots = ["crate::", "bedrock_cost_guard::", "super::"];
        let mut found = Vec::new();
        for root in roots {
            for (place, _) in self.code.match_indices(root) {
                let before = self.code[..place].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                    continue;
                }
                let mut base = Vec::new();
                if root == "super::" {
                    base = self.module();
                    base.pop();
                }
                take_apart(&self.code[place + root.len()..], &base, &mut found);
            }
        }
        found
    }

    /// The names that a face hands on, with the paths that they stand for.
    fn handed_on(&self) -> Vec<(String, Vec<String>)> {
        let mut found = Vec::new();
        for (place, _) in self.code.match_indices("use ") {
            let at_start = self.code[..place].ends_with(['\n', ' ', ')']) || place == 0;
            let rest = &self.code[place + "use ".len()..];
            if at_start && !rest.starts_with("crate::") {
                take_apart(rest, &self.module(), &mut found);
            }
        }
        let named = found.into_iter();
        named.filter_map(|path| Some((path.last()?.clone(), path))).collect()
    }
}

/// Reads one path, and every path of a group in braces, into full paths below `base`.
fn take_apart(text: &str, base: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = base.to_vec();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if rest.starts_with('{') {
            at += 1;
            loop {
                at += text[at..].len() - text[at..].trim_start().len();
                match text[at..].chars().next() {
                    Some('}') => return at + 1,
                    Some(',') => at += 1,
                    Some(_) => {
                        let read = take_apart(&text[at..], &path, found);
                        at += read.max(1);
                    }
                    None => return at,
                }
            }
        }
        let name = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_');
        let name: String = name.collect();
        if name.is_empty() {
            break;
        }
        at += name.len();
        if name != "self" {
            path.push(name);
        }
        if text[at..].starts_with("::") {
            at += 2;
        } else {
            break;
        }
    }
    found.push(path);
    // An alias is no path.
    if let Some(alias) = text[at..].strip_prefix(" as ") {
        let name = alias.chars().take_while(|c| c.is_alphanumeric() || *c == '_');
        at += " as ".len() + name.count();
    }
    at
}

/// The files and what the faces hand on: enough to tell which file a name is from.
struct House {
    sources: BTreeMap<Vec<String>, Source>,
    handed_on: BTreeMap<Vec<String>, Vec<(String, Vec<String>)>>,
}

impl House {
    fn new(sources: Vec<Source>) -> Self {
        let faces = sources.iter().filter(|source| source.is_face());
        Self {
            handed_on: faces.map(|face| (face.module(), face.handed_on())).collect(),
            sources: sources.into_iter().map(|source| (source.module(), source)).collect(),
        }
    }

    #[expect(clippy::unwrap_used, reason = "only tests call it")]
    fn of_the_repository() -> Self {
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
        assert!(files.len() > 80, "{files:?}");
        let sources = files.into_iter().filter_map(|file| {
            let path = file.strip_prefix(&root).unwrap();
            let path = path.to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&file).unwrap();
            (path != "lib.rs").then(|| Source::new(&path, &text))
        });
        Self::new(sources.collect())
    }

    /// The module of the file that a path leads to, through what faces hand on.
    fn file_of(&self, path: &[String]) -> Option<Vec<String>> {
        let mut module: Vec<String> = Vec::new();
        for name in path {
            let mut below = module.clone();
            below.push(name.clone());
            let is_module = self.sources.keys().any(|known| known.starts_with(&below));
            if is_module {
                module = below;
                continue;
            }
            let handed_on = self.handed_on.get(&module).into_iter().flatten();
            let mut of_name = handed_on.filter(|(known, _)| known == name);
            if let Some((_, stands_for)) = of_name.next()
                && *stands_for != path
            {
                return self.file_of(stands_for);
            }
            break;
        }
        self.sources.contains_key(&module).then_some(module)
    }

    /// Lists what is wrong with the order of the storeys.
    fn order_faults(&self, storeys: &[Storey]) -> Vec<String> {
        let mut faults = Vec::new();
        let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
        let place = |name: &str| storeys.iter().position(|storey| storey.name == name);
        for (place_of, storey) in storeys.iter().enumerate() {
            for below in
                storey.uses.iter().filter(|name| place(name).is_none_or(|at| at >= place_of))
            {
                faults.push(format!(
                    "{} is allowed to use {below}, which is not below it",
                    storey.name
                ));
            }
        }
        for source in self.sources.values() {
            let Some(storey) = storeys.iter().find(|storey| storey.name == source.storey()) else {
                faults.push(format!("src/{} belongs to no storey: name its place", source.path));
                continue;
            };
            for path in source.names() {
                let Some(room) =
                    storeys.iter().find(|room| path.first().is_some_and(|name| name == room.name))
                else {
                    continue;
                };
                if room.name == storey.name {
                    continue;
                }
                if storey.uses.contains(&room.name) {
                    used.insert((storey.name, room.name));
                } else {
                    faults.push(format!(
                        "src/{} uses {}: {} may not",
                        source.path,
                        path.join("::"),
                        storey.name
                    ));
                }
            }
            for word in OUTSIDE.iter().filter(|word| source.code.contains(**word)) {
                if storey.outside.contains(word) {
                    used.insert((storey.name, word));
                } else {
                    faults
                        .push(format!("src/{} names {word}: {} may not", source.path, storey.name));
                }
            }
        }
        for storey in storeys {
            for allowed in storey.uses.iter().chain(storey.outside) {
                if !used.contains(&(storey.name, *allowed)) {
                    faults.push(format!(
                        "{} is allowed {allowed}, and no file of it needs that",
                        storey.name
                    ));
                }
            }
        }
        faults
    }

    /// The files that use one another in a circle, one line a circle.
    fn circles(&self) -> Vec<String> {
        let mut arrows: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
        for (module, source) in &self.sources {
            let to = source.names();
            let to = to.iter().filter_map(|path| self.file_of(path));
            let to = to.filter(|to| to != module && !self.sources[to].is_face());
            arrows.insert(module, to.collect());
        }
        let reaches = |from: &Vec<String>, wanted: &Vec<String>| {
            let mut seen = BTreeSet::new();
            let mut left: Vec<&Vec<String>> = arrows[from].iter().collect();
            while let Some(next) = left.pop() {
                if next == wanted {
                    return true;
                }
                if seen.insert(next) {
                    left.extend(&arrows[next]);
                }
            }
            false
        };
        let in_circle = arrows.keys().filter(|module| reaches(module, module));
        in_circle.map(|module| module.join("::")).collect()
    }
}

#[test]
fn every_storey_uses_only_what_it_is_allowed_and_needs_all_of_that() {
    let faults = House::of_the_repository().order_faults(STOREYS);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn one_name_means_one_thing() {
    let mut meanings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let house = House::of_the_repository();
    for source in house.sources.values() {
        for line in source.code.lines() {
            let visible = line.strip_prefix("pub").map_or(line, |rest| {
                rest.split_once(") ").map_or(rest, |(_, rest)| rest).trim_start()
            });
            let kinds = ["struct ", "enum ", "trait ", "type "];
            if let Some(rest) = kinds.iter().find_map(|kind| visible.strip_prefix(kind)) {
                let name = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_');
                meanings.entry(name.collect()).or_default().push(source.path.clone());
            }
        }
    }
    assert!(meanings.len() > 200, "{} names", meanings.len());
    let twins: Vec<_> = meanings.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(twins.is_empty(), "{twins:#?}");
}

#[test]
fn no_doc_comment_begins_with_a_question() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let asks = [
        "What", "Whether", "How", "Where", "Why", "If", "Which", "Who", "When", "Is", "Are",
        "Should", "Would",
    ];
    for source in House::of_the_repository().sources.values() {
        let text = fs::read_to_string(root.join("src").join(&source.path)).unwrap();
        let mut before = "";
        for line in text.lines().map(str::trim_start) {
            let is_doc = |line: &str| line.starts_with("///") || line.starts_with("//!");
            if is_doc(line) && !is_doc(before) {
                let word = line[3..].split_whitespace().next().unwrap_or_default();
                assert!(!asks.contains(&word), "src/{}: {line}", source.path);
            }
            before = line;
        }
    }
}

#[test]
fn no_files_use_one_another_in_a_circle() {
    let circles = House::of_the_repository().circles();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn a_face_only_declares_and_no_file_is_too_long() {
    for source in House::of_the_repository().sources.values() {
        assert!(
            !source.is_face() || !source.code.contains("fn "),
            "src/{} is the face of a folder and has a job of its own",
            source.path
        );
        let lines = source.code.lines().count();
        assert!(lines <= LONGEST, "src/{} has {lines} lines of code", source.path);
    }
}

#[test]
fn amounts_are_exact_in_every_file_of_these_rooms() {
    let house = House::of_the_repository();
    for room in WITHOUT_FLOATS {
        let face = &house.sources[&vec![(*room).to_owned()]];
        assert!(
            face.code.contains("#![deny(clippy::float_arithmetic)]"),
            "src/{} lets floats in",
            face.path
        );
        let of_room = house.sources.values().filter(|source| source.storey() == *room);
        for source in of_room.filter(|source| !source.is_face()) {
            assert!(
                !source.code.contains("clippy::float_arithmetic"),
                "src/{} makes an exception for floats",
                source.path
            );
        }
    }
}

#[test]
fn the_papers_list_the_same_storeys() {
    let papers = include_str!("../../ARCHITECTURE.md");
    let rows = papers.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: Vec<&str> =
        rows.filter_map(|row| row.split_once("/` |")).map(|(name, _)| name).collect();
    let storeys: Vec<&str> = STOREYS.iter().map(|storey| storey.name).collect();
    assert_eq!(listed, storeys[..storeys.len() - 1]);
}

#[test]
fn the_papers_name_files_that_exist() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut named = 0;
    for paper in ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "docs/design.md"] {
        let text = fs::read_to_string(root.join(paper)).unwrap();
        let words = text.split('`').skip(1).step_by(2);
        let paths = words
            .filter(|word| [".rs", ".toml", ".py", ".json"].iter().any(|end| word.ends_with(end)));
        for path in paths.filter(|path| path.contains('/') && !path.contains(['<', '*', ' ', ':']))
        {
            named += 1;
            let places = ["", "src/"].map(|folder| root.join(folder).join(path));
            assert!(places.iter().any(|place| place.exists()), "{paper} names `{path}`");
        }
    }
    assert!(named > 50, "{named} paths");
}

/// A small house of two storeys, with one more file.
fn small_house(more: (&str, &str)) -> House {
    House::new(vec![
        Source::new("low/mod.rs", "mod a;\nmod b;\npub use a::A;\npub use b::{B, C as D};\n"),
        Source::new("low/a.rs", "// crate::high::X\npub struct A;\n"),
        Source::new(
            "low/b.rs",
            "use crate::low::A;\n\n#[cfg(test)]\nmod tests {\n    use crate::high::X;\n}\n",
        ),
        Source::new("high/mod.rs", "mod x;\npub use x::X;\n"),
        Source::new("high/x.rs", "use crate::low::{A, b::{self, B}};\nfn f() { tokio::f() }\n"),
        Source::new(more.0, more.1),
    ])
}

const SMALL: &[Storey] = &[
    Storey { name: "low", uses: &[], outside: &[] },
    Storey { name: "high", uses: &["low"], outside: &["tokio"] },
];

#[test]
fn the_order_notices_an_upward_arrow_a_forbidden_word_and_an_unused_allowance() {
    let faults = |more| small_house(more).order_faults(SMALL);
    assert_eq!(faults(("high/y.rs", "")), [""; 0]);
    assert_eq!(
        faults(("low/c.rs", "use crate::high::X;")),
        ["src/low/c.rs uses high::X: low may not"]
    );
    assert_eq!(
        faults(("low/c.rs", "fn f(client: aws_sdk_s3::Client) {}")),
        ["src/low/c.rs names aws_sdk_: low may not"]
    );
    assert_eq!(faults(("attic/c.rs", "")), ["src/attic/c.rs belongs to no storey: name its place"]);
    let idle = [
        Storey { name: "low", uses: &[], outside: &["tracing"] },
        Storey { name: "high", uses: &["low"], outside: &["tokio"] },
    ];
    assert_eq!(
        small_house(("high/y.rs", "")).order_faults(&idle),
        ["low is allowed tracing, and no file of it needs that"]
    );
}

#[test]
fn a_circle_is_seen_through_a_face_and_a_group() {
    assert_eq!(small_house(("high/y.rs", "use crate::low::A;")).circles(), [""; 0]);
    let through_a_face = small_house(("low/a.rs", "use crate::low::{D, B};\npub struct A;\n"));
    assert_eq!(through_a_face.circles(), ["low::a", "low::b"]);
    let by_super = small_house(("low/a.rs", "fn f() { super::b::g() }\n"));
    assert_eq!(by_super.circles(), ["low::a", "low::b"]);
}

#[test]
fn the_lambda_has_nothing_of_the_terminal_and_the_core_nothing_of_either() {
    let tree = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["tree", "--edges=normal", "--prefix=none", "--offline"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let names = text.lines().filter_map(|line| line.split(' ').next());
        names.map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let core = tree(&["--no-default-features"]);
    let lambda = tree(&["--no-default-features", "--features=aws"]);
    let terminal = tree(&[]);
    for name in ["clap", "comfy-table", "csv", "anyhow", "aws-sdk-sso"] {
        assert!(!lambda.contains(name), "the Lambda has {name}");
        assert!(terminal.contains(name), "{name} is misspelled");
    }
    for name in ["lambda_runtime", "tokio", "tracing", "aws-config", "aws-sdk-s3"] {
        assert!(!core.contains(name), "the core has {name}");
        assert!(lambda.contains(name), "{name} is misspelled");
    }
}
