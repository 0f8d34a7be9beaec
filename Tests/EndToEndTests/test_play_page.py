"""The play page in Chromium: a whole game by clicking, a shared link, a second tab, a server that goes away."""

import os
import pathlib
import re
import time

import pytest
from playwright.sync_api import expect, sync_playwright

from person import WIDE, Person

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
GAME_WITHIN_S = 150


@pytest.fixture
def people(tmp_path):
    """Opens people: `people()` in a browser of their own, `people(other)` in a second tab of somebody's."""
    screenshots = pathlib.Path(os.environ.get("GAMESERVER_SCREENSHOTS") or tmp_path / "screenshots")
    screenshots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def arrive(beside: Person | None = None) -> Person:
            context = beside.page.context if beside else browser.new_context(viewport=WIDE)
            return Person(context.new_page(), screenshots)

        yield arrive
        browser.close()


def test_a_person_plays_a_game_from_create_to_ranking_by_clicking(quick_server, people):
    person = people()
    room = person.create_room(quick_server, score_limit=1000, round_limit=2)
    person.shoot("2-waiting")
    person.fill_with_bots()
    person.shoot("3-full")
    person.click("start-game")
    done, shot, refreshed, until = {}, set(), False, time.monotonic() + GAME_WITHIN_S
    while not person.shows("final-ranking") and time.monotonic() < until:
        phase = person.find("phase").inner_text() if person.find("phase").count() else ""
        step = person.act()
        if step is None:
            person.page.wait_for_timeout(30)   # a browser's own loop has to turn for the page to move on
            continue
        done[step] = done.get(step, 0) + 1
        if step not in shot:
            shot.add(step)
            person.shoot(f"4-after-{step}")
        if step == "play" and done["play"] == 3 and not refreshed:
            hand = person.page.locator("[data-testid^=piece-]").count()
            person.page.reload()
            refreshed = True
            expect(person.find("phase")).to_be_visible()
            expect(person.page.locator("[data-testid^=piece-]").first).to_be_visible()
            after = person.page.locator("[data-testid^=piece-]").count()
            assert 0 < after <= hand, f"{hand} pieces before the refresh, {after} after it ({phase})"
            person.shoot("5-refreshed")
    assert person.shows("final-ranking"), f"no ranking within {GAME_WITHIN_S} s; did {done}"
    person.shoot("6-ranking")
    assert refreshed and done["declare"] >= 1 and done["play"] >= 3, done
    log = quick_server.events(room)
    ended = log[-1]["event"]
    assert ended["kind"] == "game_ended"
    ranking = person.find("final-ranking").inner_text()
    for line in ended["ranking"]:
        assert str(line["total"]) in ranking.replace("\u2212", "-"), f"{line} is not in {ranking}"
    mine = [e["event"] for e in log if e["event"].get("seat") == 0]
    assert len(mine) == sum(done.values()), "every click counted once"
    assert person.complaints == []
    assert not re.search(r"undefined|NaN|\[object", person.page.inner_text("body"))


def test_a_shared_link_seats_a_friend_and_neither_sees_the_others_hand(quick_server, people):
    ana, ben = people(), people()
    room = ana.create_room(quick_server, score_limit=1000, round_limit=1)
    ben.page.goto(f"http://127.0.0.1:{quick_server.port}/?room={room.lower()}")
    ben.find("name-input").fill("Ben <b>")
    ben.click("join-room")
    expect(ben.page.locator("body")).not_to_contain_text("Ben <b>")
    ben.find("name-input").fill("Ben")
    ben.click("join-room")
    expect(ana.find("seat-1")).to_contain_text("Ben")
    expect(ben.find("seat-0")).to_contain_text("Ana")
    for _ in range(2):
        ana.click("add-bot")
    expect(ana.find("start-game")).to_be_enabled()
    ana.click("start-game")
    for person in (ana, ben):
        expect(person.page.locator("[data-testid^=piece-]")).to_have_count(8)
    hands = [sorted(person.page.locator("[data-testid^=piece-]").evaluate_all("all => all.map(p => p.dataset.kind)"))
             for person in (ana, ben)]
    dealt = [entry["event"] for entry in quick_server.events(room) if entry["event"]["kind"] == "dealt"][-1]
    assert hands == [sorted(dealt["hands"][0]), sorted(dealt["hands"][1])]
    ben.find("chat-input").fill("good luck <script>alert(1)</script>")
    ben.click("chat-send")
    expect(ana.page.locator("body")).to_contain_text("good luck <script>alert(1)</script>")
    watcher = people()
    watcher.page.goto(f"http://127.0.0.1:{quick_server.port}/?room={room}")
    watcher.click("watch-room")
    expect(watcher.find("watching")).to_be_visible()
    assert watcher.page.locator("[data-testid^=piece-]").count() == 0
    watcher.shoot("7-watching")
    assert ana.complaints == ben.complaints == watcher.complaints == []


def test_a_second_tab_takes_over_and_the_first_can_take_back(quick_server, people):
    first = people()
    first.create_room(quick_server, score_limit=1000, round_limit=1)
    first.fill_with_bots()
    first.click("start-game")
    expect(first.page.locator("[data-testid^=piece-]")).to_have_count(8)
    second = people(first)
    second.page.goto(first.page.url)
    expect(second.page.locator("[data-testid^=piece-]").first).to_be_visible()
    expect(first.find("play-here")).to_be_visible()
    first.shoot("8-replaced")
    first.click("play-here")
    expect(first.page.locator("[data-testid^=piece-]").first).to_be_visible()
    expect(second.find("play-here")).to_be_visible()
    assert first.complaints == second.complaints == []


@pytest.mark.parametrize("way", ["killed", "drained"])
def test_the_page_outlives_the_server(way, launch, people):
    server = launch()
    person = people()
    person.create_room(server, score_limit=1000, round_limit=1)
    person.fill_with_bots()
    person.click("start-game")
    expect(person.page.locator("[data-testid^=piece-]")).to_have_count(8)
    server.wanted_port = server.port
    if way == "killed":
        server.kill()
    else:
        server.stop()
    expect(person.find("connection-state")).not_to_have_attribute("data-state", "connected")
    person.shoot(f"9-{way}")
    server.start()
    expect(person.find("connection-state")).to_have_attribute("data-state", "connected", timeout=20_000)
    expect(person.page.locator("[data-testid^=piece-]").first).to_be_visible()
    until = time.monotonic() + 20
    while not person.act() and time.monotonic() < until:
        person.page.wait_for_timeout(30)
    assert time.monotonic() < until, "nothing could be done after the restart"
    unexpected = [line for line in person.complaints if "WebSocket connection" not in line]
    assert unexpected == []
