"""Who may ask operators' questions, how often, and what is kept of it: roles, ids, rates, the audit trail."""

import hashlib
import json
import os
import subprocess

import pytest

from server import ROOT, TOKEN, binary

OPERATOR = "end-to-end-operator-token-0123456789"
VIEWER = "end-to-end-viewer-token-0123456789"
ROLES = {"admin": {"operator_token": OPERATOR, "viewer_token": VIEWER}}
JSON_TYPE = {"Content-Type": "application/json"}


def lines(server) -> list[dict]:
    """What the server logged so far."""
    return [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]


@pytest.fixture
def staffed(launch):
    """A server with a token for each role."""
    return launch(config=ROLES)


@pytest.mark.parametrize("path,least", [
    ("/api/rooms", "viewer"), ("/metrics", "viewer"), ("/api/health/detailed", "viewer"),
    ("/api/system/stats", "viewer"), ("/api/openapi.json", "viewer"), ("/api/logs", "operator"),
    ("/api/logs/levels", "operator"), ("/api/system/events", "operator")])
def test_a_path_needs_its_role_or_a_greater_one(staffed, path, least):
    tokens = {"viewer": VIEWER, "operator": OPERATOR, "administrator": TOKEN}
    names = list(tokens)
    for name, token in tokens.items():
        status = staffed.request("GET", path, token=token).status
        assert (status == 403) == (names.index(name) < names.index(least)), f"{name}: {status}"


def test_who_may_not_is_told_which_role_it_takes(staffed):
    answer = staffed.request("POST", "/api/event-store/cleanup", token=OPERATOR, body=b"")
    assert answer.status == 403 and "administrator" in answer.json["error"]["message"]


def test_one_token_for_two_roles_stops_the_start(tmp_path):
    environment = {**os.environ, "GAMESERVER_ADMIN_TOKEN": TOKEN, "GAMESERVER_ADMIN_OPERATOR_TOKEN": TOKEN}
    environment.pop("GAMESERVER_BINARY", None)
    ended = subprocess.run([binary(), "serve", "--port", "0", "--data", str(tmp_path / "data")], env=environment,
                           capture_output=True, text=True, timeout=30, cwd=ROOT)
    assert ended.returncode == 1
    assert "one token cannot mean two roles" in ended.stderr and TOKEN not in ended.stderr


def test_the_request_id_ties_answer_and_log_lines(staffed):
    answer = staffed.request("GET", "/api/rooms", token=VIEWER, headers={"X-Request-Id": "mine-1"})
    assert answer.headers["X-Request-Id"] == "mine-1"
    page = staffed.request("GET", "/api/logs?request_id=mine-1", token=OPERATOR).json
    line, = [line for line in page["lines"] if line["event"] == "http_request"]
    assert line["correlation_id"] == "mine-1"
    assert line["http"] == {"method": "GET", "route": "/api/rooms", "status": 200, "bytes": len(answer.body)}


def test_a_rate_is_told_and_kept(launch):
    server = launch(config={**ROLES, "http": {"public_rate_per_min": 4, "operator_rate_per_min": 10}})
    statuses = [server.request("GET", "/health") for _ in range(8)]
    assert [answer.status == 429 for answer in statuses] == [False] * 6 + [True] * 2
    assert [answer.headers["X-RateLimit-Remaining"] for answer in statuses] == ["5", "4", "3", "2", "1", "0", "0", "0"]
    assert int(statuses[-1].headers["Retry-After"]) in range(1, 16)
    assert statuses[-1].json["error"]["code"] == "rate_limited"
    assert all(server.request("GET", "/readyz").status == 200 for _ in range(10))
    found = [server.request("GET", "/api/rooms", token=VIEWER).status for _ in range(16)]
    assert found == [200] * 15 + [429]
    assert server.request("GET", "/api/rooms", token=OPERATOR).status == 200
    stats = server.request("GET", "/api/rate-limit/stats", token=OPERATOR).json
    assert stats["refused"] == 3 and stats["routes"]["/api/rooms"] == {"accepted": 16, "refused": 1}


def test_wrong_tokens_lock_an_address_out(launch):
    server = launch(config={"http": {"failed_auth_per_min": 2}})
    assert [server.request("GET", "/api/rooms", token="guess").status for _ in range(4)] == [401, 401, 401, 429]
    assert server.request("GET", "/api/rooms", token=TOKEN).status == 429
    server.stop()
    failures = [line for line in lines(server) if line["event"] == "auth_failed"]
    assert failures and all(line["category"] == "security" for line in failures)
    assert "guess" not in server.log


def test_what_an_operator_does_is_kept(staffed):
    change = json.dumps({"category": "websocket", "level": "debug"}).encode()
    answer = staffed.request("PUT", "/api/logs/levels", token=OPERATOR, headers={**JSON_TYPE, "X-Request-Id": "op-1"},
                             body=change)
    assert answer.status == 200 and answer.json["categories"]["websocket"] == "debug"
    assert staffed.request("POST", "/api/event-store/cleanup?dry_run=1", token=TOKEN, body=b"").status == 200
    actor = "operator:" + hashlib.sha256(OPERATOR.encode()).hexdigest()[:8]
    trail = staffed.request("GET", "/api/logs?category=audit", token=OPERATOR).json["lines"]
    assert [line["audit"]["action"] for line in trail] == ["storeCleanup", "setLogLevel"]
    assert trail[1]["audit"]["actor"] == actor and trail[1]["correlation_id"] == "op-1"
    assert staffed.stop() == 0
    staffed.start()
    events = staffed.request("GET", "/api/system/events?kind=admin_action", token=OPERATOR).json["events"]
    assert [event["body"]["action"] for event in events] == ["setLogLevel", "storeCleanup"]
    assert events[0]["actor"] == actor and events[0]["correlation_id"] == "op-1"
    assert OPERATOR not in staffed.log and TOKEN not in staffed.log


@pytest.mark.parametrize("body,kind,status", [
    (b"{", "application/json", 400), (b"[]", "application/json", 400), (b"{}", "text/plain", 415),
    (b'{"level":"loud"}', "application/json", 400), (b'{"category":"none","level":"info"}', "application/json", 400),
    (b"", "application/json", 400), (b" " * 70_000, "application/json", 413)])
def test_a_body_that_is_not_right_is_refused(staffed, body, kind, status):
    answer = staffed.request("PUT", "/api/logs/levels", token=OPERATOR, headers={"Content-Type": kind}, body=body)
    assert answer.status == status and answer.json["error"]["message"]


def test_a_procedure_that_is_not_there_is_404(staffed):
    for path in ("trigger/nothing", "procedures/nothing/enable", "procedures/nothing/disable"):
        assert staffed.request("POST", f"/api/recovery/{path}", token=OPERATOR, body=b"").status == 404, path


def test_readiness_lists_its_checks(server):
    answer = server.request("GET", "/readyz?verbose")
    assert answer.status == 200
    assert answer.text == "[+]draining ok\n[+]store ok\n[+]protection ok\nreadyz check passed\n"
    assert server.request("GET", "/readyz?verbose&exclude=store").text.count("[+]") == 2
    assert server.request("GET", "/livez?exclude=draining").status == 400
