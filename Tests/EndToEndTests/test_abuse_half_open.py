"""Peers whose network goes away without a word: found in bounded time, while others notice nothing.

The clients live in a network namespace of their own. Taking its cable away drops every packet both ways, so the server
hears neither an end nor a refusal. Needs the right to make namespaces.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time

import pytest

import bystander
from abuse import counts, descriptors, until
from exposition import grown

NAME = f"gs{os.getpid() % 100000}"
SERVER, CLIENT = "198.18.0.1", "198.18.0.2"
IDLE_MS, ANSWER_MS = 1000, 1000
PEERS = 25


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextlib.contextmanager
def namespace(name: str):
    """A namespace joined to this machine by a cable that can be pulled."""
    ip("netns", "add", name)
    try:
        ip("link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", name)
        ip("addr", "add", f"{SERVER}/30", "dev", f"{name}a")
        ip("link", "set", f"{name}a", "up")
        ip("-n", name, "addr", "add", f"{CLIENT}/30", "dev", f"{name}b")
        ip("-n", name, "link", "set", f"{name}b", "up")
        yield
    finally:
        # Sockets that nobody answers keep a namespace for minutes, and with it the address at this end.
        subprocess.run(["ip", "link", "del", f"{name}a"], capture_output=True)
        subprocess.run(["ip", "netns", "del", name], capture_output=True)


def is_possible() -> bool:
    if os.geteuid() != 0 or not shutil.which("ip"):
        return False
    try:
        with namespace(f"{NAME}p"):
            return True
    except subprocess.CalledProcessError:
        return False


@pytest.mark.skipif(not is_possible(), reason="no right to make network namespaces")
def test_peers_behind_a_cut_cable_are_found_in_bounded_time(launch):
    with namespace(NAME):
        # Both addresses are of this machine alone: no other network is heard.
        server = launch("--host", "127.0.0.1", config={
            "heartbeat": {"idle_ms": IDLE_MS, "answer_ms": ANSWER_MS},
            "server": {"listen": f"{SERVER}:0"}, "http": {"close_ms": 500}})
        port = port_of(server, SERVER)
        with bystander.Bystander(server.port) as healthy:
            before, start, alone = healthy.calm(), counts(server), descriptors(server)
            peers = subprocess.Popen(
                ["ip", "netns", "exec", NAME, sys.executable, bystander.__file__, "--host", SERVER, "--port", str(port),
                 "--crowd", str(PEERS)], stdout=subprocess.PIPE, text=True)
            try:
                assert peers.stdout.readline().split() == ["there", str(PEERS)]
                assert descriptors(server) >= alone + PEERS
                ip("-n", NAME, "link", "set", f"{NAME}b", "down")
                cut = time.monotonic()
                until(lambda: grown(start, counts(server), "ws_close_codes_total", code="4004") >= PEERS, 15)
                found_s = time.monotonic() - cut
                limit_s = (IDLE_MS + ANSWER_MS) / 1000
                assert found_s < limit_s + 5, f"found after {found_s:.1f} s; the times add up to {limit_s:.1f} s"
                until(lambda: descriptors(server) <= alone + 1, 15)
                bystander.Bystander.judge(before, healthy.report())
            finally:
                peers.kill()
                peers.wait()


def port_of(server, host: str) -> int:
    """The free port it took on one of its addresses, as it prints them."""
    addresses = next(line for line in server.printed if line.startswith("Serves "))
    return next(int(each.rstrip(",").rsplit(":", 1)[1]) for each in addresses.split()[1:] if each.startswith(host))
