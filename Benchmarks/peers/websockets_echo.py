"""An echo server on `websockets`: its asyncio server, on uvloop where that is installed. `/fanout` broadcasts what one
says to all the others there.

    websockets_echo.py

Listens on a free port of 127.0.0.1 and prints it. No compression, no TLS.
"""

import asyncio

from websockets.asyncio.server import broadcast, serve

try:
    from uvloop import run
except ImportError:
    from asyncio import run

MOST_MESSAGE_BYTES = 32 << 20
there = set()


async def echo(connection) -> None:
    async for message in connection:
        await connection.send(message)


async def fanout(connection) -> None:
    there.add(connection)
    try:
        async for message in connection:
            broadcast(there - {connection}, message)
    finally:
        there.discard(connection)


async def handle(connection) -> None:
    await (fanout if connection.request.path == "/fanout" else echo)(connection)


async def main() -> None:
    async with serve(handle, "127.0.0.1", 0, compression=None, max_size=MOST_MESSAGE_BYTES, backlog=4096,
                     ping_interval=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


run(main())
