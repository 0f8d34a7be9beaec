"""How many connections: one server full, several on one port, and what happens at the limit of descriptors.

    python Benchmarks/scale.py [--only one|many|limit] [--one 19000] [--servers 6] [--many 100000] [--seconds 60]

Every connection greets, answers pings and says nothing else; heartbeats, tracking, metrics and logs are as in any
server. `one` and `many` open all connections, leave them alone for `--seconds`, have the clients close them, open them
again, and stop the servers with SIGTERM. `limit` is `descriptor_limit.py`. Each statement that has to hold is printed
with what was seen; exits with 1 when one did not. The figures go to `.build/bench/`.
"""

import argparse
import datetime
import json
import os
import pathlib
import resource
import signal
import statistics
import subprocess
import sys
import time

import crowds
import descriptor_limit
import machine
from served import Served
from statements import Statements

SETTLE_S = 20
# The kernel spreads by a hash of addresses and ports.
MOST_UNEVEN = 0.05
# What the first crowd needed is there for the next.
MOST_GROWTH = 1.02


def resident(servers: list[Served]) -> int:
    return sum(server.status("VmRSS") for server in servers)


def kernel_bytes() -> int:
    """What the kernel holds for whatever is open on this machine and cannot give back."""
    return next(int(line.split()[1]) for line in pathlib.Path("/proc/meminfo").read_text().splitlines()
                if line.startswith("SUnreclaim:")) * 1024


def cpu_s(servers: list[Served]) -> float:
    return sum(server.cpu_s() for server in servers)


def others_share(seconds: float, ours: list[int]) -> float:
    """Of all cores, how much is used by processes that are not ours, over the next seconds."""
    def used(pid: int) -> float:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def busy() -> float:
        fields = [int(word) for word in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK") - sum(map(used, ours))

    began = busy()
    time.sleep(seconds)
    return (busy() - began) / seconds / (os.cpu_count() or 1)


def opened(crowd: crowds.Crowds, servers: list[Served], count: int) -> dict:
    began, cpu = time.monotonic_ns(), cpu_s(servers)
    crowd.open(count)
    seen = crowd.settle(crowds.OPEN_WITHIN_S)
    return {"open": seen["open"], "failed": seen["failed"], "refusals": seen["refusals"],
            "seconds": (seen["last_welcome_ns"] - began) / 1e9, "slowest_s": seen["slowest_ns"] / 1e9,
            "cpu_us_each": (cpu_s(servers) - cpu) / count * 1e6, "resident": resident(servers)}


def left_alone(crowd: crowds.Crowds, servers: list[Served], seconds: float) -> dict:
    time.sleep(SETTLE_S)
    before, cpu = crowd.count(), cpu_s(servers)
    pids = [server.process.pid for server in servers] + [process.pid for process in crowd.processes]
    others = others_share(seconds, pids)
    after = crowd.count()
    return {"seconds": seconds, "cpu_share": (cpu_s(servers) - cpu) / seconds, "others_share": others,
            "pings": after["pings"] - before["pings"], "open": after["open"], "unasked": after["unasked"],
            "resident": resident(servers)}


def closed_by_clients(crowd: crowds.Crowds, servers: list[Served], count: int) -> dict:
    began, cpu = time.monotonic_ns(), cpu_s(servers)
    crowd.close(count)
    seen = crowd.settle(crowds.CLOSE_WITHIN_S)
    return {"seconds": (seen["last_end_ns"] - began) / 1e9, "cpu_us_each": (cpu_s(servers) - cpu) / count * 1e6,
            "closes": seen["closes"], "cut": seen["cut"], "resident": resident(servers)}


def drained(crowd: crowds.Crowds, servers: list[Served]) -> dict:
    before, began = crowd.count(), time.monotonic_ns()
    for server in servers:
        server.process.send_signal(signal.SIGTERM)
    codes = [server.process.wait(60) for server in servers]
    ended = time.monotonic_ns()
    seen = crowd.settle(crowds.CLOSE_WITHIN_S, is_settled=lambda seen: not seen["open"])
    return {"seconds": (seen["last_end_ns"] - began) / 1e9, "processes_ended_s": (ended - began) / 1e9,
            "closes": {code: n - before["closes"].get(code, 0) for code, n in seen["closes"].items()},
            "cut": seen["cut"] - before["cut"], "exit_codes": codes}


def hold(statements: Statements, arguments, count: int, connections: int) -> dict:
    """All of it for so many servers on one port."""
    print(f"{connections:,} connections to {count} server{'s' if count > 1 else ''}", flush=True)
    config = {**crowds.CONFIG, "server": {"reuse_port": count > 1}}
    servers = [Served(arguments.binary, config)]
    crowd = None
    try:
        servers += [Served(arguments.binary, config, servers[0].port) for _ in range(count - 1)]
        started, kernel = resident(servers), kernel_bytes()
        held = [len(server.descriptors()) for server in servers]
        crowd = crowds.Crowds(crowds.build(), servers[0].port, connections)
        first = opened(crowd, servers, connections)
        statements.hold(first["open"] == connections,
                        f"all are in after {first['seconds']:.1f} s, the slowest after {first['slowest_s']:.2f} s, "
                        f"{first['cpu_us_each']:.0f} us of CPU each; refused {first['refusals']}, "
                        f"failed {first['failed']}")
        shares = [len(server.descriptors()) - before for server, before in zip(servers, held)]
        mean = statistics.mean(shares)
        if count > 1:
            statements.hold(max(abs(share - mean) for share in shares) <= mean * MOST_UNEVEN,
                            f"they are spread evenly: {', '.join(f'{share:,}' for share in shares)}")
        kernel = kernel_bytes() - kernel
        rest = left_alone(crowd, servers, arguments.seconds)
        statements.hold(rest["open"] == connections and not rest["unasked"], f"{rest['unasked']} were closed unasked")
        # Each is pinged every 15 s, and answers; the last of them may be about to.
        due = connections * int(arguments.seconds / (crowds.HEARTBEAT_S + 1))
        statements.hold(rest["pings"] >= due, f"{rest['pings']:,} pings in {arguments.seconds:.0f} s were answered")
        print(f"          {rest['cpu_share'] * 100:.1f} % of a core while idle "
              f"({rest['others_share'] * 100:.0f} % of the machine was used by others)")
        print(f"          kernel: {kernel / connections:.0f} bytes for both ends of a connection")
        print(f"          resident {started / 2**20:.1f} MiB before, {first['resident'] / 2**20:.1f} with all, "
              f"{rest['resident'] / 2**20:.1f} after heartbeats: "
              f"{(rest['resident'] - started) / connections:.0f} bytes each", flush=True)
        gone = closed_by_clients(crowd, servers, connections)
        statements.hold(gone["closes"] == {"1000": connections} and not gone["cut"],
                        f"clients close: {gone['closes']}, {gone['cut']} cut, {gone['seconds']:.1f} s, "
                        f"{gone['cpu_us_each']:.0f} us of CPU each; resident {gone['resident'] / 2**20:.1f} MiB")
        again = opened(crowd, servers, connections)
        statements.hold(again["resident"] <= gone["resident"] * MOST_GROWTH,
                        f"all again after {again['seconds']:.1f} s, {again['cpu_us_each']:.0f} us of CPU each: "
                        f"resident {again['resident'] / 2**20:.1f} MiB")
        end = drained(crowd, servers)
        statements.hold(end["closes"].get("4001") == again["open"] == connections and not end["cut"],
                        f"servers stop: {end['closes']}, {end['cut']} cut, {end['seconds']:.1f} s, processes ended "
                        f"after {end['processes_ended_s']:.1f} s")
        statements.hold(not any(end["exit_codes"]), f"exit codes {end['exit_codes']}")
        return {"servers": count, "connections": connections, "started": started, "kernel": kernel, "shares": shares,
                "opened": first, "idle": rest, "closed": gone, "opened_again": again, "drained": end}
    finally:
        if crowd:
            crowd.stop()
        for server in servers:
            server.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["one", "many", "limit"])
    parser.add_argument("--one", type=int, default=19_000)
    parser.add_argument("--servers", type=int, default=6)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--binary", default=os.environ.get("GAMESERVER_BINARY")
                        or str(machine.ROOT / ".build/release/gameserver"))
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    statements, result = Statements(), {"machine": machine.description(), "descriptors": hard}
    if arguments.only in (None, "one"):
        result["one"] = hold(statements, arguments, 1, arguments.one)
    if arguments.only in (None, "many"):
        result["many"] = hold(statements, arguments, arguments.servers, arguments.many)
    if arguments.only in (None, "limit"):
        result["limit"] = [descriptor_limit.meet(statements, arguments.binary, limit)
                           for limit in descriptor_limit.LIMITS if limit <= hard]
    name = machine.BUILD / f"scale-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}.json"
    name.write_text(json.dumps(result, indent=1))
    print(f"{statements.failed} statements failed; {name}" if statements.failed else f"all hold; {name}")
    return 1 if statements.failed else 0


if __name__ == "__main__":
    sys.exit(main())
