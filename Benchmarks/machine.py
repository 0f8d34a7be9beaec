"""The machine the benchmarks run on: where things lie, which core is whose, how busy it is, what it is."""

import os
import pathlib
import platform
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
HERE = ROOT / "Benchmarks"
BUILD = ROOT / ".build/bench"
SERVER_CORE, GENERATOR_CORE = "0", "1"
BUSY_SHARE = 0.08   # of a core used by others: above it a run is marked


def pinned(core: str, command: list) -> list[str]:
    return ["taskset", "-c", core, *map(str, command)]


def compile_c(source: pathlib.Path, binary: pathlib.Path, *more: str) -> None:
    newest = max(each.stat().st_mtime for each in (source, HERE / "socket.h", HERE / "measuring.h"))
    if binary.exists() and binary.stat().st_mtime > newest:
        return
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", binary, source, *more], check=True)


def build_load(name: str) -> pathlib.Path:
    """A load client of this directory."""
    compile_c(HERE / f"{name}.c", BUILD / name)
    return BUILD / name


def cpu_ns(pid: int) -> int:
    """CPU time of all threads of a process so far. The number of its clock is Linux's, as clock_getcpuclockid(3)."""
    return time.clock_gettime_ns(~pid << 3 | 2)


def busy_ns() -> int:
    """CPU time of the whole machine so far."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    busy = sum(int(fields[i]) for i in (0, 1, 2, 5, 6))
    return busy * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class Others:
    """How much of a core others used between two instants."""

    def __init__(self):
        self.busy, self.began = busy_ns(), time.monotonic_ns()

    def share(self, ours_ns: float) -> float:
        return max(0.0, (busy_ns() - self.busy - ours_ns) / (time.monotonic_ns() - self.began))


def description() -> dict:
    model = next((line.split(":", 1)[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release()}
