"""One server, players whom a fault does not touch, and an observer who asks for health and recovery all the time."""

import asyncio
import json
import pathlib
import subprocess
import sys
import threading
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field

from client import Clients
from server import ROOT, TOKEN, Server

LOOK_EVERY_S = 0.05
LEVELS = ("healthy", "warning", "critical", "unknown")
MATRIX = ROOT / ".build/fault-matrix.json"
HERE = pathlib.Path(__file__).resolve().parent


class PlacedServer(Server):
    """A server that may have mounts of its own: its files are looked at through /proc."""

    def __init__(self, *arguments, has_own_mounts: bool = False, **named):
        super().__init__(*arguments, **named)
        self.has_own_mounts = has_own_mounts

    @property
    def data_seen(self) -> pathlib.Path:
        if self.has_own_mounts and self.process and self.process.poll() is None:
            return pathlib.Path(f"/proc/{self.process.pid}/root{self.data}")
        return self.data

    @property
    def database(self) -> pathlib.Path:
        return self.data_seen / "rooms.sqlite"


@dataclass
class Look:
    """What was answered at one moment."""

    at: float
    overall: str
    levels: dict[str, str]               # component → level
    runs: list[dict]                     # finished recovery runs, oldest first
    states: dict[str, str]               # procedure → what it is doing
    procedures: dict = field(repr=False, default_factory=dict)
    report: dict = field(repr=False, default_factory=dict)

    def is_well(self, but_for: frozenset[str] = frozenset()) -> bool:
        return all(level == "healthy" for component, level in self.levels.items() if component not in but_for)

    def at_least(self, component: str, level: str = "warning") -> bool:
        return LEVELS.index(self.levels.get(component, "healthy")) >= LEVELS.index(level)


def unguarded(look: Look) -> list[str]:
    """Runs that no guard should have let through, and successes that nothing supports."""
    found = []
    for name, procedure in look.procedures.items():
        by_scope: dict[str, list[dict]] = {}
        for run in look.runs:
            if run["procedure_name"] == name and run["verdict"] not in ("refused", "dry_run"):
                by_scope.setdefault(run["scope"], []).append(run)
        for scope, runs in by_scope.items():
            starts = [run["timestamp"] for run in runs]
            gaps = [later - earlier for earlier, later in zip(starts, starts[1:])]
            if gaps and min(gaps) < procedure["cooldown_seconds"]:
                found.append(f"{name} of {scope} ran again after {min(gaps):.1f} s")
            if len(runs) > procedure["max_attempts"]:
                found.append(f"{name} of {scope} ran {len(runs)} times")
            found += [f"{name} of {scope} claims success: {run}" for run in runs
                      if run["success"] and not run["repaired"] and not improved(run)]
    return found


def improved(run: dict) -> bool:
    """The reading went the way it was meant to."""
    values = [run.get(key) for key in ("before", "after", "target")]
    if None in values:
        return False
    before, after, target = values
    return abs(after - target) < abs(before - target) or after <= target < before


class Observer(threading.Thread):
    """Asks /api/health/detailed and /api/recovery/status again and again, on a thread of its own."""

    def __init__(self, server: Server):
        super().__init__(daemon=True)
        self.server = server
        self.looks: list[Look] = []
        self.unanswered: list[str] = []
        self.slowest_s = 0.0
        self._runs: dict[str, dict] = {}
        self._news = threading.Condition()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            asked = time.monotonic()
            try:
                look = self._look()
            except (OSError, AssertionError, ValueError) as error:
                self.unanswered.append(f"{type(error).__name__}: {error}")
                continue
            self.slowest_s = max(self.slowest_s, time.monotonic() - asked)
            with self._news:
                self.looks.append(look)
                self._news.notify_all()

    def _look(self) -> Look:
        report = self._answer("/api/health/detailed", (200, 503))
        recovery = self._answer("/api/recovery/status", (200,))
        recovery = recovery.get("recovery_system", recovery)
        for run in reversed(recovery["recent_history"]):
            self._runs.setdefault(run["correlation_id"], run)
        return Look(time.monotonic(), report["health"]["overall_status"],
                    {name: part["status"] for name, part in report["components"].items()},
                    sorted(self._runs.values(), key=lambda run: run["timestamp"]),
                    {name: part["state"] for name, part in recovery["procedures"].items()},
                    recovery["procedures"], report)

    def _answer(self, path: str, statuses: tuple[int, ...]) -> dict:
        answer = self.server.request("GET", path, token=TOKEN)
        assert answer.status in statuses, f"{path}: {answer.status} {answer.text[:200]}"
        return answer.json

    def until(self, condition, within_s: float, what: str) -> Look:
        """The first look that fits, among those from now on."""
        deadline, seen = time.monotonic() + within_s, len(self.looks)
        with self._news:
            while True:
                for look in self.looks[seen:]:
                    if condition(look):
                        return look
                seen = len(self.looks)
                left = deadline - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    last = self.looks[-1] if self.looks else None
                    raise AssertionError(f"not {what} within {within_s} s; last look {last and last.levels}, states "
                                         f"{last and last.states}, runs {last and last.runs[-3:]}, unanswered "
                                         f"{self.unanswered[-2:]}")

    def stop(self) -> None:
        self._over.set()
        self.join(10)


@dataclass
class Noticed:
    """What the untouched players wrote down: the report of `control_group.py`."""

    report: dict

    def complaints(self, *, refusals: bool, late: tuple[str, ...]) -> list[str]:
        """What they must not have noticed. Commands may be refused with `retry` and answers of the kinds in `late` be
        late where the fault is everybody's, as a store that does not commit."""
        found = list(self.report["noticed"])
        if self.report["refusals"] and not refusals:
            found.append(f"refused: {self.report['refusals']}")
        for kind in ("pings", "actions_s", "arrivals"):
            if self.report[kind]["late"] and kind not in late:
                found.append(f"{self.report[kind]['late']} late {kind}: {self.report[kind]}")
        return found


class Scene:
    """`async with Scene(directory, config=…) as scene:` until everything is healthy and a game is on."""

    HEALTHY_WITHIN_S = 30
    BASELINE_S = 1.5

    def __init__(self, directory: pathlib.Path, *, config: dict, people: int = 4, pace_s: float = 0.03,
                 but_for: frozenset[str] = frozenset(), **options):
        self.directory = directory
        self.but_for = but_for   # components of the machine, which others use too
        self.server = PlacedServer(directory, "--allow-seeds", config=config, **options)
        self.people, self.pace_s = people, pace_s
        self.clients = Clients()
        self.stack = AsyncExitStack()
        self.noticed: Noticed | None = None

    async def __aenter__(self) -> "Scene":
        try:
            await asyncio.to_thread(self.server.start)
            self.stack.callback(self.server.end)
            self.stack.push_async_callback(self.clients.close)
            self.players = self.python("control_group.py", "--url", self.server.url, "--people", str(self.people),
                                       "--pace", str(self.pace_s), "--disk", str(self.directory))
            first = await asyncio.to_thread(self.players.stdout.readline)
            assert first.strip() == "playing", "the untouched players could not begin"
            self.observer = Observer(self.server)
            self.observer.start()
            self.stack.callback(self.observer.stop)
            await self.healthy(self.HEALTHY_WITHIN_S)
            await asyncio.sleep(self.BASELINE_S)   # what is usual: the players measure it
            self.players.stdin.write("mark\n")
            self.players.stdin.flush()
        except BaseException:
            await self.stack.aclose()
            raise
        return self

    async def __aexit__(self, *_) -> None:
        await self.stack.aclose()

    def python(self, script: str, *arguments: str) -> subprocess.Popen:
        """A program of this folder in a process of its own, ended with the scene."""
        process = subprocess.Popen([sys.executable, str(HERE / script), *arguments], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        self.stack.callback(end, process)
        return process

    async def until(self, condition, within_s: float, what: str) -> Look:
        return await asyncio.to_thread(self.observer.until, condition, within_s, what)

    async def healthy(self, within_s: float) -> Look:
        return await self.until(lambda look: look.is_well(self.but_for), within_s, "healthy")

    async def players_report(self) -> Noticed:
        """Ends their game; what they noticed."""
        said, _ = await asyncio.to_thread(self.players.communicate)
        self.noticed = Noticed(json.loads(said))
        return self.noticed


def end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


@dataclass
class Row:
    """One line of the matrix."""

    fault: str
    component: str | None
    detected_s: float | None = None      # fault → level, as the observer sees it
    possible_s: float = 0.0              # fault → the earliest moment anybody could know of it
    procedure: str | None = None
    chosen_s: float | None = None        # fault → first run known
    verdicts: list[str] = field(default_factory=list)
    effect: dict | None = None           # before, after, share of the judged run
    healthy_after_fault_s: float | None = None
    healthy_after_end_s: float | None = None
    slowest_look_s: float = 0.0
    unguarded: list[str] = field(default_factory=list)
    noticed: list[str] = field(default_factory=list)
    players: dict = field(default_factory=dict)
    failure: str | None = None           # what kept the row from being measured to its end

    @property
    def line(self) -> str:
        def seconds(value): return "-" if value is None else f"{value:.2f}"
        return (f"{self.fault:<22} {self.component or '-':<12} {seconds(self.detected_s):>6} "
                f"({seconds(self.possible_s)}) {self.procedure or '-':<26} {','.join(self.verdicts) or '-':<24} "
                f"{seconds(self.healthy_after_fault_s):>7} {seconds(self.healthy_after_end_s):>7} "
                f"{'nothing' if not self.noticed else self.noticed}")


HEADING = (f"{'fault':<22} {'component':<12} {'seen s':>6} (may) {'procedure':<26} {'verdicts':<24} "
           f"{'healthy':>7} {'after':>7} noticed by others")


def keep(row: Row) -> None:
    """Adds or replaces a row of the matrix file."""
    MATRIX.parent.mkdir(exist_ok=True)
    rows = {each["fault"]: each for each in json.loads(MATRIX.read_text())} if MATRIX.exists() else {}
    rows[row.fault] = asdict(row)
    MATRIX.write_text(json.dumps(list(rows.values()), indent=1))
