"""DESIGN.md §9: the command line as its user meets it."""

import json
import os
import subprocess

import pytest

from server import ROOT, TOKEN, Server, binary


def run(*arguments: str, environment: dict | None = None) -> subprocess.CompletedProcess:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GAMESERVER_")}
    return subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=20, cwd=ROOT,
                          env={**clean, **(environment or {})})


def one_sentence(done: subprocess.CompletedProcess) -> str:
    """What a failed start says: a line or two on stderr, no stack trace, nothing on stdout."""
    said = done.stderr.strip()
    assert said and len(said.splitlines()) <= 2 and "Fatal" not in said, said
    return said


@pytest.mark.parametrize("arguments", [["fly"], ["serve", "--colour", "red"], ["serve", "--port"],
                                       ["serve", "--port", "x"],
                                       ["serve", "--port", "70000"], ["serve", "--loops", "65"],
                                       ["serve", "--durability", "hope"], ["serve", "--log-level", "loud"],
                                       ["serve", "--config", "/nowhere/file.json5"], ["echo", "--data", "x"]])
def test_a_wrong_argument_is_exit_2_and_one_sentence(arguments, tmp_path):
    if arguments[0] == "serve":
        arguments = [*arguments[:1], "--data", str(tmp_path), *arguments[1:]]
    done = run(*arguments)
    assert done.returncode == 2
    one_sentence(done)


@pytest.mark.parametrize("text,names", [
    ('{limits: {rate_per_s: 0}}', ["limits.rate_per_s", "0"]), ('{limits: {colour: 1}}', ["colour"]),
    ('{colour: {}}', ["colour"]), ('{limits: {burst: "many"}}', ["limits.burst"]), ('{limits: ', []), ('[]', []),
    ('{limits: {burst: 1.5}}', ["limits.burst"])])
def test_a_wrong_configuration_stops_the_start_and_names_the_key(text, names, tmp_path):
    file = tmp_path / "server.json5"
    file.write_text(text)
    done = run("serve", "--port", "0", "--data", str(tmp_path / "data"), "--config", str(file))
    assert done.returncode == 2
    said = one_sentence(done)
    assert "server.json5" in said and all(name in said for name in names), said


def test_an_unknown_variable_stops_the_start(tmp_path):
    done = run("serve", "--port", "0", "--data", str(tmp_path), environment={"GAMESERVER_LIMITS_COLOUR": "1"})
    assert done.returncode == 2 and "GAMESERVER_LIMITS_COLOUR" in one_sentence(done)


def test_a_file_may_have_comments_and_flags_win(tmp_path):
    file = tmp_path / "server.json5"
    file.write_text("// quick\n{server: {port: 70, node: 'from-file',}, limits: {burst: 41}, /* end */}")
    done = run("config", "print", "--config", str(file), "--port", "0", environment={"GAMESERVER_LIMITS_BURST": "42"})
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert any("server.node" in line and "from-file" in line for line in lines) or "from-file" in done.stdout
    assert any("burst" in line and "42" in line for line in lines)
    assert not any("burst" in line and "41" in line for line in lines)


def test_config_print_hides_the_token():
    done = run("config", "print", environment={"GAMESERVER_ADMIN_TOKEN": TOKEN})
    assert done.returncode == 0 and TOKEN not in done.stdout + done.stderr


def test_version_and_help():
    assert run("version").returncode == 0 and run("version").stdout.strip()
    done = run("--help")
    assert done.returncode == 0 and "serve" in done.stdout


def test_a_second_process_on_the_same_data_exits_1(launch):
    server = launch()
    done = run("serve", "--port", "0", "--data", str(server.data))
    assert done.returncode == 1
    one_sentence(done)
    assert server.request("GET", "/livez").status == 200


def test_a_port_that_is_taken_exits_1(launch, tmp_path):
    server = launch()
    done = run("serve", "--port", str(server.port), "--data", str(tmp_path / "other"))
    assert done.returncode == 1 and str(server.port) in one_sentence(done)


def test_an_empty_token_is_refused_rather_than_open_to_everybody(tmp_path):
    done = run("serve", "--port", "0", "--data", str(tmp_path / "empty"), "--admin-token", "")
    assert done.returncode == 2
    one_sentence(done)


def test_without_a_token_one_is_made_printed_once_and_kept(tmp_path):
    server = Server(tmp_path, token=None).start()
    try:
        kept = next(file for file in server.data.iterdir() if "token" in file.name)
        token = kept.read_text().strip()
        assert len(token) >= 22 and kept.stat().st_mode & 0o777 == 0o600
        assert sum(token in line for line in server.printed) + server.log.count(token) == 1
        assert server.request("GET", "/api/rooms", token=token).status == 200
        assert server.request("GET", "/api/rooms", token="").status == 401
        server.stop()
        before = len(server.printed)
        server.start()
        assert server.request("GET", "/api/rooms", token=token).status == 200
        assert not any(token in line for line in server.printed[before:])
    finally:
        server.end()


def test_logs_are_one_json_object_a_line(launch):
    server = launch()
    server.request("GET", "/livez")
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert lines and all({"timestamp", "level", "category", "message", "service"} <= set(line) for line in lines)


def test_the_token_is_nowhere_in_what_is_written(launch):
    server = launch("--log-level", "trace")
    server.request("GET", "/api/rooms", token=TOKEN)
    server.request("GET", "/api/rooms", token="guess-of-a-token")
    server.stop()
    written = server.log + "\n".join(server.printed)
    assert TOKEN not in written and "guess-of-a-token" not in written
    assert not any(TOKEN.encode() in file.read_bytes() for file in server.data.rglob("*") if file.is_file())
