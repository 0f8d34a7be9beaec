"""The fault matrix: every fault is seen within two seconds, met by the procedure meant for it, and touches nobody else.

Results stand in .build/fault-matrix.json and are printed. A row takes its own server and its own untouched players.
"""

import contextlib
import pathlib
import time

import pytest

from faults import FAULTS, QUICK, Fault, merged
from scene import HEADING, Row, Scene, keep, unguarded
from server import binary

SEEN_WITHIN_S = 2.0
RUN_WITHIN_S = 120
HEALTHY_WITHIN_S = 100
#: What other programs of this machine make worse.
MACHINE = frozenset({"system", "loops"})
#: Between an answer of the server and the observer's next look.
LOOK_S = 0.3


def executable(name: str | None) -> str | None:
    """Another server of this build, beside the one under test."""
    if name is None:
        return None
    path = pathlib.Path(binary()).with_name(name)
    if not path.exists():
        pytest.fail(f"{path} is not built", pytrace=False)
    return str(path)


async def measure(fault: Fault, row: Row, directory: pathlib.Path) -> None:
    """Brings the fault about, waits for what must come of it, ends it, waits for health."""
    directory.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        options = fault.prepare(directory, stack) if fault.prepare else {}
        group = options.pop("group", None)
        scene = Scene(directory, config=merged(QUICK, fault.config), executable=executable(fault.executable),
                      but_for=MACHINE - {fault.component}, **options)
        scene.group = group
        async with scene:
            async with fault.bring(scene):
                began = time.monotonic()
                if fault.component:
                    look = await scene.until(lambda look: look.at_least(fault.component, fault.level),
                                             fault.possible_s + 20, f"{fault.component} {fault.level}")
                    row.detected_s = look.at - began
                if fault.procedure:
                    await followed(fault, scene, row, began)
                if fault.mends_itself:
                    row.healthy_after_fault_s = await healthy(scene, began)
            ended = time.monotonic()
            if not fault.mends_itself:
                row.healthy_after_end_s = await healthy(scene, ended)
            row.unguarded = unguarded(scene.observer.looks[-1])
            row.slowest_look_s = scene.observer.slowest_s
            noticed = await scene.players_report()
            row.players = noticed.report
            row.noticed = noticed.complaints(refusals=fault.refusals, late=fault.late)


async def followed(fault: Fault, scene: Scene, row: Row, began: float) -> None:
    """Waits for the first finished run of the procedure and writes down what it was worth."""
    look = await scene.until(lambda look: any(run["procedure_name"] == fault.procedure for run in look.runs),
                             RUN_WITHIN_S, f"met by {fault.procedure}")
    runs = [run for run in look.runs if run["procedure_name"] == fault.procedure]
    chosen = next(each for each in scene.observer.looks
                  if each.states[fault.procedure] != "idle" or any(run in each.runs for run in runs))
    row.chosen_s = chosen.at - began
    row.verdicts = [run["verdict"] for run in runs]
    row.effect = {key: runs[-1].get(key) for key in ("signal", "before", "after", "target", "effect", "touched",
                                                     "repaired", "error_message")}


async def healthy(scene: Scene, since: float) -> float:
    return (await scene.healthy(HEALTHY_WITHIN_S)).at - since


@pytest.mark.within(300)
@pytest.mark.parametrize("fault", [
    pytest.param(fault, id=fault.name.replace(" ", "-"), marks=[pytest.mark.conformance] * fault.takes_minutes)
    for fault in FAULTS])
async def test_a_fault_is_seen_met_and_mended_and_nobody_else_notices(tmp_path, fault):
    row = Row(fault.name, fault.component, possible_s=fault.possible_s, procedure=fault.procedure)
    try:
        await measure(fault, row, tmp_path / "server")
    except AssertionError as error:
        row.failure = str(error)
        raise
    finally:
        keep(row)
        print(HEADING)
        print(row.line)
    if fault.component:
        assert row.detected_s <= fault.possible_s + SEEN_WITHIN_S + LOOK_S, f"seen after {row.detected_s:.2f} s"
    assert not row.unguarded, row.unguarded
    assert set(row.verdicts) <= fault.verdicts, row.verdicts
    assert not row.noticed, row.noticed
