#!/usr/bin/env bash
# One process of Autobahn's fuzzing server and a client that goes through its cases, for run.sh.
#
#   against-client.sh FOLDER CLIENT NUMBER CASE    the report comes into FOLDER/NUMBER
set -euo pipefail
folder=$1 client=$2 number=$3 cases=$4

# The suite cannot be asked to take any port, so it is given one that was free a moment ago.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$folder/$number.json" <<SPEC
{"url": "ws://127.0.0.1:$port", "outdir": "$folder/$number", "cases": ["$cases"], "exclude-cases": [],
 "exclude-agent-cases": {}}
SPEC
.venv27/bin/wstest -m fuzzingserver -u 0 -s "$folder/$number.json" >"$folder/$number.log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null || true' EXIT
# It listens when it takes a connection.
python3 - "$port" "$pid" <<'WAIT'
import os, socket, sys, threading, time
deadline = time.monotonic() + 60
while True:
    try:
        socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1).close()
        break
    except OSError:
        os.kill(int(sys.argv[2]), 0)  # raises when it has ended
        if time.monotonic() > deadline:
            sys.exit("the fuzzing server does not listen")
        threading.Event().wait(0.1)
WAIT
"$client" 127.0.0.1 "$port" client || {
    tail -n 20 "$folder/$number.log" >&2
    exit 255
}
