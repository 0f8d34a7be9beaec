"""Judges Autobahn reports: counts what each case came to, names what is not right, fails on it.

    check.py REPORT... [--expect-all]     REPORT: an index.json; with --expect-all every case of the suite has to be there
"""

import argparse
import collections
import json
import sys

GOOD = {"OK", "INFORMATIONAL"}
# The whole suite, and those of its cases that judge nothing: they only look at what an endpoint does.
SUITE_CASES = 517
SUITE_INFORMATIONAL = {"7.1.6", "7.13.1", "7.13.2"}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("reports", nargs="+")
    arguments.add_argument("--expect-all", action="store_true")
    given = arguments.parse_args()
    agents = collections.defaultdict(dict)
    for path in given.reports:
        with open(path, encoding="utf-8") as file:
            for agent, cases in json.load(file).items():
                agents[agent].update(cases)
    faults = [judge(agent, cases, given.expect_all) for agent, cases in sorted(agents.items())]
    return 1 if any(faults) or not agents else 0


def judge(agent, cases, expects_all):
    faults = 0
    behaviours = collections.Counter(case["behavior"] for case in cases.values())
    closings = collections.Counter(case["behaviorClose"] for case in cases.values())
    print(f"Autobahn: {len(cases)} cases against {agent}")
    print("  behaviour " + ", ".join(f"{name} {count}" for name, count in sorted(behaviours.items())))
    print("  closing   " + ", ".join(f"{name} {count}" for name, count in sorted(closings.items())))
    for name, case in sorted(cases.items(), key=lambda item: [int(part) for part in item[0].split(".")]):
        kinds = {case["behavior"], case["behaviorClose"]}
        judged = name in SUITE_INFORMATIONAL or case["behavior"] != "INFORMATIONAL"
        if not kinds <= GOOD or not judged:
            faults += 1
            print(f"  {name}: {case['behavior']}, closing {case['behaviorClose']}, code {case['remoteCloseCode']}")
    if not cases or expects_all and len(cases) != SUITE_CASES:
        faults += 1
        print(f"  {len(cases)} cases were run, expected {SUITE_CASES if expects_all else 'some'}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
