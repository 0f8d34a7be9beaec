"""CPU of a server per message: echoes, and what one says to a thousand, every byte compared.

All servers run at once, each with its load, but only one of them has anything to do: they take turns in slices of a
fraction of a second, so that a machine that is slower for a while is slower for all of them. What is compared is what
two servers took in the same turn. Who was idle for longer has colder caches and connections, so each slice begins with a
part that does not count, and the order is always the same. Every few turns all of them start anew, because where a process
lies in memory is luck of its own.
"""

import contextlib
import dataclasses
import sys
import time

import machine
import peers
from load import Load

WARM_UP_SLICES = 4
#: Of a slice, before it: what comes first after others had their turn does not count.
LEAD_IN = 0.4


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

    def command(self, port: int) -> list:
        return [machine.BUILD / self.load, port, self.connections, self.size, self.in_flight, "rounds"]


ECHO = [Shape("echo 64 B, 1 in flight", "generator", 200, 64, 1, older=1.08),
        Shape("echo 64 B, 16 in flight", "generator", 200, 64, 16, older=1.15),
        Shape("echo 16 KiB, 1 in flight", "generator", 200, 16384, 1, older=1.29)]
FANOUT = [Shape("64 B to 1,000, 1 under way", "fanout", 1000, 64, 1, older=1.02),
          Shape("64 B to 1,000, 16 under way", "fanout", 1000, 64, 16, older=0.96)]


class Side:
    """One server under load."""

    def __init__(self, server: peers.Server, shape: Shape, slice_ms: int, stack: contextlib.ExitStack):
        self.name = server.name
        process, port = stack.enter_context(peers.running(server.command))
        self.pid = process.pid
        self.load = Load(shape.command(port))
        stack.callback(self.load.close)
        # As many rounds to a slice as fit.
        self.rounds = shape.in_flight
        for _ in range(WARM_UP_SLICES):
            took_ms = max(self.slice()["elapsed_ns"] / 1e6, 0.1)
            self.rounds = max(shape.in_flight, round(self.rounds * min(slice_ms / took_ms, 100)))

    def slice(self) -> dict:
        self.load.play(max(1, round(self.rounds * LEAD_IN)))
        load = self.load.process.pid
        began, server_ns, load_ns = time.monotonic_ns(), machine.cpu_ns(self.pid), machine.cpu_ns(load)
        messages = self.load.play(self.rounds)
        used = machine.cpu_ns(self.pid) - server_ns
        elapsed = time.monotonic_ns() - began
        return {
            "messages": messages, "elapsed_ns": elapsed, "server_cpu_ns": used,
            "load_cpu_ns": machine.cpu_ns(load) - load_ns, "cpu_s_per_million": used / messages / 1000, "messages_per_s": messages * 1e9 / elapsed,
        }


def sitting(servers: list[peers.Server], shape: Shape, slices: int, slice_ms: int) -> dict[str, list[dict]]:
    """Slices by server, the first of each from the same turn."""
    done = {server.name: [] for server in servers}
    with contextlib.ExitStack() as stack:
        sides = [Side(server, shape, slice_ms, stack) for server in servers]
        for _ in range(slices):
            for side in sides:
                done[side.name].append(side.slice())
    return done


def run(servers: list[peers.Server], shapes: list[Shape], rounds: int, slices: int, slice_ms: int) -> dict:
    """Slices by shape and server, a list for each round."""
    for shape in shapes:
        machine.build_load(shape.load)
    runs = {shape.name: {} for shape in shapes}
    for turn in range(rounds):
        for shape in shapes:
            if sys.stderr.isatty():
                print(f"\rround {turn + 1} of {rounds}: {shape.name}" + " " * 20, end="", file=sys.stderr)
            able = [server for server in servers if server.fans_out or shape not in FANOUT]
            for name, done in sitting(able, shape, slices, slice_ms).items():
                runs[shape.name].setdefault(name, []).append(done)
    if sys.stderr.isatty():
        print("\r" + " " * 78 + "\r", end="", file=sys.stderr)
    return runs
