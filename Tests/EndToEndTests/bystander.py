"""A healthy client in a process of its own, which says how it fares while others do harm.

    python bystander.py --port PORT [--host HOST] [--crowd N]

Greets, then pings fifty times a second. For each line on standard input it prints what it met since the last one, as
JSON: pings, the median and the 99th percentile of their answers in seconds, and whether it was closed. With `--crowd` it is so
many clients that only answer pings.
"""

import argparse
import base64
import json
import os
import queue
import selectors
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

PAUSE_S = 0.02
ANSWER_WITHIN_S = 10


def frame(text: str) -> bytes:
    """A masked text frame; the mask is zero, which RFC 6455 allows and costs nothing."""
    data = text.encode()
    assert len(data) < 126
    return bytes([0x81, 0x80 | len(data)]) + bytes(4) + data


def handshake(path: str = "/ws", fields: str = "") -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (f"GET {path} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{fields}\r\n").encode()


def receive_until(connection: socket.socket, mark: bytes) -> bytes:
    received = b""
    while mark not in received:
        chunk = connection.recv(65536)
        if not chunk:
            raise ConnectionError(f"ended after {received[-200:]}")
        received += chunk
    return received


def greeted(port: int, host: str = "127.0.0.1", source: str | None = None, before: bytes = b"") -> socket.socket:
    """A bare connection that is welcome."""
    connection = socket.create_connection(
        (host, port), timeout=ANSWER_WITHIN_S, source_address=(source, 0) if source else None)
    connection.sendall(before + handshake())
    assert receive_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 101")
    connection.sendall(frame('{"type":"hello"}'))
    receive_until(connection, b'"welcome"')
    return connection


@dataclass
class Report:
    """What the healthy client met in one stretch of time."""

    pings: int
    p50_s: float
    p99_s: float
    closed: bool


class Bystander:
    """Starts the process and asks it."""

    def __init__(self, port: int):
        self.process = subprocess.Popen([sys.executable, __file__, "--port", str(port)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == "there"

    def __enter__(self) -> "Bystander":
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()

    def report(self) -> Report:
        """What it met since the last report."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return Report(**json.loads(self.process.stdout.readline()))

    def calm(self, seconds: float = 1.5) -> Report:
        """How it fares while nothing happens."""
        self.report()
        threading.Event().wait(seconds)
        return self.report()

    @staticmethod
    def judge(before: Report, during: Report) -> None:
        """It noticed nothing: never closed, every ping answered, and hardly later than before.

        This machine is shared, so only what a person at a game would feel counts: a quarter of a second, or ten times
        what it was before where that is more."""
        print(f"bystander: p99 {before.p99_s * 1000:.1f} ms before, {during.p99_s * 1000:.1f} ms during, "
              f"{during.pings} pings")
        assert not during.closed, "the healthy client was closed"
        assert during.pings > 0, "the healthy client did not get a single answer"
        limit = max(0.25, 10 * before.p99_s)
        assert during.p99_s < limit, f"p99 {during.p99_s:.3f} s, {before.p99_s:.3f} s before: above {limit:.3f} s"


def stay(connections: list[socket.socket]) -> None:
    """Answers every ping, for as long as one comes."""
    selector = selectors.DefaultSelector()
    for connection in connections:
        selector.register(connection, selectors.EVENT_READ)
    print("there", len(connections), flush=True)
    while True:
        for key, _ in selector.select():
            if b'"ping"' in key.fileobj.recv(65536):
                key.fileobj.sendall(frame('{"type":"pong"}'))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--crowd", type=int)
    arguments = parser.parse_args()
    if arguments.crowd:
        return stay([greeted(arguments.port, arguments.host) for _ in range(arguments.crowd)])
    connection = greeted(arguments.port, arguments.host)
    connection.settimeout(ANSWER_WITHIN_S)
    print("there", flush=True)
    asked: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: [asked.put(line) for line in sys.stdin], daemon=True).start()
    took: list[float] = []
    closed = False
    number = 0
    while True:
        try:
            asked.get(timeout=PAUSE_S)
            ordered = sorted(took)
            at = (lambda share: ordered[min(len(ordered) - 1, int(len(ordered) * share))]) if ordered else lambda _: 0.0
            print(json.dumps({"pings": len(took), "p50_s": at(0.5), "p99_s": at(0.99), "closed": closed}), flush=True)
            took = []
        except queue.Empty:
            pass
        if closed:
            continue
        number += 1
        began = time.monotonic()
        try:
            connection.sendall(frame(json.dumps({"type": "ping", "t": number})))
            received = receive_until(connection, b'"pong"')
            if b'"type":"ping"' in received:
                connection.sendall(frame('{"type":"pong"}'))
            took.append(time.monotonic() - began)
        except OSError:
            closed = True


if __name__ == "__main__":
    main()
