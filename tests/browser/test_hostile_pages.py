"""What models and people wrote to do harm, on every page that shows it, with the content policy and without."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy.orm import Session

from evalhub.accounts.models import InstanceRole
from evalhub.adjudication.models import Case
from evalhub.datasets.models import Upload, UploadKind
from evalhub.datasets.schema.uploads import ItemOptions
from evalhub.datasets.service.upload_files import store_file
from evalhub.datasets.service.uploads import begin_upload, receive
from evalhub.db import Database, now
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.schema import OPEN_LIMIT, About, EntryKind
from evalhub.inbox.service.sending import send_entry
from evalhub.projects.schema import OverlapPlan
from evalhub.review.models import Assignment, Task
from evalhub.rubrics.models import RubricDraft
from evalhub.rubrics.schema import parse_rubric
from evalhub.rubrics.service.drafts import create_draft
from evalhub.training.models import Use
from evalhub.training.schema.rules import PlanSettings
from evalhub.training.service.golds import NewGold, add_gold
from evalhub.training.service.settings import set_settings
from evalhub.web.session import write
from tests.adjudication.worlds import a_decision, decided, show, take
from tests.browser.chaos import Stage
from tests.jobs.work import work_off
from tests.servers import serving
from tests.training.worlds import begin, grade
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
    _practise(world)
    _upload(world, folder, items[:5])
    _draft(world)
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


def _practise(world: World) -> None:
    """A reviewer has graded a practice item whose text and whose known answer's reason are hostile."""
    known = {"accuracy": {"level": "excellent", "why": NOTE}, "clarity": {"level": "excellent", "why": NOTE}}
    items = [{"id": "known", "prompt": NOTE, "response": NOTE, "model": "m-a", "gold": known}]
    practice = a_project(world.database, items=items, name="t", reviewers=["tom"], adjudicators=[])

    def prepare(session: Session) -> None:
        moment = now(session)
        set_settings(session, practice.project.id, PlanSettings(), by=None, at=moment)
        add_gold(session, practice.project.id, NewGold("known", Use.PRACTICE), by=None, at=moment)

    write(prepare, on=world.database)
    begin(practice, "tom", Use.PRACTICE)
    grade(practice, "tom", [BAD])
    world.people |= practice.people


def _upload(world: World, folder: Path, items: Iterable[Mapping[str, str]]) -> None:
    """A file lies there, checked, whose name, first items and faulty lines are hostile."""
    lines = [json.dumps(item) for item in items] + [json.dumps({"id": NOTE, NOTE: NOTE})]
    upload = write(
        lambda session: begin_upload(
            session,
            UploadKind.ITEMS,
            target="more",
            name=NOTE,
            companion=None,
            folder=folder / "uploads",
            options=ItemOptions(format="jsonl").model_dump(mode="json"),
            by_id=world.people["root"].id,
        ),
        on=world.database,
    )
    n_bytes = store_file(io.BytesIO("\n".join(lines).encode()), Path(upload.path))
    write(partial(receive, upload_id=upload.id, n_bytes=n_bytes, project_id=None), on=world.database)
    work_off(world.database)


def _draft(world: World) -> None:
    """Of a rubric every text of which is hostile."""
    level = {"unacceptable": NOTE, "adequate": NOTE, "excellent": NOTE}
    criterion = {"id": "accuracy", "title": NOTE, "description": NOTE, "guidance": NOTE, "levels": level}
    words = {"title": NOTE, "description": NOTE}
    rubric = {"name": "hostile", "version": 1, **words, "levels": list(level), "criteria": [criterion]}
    source = json.dumps(rubric, indent=1)
    parse_rubric(source.encode(), "the form is shown only of a good one")
    by_id = world.people["root"].id
    write(lambda session: create_draft(session, source, owner_id=by_id, now=MOMENT).id, on=world.database)


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
        upload, draft = (session.scalars(sa.select(table.public_id)).one() for table in (Upload, RubricDraft))
    of_ann, of_pia, of_tom = (
        [f"/assignments/{one.public_id}" for one in held if one.reviewer_id == world.people[login].id and one.lease]
        for login in ("ann", "pia", "tom")
    )
    lists = ["/projects/p", "/projects/p/cases", "/projects/p/calibration", "/datasets/p-items", "/inbox"]
    admin = [
        f"/datasets/more/imports/{upload}",
        f"/rubrics/drafts/{draft}",
        "/projects/p/items",
        "/projects/p/items/turns",
        "/projects/p/items/img_onerror",
        "/projects/p/exports",
        "/audit",
        "/projects/p/audit",
    ]
    return {
        "ann": ["/reviews", f"{of_ann[0]}/resolution", *of_ann],
        "pia": of_pia,
        "tom": [f"{of_tom[0]}/feedback"],
        "judy": [f"/cases/{one}" for one in cases],
        "root": [*lists, *admin, *(f"/inbox/{one}" for one in entries[-4:])],
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
            kinds = Counter[str]()
            for path in paths:
                kinds[kind := re.sub("[0-9a-f]{32}", "", path)] += 1
                # Without the policy a script would run on any of them; with it, a few pages of each kind are enough.
                if policy == "on" and kinds[kind] > 4:
                    continue
                answer = page.goto(path, wait_until="domcontentloaded")
                assert getattr(answer, "ok", False), path
                if path.endswith("/exports"):
                    page.get_by_role("button", name="Preview").click()
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
    shown = ":is(.prose, .raw, .note-text, .turn, .said-note, blockquote, pre)"
    nowhere = "script, style, iframe, object, embed, img, base, meta"
    attributes = "[style], [onerror], [href^='javascript:' i], [href^='data:' i]"
    for found in page.locator(f"{shown} :is(form, input, link), main :is({nowhere}, {attributes})").all():
        yield f"holds {found.evaluate('element => element.outerHTML')[:120]}"
    if page.title() in ("PWNED", "1", ""):
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
