"""DESIGN.md §2: one bad client harms nobody else. Seeded nonsense on the wire and on HTTP beside a running game."""

import asyncio
import contextlib
import json
import os
import random
import socket

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from projection import differences
from referee import Referee
from table import play_one, settle, start

ODD = [
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, 2**64, -2**63, 1e308, -0.0, 0.5, "", " ", "x", "0", "ü",
    "\u0000", "\ud83d\ude00" * 20, "\u202e", "\r\n", "A" * 600, "ZZZZZZZZ", [], {}, [[]], [None], [1, 2, 3], {"": ""},
    {"kind": None}, {"kind": "play"}, {"kind": "declare", "value": 2**63},
    {"kind": "play", "pieces": ["GENERAL_RED"] * 300}]
FIELDS = ["id", "room", "n", "name", "seat", "secret", "game", "options", "visibility", "action", "do", "seq", "text",
          "t", "resume", "client", "base", "token", "kind", "hash", "subscribe", "traceparent"]
TYPES = ["hello", "list", "create", "join", "watch", "act", "host", "ack", "resync", "leave", "chat", "report", "ping",
         "pong", "welcome", "ok", "", "__proto__"]
SEED = int(os.environ.get("GAMESERVER_FUZZ_SEED", "20"))


def nonsense(rng: random.Random, rooms: list[str]) -> str:
    """A line that looks like the protocol and is wrong somewhere."""
    message = {"type": rng.choice(TYPES)}
    for field in rng.sample(FIELDS, rng.randrange(0, 7)):
        message[field] = rng.choice(rooms) if field == "room" and rng.random() < 0.7 else rng.choice(ODD)
    if rng.random() < 0.5:
        message.setdefault("n", rng.randrange(0, 5))
        message.setdefault("game", "liap-tui")
        message.setdefault("name", f"x{rng.randrange(10**6)}")
    text = json.dumps(message)
    if rng.random() < 0.15:
        cut = rng.randrange(len(text))
        junk = rng.choice(["", "\\", '"', "\u0000", "}", "{", ",", "e9", "1e999", "\\ud800", "\\u00"])
        text = text[:cut] + junk + text[cut + 1:]
    return text


@contextlib.asynccontextmanager
async def stranger(server):
    """A connection that reads whatever comes and checks nothing."""
    async def read(socket) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for _ in socket:
                pass

    async with connect(server.url, proxy=None, compression=None, ping_interval=None) as socket:
        reader = asyncio.create_task(read(socket))
        yield socket
        await socket.close()
        await reader


@pytest.mark.within(120)
@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
async def test_nonsense_beside_a_game_changes_nothing_in_it(seed, quick_server, clients):
    server, rng = quick_server, random.Random(seed)
    print(f"seed {seed}")
    chairs = await start(clients, server, 4, options={"score_limit": 20})
    room = chairs[0].room
    pid = server.process.pid
    sent = 0
    while chairs[0].player.phase != "finished":
        async with stranger(server) as bad:
            with contextlib.suppress(ConnectionClosed):
                if rng.random() < 0.9:
                    entry = {"room": room, "secret": rng.choice(["a" * 30, None]), "epoch": "e",
                             "seq": rng.choice([0, 1, 10**9])}
                    await bad.send(json.dumps({"type": "hello", "client": {"name": "x", "version": "1"},
                                               "resume": rng.choice([[], [entry]])}))
                for _ in range(12):
                    await bad.send("\n".join(nonsense(rng, [room, room.lower()]) for _ in range(rng.randrange(1, 8))))
                    sent += 1
                    if rng.random() < 0.3:
                        await play_one(chairs)
        await play_one(chairs)
    await settle(chairs)
    assert server.process.poll() is None and server.process.pid == pid, "the server died"
    log = server.events(room)
    assert Referee(score_limit=20).check(log).finished and sent > 100
    for chair in chairs:
        assert differences(chair.seat.told, log, chair.seat.seat) == []
    assert [seat["kind"] for seat in chairs[0].client.status[room]["seats"]] == ["human"] * 4


@pytest.mark.within(120)
async def test_a_player_who_sends_nonsense_harms_only_the_own_seat(quick_server, clients):
    server, rng = quick_server, random.Random(SEED)
    chairs = await start(clients, server, 4, options={"score_limit": 20})
    room, bad = chairs[0].room, chairs[3]
    for _ in range(60):
        line = {"type": rng.choice(["act", "chat", "resync", "ack", "join", "watch"]), "room": room}
        for field in rng.sample(FIELDS, 4):
            if field != "room":
                line[field] = rng.choice(ODD)
        line["n"] = rng.choice([bad.seat.last_n + 1, 0, None, 2**63, -5, "1"])
        line.setdefault("action", rng.choice([{"kind": "fly"}, {"kind": "declare", "value": 99}, None, [], "x"]))
        await bad.client.send(line)
        await bad.client.barrier()
        bad.client.inbox.clear()
    for _ in range(10):
        await play_one(chairs)
    assert Referee(score_limit=20).check(server.events(room)).counts["dealt"] >= 1
    assert server.process.poll() is None


@pytest.mark.parametrize("seed", range(SEED, SEED + 2))
def test_nonsense_over_http_never_ends_the_server(seed, quick_server):
    rng = random.Random(seed)
    print(f"seed {seed}")
    starts = [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
              b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
              b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
              b"POST /api/rooms HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
              b"GET /api/rooms/%zz/events?after=%ff HTTP/1.1\r\nHost: a\r\n\r\n"]
    for _ in range(300):
        data = bytearray(rng.choice(starts))
        for _ in range(rng.randrange(0, 6)):
            position = rng.randrange(len(data))
            data[position:position + rng.randrange(0, 3)] = rng.randbytes(rng.randrange(0, 4))
        data += rng.randbytes(rng.choice([0, 0, 2, 14, 200]))
        with socket.create_connection(("127.0.0.1", quick_server.port), timeout=5) as raw, contextlib.suppress(OSError):
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass
    assert quick_server.process.poll() is None
    assert quick_server.request("GET", "/livez").status == 200


async def test_a_hundred_connections_that_only_open_harm_nobody(quick_server, clients):
    chairs = await start(clients, quick_server, 4)
    idle = await asyncio.gather(*(clients.raw(quick_server) for _ in range(100)))
    for _ in range(8):
        await play_one(chairs)
    await asyncio.gather(*(client.cut() for client in idle))
    for _ in range(8):
        await play_one(chairs)
