"""What happens at the limit of descriptors: to who comes, to who is inside, and to the server. A part of `scale.py`.

First the descriptors themselves run out, since some are taken away from the running server; then its places, which are
64 fewer.
"""

import http.client
import json
import subprocess
import time

import crowds
from served import TOKEN, Served
from statements import Statements

LIMITS = (1_000, 20_000)
RESERVED = 64
MOST_IDLE_SHARE = 0.05


class Operator:
    """Asks over one connection that is open already: at the limit there is no place for another."""

    def __init__(self, server: Served):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def get(self, path: str) -> str:
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        return self.connection.getresponse().read().decode()

    def rejected(self, reason: str) -> int:
        mark = f'gameserver_ws_connections_rejected_total{{reason="{reason}"}} '
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in self.get("/metrics").splitlines()
                   if line.startswith(mark))

    def level(self, component: str) -> str:
        return json.loads(self.get("/api/health/detailed"))["components"][component]["status"]


def knocks(crowd: crowds.Crowds, server: Served, count: int) -> dict:
    """Newcomers to a server that has no place."""
    before, cpu, began = crowd.count(), server.cpu_s(), time.monotonic()
    crowd.open(count)
    seen = crowd.settle(crowds.OPEN_WITHIN_S)
    return {"refused": seen["refusals"].get("503", 0) - before["refusals"].get("503", 0),
            "failed": seen["failed"] - before["failed"], "let_in": seen["welcome"] - before["welcome"],
            "seconds": time.monotonic() - began, "cpu_us_each": (server.cpu_s() - cpu) / count * 1e6}


def quiet(server: Served, seconds: float) -> float:
    used = server.cpu_s()
    time.sleep(seconds)
    return (server.cpu_s() - used) / seconds


def meet(statements: Statements, binary: str, limit: int) -> dict:
    places = limit - RESERVED
    print(f"a server with {limit:,} descriptors", flush=True)
    server = Served(binary, crowds.CONFIG, descriptors=limit)
    crowd = crowds.Crowds(crowds.build(), server.port, places + 2 * limit)
    result: dict = {"granted": limit}
    try:
        operator = Operator(server)
        operator.get("/health")
        # Descriptors run out before places do: 20 can be had, 100 places are free.
        crowd.open(places - 101)
        crowd.settle(crowds.OPEN_WITHIN_S)
        taken = set(server.descriptors())
        grant(server, [number for number in range(limit) if number not in taken][20], limit)
        crowd.open(40)
        crowd.settle(crowds.OPEN_WITHIN_S)
        result["descriptors"] = at_limit(statements, crowd, server, operator, "descriptors", limit)
        crowd.close(50)
        crowd.settle(crowds.CLOSE_WITHIN_S)
        let_in = knocks(crowd, server, 40)["let_in"]
        statements.hold(let_in == 40, f"50 leave, and of 40 newcomers {let_in} are let in")
        grant(server, limit, limit)
        crowd.open(places - 1 - crowd.count()["open"])
        full = crowd.settle(crowds.OPEN_WITHIN_S)["open"]
        statements.hold(full == places - 1, f"all descriptors are back: {full:,} and the operator have a place")
        result["limit"] = at_limit(statements, crowd, server, operator, "limit", limit)
        statements.hold(operator.level("websocket") == "critical", f"health says {operator.level('websocket')}")
        crowd.close(50)
        crowd.settle(crowds.CLOSE_WITHIN_S)
        let_in = knocks(crowd, server, 50)["let_in"]
        statements.hold(let_in == 50, f"50 leave, and of 50 newcomers {let_in} are let in")
        unasked = crowd.count()["unasked"]
        statements.hold(unasked == 0, f"{unasked} of those inside were closed")
        return result
    finally:
        crowd.stop()
        server.close()


def grant(server: Served, soft: int, hard: int) -> None:
    subprocess.run(["prlimit", "--pid", str(server.process.pid), f"--nofile={soft}:{hard}"], check=True)


def at_limit(statements: Statements, crowd: crowds.Crowds, server: Served, operator: Operator, reason: str,
             count: int) -> dict:
    """A full server while newcomers knock, and after."""
    before, rejected = crowd.count(), operator.rejected(reason)
    knocked = knocks(crowd, server, count)
    statements.hold(knocked["let_in"] == 0 and knocked["refused"] > 0,
                    f"of {count:,} newcomers in {knocked['seconds']:.1f} s {knocked['refused']:,} are told 503, "
                    f"{knocked['failed']:,} closed without a word, {knocked['let_in']} let in; "
                    f"{knocked['cpu_us_each']:.0f} us of CPU each")
    counted = operator.rejected(reason) - rejected
    statements.hold(counted == count, f"the metric counts {counted:,} of them as `{reason}`")
    share = quiet(server, crowds.HEARTBEAT_S + crowds.ANSWER_S)
    statements.hold(share < MOST_IDLE_SHARE, f"{share * 100:.1f} % of a core when nobody knocks")
    after = crowd.count()
    statements.hold(after["unasked"] == 0 and after["pings"] - before["pings"] >= after["open"],
                    f"those inside notice nothing: {after['pings'] - before['pings']:,} pings answered, "
                    f"{after['unasked']} closed")
    return {**knocked, "counted": counted, "idle_share": share}
