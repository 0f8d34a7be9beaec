"""Fuzzes the engine's parsers with libFuzzer and AddressSanitizer.

    python Tests/Fuzz/fuzz.py [--seconds 10 | --runs 100000] [--target frames] [--seed 1]

Builds `Sources/WebSocket` and the targets of this folder into one program, gives each target what `corpus/` holds
for it (a line is an input, escaped as in a Python string) and `--seconds` of search. What a search keeps is where the
next one begins; with `--runs`, so many inputs, each begins with the corpus alone, so that the same seed tries the same
inputs on every machine. A canary, a fault planted in a
second build, has to be found first: a fuzzer that finds nothing there would find nothing anywhere. An input that breaks
something is left in `.build/fuzz/`, to be tried again with `FUZZ_TARGET=… .build/fuzz/fuzz FILE`, and becomes a line
of the corpus with the mend. Exits with 1 when something was found.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / ".build/fuzz"
TARGETS = sorted(path.stem for path in (HERE / "corpus").glob("*.txt"))
# Many times what it takes; a time would be too short on some machine.
CANARY_RUNS = 5_000_000
MOST_BYTES = 4096
LIMITS = ["-rss_limit_mb=1024", "-timeout=10", f"-max_len={MOST_BYTES}", "-print_final_stats=1", "-verbosity=1"]


def build(name: str, *flags: str) -> pathlib.Path:
    binary = BUILD / name
    sources = sorted((ROOT / "Sources/WebSocket").rglob("*.swift")) + sorted(HERE.glob("*.swift"))
    newest = max(path.stat().st_mtime for path in [*sources, pathlib.Path(__file__)])
    if binary.exists() and newest < binary.stat().st_mtime:
        return binary
    print(f"building {name}", flush=True)
    modules = [flag for each in ("CLinux", "COpenSSL", "CZlib") for flag in ("-I", ROOT / "Sources/System" / each)]
    # Gold warns of each of the sanitizer's own symbols.
    done = subprocess.run(
        ["swiftc", "-O", "-wmo", "-swift-version", "6", "-parse-as-library", "-sanitize=fuzzer,address",
         "-module-name", "Fuzz", *modules, *flags, *sources, "-lssl", "-lcrypto", "-lz", "-o", binary],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(done.stdout)
    return binary


def seeds(target: str) -> pathlib.Path:
    """The lines of the corpus as the files that libFuzzer reads."""
    folder = BUILD / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, line in enumerate((HERE / "corpus" / f"{target}.txt").read_text().splitlines()):
        (folder / f"{number:03}").write_bytes(line.encode().decode("unicode_escape").encode("latin-1"))
    return folder


def search(binary: pathlib.Path, target: str, bound: str, seed: int) -> tuple[bool, str]:
    """Whether the search reached its bound without a finding, and what it came to."""
    found = BUILD / "found" / binary.name / target
    if bound.startswith("-runs"):
        found = BUILD / "fresh" / binary.name / target
        shutil.rmtree(found, ignore_errors=True)
    found.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "FUZZ_TARGET": target, "ASAN_OPTIONS": "detect_leaks=1",
                   "SWIFT_BACKTRACE": "enable=no", "SWIFT_DETERMINISTIC_HASHING": "1"}
    began = time.monotonic()
    done = subprocess.run(
        [binary, found, seeds(target), bound, f"-seed={seed}",
         f"-artifact_prefix={BUILD}/{target}-", *LIMITS],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True, errors="replace")
    covered = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", done.stdout)
    runs = re.findall(r"stat::number_of_executed_units: *(\d+)|^#(\d+)", done.stdout, re.MULTILINE)
    edges, features, inputs = covered[-1] if covered else ("0", "0", "0")
    count = next((one or other for one, other in reversed(runs)), "0")
    said = f"{int(count):>12,} inputs {edges:>6} edges {features:>6} features {inputs:>6} kept " \
           f"{time.monotonic() - began:>6.0f} s"
    if done.returncode:
        said += "\n" + "\n".join(done.stdout.splitlines()[-40:])
    return done.returncode == 0, said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    bounds = parser.add_mutually_exclusive_group()
    bounds.add_argument("--seconds", type=int, default=10, help="for each target")
    bounds.add_argument("--runs", type=int, help="for each target, in place of a time")
    parser.add_argument("--target", choices=TARGETS)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    canary = build("canary", "-D", "CANARY")
    missed, said = search(canary, "frames", f"-runs={CANARY_RUNS}", arguments.seed)
    if missed or "canary" not in said:
        print(f"the canary was not found: {said}")
        return 1
    print(f"{'canary':<14} found    {said.splitlines()[0]}", flush=True)
    binary = build("fuzz")
    bound = f"-runs={arguments.runs}" if arguments.runs else f"-max_total_time={arguments.seconds}"
    failed = False
    for target in [arguments.target] if arguments.target else TARGETS:
        passed, said = search(binary, target, bound, arguments.seed)
        print(f"{target:<14} {'nothing' if passed else 'FOUND':<8} {said}", flush=True)
        failed |= not passed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
