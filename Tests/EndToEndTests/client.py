"""A client of `gameserver.v1` written from PROTOCOL.md alone: it checks what it hears while it plays."""

import asyncio
import contextlib
import json
import time

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from seat import ProtocolBreach, Seat, new_secret

ANSWER_WITHIN_S = 10
SUBPROTOCOL = "gameserver.v1"
KNOWN_TYPES = set("welcome rooms joined events snapshot ok no room chat notice bye ping pong".split())


class Closed(Exception):
    """The connection ended while an answer was awaited."""

    def __init__(self, code: int | None, inbox: list):
        super().__init__(f"closed {code}; unread: {[m for _, m in inbox][-5:]}")
        self.code = code


class Client:
    """One connection. `expect` takes messages out of the inbox; checks run on every message heard."""

    def __init__(self, socket, *, answers_pings: bool = True, acks: bool = True):
        self.socket = socket
        self.answers_pings = answers_pings
        self.acks = acks
        self.inbox: list[tuple[int, dict]] = []
        self.heard: list[tuple[int, dict]] = []   # (number of the WebSocket message, object), all of them
        self.frames: list[str] = []
        self.seats: dict[str, Seat] = {}
        self.status: dict[str, dict] = {}
        self.breach: Exception | None = None
        self.names = 0
        self._news = asyncio.Condition()
        self._resuming: dict[str, Seat] = {}
        self._acked: dict[str, int] = {}
        self._ended = False
        self.on_message = None
        self._reader = asyncio.create_task(self._read())

    # Sending

    async def send(self, *objects: dict) -> None:
        """All objects in one WebSocket message, one a line."""
        await self.send_text("\n".join(json.dumps(each) for each in objects))

    async def send_text(self, text) -> None:
        try:
            await self.socket.send(text)
        except ConnectionClosed:
            await self._reader
            raise Closed(self.close_code, self.inbox) from None

    async def hello(self, resume: list[Seat] | None = None, **fields) -> dict:
        message = {"type": "hello", "client": {"name": "e2e", "version": "1"}, **fields}
        if resume is not None:
            message["resume"] = [seat.key for seat in resume]
            self._resuming = {seat.room: seat for seat in resume}
        await self.send(message)
        return await self.expect("welcome")

    def new_id(self) -> str:
        self.names += 1
        return f"q{self.names}"

    async def request(self, kind: str, **fields) -> dict:
        """A lobby request; its answer is matched by `id`."""
        fields.setdefault("id", self.new_id())
        await self.send({"type": kind, **fields})
        return await self.expect(id=fields["id"])

    async def create(self, name: str, game: str = "liap-tui", **fields) -> Seat:
        fields.setdefault("secret", new_secret())
        return self._seat_of(await self.request("create", game=game, name=name, **fields), name)

    async def join(self, room: str, name: str, **fields) -> Seat:
        fields.setdefault("secret", new_secret())
        return self._seat_of(await self.request("join", room=room, name=name, **fields), name)

    async def watch(self, room: str) -> Seat:
        return self._seat_of(await self.request("watch", room=room), "")

    def _seat_of(self, answer: dict, name: str) -> Seat:
        assert answer["type"] == "joined", f"refused: {answer}"
        seat = self.seats[answer["room"]]
        seat.name = name
        return seat

    async def act(self, seat: Seat, action: dict, /, **fields) -> dict:
        """Sends the seat's next command and returns its `ok` or `no`."""
        return await self._command(seat, "act", action=action, **fields)

    async def host(self, seat: Seat, do: str, /, **fields) -> dict:
        return await self._command(seat, "host", do=do, **fields)

    async def leave(self, seat: Seat) -> dict:
        return await self._command(seat, "leave")

    async def _command(self, seat: Seat, kind: str, /, **fields) -> dict:
        command = seat.command(kind, **fields)
        await self.send(command)
        return await self.answer(seat.room, command["n"])

    async def answer(self, room: str, n: int) -> dict:
        return await self.expect(("ok", "no"), room=room, n=n)

    async def barrier(self) -> None:
        """Returns when the server has read everything sent so far."""
        mark = time.monotonic_ns()
        await self.send({"type": "ping", "t": mark})
        await self.expect("pong", t=mark)

    # Hearing

    async def expect(self, kind=None, *, where=None, within: float = ANSWER_WITHIN_S, **fields) -> dict:
        """Takes the first unread message of that type with these fields; older others stay unread."""
        kinds = (kind,) if isinstance(kind, str) else kind

        def fits(message: dict) -> bool:
            return ((kinds is None or message["type"] in kinds) and (where is None or where(message))
                    and all(message.get(k, ...) == v for k, v in fields.items()))

        try:
            async with asyncio.timeout(within), self._news:
                while True:
                    for index, (_, message) in enumerate(self.inbox):
                        if fits(message):
                            del self.inbox[index]
                            return message
                    self._raise_if_over()
                    await self._news.wait()
        except TimeoutError:
            unread = [message for _, message in self.inbox][-8:]
            raise AssertionError(f"no {kinds} {fields} within {within} s; unread: {unread}") from None

    async def expect_none(self, kind: str, *, for_s: float, where=None, **fields) -> None:
        """Listens for so long and fails as soon as such a message comes."""
        try:
            found = await self.expect(kind, where=where, within=for_s, **fields)
        except AssertionError as nothing:
            if self.breach:
                raise
            del nothing
            return
        raise AssertionError(f"heard {found}")

    async def until(self, condition, within: float = ANSWER_WITHIN_S):
        """Waits until `condition()` of what has been heard is true and returns it."""
        try:
            async with asyncio.timeout(within), self._news:
                while True:
                    if found := condition():
                        return found
                    self._raise_if_over()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not so within {within} s; last heard: {self.heard[-4:]}") from None

    async def expect_status(self, room: str, where, within: float = ANSWER_WITHIN_S) -> dict:
        """Waits until the newest `room` status fits."""
        await self.until(lambda: room in self.status and where(self.status[room]), within)
        return self.status[room]

    async def expect_close(self, within: float = ANSWER_WITHIN_S) -> int | None:
        """Close code the server ended the connection with; 1006 when it just went away."""
        try:
            await asyncio.wait_for(asyncio.shield(self._reader), within)
        except TimeoutError:
            raise AssertionError(f"not closed within {within} s; last heard: {self.heard[-3:]}") from None
        if self.breach:
            raise self.breach
        return self.close_code

    @property
    def close_code(self) -> int | None:
        return self.socket.close_code

    def _raise_if_over(self) -> None:
        if self.breach:
            raise self.breach
        if self._ended:
            raise Closed(self.close_code, self.inbox)

    async def _read(self) -> None:
        try:
            async for frame in self.socket:
                self.frames.append(frame)
                if not isinstance(frame, str):
                    raise ProtocolBreach("a binary message")
                for line in frame.split("\n"):
                    await self._hear(json.loads(line))
                async with self._news:
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        except Exception as error:  # kept for whoever waits: a reader has no caller
            self.breach = error
            self.socket.transport.abort()   # nobody reads it any more
        finally:
            self._ended = True
            async with self._news:
                self._news.notify_all()

    async def _hear(self, message: dict) -> None:
        kind = message.get("type")
        if kind not in KNOWN_TYPES:
            raise ProtocolBreach(f"unknown type {kind}")
        self.heard.append((len(self.frames), message))
        self.inbox.append((len(self.frames), message))
        room = message.get("room")
        seat = self.seats.get(room)
        if kind == "joined":
            await self._joined(message)
        elif kind == "events":
            self._seat_or_breach(seat, message).heard_events(message)
        elif kind == "snapshot":
            self._seat_or_breach(seat, message).heard_snapshot(message)
        elif kind == "ok" and seat:
            seat.heard_ok(message)
        elif kind == "no":
            self._heard_no(message, seat)
        elif kind == "room":
            self._status(room, message)
        elif kind == "bye" and seat and room:
            seat.gone = str(message["code"])
        elif kind == "ping" and self.answers_pings:
            with contextlib.suppress(ConnectionClosed):
                await self.socket.send(json.dumps({"type": "pong", "t": message["t"]}))
        await self._acknowledge(seat)
        if self.on_message:
            await self.on_message(message)

    def _seat_or_breach(self, seat: Seat | None, message: dict) -> Seat:
        if seat is None:
            raise ProtocolBreach(f"not joined, but heard {message}")
        return seat

    def _heard_no(self, message: dict, seat: Seat | None) -> None:
        if seat:
            seat.heard_no(message)
        waiting = self._resuming.get(message.get("room"))
        if waiting and "n" not in message:
            waiting.gone = message["code"]

    def _status(self, room: str, status: dict) -> None:
        known = self.status.get(room)
        if known is None or status["rev"] > known["rev"]:
            self.status[room] = status

    async def _joined(self, message: dict) -> None:
        room = message["room"]
        self._status(room, message["status"])
        seat = self._resuming.pop(room, None) or self.seats.get(room)
        if seat is None or message["resume"] == "new":
            if message["resume"] != "new":
                raise ProtocolBreach(f"first joined of {room} says {message['resume']}")
            fresh = Seat(room, message["seat"], message["secret"], message["epoch"], message["seq"],
                         message["last_n"], view=message["view"], view_seq=message["seq"])
            self.seats[room] = fresh
            return
        again = seat.joined(message)
        self.seats[room] = seat
        if again:
            await self.send(*again)

    async def _acknowledge(self, seat: Seat | None) -> None:
        """At least every 20 events; the last ones by `ack_now`."""
        if self.acks and seat and seat.seq - self._acked.get(seat.room, 0) >= 20:
            await self.ack_now(seat)

    async def ack_now(self, seat: Seat) -> None:
        self._acked[seat.room] = seat.seq
        with contextlib.suppress(ConnectionClosed):
            await self.socket.send(json.dumps({"type": "ack", "room": seat.room, "seq": seat.seq}))

    # Ending

    async def cut(self) -> None:
        """The network goes away: no close frame, no more reading."""
        self.socket.transport.abort()
        await self._reader

    async def close(self) -> None:
        with contextlib.suppress(Exception):
            await self.socket.close()
        with contextlib.suppress(Exception):
            await self._reader


class Clients:
    """Opens connections and closes whatever is still open at the end."""

    def __init__(self):
        self.open_ones: list[Client] = []

    async def raw(self, server, *, subprotocols=(SUBPROTOCOL,), path: str = "", **options) -> Client:
        """Connected, nothing said yet."""
        behaviour = {k: options.pop(k) for k in ("answers_pings", "acks") if k in options}
        options.setdefault("ping_interval", None)
        options.setdefault("max_size", None)
        options.setdefault("compression", None)
        socket = await connect(server.url + path, subprotocols=subprotocols, proxy=None, **options)
        client = Client(socket, **behaviour)
        self.open_ones.append(client)
        return client

    async def open(self, server, *, resume: list[Seat] | None = None, **options) -> Client:
        """Connected and greeted."""
        client = await self.raw(server, **options)
        client.welcome = await client.hello(resume)
        return client

    async def close(self) -> None:
        await asyncio.gather(*(client.close() for client in self.open_ones))
