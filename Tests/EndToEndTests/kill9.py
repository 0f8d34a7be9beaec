"""Kills the server at random instants while four people play, and proves that nobody lost anything.

    python kill9.py --rounds 200 --seed 1 [--binary .build/release/gameserver]
"""

import argparse
import asyncio
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field

from auditor import Auditor
from crew import Crew
from server import Server

CONFIG = {"limits": {"rate_per_s": 100_000, "burst": 100_000, "total_per_s": 1_000_000},
          "rooms": {"snapshot_every_records": 25}}
PROGRESS_WITHIN_S = 20
END_WITHIN_S = 120


@dataclass
class Result:
    kills: int = 0
    kills_while_starting: int = 0
    told: int = 0
    oks: int = 0
    repeated: int = 0
    games: int = 0
    rooms: int = 0
    verdicts: dict = field(default_factory=dict)
    refusals: dict = field(default_factory=dict)
    lost: list = field(default_factory=list)
    double: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    ready_s: list = field(default_factory=list)
    seconds: float = 0

    def __str__(self) -> str:
        ready = sorted(self.ready_s)
        return "\n".join([
            f"kills                   {self.kills} ({self.kills_while_starting} of them before Ready)",
            f"events told             {self.told}",
            f"commands answered ok    {self.oks}",
            f"commands sent twice     {self.repeated}",
            f"resumes by verdict      {', '.join(f'{k} {v}' for k, v in sorted(self.verdicts.items()))}",
            f"refusals with retry     {sum(self.refusals.values())}",
            f"rooms / games finished  {self.rooms} / {self.games}, each legal from deal to ranking",
            f"lost                    {len(self.lost)}",
            f"counted twice           {len(self.double)}",
            f"logs changed            {len(self.changed)}",
            f"restart to Ready        p50 {statistics.median(ready) * 1000:.0f} ms, max {ready[-1] * 1000:.0f} ms",
            f"took                    {self.seconds:.0f} s"])

    @property
    def faults(self) -> list[str]:
        return self.lost + self.double + self.changed


async def progress(crew: Crew, people: list[asyncio.Task]) -> None:
    """A new event reaches somebody, or a new room opens."""
    before = crew.events_heard + sum(crew.verdicts.values())
    await wait(crew, people, PROGRESS_WITHIN_S,
               lambda: crew.events_heard + sum(crew.verdicts.values()) > before + 4)


async def wait(crew: Crew, people: list[asyncio.Task], seconds: float, condition) -> None:
    """Until the condition holds; a person who failed tells why at once."""
    try:
        async with asyncio.timeout(seconds), crew.progress:
            await crew.progress.wait_for(lambda: condition() or any(person.done() for person in people))
    except TimeoutError:
        seats = [str(person.seat) for person in crew.people]
        raise AssertionError(f"no progress within {seconds} s: {seats}") from None
    raise_if_any_failed(people)


async def run(rounds: int, seed: int, directory: pathlib.Path, *flags: str, report=lambda line: None) -> Result:
    """Raises at the first breach of the protocol or the rules; faults of memory are collected."""
    rng, result, began = random.Random(seed), Result(), time.monotonic()
    server = Server(directory, *flags, config=CONFIG)
    await asyncio.to_thread(server.start)
    crew = Crew(server, seed)
    auditor = Auditor(crew, server)
    people = [asyncio.create_task(person.run()) for person in crew.people]
    try:
        for number in range(1, rounds + 1):
            crew.up.set()
            if rng.random() < 0.8:
                await progress(crew, people)
            await asyncio.sleep(rng.uniform(0, 0.3))   # the random instant itself, not a wait for anything
            raise_if_any_failed(people)
            crew.up.clear()
            server.kill()
            result.kills += 1
            while rng.random() < 0.1:
                server.spawn()
                await asyncio.sleep(rng.uniform(0, 0.05))
                server.kill()
                result.kills += 1
                result.kills_while_starting += 1
            await asyncio.to_thread(server.start)
            result.ready_s.append(server.ready_s)
            quiet = rng.random() < 0.5
            if not quiet:
                crew.up.set()
            await auditor.audit(quiet=quiet)
            report(f"kill {number}/{rounds}: {crew.told()} events told, {crew.oks()} ok, "
                   f"{auditor.finished} games finished, faults {len(auditor.lost + auditor.double + auditor.changed)}")
        crew.up.set()
        last = len(crew.books)
        await wait(crew, people, END_WITHIN_S, lambda: len(crew.books[last - 1].ended) == 4)
        crew.over = True
        await auditor.audit(quiet=False, everything=True)
    finally:
        for person in people:
            person.cancel()
        await asyncio.gather(*people, return_exceptions=True)
        server.end()
    result.told, result.oks, result.repeated = crew.told(), crew.oks(), crew.repeated
    result.games, result.rooms = auditor.finished, len(crew.books)
    result.verdicts, result.refusals = dict(crew.verdicts), dict(crew.refusals)
    result.lost, result.double, result.changed = auditor.lost, auditor.double, auditor.changed
    result.seconds = time.monotonic() - began
    return result


def raise_if_any_failed(people: list[asyncio.Task]) -> None:
    for person in people:
        if person.done():
            person.result()
            raise AssertionError("a person stopped playing")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--binary", help="the gameserver executable; else GAMESERVER_BINARY or the release build")
    parser.add_argument("--durability", choices=["power", "process"], default="power")
    parser.add_argument("--keep", type=pathlib.Path, help="directory for the data and the server's log")
    arguments = parser.parse_args()
    if arguments.binary:
        os.environ["GAMESERVER_BINARY"] = arguments.binary
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(2**32)
    directory = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="kill9-"))
    print(f"seed {seed}, data in {directory}", flush=True)
    live = sys.stdout.isatty()
    report = (lambda line: print(f"\r{line:<110}", end="", flush=True)) if live else (lambda line: None)
    result = asyncio.run(run(
        arguments.rounds, seed, directory, "--durability", arguments.durability, report=report))
    print(("\n" if live else "") + str(result))
    for fault in result.faults[:20]:
        print("FAULT:", fault)
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
