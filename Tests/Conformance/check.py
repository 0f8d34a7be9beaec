"""Judges an Autobahn report: counts what each case came to, names what is not right, fails on it."""

import collections
import json
import sys

GOOD = {"OK", "INFORMATIONAL"}


def main(path):
    with open(path, encoding="utf-8") as file:
        agents = json.load(file)
    bad = 0
    for agent, cases in agents.items():
        behaviours = collections.Counter(case["behavior"] for case in cases.values())
        closings = collections.Counter(case["behaviorClose"] for case in cases.values())
        print(f"Autobahn: {len(cases)} cases against {agent}")
        print("  behaviour " + ", ".join(f"{name} {count}" for name, count in sorted(behaviours.items())))
        print("  closing   " + ", ".join(f"{name} {count}" for name, count in sorted(closings.items())))
        for name, case in sorted(cases.items(), key=lambda item: [int(part) for part in item[0].split(".")]):
            kinds = {case["behavior"], case["behaviorClose"]}
            if not kinds <= GOOD:
                bad += 1
                print(f"  {name}: {case['behavior']}, closing {case['behaviorClose']}, code {case['remoteCloseCode']}")
        if not cases:
            bad += 1
            print("  no case was run")
    return 1 if bad or not agents else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
