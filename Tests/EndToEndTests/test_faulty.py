"""A server with a game that goes wrong on command: the rooms beside it notice nothing."""

import asyncio
import os
import pathlib

import pytest

from server import ROOT, TOKEN, binary

MIB = 1 << 20


def faulty_binary() -> pathlib.Path:
    """GAMESERVER_FAULTY_BINARY, else what was built beside the server under test."""
    beside = pathlib.Path(binary()).with_name("FaultyServer")
    return pathlib.Path(os.environ.get("GAMESERVER_FAULTY_BINARY") or ROOT / beside)


@pytest.fixture
def faulty(launch, monkeypatch):
    """Starts a faulty server; its game is called `faulty`."""
    path = faulty_binary()
    assert path.exists(), f"no {path}: build it (make release)"
    monkeypatch.setenv("GAMESERVER_BINARY", str(path))
    return launch


async def table(clients, server):
    client = await clients.open(server)
    seat = await client.create("Ana", game="faulty")
    assert (await client.host(seat, "start"))["type"] == "ok"
    return client, seat


def resident_bytes(server) -> int:
    pages = pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


async def test_each_fault_of_a_game_is_refused_and_its_room_and_others_go_on(faulty, clients):
    server = faulty()
    client, seat = await table(clients, server)
    other, sound = await table(clients, server)
    for action in [{"kind": "fail"}, {"kind": "contradict"}, {"kind": "flood"}]:
        answer = await client.act(seat, action)
        assert (answer["type"], answer["code"]) == ("no", "internal"), action
        assert "not what it is" not in answer["message"] and "told" not in answer["message"]
        assert (await client.act(seat, {"kind": "pass"}))["type"] == "ok"
        assert (await other.act(sound, {"kind": "pass"}))["type"] == "ok"
    assert server.process.poll() is None


async def test_every_third_action_fails_when_it_is_told_to(faulty, clients):
    server = faulty()
    client, seat = await table(clients, server)
    assert (await client.act(seat, {"kind": "fail_every", "n": 3}))["type"] == "ok"
    answers = [(await client.act(seat, {"kind": "pass"}))["type"] for _ in range(9)]
    assert answers == ["ok", "ok", "no"] * 3
    assert (await client.act(seat, {"kind": "fail_every", "n": 0}))["type"] == "ok"
    assert [(await client.act(seat, {"kind": "pass"}))["type"] for _ in range(4)] == ["ok"] * 4


async def test_a_stalled_loop_is_late_for_everybody_and_then_goes_on(faulty, clients):
    server = faulty()
    client, seat = await table(clients, server)
    other, sound = await table(clients, server)
    clock = asyncio.get_running_loop().time
    began = clock()
    stalled = asyncio.create_task(client.act(seat, {"kind": "stall", "ms": 400}))
    await client.barrier()
    assert (await stalled)["type"] == "ok"
    assert clock() - began >= 0.4
    assert (await other.act(sound, {"kind": "pass"}))["type"] == "ok"


async def test_what_a_room_holds_it_lets_go_of_when_it_sleeps_and_holds_again_awake(faulty, clients):
    server = faulty(config={"rooms": {"pause_after_ms": 100, "sleep_after_ms": 100}})
    client, seat = await table(clients, server)
    before = resident_bytes(server)
    assert (await client.act(seat, {"kind": "hold", "mib": 64}))["type"] == "ok"
    assert resident_bytes(server) - before > 60 * MIB
    await client.close()
    async with asyncio.timeout(20):
        while resident_bytes(server) - before > 16 * MIB:
            await asyncio.sleep(0.05)
    back = await clients.open(server, resume=[seat])
    assert (await back.expect("joined"))["resume"] == "live"
    assert resident_bytes(server) - before > 60 * MIB
    assert (await back.act(seat, {"kind": "pass"}))["type"] == "ok"


async def test_a_label_nobody_declared_and_a_number_out_of_range_harm_nobody(faulty, clients):
    server = faulty()
    client, seat = await table(clients, server)
    for label in ["red", "purple", "\n", "x" * 1000]:
        assert (await client.act(seat, {"kind": "mark", "label": label, "times": 100}))["type"] == "ok"
    for action in [{"kind": "hold", "mib": 1 << 40}, {"kind": "stall", "ms": -1},
                   {"kind": "mark", "label": "red", "times": 0}]:
        assert (await client.act(seat, action))["code"] == "bad_request"
    figures = server.request("GET", "/metrics", token=TOKEN).text
    assert 'gameserver_faulty_marks_total{colour="red"} 100' in figures
    assert 'gameserver_faulty_marks_total{colour="green"} 0' in figures
    assert 'gameserver_faulty_marks_total{colour="_other"} 300' in figures
    assert 'gameserver_metrics_overflow_total{family="gameserver_faulty_marks_total"} 300' in figures
    assert 'gameserver_faulty_middleware_messages_total{message="act"} ' in figures
    assert "purple" not in figures
    for mood in ["hang", "fail", "critical", "warning", "healthy"]:
        assert (await client.act(seat, {"kind": "probe", "mood": mood}))["type"] == "ok"


async def test_a_middleware_that_throws_or_dawdles_changes_no_answer(faulty, clients):
    server = faulty()
    client, seat = await table(clients, server)
    other, sound = await table(clients, server)
    assert (await client.act(seat, {"kind": "meddle", "fails": True}))["type"] == "ok"
    for _ in range(20):
        assert (await client.act(seat, {"kind": "pass"}))["type"] == "ok"
        assert (await other.act(sound, {"kind": "pass"}))["type"] == "ok"
    assert (await client.act(seat, {"kind": "dawdle", "us": 20_000}))["type"] == "ok"
    assert (await other.act(sound, {"kind": "pass"}))["type"] == "ok"
    assert (await client.act(seat, {"kind": "meddle", "fails": False}))["type"] == "ok"
    assert server.process.poll() is None
