"""Many plain clients in one process, on bare streams: hello, life signs, nothing else.

    python peers.py --port PORT --count N [--room ID]

They watch a room when one is named. Prints `there N` when all are welcome, then a JSON object at the end of its
standard input. All come at once; who is sent away comes again when it was told to.
"""

import argparse
import asyncio
import json
import os
import random
import re
import sys
import time
from collections import Counter

UPGRADE = ("GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Protocol: gameserver.v1\r\n\r\n").encode()
GIVE_UP_S = 120
AT_ONCE = 400


def frame(text: str) -> bytes:
    """A masked text frame; the mask is zero, which RFC 6455 allows and costs nothing."""
    data = text.encode()
    head = bytes([0x81, 0x80 | len(data)]) if len(data) < 126 else bytes([0x81, 0x80 | 126, *len(data).to_bytes(2)])
    return head + b"\0\0\0\0" + data


async def message(reader) -> tuple[int, bytes]:
    """Opcode and payload of one whole message; the server does not fragment."""
    head = await reader.readexactly(2)
    size = head[1] & 0x7F
    if size >= 126:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8))
    return head[0] & 0x0F, await reader.readexactly(size)


class Peers:
    """All of them, and what became of them."""

    def __init__(self, port: int, count: int, room: str | None):
        self.port, self.count, self.room = port, count, room
        self.welcome = 0
        self.refused: Counter = Counter()
        self.closed: Counter = Counter()
        self.waits_s: list[float] = []
        self.everybody = asyncio.Event()
        self.door = asyncio.Semaphore(AT_ONCE)

    async def live(self, number: int) -> None:
        """One client's life: in as soon as it may, then there until the server ends it."""
        began = time.monotonic()
        while time.monotonic() - began < GIVE_UP_S:
            async with self.door:
                entered, retry_s = await self._enter()
            if entered:
                self.waits_s.append(time.monotonic() - began)
                self.welcome += 1
                if self.welcome == self.count:
                    self.everybody.set()
                return await self._stay(*entered)
            await asyncio.sleep(retry_s)
        self.refused["gave up"] += 1

    async def _enter(self):
        """(reader, writer) once welcome, or how long to wait before the next try."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(UPGRADE)
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if " 101 " not in head.split("\r\n")[0]:
                self.refused[head.split("\r\n")[0].split(" ", 1)[1]] += 1
                writer.close()
                told = re.search(r"retry-after: *(\d+)", head, re.IGNORECASE)
                return None, float(told[1]) * random.uniform(1, 1.5) if told else 1.0
            hello = [{"type": "hello", "client": {"name": "peer", "version": "1"}}]
            if self.room:
                hello.append({"type": "watch", "id": 1, "room": self.room})
            writer.write(frame("\n".join(map(json.dumps, hello))))
            while True:
                opcode, data = await message(reader)
                if opcode == 8:
                    raise ConnectionResetError(int.from_bytes(data[:2]))
                said = [json.loads(line) for line in data.split(b"\n")] if opcode == 1 else []
                if bye := next((each for each in said if each["type"] == "bye"), None):
                    self.refused[f"bye {bye['code']}"] += 1
                    writer.close()
                    return None, bye.get("after_ms", 1000) / 1000
                wanted = "joined" if self.room else "welcome"
                if any(each["type"] == wanted for each in said):
                    return (reader, writer), 0
        except (OSError, EOFError, asyncio.IncompleteReadError) as error:
            self.refused[type(error).__name__] += 1
            return None, random.uniform(0.5, 1.5)

    async def _stay(self, reader, writer) -> None:
        try:
            while True:
                opcode, data = await message(reader)
                if opcode == 8:
                    self.closed[int.from_bytes(data[:2])] += 1
                    writer.close()
                    return
                if opcode == 9:
                    writer.write(bytes([0x8A, 0x80 | len(data)]) + b"\0\0\0\0" + data)
                elif opcode == 1 and b'"ping"' in data:
                    for line in data.split(b"\n"):
                        said = json.loads(line)
                        if said["type"] == "ping":
                            writer.write(frame(json.dumps({"type": "pong", "t": said["t"]})))
        except (OSError, EOFError, asyncio.IncompleteReadError):
            self.closed["cut"] += 1

    def report(self) -> dict:
        waits = sorted(self.waits_s)
        return {"welcome": self.welcome, "refused": dict(self.refused),
                "closed": {str(code): count for code, count in self.closed.items()},
                "wait_p50_s": waits[len(waits) // 2] if waits else None, "wait_max_s": waits[-1] if waits else None}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--room")
    arguments = parser.parse_args()
    peers = Peers(arguments.port, arguments.count, arguments.room)
    peers.lives = [asyncio.create_task(peers.live(number)) for number in range(arguments.count)]
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    ended = asyncio.create_task(reader.read())
    there = asyncio.create_task(peers.everybody.wait())
    await asyncio.wait([there, ended], return_when=asyncio.FIRST_COMPLETED)
    print(f"there {peers.welcome}", flush=True)
    await ended
    print(json.dumps(peers.report()), flush=True)
    sys.stdout.flush()
    os._exit(0)   # thousands of sockets: nothing is gained by closing them one by one


if __name__ == "__main__":
    asyncio.run(main())
