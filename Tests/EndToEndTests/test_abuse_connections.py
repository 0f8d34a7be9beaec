"""Too many connections: at once, of one address, in a second, and more than the process has descriptors."""

import http.client
import json
import ssl
import subprocess
import threading

import pytest

from abuse import answer, connected, counts, cpu_s, descriptors, is_well, opened, until
from bystander import Bystander, greeted, receive_until
from certificates import Certificate
from exposition import grown
from server import TOKEN

FLOOD = 400


def rejected(server, reason: str) -> float:
    return counts(server).value("ws_connections_rejected_total", reason=reason)


def test_above_the_ceiling_everybody_else_is_told_and_those_inside_notice_nothing(launch):
    server = launch(config={"http": {"max_connections": 30}})
    with Bystander(server.port) as bystander:
        before = bystander.calm()
        crowd = [connected(server.port) for _ in range(29)]
        until(lambda: opened(server.port)[0] == 503)
        extra = connected(server.port)
        said = answer(extra)
        assert said.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: " in said
        flood = [connected(server.port) for _ in range(FLOOD)]
        for connection in flood:
            connection.close()
        Bystander.judge(before, bystander.report())
        for connection in crowd:
            connection.close()
        until(lambda: opened(server.port)[0] == 101)
    assert rejected(server, "limit") >= FLOOD / 2


def test_a_full_server_says_so_within_seconds_whoever_takes_its_places(launch):
    server = launch(config={"http": {"max_connections": 30}, "health": {"self_test": False}})
    operator = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)

    def status() -> str:
        operator.request("GET", "/api/health/detailed", headers={"Authorization": f"Bearer {TOKEN}"})
        return json.loads(operator.getresponse().read())["components"]["websocket"]["status"]

    until(lambda: status() == "healthy")
    crowd = [opened(server.port) for _ in range(29)]
    assert [status for status, _ in crowd] == [101] * 29
    until(lambda: status() == "critical", within_s=3)


def test_one_address_takes_its_share_and_no_more(launch):
    config = {"http": {"connections_per_address": 5, "uncounted_addresses": "127.0.0.1"}}
    server = launch(config=config)
    with Bystander(server.port) as bystander:
        before = bystander.calm()
        inside = [opened(server.port, "127.0.0.9") for _ in range(5)]
        assert [status for status, _ in inside] == [101] * 5
        status, connection = opened(server.port, "127.0.0.9")
        assert status == 429
        connection.close()
        assert opened(server.port, "127.0.0.8")[0] == 101, "another address has a share of its own"
        inside[0][1].close()
        until(lambda: opened(server.port, "127.0.0.9")[0] == 101)
        is_well(server)
        Bystander.judge(before, bystander.report())
    assert rejected(server, "address_limit") >= 1


def test_one_address_that_connects_without_end_slows_nobody(launch):
    config = {"http": {"opens_per_address_per_s": 10, "uncounted_addresses": "127.0.0.1"}}
    server = launch(config=config)
    with Bystander(server.port) as bystander:
        before = bystander.calm()
        statuses = []
        for _ in range(FLOOD):
            status, connection = opened(server.port, "127.0.0.9")
            statuses.append(status)
            connection.close()
        is_well(server)
        Bystander.judge(before, bystander.report())
    assert statuses[:10] == [101] * 10
    assert statuses.count(101) < FLOOD / 2 and statuses.count(429) > 0
    assert set(statuses) <= {101, 429, 0}, "told why, or closed"
    assert rejected(server, "address_rate") > FLOOD / 4


def test_a_storm_from_everywhere_is_let_in_at_its_rate(launch):
    server = launch(config={"http": {"opens_per_s": 20}})
    with Bystander(server.port) as bystander:
        before = bystander.calm()
        statuses = [opened(server.port, f"127.0.{n % 50 + 1}.9")[0] for n in range(FLOOD)]
        Bystander.judge(before, bystander.report())
    assert statuses.count(101) < FLOOD / 2 and statuses.count(503) > 0 and set(statuses) <= {101, 503, 0}
    until(lambda: opened(server.port)[0] == 101)
    threading.Event().wait(1)   # a scrape is a connection too
    assert rejected(server, "rate") > FLOOD / 4


def test_without_descriptors_newcomers_are_told_and_the_server_rests(launch):
    server = launch()
    with Bystander(server.port) as bystander:
        before = bystander.calm()
        first = counts(server)
        limit = descriptors(server) + 10
        subprocess.run(["prlimit", "--pid", str(server.process.pid), f"--nofile={limit}:20000"], check=True)
        crowd = [connected(server.port) for _ in range(60)]
        told = sum(said.startswith(b"HTTP/1.1 503 ") for said in map(last_words, crowd[20:]))
        assert told >= 30, f"{told} of 40 were told that there is no place"
        used = cpu_s(server)
        threading.Event().wait(2)
        spent = cpu_s(server) - used
        assert spent < 0.5, f"{spent:.2f} s of CPU in 2 s with nobody let in"
        Bystander.judge(before, bystander.report())
        for connection in crowd:
            connection.close()
        until(lambda: opened(server.port)[0] == 101)
        assert grown(first, counts(server), "ws_connections_rejected_total", reason="descriptors") >= 30


def last_words(connection) -> bytes:
    connection.settimeout(2)
    return answer(connection)


@pytest.mark.parametrize("size", [1, 200])
def test_places_come_back_however_a_connection_ends(launch, size):
    server = launch(config={"http": {"max_connections": 10, "header_ms": 300}, "heartbeat": {"hello_ms": 300}})
    for _ in range(4):
        for _ in range(20):
            connection = connected(server.port)
            connection.sendall(b"x" * size)
            connection.close()
        until(lambda: opened(server.port)[0] == 101)
    greeted(server.port).close()
    until(lambda: opened(server.port)[0] == 101)


def test_one_address_cannot_hold_all_handshakes_of_tls(launch, tmp_path):
    certificate = Certificate(tmp_path / "certificate", "localhost")
    server = launch(config={"tls": {**certificate.settings, "max_handshakes": 30, "handshake_ms": 20_000},
                            "http": {"connections_per_address": 20, "opens_per_address_per_s": 0,
                                     "uncounted_addresses": "127.0.0.1"}})
    port = int((server.data / "tls-port").read_text())
    context = ssl.create_default_context(cafile=certificate.file)
    with Bystander(server.port) as bystander:
        before = bystander.calm()
        silent = [connected(port, "127.0.0.9") for _ in range(60)]
        until(lambda: rejected(server, "address_limit") >= 40)
        assert counts(server).value("tls_handshakes_in_progress") == 20
        with context.wrap_socket(connected(port, "127.0.0.8"), server_hostname="localhost") as other:
            other.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert receive_until(other, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        is_well(server)
        Bystander.judge(before, bystander.report())
        for connection in silent:
            connection.close()


def test_a_page_of_another_origin_gets_no_websocket(launch):
    server = launch(config={"http": {"allowed_origins": "https://play.example"}})
    with Bystander(server.port) as bystander:
        before, start = bystander.calm(), counts(server)
        for _ in range(20):
            status, connection = opened(server.port, fields="Origin: https://evil.example\r\n")
            assert status == 403
            connection.close()
        assert opened(server.port, fields="Origin: https://play.example\r\n")[0] == 101
        assert opened(server.port)[0] == 101, "what is no browser names no origin"
        assert grown(start, counts(server), "ws_connections_rejected_total", reason="origin") == 20
        is_well(server)
        Bystander.judge(before, bystander.report())
