"""What models and people wrote to do harm, on every page that shows it, with the content policy and without."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy.orm import Session

from evalhub.accounts.models import InstanceRole
from evalhub.adjudication.models import Case
from evalhub.db import Database
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.schema import OPEN_LIMIT, About, EntryKind
from evalhub.inbox.service.sending import send_entry
from evalhub.projects.schema import OverlapPlan
from evalhub.review.models import Assignment, Task
from evalhub.web.session import write
from tests.adjudication.worlds import a_decision, decided, show, take
from tests.browser.chaos import Stage
from tests.servers import serving
from tests.world import MOMENT, World, a_project, an_account

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTE = "<img src=x onerror=\"document.title='PWNED'\"> {{ 7*7 }} <script>document.title=1</script> </textarea>"
GOOD = {"accuracy": "excellent", "clarity": "excellent"}
BAD = {"accuracy": "unacceptable", "clarity": "excellent"}
WORD = re.compile(r"[A-Za-z]{4,}")
ARMED = """
  addEventListener("securitypolicyviolation", (event) => console.warn("violation", event.violatedDirective));
"""


@pytest.fixture(scope="module")
def texts(shared: Path) -> dict[str, str]:
    files = sorted((shared / "corpus" / "hostile_output_jsonl").glob("*.jsonl"))
    return {file.stem: json.loads(file.read_text("utf-8"))["response"] for file in files}


@pytest.fixture(scope="module")
def house(texts: dict[str, str], sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Every text as prompt, context, reference, turn and answer of an item on which two reviewers differ."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copyfile(sqlite_template, folder / "evalhub.db")
    database = Database(f"sqlite:///{folder / 'evalhub.db'}")
    items = [
        {"id": name, "prompt": text, "context": text, "reference": text, "response": text, "model": "m-a"}
        for name, text in texts.items()
    ]
    turns = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts.values())]
    items.append({"id": "turns", "messages": turns, "response": "The last turn.", "model": "m-a"})
    world = a_project(database, items=items, reviewers=["ann", "ben"], overlap=OverlapPlan(base=2))
    _differ(world)
    _pair(world, texts)
    with serving(database, folder, workers=1) as server:
        yield Stage(world, folder, server)
    database.close()


def _pair(world: World, texts: Mapping[str, str]) -> None:
    """A reviewer holds two hostile answers to one prompt, to be seen side by side."""
    hostile = {"alpha": texts["script_tag"], "beta": texts["img_onerror"]}
    items = [
        {"id": model, "prompt": NOTE, "response": text, "model": model, "pair_id": "one"}
        for model, text in hostile.items()
    ]
    plan = OverlapPlan(base=1)
    pairs = a_project(
        world.database, items=items, name="q", pairs=True, reviewers=["pia"], adjudicators=[], overlap=plan
    )
    world.people |= pairs.people
    assert pairs.claim("pia") is not None


def _differ(world: World) -> None:
    """Both grade everything, differ everywhere, and say hostile things; one case is decided and shown, one flagged."""
    for login, scores in (("ann", GOOD), ("ben", BAD)):
        while (lease := world.claim(login)) is not None:
            world.submit(login, lease, scores, notes={"accuracy": NOTE}, note=NOTE)
    with world.database.reading() as session:
        cases = session.scalars(sa.select(Case).order_by(Case.task_id)).all()
        of_ann = sa.and_(Assignment.task_id == Task.id, Assignment.reviewer_id == world.people["ann"].id)
        rows = session.execute(sa.select(Task, Assignment.public_id).join(Assignment, of_ann)).all()
        assignments = [(task, public_id) for task, public_id in rows]
    for case in cases:
        take(world, "judy", case)
    decided(world, "judy", cases[0], a_decision({"accuracy": "adequate"}, rationale=NOTE))
    show(world, "ann", cases[0])

    def flag(session: Session) -> None:
        world.people["root"] = an_account(session, "root", role=InstanceRole.ADMIN)
        for task, assignment in assignments[-OPEN_LIMIT:]:
            send_entry(
                session,
                rubric_version_id=world.project.rubric_version_id,
                kind=EntryKind.FLAG,
                text=NOTE,
                sender=world.people["ann"],
                at=MOMENT,
                about=About(task.project_id, task.dataset_id, task.item_id, assignment),
            )

    write(flag, on=world.database)


def _pages(world: World) -> dict[str, list[str]]:
    """By person, every page that shows content of items or words of people."""
    with world.database.reading() as session:
        held = session.execute(sa.select(Assignment).order_by(Assignment.task_id)).scalars().all()
        cases = session.scalars(sa.select(Case.public_id).order_by(Case.task_id)).all()
        entries = session.scalars(sa.select(InboxEntry.public_id).order_by(InboxEntry.id)).all()
    of_ann, of_pia = (
        [f"/assignments/{one.public_id}" for one in held if one.reviewer_id == world.people[login].id]
        for login in ("ann", "pia")
    )
    lists = ["/projects/p", "/projects/p/cases", "/projects/p/calibration", "/datasets/p-items", "/inbox", "/audit"]
    return {
        "ann": ["/reviews", f"{of_ann[0]}/resolution", *of_ann],
        "pia": of_pia,
        "judy": [f"/cases/{one}" for one in cases],
        "root": [*lists, *(f"/inbox/{one}" for one in entries[-4:])],
    }


@pytest.mark.parametrize("policy", ["on", "off"])
def test_no_page_runs_a_script_asks_another_host_or_hides_a_word(
    house: Stage, chromium: Browser, texts: dict[str, str], policy: str
) -> None:
    faults = []
    for person, paths in _pages(house.world).items():
        with chromium.new_context(base_url=house.server.url, bypass_csp=policy == "off") as context:
            house.sign_in(context, person)
            happened = _watched(context, house.server.url)
            page = context.new_page()
            # Without the policy a script would run on any of them; with it, one page of each kind is enough.
            for place, path in enumerate(paths):
                if policy == "on" and 3 < place < len(paths) - 4:
                    continue
                page.goto(path, wait_until="domcontentloaded")
                faults += [f"{path}: {fault}" for fault in [*happened, *_harm(page), *_hidden(page, texts.values())]]
                happened.clear()
    assert faults == []


def _watched(context: BrowserContext, url: str) -> list[str]:
    happened: list[str] = []
    context.add_init_script(ARMED)
    context.on("dialog", lambda dialog: (happened.append(f"dialog {dialog.message}"), dialog.dismiss()))
    context.on("weberror", lambda error: happened.append(f"script error {error.error}"))
    context.on("console", lambda line: happened.append(line.text) if "violation" in line.text else None)
    context.on("request", lambda asked: None if asked.url.startswith(url) else happened.append(f"asked {asked.url}"))
    return happened


def _harm(page: Page) -> Iterator[str]:
    """Elements that no text of a model may make, and a title that is not ours."""
    shown = ":is(.prose, .raw, .note-text, .turn)"
    tags = "script, style, iframe, object, embed, img, form, input, base, meta, link"
    attributes = "[style], [onerror], [href^='javascript:' i], [href^='data:' i]"
    for found in page.locator(f"{shown} :is({tags}, {attributes})").all():
        yield f"holds {found.evaluate('element => element.outerHTML')[:120]}"
    if "PWNED" in page.title() or page.title() in ("1", ""):
        yield f"its title is {page.title()!r}"


def _hidden(page: Page, texts: Iterable[str]) -> Iterator[str]:
    """Where an item's raw text stands on the page, each of its words stands there too."""
    raw = page.locator("pre.raw")
    if not raw.count():
        return
    shown = " ".join(raw.all_text_contents())
    for words in (WORD.findall(text) for text in texts if text.split("\n")[0] in shown):
        missing = [word for word in words if word not in shown]
        if missing:
            yield f"does not show {missing[:5]}"
