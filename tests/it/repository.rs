//! The rules that the repository's own files keep: seeds and snapshots belong to a test, paths lead
//! to what everybody has, nothing is left unfinished, and `make ci` runs every check.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The targets that measure or clean and so prove nothing, and the one that a test does for fewer worlds.
const NO_CHECKS: [&str; 4] = ["bench", "clean", "compare", "simulate"];

/// A relative path that a test of the settings makes up.
const MADE_UP: &str = "../over rides.toml";

/// A text file of the repository.
struct File {
    /// Its path below the root, with slashes.
    path: String,
    text: String,
}

impl File {
    fn new(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    /// The text without the lines that are comments.
    fn code(&self) -> String {
        let lines = self.text.lines();
        let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
        lines.flat_map(|line| [line, "\n"]).collect()
    }
}

/// Every text file of the repository, without what a build leaves behind.
#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn tree() -> Vec<File> {
    fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                let is_hidden = name.starts_with('.') && name != ".ci";
                if !is_hidden && !["target", "__pycache__"].contains(&name.as_str()) {
                    collect(root, &path, files);
                }
            } else if let Ok(text) = fs::read_to_string(&path) {
                let path = path.strip_prefix(root).unwrap().to_string_lossy();
                files.push(File::new(&path.replace('\\', "/"), &text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(root, root, &mut files);
    assert!(files.len() > 100, "{} files", files.len());
    files
}

#[expect(clippy::unwrap_used, reason = "only tests call it")]
fn text_of(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The folder and the name of a file; the root is the empty folder.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The seeds of proptest that no source with properties reads.
fn orphaned_seeds(files: &[File]) -> Vec<&str> {
    let roots: BTreeSet<&str> = files
        .iter()
        .map(|file| split(&file.path))
        .filter(|(_, name)| ["lib.rs", "main.rs"].contains(name))
        .map(|(folder, _)| folder)
        .collect();
    let read: BTreeSet<String> = files
        .iter()
        .filter(|file| file.is_rust() && file.code().contains("proptest!"))
        .map(|file| seeds_of(&file.path, &roots))
        .collect();
    files
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| path.contains("proptest-regressions") && !read.contains(*path))
        .collect()
}

/// The file in which proptest keeps the seeds of a source: beside the nearest folder above the source
/// that holds a `lib.rs` or a `main.rs`, or beside the source if there is none.
fn seeds_of(source: &str, roots: &BTreeSet<&str>) -> String {
    let stem = source.trim_end_matches(".rs");
    let mut folder = split(source).0;
    while !folder.is_empty() {
        let (above, _) = split(folder);
        if roots.contains(folder) {
            let gap = if above.is_empty() { "" } else { "/" };
            let rest = &stem[folder.len()..];
            return format!("{above}{gap}proptest-regressions{rest}.txt");
        }
        folder = above;
    }
    format!("{stem}.proptest-regressions")
}

#[test]
fn every_regression_file_belongs_to_a_source_with_properties() {
    let files = tree();
    let orphans = orphaned_seeds(&files);
    assert!(
        orphans.is_empty(),
        "no source reads these seeds; move them with it or remove them:\n{}",
        orphans.join("\n")
    );
}

#[test]
fn a_seed_without_its_source_is_found() {
    let files = [
        File::new("src/lib.rs", ""),
        File::new("src/bin/tool/main.rs", ""),
        File::new("src/bin/tool/page.rs", "proptest! {}"),
        File::new("src/sizing/units.rs", "proptest! {}"),
        File::new("src/sizing/plain.rs", "// proptest! {}"),
        File::new("tests/it/main.rs", ""),
        File::new("tests/it/laws.rs", "proptest! {}"),
        File::new("benches/speed.rs", "proptest! {}"),
        File::new("src/bin/proptest-regressions/page.txt", ""),
        File::new("proptest-regressions/sizing/units.txt", ""),
        File::new("tests/proptest-regressions/laws.txt", ""),
        File::new("benches/speed.proptest-regressions", ""),
        // And those that nothing reads.
        File::new("proptest-regressions/sizing/plain.txt", ""),
        File::new("proptest-regressions/units.txt", ""),
        File::new("proptest-regressions/it/laws.txt", ""),
        File::new("proptest-regressions/bin/tool/page.txt", ""),
    ];
    assert_eq!(
        orphaned_seeds(&files),
        [
            "proptest-regressions/sizing/plain.txt",
            "proptest-regressions/units.txt",
            "proptest-regressions/it/laws.txt",
            "proptest-regressions/bin/tool/page.txt",
        ]
    );
}

/// The snapshots that no assertion names.
///
/// The file of a snapshot is `<folder of the source>/snapshots/<module>__<name>.snap`.
fn unused_snapshots(files: &[File]) -> Vec<&str> {
    let mut sources = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let names = snapshot_names(&file.code());
        if !names.is_empty() {
            sources.push((split(&file.path).0, module(&file.path), names));
        }
    }
    let is_used = |path: &str| {
        let (folder, name) = split(path);
        let stem = name.trim_end_matches(".snap");
        sources.iter().any(|(place, module, names)| {
            let rest = stem.strip_prefix(module.as_str());
            let rest = rest.and_then(|rest| rest.strip_prefix("__"));
            // Before the name may stand modules within the file.
            let is_named = |rest: &str| {
                let named = |name: &String| rest == name || rest.ends_with(&format!("__{name}"));
                names.iter().any(named)
            };
            folder.strip_suffix("/snapshots") == Some(place) && rest.is_some_and(is_named)
        })
    };
    files
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| Path::new(path).extension().is_some_and(|extension| extension == "snap"))
        .filter(|path| !is_used(path))
        .collect()
}

/// The names that the assertions of a source give to snapshot files: their own, or else that of the
/// function. An assertion with the snapshot in it has none.
fn snapshot_names(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (place, call) in code.match_indices("snapshot!(") {
        let start = code[..place].rfind(|c: char| !c.is_alphanumeric() && c != '_');
        if !code[start.map_or(0, |at| at + 1)..place].starts_with("assert_") {
            continue;
        }
        let arguments = code[place + call.len()..].split(");").next();
        let arguments = arguments.unwrap_or_default().trim_start();
        if ["@\"", "@r"].iter().any(|mark| arguments.contains(mark)) {
            continue;
        }
        let literal = arguments.strip_prefix('"');
        let literal = literal.and_then(|rest| rest.split_once('"'));
        match literal {
            Some((name, rest)) if rest.trim_start().starts_with(',') => {
                names.insert(name.replace(['/', '\\'], "__"));
            }
            _ => {
                let function = code[..place].rsplit("fn ").next().unwrap_or_default();
                let name = function.split(['(', '<']).next().unwrap_or_default();
                names.insert(name.strip_prefix("test_").unwrap_or(name).to_owned());
            }
        }
    }
    names
}

/// The path of a source's module as insta writes it, with the crate first.
fn module(source: &str) -> String {
    let stem = source.trim_end_matches(".rs");
    let inner = ["src/bin/", "tests/", "benches/", "examples/"]
        .iter()
        .find_map(|folder| stem.strip_prefix(folder));
    let library = || {
        let rest = stem.strip_prefix("src/").unwrap_or(stem);
        format!("{}/{rest}", env!("CARGO_PKG_NAME"))
    };
    let path = inner.map_or_else(library, str::to_owned);
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.len() > 1 && ["main", "lib", "mod"].contains(&parts[parts.len() - 1]) {
        parts.pop();
    }
    parts.join("__").replace('-', "_")
}

#[test]
fn every_snapshot_is_named_by_an_assertion() {
    let files = tree();
    let unused = unused_snapshots(&files);
    assert!(
        unused.is_empty(),
        "no assertion names these snapshots; remove them:\n{}",
        unused.join("\n")
    );
}

#[test]
fn a_snapshot_without_its_assertion_is_found() {
    let source = "fn test_all() {\n    insta::assert_snapshot!(text);\n}\n\
         fn two() {\n    assert_json_snapshot!(\n        \"a/b\",\n        text\n    );\n}\n\
         fn three() {\n    assert_snapshot!(text, @\"\");\n    snapshot!(\"no\", 1);\n}\n\
         // assert_snapshot!(\"gone\", text);\n";
    let files = [
        File::new("tests/it/page.rs", source),
        File::new("src/report/mod.rs", source),
        File::new("tests/it/snapshots/it__page__all.snap", ""),
        File::new("tests/it/snapshots/it__page__a__b.snap", ""),
        File::new("src/report/snapshots/bedrock_cost_guard__report__tests__all.snap", ""),
        // And those that no assertion reads.
        File::new("tests/it/snapshots/it__page__three.snap", ""),
        File::new("tests/it/snapshots/it__page__no.snap", ""),
        File::new("tests/it/snapshots/it__page__gone.snap", ""),
        File::new("tests/it/snapshots/it__pages__all.snap", ""),
        File::new("tests/snapshots/it__page__all.snap", ""),
    ];
    assert_eq!(
        unused_snapshots(&files),
        [
            "tests/it/snapshots/it__page__three.snap",
            "tests/it/snapshots/it__page__no.snap",
            "tests/it/snapshots/it__page__gone.snap",
            "tests/it/snapshots/it__pages__all.snap",
            "tests/snapshots/it__page__all.snap",
        ]
    );
    assert_eq!(module("src/bin/cost-guard/main.rs"), "cost_guard");
    assert_eq!(module("src/catalog/book.rs").split("__").count(), 3);
    assert_eq!(module("tests/it/main.rs"), "it");
}

/// The paths in a file that lead to nothing in the repository, or into one person's home.
fn lost_paths(file: &File, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let text = file.text.replace(MADE_UP, "");
    let ends = |c: char| c.is_whitespace() || "\"'`()[]<>#,;".contains(c);
    let mut lost = Vec::new();
    for (place, _) in text.match_indices("../") {
        // The second half of `../../`, or an ellipsis.
        if text[..place].ends_with("../") || text[..place].ends_with('.') {
            continue;
        }
        let path = text[place..].split(ends).next().unwrap_or_default();
        if !resolve(split(&file.path).0, path).is_some_and(|path| exists(&path)) {
            lost.push(path.to_owned());
        }
    }
    for home in ["home", "root", "Users"].map(|name| format!("/{name}/")) {
        for (place, _) in text.match_indices(&home) {
            let before = text[..place].chars().next_back();
            if !before.is_some_and(|c| c.is_alphanumeric() || "./-_}".contains(c)) {
                let path = text[place..].split(ends).next().unwrap_or_default();
                lost.push(path.to_owned());
            }
        }
    }
    lost
}

/// The path below the root of a path that is seen from a folder; `None` if it leads out.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn every_path_leads_to_what_everybody_has() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    let mut lost = Vec::new();
    for file in tree() {
        // The paths that the test below makes up.
        if file.path == file!() {
            continue;
        }
        seen += usize::from(file.text.contains("../"));
        let paths = lost_paths(&file, |path| root.join(path).exists());
        lost.extend(paths.iter().map(|path| format!("{}: {path}", file.path)));
    }
    assert!(seen > 5, "{seen} files with relative paths");
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn a_path_that_leads_nowhere_is_found() {
    let text = "[a](../README.md#top) \"../../src/lib.rs\" ../MORE.md `../../../else` \
         https://example.com/home/page ${ROOT}/home/x cd /home/me/x; ../over rides.toml";
    let file = File::new("docs/own/page.md", text);
    let lost = lost_paths(&file, |path| ["docs/README.md", "src/lib.rs"].contains(&path));
    assert_eq!(lost, ["../MORE.md", "../../../else", "/home/me/x"]);
}

/// The words in a source that say that something is still to be done.
fn unfinished(code: &str) -> Vec<String> {
    let words = [("to", "do!"), ("unimple", "mented!"), ("FIX", "ME")];
    let words = words.map(|(head, tail)| format!("{head}{tail}"));
    words.into_iter().filter(|word| code.contains(word)).collect()
}

#[test]
fn nothing_is_left_unfinished() {
    for file in tree().iter().filter(|file| file.is_rust()) {
        let words = unfinished(&file.text);
        assert!(words.is_empty(), "{}: {}", file.path, words.join(", "));
    }
}

#[test]
fn what_is_left_unfinished_is_found() {
    let code = "fn later() { todo_list(); to".to_owned() + "do!() } // FIX" + "ME";
    assert_eq!(unfinished(&code).len(), 2);
    assert!(unfinished("fn done() { todo_list(); }").is_empty());
}

/// The commands of a shell script, without its settings and the step into its folder.
fn commands(script: &str) -> Vec<&str> {
    script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter(|line| !line.starts_with("set -") && *line != "cd \"$(dirname \"$0\")/..\"")
        .collect()
}

/// The targets of a makefile, each with those that its rule names: before it, or in its recipe.
fn targets(makefile: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut targets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut target = "";
    for line in makefile.lines() {
        if let Some(command) = line.strip_prefix('\t') {
            let made = command.strip_prefix("$(MAKE) ").unwrap_or_default();
            targets.entry(target).or_default().extend(made.split(' '));
        } else if let Some((name, needs)) = line.split_once(':')
            && !line.starts_with('#')
            && !needs.starts_with('=')
        {
            target = name.trim();
            let needs = needs.split_whitespace();
            targets.entry(target).or_default().extend(needs);
        }
    }
    for needs in targets.values_mut() {
        needs.retain(|name| !name.is_empty());
    }
    targets
}

/// All that a target makes, itself included.
fn reached<'a>(targets: &BTreeMap<&'a str, Vec<&'a str>>, first: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![first];
    while let Some(name) = open.pop() {
        if reached.insert(name) {
            open.extend(targets.get(name).into_iter().flatten());
        }
    }
    reached
}

#[test]
fn the_script_for_ci_runs_make_ci_and_nothing_else() {
    assert_eq!(commands(&text_of(".ci/run")), ["exec make ci"]);
}

#[test]
fn ci_runs_the_tests_and_every_other_check() {
    let makefile = text_of("Makefile");
    let targets = targets(&makefile);
    assert!(targets["ci"].contains(&"test"), "{:?}", targets["ci"]);
    let all: BTreeSet<&str> = targets[".PHONY"].iter().copied().collect();
    let done = reached(&targets, "ci");
    let left: Vec<&str> = all.difference(&done).copied().collect();
    assert_eq!(left, NO_CHECKS);
    // A target that is not phony would be passed over once a file has its name.
    let named = targets["ci"].iter().chain(&targets["test"]);
    let not_phony: Vec<_> = named.filter(|name| !all.contains(*name)).collect();
    assert!(not_phony.is_empty(), "{not_phony:?}");
}

#[test]
fn a_command_and_a_target_are_read_as_they_are_run() {
    let script = "#!/bin/sh\n# All.\nset -eu\ncd \"$(dirname \"$0\")/..\"\nmake ci\n  make more\n";
    assert_eq!(commands(script), ["make ci", "make more"]);
    let makefile = "A := b:c\nB ?= c\n.PHONY: ci test lint\n# one: two\nci: lint\n\t$(MAKE) test\n\
         \techo none: here\ntest:\n\tcargo test\nlint: tool\n";
    let targets = targets(makefile);
    assert_eq!(targets.keys().copied().collect::<Vec<_>>(), [".PHONY", "ci", "lint", "test"]);
    assert_eq!(targets["ci"], ["lint", "test"]);
    assert_eq!(reached(&targets, "ci"), ["ci", "lint", "test", "tool"].into());
    assert!(!reached(&targets, "lint").contains("test"));
}

#[test]
fn every_fault_of_the_page_names_a_test_that_is_there() {
    let tree = tree();
    let page = tree.iter().find(|file| file.path == "docs/faults.md").unwrap();
    // The tables of faults have five columns, of which the last names tests.
    let is_of_faults = |line: &&str| line.matches(" | ").count() == 4 && line.ends_with("` |");
    let rows = page.text.lines().filter(is_of_faults);
    let mut named = 0;
    for row in rows {
        let Some(tests) = row.trim_end_matches(" |").rsplit(" | ").next() else { continue };
        for test in tests.split('`').skip(1).step_by(2) {
            let is_a_test = |file: &&File| {
                let text = &file.text;
                text.match_indices(&format!("fn {test}(")).any(|(at, _)| {
                    let before: Vec<&str> = text[..at].lines().rev().take(4).collect();
                    file.is_rust() && before.iter().any(|line| line.contains("test"))
                })
            };
            let is_a_property = |file: &&File| {
                let text = &file.text;
                text.contains("proptest! {") && text.contains(&format!("fn {test}("))
            };
            let is_there = tree.iter().any(|file| is_a_test(&file) || is_a_property(&file));
            assert!(is_there, "no test is called {test}");
            named += 1;
        }
    }
    assert!(named > 25, "{named} tests are named");
}
