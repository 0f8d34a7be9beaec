"""PROTOCOL.md §5: liveness, slow viewers, limits; drain."""

import asyncio
import contextlib
import socket
import time

import pytest

from client import Closed
from table import play_until, sit, start

QUIET = {"heartbeat": {"idle_ms": 300, "waited_ms": 120, "answer_ms": 500}}
FREE = {"rate_per_s": 100_000, "burst": 100_000, "total_per_s": 1_000_000}


async def test_silence_is_pinged_and_an_answer_keeps_the_connection(launch, clients):
    server = launch(config=QUIET)
    client = await clients.open(server)
    for _ in range(4):
        ping = await client.expect("ping")
        assert abs(ping["now"] - time.time() * 1000) < 5000
    assert client.close_code is None


async def test_no_answer_to_a_ping_closes_4004(launch, clients):
    server = launch(config=QUIET)
    client = await clients.open(server, answers_pings=False, ping_interval=None)
    began = time.monotonic()
    await client.expect("ping")
    assert await client.expect_close() == 4004
    assert time.monotonic() - began < 3
    byes = [m for _, m in client.heard if m["type"] == "bye"]
    assert not byes or byes[-1]["action"] == "resume"


async def test_any_traffic_counts_as_life(launch, clients):
    server = launch(config=QUIET)
    client = await clients.open(server, answers_pings=False)
    for _ in range(8):
        await client.expect("ping")
        await client.send({"type": "list", "id": "x"})
    await client.barrier()


async def test_a_busy_connection_is_not_pinged(launch, clients):
    server = launch(config={"heartbeat": {"idle_ms": 600, "answer_ms": 500}})
    client = await clients.open(server)
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        await client.barrier()
        await client.expect_none("ping", for_s=0.1)


async def test_a_seat_the_room_waits_for_is_pinged_sooner(launch, clients):
    server = launch(config={"heartbeat": {"idle_ms": 60_000, "waited_ms": 200, "answer_ms": 5000}})
    chairs = await start(clients, server, 4)
    await play_until(chairs, lambda: chairs[0].player.phase == "declaration")
    waited = next(chair for chair in chairs if chair.player.is_due)
    await waited.client.expect("ping")
    idle = next(chair for chair in chairs if not chair.player.is_due)
    await idle.client.expect_none("ping", for_s=0.6)


async def test_acks_are_cumulative_and_none_is_needed(server, clients):
    chairs = await start(clients, server, 4)
    ana = chairs[0]
    for seq in (ana.seat.seq, 0, ana.seat.seq):
        await ana.client.send({"type": "ack", "room": ana.room, "seq": seq})
    await ana.client.barrier()
    assert not [m for _, m in ana.client.heard if m["type"] == "no"]


@pytest.mark.parametrize("seq", [10_000, -1, "5", None, 1.5])
async def test_an_ack_of_what_was_never_sent_is_a_bad_request(server, clients, seq):
    chairs = await start(clients, server, 4)
    await chairs[0].client.send({"type": "ack", "room": chairs[0].room, "seq": seq})
    assert (await chairs[0].client.expect("no"))["code"] == "bad_request"


async def test_more_than_the_burst_is_rate_limited_with_a_time_to_retry(server, clients):
    client = await clients.open(server)
    for i in range(46):
        await client.send({"type": "list", "id": f"l{i}"})
    answers = [await client.expect(("rooms", "no"), id=f"l{i}") for i in range(46)]
    refused = [a for a in answers if a["type"] == "no"]
    assert 1 <= len(refused) <= 6 and answers[0]["type"] == "rooms"
    assert all(a["code"] == "rate_limited" and 0 < a["retry"] <= 2000 for a in refused)
    await client.expect_none("bye", for_s=max(a["retry"] for a in refused) / 1000 + 0.05)
    assert (await client.request("list"))["type"] == "rooms"


async def test_ten_refusals_in_a_row_close_4507(server, clients):
    client = await clients.open(server)
    with contextlib.suppress(Closed):
        for i in range(60):
            await client.send({"type": "list", "id": f"l{i}"})
    assert await client.expect_close() == 4507
    refused = [m for _, m in client.heard if m["type"] == "no"]
    assert len(refused) in (9, 10) and all(m["code"] == "rate_limited" for m in refused)
    byes = [m for _, m in client.heard if m["type"] == "bye"]
    assert byes and (byes[0]["code"], byes[0]["action"]) == (4507, "stop")


async def test_a_command_refused_by_the_limit_uses_no_number(server, clients):
    chairs = await sit(clients, server, 1)
    ana = chairs[0]
    for i in range(39):
        await ana.client.send({"type": "list", "id": f"l{i}"})
    answers = []
    for _ in range(6):
        await ana.client.send({"type": "host", "room": ana.room, "n": 1, "do": "start"})
        answers.append(await ana.client.answer(ana.room, 1))
    limited = [a for a in answers if a["code"] == "rate_limited"]
    assert limited and limited[0]["n"] == 1 and limited[0]["room"] == ana.room
    await ana.client.expect_none("bye", for_s=1)
    assert (await ana.host("add_bot"))["type"] == "ok"


async def test_a_hundred_pings_and_acks_are_no_commands(server, clients):
    chairs = await start(clients, server, 4)
    ana = chairs[0]
    for i in range(60):
        await ana.client.send({"type": "ping", "t": i}, {"type": "ack", "room": ana.room, "seq": ana.seat.seq})
    await ana.client.expect("pong", t=59)
    assert not [m for _, m in ana.client.heard if m["type"] == "no"]


async def test_more_than_200_a_second_of_anything_closes_4507(server, clients):
    client = await clients.open(server)
    with contextlib.suppress(Closed):
        for i in range(600):
            await client.send({"type": "pong", "t": i})
    assert await client.expect_close() == 4507


async def test_many_lines_in_one_message_count_each(server, clients):
    client = await clients.open(server)
    with contextlib.suppress(Closed):
        for _ in range(3):
            await client.send(*({"type": "ping", "t": i} for i in range(120)))
    assert await client.expect_close() == 4507


async def test_resync_is_limited_to_five_a_second(server, clients):
    chairs = await start(clients, server, 1, options={"bot_delay_ms": [60000, 60000]})
    ana = chairs[0].client
    await ana.send(*({"type": "resync", "room": chairs[0].room} for _ in range(8)))
    answers = [await ana.expect(("snapshot", "no")) for _ in range(8)]
    limited = [a for a in answers if a["type"] == "no"]
    assert 1 <= len(limited) <= 3 and all(a["code"] == "rate_limited" and a["retry"] for a in limited)
    assert all(a["reason"] == "resync" for a in answers if a["type"] == "snapshot")


async def stalled(clients, server, **options):
    """A client with a small receive buffer, so that the server soon feels that it does not read."""
    raw = socket.create_connection(("127.0.0.1", server.port))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    raw.setblocking(False)
    return await clients.raw(server, sock=raw, **options)


async def flood(chair, lines: int = 12_000) -> None:
    """Chat until far more than any kernel buffer holds is under way."""
    for start_at in range(0, lines, 6):
        await chair.client.send(*({"type": "chat", "room": chair.room, "text": "x" * 500} for _ in range(6)))
        if start_at % 600 == 0:
            await chair.client.barrier()
            chair.client.inbox.clear()
            chair.client.heard.clear()
            chair.client.frames.clear()


@pytest.mark.within(120)
async def test_a_viewer_that_lags_gets_one_snapshot_and_then_dense_events(launch, clients):
    server = launch(config={"limits": FREE, "slow": {"lagging_ms": 60_000}})
    chairs = await start(clients, server, 1, bots=3, options={"score_limit": 1000, "round_limit": 100,
                                                              "bot_delay_ms": [20, 20]})
    slow = await stalled(clients, server)
    await slow.hello()
    watch = await slow.watch(chairs[0].room)
    before = watch.seq
    slow.socket.transport.pause_reading()
    await flood(chairs[0])
    await play_until(chairs, lambda: chairs[0].seat.seq > before + 60)
    head = chairs[0].seat.seq
    slow.socket.transport.resume_reading()
    snapshot = await slow.expect("snapshot", reason="lagging", within=30)
    assert snapshot["seq"] >= before
    await slow.until(lambda: watch.seq >= head, within=30)
    await play_until(chairs, lambda: chairs[0].seat.seq > head + 20)
    await slow.until(lambda: watch.seq > head, within=30)
    assert len([m for _, m in slow.heard if m["type"] == "snapshot"]) == 1


@pytest.mark.within(120)
async def test_a_viewer_that_lags_too_long_is_closed_4003_and_delays_nobody(launch, clients):
    server = launch(config={"limits": FREE, "slow": {"lagging_ms": 400}})
    chairs = await start(clients, server, 2, bots=2, options={"score_limit": 1000, "round_limit": 100})
    slow = await stalled(clients, server)
    await slow.hello()
    await slow.watch(chairs[0].room)
    slow.socket.transport.pause_reading()
    await flood(chairs[0])
    began = time.monotonic()
    head = chairs[1].seat.seq
    await play_until(chairs, lambda: chairs[1].seat.seq > head + 30)
    assert time.monotonic() - began < 10
    await chairs[0].client.expect_none("bye", for_s=1)
    slow.socket.transport.resume_reading()
    code = await slow.expect_close(within=30)
    byes = [m for _, m in slow.heard if m["type"] == "bye"]
    assert code == 4003 or (code == 1006 and not byes), f"closed {code} after {byes}"


async def test_a_full_queue_of_a_room_is_overloaded_and_loses_no_number(launch, clients):
    server = launch(config={"limits": {**FREE, "queue_commands": 3}})
    chairs = await sit(clients, server, 1)
    ana = chairs[0]
    commands = [{"type": "host", "room": ana.room, "n": n, "do": "add_bot" if n % 2 else "remove", "seat": 1}
                for n in range(1, 31)]
    await ana.client.send(*commands)
    answers = [await ana.client.answer(ana.room, n) for n in range(1, 31)]
    done = [a["n"] for a in answers if a["type"] == "ok"]
    refused = {a["code"] for a in answers if a["type"] == "no"}
    assert done == list(range(1, len(done) + 1)), "numbers count without a gap"
    assert refused <= {"overloaded", "bad_number"} and "overloaded" in refused
    assert all(a["retry"] for a in answers if a.get("code") == "overloaded")
    while len(done) < 30:
        await ana.client.send(commands[len(done)])
        assert (await ana.client.answer(ana.room, len(done) + 1))["type"] == "ok"
        done.append(len(done) + 1)


async def test_a_drain_says_goodbye_and_ends_with_exit_code_0(launch, clients):
    server = launch()
    chairs = await start(clients, server, 4)
    lobby = await clients.open(server)
    server.ask_to_stop()
    for client in [*(chair.client for chair in chairs), lobby]:
        bye = await client.expect("bye", within=15)
        assert (bye["code"], bye["action"]) == (4001, "resume")
        assert await client.expect_close(within=15) == 4001
    assert await asyncio.to_thread(server.ended) == 0
    told = {chair.seat.seat: chair.seat.seq for chair in chairs}
    server.start()
    for chair in chairs:
        joined = await chair.back(clients, server)
        assert joined["type"] == "joined" and joined["seq"] >= told[chair.seat.seat]
    await play_until(chairs, lambda: chairs[0].player.phase == "turn")
