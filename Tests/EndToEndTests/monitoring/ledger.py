"""Connections that keep their own books: what was sent and heard, counted by the client library and by nobody else."""

from collections import Counter
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection

from client import Client, Clients


@dataclass
class Ledger:
    """The books of all connections of one test."""

    opened: int = 0
    sent: int = 0
    sent_bytes: int = 0
    heard: int = 0
    heard_bytes: int = 0
    types_sent: Counter = field(default_factory=Counter)

    def connection(self) -> type[ClientConnection]:
        """The class of connection that writes into these books."""
        ledger = self

        class CountedConnection(ClientConnection):
            def connection_made(self, transport) -> None:
                ledger.opened += 1
                super().connection_made(transport)

            async def send(self, message, *arguments, **named) -> None:
                await super().send(message, *arguments, **named)
                data = message.encode() if isinstance(message, str) else bytes(message)
                ledger.sent += 1
                ledger.sent_bytes += len(data)

            async def __aiter__(self):
                async for message in super().__aiter__():
                    ledger.heard += 1
                    ledger.heard_bytes += len(message.encode() if isinstance(message, str) else message)
                    yield message

        return CountedConnection


class CountedClients(Clients):
    """Clients whose connections write into one ledger."""

    def __init__(self):
        super().__init__()
        self.ledger = Ledger()

    async def raw(self, server, **options) -> Client:
        return await super().raw(server, create_connection=self.ledger.connection(), **options)

    def answers(self) -> Counter:
        """What was asked by how it was answered: `ok` (a `joined` of a request too) or the code of a `no`."""
        found: Counter = Counter()
        for client in self.open_ones:
            for _, message in client.heard:
                if message["type"] == "ok" or (message["type"] == "joined" and message["resume"] == "new"):
                    found["ok"] += 1
                elif message["type"] == "no":
                    found[message["code"]] += 1
        return found

    def verdicts(self) -> Counter:
        """Resumes by verdict: what `joined` says, or refused."""
        found: Counter = Counter()
        for client in self.open_ones:
            for _, message in client.heard:
                if message["type"] == "joined" and message["resume"] != "new":
                    found[message["resume"]] += 1
                elif message["type"] == "no" and "n" not in message and "id" not in message and "room" in message:
                    found["refused"] += 1
        return found
