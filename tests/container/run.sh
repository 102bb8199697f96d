#!/usr/bin/env bash
# Build the project's Dockerfile and run the image hardened, without a Docker engine and without an image registry.
# As root on Debian with buildah, podman, runc and mmdebstrap; a Debian root file system stands in for the FROM image.
# Visitors come from outside the container, through its network namespace, with the checkout's .venv.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
for tool in buildah podman runc mmdebstrap nsenter; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install buildah podman runc mmdebstrap" >&2; exit 1; }
done
work=$(mktemp -d)
export STORAGE_DRIVER=vfs
storage=(--root "$work/store" --runroot "$work/run")
podman() { command podman "${storage[@]}" --runtime runc --cgroup-manager cgroupfs "$@"; }
build() { buildah "${storage[@]}" bud -q --isolation chroot --pull-never "$@" >/dev/null; }
trap 'podman rm -f -a -t 2 >/dev/null 2>&1 || true; rm -rf "$work" 2>/dev/null || true' EXIT

base=$(sed -n 's/^ARG BASE=//p' "$project/Dockerfile")
mkdir "$work/base" "$work/data" "$work/foreign"
cp /etc/ssl/certs/ca-certificates.crt "$work/base/ca.crt"
cat >"$work/base/Dockerfile" <<'END_OF_FILE'
FROM localhost/stand-in:base
COPY ca.crt /etc/ssl/certs/ca-certificates.crt
RUN rm -f /usr/lib/python3.11/EXTERNALLY-MANAGED && ln -sf /usr/bin/python3 /usr/local/bin/python \
    && printf '[global]\ncert=/etc/ssl/certs/ca-certificates.crt\n' > /etc/pip.conf
END_OF_FILE
echo rootfs.tar >"$work/base/.dockerignore"
mmdebstrap --quiet --variant=minbase --include=python3,python3-pip,python3-venv,ca-certificates bookworm "$work/base/rootfs.tar" &&
    podman import -q "$work/base/rootfs.tar" localhost/stand-in:base >/dev/null &&
    build -t "docker.io/library/$base" "$work/base" || { echo "no image can be built on this machine" >&2; exit 77; }
build --format docker -t localhost/spnlab:test "$project"
echo "image: $(podman image inspect localhost/spnlab:test --format '{{.Size}}' | awk '{printf "%.0f MB", $1 / 1e6}'), built in $SECONDS s"

chown 10001:10001 "$work/data"
hardened=(--network none --ulimit nofile=1024:4096 --ulimit nproc=4096:4096 --read-only --tmpfs /tmp:rw,size=64m,mode=1777
    --cap-drop=all --security-opt no-new-privileges --pids-limit 256)
container= failed=0
start() { container=$(podman run -d "${hardened[@]}" "$@" localhost/spnlab:test 2>/dev/null); }
drop() { podman rm -f -t 2 "$container" >/dev/null 2>&1 || true; }
inside() { podman exec "$container" "$@"; }
visit() { (cd "$project" && nsenter -n -t "$(state Pid)" .venv/bin/python -m tests.container.visitors "$@"); }
state() { podman inspect "$container" --format "{{.State.$1}}"; }
claim() { # items of the catalogue of faults, words, then the command that must succeed
    local items=$1 words=$2
    shift 2
    if "$@" >"$work/said" 2>&1; then
        echo "PASS $items $words"
    else
        failed=1
        echo "FAIL $items $words"
        tail -n 20 "$work/said"
        podman logs "$container" 2>&1 | tail -n 20
    fi
}
healthy() { for _ in $(seq 40); do podman healthcheck run "$container" && return; sleep 0.5; done; return 1; }
not() { ! "$@"; }
serves() {
    inside python -c "
import urllib.request
assert urllib.request.urlopen('http://127.0.0.1:8501/').status == 200"
}
metrics() { inside python -c "
import urllib.request
assert b'spnlab_memory_limit_bytes' in urllib.request.urlopen('http://127.0.0.1:8501/metrics').read()"; }
ready() { inside python -c "
import urllib.request
assert urllib.request.urlopen('http://127.0.0.1:8501/ready').status == 200"; }
logs_are_json() { podman logs "$container" 2>&1 >/dev/null | python3 -c "
import json, sys
assert all(json.loads(line)['logger'] for line in sys.stdin)"; }
says_what_to_do() { # not grep -q, which ends before it is told all
    podman logs "$container" 2>&1 | grep "/data/cache/spnlab cannot be written by user 10001.*$1" >/dev/null
}
unready() { inside python -c "
import urllib.request, urllib.error
try: urllib.request.urlopen('http://127.0.0.1:8501/ready')
except urllib.error.HTTPError as error: assert error.code == 503"; }
sweeps() { # a table of four cells; what was kept is not computed again
    inside python -m spncore sweep dataset=two-clusters depth=1,2 seed=0,1 iterations=20 --out "/tmp/$1.csv"
}
kept() { # how many outcomes of cells the store has
    inside python -c "import sqlite3; print(*sqlite3.connect('/data/spnlab.db').execute('SELECT count(*) FROM cell').fetchone())"
}
refused() { # words that must be said by a start that ends at once
    local words=$1
    shift
    ! timeout 30 podman "${storage[@]}" --runtime runc --cgroup-manager cgroupfs run --rm "${hardened[@]}" "$@" \
        >"$work/refusal" 2>&1 && grep -q "$words" "$work/refusal"
}

start --memory 1g -v "$work/data:/data"
claim I01 "healthy within 20 s, by the image's own HEALTHCHECK" healthy
claim I01 "runs as user 10001" test "$(inside id -u)" = 10001
claim I01 "the root file system is read-only" not inside touch /srv/x
claim I01 "/data can be written" inside touch /data/x
claim I01 "no capabilities" inside grep -q 'CapEff:.*0000000000000000' /proc/self/status
claim I01 "no new privileges" inside grep -q 'NoNewPrivs:.*1' /proc/self/status
claim "I01 I07" "the page is served without a network" serves
claim I01 "an operator has numbers" metrics
claim I01 "it is ready" ready
claim I01 "nothing would fail here, says the doctor" inside python -m spnlab doctor --port 8502
claim I01 "the log is lines of JSON" logs_are_json
claim "I01 I07" "a visitor's study trains to its end without a network" visit trains
claim I09 "health answers within a second while two runs train" visit health
claim I08 "a sweep keeps its outcomes in /data" sweeps first
first=$container
start --memory 1g -v "$work/data:/data"
claim I08 "a second container on the same /data is healthy" healthy
claim I08 "it finds what the first kept, and both have the same table" sweeps second
claim I08 "no cell is kept twice" test "$(kept)" = 4
drop
container=$first

visit holds 2>/dev/null & # a tab that trains, until the server is gone
sleep 3
begun=$SECONDS
podman stop -t 10 "$container" >/dev/null 2>&1 || true
claim I04 "stops on SIGTERM during training with exit code 0, in $((SECONDS - begun + 1)) s" test "$(state ExitCode)" = 0
wait || true
podman start "$container" >/dev/null 2>&1 || true
claim I04 "starts again" healthy
podman kill -s KILL "$container" >/dev/null 2>&1 || true
podman wait "$container" >/dev/null 2>&1 || true
claim I05 "SIGKILL ends it" test "$(state ExitCode)" = 137
podman start "$container" >/dev/null 2>&1 || true
claim I05 "after SIGKILL it starts again on the same /data" healthy
claim I05 "the page opens" serves
claim I05 "what was kept is there" test "$(kept)" = 4
drop

for how in "$work/data:/data:ro" "$work/foreign:/data"; do
    remedy="chown -R 10001 /data"
    [ "${how##*:}" = ro ] && remedy="mount a folder there"
    start --memory 1g -v "$how"
    claim I02 "healthy with a /data that it cannot write (${how##*/})" healthy
    claim I02 "the log names folder, user and remedy" says_what_to_do "$remedy"
    claim I02 "it is not ready" unready
    claim I02 "a study trains all the same" visit trains
    drop
done

start --memory 600m --memory-swap 600m -v "$work/data:/data"
claim I03 "healthy in 600 MB" healthy
claim I03 "30 heavy sessions are served or refused in words" visit class
claim I03 "no process was killed for memory" test "$(state OOMKilled)$(state Running)" = falsetrue
claim I03 "health is ok afterwards" healthy
claim I06 "a setting that is no number ends the start with its name" \
    refused SPNLAB_SESSIONS -e SPNLAB_SESSIONS=many localhost/spnlab:test
claim I06 "a port that is none ends the start" \
    refused 65535 localhost/spnlab:test python -m spnlab --address 0.0.0.0 --port 99999
echo "all in $SECONDS s"
exit "$failed"
