"""The auditor of the kill -9 harness itself: every way of losing or doubling something is noticed."""

import copy
from types import SimpleNamespace

import pytest

from auditor import Auditor
from crew import OPTIONS, Book
from projection import projected
from referee import Foul
from seat import Seat
from test_referee import Table


class Stored:
    """A server that has just this log."""

    def __init__(self, log: list[dict]):
        self.log = log

    def events(self, room: str) -> list[dict]:
        return copy.deepcopy(self.log)

    def state(self, room: str) -> dict:
        return {"seq": len(self.log)}


def action(event: dict) -> dict | None:
    """The action that caused an event."""
    return {"declared": lambda: {"kind": "declare", "value": event["value"]},
            "redeal_voted": lambda: {"kind": "vote_redeal", "accept": event["accept"]},
            "played": lambda: {"kind": "play", "pieces": event["pieces"]}}.get(event["kind"], lambda: None)()


def told_all() -> tuple[list[dict], Book]:
    """A finished game and four seats that were told all of it and had every command answered."""
    log = Table(4, OPTIONS["score_limit"], OPTIONS["round_limit"]).play()
    book = Book("ROOM0000", bots=0)
    for number in range(4):
        seat = Seat("ROOM0000", number, "s" * 22, "e", len(log))
        seat.told = {entry["seq"]: projected(entry["event"], number) for entry in log}
        for entry in log:
            if entry["event"].get("seat") == number:
                n = len(seat.accepted) + 1
                seat.accepted[n] = {"type": "act", "n": n, "action": action(entry["event"])}
                seat.ok_seq[n] = entry["seq"]
        book.seats.append(seat)
    return log, book


async def audit(log: list[dict], book: Book, before: list[dict] | None = None) -> Auditor:
    auditor = Auditor(SimpleNamespace(books=[book]), Stored(before or log))
    if before:
        await auditor.audit(quiet=False)
        auditor.server = Stored(log)
    await auditor.audit(quiet=True)
    return auditor


async def test_a_faithful_log_has_no_fault():
    log, book = told_all()
    auditor = await audit(log, book)
    assert (auditor.lost, auditor.double, auditor.changed, auditor.finished) == ([], [], [], 1)


@pytest.mark.parametrize("missing", [1, 2, 17])
async def test_a_lost_tail_is_noticed(missing):
    log, book = told_all()
    auditor = await audit(log[:-missing], book)
    assert auditor.lost


async def test_another_event_under_a_number_that_was_told_is_noticed():
    log, book = told_all()
    position = next(i for i, entry in enumerate(log) if entry["event"]["kind"] == "declared")
    book.seats[0].told[position + 1] = {**log[position]["event"], "value": 9}
    assert (await audit(log, book)).lost


async def test_a_command_answered_ok_and_not_in_the_log_is_noticed():
    log, book = told_all()
    seat = book.seats[2]
    seat.accepted[len(seat.accepted) + 1] = {"type": "act", "action": {"kind": "declare", "value": 3}}
    assert (await audit(log, book)).lost


async def test_a_command_counted_twice_is_noticed():
    log, book = told_all()
    seat = book.seats[1]
    last = max(seat.accepted)
    if seat.accepted[last]["action"] != seat.accepted[last - 1]["action"]:
        seat.accepted.pop(last)
    auditor = await audit(log, book)
    assert auditor.double, "the log holds more than was accepted or is pending"


async def test_a_pending_command_may_have_counted_once():
    log, book = told_all()
    seat = book.seats[1]
    last = max(seat.accepted)
    seat.pending[last] = seat.accepted.pop(last)
    seat.ok_seq.pop(last)
    auditor = await audit(log, book)
    assert auditor.lost + auditor.double == []


async def test_a_changed_past_is_noticed():
    log, book = told_all()
    forged = copy.deepcopy(log)
    forged[0]["at"] = 5
    auditor = await audit(forged, book, before=log)
    assert auditor.changed


async def test_an_illegal_continuation_is_noticed():
    log, book = told_all()
    doubled = [*log[:9], copy.deepcopy(log[8]), *log[9:]]
    renumbered = [{"seq": i, "event": entry["event"]} for i, entry in enumerate(doubled, start=1)]
    with pytest.raises(Foul):
        await audit(renumbered, book)
