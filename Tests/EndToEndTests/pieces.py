"""The pieces of Liap Tui and what may be made of them: written from the rules, sharing nothing with the server."""

from collections import Counter
from itertools import combinations

VALUES = {"GENERAL": 14, "ADVISOR": 12, "ELEPHANT": 10, "CHARIOT": 8, "HORSE": 6, "CANNON": 4, "SOLDIER": 2}
COPIES = {"GENERAL": 1, "SOLDIER": 5}
UPPER, LOWER = ("GENERAL", "ADVISOR", "ELEPHANT"), ("CHARIOT", "HORSE", "CANNON")
POINTS = {f"{name}_{colour}": value - (colour == "BLACK")
          for name, value in VALUES.items() for colour in ("RED", "BLACK")}
DECK = Counter({kind: COPIES.get(kind.split("_")[0], 2) for kind in POINTS})
NAMED_BY_SIZE = {3: "THREE_OF_A_KIND", 4: "FOUR_OF_A_KIND", 5: "FIVE_OF_A_KIND"}


def in_order(pieces) -> list[str]:
    """Points descending: the order of a hand on the wire."""
    return sorted(pieces, key=POINTS.__getitem__, reverse=True)


def play_type(pieces) -> str | None:
    """Type of a set of pieces, None when they form nothing."""
    if len({piece.split("_")[1] for piece in pieces}) != 1:
        return None
    names = Counter(piece.split("_")[0] for piece in pieces)
    size = len(pieces)
    if size == 1:
        return "SINGLE"
    if size == 2:
        return "PAIR" if len(names) == 1 else None
    if set(names) == {"SOLDIER"}:
        return NAMED_BY_SIZE.get(size)
    counts = sorted(names.values())
    if set(names) == set(UPPER):
        return {(1, 1, 1): "STRAIGHT", (1, 1, 2): "EXTENDED_STRAIGHT",
                (1, 2, 2): "EXTENDED_STRAIGHT_5"}.get(tuple(counts))
    if set(names) == set(LOWER):
        return {(1, 1, 1): "STRAIGHT", (1, 1, 2): "EXTENDED_STRAIGHT", (1, 2, 2): "EXTENDED_STRAIGHT_5",
                (2, 2, 2): "DOUBLE_STRAIGHT"}.get(tuple(counts))
    return None


def strength(pieces) -> int:
    """What is compared within a type; extended straights count one piece of each name."""
    if play_type(pieces) in ("EXTENDED_STRAIGHT", "EXTENDED_STRAIGHT_5"):
        return sum(POINTS[piece] for piece in set(pieces))
    return sum(POINTS[piece] for piece in pieces)


def is_weak(hand) -> bool:
    return max(POINTS[piece] for piece in hand) <= 9


def holds(hand, pieces) -> bool:
    return not Counter(pieces) - Counter(hand)


def valid_plays(hand, size: int | None = None) -> list[tuple[str, ...]]:
    """All combinations in a hand that form something."""
    sizes = [size] if size else range(1, min(6, len(hand)) + 1)
    found = {pieces for s in sizes for pieces in combinations(in_order(hand), s) if play_type(pieces)}
    return sorted(found, key=lambda pieces: (len(pieces), strength(pieces)))


def legal_declarations(earlier: list[int], zero_streak: int) -> list[int]:
    values = range(1 if zero_streak >= 2 else 0, 9)
    return [v for v in values if len(earlier) < 3 or sum(earlier) + v != 8]


def score(declared: int, captured: int, multiplier: int, scope: str = "base") -> tuple[int, int]:
    """(base score, points gained with the multiplier)."""
    if declared == captured:
        base = declared + 5 if declared else 3
        on_base = declared * multiplier + 5 if declared else 3
    else:
        base = -captured if declared == 0 else -abs(declared - captured)
        on_base = base * multiplier
    return base, base * multiplier if scope == "total" else on_base


def ranking(totals: list[int]) -> list[dict]:
    """Descending, equal totals share a rank, the lower seat is named first."""
    order = sorted(range(len(totals)), key=lambda seat: (-totals[seat], seat))
    return [{"seat": s, "total": totals[s], "rank": 1 + sum(t > totals[s] for t in totals)} for s in order]
