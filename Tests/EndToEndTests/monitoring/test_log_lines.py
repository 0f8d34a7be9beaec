"""The judge of log lines, and lines that must hold no secret whatever is logged. All lines of a run are judged at its
end by the hook in conftest.py."""

import asyncio
import json

import pytest

from log_schema import SCHEMA, Canaries, Log, check, fault_of, logs_of, validator
from server import TOKEN, Server
from seat import new_secret
from table import play_to_the_end, start

GOOD = {"timestamp": "2026-11-21T13:04:12.932281Z", "level": "INFO", "category": "system", "event": "started",
        "message": "serves", "service": "gameserver", "version": "0.1.0", "node": "node-1", "pid": 1, "log_seq": 1}
NOTHING = Canaries()


@pytest.mark.parametrize("change,says", [
    ({}, None), ({"level": "info"}, "level"), ({"timestamp": "yesterday"}, "timestamp"),
    ({"category": "misc"}, "category"),
    ({"pid": "1"}, "pid"), ({"colour": "red"}, "colour"), ({"event": None}, "event"), ({"details": {"a": 1}}, None)])
def test_a_line_is_judged_by_the_schema(change, says):
    fault = fault_of(json.dumps({**GOOD, **change}).encode(), validator(), NOTHING)
    assert fault is None if says is None else fault and says in fault, fault


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_a_line_without_a_required_field_is_refused(missing):
    line = {key: value for key, value in GOOD.items() if key != missing}
    assert missing in fault_of(json.dumps(line).encode(), validator(), NOTHING)


@pytest.mark.parametrize("line", [b"Fatal error: Index out of range", b'{"level":"INFO"', b"[]", b"\xff\xfe", b""])
def test_what_is_no_object_is_refused(line):
    assert fault_of(line, validator(), NOTHING)


def test_secrets_names_and_hands_are_found():
    secret = new_secret()
    canaries = Canaries({secret}, {"Ana"})
    for leak in (secret, f"token={secret};", "Ana", "hello Ana!", "SOLDIER_RED"):
        assert "gives away" in fault_of(json.dumps({**GOOD, "message": leak}).encode(), validator(), canaries), leak
    assert fault_of(json.dumps({**GOOD, "message": "Analysis of bananas"}).encode(), validator(), canaries) is None


def test_only_a_kill_may_tear_a_line(tmp_path):
    whole, torn = json.dumps(GOOD).encode() + b"\n", b'{"timestamp":"2026'
    path = tmp_path / "stderr.log"
    path.write_bytes(whole + torn + whole)
    killed = check([Log(path, {len(whole + torn)})], NOTHING)
    assert (killed.lines, killed.torn, killed.faults) == (3, 1, [])
    assert len(check([Log(path)], NOTHING).faults) == 1
    assert f"{path}:2:" in check([Log(path)], NOTHING).faults[0]


def test_a_compression_cut_short_is_no_log(tmp_path):
    server = Server(tmp_path, config={"logging": {"file": str(tmp_path / "server.log")}}, logs_for_people=True)
    names = ["server.log", "server.log.20261121T183807.111667Z", "server.log.20261121T183807.111667Z.gz.partial"]
    for name in names:
        (tmp_path / name).write_bytes(b"\x1f\x8b")
    assert [log.name for log in server.log_files] == names[:2]


def test_the_schema_says_what_is_closed():
    schema = json.loads(SCHEMA.read_text())
    assert schema["$schema"].startswith("https://json-schema.org/draft/2020-12/")
    assert schema["additionalProperties"] is False
    assert set(GOOD) <= set(schema["required"])
    assert schema["properties"]["category"]["enum"] and set(schema["properties"]["level"]["enum"]) == {
        "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}


@pytest.mark.within(120)
async def test_no_secret_name_text_or_hand_is_logged_at_the_lowest_level(launch, clients):
    """Everything a client or an operator could slip into a line, at `trace`."""
    server = launch("--allow-seeds", "--log-level", "trace",
                    config={"limits": {"rate_per_s": 100_000, "burst": 100_000, "total_per_s": 1_000_000}})
    chairs = await start(clients, server, 4, options={"score_limit": 10, "round_limit": 2, "turn_ms": 3_600_000})
    words = {"Xaverina", "Quuxwort", "geheimnis", "guess-of-a-token-0123456789", "Basilisk"}
    named = await clients.open(server)
    seat = await named.create("Xaverina")
    await named.send({"type": "chat", "room": seat.room, "text": "geheimnis\u0000\u2028\n{\"level\":\"CRITICAL\"}"},
                     {"type": "chat", "room": seat.room, "text": "geheimnis"})
    await named.send_text('{"type":"act","room":"' + seat.room + '","n":1,"action":{"kind":"Quuxwort"}}')
    await named.send_text('{"Quuxwort":')
    thief = await clients.raw(server)
    await thief.send({"type": "hello", "client": {"name": "Basilisk\n{}", "version": "Basilisk"},
                      "resume": [{**seat.key, "secret": new_secret()}]})
    await thief.expect("no", room=seat.room)
    for path in ("/api/rooms?token=guess-of-a-token-0123456789", "/guess-of-a-token-0123456789/Quuxwort"):
        await asyncio.to_thread(server.request, "GET", path, token="guess-of-a-token-0123456789",
                                headers={"User-Agent": "Mozilla/5.0", "Cookie": "geheimnis=geheimnis"})
    await play_to_the_end(chairs)
    await named.barrier()
    await clients.close()
    await asyncio.to_thread(server.stop)
    lines = server.log.splitlines()
    assert len(lines) > 5
    canaries = Canaries({TOKEN, *(chair.seat.secret for chair in chairs), seat.secret}, words | {"Ana", "Ben"})
    leaks = [f"{number}: {found}" for number, line in enumerate(lines, 1) if (found := canaries.found_in(line))]
    assert not leaks, leaks[:10]
    assert not check(logs_of([server]), NOTHING).faults
