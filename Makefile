# What people do here: make demo, make test, make lint, make bench, make deb. Each installs what it needs.
SHELL := /bin/bash
GO ?= go
export CGO_ENABLED := 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1.0)
DATA ?= build/demo
FRESH ?=
ARGS ?=

# The strangers that the tests talk to, and PostgreSQL. Nothing here may start a service.
TEST_PACKAGES := postgresql-15 postfix dovecot-imapd dovecot-lmtpd dovecot-sieve sieve-connect isync neomutt swaks libnet-ssleay-perl msmtp curl openssl expect procps dpkg-dev systemd libsasl2-modules chromium poppler-utils catdoc
BENCH_PACKAGES := postfix dovecot-imapd dovecot-lmtpd openssl procps

.PHONY: browser packages web build demo test lint race fuzz soak bench bench-people bench-peers deb commonest generate assets install-test install-bench install-node clean help
help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t16

build: web ## bin/haven
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/haven ./cmd/haven

demo: build ## everything in one process on loopback, with people and mail; more of its flags: make demo ARGS="--port-offset 100"
	bin/haven demo --data $(DATA) $(if $(FRESH),--fresh) $(ARGS)

test: install-test browser packages build ## every test, with a PostgreSQL and mail programs of its own
	cd web && npm test --silent
	HAVEN_BIN=$(CURDIR)/bin/haven $(GO) run ./platform/db/dbtest/withpostgres $(GO) tool gotestsum --format pkgname -- -timeout 20m ./...

race: install-test ## the tests under the race detector
	CGO_ENABLED=1 $(GO) run ./platform/db/dbtest/withpostgres $(GO) tool gotestsum --format pkgname -- -race -timeout 60m ./...

generate: ## the Go code of the pages, from their templates; the TypeScript of JMAP, from its face
	$(GO) generate ./face/portal/page
	$(GO) run ./face/jmap/typescript web/jmap/types.ts

assets: install-node ## the stylesheet and script of the pages, from face/portal/ui
	cd face/portal/ui && npm ci --no-audit --no-fund --silent && node build.mjs

web: install-node ## the web client, from web/ into the program
	@cd web && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent; } && npm run --silent build -- --logLevel warn

browser: install-node # what drives the browser in the tests
	@cd e2e/browser && [ -d node_modules ] || npm ci --no-audit --no-fund --silent

packages: install-node # JMAP in TypeScript and the compiler for it; another's JMAP library
	@for d in web/jmap e2e/a-strangers-jmap-program; do (cd $$d && { [ -d node_modules ] || npm ci --no-audit --no-fund --silent; }) || exit 1; done

lint: generate assets packages web ## gofmt, vet, staticcheck, TypeScript, generated files, the direction of imports
	@if [ -n "$$(git status --porcelain -- 'face/portal/page/*_templ.go' face/portal/assets web/jmap/types.ts)" ]; then echo "generated files changed: commit what make generate assets made"; git status --short -- face/portal web/jmap; exit 1; fi
	cd web/jmap && npm run --silent check
	cd web && npm run --silent check && npm run --silent size
	@bad=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$bad" ]; then echo "gofmt -w these:"; echo "$$bad"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -run TestArchitecture .
	$(GO) mod verify >/dev/null
	@if [ -n "$$(git status --porcelain -- go.mod go.sum)" ]; then echo "go.mod or go.sum changed: commit them"; exit 1; fi

FUZZTIME ?= 30s
fuzz: ## each fuzz target for FUZZTIME
	@set -e; for p in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$p | grep ^Fuzz || true); do \
		echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$p; done; done

KILLS ?= 25
soak: install-test build ## the service killed under load KILLS times on each engine
	HAVEN_BIN=$(CURDIR)/bin/haven HAVEN_KILLS=$(KILLS) $(GO) run ./platform/db/dbtest/withpostgres $(GO) test -count=1 -timeout 120m -v ./e2e/killed-under-load

bench: install-bench build ## one table, side by side with Postfix and Dovecot
	$(GO) run ./bench/cmd/compare -haven bin/haven
	$(MAKE) bench-people

ENTRIES ?= 2000000
BUFFERS ?= $(shell awk '/^MemTotal/ { print int($$2 / 4096) "MB" }' /proc/meminfo)
bench-people: install-test ## every premises of the national list registered, and the directory searched as one types, on both engines; its ENTRIES take a quarter of an hour to load
	$(GO) test -run '^$$' -bench Premises -benchtime 1x -timeout 1h ./cmd/haven
	HAVEN_TEST_POSTGRES_BUFFERS=$(BUFFERS) HAVEN_BENCH_ENTRIES=$(ENTRIES) $(GO) run ./platform/db/dbtest/withpostgres $(GO) test -run '^$$' -bench Typed -benchtime 3000x -timeout 2h ./people/directory

bench-peers: install-bench ## start Postfix and Dovecot on loopback (stop: make bench-peers DO=stop)
	bench/peers.sh $(or $(DO),start)

deb: build ## dist/haven_VERSION_ARCH.deb
	deploy/deb/build $(VERSION)

COMMONEST := @zxcvbn-ts/language-common@4.1.3
commonest: ## people/account/commonest.txt anew, from an npm package; needs npm and node
	dir=$$(mktemp -d) && npm pack --silent --pack-destination $$dir $(COMMONEST) >/dev/null && tar -xzf $$dir/*.tgz -C $$dir && \
	node -e 'console.log(require(process.argv[1]).slice(0, 10000).join("\n"))' $$dir/package/src/passwords.json | LC_ALL=C sort > people/account/commonest.txt && \
	cp $$dir/package/LICENSE.txt people/account/commonest-licence.txt && rm -r $$dir

install-test:
	@deploy/apt-install $(TEST_PACKAGES)

NODE := 22.23.3
export PATH := $(CURDIR)/build/node/node_modules/.bin:$(PATH)
install-node:
	@deploy/node-install $(NODE)

install-bench:
	@deploy/apt-install $(BENCH_PACKAGES)

clean: ## what was built here
	rm -rf bin build dist web/jmap/build
