"""What the tests of abuse share: figures of the server's process, and connections that say exactly what they are told."""

import contextlib
import os
import pathlib
import selectors
import socket
import threading
import time

from bystander import handshake
from exposition import TEXT, Scrape, scrape

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(server) -> float:
    """Processor time the server has used so far."""
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(server) -> int:
    return int(pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(server) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def counts(server) -> Scrape:
    return scrape(server, TEXT)


def is_well(server) -> None:
    """What probes are told: it lives, it takes clients, and nothing is critical."""
    for path in ["/livez", "/readyz", "/health"]:
        answer = server.request("GET", path)
        assert answer.status == 200, f"{path}: {answer.status} {answer.text[:200]}"


def connected(port: int, source: str | None = None, within_s: float = 10) -> socket.socket:
    return socket.create_connection(
        ("127.0.0.1", port), timeout=within_s, source_address=(source, 0) if source else None)


def answer(connection: socket.socket) -> bytes:
    """All that comes until the other side ends; what a reset leaves of it."""
    received = b""
    with contextlib.suppress(OSError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


def opened(port: int, source: str | None = None, before: bytes = b"", fields: str = "") -> tuple[int, socket.socket]:
    """The status a handshake is answered with, 0 for none, and the connection."""
    connection = connected(port, source)
    with contextlib.suppress(OSError):
        connection.sendall(before + handshake(fields=fields))
        received = b""
        while b"\r\n\r\n" not in received and (chunk := connection.recv(4096)):
            received += chunk
        if received:
            return int(received.split()[1]), connection
    return 0, connection


def until(condition, within_s: float = 10, every_s: float = 0.05):
    """Waits until a condition holds and returns what it said."""
    end, pause = time.monotonic() + within_s, threading.Event()
    while not (found := condition()):
        assert time.monotonic() < end, f"not so within {within_s} s"
        pause.wait(every_s)
    return found


class Trickle:
    """Connections that each send a byte now and then, for as long as they are let."""

    def __init__(self, port: int, count: int, first: bytes, rest: bytes, every_s: float = 0.05):
        self.rest, self.every_s = rest, every_s
        self.sent: dict[socket.socket, int] = {}
        self.heard: dict[socket.socket, bytes] = {}
        self.ended_s: list[float] = []
        self.answers: list[bytes] = []
        self.selector = selectors.DefaultSelector()
        for _ in range(count):
            connection = connected(port)
            connection.sendall(first)
            connection.setblocking(False)
            self.sent[connection], self.heard[connection] = 0, b""
            self.selector.register(connection, selectors.EVENT_READ)
        self.began = time.monotonic()

    def run(self, within_s: float) -> "Trickle":
        """Until the server has ended all of them."""
        while self.sent:
            assert time.monotonic() - self.began < within_s, f"{len(self.sent)} still open after {within_s} s"
            for connection, sent in list(self.sent.items()):
                with contextlib.suppress(OSError):
                    connection.send(self.rest[sent % len(self.rest):][:1])
                    self.sent[connection] = sent + 1
            end = time.monotonic() + self.every_s
            while (left := end - time.monotonic()) > 0 and self.sent:
                for key, _ in self.selector.select(left):
                    self._hear(key.fileobj)
        return self

    def _hear(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(65536)
        except OSError:
            data = b""
        self.heard[connection] += data
        if not data:
            self.ended_s.append(time.monotonic() - self.began)
            self.answers.append(self.heard[connection])
            self.selector.unregister(connection)
            connection.close()
            del self.sent[connection]
