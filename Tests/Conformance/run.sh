#!/usr/bin/env bash
# Runs Autobahn, all 517 cases, against both ends of the engine: its fuzzing client against `gameserver echo
# --compression`, and its fuzzing server against the AutobahnClient of this folder.
#
#   run.sh BINARY CLIENT [CASE...]   the release builds of gameserver and AutobahnClient; CASE: patterns as "9.*" instead
#                                    of all cases; "-" in the place of one of the two leaves its half out
#
# Every case must be OK; INFORMATIONAL are those that judge nothing. Each other is named and fails the run, NON-STRICT
# as anything else. The suite is written for CPython 2.7; where there is none this says so and exits 0. It is installed
# into .venv27 of the project, by a virtualenv that lives in .venv.
#
# Cases run one after the other within a suite process, and most of their time is the suite's own: so the groups are
# shared out to one process for each core. Groups 12 and 13 meet a server that keeps its contexts where the client lets
# it; 12.1 and 12.3 meet one that keeps none, too, as the game's wire does.
set -euo pipefail

SUITE=autobahntestsuite==25.10.1
# The last virtualenv that can make an environment for Python 2.7.
VIRTUALENV=virtualenv==20.21.1
# Longest first, so that no process is left alone with a long one.
LONGEST_FIRST=('9.*' '13.1.*' '13.2.*' '13.3.*' '13.4.*' '13.5.*' '13.6.*' '13.7.*' '12.1.*' '12.2.*' '12.3.*' '12.4.*'
    '12.5.*' '6.*' '10.*' '7.*' '5.*' '1.*' '2.*' '3.*' '4.*')

usable() { [ "$1" = - ] || [ -x "$1" ]; }
if [ $# -lt 2 ] || ! usable "$1" || ! usable "$2"; then
    echo "usage: ${0##*/} BINARY CLIENT [CASE...]" >&2
    exit 2
fi
server_binary=$([ "$1" = - ] || realpath "$1")
client_binary=$([ "$2" = - ] || realpath "$2")
shift 2
cd "$(dirname "$0")/../.."
expectation=(--expect-all)
if [ $# -eq 0 ]; then set -- "${LONGEST_FIRST[@]}"; else expectation=(); fi

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
pid=""
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$reports"' EXIT
status=0

# check FOLDER [--expect-all] : judges the reports in a folder's numbered parts.
check() {
    local folder=$1
    shift
    python3 Tests/Conformance/check.py "$@" "$folder"/*/index.json || status=1
}

# spread FOLDER COMMAND... : runs a command for each case pattern in FOLDER/cases, one for each core at a time. It is
# given a number of its own and the pattern.
spread() {
    local folder=$1
    shift
    nl -w1 -s' ' "$folder/cases" | xargs -P "$(nproc)" -L1 "$@"
}

if [ -n "$server_binary" ]; then
    coproc server { exec "$server_binary" echo --host 127.0.0.1 --port 0 --compression; }
    pid=$server_PID
    url=""
    while read -r line <&"${server[0]}" && [ "$line" != Ready ]; do
        if [[ "$line" =~ ws://[^\ ]+ ]]; then url=${BASH_REMATCH[0]}; fi
    done
    if [ -z "$url" ]; then
        echo "Autobahn: the server did not start" >&2
        exit 1
    fi
    mkdir "$reports/server" "$reports/shared"
    printf '%s\n' "$@" >"$reports/server/cases"
    grep -E '^12\.[13]\.' "$reports/server/cases" >"$reports/shared/cases" || true
    spread "$reports/server" Tests/Conformance/against-server.sh "$reports/server" gameserver "${url}takeover"
    check "$reports/server" "${expectation[@]}"
    if [ -s "$reports/shared/cases" ]; then
        spread "$reports/shared" Tests/Conformance/against-server.sh "$reports/shared" gameserver-without-contexts "$url"
        check "$reports/shared"
    fi
fi

if [ -n "$client_binary" ]; then
    mkdir "$reports/client"
    printf '%s\n' "$@" >"$reports/client/cases"
    spread "$reports/client" Tests/Conformance/against-client.sh "$reports/client" "$client_binary"
    check "$reports/client" "${expectation[@]}"
fi
exit "$status"
