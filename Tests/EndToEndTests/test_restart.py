"""DESIGN.md §6: what a killed server brings back besides running games."""

import asyncio
import stat
import threading
import time

import pytest

from server import TOKEN
from table import due, play_one, play_to_phase, play_to_the_end, play_until, settle, sit, start


def kill_and_start(server) -> None:
    server.kill()
    server.start()


def test_a_restart_is_told_apart_from_the_first_start(launch):
    def wait_for(condition):
        ends = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < ends
            threading.Event().wait(0.05)   # there is nothing to be woken by

    def inputs() -> dict:
        answer = server.request("GET", "/api/health/detailed", token=TOKEN)   # 503 until it has judged itself
        return answer.json["stability"]["inputs"]

    server = launch()
    wait_for(lambda: server.admin("/api/system/events?kind=server_start")["events"])
    assert inputs()["restarts"] == 0
    kill_and_start(server)
    wait_for(lambda: inputs()["restarts"] == 1)


async def test_a_waiting_room_keeps_its_seats_numbers_and_secrets(launch, clients):
    server = launch()
    chairs = await sit(clients, server, 2, bots=1, visibility="private")
    before = chairs[0].client.status[chairs[0].room]
    kill_and_start(server)
    joined = await chairs[1].back(clients, server)
    assert (joined["type"], joined["resume"], joined["seat"]) == ("joined", "live", 1)
    joined = await chairs[0].back(clients, server)
    assert joined["last_n"] == 1 and joined["results"] == [{"n": 1, "seq": 0}]
    kinds = [(seat["kind"], seat["name"]) for seat in joined["status"]["seats"]]
    assert kinds == [(seat["kind"], seat["name"]) for seat in before["seats"]] and joined["status"]["host"] == 0
    rooms = await chairs[0].client.request("list")
    assert chairs[0].room not in [room["room"] for room in rooms["rooms"]]
    assert (await chairs[0].host("add_bot"))["type"] == "ok"
    assert (await chairs[0].host("start"))["type"] == "ok"


async def test_an_answer_lost_with_the_server_is_given_again_by_its_number(launch, clients):
    server = launch()
    chairs = await start(clients, server, 4)
    await play_to_phase(chairs, "turn")
    await settle(chairs)
    turn = due(chairs)
    ok = await turn.move()
    command = turn.seat.accepted[ok["n"]]
    kill_and_start(server)
    for chair in chairs:
        await chair.back(clients, server)
    await turn.client.send(command)
    again = await turn.client.answer(turn.room, ok["n"])
    assert (again["type"], again["seq"]) == ("ok", ok["seq"])
    await play_until(chairs, lambda: chairs[0].player.phase == "turn" and chairs[0].player.round == 2)


async def test_repeating_create_with_the_same_secret_after_a_kill_is_the_same_room(launch, clients):
    server = launch()
    chairs = await sit(clients, server, 1)
    kill_and_start(server)
    client = await clients.open(server)
    again = await client.create("Ana", secret=chairs[0].seat.secret)
    assert again.room == chairs[0].room and again.seat == 0


async def test_closed_stays_gone_and_left_stays_left(launch, clients):
    server = launch()
    closed = await sit(clients, server, 2)
    left = await sit(clients, server, 2)
    await closed[0].host("close")
    await left[1].client.leave(left[1].seat)
    kill_and_start(server)
    answer = await closed[1].back(clients, server)
    assert (answer["type"], answer["code"]) == ("no", "room_gone")
    answer = await left[1].back(clients, server)
    assert (answer["type"], answer["code"]) == ("no", "bad_secret")
    assert (await left[0].back(clients, server))["type"] == "joined"


async def test_a_finished_game_keeps_its_final_view(launch, clients):
    server = launch(config={"limits": {"rate_per_s": 10_000, "burst": 10_000, "total_per_s": 10_000}})
    chairs = await start(clients, server, 4, options={"round_limit": 1})
    await play_to_the_end(chairs)
    kill_and_start(server)
    joined = await chairs[2].back(clients, server)
    assert joined["resume"] == "snapshot" and joined["status"]["state"] == "finished"
    snapshot = await chairs[2].client.expect("snapshot")
    assert snapshot["view"]["ranking"] == chairs[0].player.ranking


async def test_a_restart_turns_nobody_into_a_bot_before_they_could_return(launch, clients):
    server = launch(config={"rooms": {"quiet_drop_ms": 0, "grace_ms": 100, "restart_grace_ms": 2500}})
    chairs = await start(clients, server, 4, options={"turn_ms": 300})
    kill_and_start(server)
    joined = await chairs[0].back(clients, server)
    kinds = [seat["kind"] for seat in joined["status"]["seats"]]
    assert kinds == ["human"] * 4, "a grace time of 100 ms must not run out in a restart"
    for chair in chairs[1:]:
        assert (await chair.back(clients, server))["type"] == "joined"
    status = await chairs[0].client.expect_status(chairs[0].room, lambda s: all(x["connected"] for x in s["seats"]))
    assert [seat["kind"] for seat in status["seats"]] == ["human"] * 4


async def test_who_does_not_return_after_a_restart_is_replaced(launch, clients):
    server = launch(config={"rooms": {"grace_ms": 200, "restart_grace_ms": 600}})
    chairs = await start(clients, server, 2, bots=2)
    kill_and_start(server)
    await chairs[0].back(clients, server)
    await chairs[0].client.expect_status(chairs[0].room, lambda s: s["seats"][1]["kind"] == "bot")
    await play_until([chairs[0]], lambda: chairs[0].player.round == 2)


async def test_bots_go_on_after_a_restart(launch, clients):
    server = launch()
    chairs = await start(clients, server, 1, options={"score_limit": 1000, "round_limit": 2})
    for _ in range(3):
        await play_one(chairs)
        kill_and_start(server)
        assert (await chairs[0].back(clients, server))["type"] == "joined"
    await play_until(chairs, lambda: chairs[0].player.round == 2)


@pytest.mark.parametrize("kill", [True, False])
async def test_snapshots_and_logs_agree_however_often_they_are_made(kill, launch, clients):
    server = launch(config={"rooms": {"snapshot_every_records": 2}})
    chairs = await start(clients, server, 4)
    for _ in range(4):
        for _ in range(3):
            await play_one(chairs)
        before = server.state(chairs[0].room)
        log = server.events(chairs[0].room)
        if kill:
            server.kill()
        else:
            assert await asyncio.to_thread(server.stop) == 0
        server.start()
        after = server.state(chairs[0].room)
        assert (after["seq"], after["state"]) == (before["seq"], before["state"])
        assert server.events(chairs[0].room) == log
        for chair in chairs:
            await chair.back(clients, server)


def test_the_data_directory_is_private(launch):
    server = launch()
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    for file in server.data.rglob("*"):
        if file.is_file():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
