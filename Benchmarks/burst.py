"""What a burst leaves behind: memory of the server before peers stop reading, at the worst, and after they have read.

    python Benchmarks/burst.py [--connections 60] [--megabytes 6] [--sizes 1000,16000,300000] [--binary PATH]

Peers of the bare engine send messages and do not read the echoes, which wait in the server once the kernel takes no
more; then they read all of them. Private memory of the process is what counts: what stays is the heap's.
"""

import argparse
import os
import pathlib
import socket
import sys
import time

import machine
import peers

SETTLE_S = 1
REQUEST = (b"GET / HTTP/1.1\r\nHost: burst\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
PIECE = 1 << 20


def private_mb(pid: int) -> float:
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) / 1024
    raise KeyError("Private_Dirty")


def header(size: int) -> bytes:
    """Of a binary message, without the mask bit."""
    if size < 1 << 16:
        return bytes([0x82, 126]) + size.to_bytes(2, "big")
    return bytes([0x82, 127]) + size.to_bytes(8, "big")


def masked(size: int) -> bytes:
    """A frame whose key is zeros, so that the payload is itself."""
    plain = header(size)
    return plain[:1] + bytes([plain[1] | 0x80]) + plain[2:] + bytes(4) + bytes(size)


def opened(port: int) -> socket.socket:
    peer = socket.socket()
    # Little room, so that what is not read waits in the server.
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect(("127.0.0.1", port))
    peer.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += peer.recv(1)
    return peer


def burst(command: list[str], connections: int, total: int, size: int) -> list[float]:
    """Megabytes before, at the worst, and after."""
    with peers.running(command) as (process, port):
        crowd = [opened(port) for _ in range(connections)]
        seen = [private_mb(process.pid)]
        count = total // size
        for peer in crowd:
            for _ in range(count):
                peer.sendall(masked(size))
        time.sleep(SETTLE_S)
        seen.append(private_mb(process.pid))
        for peer in crowd:
            left = count * (len(header(size)) + size)
            while left:
                left -= len(peer.recv(min(left, PIECE)))
        time.sleep(SETTLE_S)
        seen.append(private_mb(process.pid))
        for peer in crowd:
            peer.close()
        return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=60)
    parser.add_argument("--megabytes", type=int, default=6, help="for each connection (%(default)s)")
    parser.add_argument("--sizes", default="1000,16000,300000", help="bytes of a message (%(default)s)")
    parser.add_argument("--binary", default=os.environ.get("GAMESERVER_BINARY")
                        or str(machine.ROOT / ".build/release/gameserver"))
    arguments = parser.parse_args()
    command = [arguments.binary, "echo", "--port", "0"]
    print(f"{'message':>10}  {'before':>8}  {'worst':>8}  {'after':>8}  MB, {arguments.connections} connections")
    for size in map(int, arguments.sizes.split(",")):
        seen = burst(command, arguments.connections, arguments.megabytes * 1_000_000, size)
        print(f"{size:>10,}  " + "  ".join(f"{each:>8.1f}" for each in seen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
