"""What TLS costs: in the server itself, and in a proxy before it, in one run.

    python Benchmarks/tls.py [--rounds 5] [--measure-ms 2500] [--connections 100] [--idle 2000] [--handshakes 400]

Four ways to the same `gameserver echo`: without TLS, with its own, and through HAProxy and nginx that take TLS off
before it. What is measured is the CPU of all processes on the server's side, proxy and server together, on core 0; the
load generator speaks TLS 1.3 with AES-128-GCM on core 1 and compares every byte. Then what a handshake costs (ECDSA
P-256) and the memory an idle WebSocket holds. Needs a C compiler, libssl-dev, openssl, taskset and two cores; Debian's
haproxy and nginx-light for the comparison.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

import machine

BUILD, HERE, ROOT = machine.BUILD, machine.HERE, machine.ROOT
SHAPES = [("64 B, 1 in flight", 64, 1), ("64 B, 16 in flight", 64, 16), ("16 KiB, 1 in flight", 16384, 1),
          ("256 KiB, 1 in flight", 256 << 10, 1)]
START_WITHIN_S = 10
UPGRADE = (b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")

HAPROXY = """
global
    nbthread 1
    maxconn 8000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout tunnel 1h
frontend tls
    bind 127.0.0.1:{port} ssl crt {directory}/both.pem alpn http/1.1
    default_backend game
backend game
    server game 127.0.0.1:{behind}
"""
NGINX = """
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
events {{ worker_connections 9000; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {directory}/cert.pem;
        ssl_certificate_key {directory}/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_read_timeout 1h;
        }}
    }}
}}
"""


class Way:
    """The processes between a client and the echo, pinned to the server's core."""

    def __init__(self, name: str, binary: str, directory: pathlib.Path):
        self.directory, self.is_secure = directory, name != "plain"
        server = self._start([binary, "echo", "--port", "0", "--tls-port", "0", "--tls-cert", f"{directory}/cert.pem",
                              "--tls-key", f"{directory}/key.pem"], stdout=subprocess.PIPE, text=True)
        self.processes = [server]
        ports = {}
        for line in server.stdout:
            if found := re.search(r"^(Echo|TLS): .*127\.0\.0\.1:(\d+)", line):
                ports[found[1]] = int(found[2])
            if line == "Ready\n":
                break
        self.port = ports["Echo" if name == "plain" else "TLS"]
        if name in ("HAProxy", "nginx"):
            self.port = free_port()
            self._start_proxy(name, ports["Echo"])

    def _start(self, command: list[str], **arguments) -> subprocess.Popen:
        return subprocess.Popen(machine.pinned(machine.SERVER_CORE, command), stderr=subprocess.DEVNULL, **arguments)

    def _start_proxy(self, name: str, behind: int) -> None:
        text, path = (HAPROXY if name == "HAProxy" else NGINX), self.directory / f"{name}.conf"
        path.write_text(text.format(port=self.port, behind=behind, directory=self.directory))
        command = ["haproxy", "-db", "-f", str(path)] if name == "HAProxy" else ["nginx", "-c", str(path)]
        self.processes.append(self._start(command, stdout=subprocess.DEVNULL))
        until = time.monotonic() + START_WITHIN_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            if time.monotonic() > until:
                self.stop()
                raise SystemExit(f"{name} does not listen within {START_WITHIN_S} s")

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self.processes]

    def cpu_ns(self) -> int:
        return sum(int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in self.pids)

    def resident_bytes(self) -> int:
        """Of all processes, without what is mapped from files."""
        total = 0
        for pid in self.pids:
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Anonymous:\s+(\d+) kB", rollup, re.M)[1]) * 1024
        return total

    def open(self, context: ssl.SSLContext, session=None, upgrades: bool = False):
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        client = context.wrap_socket(raw, server_hostname="localhost", session=session) if self.is_secure else raw
        if upgrades:
            client.sendall(UPGRADE)
            if not client.recv(4096).startswith(b"HTTP/1.1 101"):
                raise SystemExit(f"no upgrade on port {self.port}")
        return client

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def measure(way: Way, generators: dict[bool, pathlib.Path], size: int, window: int, arguments) -> dict:
    connections = min(arguments.connections, max(4, (64 << 20) // (size * window)))
    others = machine.Others()
    done = subprocess.run(
        ["taskset", "-c", machine.GENERATOR_CORE, generators[way.is_secure], str(way.port), str(connections), str(size),
         str(window), str(arguments.warm_up_ms), str(arguments.measure_ms), *map(str, way.pids)],
        capture_output=True, text=True, timeout=60 + arguments.measure_ms / 1000)
    if done.returncode:
        raise SystemExit(done.stderr.strip())
    result = json.loads(done.stdout)
    share = (arguments.measure_ms + arguments.warm_up_ms) / arguments.measure_ms
    ours = (result["server_cpu_ns"] + result["generator_cpu_ns"]) * share
    result["others"] = others.share(ours)
    result["cpu_s_per_million"] = result["server_cpu_ns"] / result["messages"] / 1000
    return result


def handshake_us(way: Way, count: int, resumes: bool) -> float:
    """CPU of the server's side for one handshake and its connection."""
    context = ssl._create_unverified_context()
    session = None
    if resumes:
        with way.open(context, upgrades=True) as first:
            session = first.session
    before = way.cpu_ns()
    for _ in range(count):
        with way.open(context, session) as client:
            client.sendall(b"\r\n")     # the handshake is over for the server too
    until = time.monotonic() + 0.2      # what is left of the last ones
    while time.monotonic() < until:
        pass
    return (way.cpu_ns() - before) / count / 1000


def idle_bytes(way: Way, count: int) -> float:
    context = ssl._create_unverified_context()
    warm = [way.open(context, upgrades=True) for _ in range(100)]
    before = way.resident_bytes()
    held = [way.open(context, upgrades=True) for _ in range(count)]
    used = (way.resident_bytes() - before) / count
    for client in warm + held:
        client.close()
    return used


def table(runs: dict) -> str:
    lines = [f"{'CPU-s per million messages':<26} {'way':<10} {'median':>9} {'min':>9} {'to own TLS':>11} "
             f"{'min':>6}  runs, busy ones"]
    for label, _, _ in SHAPES:
        own = [each["cpu_s_per_million"] for each in runs["own TLS"][label]]
        for name, shapes in runs.items():
            cost = [each["cpu_s_per_million"] for each in shapes[label]]
            ratios = f"{statistics.median(cost) / statistics.median(own):>11.2f} {min(cost) / min(own):>6.2f}"
            busy = sum(each["others"] > machine.BUSY_SHARE for each in shapes[label])
            lines.append(f"{label:<26} {name:<10} {statistics.median(cost):>9.3f} {min(cost):>9.3f} {ratios}"
                         f"  {len(cost)}, {busy}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in [("--rounds", 5), ("--warm-up-ms", 500), ("--measure-ms", 2500), ("--connections", 100),
                          ("--idle", 2000), ("--handshakes", 400)]:
        parser.add_argument(name, type=int, default=default)
    arguments = parser.parse_args()
    binary = os.environ.get("GAMESERVER_BINARY") or str(ROOT / ".build/release/gameserver")
    if not pathlib.Path(binary).exists():
        print(f"no server at {binary}: build it with swift build -c release")
        return 2
    if missing := [tool for tool in ("cc", "taskset", "openssl") if not shutil.which(tool)]:
        print(f"tls.py needs {', '.join(missing)}")
        return 2
    names = ["plain", "own TLS"]
    for name, program in [("HAProxy", "haproxy"), ("nginx", "nginx")]:
        if shutil.which(program):
            names.append(name)
        else:
            print(f"without {name}: it is not installed")
    BUILD.mkdir(parents=True, exist_ok=True)
    generators = {False: machine.build_load("generator"), True: BUILD / "tls_generator"}
    machine.compile_c(HERE / "generator.c", generators[True], "-DWITH_TLS", "-lssl", "-lcrypto")
    runs = {name: {label: [] for label, _, _ in SHAPES} for name in names}
    handshakes, idle = {}, {}
    with tempfile.TemporaryDirectory(prefix="tls-") as place:
        directory = pathlib.Path(place)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-keyout", directory / "key.pem", "-out",
                        directory / "cert.pem"], check=True, capture_output=True)
        both = [(directory / name).read_text() for name in ("cert.pem", "key.pem")]
        (directory / "both.pem").write_text("".join(both))
        for turn in range(arguments.rounds):
            for name in names if turn % 2 == 0 else reversed(names):
                way = Way(name, binary, directory)
                try:
                    for label, size, window in SHAPES:
                        if sys.stderr.isatty():
                            print(f"\rround {turn + 1}/{arguments.rounds}: {name}, {label}     ", end="",
                                  file=sys.stderr)
                        runs[name][label].append(measure(way, generators, size, window, arguments))
                finally:
                    way.stop()
        for name in names:
            way = Way(name, binary, directory)
            try:
                if way.is_secure:
                    handshakes[name] = [handshake_us(way, arguments.handshakes, resumes) for resumes in (False, True)]
                idle[name] = idle_bytes(way, arguments.idle)
            finally:
                way.stop()
    where = machine.description()
    print(f"\necho, {arguments.connections} connections (fewer of 256 KiB), {arguments.rounds} rounds of "
          f"{arguments.measure_ms} ms, taking turns, every byte compared\n{where['cpu']}, {where['cores']} cores, "
          f"Linux {where['kernel']}")
    print(table(runs))
    print(f"\nCPU of {arguments.handshakes} connections that shake hands and go, one after the other, us each")
    for name, (full, resumed) in handshakes.items():
        print(f"{name:<10} full {full:>7.0f}   resumed {resumed:>7.0f}")
    print(f"\nmemory of each of {arguments.idle} idle WebSockets, bytes, proxy and server together")
    for name, used in idle.items():
        print(f"{name:<10} {used:>9,.0f}")
    report = BUILD / f"tls-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}.json"
    report.write_text(json.dumps({"machine": where, "arguments": vars(arguments), "runs": runs,
                                  "handshakes_us": handshakes, "idle_bytes": idle}, indent=1))
    print(f"written to {report.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
