#!/usr/bin/env bash
# The container's part of deploy/supply. Sourced, not run.
# shellcheck disable=SC2154 # out, scratch and stamp are set by it

# as written: the file says what it must. A build needs a container tool with a
# running daemon, which not every machine has.
container_file() {
	local file=deploy/Dockerfile problems
	problems=$(awk '
		toupper($1) == "FROM" {
			stage = $2; user = ""; health = ""; entry = ""
			for (i = 3; i < NF; i++) if (toupper($i) == "AS") names[$(i + 1)] = 1
			if (stage != "scratch" && !(stage in names) && stage !~ /:[0-9]/) print "FROM " stage ": pin a version by its tag"
			if (stage == "scratch") scratch = 1
			last = stage
		}
		toupper($1) == "USER" { user = $2 }
		toupper($1) == "HEALTHCHECK" { health = $0 }
		toupper($1) == "ENTRYPOINT" { entry = $0 }
		toupper($1) == "ADD" { print "ADD fetches and unpacks: use COPY" }
		/SECRET|PASSWORD|PASSPHRASE/ && toupper($1) ~ /^(ARG|ENV)$/ { print "a secret in the image: " $0 }
		END {
			if (last != "scratch") print "the last stage is " last ": it has to be scratch, without a shell"
			if (user !~ /^[1-9][0-9]*(:[1-9][0-9]*)?$/) print "USER \"" user "\" of the last stage: give a number that is not 0"
			if (health !~ /CMD \[/) print "the last stage has no HEALTHCHECK in the form of a list: there is no shell"
			if (entry !~ /\[/) print "the last stage has no ENTRYPOINT in the form of a list"
		}' "$file")
	if [ -n "$problems" ]; then
		printf '%s: %s\n' "$file" "$problems"
		return 1
	fi
	say "$file: a program alone on scratch, user $(awk 'toupper($1) == "USER" { u = $2 } END { print u }' "$file"), healthcheck by itself"
}

# built IMAGE-TOOL: the image itself, where one can be built.
container_build() {
	local tool
	for tool in podman buildah docker; do
		have "$tool" || continue
		if [ "$tool" = docker ] && ! docker info >/dev/null 2>&1; then
			continue
		fi
		if [ "$tool" = buildah ]; then
			buildah build -f deploy/Dockerfile --build-arg VERSION="$stamp" -t passgate:check .
		else
			"$tool" build -f deploy/Dockerfile --build-arg VERSION="$stamp" -t passgate:check . &&
				"$tool" run --rm --read-only --cap-drop=ALL passgate:check version
		fi
		return
	done
	say "the image was NOT BUILT: no podman, buildah or docker with a daemon here"
}

# container_run: the program as the image's user, with no capability, in a root
# that is read-only and holds the program and a folder of data alone.
container_run() {
	local cage=$scratch/cage port=18437
	if [ "$(id -u)" -ne 0 ] || ! unshare --mount true 2>/dev/null || ! have setpriv; then
		say "the program was NOT RUN as the container's user: that takes root and unshare here"
		return
	fi
	[ -f "$out/passgate" ] || the_program
	mkdir -p "$cage/data"
	cp "$out/passgate" "$cage/passgate"
	chmod 755 "$scratch" "$cage" "$cage/passgate"
	chown 65532:65532 "$cage/data"
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --net bash -c '
		set -euo pipefail
		cage=$1 port=$2
		ip link set lo up 2>/dev/null || true
		mount --bind "$cage" "$cage"
		mount --bind "$cage/data" "$cage/data"
		mount -o remount,bind,ro "$cage"
		inside() { chroot --userspec=65532:65532 --groups= "$cage" "$@"; }
		inside /passgate version
		setpriv --bounding-set=-all,+sys_chroot,+setuid,+setgid --no-new-privs chroot --userspec=65532:65532 --groups= "$cage" \
			/passgate serve --redis memory --data /data --metrics-addr off --addr "127.0.0.1:$port" >"$3" 2>&1 &
		server=$!
		trap "kill $server" EXIT
		for _ in $(seq 100); do
			if inside /passgate health --server "http://127.0.0.1:$port"; then exit 0; fi
			kill -0 $server || exit 1
			sleep 0.2
		done
		exit 1
	' cage "$cage" "$port" "$scratch/cage.log" 2>"$scratch/cage.err" || {
		cat "$scratch/cage.log" "$scratch/cage.err"
		return 1
	}
	say "ran as 65532 without capabilities in a read-only root with nothing else in it: healthy"
}

container() { container_file && container_build && container_run; }
