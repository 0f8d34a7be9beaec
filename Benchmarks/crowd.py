"""Connections that say nothing but the answers to pings."""

import base64
import os
import resource
import selectors
import socket
import ssl
import time
import zlib

MASK = bytes(4)     # a frame masked with zeros is its own payload
PER_ADDRESS = 10_000    # connections from each address of the loopback, which has some 28,000 ports
SPARE_DESCRIPTORS = 100
IP_BIND_ADDRESS_NO_PORT = 24    # of Linux; the socket module learns the name in Python 3.12


def frame(payload: bytes, first_byte: int = 0x81) -> bytes:
    """A masked frame of up to 64 KiB, text unless told otherwise (RFC 6455 §5.2)."""
    if len(payload) < 126:
        return bytes([first_byte, 0x80 | len(payload)]) + MASK + payload
    return bytes([first_byte, 0x80 | 126]) + len(payload).to_bytes(2, "big") + MASK + payload


def deflated(text: bytes) -> bytes:
    """A masked text frame that is compressed (RFC 7692 §7.2.1)."""
    deflater = zlib.compressobj(wbits=-15)
    packed = deflater.compress(text) + deflater.flush(zlib.Z_SYNC_FLUSH)
    return frame(packed.removesuffix(b"\x00\x00\xff\xff"), 0xC1)


HELLO = frame(b'{"type":"hello"}')
PONG = frame(b'{"type":"pong"}')


def most_connections() -> int:
    """As many as this process may have, having raised its limit and that of the servers it will start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard - SPARE_DESCRIPTORS


class Crowd:
    """Connections to one path of one server.

    With `greets` each opens with the game protocol's greeting. With `first` each sends these bytes once, and reads one
    frame of answer.
    """

    def __init__(self, port: int, path: str = "/", greets: bool = False, context: ssl.SSLContext | None = None,
                 extra: str = "", first: bytes = b""):
        self.port, self.greets, self.context, self.first = port, greets, context, first
        self.request = (f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        f"Sec-WebSocket-Version: 13\r\n{extra}Sec-WebSocket-Key: ")
        self.selector = selectors.EpollSelector()
        self.open = self.pings = self.closed = 0

    def grow(self, to: int, together: int = 200) -> None:
        while self.open < to:
            fresh = [self._connect(self.open + i) for i in range(min(together, to - self.open))]
            for connection in fresh:
                head = self._await(connection, b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 101"):
                    raise SystemExit(f"not let in: {head.decode()}")
                if self.greets or self.first:
                    connection.sendall(HELLO if self.greets else self.first)
            for connection in fresh:
                if self.greets:
                    self._await(connection, b'"welcome"')
                elif self.first:
                    connection.recv(65536)
                connection.setblocking(False)
                self.selector.register(connection, selectors.EVENT_READ)
            self.open += len(fresh)
            self.idle(0)

    def _connect(self, number: int) -> socket.socket:
        connection = socket.socket()
        connection.settimeout(30)
        # Its port is chosen when it connects: then one that an earlier crowd had at another server will do.
        connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        connection.bind((f"127.0.0.{1 + number // PER_ADDRESS}", 0))
        connection.connect(("127.0.0.1", self.port))
        if self.context:
            connection = self.context.wrap_socket(connection, server_hostname="localhost")
        connection.sendall(f"{self.request}{base64.b64encode(os.urandom(16)).decode()}\r\n\r\n".encode())
        return connection

    @staticmethod
    def _await(connection: socket.socket, mark: bytes) -> bytes:
        received = b""
        while mark not in received:
            chunk = connection.recv(65536)
            if not chunk:
                raise SystemExit(f"closed: {received[:300]}")
            received += chunk
        return received

    def idle(self, seconds: float) -> None:
        """Answers pings for so long; at least those that are there."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            for key, _ in self.selector.select(max(0.0, left)):
                self._answer(key.fileobj)
            if left <= 0:
                return

    def _answer(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        if not data:
            self.closed += 1
            self.selector.unregister(connection)
        elif b'"ping"' in data:
            self.pings += 1
            connection.send(PONG)

    def leave(self) -> None:
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()
