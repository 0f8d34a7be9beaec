"""Four people who play game after game, whatever happens to the server, and remember all they were told."""

import asyncio
import contextlib
import random
from collections import Counter

from websockets.exceptions import WebSocketException

from client import Clients, Closed
from seat import ProtocolBreach, Seat, new_secret
from server import Server
from table import NAMES, Chair

UNREACHABLE = (OSError, EOFError, WebSocketException, Closed)
OPTIONS = {"score_limit": 30, "round_limit": 6, "bot_delay_ms": [0, 20], "turn_ms": 600_000, "vote_ms": 600_000}


class Book:
    """One room: who sat there and what each of them was told."""

    def __init__(self, room: str, bots: int):
        self.room, self.bots = room, bots
        self.seats: list[Seat] = []
        self.ended: set[int] = set()


class Crew:
    """What the four share: where the server is, which room is played, what was counted."""

    def __init__(self, server: Server, seed: int):
        self.server = server
        self.clients = Clients()
        self.up = asyncio.Event()
        self.over = False
        self.books: list[Book] = []
        self.opened = asyncio.Condition()
        self.verdicts: Counter = Counter()
        self.refusals: Counter = Counter()
        self.repeated = 0
        self.events_heard = 0
        self.progress = asyncio.Condition()
        self.people = [Person(self, index, random.Random(seed * 10 + index)) for index in range(4)]

    async def book(self, generation: int) -> Book:
        async with self.opened:
            await self.opened.wait_for(lambda: len(self.books) > generation)
        return self.books[generation]

    async def open(self, generation: int, room: str) -> Book:
        """The host was told of a room; told twice, it must be the same one."""
        async with self.opened:
            if len(self.books) == generation:
                self.books.append(Book(room, bots=generation % 2))
            self.opened.notify_all()
        if self.books[generation].room != room:
            raise ProtocolBreach(f"create with the same secret made {room} beside {self.books[generation].room}")
        return self.books[generation]

    async def heard(self, events: int) -> None:
        self.events_heard += events
        async with self.progress:
            self.progress.notify_all()

    def told(self) -> int:
        return sum(len(seat.told) for book in self.books for seat in book.seats)

    def oks(self) -> int:
        return sum(len(seat.ok_seq) for book in self.books for seat in book.seats)


class Person:
    """Seat `index` of every room; in a room with a bot the fourth one watches."""

    def __init__(self, crew: Crew, index: int, rng: random.Random):
        self.crew, self.index, self.rng = crew, index, rng
        self.generation = 0
        self.secret = new_secret()
        self.seat: Seat | None = None
        self.chair: Chair | None = None

    async def run(self) -> None:
        try:
            await self._run()
        finally:
            await self.crew.heard(0)

    async def _run(self) -> None:
        while not self.crew.over:
            if self.index and self.seat is None:
                await self.crew.book(self.generation)
            await self.crew.up.wait()
            with contextlib.suppress(*UNREACHABLE):
                await self._session()
            # The server is gone or going: its killer has cleared `up` before, so this loop cannot spin.
            if self.crew.up.is_set():
                await asyncio.sleep(0.005)

    async def _session(self) -> None:
        client = await self.crew.clients.raw(self.crew.server)
        try:
            client.on_message = self._count
            if self.seat:
                await client.hello([self.seat])
                answer = await client.expect(("joined", "no"), room=self.seat.room)
                if answer["type"] == "no":
                    raise ProtocolBreach(f"{self.seat} was told of and is refused: {answer}")
                self.crew.verdicts[answer["resume"]] += 1
            else:
                await client.hello()
                await self._take_seat(client)
            self.chair = Chair(client, self.seat)
            await self._play(client)
        finally:
            await client.close()
            self.crew.clients.open_ones.remove(client)

    async def _count(self, message: dict) -> None:
        if message["type"] == "events":
            await self.crew.heard(len(message["events"]))

    async def _take_seat(self, client) -> None:
        if self.index == 0:
            joined = await client.create(NAMES[0], options=OPTIONS, secret=self.secret)
            book = await self.crew.open(self.generation, joined.room)
        else:
            book = await self.crew.book(self.generation)
            if self.index == 3 and book.bots:
                joined = await client.watch(book.room)
            else:
                joined = await client.join(book.room, NAMES[self.index], secret=self.secret)
        self.crew.verdicts["new"] += 1
        book.seats.append(joined)
        self.seat = joined

    async def _play(self, client) -> None:
        """Moves whenever asked, until the game is over or the connection is."""
        while True:
            command = await client.until(self._next, within=120)
            if command == "finished":
                book = self.crew.books[self.generation]
                book.ended.add(self.index)
                self.generation, self.seat, self.secret = self.generation + 1, None, new_secret()
                await self.crew.heard(0)
                return
            self._judge_refusals(client)
            await client.send(command)
            if self.seat.accepted and self.rng.random() < 0.1:
                self.crew.repeated += 1
                # The command just sent pushes the oldest of the 32 kept answers out.
                await client.send(self.rng.choice(list(self.seat.accepted.values())[-31:]))
            client.inbox.clear()
            client.frames.clear()
            client.heard.clear()

    def _next(self):
        """The command to send now, `finished`, or nothing yet."""
        if self.chair.player.phase == "finished":
            return "finished"
        if self.seat.pending or self.seat.seat is None:
            return None
        if self.chair.player.phase == "waiting" and self.seat.seq == 0:
            return self._prepare() if self.index == 0 else None
        action = self.chair.player.move()
        return self.seat.command("act", action=action) if action else None

    def _prepare(self) -> dict | None:
        status = self.chair.client.status[self.seat.room]
        kinds = Counter(seat["kind"] for seat in status["seats"])
        book = self.crew.books[self.generation]
        if kinds["human"] + book.bots < 4:
            return None
        if kinds["bot"] < book.bots:
            return self.seat.command("host", do="add_bot")
        return self.seat.command("host", do="start")

    def _judge_refusals(self, client) -> None:
        for _, message in client.inbox:
            if message["type"] == "no":
                self.crew.refusals[message["code"]] += 1
                if not message["retry"]:
                    raise ProtocolBreach(f"{self.seat}: a legal command was refused for good: {message}")
