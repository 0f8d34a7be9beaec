"""Players whom a fault does not touch: they play on in a process of their own and write down all they notice.

    python control_group.py --url ws://127.0.0.1:PORT/ws [--people 4] [--pace 0.03] [--disk DIRECTORY]

Prints `playing` when the first game runs. `mark` on its standard input begins the time that is judged, the end of its
standard input ends the game; it then prints one JSON object: what was played, what was noticed.

An answer is *late* when it took more than 250 ms longer than usual: usual is the median before the mark. This
process's own delays, seen by a clock that ticks in its event loop, are taken off, for a machine that is busy with other
things delays the witness too. So are, from what has to be stored, those of a file that is written and synchronized all
the time beside the server's own: a disk that others use stands still for everybody.
"""

import argparse
import asyncio
import json
import os
import pathlib
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from client import Clients, Closed
from seat import ProtocolBreach
from table import NAMES, Chair, settle

LATE_S = 0.250
TICK_S = 0.005
DISK_EVERY_S = 0.02
PING_EVERY_S = 0.05
OPTIONS = {"score_limit": 30, "round_limit": 6, "bot_delay_ms": [0, 0], "reveal_ms": 0, "turn_ms": 3_600_000,
           "vote_ms": 3_600_000}


class Delay:
    """Times at which something that is not the server was slow."""

    def __init__(self):
        self.delays: list[tuple[float, float, float]] = []   # (from, to, seconds lost)

    def within(self, start: float, end: float) -> float:
        return sum(min(lost, min(ended, end) - max(began, start)) for began, ended, lost in self.delays
                   if ended > start and began < end)

    def worst(self, since: float) -> float:
        return round(max((lost for _, ended, lost in self.delays if ended > since), default=0), 6)


class OwnDelay(Delay):
    """How late this process's own event loop was."""

    async def run(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(TICK_S)
            now = time.perf_counter()
            if now - began > 2 * TICK_S:
                self.delays.append((began, now, now - began - TICK_S))


class DiskDelay(Delay):
    """How long a page took to reach the disk, whenever that was more than a moment."""

    def __init__(self, directory: str | None):
        super().__init__()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(directory,), daemon=True) if directory else None

    def __enter__(self) -> "DiskDelay":
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()

    def _run(self, directory: str) -> None:
        with tempfile.TemporaryFile(dir=directory, buffering=0) as file:
            while not self._over.wait(DISK_EVERY_S):
                began = time.perf_counter()
                file.write(bytes(4096))
                os.fdatasync(file.fileno())
                now = time.perf_counter()
                if now - began > DISK_EVERY_S:
                    self.delays.append((began, now, now - began))


class Samples:
    """Times of one kind of answer, before and after the mark."""

    def __init__(self):
        self.taken: list[tuple[float, float]] = []   # (when asked, seconds)

    def add(self, asked: float) -> None:
        self.taken.append((asked, time.perf_counter() - asked))

    def report(self, mark: float, *delays: Delay) -> dict:
        usual = [seconds for asked, seconds in self.taken if asked < mark]
        judged = [(asked, seconds) for asked, seconds in self.taken if asked >= mark]
        base = statistics.median(usual) if usual else 0.0
        # What two saw at once counts once.
        extra = [seconds - base - max(delay.within(asked, asked + seconds) for delay in delays)
                 for asked, seconds in judged]
        return {"usual_s": round(base, 6), "count": len(judged), "worst_extra_s": round(max(extra, default=0), 6),
                "late": sum(each > LATE_S for each in extra)}


class ControlGroup:
    """Four people (or fewer) who play game after game at a steady pace."""

    def __init__(self, url: str, people: int, pace_s: float, disk: DiskDelay):
        self.url = url
        self.people, self.pace_s = people, pace_s
        self.clients = Clients()
        self.delay, self.disk = OwnDelay(), disk
        self.pings, self.actions, self.arrivals = Samples(), Samples(), Samples()
        self.refusals: Counter = Counter()
        self.notices: Counter = Counter()
        self.noticed: list[str] = []
        self.games = self.events = self.acted = 0
        self.mark = float("inf")
        self.over = asyncio.Event()
        self.is_playing = asyncio.Event()

    async def run(self) -> dict:
        """Until `over`; a breach of the protocol, a close or a lost event ends the play and is told."""
        tasks = [asyncio.create_task(self.delay.run())]
        try:
            people = [await self._enter(number) for number in range(self.people)]
            tasks += [asyncio.create_task(self._ping(await self.clients.open(self))),
                      asyncio.create_task(self._acknowledge(people))]
            while not self.over.is_set():
                await self._game(people)
        except (ProtocolBreach, Closed, AssertionError, OSError) as error:
            self.noticed.append(f"{type(error).__name__}: {str(error)[:300]}")
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                self.noticed.append(f"{type(result).__name__}: {str(result)[:300]}")
        await self.clients.close()
        return self.report()

    async def _enter(self, number: int):
        client = await self.clients.open(self)
        client.on_message = self._hear
        return client

    async def _hear(self, message: dict) -> None:
        kind = message["type"]
        if kind == "notice":
            self.notices[message["kind"]] += 1
        elif kind == "snapshot":
            self.noticed.append(f"a snapshot of reason {message['reason']}")
        elif kind == "events":
            self.events += len(message["events"])
        elif kind == "bye":
            self.noticed.append(f"bye {message['code']}")

    async def _game(self, people) -> None:
        host = await self._patiently(lambda: people[0].request("create", game="liap-tui", name=NAMES[0],
                                                               options=OPTIONS))
        chairs = [Chair(people[0], people[0].seats[host["room"]])]
        for name, client in zip(NAMES[1:], people[1:]):
            await self._patiently(lambda: client.request("join", room=host["room"], name=name))
            chairs.append(Chair(client, client.seats[host["room"]]))
        for _ in range(4 - len(chairs)):
            await self._patiently(lambda: chairs[0].host("add_bot"))
        await self._patiently(lambda: chairs[0].host("start"))
        self.is_playing.set()
        while not self.over.is_set() and chairs[0].player.phase != "finished":
            await self._move(chairs)
        for chair in chairs:
            await self._patiently(lambda c=chair: c.client.leave(c.seat))
            del chair.client.seats[host["room"]]
            chair.client.inbox.clear()
            chair.client.heard.clear()
            chair.client.frames.clear()
        self.games += 1

    async def _move(self, chairs) -> None:
        await settle(chairs)
        due = next((chair for chair in chairs if chair.player.is_due), None)
        if due is None:   # a bot's turn
            seq = chairs[0].seat.seq
            await chairs[0].client.until(lambda: chairs[0].seat.seq > seq, 60)
            return
        action = due.player.move()
        asked = time.perf_counter()
        await self._patiently(lambda: due.client.act(due.seat, action))
        self.actions.add(asked)
        self.acted += 1
        answered, head = time.perf_counter(), due.seat.seq
        await asyncio.gather(*(chair.client.until(lambda c=chair: c.seat.seq >= head, 60) for chair in chairs))
        self.arrivals.add(answered)
        await asyncio.sleep(self.pace_s)

    async def _patiently(self, ask, within_s: float = 300) -> dict:
        """Asks again when it is refused with `retry`, as a client should; the refusals are counted."""
        deadline = time.monotonic() + within_s
        while True:
            answer = await ask()
            if answer["type"] != "no":
                return answer
            self.refusals[answer["code"]] += 1
            if answer["retry"] is False or time.monotonic() > deadline:
                raise AssertionError(f"refused: {answer}")
            await asyncio.sleep(answer["retry"] / 1000)

    async def _acknowledge(self, people) -> None:
        """Every second, whatever else was acknowledged: PROTOCOL.md, "Events"."""
        while True:
            await asyncio.sleep(0.5)
            for client in people:
                for seat in list(client.seats.values()):
                    await client.ack_now(seat)

    async def _ping(self, client) -> None:
        while True:
            asked = time.perf_counter()
            await client.barrier()
            self.pings.add(asked)
            client.heard.clear()
            client.frames.clear()
            await asyncio.sleep(PING_EVERY_S)

    def report(self) -> dict:
        return {"games": self.games, "events": self.events, "actions": self.acted, "noticed": self.noticed,
                "refusals": dict(self.refusals), "notices": dict(self.notices),
                "own_delay_worst_s": self.delay.worst(self.mark), "disk_delay_worst_s": self.disk.worst(self.mark),
                "pings": self.pings.report(self.mark, self.delay),
                "actions_s": self.actions.report(self.mark, self.delay, self.disk),
                "arrivals": self.arrivals.report(self.mark, self.delay)}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--pace", type=float, default=0.03)
    parser.add_argument("--disk", metavar="DIRECTORY", help="where the server's disk is")
    arguments = parser.parse_args()
    with DiskDelay(arguments.disk) as disk:
        await watch(ControlGroup(arguments.url, arguments.people, arguments.pace, disk))


async def watch(group: ControlGroup) -> None:
    playing = asyncio.create_task(group.run())
    ready = asyncio.create_task(group.is_playing.wait())
    await asyncio.wait([playing, ready], return_when=asyncio.FIRST_COMPLETED)
    print("playing" if group.is_playing.is_set() else "gave up", flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        if line.strip() == b"mark":
            group.mark = time.perf_counter()
    group.over.set()
    print(json.dumps(await playing), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
