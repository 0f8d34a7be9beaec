"""Judges a raw event log of Liap Tui: is it a legal game from the deal to the ranking?"""

from collections import Counter

from pieces import DECK, POINTS, holds, is_weak, legal_declarations, play_type, ranking, score, strength


class Foul(AssertionError):
    """The log breaks a rule."""


class Referee:
    """Follows one game event by event. `finished` when the ranking has been announced."""

    def __init__(self, score_limit: int = 50, round_limit: int = 20, scope: str = "base"):
        self.score_limit, self.round_limit, self.scope = score_limit, round_limit, scope
        self.seq = 0
        self.round = 0
        self.multiplier = 1
        self.hands: list[list[str]] = [[], [], [], []]
        self.totals = [0] * 4
        self.streaks = [0] * 4
        self.declared: dict[int, int] = {}
        self.captured = [0] * 4
        self.plays: list[tuple[int, list[str]]] = []
        self.votes: dict[int, bool] = {}
        self.weak: list[int] = []
        self.redealer: int | None = None
        self.redealing = False
        self.last_winner: int | None = None
        self.leader: int | None = None
        self.order: list[int] = []
        self.expects = {"dealt"}
        self.finished = False
        self.counts: Counter = Counter()

    def check(self, log: list[dict]) -> "Referee":
        """Judges entries of the admin log (`{seq, event}`), which may come in several calls."""
        for entry in log:
            self._require(entry["seq"] == self.seq + 1, f"seq {entry['seq']} after {self.seq}")
            self.judge(entry["event"])
            self.seq = entry["seq"]
        return self

    def judge(self, event: dict) -> None:
        kind = event["kind"]
        self._require(kind in self.expects, f"{kind} where one of {sorted(self.expects)} may come: {event}")
        getattr(self, f"_{kind}")(event)
        self.counts[kind] += 1

    def _require(self, condition: bool, foul: str) -> None:
        if not condition:
            raise Foul(f"after seq {self.seq}, round {self.round}: {foul}")

    @staticmethod
    def rotation(first: int) -> list[int]:
        return [(first + i) % 4 for i in range(4)]

    def _dealt(self, event: dict) -> None:
        if not self.redealing:
            self.round += 1
            self.multiplier, self.redealer = 1, None
        self._require(event["round"] == self.round, f"dealt round {event['round']}, not {self.round}")
        self._require(event["multiplier"] == self.multiplier,
                      f"multiplier {event['multiplier']}, not {self.multiplier}")
        hands = event["hands"]
        self._require(len(hands) == 4 and all(len(hand) == 8 for hand in hands), "not four hands of eight")
        self._require(sum(map(Counter, hands), Counter()) == DECK, "the hands are not the whole set")
        self._require(all(self._is_sorted(hand) for hand in hands), "a hand is not sorted by points")
        weak = [seat for seat in range(4) if is_weak(hands[seat])]
        self._require(sorted(event["weak"]) == weak, f"weak {event['weak']}, not {weak}")
        self.hands = [list(hand) for hand in hands]
        self.weak, self.votes = weak, {}
        self.redealing = False
        self.expects = {"redeal_voted"} if weak else {"round_started"}

    @staticmethod
    def _is_sorted(hand: list[str]) -> bool:
        points = [POINTS[piece] for piece in hand]
        return points == sorted(points, reverse=True)

    def _redeal_voted(self, event: dict) -> None:
        seat = event["seat"]
        self._require(seat in self.weak and seat not in self.votes, f"seat {seat} may not vote")
        self.votes[seat] = event["accept"]
        if len(self.votes) == len(self.weak):
            self.expects = {"redealt"} if any(self.votes.values()) else {"round_started"}

    def _redealt(self, event: dict) -> None:
        current = self.redealer if self.redealer is not None else self.last_winner or 0
        first = next(seat for seat in self.rotation(current) if self.votes.get(seat))
        self._require(event["starter"] == first, f"redeal starter {event['starter']}, not {first}")
        self.multiplier += 1
        self._require(event["multiplier"] == self.multiplier,
                      f"multiplier {event['multiplier']}, not {self.multiplier}")
        self.redealer = first
        self.redealing = True
        self.expects = {"dealt"}

    def _starter(self) -> tuple[int, str]:
        if self.redealer is not None:
            return self.redealer, "accepted_redeal"
        if self.round == 1:
            return next(s for s in range(4) if "GENERAL_RED" in self.hands[s]), "has_general_red"
        if self.last_winner is not None:
            return self.last_winner, "won_last_turn"
        return 0, "default"

    def _round_started(self, event: dict) -> None:
        starter, reason = self._starter()
        self._require((event["starter"], event["reason"]) == (starter, reason),
                      f"starter {event['starter']} {event['reason']}, not {starter} {reason}")
        self._require(event["round"] == self.round, f"round {event['round']} started, not {self.round}")
        self._require(event["order"] == self.rotation(starter), f"order {event['order']}")
        self.order, self.leader = event["order"], starter
        self.declared, self.captured, self.plays = {}, [0] * 4, []
        self.expects = {"declared"}

    def _declared(self, event: dict) -> None:
        seat, value = event["seat"], event["value"]
        turn = self.order[len(self.declared)]
        self._require(seat == turn, f"seat {seat} declared, it is seat {turn}'s turn")
        legal = legal_declarations([*self.declared.values()], self.streaks[seat])
        self._require(value in legal, f"declared {value}, legal are {legal}")
        self.declared[seat] = value
        self.streaks[seat] = self.streaks[seat] + 1 if value == 0 else 0
        if len(self.declared) == 4:
            self.expects = {"played"}

    def _played(self, event: dict) -> None:
        seat, pieces = event["seat"], event["pieces"]
        turn = self.rotation(self.leader)[len(self.plays)]
        self._require(seat == turn, f"seat {seat} played, it is seat {turn}'s turn")
        self._require(event["count"] == len(pieces) and 1 <= len(pieces) <= 6, f"count {event['count']} of {pieces}")
        self._require(holds(self.hands[seat], pieces), f"seat {seat} does not hold {pieces}")
        kind = play_type(pieces)
        if self.plays:
            lead = self.plays[0][1]
            self._require(len(pieces) == len(lead), f"{len(pieces)} pieces answer {len(lead)}")
            shown = kind if kind == play_type(lead) else "DISCARD"
        else:
            self._require(kind is not None, f"led an invalid {pieces}")
            shown = kind
        self._require(event["play"] == shown, f"play {event['play']}, not {shown}")
        for piece in pieces:
            self.hands[seat].remove(piece)
        self.plays.append((seat, pieces))
        if len(self.plays) == 4:
            self.expects = {"turn_ended"}

    def _turn_ended(self, event: dict) -> None:
        winner, held = self.plays[0]
        size = len(held)
        for seat, pieces in self.plays[1:]:
            if play_type(pieces) == play_type(held) and strength(pieces) > strength(held):
                winner, held = seat, pieces
        self.captured[winner] += size
        self._require((event["winner"], event["piles"]) == (winner, size),
                      f"winner {event['winner']} of {event['piles']}, not {winner} of {size}")
        self._require(event["captured"] == self.captured, f"captured {event['captured']}, not {self.captured}")
        self.leader = self.last_winner = winner
        self.plays = []
        self.expects = {"played"} if self.hands[winner] else {"round_ended"}

    def _round_ended(self, event: dict) -> None:
        self._require(sum(self.captured) == 8 and not any(self.hands), "a round has eight piles")
        scores = sorted(event["scores"], key=lambda line: line["seat"])
        for seat in range(4):
            base, gained = score(self.declared[seat], self.captured[seat], self.multiplier, self.scope)
            self.totals[seat] += gained
            wanted = {"seat": seat, "declared": self.declared[seat], "captured": self.captured[seat], "base": base,
                      "multiplier": self.multiplier, "gained": gained, "total": self.totals[seat]}
            self._require(scores[seat] == wanted, f"score {scores[seat]}, not {wanted}")
        over = max(self.totals) >= self.score_limit or self.round >= self.round_limit
        self.expects = {"game_ended"} if over else {"dealt"}

    def _game_ended(self, event: dict) -> None:
        wanted = ranking(self.totals)
        self._require(event["ranking"] == wanted, f"ranking {event['ranking']}, not {wanted}")
        best = [line["seat"] for line in wanted if line["rank"] == 1]
        self._require(sorted(event["winners"]) == sorted(best), f"winners {event['winners']}, not {best}")
        reason = "score_limit" if max(self.totals) >= self.score_limit else "round_limit"
        self._require(event["reason"] == reason, f"reason {event['reason']}, not {reason}")
        self.finished = True
        self.expects = set()
