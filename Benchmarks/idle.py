"""What an idle connection costs: memory of the server's process for each, and CPU of their heartbeats.

    python Benchmarks/idle.py [--connections 10000] [--seconds 60] [--binary PATH] [--echo]

Opens connections that greet and then say nothing but the answers to pings. Memory is what the process has resident with
all of them less what it had without any, so that what the first ones bring in counts too; it is read again after a
minute of heartbeats. `--echo` asks the bare engine, without sessions and without heartbeats.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile

import crowds
import machine
import peers
from crowd import Crowd, deflated, most_connections
from served import Served

ROOT, BUILD = machine.ROOT, machine.BUILD
CONFIG = crowds.CONFIG
OPENED_LATE_S = 16      # after the silence that is asked about: everybody has been pinged by then
CRYPTIC = 2_000         # connections with TLS or compression
KEEPING = 100           # that keep contexts: a loop agrees to 64 MiB of them, and to none above
WARM = 20               # come first and do not count: what the libraries keep for all
SAID = b"what a player says, forty letters or so. " * 25


@contextlib.contextmanager
def serving(binary: str):
    """The game server with limits that let everybody in: its process and port."""
    with contextlib.closing(Served(binary, CONFIG)) as server:
        yield server.process, server.port


@contextlib.contextmanager
def certificate():
    """A certificate for localhost that lasts two days: its directory."""
    with tempfile.TemporaryDirectory(prefix="idle-") as folder:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", f"{folder}/key.pem",
                        "-out", f"{folder}/cert.pem"], check=True, capture_output=True)
        yield folder


def resident_bytes(process: subprocess.Popen) -> int:
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise KeyError("VmRSS")


def cpu_s(process: subprocess.Popen) -> float:
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process: subprocess.Popen, crowd: Crowd, sizes: list[int], warm: int = 0) -> dict[str, float]:
    """Bytes for each connection with so many open, beyond the first `warm`."""
    crowd.grow(warm)
    before, results = resident_bytes(process), {}
    for size in sizes:
        crowd.grow(size)
        results[str(size)] = (resident_bytes(process) - before) / (size - warm)
    return results


def plain(server: peers.Server, sizes: list[int]) -> dict[str, float]:
    with peers.running(server.command) as (process, port):
        crowd = Crowd(port)
        results = memory(process, crowd, sizes)
        crowd.leave()
        return results


def sessions(binary: str, sizes: list[int]) -> dict[str, float]:
    """Of the game server: sessions that have greeted, tracked, pinged; and once more when each was pinged."""
    with serving(binary) as (process, port):
        crowd = Crowd(port, "/ws", greets=True)
        before = resident_bytes(process)
        results = memory(process, crowd, sizes)
        crowd.idle(OPENED_LATE_S)
        if crowd.closed or crowd.pings < crowd.open:
            print(f"idle: {crowd.open} connections, {crowd.pings} pings, {crowd.closed} closed")
        results["pinged"] = (resident_bytes(process) - before) / crowd.open
        crowd.leave()
        return results


def cryptic(binary: str) -> dict[str, float]:
    """Of the bare engine with TLS, and with compression after a kilobyte each way."""
    results = {}
    context = ssl._create_unverified_context()
    with certificate() as folder:
        words = ["--tls-port", "0", "--tls-cert", f"{folder}/cert.pem", "--tls-key", f"{folder}/key.pem"]
        with peers.running([binary, "echo", "--port", "0", *words]) as (process, _):
            port = peers.read_port(process, [binary])
            crowd = Crowd(port, context=context)
            results["TLS"] = memory(process, crowd, [WARM + CRYPTIC], WARM)
            crowd.leave()
    offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    ways = [("compression, none kept", "/", CRYPTIC), ("compression, contexts", "/takeover", KEEPING)]
    for name, path, count in ways:
        with peers.running([binary, "echo", "--port", "0", "--compression"]) as (process, port):
            crowd = Crowd(port, path, extra=offer, first=deflated(SAID))
            results[name] = memory(process, crowd, [WARM + count], WARM)
            crowd.leave()
    return {name: next(iter(each.values())) for name, each in results.items()}


def run(servers: list[peers.Server], binary: str, sizes: list[int]) -> dict:
    most = most_connections()
    able = [size for size in sizes if size <= most]
    for size in sizes:
        if size > most:
            print(f"without {size:,} idle connections: a process may have {most:,}")
    results = {"gameserver, sessions": sessions(binary, able)} | {each.name: plain(each, able) for each in servers}
    return results | {name: {"each": used} for name, used in cryptic(binary).items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--echo", action="store_true")
    parser.add_argument("--binary", default=os.environ.get("GAMESERVER_BINARY")
                        or str(ROOT / ".build/release/gameserver"))
    arguments = parser.parse_args()
    if arguments.connections > (most := most_connections()):
        print(f"{arguments.connections} connections: a process may have {most}")
        return 2
    echo = [arguments.binary, "echo", "--port", "0"]
    with peers.running(echo) if arguments.echo else serving(arguments.binary) as (process, port):
        crowd = Crowd(port, "/") if arguments.echo else Crowd(port, "/ws", greets=True)
        started, began = resident_bytes(process), cpu_s(process)
        crowd.grow(arguments.connections)
        full, opened = resident_bytes(process), cpu_s(process)
        crowd.idle(arguments.seconds)
        after, idled = resident_bytes(process), cpu_s(process)
    count = arguments.connections
    result = {"connections": count, "echo": arguments.echo, "bytes_per_connection": (full - started) / count,
              "after": (after - started) / count, "open_us": (opened - began) / count * 1e6,
              "idle_ms_a_minute": (idled - opened) / arguments.seconds * 60e3, "pings": crowd.pings,
              "closed": crowd.closed, "machine": machine.description()}
    print(f"started {started / 2**20:.1f} MiB, {count} connections {full / 2**20:.1f}")
    print(f"bytes per connection            {result['bytes_per_connection']:8.0f}")
    print(f"CPU us to open one              {result['open_us']:8.0f}")
    print(f"bytes per connection, {arguments.seconds:.0f} s on  {result['after']:8.0f}")
    print(f"CPU ms a minute, all of them    {result['idle_ms_a_minute']:8.0f}   "
          f"{crowd.pings} pings, {crowd.closed} closed")
    BUILD.mkdir(parents=True, exist_ok=True)
    name = BUILD / f"idle-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}.json"
    name.write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
