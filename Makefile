# The first target prints what there is; `make test` is the whole proof.
GO ?= go
LINT_VERSION := v2.15.0
LINT := bin/golangci-lint
NODE_MODULES := test/node/node_modules

.PHONY: warehouse-torture chaos sdks numbers numbers-pipe numbers-test help build run test quick race lint fuzz bench bench-hog hog-diff sim golden tools clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the binary into bin/
	$(GO) build -o bin/prickle ./cmd/prickle

run: ## run the quickstart
	$(GO) run ./cmd/prickle run configs/examples/quickstart

# These compare single-threaded code with the reference for minutes, which the race detector makes ten times as many. What runs at once in them
# is tested with it in hog/vm and by name.
SLOW := ./hog ./hog/parser ./hog/format

# A third package at a time uses what the others leave of the processors while they wait for disks and servers.
test: tools ## install what is missing, then vet, lint, and every test, with the race detector where it has something to find
	$(GO) vet ./...
	$(LINT) run
	PRICKLE_TEST_ALL=1 $(GO) test -race -p 3 -timeout 40m $$($(GO) list ./... | grep -vE '/prickle/hog(/parser|/format)?$$')
	PRICKLE_TEST_ALL=1 $(GO) test -timeout 20m $(SLOW)
	PRICKLE_TEST_ALL=1 $(GO) test -race -timeout 20m -run 'Golden|Session|SuspendAsync|Runs|Example|Shared|Isolat' ./hog
	cd test/hogbench && $(GO) vet ./... && $(CURDIR)/$(LINT) run && PRICKLE_TEST_ALL=1 $(GO) test ./...
	cd test/sdks/posthog-go && $(GO) vet ./... && $(CURDIR)/$(LINT) run

quick: ## the tests that need only Go and gcc
	$(GO) test ./...

lint: $(LINT) ## the linter alone
	$(LINT) run

FUZZTIME ?= 30s
fuzz: ## every fuzz target for FUZZTIME (30s)
	@$(GO) test -list '^Fuzz' ./... | awk '/^Fuzz/ { names[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print names[i], $$2; n = 0 }' | \
	while read -r name package; do echo "$$package $$name"; $(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) "$$package" || exit 1; done

bench: ## every benchmark, with allocations
	$(GO) test -run '^$$' -bench . -benchmem ./...

bench-hog: $(NODE_MODULES)/.installed ## Hog against PostHog's machine and other languages, as one table
	cd test/hogbench && $(GO) run .

NUMBERS ?=
numbers-test: build tools ## the tests of what `make numbers` runs, apart from the others because they build Benthos
	cd test/numbers && $(GO) vet ./... && $(CURDIR)/$(LINT) run && PRICKLE_TEST_ALL=1 $(GO) test ./...

numbers: build $(NODE_MODULES)/.installed ## everything that docs/performance.md wants, measured, as one table; takes over an hour. NUMBERS='-only down -for 2m' for less
	cd test/numbers && $(GO) run . $(NUMBERS)

numbers-pipe: ## prickle pipe against Benthos, and against PostHog's machine in Node
	$(MAKE) numbers NUMBERS='-only pipe $(NUMBERS)'

CHAOS_ROUNDS ?= 50
CHAOS ?= .
chaos: ## break a running project in every way, CHAOS_ROUNDS (50) times each, for the table in docs/reliability.md; as root for all of it
	mkdir -p bin && rm -f bin/chaos.ndjson
	PRICKLE_TEST_ALL=1 $(GO) test ./test/chaos -run '$(CHAOS)' -count 1 -v -timeout 0 -chaos.rounds $(CHAOS_ROUNDS) -chaos.results $(CURDIR)/bin/chaos.ndjson
	$(GO) run ./test/chaos/report -results bin/chaos.ndjson -into docs/reliability.md

sdks: tools ## everything that real SDKs are tested with, for docs/sdks.md; Chromium must be there
	PRICKLE_TEST_ALL=1 PRICKLE_TEST_SDKS=1 $(GO) test ./test/sdks -count 1 -v -timeout 20m -update

HOG_DIFF ?= 20000
HOG_SEED ?= 1
hog-diff: $(NODE_MODULES)/.installed ## HOG_DIFF (20000) generated programs from HOG_SEED on, on PostHog's parser and machine and on ours
	PRICKLE_TEST_ALL=1 $(GO) test ./hog ./hog/parser -run '^TestGeneratedProgramsAgainstReference$$' -count 1 -v -timeout 0 \
		-diff.count $(HOG_DIFF) -diff.seed $(HOG_SEED)

SIM_COUNT ?= 1000000
SIM_SEED ?= 1
sim: ## SIM_COUNT (a million) random histories of deliveries from SIM_SEED on: outages, crashes, lost calls; takes an hour or so
	$(GO) test ./pipeline/deliver -run '^TestSimulation$$' -count 1 -timeout 0 -sim.count $(SIM_COUNT) -sim.seed $(SIM_SEED)

warehouse-torture: tools ## the warehouses under random kills and cuts and through random histories, in their long forms; takes an hour
	PRICKLE_TEST_ALL=1 PRICKLE_TEST_TORTURE=1 $(GO) test -race ./destinations/... ./test/warehouses -run 'Killed|Cuts|Torture' -count 1 -v -timeout 0

golden: ## rewrite the golden files; read the diff
	$(GO) test ./hog/... ./configs/... ./cmd/... ./destinations/clickhouse ./pipeline/capture -update

tools: $(LINT) $(NODE_MODULES)/.installed bin/versitygw ## install the linter, and the SDKs and servers that the tests drive

bin/versitygw: test/versitygw/go.sum
	cd test/versitygw && $(GO) build -o $(CURDIR)/$@ github.com/versity/versitygw/cmd/versitygw
	touch $@

$(LINT):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

$(NODE_MODULES)/.installed: test/node/package-lock.json
	cd test/node && npm ci --no-audit --no-fund
	touch $@

clean: ## remove what the build made
	rm -rf bin $(NODE_MODULES)
