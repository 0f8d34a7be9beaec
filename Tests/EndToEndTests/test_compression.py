"""Compression: agreed only where it is switched on, never with contexts, and never of what not everybody may read."""

import json

import pytest
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from client import Clients
from pieces import POINTS
from server import TOKEN
from table import play_to_the_end, start

QUICK = {"rate_per_s": 100_000, "burst": 100_000, "total_per_s": 1_000_000, "resync_per_s": 1000}
ON = {"compression": {"enabled": True, "min_bytes": 1}, "limits": QUICK}


class Watched(ClientPerMessageDeflateFactory):
    """Offers permessage-deflate and keeps what it was agreed and what came compressed, still as the library reads it."""

    def __init__(self, **options):
        super().__init__(**options)
        self.answer = None
        self.frames: list[tuple[bool, str]] = []

    def process_response_params(self, params, accepted_extensions):
        self.answer = dict(params)
        extension = super().process_response_params(params, accepted_extensions)
        decode = extension.decode

        def watched(frame, *, max_size=None):
            is_compressed = frame.rsv1
            frame = decode(frame, max_size=max_size)
            if frame.opcode in (0, 1):
                self.frames.append((is_compressed, bytes(frame.data).decode()))
            return frame

        extension.decode = watched
        return extension

    def texts(self, compressed: bool) -> list[str]:
        return [text for is_compressed, text in self.frames if is_compressed == compressed]


class WatchedClients(Clients):
    """Every client offers compression, and what it was sent is kept."""

    def __init__(self):
        super().__init__()
        self.watched: list[Watched] = []

    async def raw(self, server, **options):
        watched = Watched(**options.pop("offer", {}))
        self.watched.append(watched)
        return await super().raw(server, extensions=[watched], **options)


@pytest.fixture
def watched():
    return WatchedClients()


async def test_it_is_off_unless_switched_on(server, watched):
    client = await watched.open(server)
    await client.barrier()
    assert watched.watched[0].answer is None


@pytest.mark.parametrize("offer", [
    {}, {"client_max_window_bits": True}, {"server_max_window_bits": 9}, {"server_max_window_bits": 8},
    {"server_no_context_takeover": True, "client_no_context_takeover": True}])
async def test_no_context_is_kept_whatever_a_client_offers(offer, launch, watched):
    server = launch(config=ON)
    client = await watched.open(server, offer=offer)
    answer = watched.watched[0].answer
    assert "server_no_context_takeover" in answer and "client_no_context_takeover" in answer, answer
    if bits := offer.get("server_max_window_bits"):
        assert answer["server_max_window_bits"] == str(bits)
    await client.create("Ana")
    for _ in range(3):
        lobby = await client.request("list")
        assert lobby["rooms"][0]["host"] == "Ana"
    assert any('"type":"rooms"' in text for text in watched.watched[0].texts(compressed=True))


@pytest.mark.within(120)
async def test_nothing_that_is_somebodys_own_is_ever_compressed(launch, watched):
    """A whole game with watchers, resumes, snapshots and chat: what came compressed holds no secret and no hand."""
    server = launch("--allow-seeds", config=ON)
    chairs = await start(watched, server, 4, options={"score_limit": 10, "round_limit": 2})
    watcher = await watched.open(server)
    await watcher.watch(chairs[0].room)
    await watcher.send({"type": "resync", "room": chairs[0].room})
    for number, chair in enumerate(chairs):
        await chair.client.send({"type": "chat", "room": chair.room, "text": f"hello from {number} " * 9})
        await chair.fresh_view()
        await chair.client.request("list")
    await chairs[1].client.close()
    await chairs[1].back(watched, server)
    await play_to_the_end(chairs)
    await chairs[2].client.close()
    await chairs[2].back(watched, server)
    for chair in chairs:
        await chair.client.barrier()
    await watcher.barrier()
    secrets = {chair.seat.secret for chair in chairs} | {TOKEN}
    compressed = plain = 0
    for extension in watched.watched:
        for text in extension.texts(compressed=True):
            compressed += 1
            assert not any(secret in text for secret in secrets), text
            for line in map(json.loads, text.split("\n")):
                assert line["type"] in ("events", "room", "rooms", "chat", "notice", "snapshot", "ok"), line
                hands = [event["hand"] for event in line.get("events", []) if event and event.get("hand")]
                hands += [line["view"]["hand"]] if (line.get("view") or {}).get("hand") else []
                assert not hands, line
        plain += sum(secret in text for text in extension.texts(compressed=False) for secret in secrets)
    assert compressed > 50, "hardly anything was compressed"
    assert plain >= 6, "no secret was sent at all, so nothing is proved"
    dealt = [line for extension in watched.watched for text in extension.texts(compressed=False)
             for line in text.split("\n") if '"hand"' in line and any(piece in line for piece in POINTS)]
    assert dealt, "no hand was sent at all, so nothing is proved"


async def test_a_bomb_closes_its_connection_with_1009_and_nobody_elses(launch, watched):
    server = launch(config=ON)
    other = await watched.open(server)
    bomber = await watched.raw(server)
    await bomber.send_text("a" * 10_000_000)
    assert await bomber.expect_close() == 1009
    await other.barrier()
    assert (await other.request("list"))["rooms"] == []


async def test_the_metrics_say_what_it_does(launch, watched):
    from exposition import scrape

    server = launch(config=ON)
    client = await watched.open(server)
    await client.create("Ana")
    await client.request("list")
    await client.barrier()
    now = scrape(server)
    extension = watched.watched[0]
    sent = extension.texts(compressed=True)
    assert sent and now.value("compressed_messages_total", direction="out") == len(sent)
    assert now.value("compressed_plain_bytes_total", direction="out") == sum(len(text.encode()) for text in sent)
    assert 0 < now.value("compressed_wire_bytes_total", direction="out") < sum(len(text) for text in sent)
    assert now.value("compressed_messages_total", direction="in") == 4
    assert now.value("compression_memory_bytes") > 0
