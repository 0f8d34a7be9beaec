"""The game server as a benchmark starts it."""

import json
import os
import pathlib
import subprocess
import tempfile

import machine

TOKEN = "benchmark-admin-token-0123456789"


class Served:
    """The server, with limits that let everybody in."""

    def __init__(self, binary: str, config: dict, port: int = 0, descriptors: int | None = None):
        self.folder = tempfile.TemporaryDirectory()
        file = pathlib.Path(self.folder.name) / "config.json5"
        file.write_text(json.dumps(config))
        words = [binary, "serve", "--data", self.folder.name + "/data", "--config", str(file), "--admin-token", TOKEN]
        if descriptors:
            words = ["prlimit", f"--nofile={descriptors}:{descriptors}", *words]
        with open(self.folder.name + "/log", "w") as log:
            self.process = subprocess.Popen(
                [*words, "--port", str(port)], stdout=subprocess.PIPE, stderr=log, text=True, cwd=machine.ROOT)
        if not any(line.strip() == "Ready" for line in self.process.stdout):
            raise SystemExit(f"no server: {pathlib.Path(self.folder.name, 'log').read_text()}")
        self.port = int((pathlib.Path(self.folder.name) / "data/port").read_text())

    def status(self, name: str) -> int:
        """A figure of /proc/PID/status, in bytes."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
        raise KeyError(name)

    def descriptors(self) -> list[int]:
        return [int(name) for name in os.listdir(f"/proc/{self.process.pid}/fd")]

    def cpu_s(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.folder.cleanup()
