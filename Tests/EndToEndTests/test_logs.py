"""docs/OPERATIONS.md, "Logs": lines, files and signals as whoever runs the server meets them."""

import gzip
import json
import os
import pathlib
import pty
import signal
import subprocess

import pytest
from jsonschema import Draft202012Validator

from server import EXIT_WITHIN_S, ROOT, TOKEN, binary

SCHEMA = Draft202012Validator(json.loads((ROOT / "Resources/schemas/log.schema.json").read_text()))


def lines(path: pathlib.Path) -> list[dict]:
    """Of a log file, compressed or not; each valid by the schema."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    assert raw.endswith(b"\n") or not raw, path
    assert all(len(line) < 16384 for line in raw.splitlines())
    parsed = [json.loads(line) for line in raw.splitlines()]
    for line in parsed:
        SCHEMA.validate(line)
    return parsed


def events(path: pathlib.Path) -> list[str]:
    return [line["event"] for line in lines(path)]


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA.schema)


def test_a_file_put_aside_by_others_is_left_at_sighup(launch, tmp_path):
    log, aside = tmp_path / "server.log", tmp_path / "server.log.1"
    server = launch(config={"logging": {"file": str(log)}})
    log.rename(aside)
    server.process.send_signal(signal.SIGHUP)
    assert server.stop() == 0
    assert "started" in events(aside) and "stopped" not in events(aside)
    assert {"log_file_reopened", "stopped"} <= set(events(log))
    assert server.log == ""
    assert [oct(path.stat().st_mode & 0o777) for path in (log, aside, server.data / "audit.log")] == ["0o600"] * 3


def test_sighup_without_a_file_changes_nothing_under_a_service_manager(launch):
    server = launch()
    server.process.send_signal(signal.SIGHUP)
    assert server.request("GET", "/livez").status == 200
    assert server.stop() == 0
    assert "SIGTERM: drains" in server.log


def test_the_audit_trail_is_kept_also_when_the_log_goes_to_standard_error(launch):
    server = launch()
    assert server.request("POST", "/api/event-store/cleanup?dry_run=1", token=TOKEN, body=b"").status == 200
    assert server.stop() == 0
    assert [line["category"] for line in lines(server.data / "audit.log")] == ["audit"]


def test_sighup_at_a_terminal_stops_the_server(tmp_path):
    ours, theirs = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GAMESERVER_")}
    process = subprocess.Popen([binary(), "serve", "--port", "0", "--data", str(tmp_path / "data")],
                               stdout=subprocess.PIPE, stderr=theirs, cwd=ROOT, env=clean, text=True)
    os.close(theirs)
    try:
        assert any(line == "Ready\n" for line in process.stdout)
        process.send_signal(signal.SIGHUP)
        assert process.wait(EXIT_WITHIN_S) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    said = b""
    try:
        while piece := os.read(ours, 65536):
            said += piece
    except OSError:
        pass  # How a terminal tells that nobody writes any more.
    os.close(ours)
    assert b"SIGHUP: drains" in said and b"{" not in said, "a person reads lines for people"


def test_files_put_aside_by_the_server_miss_and_repeat_no_line(launch, tmp_path):
    log = tmp_path / "server.log"
    server = launch(config={"logging": {"file": str(log), "level": "trace", "max_file_bytes": 1500}})
    for _ in range(50):
        server.request("GET", "/nothing")
    assert server.stop() == 0
    files = {path.name.removesuffix(".gz"): path for path in sorted(tmp_path.glob("server.log.*Z*"))
             if not path.name.endswith(".partial")}
    aside = [files[name] for name in sorted(files)]
    assert aside
    numbers = [line["log_seq"] for path in [*aside, log] for line in lines(path)]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("levels, is_there", [("", False), ("system=notice", True)])
def test_a_category_can_be_turned_up_alone(launch, tmp_path, levels, is_there):
    log = tmp_path / "server.log"
    server = launch(config={"logging": {"file": str(log), "level": "warning", "category_levels": levels}})
    assert server.stop() == 0
    quiet = [line for line in lines(log) if line["level"] in ("DEBUG", "INFO")]
    assert {line["category"] for line in quiet} == ({"system"} if is_there else set())
