# `make test` proves the project. It needs Rust, Python 3.11, make and a C compiler, and sets up the rest.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3.11
SAM := .venv/sam
LOCALSTACK := .venv/localstack
COMPARE := .venv/compare
BOOTSTRAP := target/lambda/bedrock-cost-guard/bootstrap

export SAM_CLI_TELEMETRY := 0
export AWS_DEFAULT_REGION ?= us-east-1

.PHONY: test lint rust template lambda e2e bench compare clean

# One after the other: two builds at once only take longer.
test:
	$(MAKE) lint
	$(MAKE) rust
	$(MAKE) template
	$(MAKE) lambda
	$(MAKE) e2e

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets --all-features -- -D warnings
	cargo clippy --locked --no-default-features --bin bedrock-cost-guard -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

rust:
	cargo test --locked

# Three checks, since each finds faults that the others pass over.
template: $(SAM)/.done
	$(SAM)/bin/cfn-lint template.yaml
	$(SAM)/bin/sam validate
	$(SAM)/bin/sam validate --lint

# The Lambda as it is deployed, for x86_64: SAM builds it the same way.
lambda: $(SAM)/.done
	PATH="$(CURDIR)/$(SAM)/bin:$$PATH" $(SAM)/bin/cargo-lambda lambda build --release --x86-64 --bin bedrock-cost-guard
	$(PYTHON) tests/tools/check_lambda.py $(BOOTSTRAP)

e2e: lambda $(LOCALSTACK)/.done
	$(LOCALSTACK)/bin/python tests/e2e/fake_bedrock.py
	$(LOCALSTACK)/bin/python tests/e2e/run.py --bootstrap $(BOOTSTRAP) --cargo-lambda $(SAM)/bin/cargo-lambda

# The figures that the notes quote. Not part of the tests: times are noisy.
bench: lambda
	$(PYTHON) tests/tools/check_lambda.py $(BOOTSTRAP)
	GUARD_BENCH_BOOTSTRAP="$(CURDIR)/$(BOOTSTRAP)" cargo bench --locked --bench lambda
	cargo bench --locked --bench advice

# Speed and prices, held against three Python libraries. Not part of the tests either.
compare: $(COMPARE)/.done
	cargo bench --locked --bench compare
	$(COMPARE)/bin/python tests/tools/compare_peers.py

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
