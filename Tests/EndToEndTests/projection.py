"""What each viewer may be told of a raw event: PROTOCOL.md §7, written a second time."""


def projected(event: dict, viewer: int | None) -> dict:
    """The event as `viewer` (a seat, or None for a watcher) must hear it."""
    seen = dict(event)
    if event["kind"] == "dealt":
        hands = seen.pop("hands")
        if viewer is not None:
            seen["hand"] = hands[viewer]
    if event["kind"] == "played" and event["play"] == "DISCARD" and event["seat"] != viewer:
        seen.pop("pieces")
    return seen


def differences(told: dict[int, object], log: list[dict], viewer: int | None) -> list[str]:
    """Every event told that is missing from the log or is not exactly its projection."""
    raw = {entry["seq"]: entry["event"] for entry in log}
    found = []
    for seq, event in sorted(told.items()):
        if seq not in raw:
            found.append(f"seq {seq} was told to {viewer} and is not in the log: {event}")
        elif event != projected(raw[seq], viewer):
            found.append(f"seq {seq} was told to {viewer} as {event}, the log has {raw[seq]}")
    return found
