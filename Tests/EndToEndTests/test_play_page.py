"""A person plays a whole game in Chromium by clicking only, with a page refresh in the middle."""

import os
import pathlib
import re
import time

import pytest
from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
GAME_WITHIN_S = 150
STEP_MS = 10_000


class Person:
    """A browser window and what its console said."""

    def __init__(self, page: Page, screenshots: pathlib.Path):
        self.page, self.screenshots = page, screenshots
        self.complaints: list[str] = []
        page.set_default_timeout(STEP_MS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("requestfailed", lambda request: self._failed(request))
        page.on("response", lambda answer: answer.status >= 400 and self.complaints.append(
            f"{answer.status} {answer.url}"))

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _failed(self, request) -> None:
        if not request.url.startswith("ws"):
            self.complaints.append(f"failed: {request.url}")

    def find(self, name: str):
        return self.page.get_by_test_id(name)

    def shows(self, name: str) -> bool:
        """Whether it is there, visible and may be clicked."""
        found = self.find(name)
        return found.count() > 0 and found.first.is_visible() and found.first.is_enabled()

    def click(self, name: str) -> None:
        self.find(name).click()

    def shoot(self, name: str) -> None:
        """The page as it is, wide and at phone width; the window keeps its size."""
        size = self.page.viewport_size
        for label, viewport in (("wide", WIDE), ("phone", PHONE)):
            self.page.set_viewport_size(viewport)
            width = self.page.evaluate("document.documentElement.scrollWidth")
            assert width <= viewport["width"], f"{name}, {label}: the page is {width} px wide"
            self.page.screenshot(path=self.screenshots / f"{name}-{label}.png", full_page=label == "phone")
        self.page.set_viewport_size(size)

    # One game

    def create_room(self, server, score_limit: int, round_limit: int) -> str:
        self.page.goto(f"http://127.0.0.1:{server.port}/")
        expect(self.find("name-input")).to_be_visible()
        self.shoot("1-start")
        self.find("name-input").fill("Ana")
        self.find("score-limit").fill(str(score_limit))
        self.find("round-limit").fill(str(round_limit))
        self.find("pace").select_option("quick")
        self.click("create-room")
        expect(self.find("room-code")).to_be_visible()
        found = re.search(r"[0-9A-HJKMNP-TV-Z]{8}", self.find("room-code").inner_text().replace(" ", ""))
        assert found, self.find("room-code").inner_text()
        return found[0]

    def fill_with_bots(self) -> None:
        for filled in (1, 2, 3):
            self.click("add-bot")
            expect(self.page.locator("[data-testid^=seat-][data-kind=bot]")).to_have_count(filled)
        expect(self.find("start-game")).to_be_enabled()

    def act(self) -> str | None:
        """Does the one thing that is asked for; None when nothing is."""
        if self.shows("vote-decline"):
            self.click("vote-decline")
            return "vote"
        for value in range(9):
            if self.shows(f"declare-{value}"):
                self.click(f"declare-{value}")
                return "declare"
        return "play" if self._play() else None

    def _play(self) -> bool:
        """The leader's first piece, or as many as the turn asks for."""
        status = self.find("turn-status").inner_text() if self.find("turn-status").count() else ""
        if not status.startswith("Your turn:") or "declare" in status:
            return False
        hand = self.page.locator("[data-testid^=piece-]")
        asked = re.search(r"play (\d+|one)", status)
        number = 1 if not asked or asked[1] == "one" else int(asked[1])
        before = hand.count()
        for index in range(number):
            hand.nth(index).click()
            expect(hand.nth(index)).to_have_attribute("aria-pressed", "true")
        self.click("play-pieces")
        expect(hand).not_to_have_count(before)
        return True


@pytest.fixture
def person(tmp_path):
    screenshots = pathlib.Path(os.environ.get("GAMESERVER_SCREENSHOTS") or tmp_path / "screenshots")
    screenshots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport=WIDE)
        yield Person(context.new_page(), screenshots)
        browser.close()


def test_a_person_plays_a_game_from_create_to_ranking_by_clicking(quick_server, person):
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
