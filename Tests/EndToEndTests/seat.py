"""What a client remembers of its seat in a room, and the rules of resume and command numbers over it."""

import json
import secrets
from dataclasses import dataclass, field
from typing import ClassVar


class ProtocolBreach(AssertionError):
    """The server said something that PROTOCOL.md rules out."""


def new_secret() -> str:
    return secrets.token_urlsafe(24)


@dataclass
class Seat:
    """A seat (or a watch, `seat` None) that outlives its connections."""

    room: str
    seat: int | None
    secret: str | None
    epoch: str
    seq: int
    last_n: int = 0
    name: str = ""
    pending: dict[int, dict] = field(default_factory=dict)   # n → command not answered yet
    accepted: dict[int, dict] = field(default_factory=dict)  # n → command that was answered ok
    ok_seq: dict[int, int] = field(default_factory=dict)     # n → seq its ok carried
    told: dict[int, object] = field(default_factory=dict)    # seq → event as this viewer was told it
    view: dict | None = None
    view_seq: int = 0
    gone: str | None = None                                  # code of the `no` or `bye` that ended it

    #: Every secret of this run: none may be found in a log.
    secrets_of_all: ClassVar[set[str]] = set()

    def __post_init__(self) -> None:
        if self.secret:
            Seat.secrets_of_all.add(self.secret)

    @property
    def key(self) -> dict:
        """The entry of `hello.resume`."""
        return {"room": self.room, "secret": self.secret, "epoch": self.epoch, "seq": self.seq}

    def command(self, kind: str, **fields) -> dict:
        """Numbers a command and keeps it until it is answered."""
        n = max([self.last_n, *self.pending]) + 1
        self.pending[n] = {"type": kind, "room": self.room, "n": n, **fields}
        return self.pending[n]

    def joined(self, message: dict) -> list[dict]:
        """Takes `joined` of a resume; returns the commands to send again, in order."""
        self._check_joined(message)
        self.epoch, self.secret = message["epoch"], message["secret"]
        results = {entry["n"]: entry["seq"] for entry in message["results"]}
        for n, command in sorted(self.pending.items()):
            if n <= message["last_n"]:
                self._settle(n, command, results.get(n))
        self.last_n = message["last_n"]
        self.pending = {n: c for n, c in self.pending.items() if n > self.last_n}
        return [self.pending[n] for n in sorted(self.pending)]

    def _check_joined(self, message: dict) -> None:
        if (message["room"], message["seat"]) != (self.room, self.seat):
            raise ProtocolBreach(f"resumed {self.room}/{self.seat}, joined {message['room']}/{message['seat']}")
        if message["last_n"] < self.last_n:
            raise ProtocolBreach(f"last_n fell from {self.last_n} to {message['last_n']}")
        if message["last_n"] > max([self.last_n, *self.pending]):
            raise ProtocolBreach(f"last_n {message['last_n']} counts a command never sent")
        for entry in message["results"]:
            known = self.ok_seq.get(entry["n"])
            if known is not None and known != entry["seq"]:
                raise ProtocolBreach(f"ok of n {entry['n']} was at {known}, is now at {entry['seq']}")
        if message["epoch"] == self.epoch and message["seq"] < self.seq:
            raise ProtocolBreach(f"head {message['seq']} is below {self.seq}, which was told")
        if message["resume"] == "live" and message["seq"] != self.seq:
            raise ProtocolBreach(f"live at {message['seq']}, but this client stands at {self.seq}")

    def heard_events(self, message: dict) -> None:
        """Every batch continues exactly where the last one ended."""
        first = message["seq"] - len(message["events"]) + 1
        if not message["events"] or first != self.seq + 1:
            raise ProtocolBreach(f"{self.room}/{self.seat}: events {first}…{message['seq']} after {self.seq}")
        for number, event in enumerate(message["events"], start=first):
            if number in self.told and self.told[number] != event:
                raise ProtocolBreach(f"event {number} was {self.told[number]}, is now {event}")
            self.told[number] = event
        self.seq = message["seq"]

    def heard_snapshot(self, message: dict) -> None:
        if message["seq"] < self.seq:
            raise ProtocolBreach(f"snapshot of {message['seq']} after {self.seq}")
        self.seq = self.view_seq = message["seq"]
        self.view = message["view"]

    def heard_ok(self, message: dict) -> None:
        n = message.get("n")
        if message["seq"] > self.seq:
            raise ProtocolBreach(f"ok at {message['seq']} before its events: this client stands at {self.seq}")
        if n in self.pending:
            self._settle(n, self.pending.pop(n), message["seq"])
            self.last_n = max(self.last_n, n)
        elif n in self.ok_seq and self.ok_seq[n] != message["seq"]:
            raise ProtocolBreach(f"ok of n {n} at {self.ok_seq[n]} and again at {message['seq']}")

    def heard_no(self, message: dict) -> None:
        n = message.get("n")
        if not isinstance(n, int) or n in self.accepted:
            return  # a repetition older than the results kept
        self.pending.pop(n, None)

    def _settle(self, n: int, command: dict, seq: int | None) -> None:
        if n in self.accepted:
            raise ProtocolBreach(f"n {n} counted twice")
        self.accepted[n] = command
        if seq is not None:
            self.ok_seq[n] = seq

    def __str__(self) -> str:
        return json.dumps({"room": self.room, "seat": self.seat, "seq": self.seq, "last_n": self.last_n})
