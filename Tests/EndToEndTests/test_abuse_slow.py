"""Peers that keep connections busy with next to nothing: each phase ends at its configured time."""

import socket
import threading
import time

import pytest

from abuse import Trickle, connected, counts, is_well, resident_bytes, until
from bystander import Bystander, frame, greeted, handshake
from exposition import grown

LIMIT_MS = 1500
PEERS = 60
#: Of what the limit is; generous, for this machine is shared.
SLACK_S = 6
CONFIG = {"http": {"header_ms": LIMIT_MS, "keep_alive_ms": LIMIT_MS, "response_ms": LIMIT_MS, "close_ms": 500},
          "heartbeat": {"hello_ms": LIMIT_MS}, "limits": {"message_ms": LIMIT_MS}}

GREETED = handshake() + frame('{"type":"hello"}')
LONG = b"a" * 4096
PHASES = {
    "nothing at all": (b"", b"", b""),
    "request line": (b"GET /", LONG, b"HTTP/1.1 408 "),
    "header": (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", LONG, b"HTTP/1.1 408 "),
    "body": (b"POST /api/rooms HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n", LONG, b"HTTP/1.1 408 "),
    "no hello": (handshake(), b"", b"\x11\x9d"),
    "no hello, but pings": (handshake(), bytes([0x89, 0x80, 0, 0, 0, 0]), b"\x11\x9d"),
    "frame header": (GREETED + bytes([0x81]), b"", b"\x03\xf0"),
    "frame payload": (GREETED + bytes([0x81, 0xFE, 0x0F, 0xA0, 0, 0, 0, 0]), LONG, b"\x03\xf0"),
    "message without end": (GREETED + bytes([0x01, 0x80, 0, 0, 0, 0]), bytes([0x00, 0x80, 0, 0, 0, 0]), b"\x03\xf0"),
    "half a ping": (GREETED + bytes([0x89, 0xFD, 0, 0, 0, 0]), b"a", b"\x03\xf0"),
}


@pytest.mark.parametrize("phase", PHASES)
def test_each_phase_is_cut_at_its_time(launch, phase):
    first, rest, last_words = PHASES[phase]
    server = launch(config=CONFIG)
    with Bystander(server.port) as bystander:
        before, used, start = bystander.calm(), resident_bytes(server), counts(server)
        slow = Trickle(server.port, PEERS, first, rest) if rest else Silent(server.port, PEERS, first)
        slow.run(LIMIT_MS / 1000 + SLACK_S)
        assert min(slow.ended_s) > LIMIT_MS / 1000 * 0.8, "somebody was cut before the time"
        assert all(last_words in said for said in slow.answers), f"{slow.answers[0][-200:]!r}"
        is_well(server)
        Bystander.judge(before, bystander.report())
        grown_by = resident_bytes(server) - used
        assert grown_by < 16 << 20, f"{PEERS} slow peers held {grown_by >> 20} MiB"
        if "hello" not in phase and "nothing" not in phase:
            assert grown(start, counts(server), "transport_timeouts_total") >= PEERS


class Silent(Trickle):
    """The same, saying nothing more."""

    def __init__(self, port: int, count: int, first: bytes):
        super().__init__(port, count, first, b"\0")
        self.rest = b""

    def run(self, within_s: float) -> "Silent":
        while self.sent:
            assert time.monotonic() - self.began < within_s, f"{len(self.sent)} still open after {within_s} s"
            for key, _ in self.selector.select(self.every_s):
                self._hear(key.fileobj)
        return self


def test_a_response_read_byte_by_byte_ends_in_bounded_time(launch):
    server = launch(config={**CONFIG, "metrics": {"public": True}})
    with Bystander(server.port) as bystander:
        before, start = bystander.calm(), counts(server)
        readers = []
        for _ in range(20):
            reader = socket.socket()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            reader.connect(("127.0.0.1", server.port))
            # More answers than kernels hold, asked for at once.
            reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 40)
            readers.append(reader)
        ended = threading.Event()

        def sip() -> None:
            while not ended.wait(0.1):
                for reader in readers:
                    try:
                        reader.recv(1, socket.MSG_DONTWAIT)
                    except OSError:
                        pass

        sipping = threading.Thread(target=sip)
        sipping.start()
        try:
            until(lambda: grown(start, counts(server), "transport_timeouts_total") >= 20, LIMIT_MS / 1000 + SLACK_S)
        finally:
            ended.set()
            sipping.join()
        Bystander.judge(before, bystander.report())
        for reader in readers:
            reader.close()


def test_who_is_slow_but_finishes_in_time_is_served(launch):
    server = launch(config=CONFIG)
    connection = connected(server.port)
    pause = threading.Event()
    for byte in b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n":
        connection.sendall(bytes([byte]))
        pause.wait(0.02)
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    player = greeted(server.port)
    for number in range(8):
        for byte in frame('{"type":"ping","t":%d}' % number):
            player.sendall(bytes([byte]))
            pause.wait(0.01)
        assert b'"pong"' in player.recv(65536)
