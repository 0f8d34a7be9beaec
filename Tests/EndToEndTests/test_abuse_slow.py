"""Peers that keep connections busy with next to nothing: each phase ends at its configured time."""

import socket
import ssl
import threading
import time

import pytest

from abuse import Trickle, connected, counts, is_well, resident_bytes, until
from bystander import Bystander, frame, greeted, handshake, receive_until
from certificates import Certificate
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
        if "hello" not in phase:
            assert grown(start, counts(server), "transport_timeouts_total") >= PEERS


TLS_PHASES = {
    "nothing at all": b"",
    "half a record's header": b"\x16\x03\x01",
    "a byte of a hello at a time": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("phase", TLS_PHASES)
def test_slow_handshakes_of_tls_are_cut_at_their_time_and_keep_nobody_out(launch, tmp_path, phase):
    certificate = Certificate(tmp_path / "certificate", "localhost")
    server = launch(config={"tls": {**certificate.settings, "handshake_ms": LIMIT_MS}})
    port, first = int((server.data / "tls-port").read_text()), TLS_PHASES[phase]
    context = ssl.create_default_context(cafile=certificate.file)
    with Bystander(server.port) as bystander:
        before, used, start = bystander.calm(), resident_bytes(server), counts(server)
        slow = Trickle(port, PEERS, first, b"\0" * 500) if "a byte" in phase else Silent(port, PEERS, first)
        until(lambda: counts(server).value("tls_handshakes_in_progress") == PEERS)
        with context.wrap_socket(connected(port), server_hostname="localhost") as other:
            other.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert receive_until(other, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        slow.run(LIMIT_MS / 1000 + SLACK_S)
        assert min(slow.ended_s) > LIMIT_MS / 1000 * 0.8, "somebody was cut before the time"
        is_well(server)
        Bystander.judge(before, bystander.report())
        assert grown(start, counts(server), "tls_handshakes_total", result="timeout") >= PEERS
        assert counts(server).value("tls_handshakes_in_progress") == 0
        grown_by = resident_bytes(server) - used
        assert grown_by < 16 << 20, f"{PEERS} slow handshakes held {grown_by >> 20} MiB"


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
