"""What goes through TLS once it is agreed on, as browsers and Python's `websockets` use it."""

import asyncio
import json
import os
import socket
import ssl
import subprocess

import pytest
from websockets.asyncio.client import connect

from certificates import Certificate
from server import ROOT, binary

HELLO = json.dumps({"type": "hello", "client": {"name": "tls", "version": "1"}})


async def test_the_game_is_played_over_tls(secure):
    async with connect(f"wss://localhost:{secure.port}/ws", ssl=secure.context(), proxy=None,
                       subprotocols=["gameserver.v1"]) as client:
        await client.send(HELLO)
        assert json.loads((await client.recv()).split("\n")[0])["type"] == "welcome"
        await client.send(json.dumps({"type": "create", "id": 1, "game": "tic-tac-toe", "name": "Ada"}))
        assert '"joined"' in await client.recv()
    secure.until("gameserver_ws_connections_closed_total", 1, reason="normal")


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    """The bare engine with TLS: its port, and a context that trusts it."""
    certificate = Certificate(tmp_path_factory.mktemp("echo"), "localhost")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GAMESERVER_")}
    process = subprocess.Popen(
        [binary(), "echo", "--port", "0", "--tls-cert", str(certificate.file), "--tls-key", str(certificate.key),
         "--tls-port", "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    port = 0
    for line in process.stdout:
        if line.startswith("TLS:"):
            port = int(line.rsplit(":", 1)[1].split("/")[0])
        if line == "Ready\n":
            break
    yield f"wss://localhost:{port}/", ssl.create_default_context(cafile=certificate.file)
    process.kill()
    process.wait()


def wss(echo, **arguments):
    url, context = echo
    return connect(url, ssl=context, proxy=None, compression=None, max_size=None, **arguments)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 16_383, 16_384, 16_385, 65_536, 1 << 20, 5 << 20])
async def test_messages_of_every_size_go_both_ways(echo, size):
    message = os.urandom(size)
    async with wss(echo) as client:
        for _ in range(2):
            await client.send(message)
            assert await client.recv() == message


async def test_many_small_messages_come_back_in_order(echo):
    async with wss(echo) as client:
        for start in range(0, 20_000, 1000):
            for number in range(start, start + 1000):
                await client.send(f"message {number}")
            for number in range(start, start + 1000):
                assert await client.recv() == f"message {number}"


async def test_megabytes_wait_for_a_client_that_reads_late(echo):
    async with wss(echo, max_queue=1) as client:
        messages = [os.urandom(1 << 20) for _ in range(24)]
        sending = asyncio.create_task(asyncio.wait_for(asyncio.gather(*(client.send(each) for each in messages)), 50))
        await asyncio.sleep(0)
        for message in messages:
            assert await client.recv() == message
        await sending


def test_a_client_that_has_asked_all_and_says_goodbye_gets_its_answer(secure):
    raw = socket.create_connection(("127.0.0.1", secure.port), timeout=10)
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = secure.context().wrap_bio(into, out, server_hostname="localhost")

    def step(action):
        while True:
            try:
                done = action()
                raw.sendall(out.read())
                return done
            except ssl.SSLWantReadError:
                raw.sendall(out.read())
                heard = raw.recv(65536)
                into.write(heard) if heard else into.write_eof()

    step(connection.do_handshake)
    connection.write(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with pytest.raises(ssl.SSLWantReadError):
        connection.unwrap()
    raw.sendall(out.read())
    # After its own goodbye Python reads no more; that something comes and the stream then ends is what can be seen.
    heard = b""
    while more := raw.recv(65536):
        heard += more
    assert len(heard) > 300
