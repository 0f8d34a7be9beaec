"""What operators are told of rooms: pages, numbers, events and states, live and rebuilt from the log."""

import asyncio
import struct

import pytest
from websockets.asyncio.client import connect

from abuse import answer, connected
from bystander import receive_until
from server import TOKEN
from table import start
from test_admin_access import OPERATOR, ROLES, VIEWER


@pytest.fixture
def staffed(launch):
    """A server with a token for each role."""
    return launch(config=ROLES)


def part(answer, name: str) -> bytes:
    """One member of a state's answer, byte for byte: it stands just before the last."""
    text = answer.body
    begin = text.index(b',"%s":{' % name.encode()) + len(name) + 4
    return text[begin:text.rindex(b',"recovery_info":')]


async def test_rooms_come_page_by_page(staffed, clients):
    client = await clients.open(staffed)
    rooms = sorted([(await client.create("Ana")).room for _ in range(7)])
    seen, after = [], ""
    while True:
        page = staffed.request("GET", f"/api/rooms?limit=3{after}", token=VIEWER).json
        seen += [room["room"] for room in page["rooms"]]
        assert page["count"] == len(page["rooms"]) <= 3
        if not page["has_more"]:
            break
        after = f"&after={page['next']}"
    assert seen == rooms


async def test_a_state_rebuilt_from_the_log_is_the_live_one(staffed, clients):
    chairs = await start(clients, staffed, 4, options={"turn_ms": 3_600_000})
    path = f"/api/rooms/{chairs[0].room}/state"
    for eyes, name in (("", "state"), ("as=watcher&", "view"), ("as=1&", "view")):
        live = staffed.request("GET", f"{path}?{eyes}", token=TOKEN)
        rebuilt = staffed.request("GET", f"{path}?{eyes}source=replay", token=TOKEN)
        assert live.status == rebuilt.status == 200
        assert part(live, name) == part(rebuilt, name)
        assert (live.json["state_source"], rebuilt.json["state_source"]) == ("live", "reconstructed")
    head = live.json["seq"]
    hands = set()
    for number in range(head + 1):
        past = staffed.request("GET", f"{path}?at={number}", token=TOKEN)
        assert past.status == 200 and past.json["seq"] == number
        hands.add(part(past, "state"))
    assert len(hands) > 1
    assert staffed.request("GET", f"{path}?at={head + 1}", token=TOKEN).status == 400


async def test_only_an_administrator_sees_hands(staffed, clients):
    chairs = await start(clients, staffed, 4, options={"turn_ms": 3_600_000})
    room = f"/api/rooms/{chairs[0].room}"
    hands = [chair.player.hand for chair in chairs]
    assert all(hands)
    for token in (VIEWER, OPERATOR):
        for path in ("/state", "/state?as=watcher", "/state?source=replay", "/state?at=1"):
            answer = staffed.request("GET", room + path, token=token)
            assert answer.status == 200 and "state" not in answer.json and "hand" not in answer.json["view"]
        for path in ("/state?as=0", "/state?as=0&source=replay", "/events?as=0", "/events/0?as=3"):
            assert staffed.request("GET", room + path, token=token).status == 403, path
        seen = staffed.request("GET", room + "/events", token=token).json
        raw = staffed.request("GET", room + "/events", token=TOKEN).json
        assert [event["seq"] for event in seen["events"]] == [event["seq"] for event in raw["events"]]
        assert "hands" in str(raw["events"]) and "hands" not in str(seen["events"])


async def test_events_are_analysed(staffed, clients):
    chairs = await start(clients, staffed, 4)
    page = staffed.request("GET", f"/api/rooms/{chairs[0].room}/events", token=TOKEN).json
    events = page["events"]
    assert page["success"] and page["room_id"] == chairs[0].room and page["event_count"] == len(events)
    assert page["analysis"]["first_event"] == events[0] and page["analysis"]["last_event"] == events[-1]
    assert sum(page["analysis"]["event_types"].values()) == len(events)
    kind = events[-1]["event"]["kind"]
    some = staffed.request("GET", f"/api/rooms/{chairs[0].room}/events?event_type={kind}", token=TOKEN).json
    assert [event["event"]["kind"] for event in some["events"]] == [kind] * page["analysis"]["event_types"][kind]


async def test_numbers_of_rooms_and_of_everything(staffed, clients):
    chairs = await start(clients, staffed, 4, options={"turn_ms": 3_600_000})
    room, = staffed.request("GET", "/api/metrics/rooms?top=1&by=members", token=VIEWER).json["rooms"]
    assert room["room"] == chairs[0].room and room["members"] == 4 and room["seq"] == chairs[0].seat.seq
    assert room["waiting_on"]["seats"] and room["events_per_s"] > 0
    stats = staffed.request("GET", "/api/debug/room-stats", token=VIEWER).json["stats"]
    assert stats["active_connections"] == 4 and stats["room_summary"]["by_status"] == {"playing": 1}
    assert staffed.request("GET", "/api/debug/room-stats?room_id=ZZZZZZZZ", token=VIEWER).status == 404
    system = staffed.request("GET", "/api/system/stats", token=VIEWER).json
    assert system["rooms"]["active_games"] == 1 and system["rooms"]["total_players"] == 4
    assert system["events"]["statistics"]["total_events"] == chairs[0].seat.seq
    sockets = staffed.request("GET", "/api/v1/monitoring/websocket/stats", token=VIEWER).json
    assert sockets["active_connections"] == 4 and sockets["messages_in_total"] >= 8


async def test_the_log_is_followed_with_a_token_or_once_with_a_ticket(staffed):
    address = f"ws://127.0.0.1:{staffed.port}/api/logs/tail"
    token = {"Authorization": f"Bearer {OPERATOR}"}
    ticket = staffed.request("POST", "/api/logs/tickets", token=OPERATOR, body=b"").json["ticket"]
    with_token = connect(address + "?category=access", additional_headers=token, subprotocols=["gameserver.logs"])
    async with with_token as one, connect(address + f"?ticket={ticket}") as two:
        assert one.subprotocol == "gameserver.logs"
        staffed.request("GET", "/health", headers={"X-Request-Id": "followed"})
        for socket in (one, two):
            while "followed" not in (line := await socket.recv()):
                pass
            assert '"event":"http_request"' in line
    for wrong in (f"?ticket={ticket}", "?ticket=nothing"):
        with pytest.raises(Exception, match="401"):
            async with connect(address + wrong):
                pass
    assert staffed.request("GET", "/api/logs/tail", token=VIEWER).status == 403
    assert ticket not in staffed.log


async def test_a_follower_who_is_gone_gives_its_place_back(launch):
    server = launch(config={**ROLES, "heartbeat": {"idle_ms": 300, "answer_ms": 300}, "health": {"self_test": False}})
    ask = (f"GET /api/logs/tail?category=security HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {OPERATOR}\r\n"
           "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: gameserver.logs\r\n\r\n").encode()
    there = connect(f"ws://127.0.0.1:{server.port}/api/logs/tail?category=security",
                    additional_headers={"Authorization": f"Bearer {OPERATOR}"}, subprotocols=["gameserver.logs"])
    # All other places are taken by some who answer no ping, as if their cables were cut.
    async with there as alive:
        gone = [connected(server.port) for _ in range(7)]
        for each in gone:
            each.sendall(ask)
            assert receive_until(each, b"\r\n\r\n").startswith(b"HTTP/1.1 101")
        assert server.request("GET", "/api/logs/tail", token=OPERATOR).status != 200
        for each in gone:
            said = await asyncio.to_thread(answer, each)
            assert bytes([0x89, 0]) in said and struct.pack(">BBH", 0x88, 2 + len("no sign of life"), 4004) in said
        for _ in range(7):
            async with connect(f"ws://127.0.0.1:{server.port}/api/logs/tail",
                               additional_headers={"Authorization": f"Bearer {OPERATOR}"}):
                pass
        assert (await alive.ping()) is not None and alive.state.name == "OPEN"


def test_the_description_names_every_path(staffed):
    document = staffed.request("GET", "/api/openapi.json", token=VIEWER).json
    assert document["openapi"] == "3.1.0" and len(document["paths"]) >= 29
    for path, item in document["paths"].items():
        for other in [path, *item.get("x-aliases", [])]:
            real = other.replace("{id}", "ZZZZZZZZ").replace("{since}", "0").replace("{name}", "nothing")
            assert staffed.request("DELETE", real, token=TOKEN).status == 405, other
