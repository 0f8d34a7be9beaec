"""The delimited protobuf exposition, decoded by hand from Prometheus' metrics.proto (io.prometheus.client)."""

import struct
from dataclasses import dataclass, field

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
HISTOGRAM = 4


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def signed(value: int) -> int:
    """Zigzag, as sint32 and sint64 are written."""
    return (value >> 1) ^ -(value & 1)


def fields(data: bytes):
    """(number, value) of each field of a message; bytes for what has a length, floats for doubles."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = varint(data, at)
        elif wire == FIXED64:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif wire == BYTES:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size, "a field reaches beyond its message"
        elif wire == FIXED32:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            raise AssertionError(f"wire type {wire} at byte {at}")
        yield number, value


def packed(value, decode=lambda x: x) -> list[int]:
    """A repeated integer: packed as proto3 writes it, or one at a time as proto2 does."""
    if not isinstance(value, bytes):
        return [decode(value)]
    found, at = [], 0
    while at < len(value):
        each, at = varint(value, at)
        found.append(decode(each))
    return found


@dataclass
class NativeHistogram:
    """One histogram of a family, both of its forms."""

    labels: dict[str, str]
    count: int = 0
    sum: float = 0.0
    buckets: dict[float, int] = field(default_factory=dict)   # classic: upper bound → cumulative count
    schema: int | None = None
    zero_threshold: float = 0.0
    zero_count: int = 0
    bins: dict[int, int] = field(default_factory=dict)        # native: index → count

    def bounds(self, index: int) -> tuple[float, float]:
        base = 2.0 ** (2.0 ** -self.schema)
        return base ** (index - 1), base ** index

    def interval_of(self, quantile: float) -> tuple[float, float]:
        """The bin in which a quantile lies: (lower bound, upper bound]."""
        rank, seen = quantile * self.count, self.zero_count
        if seen >= rank:
            return 0.0, self.zero_threshold
        for index, count in sorted(self.bins.items()):
            seen += count
            if seen >= rank:
                return self.bounds(index)
        raise AssertionError(f"{seen} in the bins, but a count of {self.count}")


def histogram_of(data: bytes, labels: dict[str, str]) -> NativeHistogram:
    found = NativeHistogram(labels)
    spans: list[tuple[int, int]] = []
    deltas: list[int] = []
    for number, value in fields(data):
        match number:
            case 1: found.count = value
            case 2: found.sum = value
            case 3:
                bucket = dict(fields(value))
                found.buckets[bucket[2]] = bucket.get(1, 0)
            case 5: found.schema = signed(value)
            case 6: found.zero_threshold = value
            case 7: found.zero_count = value
            case 12:
                span = dict(fields(value))
                spans.append((signed(span.get(1, 0)), span.get(2, 0)))
            case 13: deltas += packed(value, signed)
    index, count, cursor = 0, 0, iter(deltas)
    for offset, length in spans:
        index += offset
        for _ in range(length):
            count += next(cursor)
            found.bins[index] = count
            index += 1
    assert next(cursor, None) is None, "more deltas than the spans have room for"
    return found


def histograms(body: bytes) -> dict[str, list[NativeHistogram]]:
    """All histograms of an answer by family name."""
    found: dict[str, list[NativeHistogram]] = {}
    at = 0
    while at < len(body):
        size, at = varint(body, at)
        family = list(fields(body[at:at + size]))
        at += size
        name = next(value for number, value in family if number == 1).decode()
        if next((value for number, value in family if number == 3), 0) != HISTOGRAM:
            continue
        for metric in (value for number, value in family if number == 4):
            parts = list(fields(metric))
            pairs = [dict(fields(value)) for number, value in parts if number == 1]
            labels = {pair[1].decode(): pair[2].decode() for pair in pairs}
            data = next(value for number, value in parts if number == 7)
            found.setdefault(name, []).append(histogram_of(data, labels))
    return found
