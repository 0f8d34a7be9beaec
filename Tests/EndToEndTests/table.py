"""Rooms of Liap Tui for tests: people at their seats, brought to whatever point of the game a test needs."""

import asyncio
import random

from client import Client, Clients
from player import Player
from seat import Seat

NAMES = ["Ana", "Ben", "Cho", "Dee"]
QUICK = {"bot_delay_ms": [0, 0], "reveal_ms": 0}


class Chair:
    """A client at a seat, with the player that follows what the seat is told."""

    def __init__(self, client: Client, seat: Seat):
        self.client, self.seat = client, seat
        self._player: Player | None = None
        self._from, self._to = -1, 0

    @property
    def room(self) -> str:
        return self.seat.room

    @property
    def player(self) -> Player:
        """Up to the last event heard."""
        if self._player is None or self._from != self.seat.view_seq:
            self._player = Player(self.seat.seat, random.Random(self.seat.seat)).see(self.seat.view)
            self._from = self._to = self.seat.view_seq
        while self._to < self.seat.seq:
            self._to += 1
            self._player.hear(self.seat.told[self._to])
        return self._player

    async def act(self, kind: str, **fields) -> dict:
        return await self.client.act(self.seat, {"kind": kind, **fields})

    async def refused(self, code: str, kind: str, **fields) -> dict:
        """The action must be answered `no` with this code."""
        answer = await self.act(kind, **fields)
        assert answer["type"] == "no" and answer["code"] == code, f"{kind} {fields}: {answer}, not {code}"
        return answer

    async def host(self, do: str, **fields) -> dict:
        return await self.client.host(self.seat, do, **fields)

    async def move(self) -> dict:
        """A legal move, sent again after `retry` when the server asks for patience."""
        action = self.player.move()
        answer = await self.client.act(self.seat, action)
        while answer["type"] == "no" and answer["code"] == "rate_limited":
            await asyncio.sleep(answer["retry"] / 1000)
            answer = await self.client.act(self.seat, action)
        assert answer["type"] == "ok", f"a legal move was refused: {answer}"
        return answer

    async def until(self, condition, within: float = 30):
        return await self.client.until(lambda: condition(self.player), within)

    async def cut(self) -> None:
        await self.client.cut()

    async def back(self, clients: Clients, server, **options) -> dict:
        """A new connection resumes the seat; returns `joined` (or the `no`)."""
        self.client = await clients.open(server, resume=[self.seat], **options)
        return await self.client.expect(("joined", "no"), room=self.room)

    async def fresh_view(self) -> dict:
        """The view of a `resync`, which must agree with the events heard so far."""
        before = self.player.facts()
        seq = self.seat.seq
        await self.client.send({"type": "resync", "room": self.room})
        snapshot = await self.client.expect("snapshot", room=self.room, reason="resync")
        if snapshot["seq"] == seq:
            assert Player(self.seat.seat).see(snapshot["view"]).facts() == before, "the view contradicts the events"
        return snapshot["view"]


async def sit(clients: Clients, server, people: int = 1, bots: int = 0, options: dict | None = None,
              **create) -> list[Chair]:
    """A waiting room: seat 0 is the host, people take the next seats, bots the rest."""
    host = await clients.open(server)
    seat = await host.create(NAMES[0], options={**QUICK, **(options or {})}, **create)
    chairs = [Chair(host, seat)]
    for name in NAMES[1:people]:
        client = await clients.open(server)
        chairs.append(Chair(client, await client.join(seat.room, name)))
    for _ in range(bots):
        answer = await chairs[0].host("add_bot")
        assert answer["type"] == "ok", answer
    return chairs


async def start(clients: Clients, server, people: int = 4, bots: int | None = None, **fields) -> list[Chair]:
    """A started game; seats without a person are bots'."""
    chairs = await sit(clients, server, people, 4 - people if bots is None else bots, **fields)
    answer = await chairs[0].host("start")
    assert answer["type"] == "ok", answer
    for chair in chairs:
        await chair.until(lambda player: player.round == 1)
    return chairs


async def play_until(chairs: list[Chair], condition, steps: int = 5000) -> None:
    """People move whenever they are asked, until `condition()` holds between two moves."""
    for _ in range(steps):
        if condition():
            return
        await play_one(chairs)
    raise AssertionError("never got there")


async def play_one(chairs: list[Chair]) -> None:
    """One move of whoever of these people is due, once everybody has heard the same."""
    await settle(chairs)
    due = next((chair for chair in chairs if chair.player.is_due), None)
    if due is None:
        first = chairs[0]
        seq = first.seat.seq
        try:
            await first.client.until(lambda: first.seat.seq > seq or first.player.phase == "finished", 30)
        except AssertionError:
            raise AssertionError(f"the game stands still: {[c.player.facts() for c in chairs]}") from None
        return
    await due.move()
    await settle(chairs)


async def settle(chairs: list[Chair]) -> None:
    """Until everybody has heard the same: a bot may move while the last one catches up."""
    while len({chair.seat.seq for chair in chairs}) > 1:
        head = max(chair.seat.seq for chair in chairs)
        await asyncio.gather(*(chair.client.until(lambda c=chair: c.seat.seq >= head) for chair in chairs))


async def play_to_phase(chairs: list[Chair], phase: str) -> None:
    """`declaration`, `turn` or `finished`; a vote is passed by voting."""
    await play_until(chairs, lambda: chairs[0].player.phase == phase)


async def play_to_the_end(chairs: list[Chair]) -> None:
    await play_to_phase(chairs, "finished")


def due(chairs: list[Chair]) -> Chair:
    return next(chair for chair in chairs if chair.player.is_due)


async def start_with_a_vote(clients: Clients, server, people: int = 4, **fields) -> list[Chair]:
    """A game whose first deal has a weak hand among these people: starts games until one has (about one in five)."""
    for _ in range(200):
        chairs = await start(clients, server, people, **fields)
        if chairs[0].player.phase == "preparation" and any(chair.player.is_due for chair in chairs):
            return chairs
        await chairs[0].host("close")
        for chair in chairs:
            await chair.client.close()
    raise AssertionError("no weak hand in 200 deals")
