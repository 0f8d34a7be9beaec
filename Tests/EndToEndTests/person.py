"""A person at a browser: what they see and click, found by the page's test ids."""

import pathlib
import re

from playwright.sync_api import Page, TimeoutError, expect

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
STEP_MS = 10_000
CHOICE_MS = 1_000


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
        if self.shows("vote-decline") and self._choose("vote-decline"):
            return "vote"
        for value in range(9):
            if self.shows(f"declare-{value}"):
                if not self._choose(f"declare-{value}"):
                    return None
                expect(self.page.locator("[data-testid^=declare-]:enabled:visible")).to_have_count(0)
                return "declare"
        return "play" if self._play() else None

    def _choose(self, name: str) -> bool:
        """Clicks; false when the choice went away before (its time was over, or the page was still catching up)."""
        try:
            self.find(name).click(timeout=CHOICE_MS)
        except TimeoutError:
            return False
        return True

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
