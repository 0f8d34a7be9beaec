"""PROTOCOL.md §7: Liap Tui on the wire."""

import pytest

from pieces import DECK, in_order, is_weak, play_type
from projection import differences
from referee import Referee
from table import due, play_one, play_to_phase, play_to_the_end, play_until, settle, start, start_with_a_vote

VIEW = {"phase", "round", "multiplier", "starter", "leader", "required", "to_act", "hand", "seats", "plays", "legal"}


@pytest.mark.parametrize("options", [
    {"score_limit": 0}, {"score_limit": 1001}, {"score_limit": "50"}, {"score_limit": 1.5}, {"round_limit": 0},
    {"round_limit": 101}, {"multiplier_scope": "all"}, {"multiplier_scope": 1}, {"vote_ms": 99}, {"vote_ms": 3600001},
    {"turn_ms": 99}, {"turn_ms": 3600001}, {"bot_delay_ms": [2, 1]}, {"bot_delay_ms": [1]}, {"bot_delay_ms": [-1, 5]},
    {"bot_delay_ms": [0, 60001]}, {"bot_delay_ms": 5}, {"bot_delay_ms": [1, 2, 3]}, {"reveal_ms": -1},
    {"reveal_ms": 60001}, {"colour": "red"}, {"score_limit": None}, {"score_limit": True}, {"seed": "x"}])
async def test_an_option_out_of_range_or_unknown_is_a_bad_request(server, clients, options):
    client = await clients.open(server)
    answer = await client.request("create", game="liap-tui", name="Ana", options=options)
    assert (answer["type"], answer.get("code")) == ("no", "bad_request"), answer


@pytest.mark.parametrize("options", [
    {}, {"score_limit": 1}, {"score_limit": 1000}, {"round_limit": 1}, {"round_limit": 100},
    {"multiplier_scope": "total"}, {"vote_ms": 100, "turn_ms": 3600000}, {"bot_delay_ms": [0, 60000]},
    {"reveal_ms": 60000}])
async def test_an_option_in_range_is_taken(server, clients, options):
    client = await clients.open(server)
    answer = await client.request("create", game="liap-tui", name="Ana", options=options)
    assert answer["type"] == "joined", answer


async def test_a_seed_needs_leave_and_is_never_told(server, launch, clients):
    strict = launch()
    client = await clients.open(strict)
    answer = await client.request("create", game="liap-tui", name="Ana", options={"seed": 1})
    assert (answer["type"], answer.get("code")) == ("no", "bad_request")
    hands = []
    for _ in range(2):
        chairs = await start(clients, server, 1, options={"seed": 987654321, "bot_delay_ms": [60000, 60000]})
        hands.append(server.events(chairs[0].room)[0]["event"]["hands"])
        assert not any("987654321" in frame for frame in chairs[0].client.frames)
    assert hands[0] == hands[1], "the same seed deals the same hands"


async def test_without_a_seed_every_deal_differs(server, clients):
    hands = []
    for _ in range(3):
        chairs = await start(clients, server, 1, options={"bot_delay_ms": [60000, 60000]})
        hands.append(server.events(chairs[0].room)[0]["event"]["hands"])
    assert hands[0] != hands[1] != hands[2]


async def test_a_view_has_what_the_protocol_names(server, clients):
    chairs = await start(clients, server, 4)
    await play_to_phase(chairs, "turn")
    await settle(chairs)
    for chair in chairs:
        view = await chair.fresh_view()
        assert set(view) >= VIEW, set(view) ^ VIEW
        assert view["phase"] == "turn" and len(view["hand"]) == 8 and view["hand"] == in_order(view["hand"])
        assert [line["hand_count"] for line in view["seats"]] == [8] * 4
        assert set(view["seats"][0]) >= {"seat", "hand_count", "declared", "captured", "total", "zero_streak"}
        assert view["legal"]["declare"] == []
    turn = due(chairs)
    assert (await turn.fresh_view())["to_act"] == [turn.seat.seat]


async def test_legal_names_the_declarations_that_are_accepted(server, clients):
    chairs = await start(clients, server, 4)
    await play_to_phase(chairs, "declaration")
    for _ in range(4):
        await settle(chairs)
        turn = due(chairs)
        view = await turn.fresh_view()
        assert view["legal"]["declare"] == [action["value"] for action in turn.player.legal()]
        await turn.move()


async def test_the_view_agrees_with_the_events_all_through_a_game(server, clients):
    chairs = await start(clients, server, 4, options={"score_limit": 1000, "round_limit": 2})
    steps = 0
    while chairs[0].player.phase != "finished":
        await play_one(chairs)
        steps += 1
        if steps % 5 == 0 and chairs[0].player.phase != "finished":
            await settle(chairs)
            await chairs[steps % 4].fresh_view()


async def test_refusals_of_a_declaration(server, clients):
    chairs = await start(clients, server, 4)
    await play_to_phase(chairs, "declaration")
    await settle(chairs)
    turn = due(chairs)
    for value in (9, -1, 100, "3", 1.5, None, True, [1]):
        await turn.refused("bad_request", "declare", value=value)
    other = next(chair for chair in chairs if chair is not turn)
    await other.refused("not_your_turn", "declare", value=1)
    await turn.refused("wrong_phase", "play", pieces=turn.player.hand[:1])
    await turn.refused("wrong_phase", "vote_redeal", accept=True)
    await turn.act("declare", value=2)
    await settle(chairs)
    await turn.refused("not_your_turn", "declare", value=2)
    await due(chairs).act("declare", value=2)
    await settle(chairs)
    await due(chairs).act("declare", value=2)
    await settle(chairs)
    last = due(chairs)
    await last.refused("liap-tui/declare_total", "declare", value=2)
    assert (await last.act("declare", value=3))["type"] == "ok"


async def test_refusals_of_a_play(server, clients):
    chairs = await start(clients, server, 4)
    await play_to_phase(chairs, "turn")
    await settle(chairs)
    leader = due(chairs)
    hand = leader.player.hand
    foreign = next(kind for kind in DECK if kind not in hand)
    for pieces in ([], hand[:7], "GENERAL_RED", [1], ["GENERAL"], ["GENERAL_RED(14)"], None, [None]):
        await leader.refused("bad_request", "play", pieces=pieces)
    await leader.refused("liap-tui/not_in_hand", "play", pieces=[foreign])
    single = next(kind for kind in hand if hand.count(kind) == 1)
    await leader.refused("liap-tui/not_in_hand", "play", pieces=[single, single])
    pair = next([a, b] for a in hand for b in hand if a.split("_")[0] != b.split("_")[0] and play_type([a, b]) is None)
    await leader.refused("liap-tui/invalid_lead", "play", pieces=pair)
    await leader.refused("wrong_phase", "declare", value=1)
    follower = chairs[(leader.seat.seat + 1) % 4]
    await follower.refused("not_your_turn", "play", pieces=follower.player.hand[:1])
    await leader.act("play", pieces=hand[:1])
    await settle(chairs)
    await follower.refused("liap-tui/wrong_count", "play", pieces=follower.player.hand[:2])
    await leader.refused("not_your_turn", "play", pieces=leader.player.hand[:1])
    assert (await follower.act("play", pieces=follower.player.hand[:1]))["type"] == "ok"


@pytest.mark.within(120)
async def test_a_third_zero_in_a_row_is_refused(server, clients):
    chairs = await start(clients, server, 4, options={"score_limit": 1000, "round_limit": 3})
    ana = chairs[0]
    for number in (1, 2, 3):
        await play_until(chairs, lambda n=number: ana.player.round == n and ana.player.phase == "declaration")
        await play_until(chairs, lambda: ana.player.is_due)
        if number < 3:
            earlier = list(ana.player.declared.values())
            if len(earlier) == 3 and sum(earlier) == 8:
                return  # zero is forbidden by the total: this deal cannot show it
            assert (await ana.act("declare", value=0))["type"] == "ok"
    await ana.refused("liap-tui/declare_zero", "declare", value=0)
    assert 0 not in (await ana.fresh_view())["legal"]["declare"]


async def test_the_vote_on_a_weak_hand(server, clients):
    chairs = await start_with_a_vote(clients, server)
    voter = due(chairs)
    assert is_weak(voter.player.hand)
    others = [chair for chair in chairs if not chair.player.is_due]
    for other in others:
        await other.refused("not_your_turn", "vote_redeal", accept=True)
    await voter.refused("wrong_phase", "declare", value=1)
    for accept in ("yes", None, 1):
        await voter.refused("bad_request", "vote_redeal", accept=accept)
    weak = [chair for chair in chairs if chair.player.is_due]
    if len(weak) > 1:
        await weak[0].act("vote_redeal", accept=True)
        await weak[0].refused("liap-tui/already_voted", "vote_redeal", accept=False)
        weak = weak[1:]
    for chair in weak:
        assert (await chair.act("vote_redeal", accept=True))["type"] == "ok"
    await settle(chairs)
    assert chairs[0].player.multiplier == 2
    kinds = [entry["event"]["kind"] for entry in server.events(voter.room)]
    assert kinds[-2:] == ["redealt", "dealt"] or "round_started" in kinds


async def test_a_silent_vote_counts_as_no(server, clients):
    chairs = await start_with_a_vote(clients, server, options={"vote_ms": 1500})
    voter = due(chairs)
    await chairs[0].until(lambda player: player.phase == "declaration", within=10)
    votes = [e["event"] for e in server.events(voter.room) if e["event"]["kind"] == "redeal_voted"]
    assert votes and not any(vote["accept"] for vote in votes)


@pytest.mark.within(120)
@pytest.mark.parametrize("options", [{}, {"multiplier_scope": "total"}, {"score_limit": 1000, "round_limit": 3},
                                     {"score_limit": 1}])
async def test_a_game_of_four_people_is_legal_and_everyone_is_told_the_truth(server, clients, options):
    chairs = await start(clients, server, 4, options=options)
    watcher = await clients.open(server)
    watch = await watcher.watch(chairs[0].room)
    await play_to_the_end(chairs)
    log = server.events(chairs[0].room)
    judge = Referee(options.get("score_limit", 50), options.get("round_limit", 20),
                    options.get("multiplier_scope", "base")).check(log)
    assert judge.finished
    for chair in chairs:
        assert differences(chair.seat.told, log, chair.seat.seat) == []
        assert (await chair.client.expect_status(chair.room, lambda s: s["state"] == "finished"))
        await chair.refused("wrong_phase", "declare", value=1)
    await watcher.until(lambda: watch.seq == log[-1]["seq"])
    assert differences(watch.told, log, None) == []


@pytest.mark.within(120)
async def test_bots_play_a_whole_legal_game(server, clients):
    chairs = await start(clients, server, 1, options={"score_limit": 30})
    await play_to_the_end(chairs)
    assert Referee(score_limit=30).check(server.events(chairs[0].room)).finished
