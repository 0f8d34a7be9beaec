"""One table of everything that was measured, ours beside each peer."""

import statistics

import instructions
import peers
import traffic
from intervals import interval_of_rounds


def text(results: dict) -> str:
    """What `bench.py` writes to its file, for a person."""
    return "\n".join([*traffic_rows(results["traffic"]), *instruction_rows(results["instructions"]),
                      *memory_rows(results["idle"])])


def title(what: str, *columns: str) -> str:
    return f"\n{what:<34}" + "".join(f"{column:>13}" for column in columns)


def row(what: str, *values: str) -> str:
    return f"{what:<34}" + "".join(f"{value:>13}" for value in values)


def traffic_rows(runs: dict) -> list[str]:
    if not runs:
        return []
    columns = ["median", "least", "ours/its", "95 of 100", "least round", "most", "to current", "messages/s"]
    lines = [title("CPU-s per million", *columns)]
    older = {shape.name: shape.older for shape in traffic.ECHO + traffic.FANOUT}
    for shape, servers in runs.items():
        lines.append(shape)
        for name, rounds in servers.items():
            cost = [each["cpu_s_per_million"] for done in rounds for each in done]
            ratios = [""] * 5
            if name != peers.OURS:
                paired = ratios_of(servers[peers.OURS], rounds)
                middle, low, high = interval_of_rounds(paired)
                each = [statistics.median(done) for done in paired]
                ratios = [f"{middle:.2f}", f"{low:.2f}-{high:.2f}", f"{min(each):.2f}", f"{max(each):.2f}",
                          f"{middle * older[shape]:.2f}" if name == peers.UWEBSOCKETS else ""]
            rate = statistics.median(each["messages_per_s"] for done in rounds for each in done)
            lines.append(row(f"  {name}", f"{statistics.median(cost):.3f}", f"{min(cost):.3f}", *ratios, f"{rate:,.0f}"))
    return lines


def ratios_of(ours: list[list[dict]], its: list[list[dict]]) -> list[list[float]]:
    """What was taken in the same turn, one divided by the other, round by round."""
    return [[one["cpu_s_per_million"] / other["cpu_s_per_million"] for one, other in zip(mine, theirs)]
            for mine, theirs in zip(ours, its)]


def instruction_rows(counts: dict) -> list[str]:
    if not counts:
        return []
    goals = {each.shape.name: each.goal for each in instructions.COUNTS}
    lines = [title("instructions a message", peers.OURS, "goal", peers.UWEBSOCKETS, "ours/its")]
    for shape, by in counts.items():
        ours, peer, goal = by[peers.OURS], by.get(peers.UWEBSOCKETS), goals[shape]
        lines.append(row(shape, f"{ours:,.0f}", f"{goal:,.0f}" if goal else "", f"{peer:,.0f}" if peer else "",
                         f"{ours / peer:.2f}" if peer else ""))
    return lines


def memory_rows(idle: dict) -> list[str]:
    if not idle:
        return []
    sizes = [size for size in next(iter(idle.values())) if size.isdigit()]
    columns = [f"{int(size):,}" for size in sizes]
    lines = [title("bytes per idle connection", *columns, *(["each further"] if len(sizes) > 1 else []), "all pinged")]
    for name, used in idle.items():
        if "each" in used:
            lines.append(row(f"gameserver, {name}", f"{used['each']:,.0f}"))
            continue
        values = [used[size] for size in sizes]
        if len(sizes) > 1:
            # Without what the first ones bring into memory for all.
            less, more = int(sizes[0]), int(sizes[-1])
            values.append((values[-1] * more - values[0] * less) / (more - less))
        values += [used["pinged"]] if "pinged" in used else []
        lines.append(row(name, *(f"{value:,.0f}" for value in values)))
    return lines
