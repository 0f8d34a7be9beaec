"""What watching costs: the same server with everything watched and with nothing, through the game protocol.

    python Benchmarks/overhead.py [--pairs 24] [--idle-s 20] [--binary PATH]

Both sides get the same messages. "On" is the default configuration, but that under callgrind, where a message takes some
fifty times as long, what goes by the clock comes that much less often; "off" is `monitoring.enabled: false` and
`logging.level: critical`. Rate limits are lifted and records need only outlive the process, so that neither waiting nor
the disk drowns the difference. Four tables, in this order of trust:

- instructions a message, of the event loop and of all threads that work by the message, counted by callgrind, median of
  three runs. Threads that work by the clock (the monitor, the store's scrubber, which also reads for operators) are not
  in the table, only in the file: the last table measures them;
- CPU seconds per million messages, servers taking turns (on, off, off, on), median of the pairs' differences with a
  bootstrap interval;
- CPU of one scrape, in each format;
- CPU of a server with nobody in it.

Servers run on core 0, players on core 1. Needs a C compiler, taskset and two cores; valgrind for the first table.
"""

import argparse
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import machine
from intervals import interval
from load import Load

ROOT, HERE, BUILD = machine.ROOT, machine.HERE, machine.BUILD
TOKEN = "benchmark-admin-token-0123456789"
SIDES = ("on", "off")
START_WITHIN_S = 60     # callgrind is slow to begin with
FINISHED_MS = 1000      # how long a room outlives its game; its end is part of its cost
# name, what players do, connections, rounds of a CPU run, such runs to a pair asked for, rounds of a counted run
SHAPES = [("ping", "ping", 100, 200, 4, 100), ("game of tic-tac-toe", "play", 40, 15, 1, 20)]
PAIRS_PER_START = 8     # where a process lies in memory is luck of its own
#: What stands in the counts of a thread that works by the message, and of those that work by the clock.
MARKS = {"loop": "EventLoopC3run", "log": "LogWriterV3run",
         "monitor": "MonitorCoreC3run", "scrubber": "StoreScrubberV3run"}
BY_THE_CLOCK = ("monitor", "scrubber")
COUNTED_RUNS = 3
FORMATS = [
    ("text", "text/plain;version=0.0.4", False), ("text, gzip", "text/plain;version=0.0.4", True),
    ("OpenMetrics", "application/openmetrics-text;version=1.0.0", False),
    ("OpenMetrics, gzip", "application/openmetrics-text;version=1.0.0", True),
    ("protobuf", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", False),
]
SCRAPES = 200


def configuration(side: str, by_the_clock_ms: int | None = None) -> dict:
    """Both sides may ask as fast as they can; everything else is the default, or off.

    `by_the_clock_ms` is how seldom what goes by the clock is to come, under callgrind.
    """
    chosen = {
        "limits": {"rate_per_s": 100_000, "burst": 100_000, "total_per_s": 1_000_000},
        "heartbeat": {"idle_ms": 3_600_000, "waited_ms": 3_600_000},
        "rooms": {"finished_ms": FINISHED_MS, "max_rooms": 1_000_000},
        "store": {"durability": "process"},
        "monitoring": {"pulse_ms": by_the_clock_ms} if by_the_clock_ms else {},
        "logging": {"gather_ms": by_the_clock_ms} if by_the_clock_ms else {},
    }
    if side == "off":
        chosen["monitoring"] = {"enabled": False}
        chosen["logging"] = {"level": "critical"}
    return chosen


class Served:
    """`gameserver serve` on a directory of its own, pinned to its core."""

    def __init__(self, binary: str, chosen: dict, wrapper: tuple[str, ...] = ()):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="overhead-"))
        chosen = {"http": {"resources_directory": str(ROOT / "Resources"), "operator_rate_per_min": 1_000_000},
                  **chosen, "logging": {"file": str(self.directory / "log"), **chosen.get("logging", {})}}
        (self.directory / "config.json5").write_text(json.dumps(chosen))
        command = [*wrapper, binary, "serve", "--port", "0", "--data", str(self.directory / "data"),
                   "--config", str(self.directory / "config.json5"), "--admin-token", TOKEN]
        self.said = self.directory / "said"
        with self.said.open("w") as said:
            self.process = subprocess.Popen(["taskset", "-c", machine.SERVER_CORE, *command], stdout=said,
                                            stderr=subprocess.DEVNULL, cwd=self.directory)
        self.port = self._read_port()

    def _read_port(self) -> int:
        until = time.monotonic() + START_WITHIN_S
        while time.monotonic() < until and self.process.poll() is None:
            if found := re.search(r"127\.0\.0\.1:(\d+)", self.said.read_text()):
                return int(found[1])
            time.sleep(0.05)
        self.close()
        raise SystemExit(f"{self.process.args[3]}: does not serve within {START_WITHIN_S} s")

    def threads(self) -> dict[str, int]:
        """CPU nanoseconds so far, by the threads' names."""
        used: dict[str, int] = {}
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError):   # a thread that has just ended
                name = (task / "comm").read_text().strip()
                used[name] = used.get(name, 0) + int((task / "schedstat").read_text().split()[0])
        return used

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)
        shutil.rmtree(self.directory, ignore_errors=True)


class Players(Load):
    """The load client that plays."""

    def __init__(self, port: int, what: str, connections: int):
        super().__init__([BUILD / "players", port, what, connections])
        self.what = what

    def await_ends(self) -> None:
        """Until the rooms of the last games are closed."""
        time.sleep(1.3 * FINISHED_MS / 1000 if self.what == "play" else 0)


def gained(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: used - before.get(name, 0) for name, used in after.items()}


# Instructions


def counted(binary: str, side: str, what: str, connections: int, rounds: int) -> dict[str, float]:
    """Instructions a message by callgrind: of each thread in `MARKS`, and of `all` that work by the message."""
    with tempfile.TemporaryDirectory(prefix="overhead-callgrind-") as folder:
        out = pathlib.Path(folder) / "out"
        # What comes by the clock and not by the message is measured below; here a message takes many times as long.
        server = Served(binary, configuration(side, by_the_clock_ms=5000), (
            "valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={out}"))
        try:
            players = Players(server.port, what, connections)
            players.play(max(1, rounds // 5))
            players.await_ends()
            dump(server)
            messages = players.play(rounds)
            players.await_ends()
            dump(server)
            players.close()
        finally:
            server.close()
        costs = {name: 0 for name in (*MARKS, "all")}
        for part in out.parent.glob("out.2-*"):
            text = part.read_text(errors="replace")
            summary = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
            cost = int(summary[1]) if summary else 0
            for name, mark in MARKS.items():
                costs[name] += cost if mark in text else 0
            costs["all"] += 0 if any(MARKS[name] in text for name in BY_THE_CLOCK) else cost
        return {name: cost / messages for name, cost in costs.items()}


def dump(server: Served) -> None:
    done = subprocess.run(["callgrind_control", "-d", str(server.process.pid)], capture_output=True, text=True)
    if done.returncode or "Error" in done.stdout:
        raise SystemExit(f"callgrind_control: {done.stdout.strip()} {done.stderr.strip()}")


def instructions(binary: str) -> dict:
    if not shutil.which("valgrind") or not shutil.which("callgrind_control"):
        print("instructions: not counted, valgrind is not installed\n")
        return {}
    print(f"{'instructions a message':<24} {'off':>10} {'on':>10} {'more':>8} {'':>8} {'log':>8}")
    results = {}
    for name, what, connections, _, _, rounds in SHAPES:
        runs = {side: [] for side in SIDES}
        for _ in range(COUNTED_RUNS):
            for side in SIDES:
                runs[side].append(counted(binary, side, what, min(connections, 20), rounds))
        results[name] = runs
        for row, title in (("loop", f"{name}: loop"), ("all", "  all by the message")):
            on, off = (statistics.median(run[row] for run in runs[side]) for side in ("on", "off"))
            rest = f"{statistics.median(run['log'] for run in runs['on']):>8,.0f}" if row == "all" else ""
            print(f"{title:<24} {off:>10,.0f} {on:>10,.0f} {on - off:>8,.0f} {(on / off - 1):>8.2%} {rest}")
    print()
    return results


# CPU time


def compare(binary: str, what: str, connections: int, rounds: int, pairs: int) -> dict[str, list]:
    """CPU nanoseconds a message of both sides, pair by pair; every few pairs the servers start anew."""
    runs = {side: [] for side in SIDES}
    while len(runs["on"]) < pairs:
        servers = {side: Served(binary, configuration(side)) for side in SIDES}
        try:
            players = {side: Players(servers[side].port, what, connections) for side in SIDES}
            for side in SIDES:
                players[side].play(rounds)
                players[side].await_ends()
            for turn in range(min(PAIRS_PER_START, pairs - len(runs["on"]))):
                before = {side: servers[side].threads() for side in SIDES}
                messages = {side: players[side].play(rounds) for side in (SIDES if turn % 2 == 0 else SIDES[::-1])}
                players["on"].await_ends()
                for side in SIDES:
                    used = gained(before[side], servers[side].threads())
                    loop = sum(ns for name, ns in used.items() if name.startswith("loop"))
                    runs[side].append({"loop": loop / messages[side], "all": sum(used.values()) / messages[side]})
            for each in players.values():
                each.close()
        finally:
            for server in servers.values():
                server.close()
    return runs


def cpu(binary: str, pairs: int) -> dict:
    print(f"{'CPU-s per million':<24} {'off':>8} {'on':>8} {'more':>8}   95 of 100         pairs, load")
    results = {}
    for name, what, connections, rounds, times, _ in SHAPES:
        runs = compare(binary, what, connections, rounds, pairs * times)
        results[name] = runs
        load = os.getloadavg()[0]
        for row, title in (("loop", f"{name}: loop"), ("all", "  all threads")):
            on, off = ([run[row] for run in runs[side]] for side in SIDES)
            middle, low, high = interval([a / b - 1 for a, b in zip(on, off)])
            print(f"{title:<24} {statistics.median(off) / 1000:>8.2f} {statistics.median(on) / 1000:>8.2f} "
                  f"{middle:>8.2%}   {low:>7.2%} … {high:>6.2%}   {len(on)}, {load:.1f}")
    print()
    return results


# Scrapes and silence


def scrapes(binary: str) -> dict:
    """CPU of a scrape by the thread that renders it and by the whole process, after games were played."""
    server = Served(binary, configuration("on"))
    results = {}
    try:
        players = Players(server.port, "play", 20)
        players.play(3)
        print(f"{'a scrape':<24} {'bytes':>8} {'desk, ms':>9} {'all, ms':>9}   of {SCRAPES}")
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        for name, accept, is_packed in FORMATS:
            headers = {"Accept": accept, "Authorization": f"Bearer {TOKEN}"}
            headers |= {"Accept-Encoding": "gzip"} if is_packed else {}
            before = server.threads()
            for _ in range(SCRAPES):
                connection.request("GET", "/metrics", headers=headers)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200:
                    raise SystemExit(f"/metrics: {answer.status}")
            used = gained(before, server.threads())
            desk, everything = (ns / SCRAPES / 1e6 for ns in (used.get("desk", 0), sum(used.values())))
            results[name] = {"bytes": len(body), "desk_ms": desk, "all_ms": everything, "threads": used}
            print(f"{name:<24} {len(body):>8,} {desk:>9.3f} {everything:>9.3f}")
        connection.close()
        players.close()
    finally:
        server.close()
    print()
    return results


def idle(binary: str, seconds: float) -> dict:
    """CPU of the default configuration with nobody connected, by thread, after a short warm-up."""
    server = Served(binary, {})
    try:
        time.sleep(min(60.0, seconds / 4))
        before, began = server.threads(), time.monotonic()
        time.sleep(seconds)
        elapsed = time.monotonic() - began
        used = gained(before, server.threads())
    finally:
        server.close()
    total = sum(used.values())
    print(f"{'nobody there':<24} {'ms a minute':>12}   over {elapsed:.0f} s")
    for name, ns in sorted(used.items(), key=lambda each: -each[1]):
        if ns > total / 200:
            print(f"{name:<24} {ns / 1e6 / elapsed * 60:>12.2f}")
    print(f"{'all threads':<24} {total / 1e6 / elapsed * 60:>12.2f}   {total / 1e9 / elapsed:.3%} of a core\n")
    return {"seconds": elapsed, "threads": used}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--idle-s", type=float, default=20)
    parser.add_argument("--binary", default=os.environ.get("GAMESERVER_BINARY")
                        or str(ROOT / ".build/release/gameserver"))
    parser.add_argument("--only", choices=["instructions", "cpu", "scrapes", "idle"])
    arguments = parser.parse_args()
    if not pathlib.Path(arguments.binary).exists():
        print(f"no server at {arguments.binary}: build it with swift build -c release")
        return 2
    if not shutil.which("cc") or not shutil.which("taskset") or (os.cpu_count() or 1) < 2:
        print("overhead needs a C compiler, taskset and two cores")
        return 2
    BUILD.mkdir(parents=True, exist_ok=True)
    machine.compile_c(HERE / "players.c", BUILD / "players")
    where = machine.description()
    print(f"what watching costs: {where['cpu']}, {where['cores']} cores, Linux {where['kernel']}, "
          f"load {os.getloadavg()[0]:.1f}\n", flush=True)
    binary = arguments.binary
    parts = {"instructions": lambda: instructions(binary), "cpu": lambda: cpu(binary, arguments.pairs),
             "scrapes": lambda: scrapes(binary), "idle": lambda: idle(binary, arguments.idle_s)}
    results = {name: part() for name, part in parts.items() if arguments.only in (None, name)}
    report = BUILD / f"overhead-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}.json"
    report.write_text(json.dumps({"machine": where, "arguments": vars(arguments), "results": results}, indent=1))
    print(f"written to {report.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
