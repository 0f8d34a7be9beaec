"""Prometheus and its tools as judges of what the server exposes."""

import asyncio
import gzip
import math
import pathlib
import time

import pytest

from exposition import OPENMETRICS, PREFIX, TEXT, Scrape, parsed, scrape
from server import ROOT, TOKEN, Server, binary
from table import NAMES, play_to_the_end, start
from tool import run, tool

RULES = ROOT / "Resources/prometheus/rules.yml"
RULE_TESTS = ROOT / "Resources/prometheus/rules.test.yml"
#: Series of the core and the plugins shipped with it (reference of the catalogue: docs/METRICS.md).
MOST_SERIES = 2000
#: One bin of native schema 3: 2^(1/8) wide.
NATIVE_ERROR = 2 ** (1 / 8) - 1
#: A histogram every played game fills, and one with exemplars.
FILLED = PREFIX + "commit_seconds"
WITH_EXEMPLARS = PREFIX + "command_duration_seconds"


async def a_game(clients, server) -> list:
    """One whole game of four people, acknowledged to the last event."""
    chairs = await start(clients, server, 4, options={"score_limit": 20, "round_limit": 4, "turn_ms": 3_600_000})
    await play_to_the_end(chairs)
    for chair in chairs:
        await chair.client.ack_now(chair.seat)
        await chair.client.barrier()
    return chairs


def fits(series, stored: list[dict]) -> bool:
    """A stored series with these labels and none but `job` and `instance` beside them."""
    return any({k: v for k, v in each.items() if k not in ("__name__", "job", "instance")} == dict(series.labels)
               for each in stored)


def missing_in(stored: list[dict], exposed: Scrape) -> list[str]:
    """Series of an exposition that are not stored under their own name and labels."""
    by_name: dict[str, list[dict]] = {}
    for each in stored:
        by_name.setdefault(each["__name__"], []).append(each)
    return [str(series) for series in exposed.samples if not fits(series, by_name.get(series.name, []))]


@pytest.mark.within(120)
async def test_prometheus_scrapes_and_stores_every_series_in_classic_form(own_server, clients, prometheus):
    await a_game(clients, own_server)
    judge = await asyncio.to_thread(prometheus, own_server, native=False)
    await asyncio.to_thread(judge.until, 'up{job="gameserver"}', lambda up: up == 1)
    exposed = await asyncio.to_thread(scrape, own_server)
    await asyncio.to_thread(judge.scraped_since, time.time())
    assert not missing_in(judge.series(), exposed)
    assert judge.value(f"{FILLED}_count") == exposed.value("commit_seconds_count")
    assert judge.value("scrape_samples_scraped") <= MOST_SERIES
    p95 = judge.value(f"histogram_quantile(0.95, sum by (le) ({FILLED}_bucket))")
    assert p95 and not math.isnan(p95)


@pytest.mark.within(120)
async def test_prometheus_stores_native_histograms_with_the_same_values(own_server, clients, prometheus):
    """Idle between the two scrapes, so the counts are equal; a quantile of the native form lies within one of its own
    bins of what the classic buckets say, where the classic ones give an interval and not a number."""
    await a_game(clients, own_server)
    native = await asyncio.to_thread(prometheus, own_server, native=True)
    exposed = await asyncio.to_thread(scrape, own_server)
    await asyncio.to_thread(native.scraped_since, time.time())
    assert native.value('up{job="gameserver"}') == 1
    assert native.value(f"histogram_count({FILLED})") == exposed.value("commit_seconds_count")
    assert native.value(f"histogram_sum({FILLED})") == pytest.approx(exposed.value("commit_seconds_sum"))
    buckets = exposed.buckets("commit_seconds")
    for quantile in (0.5, 0.9, 0.95):
        low, high = interval_of(quantile, buckets)
        value = native.value(f"histogram_quantile({quantile}, {FILLED})")
        assert low * (1 - NATIVE_ERROR) <= value <= high * (1 + NATIVE_ERROR), (quantile, value, low, high)
    counters = [series for series in exposed.samples if series.name.endswith("_total")]
    assert counters and not [str(each) for each in counters if not fits(each, native.ask(
        "series", **{"match[]": '{__name__="' + each.name + '",job="gameserver"}'}))]


def interval_of(quantile: float, buckets: dict[float, float]) -> tuple[float, float]:
    """The classic bucket in which a quantile lies."""
    rank, low = quantile * buckets[math.inf], 0.0
    for bound, count in buckets.items():
        if count >= rank:
            return low, bound
        low = bound
    raise AssertionError("no +Inf bucket")


@pytest.mark.within(120)
@pytest.mark.parametrize("native", [False, True])
async def test_prometheus_returns_our_exemplars(own_server, clients, prometheus, native):
    """The exemplar names the event of a room: what leads from a slow bucket to the very moment."""
    began = time.time()
    judge = await asyncio.to_thread(prometheus, own_server, native=native)
    selector = WITH_EXEMPLARS if native else WITH_EXEMPLARS + "_bucket"
    rooms: list[str] = []
    # Of a native histogram Prometheus 2.42 takes an exemplar only if it is newer than the one it took last.
    for _ in range(3):
        rooms.append((await a_game(clients, own_server))[0].room)
        await asyncio.to_thread(judge.scraped_since, time.time())
        found = await asyncio.to_thread(judge.exemplars, selector, began)
        if any(exemplar["labels"].get("event", "").partition(":")[0] in rooms for exemplar in found):
            break
    else:
        pytest.fail(f"no exemplar of {rooms} came back: {found}")
    for exemplar in found:
        assert "event" in exemplar["labels"], exemplar
        assert len("".join([*exemplar["labels"], *exemplar["labels"].values()])) <= 128


async def test_promtool_finds_nothing_to_complain_of(own_server, clients):
    await a_game(clients, own_server)
    answer = await asyncio.to_thread(own_server.request, "GET", "/metrics", token=TOKEN, headers={"Accept": TEXT})
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    said = await asyncio.to_thread(run, tool("promtool", "prometheus"), "check", "metrics", stdin=answer.text)
    assert said == "", said


def test_a_plugins_health_check_has_a_series_of_its_own(tmp_path):
    server = Server(tmp_path, executable=str(pathlib.Path(binary()).with_name("FaultyServer"))).start()
    try:
        levels = [series for series in scrape(server).samples if series.name == PREFIX + "health_level"]
        named = {dict(series.labels)["component"] for series in levels}
    finally:
        server.end()
    assert "probe:faulty-dependency" in named and "_other" not in named, named


def test_the_rule_file_is_valid():
    assert "SUCCESS" in run(tool("promtool", "prometheus"), "check", "rules", str(RULES))


def test_the_rules_fire_and_rest_as_their_tests_say():
    assert "SUCCESS" in run(tool("promtool", "prometheus"), "test", "rules", str(RULE_TESTS), cwd=RULE_TESTS.parent)


def test_every_name_in_the_rules_is_one_the_server_exposes(own_server):
    exposed = {series.name for series in scrape(own_server).samples} | set(scrape(own_server).families)
    expressions = [line for line in RULES.read_text().splitlines() if not line.strip().startswith("#")]
    ours = (PREFIX, "process_", "http_server_")
    used = {word for line in expressions for word in words(line) if word.startswith(ours)}
    recorded = {line.split("record:")[1].strip() for line in expressions if "record:" in line}
    assert used and not used - exposed - recorded, sorted(used - exposed - recorded)


def words(line: str) -> list[str]:
    """Names of metrics as PromQL has them; those of recording rules hold colons."""
    return "".join(c if c.isalnum() or c in "_:" else " " for c in line).split()


@pytest.mark.within(120)
async def test_the_strict_parser_reads_every_scrape_of_a_running_game(own_server, clients):
    """OpenMetrics as prometheus-client reads it; counters never fall and a histogram's count is its last bucket."""
    before, scrapes = None, 0
    async with asyncio.TaskGroup() as playing:
        game = playing.create_task(a_game(clients, own_server))
        while not game.done() or not scrapes:
            answer = await asyncio.to_thread(own_server.request, "GET", "/metrics", token=TOKEN,
                                             headers={"Accept": OPENMETRICS})
            assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
            assert answer.text.endswith("# EOF\n")
            now = parsed(answer)
            scrapes += 1
            for name, family in now.families.items():
                assert family.documentation, f"{name} has no HELP"
                if family.type == "histogram":
                    whole(family)
            if before:
                fell = [str(s) for s, value in now.samples.items() if s.name.endswith(("_total", "_count", "_bucket"))
                        and value < before.samples.get(s, 0)]
                assert not fell, fell
            before = now
    assert len(now.samples) <= MOST_SERIES


def whole(family) -> None:
    """Within one histogram nothing is torn: buckets rise, the last is the count."""
    rows: dict[tuple, dict] = {}
    for sample in family.samples:
        key = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
        row = rows.setdefault(key, {"buckets": []})
        if sample.name.endswith("_bucket"):
            row["buckets"].append((float(sample.labels["le"]), sample.value))
        else:
            row[sample.name.rsplit("_", 1)[1]] = sample.value
    for row in rows.values():
        counts = [count for _, count in row["buckets"]]
        assert counts == sorted(counts) and row["buckets"][-1][0] == math.inf
        assert row["count"] == counts[-1], f"{family.name}: count {row['count']}, last bucket {counts[-1]}"


async def test_no_label_names_a_room_a_person_a_secret_or_an_address(own_server, clients):
    chairs = await a_game(clients, own_server)
    exposed = await asyncio.to_thread(scrape, own_server)
    private = {chairs[0].room, "127.0.0.1", TOKEN, *NAMES, *(chair.seat.secret for chair in chairs),
               *(chair.client.welcome["session"] for chair in chairs)}
    leaks = [str(series) for series in exposed.samples for _, value in series.labels
             if value in private or chairs[0].room in value or "127.0.0.1" in value]
    assert not leaks, leaks[:5]
    assert not [label for series in exposed.samples for label, _ in series.labels
                if label in {"room", "room_id", "player", "user", "conn", "session", "ip", "address", "trace_id",
                             "path", "query", "token"}]


@pytest.mark.parametrize("accept,kind", [
    (None, "text/plain"), ("*/*", "text/plain"), (TEXT, "text/plain"), (OPENMETRICS, "application/openmetrics-text"),
    ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.9", "text/plain"),
    ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "application/openmetrics-text"),
    ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
     "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
     "application/vnd.google.protobuf"),
    ("image/png", "text/plain")])
def test_the_form_is_the_one_that_was_asked_for(own_server, accept, kind):
    answer = own_server.request("GET", "/metrics", token=TOKEN, headers={"Accept": accept} if accept else {})
    assert answer.status == 200 and answer.headers["Content-Type"].startswith(kind)


def test_a_packed_scrape_is_the_same_scrape(own_server):
    answer = own_server.request("GET", "/metrics", token=TOKEN,
                                headers={"Accept": OPENMETRICS, "Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    answer.body = gzip.decompress(answer.body)
    assert parsed(answer).families.keys() == scrape(own_server).families.keys()
