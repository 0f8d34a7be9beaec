"""Faults that players bring: silent, slow and inattentive ones, too many at once, and games that do wrong for them."""

import asyncio
import contextlib
import json
import signal
import socket

from exposition import TEXT, scrape
from peers import UPGRADE, frame
from scene import Scene
from table import Chair, play_one, start

#: A game that outlasts every row.
ENDLESS = {"turn_ms": 3_600_000, "vote_ms": 3_600_000, "score_limit": 1000, "round_limit": 100}


@contextlib.asynccontextmanager
async def half_open_peers(scene: Scene):
    """Thirty watchers of a game whose process is stopped: the kernel takes their bytes, nobody reads or answers."""
    chairs = await start(scene.clients, scene.server, 1, options=ENDLESS)
    playing = asyncio.create_task(keep_playing(chairs[0], 0.1))
    peers = scene.python("peers.py", "--port", str(scene.server.port), "--count", "30", "--room", chairs[0].room)
    assert (await asyncio.to_thread(peers.stdout.readline)).split() == ["there", "30"]
    peers.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        playing.cancel()
        peers.kill()


class SlowReader:
    """A client that greets, watches a room and never reads again, with the smallest buffer the kernel grants."""

    def __init__(self, port: int, room: str):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(UPGRADE)
        self._read_until(b"\r\n\r\n")
        self.socket.sendall(frame('{"type":"hello"}\n' + json.dumps({"type": "watch", "id": 1, "room": room})))
        self._read_until(b'"type":"joined"')

    def _read_until(self, mark: bytes) -> None:
        received = b""
        while mark not in received:
            chunk = self.socket.recv(1024)
            assert chunk, f"closed before {mark}"
            received += chunk


@contextlib.asynccontextmanager
async def slow_readers(scene: Scene):
    """Five watchers of a room stop reading. Chat fills what their kernels take, then the game's events wait."""
    chairs = await start(scene.clients, scene.server, 4, options=ENDLESS)
    readers = [await asyncio.to_thread(SlowReader, scene.server.port, chairs[0].room) for _ in range(5)]
    while (await asyncio.to_thread(scrape, scene.server, TEXT)).value("send_queue_bytes") < 5 * 65_536:
        await talk(chairs, 400)
    moving = asyncio.create_task(keep_moving(chairs))
    try:
        yield
    finally:
        moving.cancel()
        for reader in readers:
            reader.socket.close()


async def talk(chairs: list[Chair], lines: int) -> None:
    """So many lines of 500 characters; they are heard by everybody in the room."""
    for number in range(lines):
        chair = chairs[number % len(chairs)]
        await chair.client.send({"type": "chat", "room": chair.room, "text": "x" * 500})
    for chair in chairs:
        await chair.client.barrier()
        chair.client.inbox.clear()
        chair.client.heard.clear()
        chair.client.frames.clear()


async def keep_moving(chairs: list[Chair]) -> None:
    while True:
        await play_one(chairs)
        for chair in chairs:
            await chair.client.ack_now(chair.seat)
        await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def skipped_sequences(scene: Scene):
    """A client acknowledges its first events and then, though it hears and plays on, none of the rest."""
    behind = (await start(scene.clients, scene.server, 1, options=ENDLESS))[0]
    behind.client.acks = False
    await behind.client.ack_now(behind.seat)
    snapshot = asyncio.Event()

    async def hear(message: dict) -> None:
        if message["type"] == "snapshot":   # made whole: from here on it acknowledges again
            snapshot.set()
            behind.client.acks = True
            await behind.client.ack_now(behind.seat)

    behind.client.on_message = hear
    playing = asyncio.create_task(keep_playing(behind, 0.02))
    try:
        yield
        assert snapshot.is_set(), "the client that was behind got no snapshot"
    finally:
        playing.cancel()


async def keep_playing(chair: Chair, pace_s: float) -> None:
    """One person and three bots, for as long as the game lasts."""
    while chair.player.phase != "finished":
        if chair.player.is_due:
            await chair.move()
        else:
            seq = chair.seat.seq
            await chair.client.until(lambda: chair.seat.seq > seq, 60)
        await asyncio.sleep(pace_s)


@contextlib.asynccontextmanager
async def reconnect_storm(scene: Scene):
    """Five thousand clients at once; whoever is sent away comes again when told."""
    peers = scene.python("peers.py", "--port", str(scene.server.port), "--count", "5000")
    try:
        yield
        assert (await asyncio.to_thread(peers.stdout.readline)).split() == ["there", "5000"], "not everybody got in"
    finally:
        peers.kill()


async def faulty_room(scene: Scene, number: int = 0):
    """A client alone in a started room of the faulty game, which does wrong as it is told."""
    client = await scene.clients.open(scene.server)
    seat = await client.create(f"Faulty {number}", game="faulty")
    answer = await client.host(seat, "start")
    assert answer["type"] == "ok", answer
    return client, seat


@contextlib.asynccontextmanager
async def exception_storm(scene: Scene):
    """A game whose every action fails, ten times a second."""
    client, seat = await faulty_room(scene)
    storming = asyncio.create_task(act_and_fail(client, seat))
    try:
        yield
    finally:
        storming.cancel()


async def act_and_fail(client, seat) -> None:
    while True:
        await client.act(seat, {"kind": "fail"})
        await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def idle_rooms_and_a_hog(scene: Scene):
    """Four rooms nobody is in hold 100 MiB when a neighbour takes what is left up to 93 %."""
    for number in range(4):
        client, seat = await faulty_room(scene, number)
        answer = await client.act(seat, {"kind": "hold", "mib": 25})
        assert answer["type"] == "ok", answer
        await client.close()
    await asyncio.sleep(1)   # until they are paused: rooms.pause_after_ms of this row
    with scene.group.memory_hog(0.93):
        yield


@contextlib.asynccontextmanager
async def loop_stands_still(scene: Scene):
    """An action that keeps the event loop busy for three seconds."""
    client, seat = await faulty_room(scene)
    stalling = asyncio.create_task(client.act(seat, {"kind": "stall", "ms": 3000}))
    yield
    await stalling


@contextlib.asynccontextmanager
async def probe_hangs(scene: Scene):
    """What a plugin looks after does not answer."""
    client, seat = await faulty_room(scene)
    await client.act(seat, {"kind": "probe", "mood": "hang"})
    try:
        yield
    finally:
        await client.act(seat, {"kind": "probe", "mood": "healthy"})
