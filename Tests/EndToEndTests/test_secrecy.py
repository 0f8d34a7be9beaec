"""No byte to anybody holds a piece of another hand: whole games, four seats, a watcher, open HTTP answers."""

import asyncio
import json
import re
from collections import Counter

import pytest

from pieces import POINTS, play_type
from projection import projected
from table import play_one, settle, start

TOKEN = re.compile("|".join(POINTS))
OPEN_PATHS = ["/", "/health", "/livez", "/readyz", "/api/health", "/startupz", "/nothing"]
CLOSED_PATHS = ["/metrics", "/api/rooms", "/api/rooms/{room}", "/api/rooms/{room}/events", "/api/rooms/{room}/events/0",
                "/api/rooms/{room}/events?after=0", "/api/rooms/{room}/state", "/api/rooms/{room}/state?as=0",
                "/rooms/{room}/state", "/rooms/{room}/events/0", "/api/health/detailed", "/api/system/stats",
                "/api/debug/room-stats", "/api/recovery/status", "/api/event-store/stats", "/dashboard",
                "/api/health/metrics", "/api/v1/monitoring/websocket/stats"]


def tokens(value) -> Counter:
    """Every piece name anywhere in a value, as often as it stands there."""
    return Counter(TOKEN.findall(value if isinstance(value, str) else json.dumps(value)))


class Knowledge:
    """What a viewer may know at each seq, from the raw log: its own hand and what was turned up in this turn."""

    def __init__(self, log: list[dict], viewer: int | None):
        self.events = {entry["seq"]: tokens(projected(entry["event"], viewer)) for entry in log}
        self.views = {0: Counter()}
        hand, table = Counter(), Counter()
        for entry in log:
            event = entry["event"]
            if event["kind"] == "dealt":
                hand = Counter(event["hands"][viewer]) if viewer is not None else Counter()
                table = Counter()
            elif event["kind"] == "played":
                shown = Counter(projected(event, viewer).get("pieces", []))
                table += shown
                if event["seat"] == viewer:
                    hand -= Counter(event["pieces"])
            elif event["kind"] == "turn_ended":
                table = Counter()
            self.views[entry["seq"]] = hand + table

    def check(self, message: dict) -> None:
        """Piece names in a frame must be exactly those the viewer may see there: not one more."""
        allowed = Counter()
        if message["type"] == "events":
            for seq in range(message["seq"] - len(message["events"]) + 1, message["seq"] + 1):
                allowed += self.events[seq]
        elif message.get("view"):
            allowed = self.views[message["seq"]]
        leaked = tokens(message) - allowed
        assert not leaked, f"leaked {dict(leaked)} in {json.dumps(message)[:600]}"


@pytest.mark.within(180)
@pytest.mark.parametrize("game", range(3))
async def test_no_frame_of_a_whole_game_holds_another_seats_pieces(game, quick_server, clients):
    server = quick_server
    people = 4 if game < 2 else 2
    chairs = await start(clients, server, people, options={"score_limit": 25})
    room = chairs[0].room
    watcher = await clients.open(server)
    watch = await watcher.watch(room)
    stranger = await clients.open(server)
    everyone = [*((chair.client, chair.seat.seat) for chair in chairs), (watcher, None)]
    steps = 0
    while chairs[0].player.phase != "finished":
        await play_one(chairs)
        steps += 1
        chair = chairs[steps % people]
        if steps % 9 == 0:
            await settle(chairs)
            await chair.fresh_view()
            await watcher.request("list")
            await watcher.send({"type": "resync", "room": room})
            await watcher.expect("snapshot")
        if steps % 13 == 0:
            other = next(c for c in chairs if not c.player.is_due)
            await other.act("play", pieces=other.player.hand[:1] or ["SOLDIER_RED"])
        if steps % 31 == 0:
            await settle(chairs)
            await chair.cut()
            chair.seat.epoch = "other" if steps % 62 == 0 else chair.seat.epoch
            await chair.back(clients, server)
            everyone.append((chair.client, chair.seat.seat))
            await chair.client.until(lambda c=chair: c.player.phase != "waiting")
        if steps % 20 == 0:
            for path in OPEN_PATHS + CLOSED_PATHS:
                answer = server.request("GET", path.format(room=room))
                assert path == "/" or not TOKEN.search(answer.text), f"{path}: {answer.text[:300]}"
                assert path in OPEN_PATHS or answer.status in (401, 404), f"{path}: {answer.status}"
    await settle(chairs)
    log = server.events(room)
    await watcher.until(lambda: watch.seq == log[-1]["seq"])
    assert steps > 30 and len([e for e in log if e["event"]["kind"] == "played"]) >= 32
    checked = 0
    for client, viewer in everyone:
        known = Knowledge(log, viewer)
        for frame in client.frames:
            for line in frame.split("\n"):
                known.check(json.loads(line))
                checked += 1
    assert checked > 400
    for client in (stranger, *(c for c in clients.open_ones if not c.seats)):
        assert not any(TOKEN.search(frame) for frame in client.frames)


async def test_the_knowledge_check_would_notice_a_leak(quick_server, clients):
    server = quick_server
    chairs = await start(clients, server, 4)
    await settle(chairs)
    log = server.events(chairs[0].room)
    known = Knowledge(log, 0)
    foreign = log[0]["event"]["hands"][1]
    for message in ({"type": "no", "code": "x", "message": f"seat 1 holds {foreign[0]}"},
                    {"type": "events", "seq": 1, "events": [{**projected(log[0]["event"], 0), "hands": [foreign]}]},
                    {"type": "snapshot", "seq": 1, "view": {"hand": log[0]["event"]["hands"][0] + foreign[:1]}}):
        with pytest.raises(AssertionError, match="leaked"):
            known.check(message)


async def test_a_discard_is_told_to_its_owner_only(quick_server, clients):
    server = quick_server
    chairs = await start(clients, server, 4, options={"score_limit": 1000, "round_limit": 20})
    watcher = await clients.open(server)
    watch = await watcher.watch(chairs[0].room)
    seen = 0
    while seen < 3 and chairs[0].player.phase != "finished":
        await play_one(chairs)
        seen = sum(event["kind"] == "played" and event["play"] == "DISCARD" for event in chairs[0].seat.told.values())
    await settle(chairs)
    log = server.events(chairs[0].room)
    await watcher.until(lambda: watch.seq == log[-1]["seq"])
    discards = [entry for entry in log if entry["event"].get("play") == "DISCARD"]
    assert discards, "a game without a discard proves nothing"
    for entry in discards:
        for chair in chairs:
            owner = chair.seat.seat == entry["event"]["seat"]
            assert ("pieces" in chair.seat.told[entry["seq"]]) == owner
        assert "pieces" not in watch.told[entry["seq"]]
    led = [e["event"] for e in log if e["event"]["kind"] == "played" and e["event"]["play"] != "DISCARD"]
    assert all(play_type(event["pieces"]) == event["play"] for event in led)


async def test_the_server_writes_no_secret_and_no_hand_to_its_log(launch, clients):
    server = launch("--log-level", "trace")
    chairs = await start(clients, server, 4)
    for _ in range(20):
        await play_one(chairs)
    await chairs[0].cut()
    await chairs[0].back(clients, server)
    await asyncio.to_thread(server.stop)
    written = server.log + "\n".join(server.printed)
    assert not TOKEN.search(written)
    for chair in chairs:
        assert chair.seat.secret not in written
