"""Compares what clients were told with what the server still knows."""

import asyncio

from crew import OPTIONS, Book, Crew
from projection import differences
from referee import Referee
from server import Server


class Auditor:
    """Reads the log of each room after a restart; keeps what it read, so that a changed past shows."""

    def __init__(self, crew: Crew, server: Server):
        self.crew, self.server = crew, server
        self.logs: dict[str, list[dict]] = {}
        self.judges: dict[str, Referee] = {}
        self.lost: list[str] = []
        self.double: list[str] = []
        self.changed: list[str] = []

    async def audit(self, *, quiet: bool, everything: bool = False) -> None:
        """`quiet`: no client is connected, so the log may hold at most what is pending beyond what was told."""
        for book in self.crew.books if everything else self.crew.books[-2:]:
            told = [(seat, dict(seat.told), dict(seat.accepted), dict(seat.ok_seq), dict(seat.pending))
                    for seat in book.seats]
            log = await asyncio.to_thread(self.server.events, book.room)
            state = await asyncio.to_thread(self.server.state, book.room)
            self._compare_with_before(book, log)
            for seat, events, accepted, oks, pending in told:
                self.lost += [f"{book.room}: {fault}" for fault in differences(events, log, seat.seat)]
                self.lost += [f"{book.room}: ok {n} at {seq}, head {len(log)}"
                              for n, seq in oks.items() if seq > len(log)]
                self._compare_commands(book, seat, accepted, pending, log, quiet)
            if state["seq"] < len(log):
                self.lost.append(f"{book.room}: state at {state['seq']}, log to {len(log)}")

    def _compare_with_before(self, book: Book, log: list[dict]) -> None:
        known = self.logs.get(book.room, [])
        if log[:len(known)] != known:
            self.changed.append(f"{book.room}: the log is not what it was")
        judge = self.judges.setdefault(book.room, Referee(OPTIONS["score_limit"], OPTIONS["round_limit"]))
        judge.check(log[len(known):])
        self.logs[book.room] = log

    def _compare_commands(self, book: Book, seat, accepted: dict, pending: dict, log: list[dict], quiet: bool) -> None:
        """The seat's events are its accepted commands, each once, in order; then at most what is pending."""
        def acts(commands: dict) -> list[dict]:
            return [_as_event(c["action"]) for _, c in sorted(commands.items()) if c["type"] == "act"]

        counted = [_as_event(entry["event"]) for entry in log
                   if seat.seat is not None and entry["event"].get("seat") == seat.seat]
        wanted = acts(accepted)
        name = f"{book.room}/{seat.seat}"
        if counted[:len(wanted)] != wanted:
            at = next((i for i, (a, b) in enumerate(zip(counted, wanted)) if a != b), len(counted))
            fault = f"{name}: command {at + 1} was {wanted[at:at + 2]}, the log has {counted[at:at + 2]}"
            (self.double if counted[at:at + 1] == wanted[at - 1:at] else self.lost).append(fault)
        elif quiet and counted[len(wanted):] not in ([], acts(pending)[:1]):
            self.double.append(f"{name}: beyond {len(wanted)} commands the log has {counted[len(wanted):]}")
        if any(c["type"] == "host" and c["do"] == "start" for c in accepted.values()) and not log:
            self.lost.append(f"{name}: the start")

    @property
    def finished(self) -> int:
        return sum(judge.finished for judge in self.judges.values())


def _as_event(fields: dict) -> tuple:
    """An action and the event it causes, in one form to compare."""
    if fields["kind"] in ("declare", "declared"):
        return ("declare", fields["value"])
    if fields["kind"] in ("vote_redeal", "redeal_voted"):
        return ("vote", fields["accept"])
    return ("play", tuple(sorted(fields["pieces"])))
