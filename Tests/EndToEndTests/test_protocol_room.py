"""PROTOCOL.md §2: life of a room, host, leave, chat."""

import pytest

from client import Closed
from table import due, play_to_phase, settle, sit, start

FAST = {"rooms": {"quiet_drop_ms": 200, "grace_ms": 500, "waiting_grace_ms": 900, "pause_after_ms": 800,
                  "restart_grace_ms": 500}}


def kinds(status: dict) -> list[str]:
    return [seat["kind"] for seat in status["seats"]]


async def refuse(chair, code, do: str, **fields) -> dict:
    answer = await chair.host(do, **fields)
    codes = (code,) if isinstance(code, str) else code
    assert answer["type"] == "no" and answer["code"] in codes, f"{do} {fields}: {answer}, not {code}"
    return answer


async def test_everybody_hears_who_sits_where(server, clients):
    chairs = await sit(clients, server, 2)
    await chairs[0].host("add_bot", seat=3)
    for chair in chairs:
        status = await chair.client.expect_status(chair.room, lambda s: kinds(s) == ["human", "human", "empty", "bot"])
        assert [seat["name"] for seat in status["seats"]][:2] == ["Ana", "Ben"]
        assert status["seats"][3]["name"]


async def test_start_needs_the_minimum_of_seats(server, clients):
    chairs = await sit(clients, server, 2, bots=1)
    await refuse(chairs[0], "refused", "start")
    await chairs[0].host("add_bot")
    assert (await chairs[0].host("start"))["type"] == "ok"
    await chairs[1].client.expect_status(chairs[0].room, lambda s: s["state"] == "playing")
    await refuse(chairs[0], "wrong_phase", "start")


async def test_only_the_host_rules(server, clients):
    chairs = await sit(clients, server, 2, bots=1)
    for do in ("start", "add_bot", "remove", "close"):
        await refuse(chairs[1], "not_host", do, **({"seat": 2} if do == "remove" else {}))
    assert kinds(chairs[1].client.status[chairs[0].room]) == ["human", "human", "bot", "empty"]


async def test_who_is_not_in_the_room_commands_nothing(server, clients):
    chairs = await start(clients, server, 1, options={"bot_delay_ms": [60000, 60000]})
    stranger, watcher = await clients.open(server), await clients.open(server)
    await watcher.watch(chairs[0].room)
    for client in (stranger, watcher):
        for message in ({"type": "act", "action": {"kind": "declare", "value": 1}}, {"type": "host", "do": "close"},
                        {"type": "chat", "text": "hi"}):
            await client.send({"room": chairs[0].room, "n": 1, **message})
            assert (await client.expect("no"))["code"] == "not_joined", message
    for message in ({"type": "resync"}, {"type": "leave", "n": 1}, {"type": "ack", "seq": 0}):
        await stranger.send({"room": chairs[0].room, **message})
        assert (await stranger.expect("no"))["code"] == "not_joined", message


async def test_bots_take_the_lowest_empty_seat_or_the_one_named(server, clients):
    chairs = await sit(clients, server, 1)
    host = chairs[0]
    assert (await host.host("add_bot", seat=2))["type"] == "ok"
    assert (await host.host("add_bot"))["type"] == "ok"
    await host.client.expect_status(host.room, lambda s: kinds(s) == ["human", "bot", "bot", "empty"])
    await refuse(host, ("seat_taken", "refused"), "add_bot", seat=2)
    await host.host("add_bot")
    await refuse(host, ("room_full", "refused"), "add_bot")
    names = [seat["name"] for seat in host.client.status[host.room]["seats"]]
    assert len({name.lower() for name in names}) == 4


@pytest.mark.parametrize("fields", [{"do": "fly"}, {"do": None}, {}, {"do": "add_bot", "seat": 7},
                                    {"do": "add_bot", "seat": "1"}, {"do": "remove"}, {"do": "remove", "seat": -1}])
async def test_a_malformed_host_command_is_refused(server, clients, fields):
    chairs = await sit(clients, server, 1)
    await chairs[0].client.send({"type": "host", "room": chairs[0].room, "n": 1, **fields})
    answer = await chairs[0].client.answer(chairs[0].room, 1)
    assert answer["code"] in ("bad_request", "refused", "seat_taken"), answer


async def test_removing_a_bot_leaves_the_others_in_place(server, clients):
    chairs = await sit(clients, server, 1, bots=3)
    assert (await chairs[0].host("remove", seat=1))["type"] == "ok"
    await chairs[0].client.expect_status(chairs[0].room, lambda s: kinds(s) == ["human", "empty", "bot", "bot"])


async def test_a_removed_player_hears_bye_4503_and_the_secret_is_dead(server, clients):
    chairs = await sit(clients, server, 2)
    host, ben = chairs
    assert (await host.host("remove", seat=1))["type"] == "ok"
    bye = await ben.client.expect("bye")
    assert (bye["code"], bye["action"]) == (4503, "stop") and bye.get("room") in (None, host.room)
    assert await ben.client.expect_close() == 4503, "no room is left"
    answer = await ben.back(clients, server)
    assert (answer["type"], answer["code"]) == ("no", "bad_secret")
    assert (await ben.client.join(host.room, "Ben")).seat == 1, "the seat is free again"


async def test_a_removed_player_keeps_its_other_rooms(server, clients):
    chairs = await sit(clients, server, 2)
    own = await chairs[1].client.create("Ben")
    await chairs[0].host("remove", seat=1)
    bye = await chairs[1].client.expect("bye")
    assert (bye["code"], bye["room"]) == (4503, chairs[0].room)
    await chairs[1].client.barrier()
    assert (await chairs[1].client.host(own, "add_bot"))["type"] == "ok"


async def test_a_closed_room_is_over_for_all_and_gone(server, clients):
    chairs = await sit(clients, server, 3)
    watcher = await clients.open(server)
    await watcher.watch(chairs[0].room)
    await chairs[0].client.send(chairs[0].seat.command("host", do="close"))
    for client in [*(chair.client for chair in chairs), watcher]:
        bye = await client.expect("bye")
        assert (bye["code"], bye["action"]) == (4504, "stop")
        assert await client.expect_close() == 4504
    assert any(m["type"] == "ok" for _, m in chairs[0].client.heard if m.get("n") == 1), "close has its ok"
    late = await clients.open(server)
    for kind, fields in (("join", {"name": "Eve"}), ("watch", {})):
        assert (await late.request(kind, room=chairs[0].room, **fields))["code"] == "room_gone"
    answer = await chairs[1].back(clients, server)
    assert (answer["type"], answer["code"]) == ("no", "room_gone")


async def test_a_gone_room_is_forgotten_after_its_time(launch, clients):
    server = launch(config={"rooms": {"gone_ms": 300}})
    chairs = await sit(clients, server, 1)
    await chairs[0].host("close")
    await chairs[0].client.expect_close()
    codes = []
    for _ in range(20):
        late = await clients.open(server)
        codes.append((await late.request("watch", room=chairs[0].room))["code"])
        if codes[-1] == "room_not_found":
            break
        await late.expect_none("bye", for_s=0.1)
    assert codes[0] == "room_gone" and codes[-1] == "room_not_found"


async def test_an_abandoned_room_closes(launch, clients):
    server = launch(config={"rooms": {"abandoned_ms": 1000, "waiting_grace_ms": 60_000}})
    chairs = await sit(clients, server, 1, bots=3)
    watcher = await clients.open(server)
    await watcher.watch(chairs[0].room)
    await chairs[0].cut()
    bye = await watcher.expect("bye")
    assert (bye["code"], bye["action"]) == (4504, "stop")
    assert (await chairs[0].back(clients, server))["code"] == "room_gone"


async def test_leave_before_the_start_frees_the_seat_and_passes_the_host_on(server, clients):
    chairs = await sit(clients, server, 3)
    ana, ben, cho = chairs
    assert (await ana.client.leave(ana.seat))["type"] == "ok"
    status = await cho.client.expect_status(ana.room, lambda s: s["seats"][0]["kind"] == "empty")
    status = await cho.client.expect_status(ana.room, lambda s: s["host"] == 1)
    assert status["state"] == "waiting"
    assert (await ben.host("add_bot"))["type"] == "ok"
    await ana.client.barrier()
    answer = await ana.back(clients, server)
    assert (answer["type"], answer["code"]) == ("no", "bad_secret")


async def test_leave_in_play_gives_the_seat_to_a_bot_for_good(server, clients):
    chairs = await start(clients, server, 3)
    ana, ben, cho = chairs
    assert (await ana.client.leave(ana.seat))["type"] == "ok"
    status = await ben.client.expect_status(ana.room, lambda s: s["seats"][0]["kind"] == "bot")
    status = await ben.client.expect_status(ana.room, lambda s: s["host"] == 1)
    answer = await ana.back(clients, server)
    assert (answer["type"], answer["code"]) == ("no", "bad_secret")
    await play_to_phase([ben, cho], "turn")
    assert status["state"] == "playing"


async def test_who_left_hears_nothing_more(server, clients):
    chairs = await sit(clients, server, 2)
    await chairs[1].client.leave(chairs[1].seat)
    heard = len(chairs[1].client.heard)
    await chairs[0].host("add_bot")
    await chairs[1].client.barrier()
    assert [m["type"] for _, m in chairs[1].client.heard[heard:] if m["type"] != "room"] == ["pong"]


async def test_the_host_right_passes_on_after_the_grace_time(launch, clients):
    server = launch(config=FAST)
    chairs = await start(clients, server, 3)
    await chairs[0].cut()
    dropped = await chairs[1].client.expect_status(chairs[0].room, lambda s: not s["seats"][0]["connected"])
    assert dropped["host"] == 0, "not before the grace time"
    status = await chairs[1].client.expect_status(chairs[0].room, lambda s: s["host"] == 1)
    assert status["seats"][0]["kind"] == "bot"


async def test_a_drop_before_the_start_frees_the_seat_after_its_time(launch, clients):
    server = launch(config=FAST)
    chairs = await sit(clients, server, 2)
    await chairs[1].cut()
    status = await chairs[0].client.expect_status(
        chairs[0].room, lambda s: s["seats"][1]["kind"] == "human" and not s["seats"][1]["connected"])
    assert status["seats"][1]["grace_ms"] <= 900
    await chairs[0].client.expect_status(chairs[0].room, lambda s: s["seats"][1]["kind"] == "empty")
    answer = await chairs[1].back(clients, server)
    assert (answer["type"], answer["code"]) == ("no", "bad_secret")


async def test_a_return_before_the_start_keeps_the_seat(launch, clients):
    server = launch(config=FAST)
    chairs = await sit(clients, server, 2)
    await chairs[1].cut()
    await chairs[0].client.expect_status(chairs[0].room, lambda s: not s["seats"][1]["connected"])
    assert (await chairs[1].back(clients, server))["resume"] == "live"
    await chairs[0].client.expect_status(chairs[0].room, lambda s: s["seats"][1]["connected"])


async def test_with_no_human_the_game_pauses_until_one_returns(launch, clients):
    server = launch(config=FAST)
    chairs = await start(clients, server, 1, options={
        "bot_delay_ms": [50, 50], "score_limit": 1000, "round_limit": 100})
    await chairs[0].cut()
    clock = await clients.open(server)
    head, since = -1, 0
    for _ in range(60):  # 50 ms between bots: a second without an event is a pause
        await clock.expect_none("bye", for_s=0.2)
        now = server.state(chairs[0].room)["seq"]
        since, head = (since + 1, head) if now == head else (0, now)
        if since >= 6:
            break
    assert since >= 6, "bots play on for nobody"
    await chairs[0].back(clients, server)
    await chairs[0].client.until(lambda: chairs[0].seat.seq >= head)
    await chairs[0].client.expect_status(chairs[0].room, lambda s: s["seats"][0]["kind"] == "human")
    if chairs[0].player.is_due:
        await chairs[0].move()
    await chairs[0].client.until(lambda: chairs[0].seat.seq > head)


async def test_chat_reaches_everybody_in_the_room_and_the_sender(server, clients):
    chairs = await sit(clients, server, 2)
    watcher = await clients.open(server)
    await watcher.watch(chairs[0].room)
    await chairs[1].client.send({"type": "chat", "room": chairs[0].room, "text": "good luck 🙂"})
    for client in (chairs[0].client, chairs[1].client, watcher):
        chat = await client.expect("chat")
        assert (chat["seat"], chat["name"], chat["text"]) == (1, "Ben", "good luck 🙂")
        assert chat["at"] > 0 and chat["room"] == chairs[0].room


@pytest.mark.parametrize("text", ["", "x" * 501, 5, None])
async def test_a_chat_of_the_wrong_length_is_refused(server, clients, text):
    chairs = await sit(clients, server, 1)
    await chairs[0].client.send({"type": "chat", "room": chairs[0].room, "text": text})
    assert (await chairs[0].client.expect("no"))["code"] == "bad_request"
    await chairs[0].client.send({"type": "chat", "room": chairs[0].room, "text": "x" * 500})
    await chairs[0].client.expect("chat")


async def test_the_status_says_whom_the_room_waits_for(server, clients):
    chairs = await start(clients, server, 4)
    await play_to_phase(chairs, "turn")
    await settle(chairs)
    turn = due(chairs)
    status = await chairs[0].client.expect_status(
        turn.room, lambda s: (s.get("waiting_on") or {}).get("seats") == [turn.seat.seat])
    waiting = status["waiting_on"]
    assert waiting["for"] and waiting["since"] > 0
    assert 0 < waiting["deadline"] - waiting["since"] <= 60_000
    try:
        await turn.move()
    except Closed:
        pytest.fail("the mover was closed")
