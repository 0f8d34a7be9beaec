"""ARCHITECTURE.md, Threads: several event loops, one server. Rooms live on loops by their ids; nobody can tell."""

import asyncio
import concurrent.futures
import contextlib

import pytest

from client import Clients
from seat import new_secret
from server import TOKEN
from table import play_to_the_end, play_until, sit, start
from test_faulty import faulty  # a fixture
from test_protocol_limits import FREE, flood, stalled

LOOPS = 3
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def loop_of(room: str) -> int:
    """Where a room lives: the last ten bits of its id say."""
    raw = 0
    for digit in room:
        raw = raw << 5 | ALPHABET.index(digit)
    return (raw & 1023) * LOOPS >> 10


@pytest.fixture
def server(launch):
    return launch("--loops", str(LOOPS), "--allow-seeds",
                  # The test of itself would take its turn among the connections.
                  config={"monitoring": {"pulse_ms": 50}, "health": {"self_test": False},
                          "limits": {"rate_per_s": 10_000, "burst": 10_000}})


async def room_on(clients: Clients, server, loop: int, **fields):
    """A host and a room on one loop: secrets are tried until the room is there."""
    while True:
        host = await clients.open(server)
        seat = await host.create("Ana", secret=new_secret(), **fields)
        if loop_of(seat.room) == loop:
            return host, seat
        await host.leave(seat)
        await host.cut()


def read(server, path: str):
    return server.request("GET", path, token=TOKEN)


def scrape(server) -> dict[str, float]:
    text = server.request("GET", "/metrics", token=TOKEN).text
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in text.splitlines() if line and not line.startswith("#")}


def connections(server) -> list[int]:
    metrics = scrape(server)
    return [int(metrics.get(f'gameserver_eventloop_connections{{loop="{loop}"}}', 0)) for loop in range(LOOPS)]


async def until(condition, within: float = 10):
    async with asyncio.timeout(within):
        while not (found := condition()):
            await asyncio.sleep(0.02)
        return found


async def test_who_is_in_no_room_is_spread_evenly(server, clients):
    people = [await clients.open(server) for _ in range(12)]
    await until(lambda: connections(server) == [4, 4, 4])
    for person in people:
        await person.barrier()


@pytest.mark.parametrize("loop", range(LOOPS))
async def test_people_of_one_room_meet_on_its_loop(server, clients, loop):
    host, seat = await room_on(clients, server, loop)
    people = [await clients.open(server) for _ in range(3)]
    for number, person in enumerate(people):
        await person.join(seat.room, f"Guest {number}")
    watcher = await clients.open(server)
    await watcher.watch(seat.room)
    expected = [0] * LOOPS
    expected[loop] = 5
    await until(lambda: connections(server) == expected)


async def test_the_address_names_the_loop_before_the_first_word(server, clients):
    host, seat = await room_on(clients, server, 2)
    person = await clients.raw(server, path=f"?room={seat.room}")
    await person.hello()
    await until(lambda: connections(server) == [0, 0, 2])
    await person.join(seat.room, "Ben")


async def test_what_is_sent_in_one_go_is_answered_in_order_though_the_connection_moves(server, clients):
    for loop in range(LOOPS):
        host, seat = await room_on(clients, server, loop)
        person = await clients.raw(server)
        lines = [{"type": "hello", "client": {"name": "t", "version": "1"}}, {"type": "ping", "t": 1},
                 {"type": "join", "id": 7, "room": seat.room, "name": "Ben", "secret": new_secret()},
                 {"type": "ping", "t": 2}, {"type": "chat", "room": "00000000", "text": "nobody"},
                 {"type": "ping", "t": 3}]
        await person.send(*lines[:4])
        await person.send(*lines[4:])
        kinds = []
        for _ in range(6):
            message = await person.expect(where=lambda m: m["type"] in ("welcome", "pong", "joined", "no"))
            kinds.append(message.get("t", message["type"]))
        # The room's answer waits for its record; what needs no room does not.
        assert [k for k in kinds if k != "joined"] == ["welcome", 1, 2, "no", 3], kinds
        assert "joined" in kinds


async def test_a_resume_goes_where_the_room_is(server, clients):
    for loop in range(LOOPS):
        host, seat = await room_on(clients, server, loop)
        await host.cut()
        again = await clients.open(server, resume=[seat])
        assert seat.room in again.seats or again.status.get(seat.room)
        await until(lambda: connections(server)[loop] >= 1)
        assert (await again.host(seat, "add_bot"))["type"] == "ok"


async def test_one_connection_plays_in_rooms_of_every_loop(server, clients):
    hosts = [await room_on(clients, server, loop, game="tic-tac-toe") for loop in range(LOOPS)]
    person = await clients.open(server)
    seats = [await person.join(seat.room, "Ben") for _, seat in hosts]
    watched = [await room_on(clients, server, loop) for loop in range(LOOPS)]
    for _, seat in watched:
        await person.watch(seat.room)
    for (host, own), seat in zip(hosts, seats):
        assert (await host.host(own, "start"))["type"] == "ok"
        await person.send({"type": "chat", "room": seat.room, "text": f"hello {seat.room}"})
        assert (await host.expect("chat", room=seat.room))["text"] == f"hello {seat.room}"
        assert (await person.expect("chat", room=seat.room))["name"] == "Ben"
        # Who begins is luck.
        order = [(host, own), (person, seat)]
        if (await host.act(own, {"kind": "mark", "field": 4}))["type"] == "no":
            order.reverse()
            assert (await person.act(seat, {"kind": "mark", "field": 4}))["type"] == "ok"
        await order[1][0].expect("events", room=seat.room)
        assert (await order[1][0].act(order[1][1], {"kind": "mark", "field": 0}))["type"] == "ok"
        await person.send({"type": "resync", "room": seat.room})
        assert (await person.expect("snapshot", room=seat.room))["reason"] == "resync"
    # Eight in all: two more fit, a ninth does not.
    extra = [await room_on(clients, server, loop) for loop in (0, 1, 2)]
    for _, seat in extra[:2]:
        await person.watch(seat.room)
    answer = await person.request("watch", room=extra[2][1].room)
    assert answer["type"] == "no" and answer["code"] == "bad_request"
    # Leaving one of another loop makes the place free.
    assert (await person.leave(seats[2]))["type"] == "ok"
    await person.barrier()
    assert (await person.request("watch", room=extra[2][1].room))["type"] == "joined"


async def test_a_room_that_ends_on_another_loop_leaves_the_connection_and_the_last_ends_it(server, clients):
    (first_host, first), (second_host, second) = [await room_on(clients, server, loop) for loop in (0, 1)]
    person = await clients.open(server)
    await person.join(first.room, "Ben")
    await person.join(second.room, "Ben")
    assert (await second_host.host(second, "close"))["type"] == "ok"
    assert (await person.expect("bye", room=second.room))["code"] == 4504
    await person.barrier()
    assert (await first_host.host(first, "close"))["type"] == "ok"
    assert await person.expect_close() == 4504


async def test_a_seat_of_another_loop_is_taken_over_and_its_drop_is_seen(server, clients):
    (_, first), (host, second) = [await room_on(clients, server, loop) for loop in (1, 2)]
    person = await clients.open(server)
    await person.join(first.room, "Ben")
    seat = await person.join(second.room, "Ben")
    newer = await clients.open(server, resume=[seat])
    assert (await person.expect("bye", room=second.room))["code"] == 4502
    await person.barrier()
    await newer.cut()
    await host.expect_status(second.room, lambda s: not s["seats"][1]["connected"], within=20)


async def test_a_repeated_create_finds_its_room_from_any_loop(server, clients):
    for _ in range(6):
        secret = new_secret()
        first = await clients.open(server)
        seat = await first.create("Ana", secret=secret)
        second = await clients.open(server)
        again = await second.create("Ana", secret=secret)
        assert (again.room, again.seat) == (seat.room, seat.seat)


async def test_rooms_created_at_once_on_all_loops_are_no_more_than_a_connection_may_hold(launch, clients):
    server = launch("--loops", str(LOOPS), config={"limits": {**FREE, "rooms_per_connection": 4}})
    person = await clients.open(server)
    first = await person.create("Ana", secret=new_secret())
    ids = [person.new_id() for _ in range(12)]
    for each in ids:
        await person.send({"type": "create", "id": each, "game": "liap-tui", "name": "Ana", "secret": new_secret()})
    answers = [await person.expect(("joined", "no"), id=each) for each in ids]
    rooms = {answer["room"] for answer in answers if answer["type"] == "joined"}
    assert len(rooms) == 3
    refused = [answer for answer in answers if answer["type"] == "no"]
    assert len(refused) == 9 and {answer["code"] for answer in refused} == {"bad_request"}
    assert "4 rooms" in refused[0]["message"]
    # Places that were kept for nothing are free again.
    await person.leave(first)
    await person.create("Ana", secret=new_secret())


async def test_a_room_that_cannot_be_created_elsewhere_keeps_no_place(launch, clients):
    server = launch("--loops", str(LOOPS), config={"limits": {**FREE, "rooms_per_connection": 2}})
    person = await clients.open(server)
    await person.create("Ana", secret=new_secret())
    for _ in range(8):
        answer = await person.request("create", game="liap-tui", name="Ana", secret=new_secret(), options={"no": 1})
        assert (answer["type"], answer["code"]) == ("no", "bad_request")
    secret = new_secret()
    seat = await person.create("Ana", secret=secret)
    for _ in range(3):
        again = await person.create("Ana", secret=secret)
        assert (again.room, again.seat) == (seat.room, seat.seat)
    answer = await person.request("create", game="liap-tui", name="Ana", secret=new_secret())
    assert answer["code"] == "bad_request"


async def test_the_lobby_and_operators_see_rooms_of_all_loops(server, clients):
    rooms = [(await room_on(clients, server, loop))[1].room for loop in range(LOOPS) for _ in range(2)]
    person = await clients.open(server)
    listed = await person.request("list")
    assert [entry["room"] for entry in listed["rooms"]][:6] == rooms[::-1]
    page = read(server, "/api/rooms?limit=1000").json
    found = [entry["room"] for entry in page["rooms"]]
    assert set(rooms) <= set(found) and found == sorted(found, key=lambda r: [ALPHABET.index(c) for c in r])
    after, paged = None, []
    while True:
        part = read(server, "/api/rooms?limit=2" + (f"&after={after}" if after else "")).json
        paged += [entry["room"] for entry in part["rooms"]]
        if not part["has_more"]:
            break
        after = part["next"]
    assert paged == found
    for room in rooms:
        assert read(server, f"/api/rooms/{room}").json["room"] == room
        assert read(server, f"/api/rooms/{room}/state").status == 200
    waiting = sum(value for name, value in scrape(server).items()
                  if name.startswith("gameserver_rooms{") and 'state="waiting"' in name)
    assert waiting == len(found)


async def test_a_whole_game_is_played_on_each_loop_at_once(server, clients):
    tables = []
    for _ in range(LOOPS):
        tables.append(await start(clients, server, 4))
    for chairs in tables:
        await play_to_the_end(chairs)


async def game_on(clients: Clients, server, loop: int):
    while True:
        chairs = await start(clients, server, 1, bots=3, options={"score_limit": 1000, "round_limit": 100,
                                                                  "bot_delay_ms": [20, 20]})
        if loop_of(chairs[0].room) == loop:
            return chairs
        await chairs[0].host("close")


@pytest.mark.within(180)
@pytest.mark.parametrize("flooded", [0, 1])
async def test_a_slow_reader_gets_one_snapshot_of_each_room_on_whichever_loop(launch, clients, flooded):
    server = launch("--loops", str(LOOPS), config={"limits": FREE, "slow": {"lagging_ms": 60_000}})
    tables = [await game_on(clients, server, loop) for loop in range(2)]
    slow = await stalled(clients, server)
    await slow.hello()
    watches = [await slow.watch(chairs[0].room) for chairs in tables]
    slow.socket.transport.pause_reading()
    await flood(tables[flooded][0])
    for chairs, watch in zip(tables, watches):
        before = chairs[0].seat.seq
        await play_until(chairs, lambda: chairs[0].seat.seq > before + 40)
    heads = [chairs[0].seat.seq for chairs in tables]
    slow.socket.transport.resume_reading()
    for watch in watches:
        await slow.expect("snapshot", reason="lagging", room=watch.room, within=30)
    for chairs, watch, head in zip(tables, watches, heads):
        await slow.until(lambda: watch.seq >= head, within=30)
        await play_until(chairs, lambda: chairs[0].seat.seq > head + 10)
        await slow.until(lambda: watch.seq > head, within=30)
    assert len([m for _, m in slow.heard if m["type"] == "snapshot"]) == 2


async def test_draining_sends_everybody_away_and_ends(server, clients):
    people = [await clients.open(server) for _ in range(6)]
    chairs = await sit(clients, server, 2)
    server.process.terminate()
    for client in [*people, *(chair.client for chair in chairs)]:
        assert await client.expect_close() == 4001
    assert server.process.wait(20) == 0


async def test_a_loop_that_stands_still_keeps_nobody_of_another_from_leaving(faulty, clients):
    server = faulty("--loops", str(LOOPS), config={"drain": {"timeout_ms": 500}, "health": {"self_test": False},
                                                   "limits": {"rate_per_s": 10_000, "burst": 10_000}})
    host, seat = await room_on(clients, server, 2, game="faulty")
    assert (await host.host(seat, "start"))["type"] == "ok"
    other, _ = await room_on(clients, server, 0, game="faulty")
    stalling = asyncio.create_task(host.act(seat, {"kind": "stall", "ms": 8000}))
    await other.barrier()
    server.ask_to_stop()
    assert await other.expect_close() == 4001
    assert not stalling.done(), "the loop stood still all the while"
    # What it was at is stored and answered, and then it ends as well.
    assert (await stalling)["type"] == "ok"
    assert await host.expect_close() == 4001
    assert server.ended() == 0


@pytest.mark.within(60)
async def test_a_server_with_a_loop_that_stands_still_is_not_alive_whichever_loop_is_asked(faulty, clients):
    server = faulty("--loops", str(LOOPS), config={"health": {"self_test": False},
                                                   "limits": {"rate_per_s": 10_000, "burst": 10_000}})
    host, seat = await room_on(clients, server, 2, game="faulty")
    assert (await host.host(seat, "start"))["type"] == "ok"
    assert server.request("GET", "/livez").json == {"status": "alive"}
    other, _ = await room_on(clients, server, 0, game="faulty")
    command = seat.command("act", action={"kind": "stall", "ms": 12_000})
    await host.send(command)
    stalling = asyncio.create_task(host.expect("ok", n=command["n"], within=20))
    await other.barrier()

    async def asked(pool) -> int | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(7):
                return (await asyncio.get_running_loop().run_in_executor(pool, server.request, "GET", "/livez")).status

    # Some of them come to the loop that does not answer anybody.
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        told = await asyncio.gather(*(asked(pool) for _ in range(6)))
        assert not stalling.done(), "the loop stood still all the while"
        assert set(told) <= {503, None} and told.count(503) >= 2
    assert (await stalling)["type"] == "ok"
    assert server.request("GET", "/livez").status == 200


@pytest.mark.within(90)
async def test_who_floods_a_loop_that_stands_still_is_sent_away_and_comes_back_to_its_seat(faulty, clients):
    server = faulty("--loops", str(LOOPS), config={
        "limits": {**FREE, "message_bytes": 1 << 20, "socket_message_bytes": 2 << 20}, "health": {"self_test": False}})
    host, seat = await room_on(clients, server, 2, game="faulty")
    person, _ = await room_on(clients, server, 0, game="faulty")
    guest = await person.join(seat.room, "Ben")
    beside, _ = await room_on(clients, server, 0, game="faulty")
    assert (await host.host(seat, "start"))["type"] == "ok"
    command = seat.command("act", action={"kind": "stall", "ms": 6000})
    await host.send(command)
    stalling = asyncio.create_task(host.expect("ok", n=command["n"], within=30))
    await beside.barrier()
    # As much as may wait for a loop, and then some: what comes after that could not be kept in order.
    lines = "\n".join(f'{{"type":"ack","room":"{seat.room}","seq":0}}' for _ in range(10_000))
    with contextlib.suppress(Exception):
        for _ in range(8):
            await person.send_text(lines)
    assert await person.expect_close() == 4006
    assert not stalling.done(), "the loop stood still all the while"
    await beside.barrier()
    await stalling
    back = await clients.open(server, resume=[guest])
    assert (await back.expect("joined", room=seat.room))["seat"] == guest.seat
    assert server.request("GET", "/livez").status == 200
