"""Instructions of a server per message, counted by callgrind: what it does at its start does not count.

Callgrind writes its counts down after a first part and after a second; the second alone is divided by its messages.
They are those of all threads, in user space; the kernel's are not seen. Under callgrind a server is so much slower than
the load that everybody who may have something to say has said it when it looks: as when it is fully loaded.
"""

import dataclasses
import pathlib
import re
import shutil
import subprocess
import tempfile

import machine
import peers
import traffic
from load import Load


@dataclasses.dataclass(frozen=True)
class Count:
    """What is counted, and the goal: 0.7 times what current uWebSockets was counted at."""

    shape: traffic.Shape
    rounds: int     # messages on each connection, or published
    goal: float | None


ALONE = dataclasses.replace(traffic.ECHO[0], name="echo 64 B, one connection alone", connections=1)
COUNTS = [Count(shape, rounds, goal) for shape, rounds, goal in [
    (traffic.ECHO[0], 40, 0.7 * 708), (traffic.ECHO[1], 160, 0.7 * 409), (traffic.ECHO[2], 10, 0.7 * 50_200),
    (ALONE, 4000, None), (traffic.FANOUT[0], 32, None), (traffic.FANOUT[1], 64, None)]]


def count(server: peers.Server, shape: traffic.Shape, rounds: int) -> float:
    with tempfile.TemporaryDirectory(prefix="bench-callgrind-") as folder:
        out = pathlib.Path(folder) / "out"
        callgrind = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}")
        with peers.running(server.command, callgrind) as (process, port):
            load = Load(shape.command(port))
            load.play(max(1, rounds // 5))
            dump(process.pid)
            messages = load.play(rounds)
            dump(process.pid)
            load.close()
        text = out.with_suffix(".2").read_text(errors="replace")
        return int(re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)[1]) / messages


def dump(pid: int) -> None:
    """Has callgrind write down what it has counted, and begin anew."""
    done = subprocess.run(["callgrind_control", "-d", str(pid)], capture_output=True, text=True)
    if done.returncode or "Error" in done.stdout:
        raise SystemExit(f"callgrind_control: {done.stdout.strip()} {done.stderr.strip()}")


def run(servers: list[peers.Server], counts: list[Count]) -> dict:
    """Instructions a message by shape and server: ours and uWebSockets, which are compiled."""
    if not shutil.which("valgrind") or not shutil.which("callgrind_control"):
        print("without instructions: valgrind is not installed")
        return {}
    return {each.shape.name: {server.name: count(server, each.shape, each.rounds)
                              for server in servers if server.name in (peers.OURS, peers.UWEBSOCKETS)}
            for each in counts}
