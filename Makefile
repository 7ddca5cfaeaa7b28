# `make test` proves the project to whoever changed it; `make ci` adds what is slow and seldom fails.
# Both need Rust, Python 3.11, make and a C compiler, and set up the rest.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3.11
SAM := .venv/sam
LOCALSTACK := .venv/localstack
COMPARE := .venv/compare
CARGO_TOOLS := .venv/cargo
DENY := $(CARGO_TOOLS)/.cargo-deny@0.20.2
MACHETE := $(CARGO_TOOLS)/.cargo-machete@0.9.2
BOOTSTRAP := target/lambda/bedrock-cost-guard/bootstrap

export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1

.PHONY: test lint rust template lambda e2e ci deny unused features core lint-benches bench compare simulate clean

# One after the other: two builds at once only take longer.
test:
	$(MAKE) lint
	$(MAKE) rust
	$(MAKE) template
	$(MAKE) lambda
	$(MAKE) e2e

# The product has no fault that a tool can see: format, lints, documentation. The benches are for lint-benches.
lint:
	cargo fmt --check
	cargo clippy --locked --all-features --lib --bins --tests -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

# The program does what the tests say, and the repository keeps its own rules.
rust:
	cargo test --locked

# CloudFormation takes the template. Three checks, since each finds faults that the others pass over.
template: $(SAM)/.done
	$(SAM)/bin/cfn-lint template.yaml
	$(SAM)/bin/sam validate
	$(SAM)/bin/sam validate --lint

# The Lambda as it is deployed, for x86_64: SAM builds it the same way.
lambda: $(SAM)/.done
	PATH="$(CURDIR)/$(SAM)/bin:$$PATH" $(SAM)/bin/cargo-lambda lambda build --release --x86-64 --bin bedrock-cost-guard
	$(PYTHON) tests/tools/check_lambda.py $(BOOTSTRAP)

# The deployed binary does its work from outside, on LocalStack.
e2e: lambda $(LOCALSTACK)/.done
	$(LOCALSTACK)/bin/python tests/e2e/fake_bedrock.py
	$(LOCALSTACK)/bin/python tests/e2e/run.py --bootstrap $(BOOTSTRAP) --cargo-lambda $(SAM)/bin/cargo-lambda

# Worlds made by seeds, as many as SEEDS says from SEED on: see tests/it/simulation.rs. `make test` makes 300 of them.
simulate:
	cargo test --locked --profile bench --test it simulation:: -- --nocapture

# What has to pass before a change is taken.
ci:
	$(MAKE) test
	$(MAKE) deny
	$(MAKE) unused
	$(MAKE) core
	$(MAKE) features
	$(MAKE) lint-benches

# No dependency has a licence, a source or a weight that deny.toml rules out.
deny: $(DENY)
	$(CARGO_TOOLS)/bin/cargo-deny --locked --all-features check bans licenses sources

# Each dependency in Cargo.toml is used.
unused: $(MACHETE)
	$(CARGO_TOOLS)/bin/cargo-machete

# The core works without the AWS SDK, the runtime and the terminal.
core:
	cargo test --locked --lib --no-default-features

# Each set of features has no fault: the core, the Lambda, everything. The tests stay out, since their own
# dependencies would lend the first two the features that they lack.
features:
	cargo clippy --locked --no-default-features --lib -- -D warnings
	cargo clippy --locked --no-default-features --features aws --lib --bin bedrock-cost-guard -- -D warnings
	cargo clippy --locked --all-features --lib --bins -- -D warnings

# The benches still build and have no fault, though only `make bench` and `make compare` run them.
lint-benches:
	cargo clippy --locked --all-features --bench '*' -- -D warnings

# The figures that the notes quote; with STUDY=whole those of one study alone. Not part of the tests: times are noisy.
# STUDY=goals is that of the largest accounts in a small function.
ifeq ($(STUDY),goals)
bench: lambda
	GUARD_BENCH_BOOTSTRAP="$(CURDIR)/$(BOOTSTRAP)" cargo bench --locked --bench lambda -- --study=goals
else ifdef STUDY
bench:
	cargo bench --locked --bench advice -- --study=$(STUDY)
else
bench: lambda
	$(PYTHON) tests/tools/check_lambda.py $(BOOTSTRAP)
	GUARD_BENCH_BOOTSTRAP="$(CURDIR)/$(BOOTSTRAP)" cargo bench --locked --bench lambda
	GUARD_BENCH_BOOTSTRAP="$(CURDIR)/$(BOOTSTRAP)" cargo bench --locked --bench lambda -- --study=goals
	cargo bench --locked --bench advice
endif

# Speed and prices, held against three Python libraries. Not part of the tests either.
compare: $(COMPARE)/.done
	cargo bench --locked --bench compare
	$(COMPARE)/bin/python tests/tools/compare_peers.py

# Unoptimised: each runs for two seconds, and their own settings for a release make the build long.
$(DENY) $(MACHETE): $(CARGO_TOOLS)/.%:
	cargo install --quiet --locked --debug --root $(CARGO_TOOLS) $*
	touch $@

$(SAM)/.done: tests/tools/requirements-sam.txt
	$(PYTHON) -m venv --clear $(SAM)
	$(SAM)/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	touch $@

$(LOCALSTACK)/.done: tests/tools/requirements-localstack.txt
	$(PYTHON) -m venv --clear $(LOCALSTACK)
	$(LOCALSTACK)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

$(COMPARE)/.done: tests/tools/requirements-compare.txt
	$(PYTHON) -m venv --clear $(COMPARE)
	$(COMPARE)/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	touch $@

clean:
	rm -rf target .venv .aws-sam
