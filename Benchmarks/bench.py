"""Echo beside a peer, in one run: CPU of the server per message, servers taking turns.

    python Benchmarks/bench.py [--rounds 5] [--measure-ms 2500] [--connections 200]

The server under test is `$GAMESERVER_BINARY echo` (else the release build). The peer is uWebSockets, as the library in
the `socketify` package has it. Servers run on core 0, the load generator on core 1. Needs a C compiler.
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import platform
import re
import select
import shutil
import statistics
import subprocess
import sys
import tarfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
HERE = ROOT / "Benchmarks"
BUILD = ROOT / ".build/bench"
SERVER_CORE, GENERATOR_CORE = "0", "1"
SHAPES = [("64 B, 1 in flight", 64, 1), ("64 B, 16 in flight", 64, 16), ("16 KiB, 1 in flight", 16384, 1)]
# CPU of the packaged peer over that of uWebSockets v20.79.0, measured once side by side on an AMD EPYC (Zen 5).
PEER_OVER_CURRENT = {"64 B, 1 in flight": 1.08, "64 B, 16 in flight": 1.15, "16 KiB, 1 in flight": 1.29}
PEER_PACKAGE = ("socketify", "0.0.31", "7502bed5b382e75f04ea3c6d6b53b76f27bb8653740db92e3f2b55fab388df20")
PEER_LIBRARY = "libsocketify_linux_amd64.so"
START_WITHIN_S = 10
BUSY_SHARE = 0.08   # of a core used by others: above it a run is marked


def build_generator() -> pathlib.Path:
    binary = BUILD / "generator"
    compile_c(HERE / "generator.c", binary)
    return binary


def compile_c(source: pathlib.Path, binary: pathlib.Path, *more: str) -> None:
    newest = max(each.stat().st_mtime for each in (source, HERE / "socket.h"))
    if binary.exists() and binary.stat().st_mtime > newest:
        return
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", binary, source, *more], check=True)


def build_uwebsockets() -> pathlib.Path | None:
    """The peer's executable; None with one sentence when it cannot be had here."""
    if platform.machine() != "x86_64" or sys.platform != "linux":
        print("peer uWebSockets: its library exists for Linux on x86-64 only")
        return None
    library = BUILD / "uws" / PEER_LIBRARY
    if not library.exists() and not fetch_library(library):
        return None
    binary = BUILD / "uws" / "uws_echo"
    try:
        compile_c(HERE / "peers/uws_echo.c", binary, f"-L{library.parent}", f"-l:{library.name}",
                  f"-Wl,-rpath,{library.parent}")
    except subprocess.CalledProcessError:
        print("peer uWebSockets: it does not link; it needs the Debian package libuv1")
        binary.unlink(missing_ok=True)
        return None
    return binary


def fetch_library(library: pathlib.Path) -> bool:
    """Takes the library out of the source archive of the package, whose digest is checked."""
    name, version, digest = PEER_PACKAGE
    library.parent.mkdir(parents=True, exist_ok=True)
    archive = library.parent / f"{name}-{version}.tar.gz"
    if not archive.exists():
        done = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:",
                               "-d", library.parent, f"{name}=={version}"], capture_output=True, text=True)
        if done.returncode or not archive.exists():
            print(f"peer uWebSockets: {name} {version} cannot be downloaded: {done.stderr.strip()[-200:]}")
            return False
    if hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
        print(f"peer uWebSockets: {archive.name} is not the archive that is known")
        return False
    with tarfile.open(archive) as tar:
        member = next(m for m in tar.getmembers() if m.name.endswith(f"/{library.name}"))
        library.write_bytes(tar.extractfile(member).read())
    return True


class Running:
    """A server process pinned to its core."""

    def __init__(self, command: list[str]):
        self.process = subprocess.Popen(["taskset", "-c", SERVER_CORE, *command], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.port = self._read_port()

    def _read_port(self) -> int:
        """The port of the first address that is printed, or a line that is a number."""
        until = time.monotonic() + START_WITHIN_S
        while time.monotonic() < until:
            if not select.select([self.process.stdout], [], [], until - time.monotonic())[0]:
                break
            line = self.process.stdout.readline()
            if not line:
                break
            if found := re.search(r"127\.0\.0\.1:(\d+)|^(\d+)$", line.strip()):
                return int(found[1] or found[2])
        self.stop()
        raise SystemExit(f"{self.process.args[3]}: no port within {START_WITHIN_S} s")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def busy_ns() -> int:
    """CPU time of the whole machine so far."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    busy = sum(int(fields[i]) for i in (0, 1, 2, 5, 6))
    return busy * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def measure(generator: pathlib.Path, command: list[str], size: int, window: int, arguments) -> dict:
    server = Running(command)
    try:
        before, began = busy_ns(), time.monotonic_ns()
        done = subprocess.run(
            ["taskset", "-c", GENERATOR_CORE, generator, str(server.port), str(arguments.connections), str(size),
             str(window), str(arguments.warm_up_ms), str(arguments.measure_ms), str(server.process.pid)],
            capture_output=True, text=True, timeout=60 + arguments.measure_ms / 1000)
        if done.returncode:
            raise SystemExit(f"{command[0]}: {done.stderr.strip()}")
        result = json.loads(done.stdout)
        elapsed = time.monotonic_ns() - began
        share = (arguments.measure_ms + arguments.warm_up_ms) / arguments.measure_ms
        ours = (result["server_cpu_ns"] + result["generator_cpu_ns"]) * share
        result["others"] = max(0.0, (busy_ns() - before - ours) / elapsed)
        result["cpu_s_per_million"] = result["server_cpu_ns"] / result["messages"] / 1000
        result["messages_per_s"] = result["messages"] * 1e9 / result["elapsed_ns"]
        return result
    finally:
        server.stop()


def run(servers: dict[str, list[str]], generator: pathlib.Path, arguments) -> dict:
    runs = {name: {label: [] for label, _, _ in SHAPES} for name in servers}
    total = arguments.rounds * len(SHAPES) * len(servers)
    number = 0
    for turn in range(arguments.rounds):
        names = list(servers) if turn % 2 == 0 else list(reversed(servers))
        for label, size, window in SHAPES:
            for name in names:
                number += 1
                if sys.stderr.isatty():
                    print(f"\rrun {number}/{total}: {name}, {label}          ", end="", file=sys.stderr)
                runs[name][label].append(measure(generator, servers[name], size, window, arguments))
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return runs


def table(runs: dict, peer: str | None) -> str:
    """Median and least CPU seconds per million messages, ratios of both, and what the ratio is to a current peer."""
    lines = [f"{'CPU-s per million messages':<26} {'server':<12} {'median':>8} {'min':>8} {'msgs/s':>11} "
             f"{'ratio median':>13} {'ratio min':>10} {'to current':>11}  runs, busy ones"]
    for label, _, _ in SHAPES:
        for name, shapes in runs.items():
            cost = [each["cpu_s_per_million"] for each in shapes[label]]
            rate = statistics.median(each["messages_per_s"] for each in shapes[label])
            ratios = ""
            if peer and name != peer:
                other = [each["cpu_s_per_million"] for each in runs[peer][label]]
                ratio = statistics.median(cost) / statistics.median(other)
                ratios = (f"{ratio:>13.2f} {min(cost) / min(other):>10.2f} "
                          f"{ratio * PEER_OVER_CURRENT[label]:>11.2f}")
            busy = sum(each["others"] > BUSY_SHARE for each in shapes[label])
            lines.append(f"{label:<26} {name:<12} {statistics.median(cost):>8.3f} {min(cost):>8.3f} {rate:>11,.0f} "
                         f"{ratios or ' ' * 36}  {len(cost)}, {busy}")
    return "\n".join(lines)


def machine() -> dict:
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--warm-up-ms", type=int, default=500)
    parser.add_argument("--measure-ms", type=int, default=2500)
    parser.add_argument("--connections", type=int, default=200)
    arguments = parser.parse_args()
    binary = os.environ.get("GAMESERVER_BINARY") or str(ROOT / ".build/release/gameserver")
    if not pathlib.Path(binary).exists():
        print(f"no server at {binary}: build it with swift build -c release")
        return 2
    if not shutil.which("cc") or not shutil.which("taskset") or (os.cpu_count() or 1) < 2:
        print("bench needs a C compiler, taskset and two cores")
        return 2
    BUILD.mkdir(parents=True, exist_ok=True)
    servers = {"gameserver": [binary, "echo", "--port", "0"]}
    peer = "uWebSockets" if (uws := build_uwebsockets()) else None
    if uws:
        servers[peer] = [str(uws)]
    runs = run(servers, build_generator(), arguments)
    where = machine()
    print(f"echo, {arguments.connections} connections, {arguments.rounds} rounds of {arguments.measure_ms} ms, servers "
          f"taking turns, every byte compared\n{where['cpu']}, {where['cores']} cores, Linux {where['kernel']}")
    if peer:
        print("peer: uWebSockets as the library of socketify 0.0.31 (2024) has it; `to current` reckons with the "
              "measured 1.08, 1.15 and 1.29 times a current one's CPU")
    print(table(runs, peer))
    report = BUILD / f"echo-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}.json"
    report.write_text(json.dumps({"machine": where, "arguments": vars(arguments), "runs": runs}, indent=1))
    print(f"written to {report.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
