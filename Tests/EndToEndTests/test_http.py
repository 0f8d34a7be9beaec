"""The HTTP surface: what is open, what needs the token, files, errors, metrics."""

import json
import socket

import pytest
from prometheus_client.parser import text_string_to_metric_families

from server import TOKEN
from table import start

OPEN = ["/health", "/livez", "/readyz", "/api/health"]
GUARDED = ["/metrics", "/api/rooms", "/api/rooms/ZZZZZZZZ/events", "/api/rooms/ZZZZZZZZ/events/0",
           "/api/rooms/ZZZZZZZZ/state"]


def error_of(answer) -> dict:
    """The error of a refused request, in the one shape errors have."""
    assert answer.headers["Content-Type"].startswith("application/json"), answer.headers["Content-Type"]
    error = answer.json["error"]
    assert set(error) == {"code", "message", "request_id"} and all(isinstance(v, str) and v for v in error.values())
    return error


@pytest.mark.parametrize("path", OPEN)
def test_health_is_open(server, path):
    answer = server.request("GET", path)
    assert answer.status == 200 and answer.body


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x",
                                           f"Bearer {TOKEN[:-1]}", "Bearer "])
def test_the_rest_needs_the_token(server, path, authorization):
    answer = server.request("GET", path, headers={"Authorization": authorization} if authorization else {})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    error_of(answer)


def test_a_token_in_the_address_is_not_taken(server):
    for query in (f"?token={TOKEN}", f"?access_token={TOKEN}"):
        assert server.request("GET", "/api/rooms" + query).status == 401


@pytest.mark.parametrize("path", ["/nothing", "/api/nothing", "/api/rooms/ZZZZZZZZ/nothing", "/play/nothing.js",
                                  "/client/nothing.js"])
def test_what_is_not_there_is_404(server, path):
    answer = server.request("GET", path, token=TOKEN)
    assert answer.status == 404
    error_of(answer)


def test_a_room_that_is_not_there_is_404(server):
    for path in ("/api/rooms/ZZZZZZZZ/events", "/api/rooms/ZZZZZZZZ/state", "/api/rooms/!!/state"):
        answer = server.request("GET", path, token=TOKEN)
        assert answer.status == 404, path
        error_of(answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/health", "/", "/metrics", "/api/rooms"])
def test_another_method_is_405_and_names_the_right_ones(server, method, path):
    answer = server.request(method, path, token=TOKEN, body=b"")
    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]
    error_of(answer)


@pytest.mark.parametrize("path", ["/health", "/", "/metrics", "/api/rooms", "/client/gameserver.js"])
def test_head_is_get_without_the_body(server, path):
    get = server.request("GET", path, token=TOKEN)
    head = server.request("HEAD", path, token=TOKEN)
    assert head.status == get.status == 200 and head.body == b""
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    if path in ("/", "/client/gameserver.js"):
        assert head.headers["Content-Length"] == str(len(get.body))


@pytest.mark.parametrize("path,kind", [("/", "text/html"), ("/client/gameserver.js", "text/javascript"),
                                       ("/play/style.css", "text/css"), ("/play/play.js", "text/javascript")])
def test_static_files_have_a_type_and_an_etag(server, path, kind):
    first = server.request("GET", path)
    assert first.status == 200 and first.headers["Content-Type"].startswith(kind)
    assert first.headers.get("X-Content-Type-Options") == "nosniff"
    tag = first.headers["ETag"]
    for known in (tag, f'"x", {tag}', "*"):
        again = server.request("GET", path, headers={"If-None-Match": known})
        assert again.status == 304 and again.body == b"", known
        assert again.headers["ETag"] == tag
    other = server.request("GET", path, headers={"If-None-Match": '"something else"'})
    assert other.status == 200 and other.body == first.body


def test_the_page_forbids_foreign_content(server):
    policy = server.request("GET", "/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe-inline" not in policy


@pytest.mark.parametrize("path", [
    "/../Package.swift", "/play/../../Package.swift", "/play/%2e%2e/%2e%2e/Package.swift",
    "/play/..%2f..%2fPackage.swift",
    "/client/....//....//Package.swift", "//etc/passwd", "/play//etc/passwd", "/play/%00",
    "/play/..\\..\\Package.swift",
    "/client/gameserver.js%00.css", "/play/%252e%252e/Package.swift", "/client/../../README.md", "/client/", "/play/.",
    "/play/index.html/", "/%2e%2e/%2e%2e/etc/passwd"])
def test_no_path_leads_out_of_the_pages(server, path):
    answer = server.request("GET", path)
    assert answer.status in (400, 404), f"{path}: {answer.status}"
    assert b"swift-tools" not in answer.body and b"root:" not in answer.body


def test_metrics_are_valid_exposition(server):
    answer = server.request("GET", "/metrics", token=TOKEN)
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert families and all(name.startswith(("gameserver_", "process_", "http_server_")) for name in families)
    for name in ("gameserver_ws_connections", "gameserver_rooms", "gameserver_messages", "gameserver_commits"):
        assert name in families, sorted(families)
        assert families[name].documentation


async def test_metrics_count_what_happens(server, clients):
    def value(name: str, **labels) -> float:
        text = server.request("GET", "/metrics", token=TOKEN).text
        return sum(sample.value for family in text_string_to_metric_families(text) for sample in family.samples
                   if sample.name == name and labels.items() <= sample.labels.items())

    connections, commits = value("gameserver_ws_connections"), value("gameserver_commits_total")
    sent = value("gameserver_messages_total", direction="out")
    chairs = await start(clients, server, 4, options={"turn_ms": 3_600_000})
    assert value("gameserver_ws_connections") == connections + 4
    assert value("gameserver_commits_total") >= commits + 5
    assert value("gameserver_messages_total", direction="out") > sent
    text = server.request("GET", "/metrics", token=TOKEN).text
    assert chairs[0].room not in text and "Ana" not in text


async def test_the_rooms_of_an_administrator(server, clients):
    chairs = await start(clients, server, 4, visibility="private")
    rooms = server.admin("/api/rooms")
    listed = rooms["rooms"] if isinstance(rooms, dict) else rooms
    assert chairs[0].room in [room.get("room") or room.get("id") for room in listed]
    assert chairs[0].seat.secret not in json.dumps(rooms)
    state = server.state(chairs[0].room)
    assert (state["room"], state["seq"], state["state_source"]) == (chairs[0].room, chairs[0].seat.seq, "live")
    assert state["status"]["state"] == "playing" and state["state"]
    seen = server.state(chairs[0].room, 1)
    assert seen["view"]["hand"] == chairs[1].player.hand and "state" not in seen
    assert not server.state(chairs[0].room, "watcher")["view"].get("hand")
    for wrong in ("4", "-1", "nobody", ""):
        answer = server.request("GET", f"/api/rooms/{chairs[0].room}/state?as={wrong}", token=TOKEN)
        assert answer.status == 400, wrong
    text = json.dumps([state, server.events(chairs[0].room)])
    assert not any(chair.seat.secret in text for chair in chairs)


async def test_the_log_pages_from_any_number(server, clients):
    chairs = await start(clients, server, 4)
    log = server.events(chairs[0].room)
    assert [entry["seq"] for entry in log] == list(range(1, len(log) + 1))
    assert all(entry["at"] > 0 and entry["record"] > 0 for entry in log)
    page = server.admin(f"/api/rooms/{chairs[0].room}/events/1")
    assert page["events"] == log[1:] and page["event_count"] == len(log) - 1
    assert page["recovery_info"] == {"latest_sequence": len(log), "has_more_events": False}
    for wrong in ("x", "-1", "1e9", "99999999999999999999"):
        answer = server.request("GET", f"/api/rooms/{chairs[0].room}/events?after={wrong}", token=TOKEN)
        assert answer.status == 400, wrong


def exchange(server, data: bytes) -> bytes:
    """What comes back for raw bytes until the server closes or answers twice."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as raw:
        raw.sendall(data)
        raw.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := raw.recv(65536):
            received += chunk
        return received


@pytest.mark.parametrize("request_text", [
    b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
    b"GET / HTTP/1.1\r\nHost: a\r\n x: y\r\n\r\n", b"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", b"nonsense\r\n\r\n"])
def test_a_malformed_request_is_400(server, request_text):
    assert exchange(server, request_text).startswith(b"HTTP/1.1 400 ")


def test_pipelined_requests_are_answered_in_order(server):
    one = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
    last = b"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answers = exchange(server, one * 3 + last)
    assert answers.count(b"HTTP/1.1 200 ") == 3 and answers.count(b"HTTP/1.1 404 ") == 1
    assert answers.rindex(b"HTTP/1.1 200 ") < answers.index(b"HTTP/1.1 404 ")


def test_ws_without_an_upgrade_is_refused(server):
    assert server.request("GET", "/ws").status in (400, 426)
