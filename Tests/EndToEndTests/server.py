"""The server under test as a black box: a process, a port, a data directory."""

import http.client
import json
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKEN = "end-to-end-admin-token-0123456789"
READY_WITHIN_S = 30
EXIT_WITHIN_S = 20


def binary() -> str:
    """Path of the `gameserver` executable: GAMESERVER_BINARY, else the release build of this tree."""
    return os.environ.get("GAMESERVER_BINARY") or str(ROOT / ".build/release/gameserver")


def loops() -> str:
    """Event loops of every server that is not told otherwise: the environment's GAMESERVER_SERVER_LOOPS, else 1."""
    return os.environ.get("GAMESERVER_SERVER_LOOPS", "1")


class Answer:
    """One HTTP answer, read to its end."""

    def __init__(self, response: http.client.HTTPResponse):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """`gameserver serve` on one data directory, started, killed and started again.

    `executable` is another server built from the library, `wrapper` a command that starts it (as `faketime`),
    `environment` what it gets beside its own, `logs_for_people` that its stderr is a sentence and no log, `descriptors`
    what it inherits.
    """

    #: Every server of this run whose stderr is a log: what `monitoring/log_schema.py` reads at the end.
    known: list["Server"] = []

    def __init__(self, directory: pathlib.Path, *flags: str, config: dict | None = None, port: int = 0,
                 token: str | None = TOKEN, executable: str | None = None, wrapper: tuple[str, ...] = (),
                 environment: dict[str, str] | None = None, logs_for_people: bool = False,
                 descriptors: tuple[int, ...] = ()):
        self.directory = directory
        self.data = directory / "data"
        self.command = [*wrapper, executable or binary(), "serve"]
        self.environment = environment or {}
        self.descriptors = descriptors
        self.config = config
        self.cuts: list[tuple[int, int]] = []   # (inode, size) of its logs when it was killed: a line may be torn there
        if not logs_for_people:
            Server.known.append(self)
        self.flags = [*flags, *("--admin-token", token)] if token else list(flags)
        self.wanted_port = port
        self.process: subprocess.Popen | None = None
        self.port = 0
        self.ready_s = 0.0
        self.printed: list[str] = []
        directory.mkdir(parents=True, exist_ok=True)
        if config is not None:
            (directory / "config.json5").write_text(json.dumps(config))
            self.flags += ["--config", str(directory / "config.json5")]

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def log_files(self) -> list[pathlib.Path]:
        """The file its configuration names, the audit trail, and what was rotated away from both.

        Not a `.partial`, a compression cut short by the server's end: its lines stand whole in the file beside it.
        """
        named = (self.config or {}).get("logging", {}).get("file")
        logs = sorted(pathlib.Path(named).parent.glob("*.log*")) if named else []
        return [log for log in logs + sorted(self.data.glob("audit*.log*")) if log.suffix != ".partial"]

    @property
    def log(self) -> str:
        """What it wrote to stderr, all starts together."""
        return (self.directory / "stderr.log").read_text(errors="replace")

    def start(self) -> "Server":
        """Returns when `Ready` stands alone on a line; `ready_s` is how long that took."""
        return self.spawn().wait_ready()

    def spawn(self) -> "Server":
        """The process only; it may be killed before it is ready."""
        self._began = time.monotonic()
        self._lines: queue.Queue[str | None] = queue.Queue()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GAMESERVER_")}
        environment["GAMESERVER_SERVER_LOOPS"] = loops()
        with open(self.directory / "stderr.log", "ab") as errors:
            self.process = subprocess.Popen(
                [*self.command, "--port", str(self.wanted_port), "--data", str(self.data), *self.flags],
                stdout=subprocess.PIPE, stderr=errors, cwd=ROOT, env={**environment, **self.environment}, text=True,
                pass_fds=self.descriptors)
        threading.Thread(target=self._pump, args=(self.process, self._lines), daemon=True).start()
        return self

    def wait_ready(self) -> "Server":
        while True:
            left = READY_WITHIN_S - (time.monotonic() - self._began)
            try:
                line = self._lines.get(timeout=max(left, 0.001))
            except queue.Empty:
                self.process.kill()
                raise AssertionError(f"not Ready within {READY_WITHIN_S} s; stderr:\n{self.log}") from None
            if line is None:
                raise AssertionError(f"exited {self.process.wait()} before Ready; stderr:\n{self.log}")
            if line == "Ready":
                break
        self.ready_s = time.monotonic() - self._began
        self.port = int((self.data_seen / "port").read_text().strip())
        return self

    @property
    def data_seen(self) -> pathlib.Path:
        """The data directory as this process sees it; another path when the server has mounts of its own."""
        return self.data

    def _pump(self, process: subprocess.Popen, lines: queue.Queue) -> None:
        for line in process.stdout:
            self.printed.append(line.rstrip("\n"))
            lines.put(line.rstrip("\n"))
        lines.put(None)

    def kill(self) -> None:
        """SIGKILL: no handler of the server runs."""
        self.process.kill()
        self.process.wait(EXIT_WITHIN_S)
        for log in filter(pathlib.Path.exists, [self.directory / "stderr.log", *self.log_files]):
            self.cuts.append((log.stat().st_ino, log.stat().st_size))

    def ask_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """SIGTERM, then its exit code."""
        if self.process.poll() is None:
            self.ask_to_stop()
        return self.ended()

    def ended(self) -> int:
        """Waits for its end; its exit code."""
        try:
            return self.process.wait(EXIT_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not stop within {EXIT_WITHIN_S} s of SIGTERM") from None

    def end(self) -> None:
        """Leaves no process behind, whatever the test did."""
        if self.process and self.process.poll() is None:
            self.kill()

    def request(self, method: str, path: str, *, token: str | None = None, headers: dict | None = None,
                body: bytes | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if token is not None:
                connection.putheader("Authorization", f"Bearer {token}")
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def admin(self, path: str):
        """JSON of an administrator's path."""
        answer = self.request("GET", path, token=TOKEN)
        assert answer.status == 200, f"{path}: {answer.status} {answer.text[:300]}"
        return answer.json

    def events(self, room: str, after: int = 0) -> list[dict]:
        """The raw log of a room after a sequence number, all pages."""
        found: list[dict] = []
        while True:
            page = self.admin(f"/api/rooms/{room}/events?after={after}")
            assert page["room"] == room
            found += page["events"]
            if not page["recovery_info"]["has_more_events"]:
                return found
            assert page["events"], "more events are promised but the page is empty"
            after = page["events"][-1]["seq"]

    def state(self, room: str, viewer: str | int | None = None) -> dict:
        return self.admin(f"/api/rooms/{room}/state" + ("" if viewer is None else f"?as={viewer}"))
