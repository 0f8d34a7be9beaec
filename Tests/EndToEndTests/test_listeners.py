"""Where a server listens, who may hand it a socket, and what it says to whoever started it."""

import asyncio
import os
import pathlib
import select
import signal
import socket
import ssl
import subprocess
import sys
import time

import pytest

import server as servers
from abuse import connected, opened, until
from bystander import handshake, receive_until
from certificates import Certificate
from server import Server


def upgraded(connection: socket.socket) -> bool:
    connection.settimeout(10)
    connection.sendall(handshake())
    return receive_until(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 101")


def at_file(path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    return connection


@pytest.fixture
def start(tmp_path):
    """Starts servers with what `launch` does not know: descriptors, an environment, a wrapper."""
    running: list[Server] = []

    def started(*flags: str, **options) -> Server:
        running.append(Server(tmp_path / f"server{len(running)}", *flags, **options))
        return running[-1].start()

    yield started
    for each in running:
        each.end()


def test_both_families_are_heard_on_one_socket(launch):
    server = launch("--host", "::")
    for host in ["127.0.0.1", "::1"]:
        assert upgraded(socket.create_connection((host, server.port))), host


def test_more_addresses_are_served_and_told(start, tmp_path):
    path = tmp_path / "game.sock"
    server = start(config={"server": {"listen": f"127.0.0.2:0, unix:{path}", "socket_mode": "0600"}})
    line = next(each for each in server.printed if each.startswith("Serves "))
    addresses = line.removeprefix("Serves ").split(", ")
    assert addresses[0] == f"127.0.0.1:{server.port}" and addresses[2] == f"unix:{path}"
    assert upgraded(socket.create_connection(("127.0.0.2", int(addresses[1].rsplit(":", 1)[1]))))
    assert upgraded(at_file(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert server.stop() == 0
    assert not path.exists(), "the file goes with the server"


def test_a_file_left_by_a_killed_server_is_taken_over_and_one_in_use_is_not(start, tmp_path):
    path = tmp_path / "game.sock"
    config = {"server": {"listen": f"unix:{path}"}}
    first = start(config=config)
    first.kill()
    assert path.exists()
    second = start(config=config)
    assert upgraded(at_file(path))
    third = Server(tmp_path / "third", config=config, logs_for_people=True).spawn()
    assert third.process.wait(20) == 1
    assert third.log == f"gameserver: cannot listen on unix:{path}: bind {path}: address already in use\n"
    assert upgraded(at_file(path)), "the one that was there still answers"
    assert second.process.poll() is None


def test_two_servers_share_a_port_when_both_say_so(start):
    first = start(config={"server": {"reuse_port": True}})
    second = start(config={"server": {"reuse_port": True}}, port=first.port)
    assert second.port == first.port
    first.stop()
    until(lambda: opened(second.port)[0] == 101)


#: Becomes the server, with a descriptor of its own in the place of the first that is handed over.
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES=os.environ.get("NAMES", ""))
os.execvp(sys.argv[2], sys.argv[2:])
"""


def test_a_socket_that_was_handed_over_is_served(start):
    listening = socket.create_server(("127.0.0.1", 0))
    wrapper = (sys.executable, "-c", HAND_OVER, str(listening.fileno()))
    server = start(wrapper=wrapper, descriptors=(listening.fileno(),))
    port = listening.getsockname()[1]
    assert server.port == port, "the port it prints is that of the socket, whatever --port says"
    # A server that has gone leaves the socket: who connects meanwhile waits for the next.
    assert opened(port)[0] == 101
    assert server.stop() == 0
    waiting = socket.create_connection(("127.0.0.1", port))
    waiting.sendall(handshake())
    start(wrapper=wrapper, descriptors=(listening.fileno(),))
    waiting.settimeout(10)
    assert receive_until(waiting, b"\r\n\r\n").startswith(b"HTTP/1.1 101")


def test_a_socket_of_the_name_tls_speaks_tls_and_a_restart_refuses_nobody(start, tmp_path, monkeypatch):
    certificate = Certificate(tmp_path / "certificate", "localhost")
    listening = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setenv("NAMES", "tls")
    wrapper = (sys.executable, "-c", HAND_OVER, str(listening.fileno()))
    port = listening.getsockname()[1]
    context = ssl.create_default_context(cafile=certificate.file)

    def asked(connection: socket.socket) -> bytes:
        with context.wrap_socket(connection, server_hostname="localhost") as secure:
            secure.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            return receive_until(secure, b"\r\n\r\n")

    server = start(config={"tls": certificate.settings}, wrapper=wrapper, descriptors=(listening.fileno(),))
    assert int((server.data / "tls-port").read_text()) == port and server.port != port
    assert opened(server.port)[0] == 101, "the plain port is the server's own"
    assert asked(connected(port)).startswith(b"HTTP/1.1 200")
    assert server.stop() == 0
    waiting = connected(port)
    start(config={"tls": certificate.settings}, wrapper=wrapper, descriptors=(listening.fileno(),))
    assert asked(waiting).startswith(b"HTTP/1.1 200")


# What the supervisor is told


class News:
    """A datagram socket as systemd has one."""

    def __init__(self, name: str):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)

    def next(self, within_s: float = 10) -> str | None:
        ready, _, _ = select.select([self.socket], [], [], within_s)
        return self.socket.recv(4096).decode() if ready else None

    def until(self, line: str, within_s: float = 20) -> str:
        end = time.monotonic() + within_s
        while said := self.next(max(0, end - time.monotonic())):
            if line in said.split("\n"):
                return said
        raise AssertionError(f"never told {line}")


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_it_says_when_it_serves_and_when_it_drains(start, tmp_path, kind):
    news = News(str(tmp_path / "notify") if kind == "path" else f"@gameserver-test-{os.getpid()}-{time.monotonic_ns()}")
    server = start(environment={"NOTIFY_SOCKET": news.name}, config={"logging": {"file": str(tmp_path / "server.log")}})
    assert f"STATUS=serves 127.0.0.1:{server.port}" in news.until("READY=1").split("\n")
    server.process.send_signal(signal.SIGHUP)
    reloading = news.until("RELOADING=1")
    assert int(reloading.split("MONOTONIC_USEC=")[1].split()[0]) <= time.monotonic_ns() // 1000
    news.until("READY=1")
    server.ask_to_stop()
    news.until("STOPPING=1")
    assert server.ended() == 0
    assert news.next(0) is None, "no sign of life was asked for"


def faulty() -> str:
    """The server with the game that does wrong, built beside the other."""
    beside = pathlib.Path(servers.binary()).with_name("FaultyServer")
    assert beside.exists(), f"no {beside}: build it (make release)"
    return str(beside)


async def test_a_loop_that_stands_still_is_not_reported_alive(tmp_path, clients):
    news = News(str(tmp_path / "notify"))
    environment = {"NOTIFY_SOCKET": news.name, "WATCHDOG_USEC": "1000000"}
    server = Server(tmp_path / "server", executable=faulty(), environment=environment)
    await asyncio.to_thread(server.start)
    try:
        for _ in range(4):
            await asyncio.to_thread(news.until, "WATCHDOG=1", 2)
        client = await clients.open(server)
        seat = await client.create("Faulty", game="faulty")
        await client.host(seat, "start")
        stalling = asyncio.create_task(client.act(seat, {"kind": "stall", "ms": 4000}))
        times: list[float] = []
        end = time.monotonic() + 7
        while time.monotonic() < end:
            if said := await asyncio.to_thread(news.next, 0.5):
                assert said == "WATCHDOG=1"
                times.append(time.monotonic())
        await stalling
        gap = max(after - before for before, after in zip(times, times[1:], strict=False))
        assert gap > 3, f"alive every {gap:.1f} s at least, while the loop stood still for 4 s"
        assert times[-1] > end - 1.5, "and again when it turned"
    finally:
        server.end()


@pytest.mark.skipif(subprocess.run(["sh", "-c", "command -v systemd-analyze"], capture_output=True).returncode != 0,
                    reason="there is no systemd-analyze")
@pytest.mark.parametrize("unit", ["gameserver.service", "gameserver.socket", "gameserver-tls.socket"])
def test_the_example_units_are_valid(unit):
    path = servers.ROOT / "Resources/systemd" / unit
    said = subprocess.run(["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True).stderr
    # The executable of the example is not installed here.
    faults = [line for line in said.splitlines() if unit in line and "is not executable" not in line]
    assert faults == []
