"""CPU of a server per message: echoes, and what one says to a thousand. Servers take turns, every byte is compared."""

import dataclasses
import json
import subprocess
import sys

import machine
import peers


@dataclasses.dataclass(frozen=True)
class Shape:
    """One kind of traffic.

    `older` is the CPU of the packaged uWebSockets over that of the current one (v20.79.0), measured once side by side
    on an AMD EPYC (Zen 5).
    """

    name: str
    load: str       # the load client
    connections: int
    size: int       # bytes of a message
    in_flight: int
    older: float

    @property
    def words(self) -> list[str]:
        return [str(self.connections), str(self.size), str(self.in_flight)]


ECHO = [Shape("echo 64 B, 1 in flight", "generator", 200, 64, 1, older=1.08),
        Shape("echo 64 B, 16 in flight", "generator", 200, 64, 16, older=1.15),
        Shape("echo 16 KiB, 1 in flight", "generator", 200, 16384, 1, older=1.29)]
FANOUT = [Shape("64 B to 1,000, 1 under way", "fanout", 1000, 64, 1, older=1.02),
          Shape("64 B to 1,000, 16 under way", "fanout", 1000, 64, 16, older=0.96)]


def measure(server: peers.Server, shape: Shape, warm_up_ms: int, measure_ms: int) -> dict:
    others = machine.Others()
    with peers.running(server.command) as (process, port):
        done = subprocess.run(
            machine.pinned(machine.GENERATOR_CORE, [
                machine.BUILD / shape.load, port, *shape.words, warm_up_ms, measure_ms, process.pid]),
            capture_output=True, text=True, timeout=60 + (warm_up_ms + measure_ms) / 1000)
        if done.returncode:
            raise SystemExit(f"{server.name}, {shape.name}: {done.stderr.strip()}")
        result = json.loads(done.stdout)
        share = (measure_ms + warm_up_ms) / measure_ms
        result["others"] = others.share((result["server_cpu_ns"] + result["generator_cpu_ns"]) * share)
    result["cpu_s_per_million"] = result["server_cpu_ns"] / result["messages"] / 1000
    result["messages_per_s"] = result["messages"] * 1e9 / result["elapsed_ns"]
    return result


def run(servers: list[peers.Server], shapes: list[Shape], rounds: int, warm_up_ms: int, measure_ms: int) -> dict:
    """Runs by shape and server."""
    for shape in shapes:
        machine.build_load(shape.load)
    pairs = [(shape, [server for server in servers if server.fans_out or shape not in FANOUT]) for shape in shapes]
    runs = {shape.name: {server.name: [] for server in able} for shape, able in pairs}
    for turn in range(rounds):
        for shape, able in pairs:
            for server in able if turn % 2 == 0 else reversed(able):
                if sys.stderr.isatty():
                    print(f"\rround {turn + 1} of {rounds}: {shape.name}, {server.name}" + " " * 20, end="",
                          file=sys.stderr)
                runs[shape.name][server.name].append(measure(server, shape, warm_up_ms, measure_ms))
    if sys.stderr.isatty():
        print("\r" + " " * 78 + "\r", end="", file=sys.stderr)
    return runs
