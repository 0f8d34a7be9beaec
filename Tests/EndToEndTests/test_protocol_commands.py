"""PROTOCOL.md §2: command numbers; §3: where `ok` stands."""

import pytest

from table import due, play_to_phase, settle, sit, start


async def send(chair, *commands: dict) -> None:
    await chair.client.send(*({"room": chair.room, **command} for command in commands))


def bot(n) -> dict:
    return {"type": "host", "n": n, "do": "add_bot"}


def remove(n, seat) -> dict:
    return {"type": "host", "n": n, "do": "remove", "seat": seat}


async def test_a_repeated_number_gets_its_ok_again_and_counts_once(server, clients):
    chairs = await start(clients, server, 4)
    await play_to_phase(chairs, "turn")
    await settle(chairs)
    turn = due(chairs)
    action = turn.player.move()
    command = turn.seat.command("act", action=action)
    await turn.client.send(command)
    first = await turn.client.answer(turn.room, command["n"])
    await settle(chairs)
    head = server.state(turn.room)["seq"]
    for _ in range(3):
        await turn.client.send(command)
        assert await turn.client.answer(turn.room, command["n"]) == first
    other = {**command, "action": {"kind": "declare", "value": 99}}
    await turn.client.send(other)
    assert await turn.client.answer(turn.room, command["n"]) == first, "the number decides, not the content"
    assert server.state(turn.room)["seq"] == head


async def test_a_gap_is_a_bad_number_and_says_what_was_expected(server, clients):
    chairs = await sit(clients, server, 1)
    for n in (2, 3, 100, 2**53):
        await send(chairs[0], bot(n))
        answer = await chairs[0].client.answer(chairs[0].room, n)
        assert (answer["type"], answer["code"], answer["expected"]) == ("no", "bad_number", 1)
    await send(chairs[0], bot(1))
    assert (await chairs[0].client.answer(chairs[0].room, 1))["type"] == "ok"


async def test_after_a_no_the_same_number_is_used_again(server, clients):
    chairs = await sit(clients, server, 1)
    for _ in range(3):
        await send(chairs[0], {"type": "host", "n": 1, "do": "start"})
        assert (await chairs[0].client.answer(chairs[0].room, 1))["code"] == "refused"
    await send(chairs[0], bot(1))
    assert (await chairs[0].client.answer(chairs[0].room, 1))["type"] == "ok"


async def test_a_client_may_send_ahead(server, clients):
    chairs = await sit(clients, server, 1)
    await send(chairs[0], bot(1), bot(2), bot(3), {"type": "host", "n": 4, "do": "start"})
    for n in (1, 2, 3, 4):
        assert (await chairs[0].client.answer(chairs[0].room, n))["type"] == "ok"


async def test_what_follows_a_refused_command_is_a_bad_number(server, clients):
    chairs = await sit(clients, server, 1)
    await send(chairs[0], {"type": "host", "n": 1, "do": "start"}, bot(2), bot(3))
    room = chairs[0].room
    assert (await chairs[0].client.answer(room, 1))["code"] == "refused"
    for n in (2, 3):
        answer = await chairs[0].client.answer(room, n)
        assert (answer["code"], answer["expected"]) == ("bad_number", 1)


async def test_act_host_and_leave_share_one_counter(server, clients):
    chairs = await start(clients, server, 4)
    ana = chairs[0]
    await play_to_phase(chairs, "turn")
    last = ana.seat.last_n
    await send(ana, {"type": "leave", "n": last + 2})
    assert (await ana.client.answer(ana.room, last + 2))["code"] == "bad_number"
    await send(ana, {"type": "leave", "n": last + 1})
    assert (await ana.client.answer(ana.room, last + 1))["type"] == "ok"


async def test_every_seat_has_its_own_counter(server, clients):
    chairs = await sit(clients, server, 2)
    await chairs[0].host("add_bot")
    await send(chairs[1], {"type": "leave", "n": 1})
    assert (await chairs[1].client.answer(chairs[0].room, 1))["type"] == "ok"


@pytest.mark.parametrize("n", [None, "1", 1.5, -1, True, 0, [1], 1e300])
async def test_a_malformed_number_is_refused(server, clients, n):
    chairs = await sit(clients, server, 1)
    await send(chairs[0], bot(n))
    assert (await chairs[0].client.expect("no"))["code"] in ("bad_request", "bad_number")
    await send(chairs[0], {"type": "host", "do": "add_bot"})
    assert (await chairs[0].client.expect("no"))["code"] == "bad_request"
    status = chairs[0].client.status[chairs[0].room]
    assert [seat["kind"] for seat in status["seats"]].count("bot") == 0


@pytest.mark.within(90)
async def test_the_last_32_answers_are_kept(launch, clients):
    server = launch(config={"limits": {"burst": 200, "rate_per_s": 100, "total_per_s": 1000}})
    chairs = await sit(clients, server, 1)
    ana = chairs[0]
    oks = {}
    for n in range(1, 41):
        await send(ana, bot(n) if n % 2 else remove(n, 1))
        oks[n] = await ana.client.answer(ana.room, n)
        assert oks[n]["type"] == "ok", oks[n]
    for n in (9, 20, 40):
        await send(ana, bot(n))
        assert await ana.client.answer(ana.room, n) == oks[n]
    for n in (1, 8):
        await send(ana, bot(n))
        assert (await ana.client.answer(ana.room, n))["code"] == "bad_number"


async def test_ok_comes_in_the_same_message_as_and_after_its_events(server, clients):
    chairs = await start(clients, server, 4)
    for _ in range(12):
        await settle(chairs)
        turn = due(chairs)
        ok = await turn.move()
        heard = turn.client.heard
        at = next(i for i, (_, m) in enumerate(heard) if m["type"] == "ok" and m.get("n") == ok["n"])
        batches = [(i, frame, m) for i, (frame, m) in enumerate(heard[:at])
                   if m["type"] == "events" and m["seq"] - len(m["events"]) < ok["seq"] <= m["seq"]]
        assert batches, f"{ok} came before its events"
        index, frame, batch = batches[-1]
        assert frame == heard[at][0], "ok came in another message than its events"
        assert batch["seq"] == ok["seq"], "ok's seq is not the last of its events"


async def test_others_hear_the_events_and_no_ok(server, clients):
    chairs = await start(clients, server, 4)
    await settle(chairs)
    turn = due(chairs)
    await turn.move()
    await settle(chairs)
    for chair in chairs:
        if chair is not turn:
            await chair.client.barrier()
            oks = [m for _, m in chair.client.heard if m["type"] == "ok"]
            assert len(oks) == len(chair.seat.accepted)


async def test_a_refused_command_causes_no_event(server, clients):
    chairs = await start(clients, server, 4)
    await settle(chairs)
    before = server.state(chairs[0].room)
    other = next(chair for chair in chairs if not chair.player.is_due)
    answer = await other.act("play", pieces=["SOLDIER_RED"])
    assert answer["type"] == "no" and answer["message"] and answer["retry"] is False
    after = server.state(chairs[0].room)
    assert (after["seq"], after["state"]) == (before["seq"], before["state"])


async def test_base_is_accepted_and_not_interpreted(server, clients):
    chairs = await start(clients, server, 4)
    await settle(chairs)
    turn = due(chairs)
    answer = await turn.client.act(turn.seat, turn.player.move(), base=0)
    assert answer["type"] == "ok"


@pytest.mark.parametrize("action", [None, {}, [], "declare", {"kind": 5}, {"kind": "fly"}, {"value": 1},
                                    {"kind": "declare"}, {"kind": "play"}, {"kind": "vote_redeal", "accept": "yes"}])
async def test_a_malformed_action_is_refused(server, clients, action):
    chairs = await start(clients, server, 4)
    turn = due(chairs)
    answer = await turn.client.act(turn.seat, action)
    assert (answer["type"], answer["code"]) == ("no", "bad_request")
    await turn.move()


async def test_events_name_the_same_numbers_for_everyone_and_the_log(server, clients):
    chairs = await start(clients, server, 4)
    await play_to_phase(chairs, "turn")
    await settle(chairs)
    log = {entry["seq"]: entry["event"]["kind"] for entry in server.events(chairs[0].room)}
    for chair in chairs:
        for seq, event in chair.seat.told.items():
            assert event is None or event["kind"] == log[seq]
