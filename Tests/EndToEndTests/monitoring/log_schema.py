"""Every log line of the run: one JSON object that Resources/schemas/log.schema.json describes, no secret in it."""

import gzip
import json
import pathlib
import re
from dataclasses import dataclass, field

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from pieces import POINTS
from server import ROOT, Server

SCHEMA = ROOT / "Resources/schemas/log.schema.json"
#: A failure says what is wrong with so many lines; the rest are counted.
SHOWN = 20
#: What may be a secret by its form (PROTOCOL.md, "Values"): only these words are looked up.
SECRET_LIKE = re.compile(r"[A-Za-z0-9_-]{22,}")
PIECE = re.compile("|".join(rf"\b{kind}\b" for kind in sorted(POINTS)))


class SchemaMissing(AssertionError):
    """The repository has no schema to hold the lines against."""


@dataclass
class Canaries:
    """What no line may hold: exact secrets, and words that stand for names and hands."""

    secrets: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._words = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in sorted(self.words)) or r"(?!)")

    def found_in(self, line: str) -> str | None:
        """What the line gives away, without repeating it in full."""
        if leaked := next((word for word in SECRET_LIKE.findall(line) if word in self.secrets), None):
            return f"the secret {leaked[:4]}…"
        if piece := PIECE.search(line):
            return f"the piece {piece[0]}"
        if name := self._words.search(line):
            return f"the name or text {name[0]!r}"
        return None


@dataclass
class Log:
    """One file: where it is, the sizes at which its server was killed."""

    path: pathlib.Path
    cut_at: set[int] = field(default_factory=set)

    def lines(self):
        """(number, bytes, torn) of each line; one that ends where the server was killed may be torn."""
        packed = self.path.suffix == ".gz"
        whole = gzip.decompress(self.path.read_bytes()) if packed else self.path.read_bytes()
        ends = sorted({0, len(whole), *(cut for cut in self.cut_at if cut < len(whole))})
        number = 0
        for start, end in zip(ends, ends[1:]):
            *lines, rest = whole[start:end].split(b"\n")
            for line in lines:
                number += 1
                yield number, line, False
            if rest:
                number += 1
                yield number, rest, end in self.cut_at


@dataclass
class Verdict:
    """What was read and what was wrong with it."""

    files: int = 0
    lines: int = 0
    torn: int = 0
    faults: list[str] = field(default_factory=list)
    events: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        said = f"{self.lines} log lines of {self.files} files, {self.torn} torn by a kill, {len(self.faults)} faults"
        return "\n".join([said, *self.faults[:SHOWN]])


def validator() -> Draft202012Validator:
    if not SCHEMA.exists():
        raise SchemaMissing(f"{SCHEMA.relative_to(ROOT)} is missing: no log line of this run could be checked")
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def fault_of(line: bytes, schema: Draft202012Validator, canaries: Canaries) -> str | None:
    """What is wrong with a line; None when nothing is."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"not UTF-8: {error.reason} at byte {error.start}"
    if leak := canaries.found_in(text):
        return f"gives away {leak}"
    try:
        record = json.loads(text)
    except ValueError as error:
        return f"not JSON ({error}): {text[:120]!r}"
    if not isinstance(record, dict):
        return f"not an object: {text[:120]!r}"
    if wrong := best_match(schema.iter_errors(record)):
        return f"{'.'.join(map(str, wrong.absolute_path)) or 'the line'}: {wrong.message[:200]}"
    return None


def check(logs: list[Log], canaries: Canaries) -> Verdict:
    """Reads the logs; each fault names its file and line."""
    schema, verdict = validator(), Verdict()
    for log in logs:
        verdict.files += 1
        for number, line, torn in log.lines():
            verdict.lines += 1
            fault = fault_of(line, schema, canaries)
            if fault is None:
                continue
            if torn and not fault.startswith("gives away"):
                verdict.torn += 1
            else:
                verdict.faults.append(f"{log.path}:{number}: {fault}")
    return verdict


def logs_of(servers: list[Server]) -> list[Log]:
    """stderr of each server, and the file its configuration names, with what rotation made of it."""
    found: dict[pathlib.Path, Log] = {}
    for server in servers:
        for path in filter(pathlib.Path.exists, [server.directory / "stderr.log", *server.log_files]):
            inode = path.stat().st_ino
            found.setdefault(path, Log(path)).cut_at.update(size for cut, size in server.cuts if cut == inode)
    return list(found.values())
