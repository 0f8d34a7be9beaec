#!/usr/bin/env bash
# One process of Autobahn's fuzzing client, for run.sh.
#
#   against-server.sh FOLDER AGENT URL NUMBER CASE    the report comes into FOLDER/NUMBER
set -euo pipefail
folder=$1 agent=$2 url=$3 number=$4 cases=$5

cat >"$folder/$number.json" <<SPEC
{"outdir": "$folder/$number", "servers": [{"agent": "$agent", "url": "$url"}],
 "cases": ["$cases"], "exclude-cases": [], "exclude-agent-cases": {}}
SPEC
.venv27/bin/wstest -m fuzzingclient -s "$folder/$number.json" >"$folder/$number.log" 2>&1 || {
    tail -n 20 "$folder/$number.log" >&2
    exit 255
}
