# holm: what a person types. "make" alone explains itself.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

GO      ?= go
TAGS    := libvirt_dlopen
VERSION := $(shell hack/version)
LDFLAGS := -s -w -buildid= -X main.version=$(VERSION)
GUEST_GO := go1.26.8
LINT    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
VULN    := golang.org/x/vuln/cmd/govulncheck@v1.9.0
# sudo drops the environment, and with it the way out behind a proxy: the names of those variables that are set are told,
# their values, which may hold a password, are in no argument.
PROXIES := $(shell compgen -v | grep -ixE '(https?|all|no)_proxy' | paste -sd, -)
SUDO    := $(shell [ "$$(id -u)" = 0 ] || echo sudo $(if $(PROXIES),--preserve-env=$(PROXIES)))
STATE   ?= /var/lib/holm
HOLM    := bin/holm

export CGO_ENABLED := 1

##@ Use

.PHONY: help
help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: up
up: deps build ## From a bare Debian machine to a ready instance, "demo".
	@$(SUDO) env HOLM_STATE=$(STATE) hack/up $(HOLM)

.PHONY: down
down: ## Remove every instance and all of holm's state but its images.
	@$(SUDO) env HOLM_STATE=$(STATE) hack/down $(HOLM)

.PHONY: install
install: build man completion ## Put holm below /usr/local, with man pages, completion for three shells, and its systemd units.
	@$(SUDO) hack/install

.PHONY: uninstall
uninstall: ## Take away what "make install" put there. Instances and their state stay.
	@$(SUDO) env HOLM_STATE=$(STATE) hack/install remove

##@ Build

.PHONY: deps
deps: ## Install the Debian packages that are missing.
	@hack/deps

.PHONY: build
build: guest/programs/holm-init guest/programs/holm-agent ## Compile holm and the guest's programs.
	@$(GO) build -trimpath -buildmode=pie -tags $(TAGS) -ldflags "$(LDFLAGS)" -o $(HOLM) ./cmd/holm

# The guest's programs are part of the image, and the same source gives the same bytes: one exact Go, no stamp of the
# commit, no flags of the environment. The Go tool knows what is new.
.PHONY: guest/programs/holm-init guest/programs/holm-agent
guest/programs/holm-init guest/programs/holm-agent: guest/programs/%:
	@GOTOOLCHAIN=$(GUEST_GO) GOFLAGS= GOAMD64=v1 CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags "-s -w -buildid=" -o $@ ./guest/cmd/$*

.PHONY: man
man: guest/programs/holm-init guest/programs/holm-agent ## Write the man pages, a page for each command, into bin/man.
	@rm -rf bin/man && mkdir -p bin/man
	@SOURCE_DATE_EPOCH=$(shell hack/version date) $(GO) run -tags "$(TAGS) man" ./cmd/holm bin/man

.PHONY: completion
completion: build
	@mkdir -p bin/completion
	@for shell in bash zsh fish; do $(HOLM) completion $$shell > bin/completion/$$shell; done

.PHONY: sbom
sbom: build ## List what is linked into the binary, as CycloneDX: bin/holm.cdx.json.
	@hack/make-sbom

.PHONY: deb
deb: build man completion sbom ## Make the package for Debian 12 and 13, bin/holm_VERSION_amd64.deb.
	@hack/make-deb

# Not k3s: its API server and etcd, for tests. See testdata/k3s-stand-in. The first build takes minutes.
.PHONY: k3s-stand-in
k3s-stand-in: ## Build the stand-in for k3s that the tests use.
	@cd testdata/k3s-stand-in && CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -buildid=" -o ../../bin/k3s-stand-in .

.PHONY: image-lock
image-lock: build ## Renew the committed locks of the golden images with today's packages.
	$(HOLM) image lock images/debian-13.lock
	$(HOLM) image lock --profile hypervisor images/debian-13-hypervisor.lock

.PHONY: box
box: deps build ## Make the Vagrant box of a whole holm host, for "vagrant up".
	@hack/deps box
	@$(SUDO) $(HOLM) --state $(STATE) image build --profile hypervisor -o name
	@$(SUDO) env HOLM_STATE=$(STATE) hack/box make

##@ Check

# The scripts are those that say so in their first line.
SCRIPTS = $(shell grep -lE '^\#!/bin/(ba)?sh' hack/* hack/deb/* .ci/run 2>/dev/null)

.PHONY: check
check: guest/programs/holm-init guest/programs/holm-agent ## A minute's look: vet, scripts, and tests that need neither root nor libvirt.
	@$(MAKE) -s -j3 --output-sync=target check-go check-scripts check-unit

.PHONY: check-go
check-go:
	$(GO) vet -tags "$(TAGS) real e2e nested bench" ./...
	$(GO) vet -tags "$(TAGS) man" ./cmd/holm

.PHONY: check-scripts
check-scripts:
	@if command -v shellcheck >/dev/null; then shellcheck -x -S warning $(SCRIPTS); else echo "left out: shellcheck is not installed (hack/deps test)"; fi
	@hack/mutant -n

.PHONY: check-unit
check-unit:
	$(GO) test -short -tags $(TAGS) ./...

.PHONY: race
race: guest/programs/holm-init guest/programs/holm-agent ## The same tests under the race detector: some minutes.
	$(GO) test -race -short -tags $(TAGS) ./...

.PHONY: test
test: deps build ## What proves most in half an hour. Says what it left out.
	@hack/test

.PHONY: test-all
test-all: deps build ## Run everything that this machine can run: an hour where guests are emulated.
	@hack/test all

.PHONY: test-unit
test-unit: guest/programs/holm-init guest/programs/holm-agent ## Run what needs nothing but Go, and libvirt's client library.
	$(GO) test -tags "$(TAGS) real" ./...

.PHONY: test-e2e
test-e2e: deps build ## Run the tests on real guests: root, libvirt, QEMU.
	@hack/test e2e

.PHONY: test-nested
test-nested: ## Run the tests on a whole host in a box: KVM, AppArmor, RAID 10 on NVMe.
	@hack/test-nested

.PHONY: test-deb
test-deb: deb ## Install, use, upgrade and remove the package in clean trees of Debian 12 and 13.
	@$(SUDO) hack/test-deb

.PHONY: lint
lint: guest/programs/holm-init guest/programs/holm-agent ## Check style and the arrows between the rooms.
	@hack/tool $(LINT) run ./...

.PHONY: vuln
vuln: guest/programs/holm-init guest/programs/holm-agent ## Look for known vulnerabilities in what is called.
	@hack/vuln $(VULN) "$(TAGS)"

.PHONY: bench
bench: deps build ## Measure against peers in the same run.
	@hack/bench

.PHONY: fuzz
fuzz: ## Fuzz every parser of hostile input for a short while.
	@hack/fuzz

.PHONY: mutants
mutants: ## Break the security code, a place at a time: the tests have to notice.
	@hack/mutant

.PHONY: clean
clean: ## Remove what was built.
	rm -rf bin guest/programs/holm-init guest/programs/holm-agent
