"""The faults of the matrix: how each begins and ends. Entering its context is its beginning."""

import asyncio
import contextlib
import os
import pathlib
import sqlite3
import subprocess
import sysconfig
from dataclasses import dataclass, field
from typing import AsyncContextManager, Callable

import pytest

from cgroup import ControlGroup
from player_faults import (ENDLESS, exception_storm, half_open_peers, idle_rooms_and_a_hog, loop_stands_still,
                           probe_hangs, reconnect_storm, skipped_sequences, slow_readers)
from scene import Scene
from table import start
from tool import tool

HERE = pathlib.Path(__file__).resolve().parent
MIB = 1024 * 1024
FAKETIME = "/usr/lib/{}/faketime/libfaketimeMT.so.1"
#: Short times, so that a row takes seconds; what a row waits for beyond them it says itself.
QUICK = {
    "limits": {"rate_per_s": 100_000, "burst": 100_000, "total_per_s": 1_000_000, "resync_per_s": 1000},
    "http": {"max_connections": 12_000},
    # Long enough that nothing is seen within two seconds by luck, short enough to be well again soon.
    "health": {"interval_ms": 5000, "floor_ms": 1000, "ceiling_ms": 10_000},
}
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Fault:
    """One row: what is done to the server, and what must come of it."""

    name: str
    bring: Callable[[Scene], AsyncContextManager]
    component: str | None
    procedure: str | None
    verdicts: frozenset[str] = frozenset({"effective"})
    level: str = "warning"
    possible_s: float = 0                  # nobody can know of it earlier
    config: dict = field(default_factory=dict)
    mends_itself: bool = False             # the procedure ends it, though nobody else does
    refusals: bool = False                 # it is everybody's: commands may be refused with `retry`
    late: tuple[str, ...] = ()             # and these answers may be late
    prepare: Callable | None = None        # (directory, ExitStack) → options of the server
    executable: str | None = None
    takes_minutes: bool = False            # what is judged is a share of the last minute: part of `make conformance`


def merged(*parts: dict) -> dict:
    """Configurations laid over each other, section by section."""
    found: dict = {}
    for part in parts:
        for section, values in part.items():
            found[section] = {**found.get(section, {}), **values}
    return found


# The store


@contextlib.asynccontextmanager
async def store_locked(scene: Scene):
    """Another process holds the write lock of the database."""
    shell = subprocess.Popen([tool("sqlite3"), str(scene.server.database)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    shell.stdin.write(".timeout 5000\nBEGIN EXCLUSIVE;\nSELECT 'locked';\n")
    shell.stdin.flush()
    assert (await asyncio.to_thread(shell.stdout.readline)).strip() == "locked"
    try:
        yield
    finally:
        shell.kill()
        shell.wait()


def slow_disk(directory: pathlib.Path, _) -> dict:
    """A server whose every fsync goes through slow_sync.c."""
    shim, told = directory / "slow_sync.so", directory / "slow_sync.ms"
    subprocess.run([tool("gcc"), "-shared", "-fPIC", "-O1", "-o", str(shim), str(HERE / "slow_sync.c"), "-ldl"],
                   check=True)
    told.write_text("0")
    return {"environment": {"LD_PRELOAD": str(shim), "SLOW_SYNC_FILE": str(told)}}


@contextlib.asynccontextmanager
async def store_slow(scene: Scene):
    """Every fsync takes 1.2 s: commits come, but late."""
    told = pathlib.Path(scene.server.environment["SLOW_SYNC_FILE"])
    told.write_text("1200")
    try:
        yield
    finally:
        told.write_text("0")


def small_disk(directory: pathlib.Path, _) -> dict:
    """A data directory on 8 MiB of tmpfs, in a mount namespace of the server's own: it goes when the server goes."""
    data = directory / "data"
    data.mkdir(parents=True)
    mount = f'mount -t tmpfs -o size=8m,mode=0700 tmpfs "{data}" && exec "$@"'
    users = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    wrapper = (tool("unshare", "util-linux"), *users, "--mount", "/bin/sh", "-c", mount, "sh")
    tried = subprocess.run([*wrapper, "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.fail(f"no small file system can be mounted here ({tried.stderr.strip()}): this row needs root or user "
                    "namespaces", pytrace=False)
    return {"wrapper": wrapper, "has_own_mounts": True}


@contextlib.asynccontextmanager
async def disk_full(scene: Scene):
    """Somebody else's file takes all that is left, to the last byte, and grows whenever something is freed."""
    filler = scene.server.data_seen / "somebody-elses-file"
    full = asyncio.create_task(fill(filler))
    try:
        yield
    finally:
        full.cancel()
        await asyncio.gather(full, return_exceptions=True)
        filler.unlink()


async def fill(filler: pathlib.Path) -> None:
    with open(filler, "ab", buffering=0) as file:
        while True:
            for size in (65536, 4096):
                with contextlib.suppress(OSError):
                    while file.write(b"\0" * size) == size:
                        pass
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def store_gone(scene: Scene):
    """The database's files are deleted under the running server."""
    for file in scene.server.data_seen.glob("rooms.sqlite*"):
        file.unlink()
    yield


def number_of(room: str) -> int:
    """A room's id as the database has it: Crockford's base 32, 40 bits."""
    value = 0
    for letter in room:
        value = value * 32 + CROCKFORD.index(letter)
    return value


@contextlib.asynccontextmanager
async def tampered_row(scene: Scene):
    """A stranger with a shell changes one byte of a record of a room that is being played."""
    chairs = await start(scene.clients, scene.server, 2, options=ENDLESS)
    scene.victims = chairs
    with contextlib.closing(sqlite3.connect(scene.server.database, timeout=10)) as stranger:
        room = number_of(chairs[0].room)
        number, payload = stranger.execute(
            "SELECT number, payload FROM records WHERE room = ? ORDER BY number LIMIT 1 OFFSET 2", (room,)).fetchone()
        changed = bytes([payload[0] ^ 1]) + payload[1:]
        changes = stranger.execute("UPDATE records SET payload = ? WHERE room = ? AND number = ?",
                                   (changed, room, number)).rowcount
        stranger.commit()
        assert changes == 1, f"record {number} of room {room} was not changed"
    yield


# The machine


def limited_memory(directory: pathlib.Path, stack: contextlib.ExitStack) -> dict:
    group = stack.enter_context(ControlGroup("memory", memory_bytes=256 * MIB))
    return {"wrapper": group.entering, "group": group}


@contextlib.asynccontextmanager
async def memory_pressure(scene: Scene):
    """A neighbour in the same control group takes memory up to 93 % of the limit."""
    with scene.group.memory_hog(0.93):
        yield


def limited_cpu(directory: pathlib.Path, stack: contextlib.ExitStack) -> dict:
    group = stack.enter_context(ControlGroup("cpu", memory_bytes=256 * MIB, cpus=0.6))
    return {"wrapper": group.entering, "group": group}


@contextlib.asynccontextmanager
async def cpu_overload(scene: Scene):
    """Neighbours in the same control group use all CPU it may use."""
    with scene.group.spinners():
        yield


@contextlib.asynccontextmanager
async def cpu_and_memory_overload(scene: Scene):
    """Both at once, beyond 95 %."""
    with scene.group.memory_hog(0.97), scene.group.spinners():
        yield


def clock_in_a_file(directory: pathlib.Path, _) -> dict:
    """A server whose wall clock is what a file says; its monotonic clock is the kernel's.

    `env` stands before it because libfaketime moves the environment of the first program it is loaded into, which is
    where Swift looks for the command line."""
    tool("faketime")
    library = FAKETIME.format(sysconfig.get_config_var("MULTIARCH"))
    told = directory / "wall-clock"
    told.write_text("+0s\n")
    return {"wrapper": ("env",),
            "environment": {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(told), "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}}


@contextlib.asynccontextmanager
async def clock_jump(scene: Scene):
    """The wall clock jumps two days ahead, then a day back."""
    told = pathlib.Path(scene.server.environment["FAKETIME_TIMESTAMP_FILE"])
    told.write_text("+2d\n")
    try:
        yield
        told.write_text("-1d\n")
        await asyncio.sleep(2)
    finally:
        told.write_text("+0s\n")


#: The server of Tests/FaultyServer, beside the one under test.
FAULTY = "FaultyServer"
STORE = {"refusals": True, "late": ("actions_s",)}

FAULTS = [
    # A ping leaves a second after their last byte, half a second later what they are sent counts as failed, and it
    # takes some of that to be one in twenty of the last minute's deliveries.
    Fault("half-open peers", half_open_peers, "websocket", "stale_connections",
          config={"heartbeat": {"idle_ms": 1000, "waited_ms": 1000, "answer_ms": 6000, "suspect_ms": 500},
                  "recovery": {"probe_ms": 500}}, possible_s=2.2, mends_itself=True, takes_minutes=True),
    Fault("slow readers", slow_readers, "websocket", "high_pending_messages", mends_itself=True, takes_minutes=True,
          config={"slow": {"lagging_bytes": 64 * MIB, "outbox_bytes": 128 * MIB},
                  "recovery": {"pending_age_ms": 1000}}, possible_s=1.5),
    Fault("skipped sequences", skipped_sequences, None, "client_desync", mends_itself=True,
          config={"slow": {"gap_events": 10, "gap_ms": 500}}),
    Fault("store locked", store_locked, "store", "database_connection_loss", level="critical",
          verdicts=frozenset({"ineffective", "failed"}), **STORE),
    Fault("store slow", store_slow, "store", None, prepare=slow_disk, possible_s=1.2, **STORE),
    Fault("disk full", disk_full, "store", "database_connection_loss", level="critical", prepare=small_disk,
          verdicts=frozenset({"ineffective", "failed"}), **STORE),
    Fault("store gone", store_gone, "store", "database_connection_loss", mends_itself=True, **STORE),
    Fault("tampered event row", tampered_row, "store", "room_state_corruption", mends_itself=True),
    Fault("memory pressure", memory_pressure, "system", "memory_pressure", prepare=limited_memory,
          verdicts=frozenset({"ineffective"})),
    # CPU use counts as a warning once it has been there for half a minute; a short peak is what a CPU is for.
    Fault("CPU overload", cpu_overload, "system", None, prepare=limited_cpu, possible_s=31.0, takes_minutes=True,
          late=("pings", "actions_s", "arrivals")),
    Fault("CPU and memory overload", cpu_and_memory_overload, "system", "system_overload", level="critical",
          prepare=limited_cpu, possible_s=1.0, verdicts=frozenset({"ineffective"}), takes_minutes=True, refusals=True,
          late=("pings", "actions_s", "arrivals")),
    Fault("exception storm", exception_storm, "game:faulty", "plugin_fault", takes_minutes=True,
          executable=FAULTY, verdicts=frozenset({"effective", "ineffective"})),
    Fault("idle rooms in memory", idle_rooms_and_a_hog, "system", "memory_pressure", prepare=limited_memory,
          mends_itself=True, executable=FAULTY,
          config={"rooms": {"quiet_drop_ms": 100, "grace_ms": 200, "pause_after_ms": 300}}),
    Fault("loop stands still", loop_stands_still, "loops", None, executable=FAULTY, possible_s=3.0, takes_minutes=True,
          late=("pings", "actions_s", "arrivals")),
    Fault("probe hangs", probe_hangs, "probe:faulty-dependency", None, level="unknown", executable=FAULTY,
          possible_s=2.0),
    Fault("reconnect storm", reconnect_storm, None, "reconnect_storm", mends_itself=True, takes_minutes=True),
    Fault("clock jump", clock_jump, None, None, prepare=clock_in_a_file),
]
