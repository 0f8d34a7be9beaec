"""Behind proxies: whose word on a client's address counts, and that limits of addresses mean clients."""

import json
import socket
import ssl
import struct

import pytest

from abuse import answer, connected, counts, opened, until
from bystander import greeted
from certificates import Certificate
from server import TOKEN, Server

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def version1(address: str) -> bytes:
    return f"PROXY TCP{6 if ':' in address else 4} {address} {address} 1000 80\r\n".encode()


def version2(address: str) -> bytes:
    parts = bytes(int(part) for part in address.split("."))
    return SIGNATURE + bytes([0x21, 0x11]) + struct.pack(">H", 12) + parts + parts + struct.pack(">HH", 1000, 80)


LOCAL = SIGNATURE + bytes([0x20, 0, 0, 0])


def behind(launch, **http):
    """A server whose proxies are on 127.0.0.0/24 and name the client."""
    http = {"trusted_proxies": "127.0.0.0/24", "connections_per_address": 2, **http}
    return launch(config={"server": {"proxy_protocol": True}, "http": http})


@pytest.mark.parametrize("header", [version1, version2])
def test_a_proxy_names_the_client_and_limits_are_the_clients(launch, header):
    server = behind(launch)
    inside = [opened(server.port, before=header("192.0.2.1")) for _ in range(3)]
    assert [status for status, _ in inside] == [101, 101, 429]
    assert opened(server.port, before=header("192.0.2.2"))[0] == 101
    inside[0][1].close()
    until(lambda: opened(server.port, before=header("192.0.2.1"))[0] == 101)


def test_an_ipv6_customer_is_its_network_of_64_bits(launch):
    server = behind(launch)
    inside = [opened(server.port, before=version1(f"2001:db8:1:2::{host}")) for host in range(1, 5)]
    assert [status for status, _ in inside] == [101, 101, 429, 429]
    assert opened(server.port, before=version1("2001:db8:1:3::1"))[0] == 101, "the next network has a share of its own"
    inside[0][1].close()
    until(lambda: opened(server.port, before=version1("2001:db8:1:2::9"))[0] == 101)


def test_only_a_trusted_proxy_is_believed_and_it_has_to_introduce_itself(launch):
    server = behind(launch, header_ms=1000, proxy_header_ms=500)
    stranger = connected(server.port, "127.0.1.1")
    stranger.sendall(version1("192.0.2.1") + b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer(stranger).startswith(b"HTTP/1.1 400 ")
    assert opened(server.port, "127.0.1.1")[0] == 101, "others need no header"
    proxy = connected(server.port)
    proxy.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer(proxy) == b""
    slow = connected(server.port)
    slow.sendall(LOCAL[:9])
    assert answer(slow) == b"", "a header that does not come is not waited for"
    healthy = connected(server.port)
    healthy.sendall(LOCAL + b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer(healthy).startswith(b"HTTP/1.1 200 ")


def test_a_proxy_that_passes_tls_on_names_the_client_before_it(launch, tmp_path):
    certificate = Certificate(tmp_path / "own", "localhost")
    server = launch(config={"tls": {**certificate.settings, "proxy_protocol": True},
                            "http": {"trusted_proxies": "127.0.0.0/24", "connections_per_address": 2}})
    context = ssl.create_default_context(cafile=certificate.file)
    port = int((server.data / "tls-port").read_text())

    def behind_header() -> socket.socket:
        raw = connected(port)
        raw.sendall(version2("192.0.2.1"))
        return raw

    inside = [context.wrap_socket(behind_header(), server_hostname="localhost") for _ in range(2)]
    for connection in inside:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    assert behind_header().recv(100) == b"", "who is one too many is closed: there is no TLS yet to say why in"
    assert counts(server).value("ws_connections_rejected_total", reason="address_limit") == 1
    assert opened(server.port)[0] == 101, "the port without TLS expects no header"


def test_the_servers_own_test_passes_behind_a_proxy(tmp_path):
    config = {"server": {"proxy_protocol": True, "listen": "127.0.0.1:0"},
              "http": {"trusted_proxies": "127.0.0.1"}, "health": {"interval_ms": 200, "floor_ms": 200}}
    server = Server(tmp_path / "server", config=config).start()
    try:
        def healthy() -> bool:
            connection = connected(server.port)
            connection.sendall(LOCAL + b"GET /api/health/detailed HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                               + f"Authorization: Bearer {TOKEN}\r\n\r\n".encode())
            said = answer(connection)
            checks = json.loads(said.split(b"\r\n\r\n", 1)[1])["checks"]
            return checks["self_test"] == "healthy"

        until(healthy, 20)
    finally:
        server.end()


def test_the_last_forwarded_entry_of_a_trusted_proxy_is_the_client_and_nobody_elses(launch):
    config = {"http": {"trusted_proxies": "127.0.0.1", "connections_per_address": 2, "uncounted_addresses": ""}}
    server = launch(config=config)

    def through_proxy(named: str) -> int:
        return opened(server.port, fields=f"X-Forwarded-For: 203.0.113.9, {named}\r\n")[0]

    kept = [opened(server.port, fields=f"X-Forwarded-For: {n}, 192.0.2.1\r\n") for n in range(2)]
    assert [status for status, _ in kept] == [101, 101]
    assert through_proxy("192.0.2.1") == 429, "what stands before the last entry is the client's own word"
    assert through_proxy("192.0.2.2") == 101
    forged = [opened(server.port, "127.0.0.5", fields=f"X-Forwarded-For: 192.0.2.{n}\r\n") for n in range(10, 13)]
    assert [status for status, _ in forged] == [101, 101, 429], "who is no proxy counts by its own address"
    greeted(server.port).close()
    assert counts(server).value("ws_connections_rejected_total", reason="address_limit") >= 2
