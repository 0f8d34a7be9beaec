"""PROTOCOL.md §4: resume; drops, grace, return."""

import time

import pytest

from seat import new_secret
from table import due, play_one, play_to_phase, play_to_the_end, play_until, settle, sit, start

FAST = {"rooms": {"quiet_drop_ms": 700, "grace_ms": 1500, "restart_grace_ms": 1500}}
SLOW_BOTS = {"bot_delay_ms": [60000, 60000]}


async def test_nothing_missed_is_live(server, clients):
    chairs = await start(clients, server, 1, options=SLOW_BOTS)
    head = chairs[0].seat.seq
    await chairs[0].cut()
    joined = await chairs[0].back(clients, server)
    assert (joined["resume"], joined["seq"], joined["seat"]) == ("live", head, 0)
    assert "view" not in joined, "`view` comes only with `new`"
    heard = [m["type"] for _, m in chairs[0].client.heard]
    assert heard[:2] == ["welcome", "joined"]
    await chairs[0].client.barrier()
    assert not [m for m in heard if m in ("events", "snapshot")]


async def test_what_was_missed_is_replayed_exactly(server, clients):
    chairs = await start(clients, server, 4)
    await play_to_phase(chairs, "turn")
    await settle(chairs)
    gone = next(chair for chair in chairs if not chair.player.is_due)
    before = gone.seat.seq
    await gone.cut()
    await play_one([chair for chair in chairs if chair is not gone])
    head = server.state(gone.room)["seq"]
    joined = await gone.back(clients, server)
    assert (joined["resume"], joined["seq"]) == ("replayed", head)
    await gone.client.until(lambda: gone.seat.seq == head)
    told = [n for n in gone.seat.told if n > before]
    assert told == list(range(before + 1, head + 1))
    types = [m["type"] for _, m in gone.client.heard]
    assert "snapshot" not in types
    await gone.fresh_view()


async def test_a_gap_beyond_retention_is_a_snapshot(launch, clients):
    server = launch(config={"rooms": {"retention_events": 3}})
    chairs = await start(clients, server, 4)
    gone = chairs[0]
    await play_until(chairs, lambda: gone.seat.seq > 60)   # a smaller gap may be replayed: it is shorter than a view
    await gone.cut()
    gone.seat.seq = 0
    joined = await gone.back(clients, server)
    assert joined["resume"] == "snapshot"
    snapshot = await gone.client.expect("snapshot", reason="resume")
    assert snapshot["seq"] == joined["seq"] and len(snapshot["view"]["hand"]) > 0


async def test_another_epoch_is_a_snapshot(server, clients):
    chairs = await start(clients, server, 1, options=SLOW_BOTS)
    await chairs[0].cut()
    chairs[0].seat.epoch = "another"
    joined = await chairs[0].back(clients, server)
    assert joined["resume"] == "snapshot" and joined["epoch"] != "another"
    assert (await chairs[0].client.expect("snapshot"))["reason"] == "resume"


async def test_a_position_ahead_of_the_head_is_a_snapshot(server, clients):
    chairs = await start(clients, server, 1, options=SLOW_BOTS)
    await chairs[0].cut()
    client = await clients.raw(server)
    await client.send({"type": "hello", "client": {"name": "x", "version": "1"},
                       "resume": [{**chairs[0].seat.key, "seq": 100_000}]})
    joined = await client.until(lambda: next((m for _, m in client.heard if m["type"] == "joined"), None)
                                if not client.breach else {"resume": "breach"})
    heard = next(m for _, m in client.heard if m["type"] == "joined") if joined["resume"] == "breach" else joined
    assert heard["resume"] == "snapshot"


async def test_a_wrong_secret_harms_nobody(server, clients):
    chairs = await start(clients, server, 4)
    ana = chairs[0]
    for secret in (new_secret(), "", "x", None, ana.seat.secret[:-1], ana.seat.secret.swapcase()):
        thief = await clients.raw(server)
        await thief.send({"type": "hello", "client": {"name": "x", "version": "1"},
                          "resume": [{**ana.seat.key, "secret": secret}]})
        await thief.expect("welcome")
        answer = await thief.expect(("no", "joined"))
        if secret is None:
            assert answer["type"] == "no" or answer["seat"] is None, "no secret is no seat"
        else:
            assert (answer["type"], answer["code"], answer["room"]) == ("no", "bad_secret", ana.room)
    await ana.client.barrier()
    await play_to_phase(chairs, "turn")
    assert all(seat["connected"] for seat in ana.client.status[ana.room]["seats"])


async def test_every_resumed_room_gets_one_answer(server, clients):
    client = await clients.open(server)
    first, second, third = [await client.create(name) for name in ("Ana", "Ben", "Cho")]
    await client.cut()
    second.secret = new_secret()
    again = await clients.raw(server)
    await again.send({"type": "hello", "client": {"name": "x", "version": "1"},
                      "resume": [first.key, second.key, {**third.key, "room": "ZZZZZZZZ"}]})
    again._resuming = {first.room: first}
    await again.expect("welcome")
    # Each when it is ready: a room may have to be woken, or to settle a command first.
    answers = [await again.expect(("joined", "no")) for _ in range(3)]
    assert sorted((each["room"], each["type"], each.get("code", "")) for each in answers) == sorted(
        [(first.room, "joined", ""), (second.room, "no", "bad_secret"), ("ZZZZZZZZ", "no", "room_not_found")])
    await again.expect_none(("joined", "no"), for_s=0.2)


async def test_a_watcher_resumes_without_a_secret(server, clients):
    chairs = await start(clients, server, 4)
    client = await clients.open(server)
    watch = await client.watch(chairs[0].room)
    await client.cut()
    await play_one(chairs)
    again = await clients.open(server, resume=[watch])
    joined = await again.expect("joined")
    assert (joined["seat"], joined["secret"], joined["resume"]) == (None, None, "replayed")
    await again.until(lambda: watch.seq == chairs[0].seat.seq)


async def test_the_newest_connection_wins_and_the_old_close_changes_nothing(launch, clients):
    server = launch(config=FAST)
    chairs = await start(clients, server, 4)
    await settle(chairs)
    ana, ben = chairs[0], chairs[1]
    old = ana.client
    rev = ben.client.status[ben.room]["rev"]
    joined = await ana.back(clients, server)
    assert joined["seat"] == 0
    assert await old.expect_close() == 4502
    byes = [m for _, m in old.heard if m["type"] == "bye"]
    assert byes and (byes[-1]["code"], byes[-1]["action"]) == (4502, "stop")
    await ben.client.expect_none("room", for_s=2.5, where=lambda m: m["rev"] > rev and not (
        m["seats"][0]["connected"] and m["seats"][0]["kind"] == "human"))
    await play_to_phase(chairs, "turn")


async def test_a_superseded_connection_keeps_its_other_rooms(server, clients):
    client = await clients.open(server)
    first, second = await client.create("Ana"), await client.create("Ana")
    newer = await clients.open(server, resume=[first])
    await newer.expect("joined")
    bye = await client.expect("bye")
    assert (bye["code"], bye["room"]) == (4502, first.room)
    await client.barrier()
    assert (await client.host(second, "add_bot"))["type"] == "ok"
    await client.send({"type": "host", "room": first.room, "n": 1, "do": "add_bot"})
    assert (await client.expect("no"))["code"] == "not_joined"


async def test_last_n_and_results_settle_what_was_pending(server, clients):
    chairs = await sit(clients, server, 1)
    ana = chairs[0]
    oks = [(await ana.host("add_bot"))["seq"] for _ in range(3)]
    await ana.cut()
    joined = await ana.back(clients, server)
    assert joined["last_n"] == 3
    assert joined["results"] == [{"n": n, "seq": seq} for n, seq in enumerate(oks, start=1)]


async def test_commands_cut_off_before_their_answer_count_once(server, clients):
    chairs = await start(clients, server, 4)
    await play_to_phase(chairs, "turn")
    for _ in range(16):
        await settle(chairs)
        turn = due(chairs)
        command = turn.seat.command("act", action=turn.player.move())
        await turn.client.send(command)
        await turn.cut()
        await turn.back(clients, server)
        await turn.client.until(lambda t=turn, n=command["n"]: n in t.seat.accepted)
        await turn.client.until(lambda t=turn: t.seat.seq >= max(t.seat.ok_seq.values()))
    for chair in chairs:
        acts = [e["event"] for e in server.events(chair.room) if e["event"].get("seat") == chair.seat.seat]
        actions = [c["action"] for _, c in sorted(chair.seat.accepted.items()) if c["type"] == "act"]
        assert len(acts) == len(actions)


async def test_a_short_drop_shows_the_others_nothing(launch, clients):
    server = launch(config=FAST)
    chairs = await start(clients, server, 4)
    await settle(chairs)
    rev = chairs[1].client.status[chairs[0].room]["rev"]
    await chairs[0].cut()
    await chairs[0].back(clients, server)
    await chairs[1].client.expect_none("room", for_s=1.5, where=lambda m: m["rev"] > rev
                                       and not m["seats"][0]["connected"])


@pytest.mark.within(90)
async def test_a_drop_shows_then_a_bot_acts_then_the_player_is_back_at_once(launch, clients):
    server = launch(config=FAST)
    chairs = await start(clients, server, 4)
    await play_to_phase(chairs, "declaration")
    await settle(chairs)
    lost = due(chairs)
    rest = [chair for chair in chairs if chair is not lost]
    began = time.monotonic()
    await lost.cut()
    watching = rest[0].client
    seat = lost.seat.seat
    status = await watching.expect_status(lost.room, lambda s: not s["seats"][seat]["connected"])
    assert time.monotonic() - began >= 0.6, "shown before the quiet time"
    assert status["seats"][seat]["kind"] == "human" and 0 < status["seats"][seat]["grace_ms"] <= 1500
    await watching.expect_status(lost.room, lambda s: s["seats"][seat]["kind"] == "bot")
    assert time.monotonic() - began >= 1.2, "taken over before the grace time"
    await watching.until(lambda: len(rest[0].player.declared) > 0, 10)
    for _ in range(8):
        await play_one(rest)
    joined = await lost.back(clients, server)
    mine = joined["status"]["seats"][seat]
    assert (mine["kind"], mine["connected"]) == ("human", True), "not back at once"
    await watching.expect_status(
        lost.room, lambda s: s["seats"][seat]["kind"] == "human" and s["seats"][seat]["connected"])
    await lost.client.until(lambda: lost.seat.seq >= joined["seq"])
    returned_at = joined["seq"]
    await play_until_seat_is_due(chairs, lost)
    head = lost.seat.seq
    await lost.client.expect_none("events", for_s=1.0, where=lambda m: any(
        e and e.get("seat") == seat for e in m["events"]) and m["seq"] > head)
    await lost.move()
    assert lost.seat.seq > returned_at


async def play_until_seat_is_due(chairs, chair) -> None:
    for _ in range(40):
        await settle(chairs)
        if chair.player.is_due:
            return
        await play_one(chairs)
    raise AssertionError("its turn never came")


async def test_a_timed_out_turn_is_played_by_a_legal_move(launch, clients):
    server = launch()
    chairs = await start(clients, server, 4, options={"turn_ms": 150, "vote_ms": 150})
    await chairs[0].until(lambda player: player.round >= 2, within=30)
    for event in chairs[0].seat.told.values():
        if event["kind"] == "played":
            assert event["count"] >= 1


async def test_a_finished_room_answers_with_its_final_view(server, clients):
    chairs = await start(clients, server, 4, options={"round_limit": 1})
    await play_to_the_end(chairs)
    ana = chairs[0]
    ranking = ana.player.ranking
    head = ana.seat.seq
    await ana.cut()
    ana.seat.epoch = "other"
    joined = await ana.back(clients, server)
    assert (joined["status"]["state"], joined["seq"]) == ("finished", head)
    snapshot = await ana.client.expect("snapshot")
    assert snapshot["view"]["phase"] == "finished" and snapshot["view"]["ranking"] == ranking
    late = await clients.open(server)
    assert (await late.request("watch", room=ana.room))["view"]["ranking"] == ranking
    assert (await late.request("join", room=ana.room, name="Eve"))["code"] in ("wrong_phase", "bad_request")


async def test_a_finished_room_is_gone_after_its_time(launch, clients):
    server = launch(config={"rooms": {"finished_ms": 600}})
    chairs = await start(clients, server, 4, options={"round_limit": 1})
    await play_to_the_end(chairs)
    await chairs[0].cut()
    bye = await chairs[1].client.expect("bye")
    assert (bye["code"], bye["action"]) == (4504, "stop") and await chairs[1].client.expect_close() == 4504
    late = await clients.open(server)
    assert (await late.request("watch", room=chairs[0].room))["code"] == "room_gone"
    answer = await chairs[0].back(clients, server)
    assert answer.get("code") == "room_gone"


async def test_ten_drops_and_returns_leave_everything_right(server, clients):
    chairs = await start(clients, server, 4)
    for turn in range(10):
        chair = chairs[turn % 4]
        await settle(chairs)
        await chair.cut()
        assert (await chair.back(clients, server))["resume"] in ("live", "replayed")
        await play_one(chairs)
    await settle(chairs)
    for chair in chairs:
        await chair.fresh_view()
    status = await chairs[0].client.expect_status(chairs[0].room, lambda s: all(x["connected"] for x in s["seats"]))
    assert [seat["kind"] for seat in status["seats"]] == ["human"] * 4 and status["host"] == 0
