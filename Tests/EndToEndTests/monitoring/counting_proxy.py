"""A TCP proxy on loopback that counts every byte, and every WebSocket message in them, without touching either."""

import asyncio
from dataclasses import dataclass

from server import Server

CHUNK = 65536
HEAD_END = b"\r\n\r\n"
#: Opcodes of RFC 6455 §5.2 from here on are control frames.
CONTROL = 0x8


@dataclass
class Flow:
    """What went one way."""

    bytes: int = 0
    messages: int = 0
    message_bytes: int = 0
    control_frames: int = 0

    def __iadd__(self, other: "Flow") -> "Flow":
        self.bytes += other.bytes
        self.messages += other.messages
        self.message_bytes += other.message_bytes
        self.control_frames += other.control_frames
        return self


class FrameCounter:
    """Counts data messages and their payload in one direction of one connection; RFC 6455 §5.2, written anew."""

    def __init__(self, flow: Flow):
        self.flow = flow
        self._buffer = bytearray()
        self._is_upgraded = False
        self._skip = 0

    def feed(self, data: bytes) -> None:
        self.flow.bytes += len(data)
        self._buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        if self._skip:
            taken = min(self._skip, len(self._buffer))
            del self._buffer[:taken]
            self._skip -= taken
            return not self._skip and bool(self._buffer)
        if not self._is_upgraded:
            end = self._buffer.find(HEAD_END)
            if end < 0:
                return False
            head = bytes(self._buffer[:end]).lower()
            self._is_upgraded = b"\r\nupgrade: websocket" in head
            if not self._is_upgraded:   # plain HTTP: bytes are all there is to count
                self._buffer.clear()
                return False
            del self._buffer[:end + len(HEAD_END)]
            return True
        return self._frame()

    def _frame(self) -> bool:
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        length, header = buffer[1] & 0x7F, 2
        if length >= 126:
            size = 2 if length == 126 else 8
            if len(buffer) < header + size:
                return False
            length = int.from_bytes(buffer[header:header + size], "big")
            header += size
        header += 4 if buffer[1] & 0x80 else 0
        if len(buffer) < header:
            return False
        if buffer[0] & 0x0F >= CONTROL:
            self.flow.control_frames += 1
        else:
            self.flow.message_bytes += length
            self.flow.messages += buffer[0] >> 7   # counted when its last frame begins
        del buffer[:header]
        self._skip = length
        return True


class CountingProxy:
    """`async with CountingProxy(server) as proxy:` and clients go to `proxy.url`; it looks like a server to them."""

    #: An HTTP request to `port`; the server's own way of asking, so that both ask alike.
    request = Server.request

    def __init__(self, server: Server):
        self.server = server
        self.connections = 0
        self._flows: list[tuple[Flow, Flow]] = []
        self._tasks: set[asyncio.Task] = set()

    @property
    def to_server(self) -> Flow:
        return self._sum(0)

    @property
    def from_server(self) -> Flow:
        return self._sum(1)

    def _sum(self, way: int) -> Flow:
        total = Flow()
        for pair in self._flows:
            total += pair[way]
        return total

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    async def __aenter__(self) -> "CountingProxy":
        self._listener = await asyncio.start_server(self._accepted, "127.0.0.1", 0, limit=CHUNK)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_) -> None:
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accepted(self, client_reader, client_writer) -> None:
        self._tasks.add(asyncio.create_task(self._serve(client_reader, client_writer)))

    async def _serve(self, client_reader, client_writer) -> None:
        flows = (Flow(), Flow())
        self._flows.append(flows)
        self.connections += 1
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.server.port, limit=CHUNK)
        try:
            await asyncio.gather(self._pump(client_reader, server_writer, FrameCounter(flows[0])),
                                 self._pump(server_reader, client_writer, FrameCounter(flows[1])))
        finally:
            client_writer.close()
            server_writer.close()

    @staticmethod
    async def _pump(reader, writer, counter: FrameCounter) -> None:
        """Copies until one side ends; an abort is passed on as an abort, an orderly end as an orderly end."""
        try:
            while data := await reader.read(CHUNK):
                counter.feed(data)
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except ConnectionError:
            writer.transport.abort()
