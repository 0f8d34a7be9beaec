"""Control groups of the test's own, v1 or v2 as the machine has them."""

import contextlib
import os
import pathlib
import subprocess
import sys
import threading
import time

import pytest

ROOT = pathlib.Path("/sys/fs/cgroup")
HOG = """
import sys
limit, usage, ratio = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
held = []
def used():
    files = open(usage.rsplit("/", 1)[0] + "/memory.stat").read().split()
    idle = int(files[files.index("total_inactive_file" if "total_inactive_file" in files else "inactive_file") + 1])
    return int(open(usage).read()) - idle
while used() < limit * ratio:
    held.append(b"x" * 262144)
print("held", used() / limit, flush=True)
sys.stdin.read()
"""
SPINNER = "import sys, os\nprint('spins', flush=True)\nwhile True: pass\n"


class ControlGroup:
    """Limits for the processes put into it; `with ControlGroup("name", memory_bytes=…, cpus=…) as group:`."""

    def __init__(self, name: str, *, memory_bytes: int | None = None, cpus: float | None = None):
        self.memory_bytes, self.cpus = memory_bytes, cpus
        self.is_v2 = (ROOT / "cgroup.controllers").exists()
        wanted = [kind for kind, value in (("memory", memory_bytes), ("cpu", cpus)) if value is not None]
        full = f"gameserver-test-{os.getpid()}-{name}"
        self.folders = {kind: ROOT / full if self.is_v2 else ROOT / kind / full for kind in wanted}
        if not self.is_v2 and cpus is not None:   # its use of the CPU is counted beside the quota
            self.folders["cpuacct"] = ROOT / "cpuacct" / full
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "ControlGroup":
        try:
            for folder in self.folders.values():
                folder.mkdir(exist_ok=True)
            self._limit()
        except OSError as error:
            self._remove()
            pytest.fail(f"no control group can be made under {ROOT} ({error.strerror}): this row needs root",
                        pytrace=False)
        return self

    def _limit(self) -> None:
        if self.memory_bytes is not None:
            name = "memory.max" if self.is_v2 else "memory.limit_in_bytes"
            (self.folders["memory"] / name).write_text(str(self.memory_bytes))
        if self.cpus is not None:
            quota = round(self.cpus * 100_000)
            if self.is_v2:
                (self.folders["cpu"] / "cpu.max").write_text(f"{quota} 100000")
            else:
                (self.folders["cpu"] / "cpu.cfs_period_us").write_text("100000")
                (self.folders["cpu"] / "cpu.cfs_quota_us").write_text(str(quota))

    @property
    def usage_file(self) -> pathlib.Path:
        return self.folders["memory"] / ("memory.current" if self.is_v2 else "memory.usage_in_bytes")

    @property
    def entering(self) -> tuple[str, ...]:
        """A command that puts itself into the group and becomes what follows it."""
        puts = " && ".join(f"echo $$ > {folder / 'cgroup.procs'}" for folder in self.folders.values())
        return ("/bin/sh", "-c", f'{puts} && exec "$@"', "sh")

    @contextlib.contextmanager
    def memory_hog(self, ratio: float):
        """Another process that fills the group to a share of its limit."""
        with self._guest(HOG, str(self.memory_bytes), str(self.usage_file), str(ratio)) as guest:
            yield guest

    @contextlib.contextmanager
    def spinners(self, count: int = 2):
        """Processes that use whatever CPU the group may use."""
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(self._guest(SPINNER)) for _ in range(count)]

    @contextlib.contextmanager
    def _guest(self, program: str, *arguments: str):
        guest = subprocess.Popen([*self.entering, sys.executable, "-c", program, *arguments],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert guest.stdout.readline(), "the guest of the control group ended at once"
            yield guest
        finally:
            guest.kill()
            guest.wait()

    def __exit__(self, *_) -> None:
        self._remove()

    def _remove(self) -> None:
        """The kernel lets go of a group a moment after its last process."""
        deadline = time.monotonic() + 5
        for folder in self.folders.values():
            while folder.exists():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    threading.Event().wait(0.01)   # the kernel tells nobody
