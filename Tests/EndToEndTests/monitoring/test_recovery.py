"""Procedures asked for by an operator on a server that is well: nothing is repaired, so nothing is called a success."""

import asyncio
import json
import threading
import time

import pytest

from server import TOKEN, Server
from table import start

FINISHED_WITHIN_S = 150
#: They are judged for a minute or two.
SLOW = {"system_overload", "reconnect_storm"}
#: What a procedure is told that heals one thing and not the server.
SCOPES = {"room_state_corruption": "room", "client_desync": "connection", "plugin_fault": "plugin"}
PROCEDURES = ["stale_connections", "high_pending_messages", "room_state_corruption", "client_desync",
              "memory_pressure", "system_overload", "database_connection_loss", "reconnect_storm", "plugin_fault"]


@pytest.fixture
def well_server(tmp_path):
    server = Server(tmp_path, config={"recovery": {"probe_ms": 200, "proof_ms": 200}}).start()
    yield server
    server.end()


def trigger(server, name: str, body: dict):
    return server.request("POST", f"/api/recovery/trigger/{name}", token=TOKEN, body=json.dumps(body).encode(),
                          headers={"Content-Type": "application/json"})


def status(server) -> dict:
    return server.admin("/api/recovery/status")


def finished(server, procedure: str, count: int = 1) -> list[dict]:
    """Its runs, once there are so many."""
    deadline = time.monotonic() + FINISHED_WITHIN_S
    while True:
        now = status(server)
        runs = [run for run in now["recent_history"] if run["procedure_name"] == procedure]
        if len(runs) >= count:
            return runs
        assert time.monotonic() < deadline, f"{procedure}: {now['procedures'][procedure]}, {now['recent_history']}"
        threading.Event().wait(0.1)   # there is nothing to be woken by


def told(server, correlation_id: str) -> list[dict]:
    """The lines of one run, beginning and end; the log is written a moment after the status says so."""
    deadline = time.monotonic() + FINISHED_WITHIN_S
    while True:
        whole = server.log.rpartition("\n")[0].splitlines()
        chain = [line for line in map(json.loads, whole) if line.get("correlation_id") == correlation_id]
        if len(chain) >= 2:
            return chain
        assert time.monotonic() < deadline, chain
        threading.Event().wait(0.05)   # there is nothing to be woken by


def test_the_procedures_are_those_of_the_description(well_server):
    now = status(well_server)
    assert sorted(now["procedures"]) == sorted(PROCEDURES) and now["total_procedures"] == len(PROCEDURES)
    for procedure in now["procedures"].values():
        assert {"description", "max_attempts", "cooldown_seconds", "severity", "recent_attempts"} <= procedure.keys()
    assert now["recent_attempts"] == 0 and now["success_rate"] == 0 and now["recent_history"] == []


@pytest.mark.within(180)
@pytest.mark.parametrize("procedure", [
    pytest.param(each, marks=[pytest.mark.conformance] * (each in SLOW)) for each in PROCEDURES])
async def test_nothing_repaired_is_no_success_and_the_cooldown_holds(well_server, clients, procedure):
    chairs = await start(clients, well_server, 4, options={"turn_ms": 3_600_000, "vote_ms": 3_600_000})
    scope = {"room": chairs[0].room, "connection": "1", "plugin": "liap-tui"}.get(SCOPES.get(procedure))
    body = {"scope": scope} if scope else {}
    dry = await asyncio.to_thread(trigger, well_server, procedure, {**body, "dry_run": True})
    assert dry.status in (200, 202), dry.text
    first = await asyncio.to_thread(trigger, well_server, procedure, body)
    assert first.status in (200, 202), first.text
    again = await asyncio.to_thread(trigger, well_server, procedure, body)
    assert again.status == 409, again.text
    assert again.json["error"]["message"]
    runs = await asyncio.to_thread(finished, well_server, procedure, 2)
    real = next(run for run in runs if run["verdict"] not in ("dry_run", "refused"))
    assert not real["success"] and real["verdict"] in ("ineffective", "failed"), real
    assert len(real["correlation_id"]) == 32 and real["trigger"]["kind"] == "manual"
    for chair in chairs:   # whatever it did, nobody was sent away
        await chair.client.barrier()
    chain = await asyncio.to_thread(told, well_server, real["correlation_id"])
    assert {line["category"] for line in chain} <= {"recovery", "audit"}, chain


def test_an_unknown_procedure_is_404_and_a_wrong_scope_is_refused(well_server):
    assert trigger(well_server, "make_coffee", {}).status == 404
    for name, body in (("room_state_corruption", {}), ("memory_pressure", {"scope": "liap-tui"})):
        assert trigger(well_server, name, body).status == 409
    assert status(well_server)["recent_attempts"] == 0


def test_an_operator_can_switch_a_procedure_off_and_on(well_server):
    for word, enabled in (("disable", False), ("enable", True)):
        answer = well_server.request("POST", f"/api/recovery/procedures/memory_pressure/{word}", token=TOKEN, body=b"")
        assert answer.status == 200, answer.text
        assert status(well_server)["procedures"]["memory_pressure"]["enabled"] is enabled
        if not enabled:
            assert trigger(well_server, "memory_pressure", {}).status == 409


def test_the_status_shows_the_chain_that_every_connection_meets(well_server):
    chain = {each["name"]: each for each in status(well_server)["middleware"]}
    assert chain["rate_limiting"]["hooks"] == ["accept", "receive"], chain
    assert not any(each["set_aside"] for each in chain.values()), chain
