"""A load client that is told how much to do, on its core."""

import subprocess

import machine


class Load:
    """`generator`, `fanout` or `players`: it reads numbers of rounds, and says what came of each."""

    def __init__(self, command: list):
        self.name = str(command[0]).rsplit("/", 1)[-1]
        self.process = subprocess.Popen(machine.pinned(machine.GENERATOR_CORE, command),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def play(self, rounds: int) -> int:
        """Returns when everything is answered: the number of messages."""
        self.process.stdin.write(f"{rounds}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name}: ended with {self.process.wait()}")
        return int(line)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=60)
