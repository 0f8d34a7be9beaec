#!/usr/bin/env bash
# Runs Autobahn's fuzzing client, groups 1-7, 9 and 10, against `gameserver echo`.
#
#   run.sh BINARY [CASE...]     BINARY: the release build of gameserver; CASE: patterns as "9.*" instead of all groups
#
# Every case must be OK or INFORMATIONAL; each NON-STRICT is named and fails the run, as anything else does. The suite
# is written for CPython 2.7; where there is none this says so and exits 0. It is installed into .venv27 of the
# project, by a virtualenv that lives in .venv.
set -euo pipefail

SUITE=autobahntestsuite==25.10.1
# The last virtualenv that can make an environment for Python 2.7.
VIRTUALENV=virtualenv==20.21.1

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
    echo "usage: ${0##*/} BINARY [CASE...]" >&2
    exit 2
fi
binary=$(realpath "$1")
shift
cd "$(dirname "$0")/../.."

# The first CPython 2.7 that runs: the one on the path, which may be a shim for nothing, or one of pyenv's.
python=""
for candidate in python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7.*/bin/python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (2, 7))' >/dev/null 2>&1; then
        python=$(command -v "$candidate")
        break
    fi
done
if [ -z "$python" ]; then
    echo "Autobahn: not run (no CPython 2.7)"
    exit 0
fi

if [ ! -x .venv27/bin/wstest ]; then
    echo "Autobahn: installing $SUITE into .venv27"
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$VIRTUALENV"
    rm -rf .venv27  # what an interrupted installation left
    .venv/bin/python -m virtualenv --quiet --python "$python" .venv27
    .venv27/bin/python -m pip install --quiet --disable-pip-version-check --no-python-version-warning "$SUITE"
fi

reports=$(mktemp -d)
coproc server { exec "$binary" echo --host 127.0.0.1 --port 0; }
pid=$server_PID
trap 'kill "$pid" 2>/dev/null || true; rm -rf "$reports"' EXIT
url=""
while read -r line <&"${server[0]}" && [ "$line" != Ready ]; do
    if [[ "$line" =~ ws://[^\ ]+ ]]; then url=${BASH_REMATCH[0]}; fi
done
if [ -z "$url" ]; then
    echo "Autobahn: the server did not start" >&2
    exit 1
fi

if [ $# -eq 0 ]; then set -- '1.*' '2.*' '3.*' '4.*' '5.*' '6.*' '7.*' '9.*' '10.*'; fi
cases=$(printf '"%s",' "$@")
cat >"$reports/spec.json" <<SPEC
{"outdir": "$reports/report", "servers": [{"agent": "gameserver", "url": "$url"}],
 "cases": [${cases%,}], "exclude-cases": [], "exclude-agent-cases": {}}
SPEC
.venv27/bin/wstest -m fuzzingclient -s "$reports/spec.json" >"$reports/wstest.log" 2>&1 || {
    tail -n 20 "$reports/wstest.log" >&2
    exit 1
}
python3 Tests/Conformance/check.py "$reports/report/index.json"
