"""Times the server measured against times clients took, quantile by quantile, in the bins of its own histograms."""

import asyncio
import random
import time

import pytest
from hdrh.histogram import HdrHistogram

from conftest import FAST
from exposition import PREFIX, PROTOBUF
from protobuf import histograms
from server import TOKEN
from table import play_one, play_to_the_end, start

LONG = {"turn_ms": 3_600_000, "vote_ms": 3_600_000}
MICRO = 1_000_000
QUANTILES = (50, 90, 95, 99)


class Stopwatch:
    """Times of the client's own measuring, in HdrHistogram of three digits."""

    def __init__(self):
        self.histogram = HdrHistogram(1, 60 * MICRO, 3)

    def record(self, seconds: float) -> None:
        self.histogram.record_value(max(1, round(seconds * MICRO)))

    def quantile(self, percent: float) -> float:
        return self.histogram.get_value_at_percentile(percent) / MICRO

    @property
    def count(self) -> int:
        return self.histogram.get_total_count()


async def native(server, name: str, **labels: str):
    """The native form of one histogram of the server."""
    answer = await asyncio.to_thread(server.request, "GET", "/metrics", token=TOKEN, headers={"Accept": PROTOBUF})
    found = [each for each in histograms(answer.body)[PREFIX + name] if labels.items() <= each.labels.items()]
    assert len(found) == 1, f"{name}{labels}: {len(found)} histograms"
    return found[0]


async def own_round_trips(client, stop: asyncio.Event) -> Stopwatch:
    """`ping` → `pong` as this client sees it, all through the test: the constant of loopback, kernel and Python."""
    watch = Stopwatch()
    while not stop.is_set():
        began = time.perf_counter()
        await client.barrier()
        watch.record(time.perf_counter() - began)
        await asyncio.sleep(0.005)
    return watch


def within_bins(histogram, watch: Stopwatch, constant: float) -> dict:
    """Quantiles of the server outside [client's, client's + constant], each by the bin it lies in."""
    wrong = {}
    for percent in QUANTILES:
        low, high = histogram.interval_of(percent / 100)
        client = watch.quantile(percent)
        if high < client * 0.999 or low > client + constant:
            wrong[f"p{percent}"] = (f"server ({low:.6f}, {high:.6f}]", f"client {client:.6f} + {constant:.6f}")
    return wrong


@pytest.mark.within(120)
async def test_round_trips_are_what_clients_made_them(launch, clients):
    """Every client keeps each `ping` for a time of its own choosing before it answers, and writes that time down.

    What the server measures is that time and the way there and back. The way is measured too, by pings of this
    client's own over the same sockets and in the same event loop, at the same time; its p99 is the constant. So each
    of the server's quantiles must lie in a bin (9 % wide, schema 3) that reaches into [client's, client's + constant].
    """
    server = launch(config={"limits": FAST, "heartbeat": {"idle_ms": 10, "waited_ms": 10, "answer_ms": 250}})
    kept, stop, rng = Stopwatch(), asyncio.Event(), random.Random(1)
    answering: set[asyncio.Task] = set()

    async def answer_late(client, message) -> None:
        if message["type"] == "ping":
            task = asyncio.create_task(answer(client, message["t"], time.perf_counter()))
            answering.add(task)
            task.add_done_callback(answering.discard)

    async def answer(client, mark, heard: float) -> None:
        await asyncio.sleep(min(rng.expovariate(1 / 0.03), 0.12))
        kept.record(time.perf_counter() - heard)
        await client.send({"type": "pong", "t": mark})

    people = [await clients.open(server, answers_pings=False) for _ in range(60)]
    for person in people:
        person.on_message = lambda message, person=person: answer_late(person, message)
    measuring = asyncio.create_task(own_round_trips(await clients.open(server), stop))
    while kept.count < 1500:
        await asyncio.sleep(0.05)
    for person in people:
        person.on_message = None   # from here on nobody answers: the last answers are on their way
    await asyncio.gather(*answering)
    stop.set()
    constant = (await measuring).quantile(99)
    histogram = await native(server, "ws_rtt_seconds")
    assert histogram.count >= kept.count
    assert not (wrong := within_bins(histogram, kept, constant)), wrong


@pytest.mark.within(120)
async def test_actions_take_as_long_as_clients_see_them_take(launch, clients):
    """A client's time from `act` to `ok` is the server's time from reading it until its answer is handed over, plus
    the way there and back, whose p99 is measured beside it as above. So the client's quantile lies in
    [server's, server's + constant], the server's being a bin of 9 %."""
    server = launch("--allow-seeds", config={"limits": FAST})
    taken, stop = Stopwatch(), asyncio.Event()
    measuring = asyncio.create_task(own_round_trips(await clients.open(server), stop))
    while taken.count < 400:
        chairs = await start(clients, server, 4, options={"score_limit": 30, "round_limit": 4, **LONG})
        for chair in chairs:
            chair.client.act = timed(chair.client.act, taken)
        await play_to_the_end(chairs)
    stop.set()
    constant = (await measuring).quantile(99)
    histogram = await native(server, "command_duration_seconds")
    assert histogram.count > 0
    wrong = {}
    for percent in (50, 90, 95):
        low, high = histogram.interval_of(percent / 100)
        client = taken.quantile(percent)
        if not low <= client <= high + constant:
            wrong[f"p{percent}"] = (f"server ({low:.6f}, {high:.6f}]", f"client {client:.6f}, way {constant:.6f}")
    assert not wrong, wrong


def timed(act, watch: Stopwatch):
    async def timed_act(seat, action, /, **fields):
        began = time.perf_counter()
        answer = await act(seat, action, **fields)
        watch.record(time.perf_counter() - began)
        return answer
    return timed_act


@pytest.mark.within(120)
async def test_acknowledgements_are_as_late_as_clients_make_them(launch, clients):
    """A watcher keeps each batch of events for a time of its own before it acknowledges it, and writes that time down;
    the server's time from commit to ack is that and the way, as with round trips."""
    server = launch("--allow-seeds", config={"limits": FAST})
    kept, stop, rng = Stopwatch(), asyncio.Event(), random.Random(2)
    measuring = asyncio.create_task(own_round_trips(await clients.open(server), stop))
    answering: set[asyncio.Task] = set()

    def acknowledge_late(client):
        async def hear(message) -> None:
            if message["type"] == "events":
                task = asyncio.create_task(acknowledge(client, message, time.perf_counter()))
                answering.add(task)
                task.add_done_callback(answering.discard)
        return hear

    async def acknowledge(client, message, heard: float) -> None:
        await asyncio.sleep(rng.uniform(0.01, 0.02))
        kept.record(time.perf_counter() - heard)
        await client.send({"type": "ack", "room": message["room"], "seq": message["seq"]})

    while kept.count < 400:
        chairs = await start(clients, server, 4, options={"score_limit": 30, "round_limit": 4, **LONG})
        for chair in chairs:
            chair.client.acks = False
            chair.client.on_message = acknowledge_late(chair.client)
        while chairs[0].player.phase != "finished":
            await play_one(chairs)
            await asyncio.gather(*answering)   # one batch at a time is outstanding
    stop.set()
    constant = (await measuring).quantile(99)
    histogram = await native(server, "delivery_ack_seconds")
    assert histogram.count > 0
    assert not (wrong := within_bins(histogram, kept, constant)), wrong
