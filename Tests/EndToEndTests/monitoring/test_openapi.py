"""The OpenAPI file is valid and true: schemathesis asks what it allows and forbids, with every role and none."""

import asyncio
import json
import os

import pytest
from openapi_spec_validator import validate

from server import ROOT, Server
from table import start
from tool import run

ADMINISTRATOR = "end-to-end-admin-token-0123456789"
OPERATOR = "end-to-end-operator-token-0123456789"
VIEWER = "end-to-end-viewer-token-0123456789"
SCHEMATHESIS = ROOT / ".venv/bin/schemathesis"
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "unsupported_method", "allow_header_conformance")
#: A probe that is not well answers 503, and says so in the description; no other 5xx is an answer.
SETTINGS = '[checks]\nnot_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "503"]\n'
EXAMPLES = 12
RUN_WITHIN_S = 60


@pytest.fixture(scope="module")
def open_server(tmp_path_factory):
    """All three roles; limits no test meets, for the limits have tests of their own."""
    server = Server(tmp_path_factory.mktemp("openapi"), config={
        "admin": {"operator_token": OPERATOR, "viewer_token": VIEWER},
        "http": {"public_rate_per_min": 1_000_000, "operator_rate_per_min": 1_000_000,
                 "failed_auth_per_min": 1_000_000}}).start()
    yield server
    server.end()


def description(server) -> dict:
    answer = server.request("GET", "/api/openapi.json", token=ADMINISTRATOR)
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("application/json")
    return answer.json


def test_the_description_is_valid_openapi(open_server):
    document = description(open_server)
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_answer_is_described_with_its_shape(open_server):
    """A success that is JSON has a schema, and every operation says what an error looks like."""
    bare = []
    for path, operations in description(open_server)["paths"].items():
        for method, operation in operations.items():
            if method in ("get", "post", "put", "delete", "patch"):
                for status, answer in operation["responses"].items():
                    for kind, content in answer.get("content", {}).items():
                        if "json" in kind and not content.get("schema"):
                            bare.append(f"{method} {path} {status}")
    assert not bare, bare


@pytest.mark.within(RUN_WITHIN_S * 2)
@pytest.mark.parametrize("role,token", [("administrator", ADMINISTRATOR), ("operator", OPERATOR), ("viewer", VIEWER),
                                        ("nobody", None)])
async def test_the_server_does_what_the_description_says(open_server, clients, tmp_path, role, token):
    """With rooms to be asked for. A seed is printed; SCHEMATHESIS_SEED fixes it."""
    chairs = await start(clients, open_server, 2, options={"turn_ms": 3_600_000, "vote_ms": 3_600_000})
    document = description(open_server)
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(with_examples(document, chairs[0].room)))
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    seed = os.environ.get("SCHEMATHESIS_SEED", str(int.from_bytes(os.urandom(4))))
    said = await asyncio.to_thread(
        run, str(SCHEMATHESIS), "run", str(file), "--url", f"http://127.0.0.1:{open_server.port}",
        "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES),
        "--seed", seed, "--workers", "1", "--request-timeout", "5", "--exclude-path-regex", "/logs/tail$",
        *(("--header", f"Authorization: Bearer {token}") if token else ()), within_s=RUN_WITHIN_S, cwd=tmp_path)
    print(said[-1500:])
    assert open_server.process.poll() is None and open_server.request("GET", "/livez").status == 200


def with_examples(document: dict, room: str) -> dict:
    """The description with a room that exists as the example of every room's id, so that successes are met too."""
    for operations in document["paths"].values():
        shared = operations.get("parameters", [])
        for operation in operations.values():
            if isinstance(operation, dict):
                for parameter in [*shared, *operation.get("parameters", [])]:
                    if parameter.get("in") == "path" and parameter.get("name") in ("id", "room", "room_id"):
                        parameter["example"] = room
    return document


@pytest.mark.parametrize("token,status", [(None, 401), ("wrong-token-of-enough-length", 401), (VIEWER, 403)])
def test_what_changes_something_needs_its_role(open_server, token, status):
    changing = [(path, method) for path, operations in description(open_server)["paths"].items()
                for method in operations if method in ("post", "put", "delete", "patch")]
    assert changing
    for path, method in changing:
        answer = open_server.request(method.upper(), path.replace("{", "").replace("}", ""), token=token, body=b"{}",
                                     headers={"Content-Type": "application/json"})
        assert answer.status == status, f"{method} {path}: {answer.status}"
        assert set(answer.json["error"]) == {"code", "message", "request_id"}
