"""Floods of what costs a sender nothing: pings, empty and tiny fragments, messages of one byte."""

import contextlib
import threading
import zlib

import pytest

from abuse import answer, counts, cpu_s, is_well, opened, resident_bytes
from bystander import Bystander, frame, greeted
from exposition import grown

PING = bytes([0x89, 0x80, 0, 0, 0, 0])
EMPTY = bytes([0x00, 0x80, 0, 0, 0, 0])
TINY = bytes([0x00, 0x81, 0, 0, 0, 0]) + b"a"
OPEN = bytes([0x01, 0x80, 0, 0, 0, 0])
ATTACKERS = 20

FLOODS = {
    "pings": (b"", PING, b"\x03\xf0"),
    "pings inside a message": (OPEN, PING, b"\x03\xf0"),
    "empty fragments": (OPEN, EMPTY, b"\x03\xf1"),
    "fragments of one byte": (OPEN, TINY, b"\x03\xf1"),
    "messages of one byte": (b"", frame("x"), b"\x11\x9b"),
    "empty messages": (b"", frame(""), b"\x11\x9b"),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_ends_at_its_limit_and_costs_little(launch, flood):
    first, again, last_words = FLOODS[flood]
    server = launch()
    with Bystander(server.port) as bystander:
        before, used, memory, start = bystander.calm(), cpu_s(server), resident_bytes(server), counts(server)
        endings: list[bytes] = []

        def attack() -> None:
            connection = greeted(server.port)
            heard = b""
            try:
                connection.sendall(first)
                while True:
                    connection.sendall(again * 500)
            except OSError:
                pass
            try:
                while chunk := connection.recv(65536):
                    heard += chunk
            except OSError:
                pass
            endings.append(heard)

        attackers = [threading.Thread(target=attack) for _ in range(ATTACKERS)]
        for attacker in attackers:
            attacker.start()
        for attacker in attackers:
            attacker.join(30)
            assert not attacker.is_alive(), "the server let it go on"
        during = bystander.report()
        spent = cpu_s(server) - used
        # The reset that ends a sender who does not stop may take the close frame with it.
        told = sum(last_words in heard for heard in endings)
        assert told > 0, f"none of {ATTACKERS} heard {last_words.hex()}: {endings[0][-80:]!r}"
        assert spent < ATTACKERS * 0.1, f"{spent:.2f} s of CPU for {ATTACKERS} floods"
        assert resident_bytes(server) - memory < 16 << 20
        is_well(server)
        Bystander.judge(before, during)
        closed = grown(start, counts(server), "ws_connections_closed_total")
        assert closed >= ATTACKERS, f"{closed} of {ATTACKERS} were closed"


def test_bombs_end_at_the_limit_of_a_message_and_hold_no_memory(launch):
    server = launch(config={"compression": {"enabled": True}, "limits": {"socket_message_bytes": 65_536}})
    deflater = zlib.compressobj(9, wbits=-15)
    packed = deflater.compress(b"a" * 50_000_000) + deflater.flush(zlib.Z_SYNC_FLUSH)
    packed = packed.removesuffix(b"\0\0\xff\xff")
    bomb = bytes([0xC1, 0xFE]) + len(packed).to_bytes(2, "big") if len(packed) < 65_536 else b""
    assert bomb, f"a bomb of {len(packed)} bytes"
    with Bystander(server.port) as bystander:
        before, used, memory, start = bystander.calm(), cpu_s(server), resident_bytes(server), counts(server)
        for _ in range(ATTACKERS):
            status, bomber = opened(server.port, fields="Sec-WebSocket-Extensions: permessage-deflate\r\n")
            assert status == 101
            with contextlib.suppress(OSError):
                bomber.sendall(frame('{"type":"hello"}') + bomb + bytes(4) + packed)
            assert b"\x03\xf1" in answer(bomber)
        assert grown(start, counts(server), "ws_close_codes_total", code="1009") == ATTACKERS
        is_well(server)
        Bystander.judge(before, bystander.report())
        spent, grown_by = cpu_s(server) - used, resident_bytes(server) - memory
        assert spent < 2, f"{ATTACKERS} bombs took {spent:.1f} s of CPU"
        assert grown_by < 16 << 20, f"{ATTACKERS} bombs left {grown_by >> 20} MiB"
