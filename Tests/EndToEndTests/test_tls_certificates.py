"""Certificates from the start of the server to their end: what is refused, and how they are renewed while it runs."""

import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

from certificates import Certificate, Chain
from secure import ASK, Secure
from server import ROOT, TOKEN, binary


def expect_refusal(tmp_path, sentence: str, **settings):
    (tmp_path / "config.json5").write_text(json.dumps({"tls": {"port": 0, **settings}}))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GAMESERVER_")}
    ended = subprocess.run(
        [binary(), "serve", "--port", "0", "--data", str(tmp_path / "data"), "--config",
         str(tmp_path / "config.json5")], env=environment, capture_output=True, text=True, timeout=30, cwd=ROOT)
    assert ended.stderr.strip().splitlines() == [f"gameserver: cannot serve TLS: {sentence}"]
    assert ended.returncode == 1 and "Ready" not in ended.stdout


def test_an_expired_certificate_stops_the_start(tmp_path):
    old = Certificate(tmp_path / "old", "localhost", made_at="2024-03-01 12:00:00", days=10)
    expect_refusal(tmp_path, f"the certificate in {old.file} ended on {old.ends} UTC",
                   cert=str(old.file), key=str(old.key))


def test_a_key_of_another_certificate_stops_the_start(tmp_path):
    one, other = Certificate(tmp_path / "one", "localhost"), Certificate(tmp_path / "other", "localhost", key="rsa")
    expect_refusal(tmp_path, f"the key in {other.key} is not that of the certificate in {one.file}",
                   cert=str(one.file), key=str(other.key))


def test_a_missing_file_and_a_bad_folder_stop_the_start(tmp_path):
    own = Certificate(tmp_path / "own", "localhost")
    expect_refusal(tmp_path, f"{tmp_path}/none.pem cannot be read: open: no such file or directory",
                   cert=str(tmp_path / "none.pem"), key=str(own.key))
    (tmp_path / "more/half").mkdir(parents=True)
    (tmp_path / "more/half/fullchain.pem").write_text(own.file.read_text())
    expect_refusal(tmp_path, f"{tmp_path}/more/half/privkey.pem cannot be read: open: no such file or directory",
                   cert=str(own.file), key=str(own.key), directory=str(tmp_path / "more"))


def test_the_whole_chain_is_shown_so_that_the_root_is_all_a_client_has_to_trust(tmp_path, launch):
    chain = Chain(tmp_path / "chain", "localhost")
    server = launch(config={"tls": chain.settings})
    port = int((server.data / "tls-port").read_text())
    context = ssl.create_default_context(cafile=chain.root)
    raw = socket.create_connection(("127.0.0.1", port), timeout=10)
    with context.wrap_socket(raw, server_hostname="localhost") as connection:
        assert connection.version() == "TLSv1.3"
    said = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-showcerts", "-CAfile",
                           str(chain.root), "-verify_return_error"], input="", capture_output=True, text=True,
                          timeout=30).stdout
    assert said.count("BEGIN CERTIFICATE") == 2 and "Verify return code: 0 (ok)" in said


def test_settings_that_say_nothing_alone_are_refused(tmp_path):
    ended = subprocess.run([binary(), "config", "check", "--tls-cert", "a.pem"], capture_output=True, text=True,
                           timeout=30, env={"PATH": os.environ["PATH"]})
    assert ended.returncode == 2
    assert ended.stderr == 'configuration: tls.cert in --tls-cert is "a.pem": tls.key has to be set too\n'


def test_a_reload_is_for_operators_and_kept_in_the_trail(launch_secure):
    secure = launch_secure()
    old = secure.certificate.digest
    Certificate(secure.certificate.file.parent, "localhost", "renewed.test", days=60)
    assert secure.certificate.digest != old
    assert secure.server.request("POST", "/api/tls/reload", body=b"").status == 401
    answer = secure.reload()
    assert answer.status == 200
    loaded, = answer.json["certificates"]
    assert loaded["names"] == ["localhost", "renewed.test"] and loaded["file"] == str(secure.certificate.file)
    assert secure.metric("gameserver_tls_reloads_total", result="loaded") == 1
    trail = [json.loads(line) for line in (secure.server.data / "audit.log").read_text().splitlines()]
    assert [(line["audit"]["action"], line["audit"]["target"]) for line in trail] == [("tlsReload", "certificates")]
    with secure.open(name="renewed.test") as connection:
        connection.sendall(ASK)


def test_without_tls_there_is_nothing_to_reload(server):
    answer = server.request("POST", "/api/tls/reload", token=TOKEN, body=b"")
    assert answer.status == 409 and "tls.cert" in answer.json["error"]["message"]


def test_sighup_loads_and_a_bad_file_is_said_and_changes_nothing(launch_secure):
    secure = launch_secure()
    with secure.open() as held:
        Certificate(secure.certificate.file.parent, "localhost", "second.test")
        secure.server.process.send_signal(signal.SIGHUP)
        secure.until("gameserver_tls_reloads_total", 1, result="loaded")
        secure.certificate.file.write_text("torn")
        secure.server.process.send_signal(signal.SIGHUP)
        secure.until("gameserver_tls_reloads_total", 1, result="failed")
        assert secure.shown("second.test") == "localhost"
        refused, = [json.loads(line) for line in secure.server.log.splitlines() if '"certificates_refused"' in line]
        assert f"{secure.certificate.file} holds no certificate in PEM" in refused["message"]
        answer = secure.reload()
        assert answer.status == 409 and "holds no certificate" in answer.json["error"]["message"]
        # Older than both, and still served.
        held.sendall(ASK)
        assert held.recv(4096).startswith(b"HTTP/1.1 200")


@pytest.mark.within(120)
def test_fifty_reloads_under_load_fail_no_handshake(launch_secure):
    secure = launch_secure()
    context = ssl._create_unverified_context()
    over, failures, done = threading.Event(), [], [0]

    def visit():
        while not over.is_set():
            try:
                with secure.open(context) as connection:
                    connection.sendall(ASK)
                    assert connection.recv(4096).startswith(b"HTTP/1.1 200")
                done[0] += 1
            except (OSError, AssertionError) as failure:
                failures.append(repr(failure))

    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    for number in range(50):
        Certificate(secure.certificate.file.parent, f"round{number}.test")
        if number % 2:
            assert secure.reload().status == 200
        else:
            secure.server.process.send_signal(signal.SIGHUP)
            secure.until("gameserver_tls_reloads_total", number + 1, result="loaded")
    over.set()
    for visitor in visitors:
        visitor.join(20)
    assert failures == [] and done[0] > 50
    assert secure.shown("localhost") == "round49.test"


def test_health_and_metrics_know_when_the_certificate_ends(tmp_path, launch):
    soon = Certificate(tmp_path / "own", "localhost", days=2)
    server = launch(config={"tls": soon.settings, "health": {"interval_ms": 200, "floor_ms": 100}})
    secure = Secure(server, soon)
    end = time.monotonic() + 20
    while True:
        health = server.request("GET", "/api/health/detailed", token=TOKEN)
        component = health.json["components"].get("certificate", {})
        if component.get("status") == "critical":
            break
        assert time.monotonic() < end, component
    expires = secure.metric("gameserver_tls_certificate_expiry_timestamp_seconds")
    assert abs(expires - time.time() - 2 * 86_400) < 600
