"""Plays a seat of Liap Tui from nothing but what that seat is told: the view it joined with and its events."""

import random

from pieces import in_order, legal_declarations, valid_plays


class Player:
    """Own hand, whose turn it is, and a legal move; `seat` None watches."""

    def __init__(self, seat: int | None, rng: random.Random | None = None):
        self.seat = seat
        self.rng = rng or random.Random(seat)
        self.phase = "waiting"
        self.round = 0
        self.multiplier = 1
        self.hand: list[str] = []
        self.counts = [0] * 4
        self.to_act: list[int] = []
        self.order: list[int] = []
        self.declared: dict[int, int] = {}
        self.captured = [0] * 4
        self.totals = [0] * 4
        self.streaks = [0] * 4
        self.leader: int | None = None
        self.required: int | None = None
        self.plays = 0
        self.ranking: list | None = None

    def see(self, view: dict | None) -> "Player":
        """Starts again from a view."""
        if view is None:
            return self
        seats = sorted(view["seats"], key=lambda line: line["seat"])
        self.phase, self.round, self.multiplier = view["phase"], view["round"], view["multiplier"]
        self.hand = in_order(view.get("hand") or [])
        self.to_act = list(view["to_act"])
        self.counts = [line["hand_count"] for line in seats]
        self.captured = [line["captured"] for line in seats]
        self.totals = [line["total"] for line in seats]
        self.streaks = [line["zero_streak"] for line in seats]
        self.declared = {line["seat"]: line["declared"] for line in seats if line["declared"] is not None}
        self.leader, self.required = view["leader"], view["required"]
        self.plays = len(view["plays"])
        self.order = [] if view["starter"] is None else [(view["starter"] + i) % 4 for i in range(4)]
        return self

    def hear(self, event: dict | None) -> "Player":
        if event is not None:
            getattr(self, f"_{event['kind']}")(event)
        return self

    def _dealt(self, event: dict) -> None:
        self.phase, self.round, self.multiplier = "preparation", event["round"], event["multiplier"]
        self.hand = in_order(event.get("hand") or [])
        self.counts, self.captured, self.declared, self.plays = [8] * 4, [0] * 4, {}, 0
        self.to_act = sorted(event["weak"])

    def _redeal_voted(self, event: dict) -> None:
        self.to_act.remove(event["seat"])

    def _redealt(self, event: dict) -> None:
        self.multiplier = event["multiplier"]

    def _round_started(self, event: dict) -> None:
        self.phase, self.order, self.leader = "declaration", event["order"], event["starter"]
        self.to_act = [event["order"][0]]

    def _declared(self, event: dict) -> None:
        seat, value = event["seat"], event["value"]
        self.declared[seat] = value
        self.streaks[seat] = self.streaks[seat] + 1 if value == 0 else 0
        if len(self.declared) < 4:
            self.to_act = [self.order[len(self.declared)]]
        else:
            self.phase, self.to_act, self.plays, self.required = "turn", [self.leader], 0, None

    def _played(self, event: dict) -> None:
        seat = event["seat"]
        self.counts[seat] -= event["count"]
        if seat == self.seat:
            for piece in event["pieces"]:
                self.hand.remove(piece)
        self.required = event["count"]
        self.plays += 1
        self.to_act = [(seat + 1) % 4] if self.plays < 4 else []

    def _turn_ended(self, event: dict) -> None:
        self.captured, self.plays, self.required = event["captured"], 0, None
        if event["winner"] is not None:
            self.leader = event["winner"]
        self.to_act = [self.leader] if self.counts[self.leader] else []

    def _round_ended(self, event: dict) -> None:
        for line in event["scores"]:
            self.totals[line["seat"]] = line["total"]
        self.to_act = []

    def _game_ended(self, event: dict) -> None:
        self.phase, self.ranking, self.to_act = "finished", event["ranking"], []

    @property
    def is_due(self) -> bool:
        return self.seat in self.to_act

    def legal(self) -> list[dict]:
        """Every kind of move that may be made now; discards are represented by a few."""
        if not self.is_due:
            return []
        if self.phase == "preparation":
            return [{"kind": "vote_redeal", "accept": accept} for accept in (True, False)]
        if self.phase == "declaration":
            earlier = [self.declared[seat] for seat in self.order if seat in self.declared]
            return [{"kind": "declare", "value": v} for v in legal_declarations(earlier, self.streaks[self.seat])]
        if self.required is None:
            return [{"kind": "play", "pieces": list(p)} for p in valid_plays(self.hand)]
        shuffled = self.hand[:]
        self.rng.shuffle(shuffled)
        answers = [list(p) for p in valid_plays(self.hand, self.required)]
        return [{"kind": "play", "pieces": p} for p in [*answers, shuffled[:self.required]]]

    def move(self) -> dict | None:
        """A legal action, None when this seat is not asked for one."""
        choices = self.legal()
        return self.rng.choice(choices) if choices else None

    def facts(self) -> dict:
        """What a fresh view must agree with."""
        return {"phase": self.phase, "round": self.round, "multiplier": self.multiplier, "hand": self.hand,
                "to_act": sorted(self.to_act), "counts": self.counts, "captured": self.captured,
                "totals": self.totals, "streaks": self.streaks, "declared": self.declared}
