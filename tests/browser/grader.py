"""A person who grades an item, whatever happens meanwhile: they look at the page and do what it offers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Error, Page, Response

from tests.browser.typed import NONE, Typed, fields_sent

PATIENCE_SECONDS = 30
LOOK_MS = 1_500
"""How long a person waits for one control before they look at the whole page again."""

Step = Callable[[], None]


@dataclass
class Grader:
    """One reviewer, one tab, one item."""

    page: Page
    path: str
    login: str
    password: str
    chance: random.Random
    typed: Typed = field(default_factory=Typed)
    pictures_of_trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(LOOK_MS)
        self.page.on("response", self._heard)

    def steps(self) -> Iterator[Step]:
        """An answer to every criterion in some order, with second thoughts."""
        keys = ["accuracy", "clarity", "depth"]
        self.chance.shuffle(keys)
        for key in keys:
            yield lambda key=key: self._give(key, self.chance.choice(["poor", "fair", "good"]))
            yield from self._words_on(key)
        yield lambda: self._write("note", "#overall-note", "Over all")
        if self.chance.random() < 0.5:
            yield lambda: self._be_sure(self.chance.choice([1, 2, 3]))
        for key in self.chance.sample(keys, 1):
            yield lambda key=key: self._give(key, self.chance.choice(["poor", "fair", "good"]))
        if self.chance.random() < 0.5:
            yield lambda: self._write("note", "#overall-note", "On second thoughts")

    def _words_on(self, key: str) -> Iterator[Step]:
        yield lambda: self._write(f"note:{key}", f"#note-{key}", f"On {key}")
        if key == "clarity" and self.chance.random() < 0.5:
            yield self._tag
        if key == "depth" and self.chance.random() < 0.3:
            yield lambda: self._give(key, NONE)

    def do(self, step: Step) -> None:
        """Do it; where the page does not let them, see what it asks for first, and do it again."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            self.come_back()
            try:
                step()
            except Error as error:
                if time.monotonic() > end:
                    raise AssertionError(f"the page offers no way on: {self.seen()}") from error
            else:
                return

    def pause(self, seconds: float) -> None:
        self.page.wait_for_timeout(seconds * 1000)

    def submit(self) -> None:
        self.page.keyboard.press("Control+Enter")

    def finish(self) -> None:
        """Submit until the page shows that the review is stored."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            if self.come_back():
                return
            assert time.monotonic() < end, f"it cannot be submitted: {self.seen()}"
            self.submit()
            try:
                self.page.wait_for_url(lambda url: not url.endswith(self.path), timeout=LOOK_MS)
                self.page.goto(self.path)
            except Error:
                continue

    def come_back(self) -> bool:
        """Get to the item's page, ready to be written on; whether it is stored for good instead."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            try:
                if self._is_ready():
                    return self.page.locator("[data-review][data-readonly]").count() > 0
            except Error as error:  # the page is being replaced, or the server is away
                self.pictures_of_trouble.append(str(error).splitlines()[0])
                self.pause(0.15)
        raise AssertionError(f"the item's page does not come back: {self.seen()}")

    def seen(self) -> str:
        return f"{self.page.url}: {self.page.locator('body').inner_text()[:600]}\n{self.pictures_of_trouble[-5:]}"

    def _is_ready(self) -> bool:
        page = self.page
        if page.locator("input[name=password]:visible").count():
            self._sign_in()
        elif page.get_by_role("heading", name="Send it now").count():
            with page.expect_navigation(timeout=PATIENCE_SECONDS * 1000):
                page.get_by_role("button", name="Send").click()
        elif page.url.endswith(self.path) and page.locator("[data-review]").count():
            return not self._answers_a_question()
        else:
            page.goto(self.path)
        return False

    def _sign_in(self) -> None:
        login, password = (self.page.locator(f"input[name={name}]:visible").first for name in ("login", "password"))
        login.fill(self.login)
        password.fill(self.password)
        if self.page.locator("dialog[open] input[name=password]").count():
            password.press("Enter")
            password.wait_for(state="hidden", timeout=PATIENCE_SECONDS * 1000)
        else:
            with self.page.expect_navigation(timeout=PATIENCE_SECONDS * 1000):
                password.press("Enter")

    def _answers_a_question(self) -> bool:
        """Where the page asks which of two versions to keep, theirs is the one they see."""
        mine = self.page.get_by_role("button", name="Keep this one")
        if not mine.is_visible():
            return False
        mine.click()
        return True

    def _give(self, key: str, level: str) -> None:
        field, choice = f"score:{key}", self.page.locator(f'#c-{key} input[value="{level}"]')
        if choice.is_checked():
            return
        self.typed.add(field, level)
        number = ["poor", "fair", "good"].index(level) + 1 if level != NONE else 0
        if self.chance.random() < 0.5:
            self.page.locator(f"#c-{key}").focus()
            self.page.keyboard.press(str(number))
        else:
            choice.check()
        if not choice.is_checked():
            raise Error("the level was not taken")

    def _write(self, field: str, place: str, words: str) -> None:
        box = self.page.locator(place)
        if not box.is_visible():
            box.evaluate("box => box.closest('details').open = true")
        text = f"{words} {self.chance.randrange(10_000)}."
        if self.chance.random() < 0.5:
            self.typed.add(field, text)
            box.fill(text)
        else:
            box.fill("")
            self.typed.add(field, None)
            for end in range(1, len(text) + 1):
                self.typed.add(field, text[:end].strip() or None)
                self.typed.add(field, text[:end])
            box.press_sequentially(text, delay=self.chance.choice([0, 15]))
        if box.input_value() != text:
            raise Error("the words were not taken")

    def _tag(self) -> None:
        self.typed.add("tags:clarity", ("wordy",))
        box = self.page.locator('#c-clarity input[value="wordy"]')
        box.evaluate("box => box.checked || box.closest('label').click()")
        if not box.is_checked():
            raise Error("the tag was not taken")

    def _be_sure(self, step: int) -> None:
        self.typed.add("confidence", step)
        choice = self.page.locator(f'input[name="confidence"][value="{step}"]')
        choice.evaluate("choice => choice.closest('label').click()")
        if not choice.is_checked():
            raise Error("the confidence was not taken")

    def _heard(self, response: Response) -> None:
        """What the server acknowledged: a draft by 2xx, a review by the redirect to what comes next."""
        request = response.request
        is_draft = request.method == "PUT" and request.url.endswith("/draft") and response.ok
        is_review = request.method == "POST" and request.url.endswith(self.path) and response.status in (200, 201, 303)
        if (is_draft or is_review) and request.post_data:
            self.typed.acknowledge(fields_sent(request.method, request.post_data))
