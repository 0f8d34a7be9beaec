# What a person or CI says: run · build · test · lint · format · generate · conformance · sanitize · fuzz · bench.
# Each target installs what it is missing (Debian packages, Python test tools in .venv) and is quick when nothing is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.NOTPARALLEL:

SERVER := .build/release/gameserver
PYTHON := .venv/bin/python
# Flags for `gameserver serve`, as in: make run ARGS="--port 8080"
ARGS ?=

# What Autobahn plays with our client: of the groups that compress, which take minutes each, one of either kind. All of
# it: make conformance CLIENT_CASES=
CLIENT_CASES ?= '1.*' '2.*' '3.*' '4.*' '5.*' '6.*' '7.*' '9.*' '10.*' '12.1.*' '13.7.*'

# How long each parser is fuzzed; in CI how many inputs each is given, which is the same search on every machine.
SECONDS ?= 10
FUZZ_RUNS ?= 100000

# Under which sanitizers the transport's tests run.
SANITIZERS ?= thread address

LIBRARIES := libssl-dev libsqlite3-dev zlib1g-dev

# packages PACKAGE... : installs the Debian packages that are not there.
packages = missing=$$(for name in $(1); do dpkg -s $$name >/dev/null 2>&1 || echo $$name; done); $(install)
# commands COMMAND=PACKAGE... : the same for programs, wherever they came from.
commands = missing=$$(for pair in $(1); do command -v $${pair%%=*} >/dev/null || echo $${pair\#*=}; done); $(install)
install = if [ -n "$$missing" ]; then \
		echo "installing:" $$missing; \
		root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$root apt-get update -qq </dev/null; \
		DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends $$missing </dev/null >/dev/null; \
	fi

# Installing the package would start a service; unpacked it is two programs that need nothing but libc.
unpack_prometheus = echo "unpacking Prometheus into .build/tools"; \
	root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	$$root apt-get update -qq </dev/null; \
	mkdir -p .build/tools; \
	(cd .build/tools && apt-get download -qq -o APT::Sandbox::User=root prometheus </dev/null && dpkg -x prometheus_*.deb . && rm prometheus_*.deb)

.PHONY: run build test lint format generate conformance sanitize fuzz bench release swift libraries tools

run: release  ## serves on http://127.0.0.1:5050
	# A crash report would show memory beside the registers, which may hold a hand or a secret.
	SWIFT_BACKTRACE=registers=none exec $(SERVER) serve $(ARGS)

build: libraries  ## debug build of everything
	swift build

test: release tools  ## everything that must hold, holds
	@echo "== Swift tests"
	swift test --disable-xctest
	@echo "== client tests"
	node --test $(wildcard Tests/EndToEndTests/client/*.test.js Tests/EndToEndTests/client/*.test.mjs)
	@echo "== end-to-end tests"
	GAMESERVER_BINARY="$$PWD/$(SERVER)" $(PYTHON) -m pytest -q -m "not conformance" Tests/EndToEndTests
	@echo "== the wire, TLS and abuse again, over two event loops"
	GAMESERVER_SERVER_LOOPS=2 GAMESERVER_BINARY="$$PWD/$(SERVER)" $(PYTHON) -m pytest -q -m "not conformance" \
		$(addprefix Tests/EndToEndTests/test_, protocol_*.py restart.py kill9.py secrecy.py abuse_*.py tls_*.py \
		compression.py listeners.py hostile.py)

lint: swift  ## formatting and syntax, nothing is changed
	@$(call commands,python3=python3 node=nodejs)
	swift format lint --strict -r Package.swift Sources Tests
	@for file in $$(git ls-files '*.py'); do python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$$file"; done
	@for file in $$(git ls-files '*.js' '*.mjs'); do node --check "$$file"; done
	@for file in $$(git ls-files '*.sh' .ci/run); do bash -n "$$file"; done
	@echo "lint: clean"

format: swift  ## formats the Swift sources in place
	swift format -i -r Package.swift Sources Tests

generate: release  ## the files that follow from the catalogue of metrics
	$(SERVER) metrics rules > Resources/prometheus/rules.yml
	$(SERVER) metrics docs > docs/METRICS.md

conformance: release tools  ## Autobahn against both ends of the engine, and whatever else takes minutes
	@$(call commands,python3=python3)
	@$(call packages,python3-venv)
	swift build -c release --product AutobahnClient
	Tests/Conformance/run.sh $(SERVER) -
	Tests/Conformance/run.sh - .build/release/AutobahnClient $(CLIENT_CASES)
	swift build -c release --product FaultyServer
	GAMESERVER_BINARY="$$PWD/$(SERVER)" $(PYTHON) -m pytest -q -m conformance Tests/EndToEndTests
	python3 Tests/Fuzz/fuzz.py --runs $(FUZZ_RUNS)
	Tests/Sanitizers/run.sh thread

sanitize: libraries  ## the transport's tests under sanitizers: make sanitize SANITIZERS=address
	Tests/Sanitizers/run.sh $(SANITIZERS)

fuzz: libraries  ## searches for inputs that break a parser, so long for each of them: make fuzz SECONDS=600
	@$(call commands,python3=python3)
	python3 Tests/Fuzz/fuzz.py --seconds $(SECONDS)

bench: release tools  ## figures beside other servers, and what watching costs, in one run on this machine
	@$(call packages,gcc g++ libc6-dev libuv1 valgrind libboost-dev golang-go golang-github-gorilla-websocket-dev)
	GAMESERVER_BINARY="$$PWD/$(SERVER)" $(PYTHON) Benchmarks/bench.py
	GAMESERVER_BINARY="$$PWD/$(SERVER)" $(PYTHON) Benchmarks/overhead.py

release: libraries
	swift build -c release --product gameserver
	swift build -c release --product FaultyServer

libraries: swift
	@$(call packages,$(LIBRARIES))

swift:
	@command -v swift >/dev/null || { echo "Swift 6.2 or newer is needed: https://www.swift.org/install" >&2; exit 1; }

# The versions are pinned in requirements.txt; a copy in .venv says what is installed.
tools:
	@$(call commands,python3=python3 node=nodejs chromium=chromium sqlite3=sqlite3 faketime=faketime gcc=gcc)
	@$(call packages,libc6-dev)
	@if ! command -v prometheus >/dev/null && [ ! -x .build/tools/usr/bin/prometheus ]; then $(unpack_prometheus); fi
	@if ! cmp -s Tests/EndToEndTests/requirements.txt .venv/requirements.txt; then \
		python3 -c 'import ensurepip' 2>/dev/null || { $(call packages,python3-venv); }; \
		echo "installing the test tools into .venv"; \
		python3 -m venv .venv; \
		$(PYTHON) -m pip install --quiet --disable-pip-version-check -r Tests/EndToEndTests/requirements.txt; \
		cp Tests/EndToEndTests/requirements.txt .venv/requirements.txt; \
	fi
