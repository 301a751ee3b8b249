#!/usr/bin/env bash
# Functions by which deploy/run and deploy/test set a machine up. Sourced, not
# run. They install only what is missing, with the system's package manager.

say() { printf '== %s\n' "$*"; }
fail() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif have sudo; then
		sudo "$@"
	else
		fail "this needs root: $* (run as root, install sudo, or install it yourself)"
	fi
}

# install_packages PACKAGE...: installs them without their services being
# started: a redis on the default port is not ours to run.
install_packages() {
	if ! have apt-get; then
		fail "please install: $* (this script knows apt-get only)"
	fi
	say "installing $*"
	as_root apt-get update -qq
	local policy=/usr/sbin/policy-rc.d blocked=no rc=0
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
		as_root chmod 755 "$policy"
		blocked=yes
	fi
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" || rc=$?
	if [ "$blocked" = yes ]; then
		as_root rm -f "$policy"
	fi
	if [ "$rc" -ne 0 ]; then
		fail "apt-get could not install: $*"
	fi
}

# need_redis: a redis-server or valkey-server program. Its service, if this
# installs it, stays off after the next start of the machine too.
need_redis() {
	if have redis-server || have valkey-server; then
		return
	fi
	install_packages redis-server
	if [ -d /run/systemd/system ]; then
		as_root systemctl disable --now --quiet redis-server || true
	fi
}

# need_go ROOT: the Go that ROOT/go.mod asks for, or a newer one. Go itself
# fetches it where GOTOOLCHAIN lets it.
need_go() {
	local want found
	want=$(awk '$1 == "go" { print $2; exit }' "$1/go.mod")
	have go || fail "Go $want or newer is needed: https://go.dev/dl/"
	if ! found=$(go -C "$1" env GOVERSION 2>/dev/null); then
		found=$(GOTOOLCHAIN=local go version 2>/dev/null | awk '{ print $3 }')
	fi
	found=${found#go}
	if [ "$(printf '%s\n%s\n' "$want" "$found" | sort -V | head -n 1)" != "$want" ]; then
		fail "Go $want or newer is needed, this is ${found:-unknown}: https://go.dev/dl/"
	fi
}

# build_pages ROOT: the web pages, when there are any and they are not up to
# date. The API needs none of it, so a machine without npm is served as well.
build_pages() {
	local web=$1/gateway/web
	if [ ! -f "$web/package.json" ]; then
		return
	fi
	if ! have npm; then
		say "npm is missing: the pages are not built, the API works without them"
		return
	fi
	if [ ! -f "$web/node_modules/.package-lock.json" ] ||
		[ "$web/package-lock.json" -nt "$web/node_modules/.package-lock.json" ]; then
		say "fetching the pages' tool chain"
		(cd "$web" && npm ci --no-audit --no-fund) || return 1
	fi
	if [ ! -f "$web/dist/index.html" ] ||
		[ -n "$(find "$web" \( -name node_modules -o -name dist -o -name test-results \) -prune -o -type f -newer "$web/dist/index.html" -print -quit)" ]; then
		say "building the pages"
		(cd "$web" && npm run build) || return 1
	fi
}
