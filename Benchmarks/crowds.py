"""Crowds of connections to a game server, in as many processes as their descriptors take: `crowd.c` is one of them."""

import json
import pathlib
import subprocess
import time

import machine

# A process has at most 20,000 descriptors where nobody raised that, and a source address some 28,000 ports.
MOST_EACH = 18_000
SOURCES_EACH = 16
TOGETHER = 256
OPEN_WITHIN_S = 300
CLOSE_WITHIN_S = 120

# What the server under them is told. Recovery is what a storm of strangers is for; the self-test is one connection more;
# whoever asks over a connection keeps it.
CONFIG = {"recovery": {"enabled": False}, "health": {"self_test": False},
          "http": {"max_connections": 1_000_000, "opens_per_s": 0, "keep_alive_ms": 600_000}}
# It pings a silent client after 15 s and closes it 10 s later.
HEARTBEAT_S, ANSWER_S = 15, 10


def build() -> pathlib.Path:
    machine.BUILD.mkdir(parents=True, exist_ok=True)
    return machine.build_load("crowd")


class Crowds:
    """So many connections, from addresses all over 127.0.0.0/8. Answers pings by itself."""

    def __init__(self, binary: pathlib.Path, port: int, most: int):
        count = -(-most // MOST_EACH)
        self.processes = [
            subprocess.Popen([binary, str(port), f"127.{index + 1}.0.1", str(SOURCES_EACH)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True) for index in range(count)]
        self.together = max(1, TOGETHER // count)

    def open(self, count: int) -> None:
        self._order([f"open {share} {self.together}" for share in self._shares(count)])

    def close(self, count: int) -> None:
        self._order([f"close {share}" for share in self._shares(count)])

    def count(self) -> dict:
        """What all of them report: sums, and the latest and slowest of what is a time."""
        return merged(self._order(["count"] * len(self.processes)))

    def settle(self, within_s: float, *, is_settled=lambda seen: not seen["under_way"] and not seen["closing"]) -> dict:
        """What they report once nothing is under way, or when the time is over."""
        end = time.monotonic() + within_s
        while not is_settled(seen := self.count()) and time.monotonic() < end:
            time.sleep(0.05)
        return seen

    def stop(self) -> None:
        for process in self.processes:
            process.stdin.close()
        for process in self.processes:
            process.wait(30)

    def _shares(self, count: int) -> list[int]:
        each, more = divmod(count, len(self.processes))
        return [each + (index < more) for index in range(len(self.processes))]

    def _order(self, orders: list[str]) -> list[dict]:
        for process, order in zip(self.processes, orders):
            process.stdin.write(order + "\n")
            process.stdin.flush()
        lines = [process.stdout.readline() for process in self.processes]
        if not all(lines):
            raise SystemExit("a crowd ended: its last words stand above")
        return [json.loads(line) for line in lines]


def merged(reports: list[dict]) -> dict:
    whole = dict(reports[0])
    for report in reports[1:]:
        for key, value in report.items():
            if isinstance(value, dict):
                whole[key] = {name: whole[key].get(name, 0) + value.get(name, 0) for name in whole[key] | value}
            elif key.endswith("_ns"):
                whole[key] = max(whole[key], value)
            else:
                whole[key] += value
    return whole
