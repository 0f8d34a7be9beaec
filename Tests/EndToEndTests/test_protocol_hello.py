"""PROTOCOL.md §1–§3: hello and welcome."""

import time

import pytest


@pytest.mark.parametrize("first", [{"type": "list", "id": "a"}, {"type": "ping", "t": 1}, {"type": "pong", "t": 1},
                                   {"type": "nonsense"}, {"type": "create", "game": "liap-tui", "name": "Ana"}])
async def test_anything_before_hello_closes_4505(server, clients, first):
    client = await clients.raw(server)
    await client.send(first)
    assert await client.expect_close() == 4505


async def test_something_unreadable_before_hello_closes_4505(server, clients):
    client = await clients.raw(server)
    await client.send_text("hello?")
    assert await client.expect_close() == 4505


async def test_a_second_hello_closes_4505(server, clients):
    client = await clients.open(server)
    await client.send({"type": "hello", "client": {"name": "x", "version": "1"}})
    assert await client.expect_close() == 4505


async def test_no_hello_closes_4509(launch, clients):
    server = launch(config={"heartbeat": {"hello_ms": 300}})
    began = time.monotonic()
    client = await clients.raw(server)
    assert await client.expect_close() == 4509
    assert 0.25 < time.monotonic() - began < 3
    greeted = await clients.open(server)
    await greeted.expect_none("bye", for_s=0.6)
    await greeted.barrier()


async def test_welcome_says_who_serves_and_what_holds(server, clients):
    client = await clients.open(server)
    welcome = client.welcome
    assert isinstance(welcome["session"], str) and welcome["session"]
    assert abs(welcome["now"] - time.time() * 1000) < 5000
    assert welcome["heartbeat_ms"] == 15000
    assert welcome["limits"] == {"bytes": 4096, "rate": 20, "burst": 40}
    assert set(welcome["server"]) >= {"name", "version", "node"}
    games = {game["id"]: game for game in welcome["games"]}
    assert games["liap-tui"]["seats"] == {"min": 4, "max": 4}
    assert games["liap-tui"]["title"] and games["liap-tui"]["version"]


async def test_sessions_differ(server, clients):
    sessions = {(await clients.open(server)).welcome["session"] for _ in range(5)}
    assert len(sessions) == 5


async def test_fields_of_later_versions_are_accepted(server, clients):
    client = await clients.raw(server)
    await client.hello(token="abc", traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", moon=1)
    await client.barrier()


async def test_ping_is_answered_with_its_own_t(server, clients):
    client = await clients.open(server)
    await client.send({"type": "ping", "t": 1234567890123})
    pong = await client.expect("pong")
    assert pong["t"] == 1234567890123 and abs(pong["now"] - time.time() * 1000) < 5000


@pytest.mark.parametrize("resume", ["x", [1], [{}], [{"room": 5, "secret": None, "epoch": "e", "seq": 0}],
                                    [{"room": "ZZZZZZZZ", "secret": None, "epoch": "e", "seq": -1}],
                                    [{"room": "ZZZZZZZZ", "secret": None, "epoch": "e", "seq": 1e300}]])
async def test_a_malformed_resume_harms_only_itself(server, clients, resume):
    client = await clients.raw(server)
    await client.send({"type": "hello", "client": {"name": "x", "version": "1"}, "resume": resume})
    answer = await client.expect(("welcome", "no", "bye"))
    if answer["type"] == "bye":
        assert answer["code"] == 4505
    else:
        await client.expect("no", within=5) if answer["type"] == "welcome" else None
        await client.barrier()
