"""What an idle connection costs: memory of the server's process for each, and CPU of their heartbeats.

    python Benchmarks/idle.py [--connections 10000] [--warm 2000] [--seconds 60] [--binary PATH] [--echo]

Opens connections that greet and then say nothing but the answers to pings. Memory is what the process had resident after
`warm` connections subtracted from what it has with all of them, so that what the first ones bring in counts for nobody;
it is read again after a minute of heartbeats. `--echo` asks the bare engine, without sessions and without heartbeats.
"""

import argparse
import base64
import datetime
import json
import os
import pathlib
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import time

import bench

ROOT, BUILD = bench.ROOT, bench.BUILD
TOKEN = "benchmark-admin-token-0123456789"
MASK = bytes(4)     # a frame masked with zeros is its own payload


def frame(text: bytes) -> bytes:
    assert len(text) < 126
    return bytes([0x81, 0x80 | len(text)]) + MASK + text


HELLO = frame(b'{"type":"hello"}')
PONG = frame(b'{"type":"pong"}')


class Served:
    """The server, with limits that let everybody in."""

    def __init__(self, binary: str, echo: bool, config: dict, port: int = 0, descriptors: int | None = None):
        self.folder = tempfile.TemporaryDirectory()
        self.path = "/" if echo else "/ws"
        file = pathlib.Path(self.folder.name) / "config.json5"
        file.write_text(json.dumps(config))
        words = [binary, "echo"] if echo else [
            binary, "serve", "--data", self.folder.name + "/data", "--config", str(file), "--admin-token", TOKEN]
        if descriptors:
            words = ["prlimit", f"--nofile={descriptors}:{descriptors}", *words]
        with open(self.folder.name + "/log", "w") as log:
            self.process = subprocess.Popen(
                [*words, "--port", str(port)], stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT)
        for line in self.process.stdout:
            if line.startswith("Echo:"):
                self.port = int(line.split("://")[1].split("/")[0].split(":")[1])
            if line.strip() == "Ready":
                break
        else:
            raise SystemExit(f"no server: {pathlib.Path(self.folder.name, 'log').read_text()}")
        if not echo:
            self.port = int((pathlib.Path(self.folder.name) / "data/port").read_text())

    def status(self, name: str) -> int:
        """A figure of /proc/PID/status, in bytes."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
        raise KeyError(name)

    def descriptors(self) -> list[int]:
        return [int(name) for name in os.listdir(f"/proc/{self.process.pid}/fd")]

    def cpu_s(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.folder.cleanup()


class Crowd:
    """Connections that answer pings and nothing else."""

    def __init__(self, server: Served, greets: bool):
        self.server, self.greets = server, greets
        self.selector = selectors.EpollSelector()
        self.open = 0
        self.pings = 0
        self.closed = 0

    def grow(self, to: int, together: int = 200) -> None:
        while self.open < to:
            fresh = [self._connect() for _ in range(min(together, to - self.open))]
            for connection in fresh:
                self._await(connection, b"\r\n\r\n")
                if self.greets:
                    connection.sendall(HELLO)
            for connection in fresh:
                if self.greets:
                    self._await(connection, b'"welcome"')
                connection.setblocking(False)
                self.selector.register(connection, selectors.EVENT_READ)
            self.open += len(fresh)

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(
            f"GET {self.server.path} HTTP/1.1\r\nHost: idle\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        return connection

    @staticmethod
    def _await(connection: socket.socket, mark: bytes) -> None:
        received = b""
        while mark not in received:
            chunk = connection.recv(65536)
            assert chunk, f"closed: {received[:300]}"
            received += chunk

    def idle(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for key, _ in self.selector.select(left):
                data = key.fileobj.recv(65536)
                if not data:
                    self.closed += 1
                    self.selector.unregister(key.fileobj)
                elif b'"ping"' in data:
                    self.pings += 1
                    key.fileobj.send(PONG)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--warm", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--echo", action="store_true")
    parser.add_argument("--binary", default=os.environ.get("GAMESERVER_BINARY")
                        or str(ROOT / ".build/release/gameserver"))
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if arguments.connections + 100 > hard:
        print(f"{arguments.connections} connections and no more than {hard} descriptors")
        return 2
    # Nobody is to be sent away, and a storm is what this is.
    config = {"recovery": {"enabled": False}, "health": {"self_test": False}}
    server = Served(arguments.binary, arguments.echo, config)
    try:
        crowd = Crowd(server, greets=not arguments.echo)
        started = server.status("VmRSS")
        crowd.grow(arguments.warm)
        warm, began = server.status("VmRSS"), server.cpu_s()
        crowd.grow(arguments.connections)
        full, opened = server.status("VmRSS"), server.cpu_s()
        added = arguments.connections - arguments.warm
        print(f"started {started / 2**20:.1f} MiB, {arguments.warm} connections {warm / 2**20:.1f}, "
              f"{arguments.connections} connections {full / 2**20:.1f}")
        print(f"bytes per connection            {(full - warm) / added:8.0f}")
        print(f"CPU us to open one              {(opened - began) / added * 1e6:8.0f}")
        crowd.idle(arguments.seconds)
        after, idled = server.status("VmRSS"), server.cpu_s()
        print(f"bytes per connection, {arguments.seconds:.0f} s on  {(after - warm) / added:8.0f}")
        print(f"CPU ms a minute, all of them    {(idled - opened) / arguments.seconds * 60e3:8.0f}"
              f"   {crowd.pings} pings, {crowd.closed} closed")
        result = {"connections": arguments.connections, "warm": arguments.warm, "echo": arguments.echo,
                  "bytes_per_connection": (full - warm) / added, "after": (after - warm) / added,
                  "open_us": (opened - began) / added * 1e6,
                  "idle_ms_a_minute": (idled - opened) / arguments.seconds * 60e3, "pings": crowd.pings,
                  "closed": crowd.closed, "machine": bench.machine()}
        BUILD.mkdir(parents=True, exist_ok=True)
        name = BUILD / f"idle-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}.json"
        name.write_text(json.dumps(result, indent=1))
    finally:
        server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
