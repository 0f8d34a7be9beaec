"""A cut, a refresh, a second connection, a wrong secret, a number repeated and one skipped: in each phase."""

import pytest

from projection import differences
from seat import new_secret
from table import due, play_one, play_to_phase, play_to_the_end, settle, sit, start, start_with_a_vote

PHASES = ["waiting", "vote", "declaration", "turn", "finished"]


async def bring_to(phase: str, clients, server) -> list:
    """Four people in that phase (one weak hand among them for a vote)."""
    if phase == "waiting":
        return await sit(clients, server, 4)
    if phase == "vote":
        return await start_with_a_vote(clients, server)
    chairs = await start(clients, server, 4, options={"round_limit": 1})
    if phase == "finished":
        await play_to_the_end(chairs)
    else:
        await play_to_phase(chairs, phase)
        await play_one(chairs)
    await settle(chairs)
    return chairs


def subject(phase: str, chairs: list):
    """Whom the phase waits for, else the host."""
    return due(chairs) if phase in ("vote", "declaration", "turn") else chairs[0]


def unchanged(phase: str) -> str:
    """Verdict of a resume that missed nothing; a finished room always answers with its final view."""
    return "snapshot" if phase == "finished" else "live"


def next_command(phase: str, chair) -> dict:
    if phase == "waiting":
        return {"type": "host", "do": "remove", "seat": 3}
    return {"type": "act", "action": chair.player.move()}


async def finish(phase: str, chairs: list, server) -> None:
    """The game still goes to its end and everybody was told what the log says."""
    if phase == "waiting":
        return
    await play_to_the_end(chairs)
    log = server.events(chairs[0].room)
    for chair in chairs:
        assert differences(chair.seat.told, log, chair.seat.seat) == []


@pytest.mark.within(120)
@pytest.mark.parametrize("phase", PHASES)
async def test_a_cut_socket_costs_nothing(phase, quick_server, clients):
    server = quick_server
    chairs = await bring_to(phase, clients, server)
    lost = subject(phase, chairs)
    before = lost.player.facts()
    await lost.cut()
    joined = await lost.back(clients, server)
    assert joined["resume"] == unchanged(phase) and joined["seat"] == lost.seat.seat
    if phase == "finished":
        await lost.client.expect("snapshot", reason="resume")
    assert lost.player.facts() == before
    if phase not in ("waiting",):
        await lost.fresh_view()
    await finish(phase, chairs, server)


@pytest.mark.within(120)
@pytest.mark.parametrize("phase", PHASES[1:-1])
async def test_a_refresh_resumes_from_an_older_stored_position(phase, quick_server, clients):
    server = quick_server
    chairs = await bring_to(phase, clients, server)
    lost = subject(phase, chairs)
    head = lost.seat.seq
    await lost.client.close()
    told = dict(lost.seat.told)
    lost.seat.seq = max(lost.seat.view_seq, head - 3)
    joined = await lost.back(clients, server)
    assert joined["resume"] == ("replayed" if head > lost.seat.view_seq else "live")
    await lost.client.until(lambda: lost.seat.seq == head)
    assert lost.seat.told == told, "the same events came again, nothing else"
    await lost.fresh_view()
    await finish(phase, chairs, server)


@pytest.mark.within(120)
@pytest.mark.parametrize("phase", PHASES)
async def test_a_second_connection_replaces_the_first(phase, quick_server, clients):
    server = quick_server
    chairs = await bring_to(phase, clients, server)
    lost = subject(phase, chairs)
    old = lost.client
    joined = await lost.back(clients, server)
    assert joined["resume"] == unchanged(phase)
    assert await old.expect_close() == 4502
    status = lost.client.status[lost.room]
    assert status["seats"][lost.seat.seat]["connected"] and status["seats"][lost.seat.seat]["kind"] == "human"
    await finish(phase, chairs, server)


@pytest.mark.within(120)
@pytest.mark.parametrize("phase", PHASES)
async def test_a_wrong_secret_is_refused_and_the_seat_unharmed(phase, quick_server, clients):
    server = quick_server
    chairs = await bring_to(phase, clients, server)
    victim = subject(phase, chairs)
    thief = await clients.raw(server)
    await thief.send({"type": "hello", "client": {"name": "x", "version": "1"},
                      "resume": [{**victim.seat.key, "secret": new_secret()}]})
    await thief.expect("welcome")
    answer = await thief.expect("no")
    assert (answer["code"], answer["room"]) == ("bad_secret", victim.room)
    assert not [m for _, m in thief.heard if m["type"] in ("joined", "events", "snapshot", "room")]
    await victim.client.barrier()
    await finish(phase, chairs, server)


@pytest.mark.within(120)
@pytest.mark.parametrize("phase", PHASES)
async def test_a_repeated_number_counts_once(phase, quick_server, clients):
    server = quick_server
    chairs = await bring_to(phase, clients, server)
    mover = subject(phase, chairs)
    if phase == "finished":
        n, first = mover.seat.last_n, {"seq": mover.seat.ok_seq[mover.seat.last_n]}
        command = mover.seat.accepted[n]
    else:
        command = {"room": mover.room, "n": mover.seat.last_n + 1, **next_command(phase, mover)}
        mover.seat.pending[command["n"]] = command
        await mover.client.send(command)
        first = await mover.client.answer(mover.room, command["n"])
        assert first["type"] == "ok", first
    await settle(chairs)
    head = server.state(mover.room)["seq"]
    await mover.client.send(command)
    again = await mover.client.answer(mover.room, command["n"])
    assert (again["type"], again["seq"]) == ("ok", first["seq"])
    await mover.cut()
    await mover.back(clients, server)
    await mover.client.send(command)
    again = await mover.client.answer(mover.room, command["n"])
    assert (again["type"], again["seq"]) == ("ok", first["seq"])
    assert server.state(mover.room)["seq"] == head
    await finish(phase, chairs, server)


@pytest.mark.within(120)
@pytest.mark.parametrize("phase", PHASES)
async def test_a_skipped_number_is_refused_with_what_was_expected(phase, quick_server, clients):
    server = quick_server
    chairs = await bring_to(phase, clients, server)
    mover = subject(phase, chairs)
    expected = mover.seat.last_n + 1
    action = {"type": "act", "action": {"kind": "declare", "value": 1}} if phase == "finished" else next_command(
        phase, mover)
    await mover.client.send({"room": mover.room, "n": expected + 1, **action})
    answer = await mover.client.answer(mover.room, expected + 1)
    assert (answer["type"], answer["code"], answer["expected"]) == ("no", "bad_number", expected)
    await finish(phase, chairs, server)
