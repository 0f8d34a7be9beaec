"""What a scrape says: samples by name and labels, and the differences between two scrapes."""

from collections import Counter
from dataclasses import dataclass

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as plain_families

from server import TOKEN

PREFIX = "gameserver_"
TEXT = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"


@dataclass(frozen=True)
class Series:
    """One series of an exposition."""

    name: str
    labels: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.name + "{" + ",".join(f'{k}="{v}"' for k, v in self.labels) + "}"


class Scrape:
    """All samples of one moment."""

    def __init__(self, families):
        self.families = {family.name: family for family in families}
        self.samples: dict[Series, float] = {}
        self.exemplars: dict[Series, object] = {}
        for family in self.families.values():
            for sample in family.samples:
                series = Series(sample.name, tuple(sorted(sample.labels.items())))
                assert series not in self.samples, f"{series} is exposed twice"
                self.samples[series] = sample.value
                if sample.exemplar:
                    self.exemplars[series] = sample.exemplar

    def value(self, name: str, **labels: str) -> float:
        """Sum over the series of that name with these labels; a name that is not exposed is a mistake of the test."""
        found = [value for series, value in self.samples.items()
                 if series.name == PREFIX + name and labels.items() <= dict(series.labels).items()]
        assert found, f"no sample {PREFIX}{name}{labels or ''}"
        return sum(found)

    def by(self, label: str, name: str, **labels: str) -> Counter:
        """Values of a metric by one of its labels, those that are not 0."""
        found: Counter = Counter()
        for series, value in self.samples.items():
            have = dict(series.labels)
            if series.name == PREFIX + name and labels.items() <= have.items() and value:
                found[have[label]] += value
        return found

    def buckets(self, name: str, **labels: str) -> dict[float, float]:
        """Cumulative counts of a classic histogram by upper bound, summed over what the labels leave open."""
        found: Counter = Counter()
        for series, value in self.samples.items():
            have = dict(series.labels)
            if series.name == f"{PREFIX}{name}_bucket" and labels.items() <= have.items():
                found[float(have["le"])] += value
        return dict(sorted(found.items()))

    def has(self, name: str) -> bool:
        return any(series.name == PREFIX + name for series in self.samples)


def scrape(server, accept: str = OPENMETRICS) -> Scrape:
    """A scrape as Prometheus would ask for it."""
    return parsed(server.request("GET", "/metrics", token=TOKEN, headers={"Accept": accept}))


def parsed(answer) -> Scrape:
    """The samples of an answer, read by the parser its Content-Type asks for."""
    assert answer.status == 200, f"/metrics: {answer.status} {answer.text[:200]}"
    kind = answer.headers["Content-Type"]
    families = openmetrics_families if kind.startswith("application/openmetrics-text") else plain_families
    return Scrape(families(answer.text))


def grown(before: Scrape, after: Scrape, name: str, **labels: str) -> float:
    """By how much a counter rose."""
    return after.value(name, **labels) - before.value(name, **labels)


def grown_by(label: str, before: Scrape, after: Scrape, name: str, **labels: str) -> dict[str, int]:
    """By how much a counter rose, by one of its labels; what did not rise is left out."""
    first, last = before.by(label, name, **labels), after.by(label, name, **labels)
    return {key: int(last[key] - first[key]) for key in last if last[key] != first[key]}
