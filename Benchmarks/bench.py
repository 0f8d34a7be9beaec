"""The server beside its peers, in one run: CPU and instructions of a message, memory of an idle connection.

    python Benchmarks/bench.py [--only echo|fan-out|instructions|idle]... [--peers NAME,...] [--rounds 6] [--slices 8]
                               [--quick]

The server under test is `$GAMESERVER_BINARY` (else the release build). Peers that are not there are left out with one
line. Servers run on core 0 and take turns, the load clients run on core 1. Prints one table and writes all runs to
`.build/bench/`. Needs a C compiler, taskset and two cores; valgrind for the instructions. Times mean something only
beside those of the same run.
"""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import sys

import idle
import instructions
import machine
import peers
import table
import traffic

PARTS = ["echo", "fan-out", "instructions", "idle"]
IDLE_SIZES = [10_000, 19_000]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--peers", help="names, with commas between them; all that are there unless given")
    parser.add_argument("--rounds", type=int, default=6, help="how often all servers start anew")
    parser.add_argument("--slices", type=int, default=8, help="turns of each server in a round")
    parser.add_argument("--slice-ms", type=int, default=250)
    parser.add_argument("--quick", action="store_true", help="one short round and few connections: whether it works")
    arguments = parser.parse_args()
    binary = os.environ.get("GAMESERVER_BINARY") or str(machine.ROOT / ".build/release/gameserver")
    if not pathlib.Path(binary).exists():
        print(f"no server at {binary}: build it with swift build -c release")
        return 2
    if not shutil.which("cc") or not shutil.which("taskset") or (os.cpu_count() or 1) < 2:
        print("bench needs a C compiler, taskset and two cores")
        return 2
    if arguments.quick:
        arguments.rounds, arguments.slices, arguments.slice_ms = 1, 3, 100
    parts = arguments.only or PARTS
    machine.BUILD.mkdir(parents=True, exist_ok=True)
    wanted = arguments.peers.lower().split(",") if arguments.peers is not None else None
    servers = peers.all_servers(binary, wanted)

    shapes = (traffic.ECHO if "echo" in parts else []) + (traffic.FANOUT if "fan-out" in parts else [])
    results = {
        "machine": machine.description(), "began": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
        "servers": {each.name: each.what for each in servers}, "arguments": vars(arguments),
    }
    report = machine.BUILD / f"bench-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}.json"

    def keep(part: str, done: dict) -> None:
        results[part] = done
        report.write_text(json.dumps(results, indent=1))

    keep("traffic", traffic.run(servers, shapes, arguments.rounds, arguments.slices, arguments.slice_ms))
    keep("instructions", instructions.run(servers, instructions.COUNTS) if "instructions" in parts else {})
    keep("idle", idle.run(servers, binary, [1000] if arguments.quick else IDLE_SIZES) if "idle" in parts else {})
    where = results["machine"]
    print(f"{where['cpu']}, {where['cores']} cores, Linux {where['kernel']}, {results['began']}")
    print(f"{arguments.rounds} rounds of {arguments.slices} slices of {arguments.slice_ms} ms, servers taking turns, "
          "every byte compared")
    for each in servers:
        print(f"{each.name}: {each.what}")
    print(table.text(results))
    print(f"\nwritten to {report.relative_to(machine.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
