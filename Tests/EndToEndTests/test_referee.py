"""The referee itself: games of an engine of our own pass, every forged log is caught, the vectors agree."""

import copy
import json
import random

import pytest

from pieces import (DECK, in_order, is_weak, legal_declarations, play_type, ranking, score, strength)
from player import Player
from projection import differences, projected
from referee import Foul, Referee
from server import ROOT

VECTORS = json.loads((ROOT / "Tests/Vectors/liap-tui.json").read_text())["vectors"]


def vectors(kind: str) -> list:
    return [pytest.param(each, id=each["id"]) for each in VECTORS if each["kind"] == kind]


class Table:
    """Four players and a dealer: the smallest engine that makes a log."""

    def __init__(self, seed: int, score_limit: int = 50, round_limit: int = 20):
        self.rng = random.Random(seed)
        self.score_limit, self.round_limit = score_limit, round_limit
        self.log: list[dict] = []
        self.players = [Player(seat, random.Random(seed * 4 + seat)) for seat in range(4)]
        self.totals, self.last_winner = [0] * 4, 0

    def say(self, kind: str, **fields) -> dict:
        event = {"kind": kind, **fields}
        self.log.append({"seq": len(self.log) + 1, "event": event})
        for seat, player in enumerate(self.players):
            player.hear(projected(event, seat))
        return event

    def deal(self, number: int, multiplier: int) -> list[list[str]]:
        deck = list(DECK.elements())
        self.rng.shuffle(deck)
        hands = [in_order(deck[i * 8:i * 8 + 8]) for i in range(4)]
        self.say("dealt", round=number, multiplier=multiplier, hands=hands,
                 weak=[seat for seat in range(4) if is_weak(hands[seat])])
        return hands

    def play_round(self, number: int) -> None:
        multiplier, redealer = 1, None
        hands = self.deal(number, multiplier)
        while any(map(is_weak, hands)):
            accepting = []
            for seat in [s for s in range(4) if is_weak(hands[s])]:
                vote = self.players[seat].move()["accept"]
                self.say("redeal_voted", seat=seat, accept=vote)
                accepting += [seat] * vote
            if not accepting:
                break
            current = self.last_winner if redealer is None else redealer
            redealer = min(accepting, key=lambda seat: (seat - current) % 4)
            multiplier += 1
            self.say("redealt", starter=redealer, multiplier=multiplier)
            hands = self.deal(number, multiplier)
        starter, reason = self.last_winner, "won_last_turn"
        if redealer is not None:
            starter, reason = redealer, "accepted_redeal"
        elif number == 1:
            starter, reason = next(s for s in range(4) if "GENERAL_RED" in hands[s]), "has_general_red"
        self.say("round_started", round=number, starter=starter, reason=reason,
                 order=[(starter + i) % 4 for i in range(4)])
        declared = {}
        for _ in range(4):
            seat = self.players[0].to_act[0]
            declared[seat] = self.players[seat].move()["value"]
            self.say("declared", seat=seat, value=declared[seat])
        captured = [0] * 4
        while any(player.hand for player in self.players):
            self.play_turn(captured)
        lines = []
        for seat in range(4):
            base, gained = score(declared[seat], captured[seat], multiplier)
            self.totals[seat] += gained
            lines.append({"seat": seat, "declared": declared[seat], "captured": captured[seat], "base": base,
                          "multiplier": multiplier, "gained": gained, "total": self.totals[seat]})
        self.say("round_ended", scores=lines)

    def play_turn(self, captured: list[int]) -> None:
        lead, plays = None, []
        for _ in range(4):
            seat = self.players[0].to_act[0]
            pieces = self.players[seat].move()["pieces"]
            lead = lead or play_type(pieces)
            kind = play_type(pieces) if play_type(pieces) == lead else "DISCARD"
            self.say("played", seat=seat, count=len(pieces), play=kind, pieces=pieces)
            plays.append((kind == lead, strength(pieces), -len(plays), seat))
        winner = max(plays)[3]
        captured[winner] += len(pieces)
        self.last_winner = winner
        self.say("turn_ended", winner=winner, piles=len(pieces), captured=captured[:])

    def play(self) -> list[dict]:
        for number in range(1, self.round_limit + 1):
            self.play_round(number)
            if max(self.totals) >= self.score_limit:
                break
        ranks = ranking(self.totals)
        self.say("game_ended", ranking=ranks, winners=[line["seat"] for line in ranks if line["rank"] == 1],
                 reason="score_limit" if max(self.totals) >= self.score_limit else "round_limit")
        return self.log


def forged(log: list[dict], rng: random.Random) -> list[dict] | None:
    """The log with one thing changed that no legal game can contain there."""
    log = copy.deepcopy(log)
    entry = rng.choice(log)
    event = entry["event"]
    field = rng.choice([name for name in event if name != "kind"])
    value = event[field]
    if isinstance(value, bool):
        return None  # a vote may go either way
    if isinstance(value, int):
        event[field] = value + 1
    elif isinstance(value, list) and value:
        event[field] = value[:-1]
    elif isinstance(value, str):
        event[field] = value + "X"
    else:
        return None
    return log


def test_games_of_our_own_engine_are_legal():
    for seed in range(40):
        judge = Referee().check(Table(seed).play())
        assert judge.finished, f"seed {seed}"


def test_small_limits_end_the_game():
    judge = Referee(score_limit=1000, round_limit=2).check(Table(7, 1000, 2).play())
    assert judge.finished and judge.counts["round_ended"] == 2


def test_a_forged_log_is_caught():
    rng, caught, harmless = random.Random(1), 0, 0
    for seed in range(12):
        log = Table(seed).play()
        for _ in range(30):
            lie = forged(log, rng)
            if lie is None:
                continue
            try:
                Referee().check(lie)
                harmless += 1
                changed = next(a["event"] for a, b in zip(lie, log, strict=True) if a != b)
                assert changed["kind"] in ("declared", "redeal_voted"), changed
            except (Foul, KeyError, IndexError):
                caught += 1
    assert caught > 250 and harmless < 20, (caught, harmless)


def test_a_missing_or_doubled_event_is_caught():
    log = Table(3).play()
    for position in range(0, len(log) - 1, 7):
        for events in (log[:position] + log[position + 1:], log[:position + 1] + log[position:]):
            renumbered = [{"seq": i, "event": each["event"]} for i, each in enumerate(events, start=1)]
            with pytest.raises((Foul, KeyError, IndexError)):
                assert Referee().check(renumbered).finished


def test_a_projection_shows_a_seat_its_own_hand_and_nobody_elses():
    log = Table(5).play()
    told = {entry["seq"]: projected(entry["event"], 2) for entry in log}
    assert differences(told, log, 2) == []
    assert differences(told, log, 1) != []
    assert "hand" not in projected(log[0]["event"], None)


@pytest.mark.parametrize("vector", vectors("valid_play"))
def test_play_types_agree_with_the_vectors(vector):
    kind = None if vector["type"] in (None, "INVALID") else vector["type"]
    assert play_type(vector["pieces"]) == kind
    if kind:
        assert strength(vector["pieces"]) == vector["strength"]


@pytest.mark.parametrize("vector", vectors("turn"))
def test_turns_agree_with_the_vectors(vector):
    lead = play_type(vector["plays"][0]["pieces"])
    best = max(enumerate(vector["plays"]), key=lambda at: (
        play_type(at[1]["pieces"]) == lead, strength(at[1]["pieces"]), -at[0]))
    assert best[1]["player"] == vector["winner"]


@pytest.mark.parametrize("vector", vectors("score"))
def test_scores_agree_with_the_vectors(vector):
    arguments = (vector["declared"], vector["captured"], vector["multiplier"])
    assert score(*arguments)[1] == vector["expected"]
    assert score(*arguments, scope="total")[1] == vector["expected_legacy"]


@pytest.mark.parametrize("vector", vectors("declare_options"))
def test_declarations_agree_with_the_vectors(vector):
    assert legal_declarations(vector["prior"], vector["zero_streak"]) == vector["options"]


@pytest.mark.parametrize("vector", vectors("weak_hand"))
def test_weak_hands_agree_with_the_vectors(vector):
    assert is_weak(vector["hand"]) == vector["weak"]
