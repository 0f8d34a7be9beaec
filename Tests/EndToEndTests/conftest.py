"""Async tests without a plugin, one shared server, and servers with their own configuration."""

import asyncio
import inspect
import pathlib
import sys

import pytest

from certificates import Certificate
from client import Clients
from seat import Seat
from secure import Secure
from server import TOKEN, Server, binary
from table import NAMES

sys.path.append(str(pathlib.Path(__file__).parent / "monitoring"))

import log_schema  # noqa: E402  (the folder has to be on the path first)

TEST_WITHIN_S = 60


def pytest_configure(config):
    config.addinivalue_line("markers", "within(seconds): how long one asynchronous test may take")
    config.addinivalue_line("markers", "conformance: takes minutes; `make conformance` runs it, `make test` does not")


def pytest_collection_finish(session):
    if session.items and not session.config.option.collectonly and not pathlib.Path(binary()).exists():
        pytest.exit(f"no server at {binary()}: build it (make build) or set GAMESERVER_BINARY", returncode=2)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    """All servers have ended: every line they logged is checked, and a bad one fails the run.

    First of all, for pytest gives the temporary folders free after this, and another run may then delete them."""
    if not Server.known or session.config.option.collectonly:
        return
    canaries = log_schema.Canaries(secrets={TOKEN, *Seat.secrets_of_all}, words=set(NAMES))
    try:
        verdict = log_schema.check(log_schema.logs_of(Server.known), canaries)
        session.config.log_verdict = str(verdict)
        failed = bool(verdict.faults)
    except log_schema.SchemaMissing as missing:
        session.config.log_verdict, failed = str(missing), True
    if failed and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    if said := getattr(config, "log_verdict", None):
        terminalreporter.section("log lines of all servers")
        terminalreporter.line(said)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Runs a coroutine test on a loop of its own and closes its clients on that loop."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    marker = pyfuncitem.get_closest_marker("within")
    seconds = marker.args[0] if marker else TEST_WITHIN_S
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}

    async def run():
        try:
            async with asyncio.timeout(seconds):
                await pyfuncitem.obj(**arguments)
        finally:
            for value in arguments.values():
                if isinstance(value, Clients):
                    await value.close()

    asyncio.run(run())
    return True


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    """One server with default times for all tests that need no special configuration."""
    server = Server(tmp_path_factory.mktemp("shared"), "--allow-seeds").start()
    yield server
    server.end()


@pytest.fixture
def server(shared_server):
    """The shared server, started again when a test brought it down."""
    if shared_server.process.poll() is not None:
        shared_server.start()
    return shared_server


@pytest.fixture(scope="session")
def quick_server(tmp_path_factory):
    """One server whose rate limits a fast player never meets, for whole games."""
    limits = {"rate_per_s": 100_000, "burst": 100_000, "total_per_s": 1_000_000, "resync_per_s": 1000}
    server = Server(tmp_path_factory.mktemp("quick"), "--allow-seeds", config={"limits": limits}).start()
    yield server
    server.end()


@pytest.fixture
def launch(tmp_path):
    """Starts servers of a test's own: `launch(config={…})`."""
    servers: list[Server] = []

    def start(*flags: str, config: dict | None = None) -> Server:
        server = Server(tmp_path / f"server{len(servers)}", *flags, config=config)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.end()


@pytest.fixture
def clients():
    """Opens clients that are closed when the test ends: `await clients.open(server)`."""
    return Clients()


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tls")
    certificate = Certificate(directory / "own", "localhost", "127.0.0.1")
    limits = {"rate_per_s": 100_000, "burst": 100_000, "total_per_s": 1_000_000}
    server = Server(directory, config={"tls": certificate.settings, "limits": limits}).start()
    yield Secure(server, certificate)
    server.end()


@pytest.fixture
def launch_secure(launch, tmp_path):
    """Starts servers with TLS settings of a test's own."""
    def start(**settings) -> Secure:
        certificate = Certificate(tmp_path / "own", "localhost", "127.0.0.1")
        return Secure(launch(config={"tls": {**certificate.settings, **settings}}), certificate)
    return start
