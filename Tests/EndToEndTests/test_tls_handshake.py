"""TLS handshakes as Python's ssl module and `openssl s_client` meet them."""

import concurrent.futures
import http.client
import os
import socket
import ssl
import subprocess
import time

import pytest

from certificates import WITHIN_S, Certificate
from secure import ASK


def s_client(port: int, *arguments: str, say: bytes = b"Q\n") -> str:
    """What `openssl s_client` reports."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *arguments], input=say,
                          capture_output=True, timeout=WITHIN_S)
    return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


def test_the_start_says_where_tls_is_served(secure):
    assert f"TLS:   https://127.0.0.1:{secure.port}/" in secure.server.printed
    page = secure.server.admin("/api/logs?event=started")
    assert f"with TLS 127.0.0.1:{secure.port}" in page["lines"][0]["message"]


@pytest.mark.parametrize("flag,version", [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
def test_new_versions_are_spoken(secure, flag, version):
    said = s_client(secure.port, flag)
    assert f"{version}, Cipher is " in said
    assert "Compression: NONE" in said and "Server Temp Key: X25519" in said


@pytest.mark.parametrize("flag", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(secure, flag):
    before = secure.metric("gameserver_tls_handshakes_total", result="version")
    said = s_client(secure.port, flag, "-cipher", "ALL:@SECLEVEL=0")
    assert "alert protocol version" in said and "Cipher is (NONE)" in said
    secure.until("gameserver_tls_handshakes_total", before + 1, result="version")


def test_of_tls_1_2_only_ciphers_with_forward_secrecy_and_authentication_are_taken(secure):
    offered = [cipher["name"] for cipher in ssl.create_default_context().get_ciphers()
               if cipher["protocol"] == "TLSv1.2"]
    assert len(offered) > 5
    taken = []
    for cipher in offered:
        context = secure.context(maximum_version=ssl.TLSVersion.TLSv1_2)
        context.set_ciphers(cipher)
        try:
            with secure.open(context):
                taken.append(cipher)
        except ssl.SSLError:
            pass
    assert taken and all(name.startswith("ECDHE-ECDSA-") for name in taken)
    assert all("GCM" in name or "CHACHA20" in name for name in taken)


def test_no_shared_cipher_is_counted(secure):
    before = secure.metric("gameserver_tls_handshakes_total", result="no_shared_cipher")
    assert "handshake failure" in s_client(secure.port, "-tls1_2", "-cipher", "AES128-SHA")
    secure.until("gameserver_tls_handshakes_total", before + 1, result="no_shared_cipher")


def test_renegotiation_is_refused(secure):
    # `R` at the beginning of a line has s_client ask for it; the input stays open until it has answered.
    client = subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{secure.port}", "-tls1_2"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    client.stdin.write(b"R\n")
    client.stdin.flush()
    said = client.communicate(timeout=WITHIN_S)[0].decode(errors="replace")
    assert "RENEGOTIATING" in said and "no renegotiation" in said


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_resumed(secure, version):
    context = secure.context(minimum_version=version, maximum_version=version)
    before = secure.metric("gameserver_tls_handshakes_total", result="resumed")
    with secure.open(context) as first:
        first.sendall(ASK)
        assert first.recv(4096).startswith(b"HTTP/1.1 200")
        session = first.session
    assert session.has_ticket
    with secure.open(context, session=session) as second:
        assert second.session_reused
        second.sendall(ASK)
        assert second.recv(4096).startswith(b"HTTP/1.1 200")
    secure.until("gameserver_tls_handshakes_total", before + 1, result="resumed")


@pytest.mark.parametrize("offer,chosen", [([], None), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1")])
def test_http_1_1_is_negotiated(secure, offer, chosen):
    context = secure.context()
    if offer:
        context.set_alpn_protocols(offer)
    with secure.open(context) as connection:
        assert connection.selected_alpn_protocol() == chosen


def test_a_client_without_http_1_1_is_told_so(secure):
    assert "alert no application protocol" in s_client(secure.port, "-alpn", "h2")


def test_names_choose_the_certificate(launch_secure, tmp_path):
    Certificate(tmp_path / "more/one", "one.test", "*.one.test")
    Certificate(tmp_path / "more/two", "two.test", key="rsa")
    secure = launch_secure(directory=str(tmp_path / "more"))
    for asked, shown in [("one.test", "one.test"), ("a.one.test", "one.test"), ("a.b.one.test", "localhost"),
                         ("TWO.test", "two.test"), ("three.test", "localhost"), ("localhost", "localhost")]:
        assert secure.shown(asked) == shown, asked


def test_a_slow_handshake_is_cut_and_a_byte_at_a_time_is_fast_enough(launch_secure):
    secure = launch_secure(handshake_ms=700)
    silent = socket.create_connection(("127.0.0.1", secure.port), timeout=10)
    began = time.monotonic()
    assert silent.recv(1) == b""
    assert 0.6 < time.monotonic() - began < 5
    secure.until("gameserver_tls_handshakes_total", 1, result="timeout")

    raw = socket.create_connection(("127.0.0.1", secure.port), timeout=10)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = secure.context().wrap_bio(into, out, server_hostname="localhost")

    def flush():
        for byte in out.read():
            raw.sendall(bytes([byte]))

    def step(action):
        while True:
            try:
                done = action()
                flush()
                return done
            except ssl.SSLWantReadError:
                flush()
                into.write(raw.recv(65536))

    step(connection.do_handshake)
    step(lambda: connection.write(ASK))
    assert step(lambda: connection.read(4096)).startswith(b"HTTP/1.1 200")


def test_above_the_limit_of_handshakes_who_comes_waits(launch_secure):
    secure = launch_secure(max_handshakes=4)
    silent = [socket.create_connection(("127.0.0.1", secure.port), timeout=10) for _ in range(4)]
    secure.until("gameserver_tls_handshakes_in_progress", 4)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        late = pool.submit(secure.open)
        with pytest.raises(concurrent.futures.TimeoutError):
            late.result(timeout=1)
        # Nobody else notices.
        assert secure.server.request("GET", "/livez").status == 200
        silent.pop().close()
        late.result(timeout=10).close()
    for each in silent:
        each.close()


def test_a_request_without_tls_is_told_what_to_do(secure):
    connection = http.client.HTTPConnection("127.0.0.1", secure.port, timeout=10)
    connection.request("GET", "/livez")
    answer = connection.getresponse()
    assert answer.status == 400 and b"this port speaks TLS" in answer.read()


@pytest.mark.parametrize("noise", [
    b"\x16\x03\x01\xff\xff" + b"x" * 500, b"\x80\x2e\x01\x00\x02" + b"x" * 60, b"\r\n" * 50, os.urandom(2000),
    b"SSH-2.0-x\r\n", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"
], ids=["long record", "SSL 2", "line ends", "random", "SSH", "empty hello"])
def test_noise_harms_nobody(secure, noise):
    raw = socket.create_connection(("127.0.0.1", secure.port), timeout=10)
    raw.sendall(noise)
    raw.shutdown(socket.SHUT_WR)
    try:
        while raw.recv(4096):
            pass
    except ConnectionResetError:
        pass
    with secure.open() as connection:
        connection.sendall(ASK)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
