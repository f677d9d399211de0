# What people do here: make demo, make test, make lint, make bench, make deb. Each installs what it needs.
SHELL := /bin/bash
GO ?= go
export CGO_ENABLED := 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1.0)
DATA ?= build/demo
FRESH ?=
ARGS ?=

# The strangers that the tests talk to, and PostgreSQL. Nothing here may start a service.
TEST_PACKAGES := postgresql-15 postfix dovecot-imapd dovecot-lmtpd isync neomutt swaks libnet-ssleay-perl msmtp curl openssl expect procps dpkg-dev systemd libsasl2-modules
BENCH_PACKAGES := postfix dovecot-imapd dovecot-lmtpd openssl procps

.PHONY: build demo test lint race fuzz soak bench bench-peers deb install-test install-bench clean help
help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t16

build: ## bin/haven
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/haven ./cmd/haven

demo: build ## everything in one process on loopback, with people and mail; more of its flags: make demo ARGS="--port-offset 100"
	bin/haven demo --data $(DATA) $(if $(FRESH),--fresh) $(ARGS)

test: install-test build ## every test, with a PostgreSQL and mail programs of its own
	HAVEN_BIN=$(CURDIR)/bin/haven $(GO) run ./platform/db/dbtest/withpostgres $(GO) tool gotestsum --format pkgname -- -timeout 20m ./...

race: install-test ## the tests under the race detector
	CGO_ENABLED=1 $(GO) run ./platform/db/dbtest/withpostgres $(GO) tool gotestsum --format pkgname -- -race -timeout 60m ./...

lint: ## gofmt, vet, staticcheck, generated files, the direction of imports
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

bench-peers: install-bench ## start Postfix and Dovecot on loopback (stop: make bench-peers DO=stop)
	bench/peers.sh $(or $(DO),start)

deb: build ## dist/haven_VERSION_ARCH.deb
	deploy/deb/build $(VERSION)

install-test:
	@deploy/apt-install $(TEST_PACKAGES)

install-bench:
	@deploy/apt-install $(BENCH_PACKAGES)

clean: ## what was built here
	rm -rf bin build dist
