"""What the server says of itself against what independent books say: clients' own counts and a counting proxy."""

import asyncio
import time
from collections import Counter

import pytest

from conftest import FAST
from counting_proxy import CountingProxy
from exposition import grown, grown_by, scrape
from ledger import CountedClients
from seat import new_secret
from server import Server
from table import play_one, play_to_the_end, sit, start

AGREE_WITHIN_S = 5
POLL_S = 0.05
LONG = {"turn_ms": 3_600_000, "vote_ms": 3_600_000}


async def agrees(server, condition, what: str):
    """Scrapes until the books are closed: a count may be a loop's turn late, and must then be exact."""
    deadline = time.monotonic() + AGREE_WITHIN_S
    while True:
        now = await asyncio.to_thread(scrape, server)
        differences = condition(now)
        if not differences:
            return now
        assert time.monotonic() < deadline, f"{what}: {differences}"
        await asyncio.sleep(POLL_S)


def differ(told: dict, counted: dict) -> dict:
    """Where the server's figures are not the independent ones: name → (server, independent)."""
    return {name: (told.get(name, 0), counted.get(name, 0)) for name in {**told, **counted}
            if told.get(name, 0) != counted.get(name, 0)}


async def a_busy_evening(clients, server) -> None:
    """Games, chat, refusals, repeated and early numbers, acks, resyncs, drops, resumes, watchers, orderly ends."""
    chairs = await start(clients, server, 4, options={"score_limit": 10, "round_limit": 2, **LONG})
    watcher = await clients.open(server)
    await watcher.watch(chairs[0].room)
    for number, chair in enumerate(chairs):
        await chair.client.send({"type": "chat", "room": chair.room, "text": f"grüße {number} " * 10})
        await chair.client.send({"type": "resync", "room": chair.room}, {"type": "list", "id": number})
        await chair.refused("bad_request", "fly")
        await chair.client.send_text("{not json")
    for _ in range(6):
        await play_one(chairs)
    idle = next(chair for chair in chairs if not chair.player.is_due)
    await idle.refused("not_your_turn" if idle.player.phase == "declaration" else "wrong_phase", "declare", value=1)
    again = next(iter(chairs[0].seat.accepted.values()))
    await chairs[0].client.send(again)                           # an `ok` once more
    await chairs[0].client.send({"type": "act", "room": chairs[0].room, "n": 999, "action": {"kind": "declare"}})
    await chairs[0].client.barrier()
    await chairs[1].client.close()
    await chairs[1].back(clients, server)                        # live, or replayed when the others moved
    await chairs[2].client.close()
    for _ in range(2):
        if due := next((c for c in (chairs[0], chairs[1], chairs[3]) if c.player.is_due), None):
            await due.move()
    await chairs[2].back(clients, server)
    foreign = chairs[3].seat
    stranger = await clients.open(server)
    await stranger.send({"type": "join", "id": 1, "room": foreign.room, "name": "Eve", "secret": new_secret()})
    await stranger.expect("no", id=1)
    thief = await clients.raw(server)
    await thief.send({"type": "hello", "resume": [{**foreign.key, "secret": new_secret()}]})
    await thief.expect("no", room=foreign.room)
    await play_to_the_end(chairs)
    for chair in chairs:
        await chair.client.ack_now(chair.seat)
    for client in clients.open_ones:
        if client.close_code is None:
            await client.barrier()


@pytest.mark.within(120)
async def test_connections_messages_and_bytes_are_what_clients_and_the_wire_say(launch, counted):
    """Two independent books of the same evening: the client library's and a proxy's that parses frames anew.

    All bytes of the server's life pass the two proxies, one for players and one for the operator. A scrape cannot count
    its own answer, and may or may not count its own request, so the wire's totals are held against those two sums."""
    # Without the self-test: the server's WebSocket to itself passes no proxy.
    server = launch("--allow-seeds", config={"limits": FAST, "health": {"self_test": False}})
    async with CountingProxy(server) as players, CountingProxy(server) as operator:
        await a_busy_evening(counted, players)
        await counted.close()
        requests, answers = [0], [0]

        def books(now) -> dict:
            requests.append(operator.to_server.bytes)
            answers.append(operator.from_server.bytes)
            told = {"connections": now.value("ws_connections"), "opened": now.value("ws_connections_opened_total"),
                    "closed": now.value("ws_connections_closed_total"),
                    **{(name, way): now.value(f"{name}_total", direction=way)
                       for name in ("messages", "message_bytes") for way in ("in", "out")}}
            wire = {"connections": 0, "opened": players.connections, "closed": players.connections,
                    ("messages", "in"): players.to_server.messages, ("messages", "out"): players.from_server.messages,
                    ("message_bytes", "in"): players.to_server.message_bytes,
                    ("message_bytes", "out"): players.from_server.message_bytes}
            own = {("messages", "in"): counted.ledger.sent, ("messages", "out"): counted.ledger.heard,
                   ("message_bytes", "in"): counted.ledger.sent_bytes,
                   ("message_bytes", "out"): counted.ledger.heard_bytes, "opened": counted.ledger.opened}
            assert not differ({key: wire[key] for key in own}, own), "the two independent books differ"
            transport = {"in": (now.value("transport_bytes_total", direction="in") - players.to_server.bytes,
                                requests[-2:]),
                         "out": (now.value("transport_bytes_total", direction="out") - players.from_server.bytes,
                                 answers[-3:-1])}
            wrong = {f"transport {way}": found for way, found in transport.items() if found[0] not in found[1]}
            return {**differ(told, wire), **wrong}

        await agrees(operator, books, "the server's books")
        assert counted.ledger.heard > 200 and counted.ledger.sent > 100


@pytest.mark.within(120)
async def test_commands_resumes_and_acks_are_counted_by_what_clients_were_answered(launch, counted):
    server = launch("--allow-seeds", config={"limits": FAST})
    before = await asyncio.to_thread(scrape, server)
    acks = count_acks(counted)
    await a_busy_evening(counted, server)
    await counted.close()

    def books(now) -> dict:
        told = grown_by("result", before, now, "commands_total")
        heard = Counter(counted.answers())
        # An `ok` told once more is a result of its own; only the server knows which was first.
        told["ok"] = told.get("ok", 0) + told.pop("repeated", 0)
        resumes = grown_by("result", before, now, "ws_resumes_total")
        return {**differ(told, heard), **differ(resumes, counted.verdicts()),
                **differ({"acks": grown(before, now, "acknowledgements_total")}, {"acks": acks[0]})}

    await agrees(server, books, "commands, resumes and acks")


def count_acks(clients: CountedClients) -> list[int]:
    """A cell that counts the `ack` messages of all clients to come."""
    cell, open_raw = [0], clients.raw

    async def raw(server, **options):
        client = await open_raw(server, **options)
        send = client.socket.send

        async def counting(message, *arguments, **named):
            await send(message, *arguments, **named)
            cell[0] += '"type": "ack"' in message

        client.socket.send = counting
        return client

    clients.raw = raw
    return cell


# How connections end


async def _normal(server, clients):
    await (await clients.open(server)).socket.close(1000)


async def _going_away(server, clients):
    await (await clients.open(server)).socket.close(1001)


async def _cut(server, clients):
    await (await clients.open(server)).cut()


async def _wrong_frame(server, clients):
    client = await clients.open(server)
    client.socket.transport.write(b"\xf1\x80\x00\x00\x00\x00")   # reserved bits set
    assert await client.expect_close() == 1002


async def _hello_twice(server, clients):
    client = await clients.open(server)
    await client.send({"type": "hello"})
    assert await client.expect_close() == 4505


async def _too_big(server, clients):
    client = await clients.open(server)
    await client.send_text(" " * 70_000)
    assert await client.expect_close() == 1009


async def _silent(server, clients):
    client = await clients.open(server, answers_pings=False)
    assert await client.expect_close() == 4004


async def _no_hello(server, clients):
    assert await (await clients.raw(server)).expect_close() == 4509


async def _superseded(server, clients):
    chair = (await sit(clients, server))[0]
    first = chair.client
    await chair.back(clients, server)
    assert await first.expect_close() == 4502
    await chair.client.close()


async def _kicked(server, clients):
    host, guest = await sit(clients, server, 2)
    await host.host("remove", seat=1)
    assert await guest.client.expect_close() == 4503
    await host.client.close()


async def _room_closed(server, clients):
    host = (await sit(clients, server))[0]
    await host.host("close")
    assert await host.client.expect_close() == 4504


async def _abuse(server, clients):
    client = await clients.open(server)
    for _ in range(400):
        await client.send({"type": "ping", "t": 0})
    assert await client.expect_close() == 4507


ENDINGS = {
    "normal": (_normal, {"normal": 1}), "going away": (_going_away, {"going_away": 1}), "cut": (_cut, {"error": 1}),
    "wrong frame": (_wrong_frame, {"protocol": 1}), "hello twice": (_hello_twice, {"protocol": 1}),
    "too big": (_too_big, {"too_big": 1}), "silent": (_silent, {"timeout": 1}),
    "no hello": (_no_hello, {"timeout": 1}), "superseded": (_superseded, {"superseded": 1, "normal": 1}),
    "kicked": (_kicked, {"kicked": 1, "normal": 1}), "room closed": (_room_closed, {"room_closed": 1}),
    "abuse": (_abuse, {"abuse": 1}),
}


@pytest.fixture(scope="module")
def impatient_server(tmp_path_factory):
    """Its times are short, so that the endings that wait for something come soon."""
    server = Server(tmp_path_factory.mktemp("impatient"), "--allow-seeds", config={
        "heartbeat": {"idle_ms": 200, "waited_ms": 200, "answer_ms": 200, "hello_ms": 300}}).start()
    yield server
    server.end()


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_closed_connection_is_counted_once_with_its_reason(impatient_server, counted, ending):
    end, expected = ENDINGS[ending]
    before = await asyncio.to_thread(scrape, impatient_server)
    await end(impatient_server, counted)

    def books(now) -> dict:
        return {**differ(grown_by("reason", before, now, "ws_connections_closed_total"), expected),
                **differ({"opened": grown(before, now, "ws_connections_opened_total"),
                          "open": now.value("ws_connections")},
                         {"opened": sum(expected.values()), "open": before.value("ws_connections")})}

    await agrees(impatient_server, books, ending)
