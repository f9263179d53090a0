# Everything that a newcomer, a developer and the continuous integration call. `make help` lists it.
#
# One scratch path and one configuration serve the command line and the tests, so that nothing is compiled twice.

SWIFT ?= swift
release := -c release
# Tests reach internals by `package` access, so that the code under test is the code that ships.
testing := $(release) --disable-testable-imports

# The tests that do more when they are asked to (Tests/TestSupport/Effort.swift).
tortures := KillTests|PowerCutTests|SystemCallTests|FullDiskTests|DifferentialTests|RecordedHistoryTests|MisbehaviourTests

.DEFAULT_GOAL := help
.PHONY: help setup build run test lint bench bench-quick torture torture-full clean

help: ## Say what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

setup: ## Install the system libraries that are missing
	@tools/setup

# Optimising a module as a whole takes minutes, in which the compiler says nothing.
first_build = @[ -e .build/release/$(1) ] || echo "The first build takes some minutes, and is silent for most of them." >&2

build: setup ## Build .build/release/kith
	$(call first_build,kith)
	$(SWIFT) build $(release) --product kith

run: build ## Serve the demonstration CRM from ./data until Ctrl-C
	@tools/run

test: setup lint ## Run every test
	$(call first_build,KithPackageTests.xctest)
	$(SWIFT) test $(testing)

lint: ## Check the format of every source file (house rules beyond it: TidyTests)
	$(SWIFT) format lint --strict --recursive Sources Tests Examples Package.swift

bench: build ## Measure everything, beside the peers
	Benchmarks/run

bench-quick: build ## Measure the rows that a change can touch
	Benchmarks/run --quick

# DuckDB is asked too where it can be installed: the tests do without.
torture: setup ## Kill the server 500 times, cut the power of the simulated disk and ask SQLite and DuckDB far more often than a test does, and take away what protects the data
	@[ -e .build/duckdb ] || { python3 -m venv .build/duckdb && .build/duckdb/bin/pip install -q duckdb; } \
		|| { rm -rf .build/duckdb; echo "DuckDB is not asked: python3 with venv and pip did not install it." >&2; }
	KITH_TORTURE=1 $(SWIFT) test $(testing) --filter '$(tortures)'
	tools/mutations

torture-full: setup ## The same with the numbers that docs/reliability.md sets as goals; hours
	KITH_TORTURE=full $(SWIFT) test $(testing) --filter '$(tortures)'

clean: ## Remove what was built; data stays
	rm -rf .build
