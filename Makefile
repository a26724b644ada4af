# `make run` serves, `make test` tests. What a target needs and is missing is installed by apt-get where it is run as root on
# Debian; elsewhere nothing is installed, and the exact commands are printed.

# Built soonest, for a first look; `make run PROFILE=ci` or `PROFILE=release` takes longer to build and runs faster.
PROFILE ?= dev
CARGO ?= cargo

# The artefacts of a profile are in a folder of its name, but for `dev`.
FOLDER = $(or $(CARGO_TARGET_DIR),target)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))

# The versions of the lock file, but not by `npm ci`: it insists on the packages of every platform, which not each registry has.
UI_PACKAGES = npm install --no-save --no-audit --no-fund --loglevel=error

.PHONY: help run demo build test bench bench-ui schema reference fixtures graphiql ui lint fmt docs fuzz hostile

help:
	@echo "make run        build and serve; prints the address to open"
	@echo "make demo       the same, with sample pipelines to try things with"
	@echo "make test       all tests, on SQLite and on PostgreSQL"
	@echo "make bench      measure against baselines; make bench CASE=fanout for one case"
	@echo "make bench-ui   measure the pages in Chromium against an optimised server; make bench-ui FIGURE=streams for one figure"
	@echo "make lint       formatting and clippy"
	@echo "make fmt        format everything"
	@echo "make docs       the documentation of the code"
	@echo "make graphiql   build the GraphiQL page (make run does it where npm is there)"
	@echo "make ui         test and build the pages (make run builds them where npm is there)"
	@echo "make fuzz       run the fuzz targets, EACH=60 seconds each"
	@echo "make hostile    what hostile requests cost an optimised build, against what is promised"
	@echo "make schema     write schema.graphql anew"
	@echo "make reference  write docs/configuration.md anew"
	@echo "make fixtures   write frontend-fixtures/ anew"

run: build
	@exec $(FOLDER)/alm serve

demo: build
	@exec $(FOLDER)/alm demo

build: graphiql/dist ui/dist
	@scripts/need rust git cc
	@$(CARGO) build --locked --profile $(PROFILE) --bin alm

# Without npm the page is left out, and says so itself; the API works all the same.
graphiql/dist: $(wildcard graphiql/package-lock.json graphiql/*.ts graphiql/*.tsx graphiql/*.html graphiql/*.mjs graphiql/*.graphql graphiql/src/*)
	@scripts/need 'node?'
	@if command -v npm >/dev/null 2>&1 && [ -e graphiql/package-lock.json ]; then $(MAKE) --no-print-directory graphiql; fi

graphiql:
	@scripts/need node
	cd graphiql && npm ci --no-audit --no-fund && npm run build
	@touch graphiql/dist

# Likewise.
ui/dist: schema.graphql $(wildcard frontend-fixtures/*.graphql ui/*.json ui/*.ts ui/*.mjs ui/src/*) $(shell find ui/src -type f 2>/dev/null)
	@scripts/need 'node?'
	@if command -v npm >/dev/null 2>&1; then cd ui && $(UI_PACKAGES) && npm run build && touch dist; fi

ui:
	@scripts/need node
	cd ui && $(UI_PACKAGES) && npm test && npm run build
	@touch ui/dist

# PostgreSQL is started by the tests themselves, once for each program of tests: hence not one process for each test. ALM_REQUIRE_POSTGRES=1 makes its absence a failure.
test:
	@scripts/need rust git cc $(if $(ALM_REQUIRE_POSTGRES),postgres,'postgres?')
	@$(CARGO) test --workspace --all-features --locked --no-fail-fast

# Every case, or those of CASE. Without npm (or where a package cannot be built) the comparison with mercurius is left out, and
# the bench says so.
bench:
	@scripts/need rust git cc 'node?' 'postgres?'
	@if command -v npm >/dev/null 2>&1; then cd benches/node && npm ci --no-audit --no-fund || true; fi
	@$(CARGO) run --locked --release -p alm-benches -- $(CASE)

# Needs Chromium at /usr/bin/chromium, or at the path in CHROMIUM.
bench-ui: ui/dist
	@scripts/need rust git cc node
	cd tests/node && npm ci --no-audit --no-fund --loglevel=error
	@$(CARGO) build --locked --release --bin alm
	node tests/node/bench/ui.mjs $(abspath $(or $(CARGO_TARGET_DIR),target)/release/alm) $(FIGURE)

schema:
	@scripts/need rust cc
	@$(CARGO) run --quiet --locked --bin alm -- schema > schema.graphql.new
	@mv schema.graphql.new schema.graphql

reference:
	@scripts/need rust cc
	UPDATE=1 $(CARGO) test --locked --lib config::

fixtures:
	@scripts/need rust git cc
	UPDATE=1 $(CARGO) test --locked --test it fixtures

lint:
	@scripts/need rust cc
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --all-features --locked -- -D warnings

fmt:
	@scripts/need rust
	$(CARGO) fmt --all

docs:
	@scripts/need rust cc
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --all-features --no-deps --locked

EACH ?= 60
fuzz:
	@scripts/fuzz $(EACH)

# The tests themselves stay as they are: only the server that they measure is optimised.
hostile:
	@scripts/need rust git cc
	@$(CARGO) build --locked --release --bin alm
	ALM_SOAK=1 ALM_TEST_PROGRAM=$(abspath $(or $(CARGO_TARGET_DIR),target)/release/alm) $(CARGO) test --locked --test it hostile:: -- --nocapture --test-threads=1
