"""Debian's Prometheus scraping a server under test once a second, on a free port of loopback."""

import json
import pathlib
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from server import TOKEN, Server
from tool import tool

STARTED_WITHIN_S = 30
STORED_WITHIN_S = 20
POLL_S = 0.1
LISTENING = "0A"   # state of a socket in /proc/net/tcp

CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
scrape_configs:
  - job_name: gameserver
    authorization: {{credentials: {token}}}
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


class Prometheus:
    """One process. `native` makes it ask for protobuf and keep native histograms, else it asks for OpenMetrics."""

    def __init__(self, directory: pathlib.Path, server: Server, *, native: bool, token: str = TOKEN):
        self.directory = directory
        self.server = server
        directory.mkdir(parents=True, exist_ok=True)
        configuration = directory / "prometheus.yml"
        configuration.write_text(CONFIGURATION.format(token=token, port=server.port))
        features = "exemplar-storage,native-histograms" if native else "exemplar-storage"
        self._errors = open(directory / "prometheus.log", "wb")
        self.process = subprocess.Popen(
            [tool("prometheus"), f"--config.file={configuration}", f"--storage.tsdb.path={directory / 'data'}",
             "--web.listen-address=127.0.0.1:0", "--web.external-url=http://127.0.0.1/",
             f"--enable-feature={features}"],
            stdout=self._errors, stderr=self._errors, cwd=directory)
        self.port = self._until(self._listening, STARTED_WITHIN_S, "listening")
        self._until(self._is_ready, STARTED_WITHIN_S, "ready")

    def _listening(self) -> int | None:
        """The port the kernel gave it: port 0 is nowhere told by Prometheus itself."""
        try:
            links = [link.readlink() for link in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()]
        except FileNotFoundError:   # a descriptor that was closed between the listing and the look
            return None
        inodes = {str(link)[len("socket:["):-1] for link in links if str(link).startswith("socket:[")}
        for line in pathlib.Path(f"/proc/{self.process.pid}/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in inodes:
                return int(fields[1].split(":")[1], 16)
        return None

    def _is_ready(self) -> bool:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5).status == 200
        except urllib.error.HTTPError:
            return False

    def _until(self, condition, within_s: float, what: str):
        """Asks again and again until there is an answer that is true; waits on the process between two questions."""
        deadline = time.monotonic() + within_s
        while True:
            if found := condition():
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"Prometheus: not {what} within {within_s} s; it said\n{self._said()}")
            try:
                self.process.wait(POLL_S)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"Prometheus exited {self.process.returncode}; it said\n{self._said()}")

    def _said(self) -> str:
        return (self.directory / "prometheus.log").read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(STARTED_WITHIN_S)
        self._errors.close()

    # Asking

    def ask(self, path: str, **parameters):
        """`data` of an answer of the HTTP API."""
        query = urllib.parse.urlencode(parameters, doseq=True)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}", timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}?{query}: {error.code} {error.read().decode()[:500]}") from None

    def query(self, expression: str) -> list[dict]:
        """The series of an instant query: `{"metric": {…}, "value": [time, text]}` each."""
        return self.ask("query", query=expression)["result"]

    def value(self, expression: str) -> float | None:
        """The one value of a query; None when there is none yet."""
        found = self.query(expression)
        assert len(found) <= 1, f"{expression}: {len(found)} series"
        return float(found[0]["value"][1]) if found else None

    def until(self, expression: str, condition, within_s: float = STORED_WITHIN_S) -> float:
        """Waits until the value of an expression fits."""
        last = None

        def fits() -> bool:
            nonlocal last
            last = self.value(expression)
            return last is not None and condition(last)

        try:
            self._until(fits, within_s, "satisfied")
        except AssertionError as error:
            raise AssertionError(f"{expression} is {last}: {error}") from None
        return last

    def scraped_since(self, moment: float) -> None:
        """Waits for a whole scrape that began after a Unix time."""
        expression = 'min(timestamp(up{job="gameserver"}))'
        self.until(expression, lambda stamp: stamp > moment)

    def names(self) -> set[str]:
        """Names of all series of the job."""
        return {series["__name__"] for series in self.ask("series", **{"match[]": '{job="gameserver"}'})}

    def series(self) -> list[dict]:
        return self.ask("series", **{"match[]": '{job="gameserver"}'})

    def exemplars(self, selector: str, since: float) -> list[dict]:
        """Exemplars of the series of a selector, with their labels and values."""
        found = self.ask("query_exemplars", query=selector, start=since - 5, end=time.time() + 5)
        return [exemplar for series in found for exemplar in series["exemplars"]]
