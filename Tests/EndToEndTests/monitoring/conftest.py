"""Servers, tools and played games for the tests of monitoring."""

import pytest

from ledger import CountedClients
from prometheus import Prometheus
from server import Server
from tool import run

#: Rates no fast player meets: for whole games.
FAST = {"rate_per_s": 100_000, "burst": 100_000, "total_per_s": 1_000_000, "resync_per_s": 1000}


@pytest.fixture
def prometheus(tmp_path):
    """Starts Prometheus on a server: `prometheus(server, native=True)`."""
    started: list[Prometheus] = []

    def start_one(server, *, native: bool) -> Prometheus:
        started.append(Prometheus(tmp_path / f"prometheus{len(started)}", server, native=native))
        return started[-1]

    yield start_one
    for each in started:
        each.stop()


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    """One server for the tests of one file, which nobody else talks to; it watches a certificate."""
    directory = tmp_path_factory.mktemp("own")
    certificate = directory / "certificate.pem"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90",
        "-subj", "/CN=localhost", "-keyout", str(directory / "key.pem"), "-out", str(certificate), within_s=30)
    server = Server(directory, "--allow-seeds",
                    config={"limits": FAST, "health": {"certificate_file": str(certificate)}}).start()
    yield server
    server.end()


@pytest.fixture
def counted():
    """Clients that keep books of what they send and hear."""
    return CountedClients()
