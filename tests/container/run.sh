#!/usr/bin/env bash
# Build the project's Dockerfile and run the image hardened, without a Docker engine and without an image registry.
# As root on Debian with buildah, podman, runc and mmdebstrap; a Debian root file system stands in for the FROM image.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
for tool in buildah podman runc mmdebstrap; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install buildah podman runc mmdebstrap" >&2; exit 1; }
done
work=$(mktemp -d)
export STORAGE_DRIVER=vfs
storage=(--root "$work/store" --runroot "$work/run")
podman() { command podman "${storage[@]}" --runtime runc --cgroup-manager cgroupfs "$@"; }
build() { buildah "${storage[@]}" bud -q --isolation chroot --pull-never "$@" >/dev/null; }
container=
trap '[ -z "$container" ] || podman rm -f -t 2 "$container" >/dev/null 2>&1; rm -rf "$work"' EXIT

base=$(sed -n 's/^ARG BASE=//p' "$project/Dockerfile")
mkdir "$work/base" "$work/data"
mmdebstrap --quiet --variant=minbase --include=python3,python3-pip,python3-venv,ca-certificates bookworm "$work/base/rootfs.tar"
podman import -q "$work/base/rootfs.tar" localhost/stand-in:base >/dev/null
cp /etc/ssl/certs/ca-certificates.crt "$work/base/ca.crt"
cat >"$work/base/Dockerfile" <<'END'
FROM localhost/stand-in:base
COPY ca.crt /etc/ssl/certs/ca-certificates.crt
RUN rm -f /usr/lib/python3.11/EXTERNALLY-MANAGED && ln -sf /usr/bin/python3 /usr/local/bin/python \
    && printf '[global]\ncert=/etc/ssl/certs/ca-certificates.crt\n' > /etc/pip.conf
END
echo rootfs.tar >"$work/base/.dockerignore"
build -t "docker.io/library/$base" "$work/base"
build --format docker -t localhost/spnlab:test "$project"
echo "image: $(podman image inspect localhost/spnlab:test --format '{{.Size}}' | awk '{printf "%.0f MB", $1 / 1e6}')"

chown 10001:10001 "$work/data"
container=$(podman run -d --network none --ulimit nofile=1024:4096 --ulimit nproc=4096:4096 \
    --read-only --tmpfs /tmp:rw,size=64m,mode=1777 --cap-drop=all --security-opt no-new-privileges \
    --pids-limit 256 --memory 1g -v "$work/data:/data" localhost/spnlab:test 2>/dev/null)
inside() { podman exec "$container" "$@"; }
claim() { # words, then the command that must succeed
    local words=$1
    shift
    if "$@" >/dev/null 2>&1; then echo "PASS $words"; else echo "FAIL $words" && podman logs "$container" && exit 1; fi
}
healthy() { for _ in $(seq 40); do podman healthcheck run "$container" && return; sleep 0.5; done; return 1; }
not() { ! "$@"; }
trains() {
    inside python -c "
from app.kit.link import LAB
from app.live.runs import REGISTRY
from spncore import load
import time
run = REGISTRY.get(REGISTRY.start(LAB.default().on('nltcs-twin'), load('nltcs-twin'), 'probe'))
while run.state in ('queued', 'running'): time.sleep(0.05)
assert run.state == 'done', run.reason"
}
claim "healthy within 20 s, by the image's own HEALTHCHECK" healthy
claim "runs as user 10001" test "$(inside id -u)" = 10001
claim "the root file system is read-only" not inside touch /srv/x
claim "/data can be written" inside touch /data/x
claim "no capabilities" inside grep -q 'CapEff:.*0000000000000000' /proc/self/status
claim "no new privileges" inside grep -q 'NoNewPrivs:.*1' /proc/self/status
claim "the page is served without a network" inside python -c "
import urllib.request
assert urllib.request.urlopen('http://127.0.0.1:8501/').status == 200"
claim "the default study trains to its end" trains
metrics() { inside python -c "
import urllib.request
assert b'spnlab_memory_limit_bytes' in urllib.request.urlopen('http://127.0.0.1:8501/metrics').read()"; }
ready() { inside python -c "
import urllib.request
assert urllib.request.urlopen('http://127.0.0.1:8501/ready').status == 200"; }
logs_are_json() { podman logs "$container" 2>&1 >/dev/null | python3 -c "
import json, sys
assert all(json.loads(line)['logger'] for line in sys.stdin)"; }
claim "an operator has numbers" metrics
claim "it is ready" ready
claim "nothing would fail here, says the doctor" inside python -m spnlab doctor --port 8502
claim "the log is lines of JSON" logs_are_json
started=$SECONDS
podman stop -t 10 "$container" >/dev/null 2>&1
claim "stops on SIGTERM with exit code 0" test "$(podman inspect "$container" --format '{{.State.ExitCode}}')" = 0
echo "stopped within $((SECONDS - started + 1)) s"

podman rm -f "$container" >/dev/null 2>&1
chown 0:0 "$work/data" && chmod 755 "$work/data"
container=$(podman run -d --network none --read-only --tmpfs /tmp:rw,size=64m,mode=1777 --cap-drop=all \
    --security-opt no-new-privileges -v "$work/data:/data" localhost/spnlab:test 2>/dev/null)
says_what_to_do() { podman logs "$container" 2>&1 | grep -q "/data/cache/spnlab cannot be written by user 10001.*chown -R 10001 /data"; }
unready() { inside python -c "
import urllib.request, urllib.error
try: urllib.request.urlopen('http://127.0.0.1:8501/ready')
except urllib.error.HTTPError as error: assert error.code == 503"; }
claim "healthy where /data cannot be written" healthy
claim "the log names the folder, the user and the command" says_what_to_do
claim "it is not ready" unready
