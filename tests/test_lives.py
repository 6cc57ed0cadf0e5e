"""Whatever happens to a project's work, in whatever order: every page, file and figure tells of the same state.

What should be there is worked out here from the rows of the tables, by other ways than the code takes.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind, Profile
from evalhub.adjudication.models import Case, CaseCriterion, CaseState, Correction, CorrectionState, DecidedLevel
from evalhub.audit.models import AuditEvent
from evalhub.audit.schema import SENTENCES
from evalhub.audit.service import verify
from evalhub.calibration.service.live import live_report
from evalhub.datasets.models import ImportState, Item, ItemImport
from evalhub.db import Database
from evalhub.errors import BadInput
from evalhub.export.schema.options import Options
from evalhub.export.schema.verify import verify_bundle
from evalhub.export.service.bundle import make_bundle
from evalhub.projects.models import Member, MemberState, Project
from evalhub.reports.queries.compared import compared_items
from evalhub.reports.queries.dashboard import outcome
from evalhub.reports.queries.explanation import explanation_of
from evalhub.reports.queries.items import item_page
from evalhub.reports.queries.offered import FILTERS
from evalhub.reports.schema.items import ItemFilter, ItemLine, Stage, Wanted
from evalhub.review.models import (
    COUNTED_PURPOSES,
    IN_WORK,
    REPLACED,
    Assignment,
    AssignmentState,
    Purpose,
    Queue,
    QueueState,
    Rating,
    Task,
)
from evalhub.review.queries.batches import batches_with_progress
from evalhub.review.queries.invariants import broken_invariants
from evalhub.review.queries.patterns import pattern_counts
from evalhub.review.queries.progress import funnel
from evalhub.review.queries.stuck import n_stuck
from evalhub.rubrics.models import Criterion, Level, RubricVersion
from evalhub.web.listing import listing_of
from tests.lives import Life, a_life
from tests.reports.test_explanation import VIEWER, check_record
from tests.reports.test_items import NOBODY
from tests.world import MOMENT

pytestmark = pytest.mark.slow

FIRST_SEED = int(os.environ.get("EVALHUB_LIVES_FROM", "0"))
SEEDS = range(FIRST_SEED, FIRST_SEED + int(os.environ.get("EVALHUB_LIVES", "4")))
STEPS = int(os.environ.get("EVALHUB_LIVES_STEPS", "40"))
"""More of both look longer: every seed leads to another life."""
STANDS = (AssignmentState.SUBMITTED, AssignmentState.IMPORTED)
Answers = list[int | None]


@dataclass(frozen=True)
class Expected:
    """What an item came to: by which version, how far, and each criterion's version, state and rank."""

    version: int
    state: str
    criteria: Mapping[str, tuple[int, str, int | None]]
    is_scored: bool


class Tables:
    """The rows of one project, and what follows from them."""

    def __init__(self, session: Session, project_id: int) -> None:
        def of_project(table: Any, *conditions: Any) -> list[Any]:
            return list(session.scalars(sa.select(table).where(table.project_id == project_id, *conditions)))

        self.project = session.get_one(Project, project_id)
        items = session.execute(sa.select(Item, ItemImport.state).join(ItemImport)).all()
        of_dataset = [(item, state) for item, state in items if item.dataset_id == self.project.dataset_id]
        last: dict[str, Item] = {}
        for item, state in sorted(of_dataset, key=lambda pair: pair[0].revision):
            if state is ImportState.COMPLETE:
                last[item.external_id] = item
        self.current = {item.id: item for item in last.values()}
        self.all_items = {item.id: item for item, _ in of_dataset}
        self.tasks = of_project(Task, Task.purpose.in_(COUNTED_PURPOSES))
        self.assignments: dict[int, list[Assignment]] = {task.id: [] for task in self.tasks}
        for row in of_project(Assignment):
            self.assignments.setdefault(row.task_id, []).append(row)
        self.ratings = {(row.task_id, row.reviewer_id, row.criterion_id): row for row in of_project(Rating)}
        self.versions = {row.id: row for row in session.scalars(sa.select(RubricVersion))}
        self.criteria: dict[int, Criterion] = {row.id: row for row in session.scalars(sa.select(Criterion))}
        self.n_levels = Counter(session.scalars(sa.select(Level.criterion_id)))
        self.cases: dict[int, Case] = {case.task_id: case for case in of_project(Case)}
        self.disputed = {
            (row.task_id, row.criterion_id)
            for row in of_project(CaseCriterion)
            if self.cases[row.task_id].state is CaseState.OPEN
        }
        self.decided = {
            (row.task_id, row.criterion_id): row
            for row in of_project(DecidedLevel)
            if self.cases[row.task_id].state is CaseState.DECIDED and self.cases[row.task_id].revision == row.revision
        }
        self.corrected: dict[tuple[int, int, int], Correction] = {}
        for row in sorted(of_project(Correction), key=lambda row: row.occasion):
            if row.state is CorrectionState.ACCEPTED:
                self.corrected[row.task_id, row.reviewer_id, row.criterion_id] = row

    def in_states(self, task: Task, states: Iterable[AssignmentState]) -> list[Assignment]:
        return [row for row in self.assignments[task.id] if row.state in states]

    def is_complete(self, task: Task) -> bool:
        is_filled = task.free_slots == 0 and not self.in_states(task, IN_WORK)
        return is_filled or bool(self.in_states(task, [AssignmentState.IMPORTED]))

    def counts(self, task: Task) -> bool:
        """Its item is shown, and not withdrawn."""
        item = self.current.get(task.item_id)
        return item is not None and item.withdrawn_at is None

    def by_item(self) -> dict[int, list[Task]]:
        """The tasks of each item that counts, the live one first."""
        found: dict[int, list[Task]] = {}
        for task in sorted(self.tasks, key=lambda task: (task.purpose is not Purpose.LIVE, task.id)):
            if self.counts(task):
                found.setdefault(task.item_id, []).append(task)
        return found

    def criteria_of(self, version_id: int) -> list[Criterion]:
        own = [one for one in self.criteria.values() if one.rubric_version_id == version_id]
        return sorted(own, key=lambda one: one.position)

    def asked(self, task: Task) -> dict[tuple[str, str], Criterion]:
        """By key and fingerprint."""
        return {
            (one.key, one.fingerprint): one
            for one in self.criteria_of(task.rubric_version_id)
            if task.criteria is None or one.key in task.criteria
        }

    def planned_patterns(self) -> dict[int, Counter[tuple[int, ...]]]:
        """By criterion: how many tasks got which levels so many times, from planned reviews that stand."""
        found: dict[int, Counter[tuple[int, ...]]] = {}
        for task in self.tasks:
            item = self.all_items[task.item_id]
            if item.withdrawn_at is not None:
                continue
            for criterion in self.criteria_of(task.rubric_version_id):
                vector = [0] * self.n_levels[criterion.id]
                for row in self.in_states(task, STANDS):
                    rating = self.ratings.get((task.id, row.reviewer_id, criterion.id))
                    if rating is not None and rating.level is not None and is_planned(task, row):
                        vector[rating.level] += 1
                if any(vector):
                    found.setdefault(criterion.id, Counter())[tuple(vector)] += 1
        return found

    def pooled(self) -> dict[str, Counter[tuple[int, ...]]]:
        """The same by key of the current version, over every version that asks the same question."""
        patterns = self.planned_patterns()
        return {
            own.key: sum(
                (
                    patterns.get(other.id, Counter())
                    for other in self.criteria.values()
                    if (other.key, other.fingerprint) == (own.key, own.fingerprint)
                ),
                Counter[tuple[int, ...]](),
            )
            for own in self.criteria_of(self.project.rubric_version_id)
        }

    def outcome_of(self, task: Task, criterion: Criterion) -> tuple[str, int | None]:
        """State and rank of one criterion, by the words of the concepts."""
        answers: Answers = []
        for row in self.in_states(task, STANDS):
            place = (task.id, row.reviewer_id, criterion.id)
            given = self.corrected.get(place) or self.ratings.get(place)
            if given is not None:
                answers.append(given.level)
        if not answers:
            return "undefined", None
        decided = self.decided.get((task.id, criterion.id))
        if decided is not None:
            return ("not_applicable", None) if decided.not_applicable else ("rated", decided.level)
        if (task.id, criterion.id) in self.disputed:
            return "pending", None
        return agreed(answers)

    def expected(self) -> dict[str, Expected]:
        """By external id."""
        return {self.current[key].external_id: self.expected_of(tasks) for key, tasks in self.by_item().items()}

    def expected_of(self, tasks: list[Task]) -> Expected:
        version_id, source = self.stands(tasks)
        criteria: dict[str, tuple[int, str, int | None]] = {}
        for own in self.criteria_of(version_id):
            task = source.get(own.key)
            asked = task and self.asked(task).get((own.key, own.fingerprint))
            state, rank = self.outcome_of(task, asked) if task and asked else ("undefined", None)
            number = self.versions[task.rubric_version_id if task and state != "undefined" else version_id].number
            criteria[own.key] = (number, state, rank)
        used = {task.id: task for task in source.values()}
        states = [state for _, state, _ in criteria.values()]
        said = [task for task in tasks for row in self.in_states(task, STANDS) if is_planned(task, row)]
        if not all(map(self.is_complete, used.values())) or set(states) == {"undefined"}:
            state = "incomplete"
        elif "pending" in states or (len(used) == 1 and self.has_open_case(next(iter(used)))):
            state = "adjudication_pending"
        else:
            state = "final"
        return Expected(self.versions[version_id].number, state, criteria, is_scored=bool(said))

    def stands(self, tasks: list[Task]) -> tuple[int, dict[str, Task]]:
        """The version that an item stands under, and the task that answers each of its criteria."""
        complete = [task for task in tasks if self.is_complete(task)]
        for version_id in (self.project.rubric_version_id, *(task.rubric_version_id for task in reversed(tasks))):
            wanted = self.criteria_of(version_id)
            source = {
                one.key: task for one in wanted for task in complete if (one.key, one.fingerprint) in self.asked(task)
            }
            if len(source) == len(wanted):
                return version_id, source
        return tasks[0].rubric_version_id, {one.key: tasks[0] for one in self.criteria_of(tasks[0].rubric_version_id)}

    def has_open_case(self, task_id: int) -> bool:
        return task_id in self.cases and self.cases[task_id].state is CaseState.OPEN


def is_half_graded(task: Task) -> bool:
    """Whether it can be undecided without a case: of past ratings, of which it is still to be graded by others."""
    return task.free_slots != 0


def is_planned(task: Task, row: Assignment) -> bool:
    return row.state is AssignmentState.IMPORTED or (row.slot is not None and row.slot < task.need)


def agreed(answers: Answers) -> tuple[str, int | None]:
    levels = sorted(level for level in answers if level is not None)
    n_out = len(answers) - len(levels)
    if n_out * 2 > len(answers):
        return "not_applicable", None
    if n_out * 2 == len(answers):
        return "pending", None
    low, high = levels[(len(levels) - 1) // 2], levels[len(levels) // 2]
    return ("rated", low) if low == high else ("pending", None)


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_tells_of_the_same_state_whatever_happens(
    sqlite_database: Database, seed: int, tmp_path: Path
) -> None:
    lead(a_life(sqlite_database, seed), tmp_path)


@pytest.mark.parametrize("seed", SEEDS[3::4])
def test_so_does_everything_on_a_server(postgres_database: Database, seed: int, tmp_path: Path) -> None:
    lead(a_life(postgres_database, seed), tmp_path)


def lead(life: Life, folder: Path) -> None:
    """Look at the project half way, and when nothing is left to do."""
    try:
        life.live(STEPS)
        check(life, folder / "half-way")
        life.settle_down()
        check(life, folder / "last")
        with life.database.reading() as session:
            check_that_nothing_waits(session, Tables(session, life.project_id))
    except BaseException as error:
        error.add_note(" ".join(life.past))
        raise


def check(life: Life, folder: Path) -> None:
    database, project_id = life.database, life.project_id
    with database.reading() as session:
        assert broken_invariants(session, project_id) == []
        tables = Tables(session, project_id)
        check_overlap(tables)
        assert pattern_counts(session, project_id) == tables.planned_patterns()
        check_funnel(session, tables)
        check_models(session, tables)
        check_list(session, tables)
        check_live_figures(session, tables)
    lines = check_export(database, tables, tables.expected(), folder)
    check_explanations(database, tables, lines)
    check_log(database)


def check_overlap(tables: Tables) -> None:
    """Nobody stands in two slots, and no task has more reviewers than its plan and one more."""
    for task in tables.tasks:
        rows = tables.assignments[task.id]
        slots = [row.slot for row in rows if row.slot is not None]
        assert len(set(slots)) == len(slots)
        assert len({row.reviewer_id for row in rows}) == len(rows)
        assert task.need <= task.slots <= task.need + 1
        assert len(slots) + task.free_slots.bit_count() == task.slots
        if task.held:
            assert not tables.in_states(task, IN_WORK)


def check_funnel(session: Session, tables: Tables) -> None:
    project_id = tables.project.id
    far, expected = funnel(session, project_id), tables.expected()
    live = [task for task in tables.tasks if task.purpose is Purpose.LIVE and task.held_reason != REPLACED]
    assert far.imported == len(live) == len({task.item_id for task in live})
    assert far.held == sum(task.held for task in live)
    assert far.imported == sum(batch.items for batch in batches_with_progress(session, project_id))
    here = [task for task in live if not task.held]
    begun = [task for task in here if tables.in_states(task, (*STANDS, *IN_WORK))]
    assert far.waiting == len(here) - len(begun)
    assert far.scored == sum(map(tables.is_complete, begun))
    assert far.in_review == len(begun) - far.scored
    waits = [task for task in here if task.slots > task.need and (task.free_slots or tables.in_states(task, IN_WORK))]
    assert far.one_more == len(waits)
    left = sum(
        task.slots - sum(row.slot is not None for row in tables.in_states(task, STANDS))
        for task in tables.tasks
        if not task.held
    )
    assert far.slots_needed - far.slots_done == left
    regrades = [task for task in tables.tasks if task.purpose is Purpose.REGRADE and not task.held]
    assert (far.regrades, far.regraded) == (len(regrades), sum(map(tables.is_complete, regrades)))
    came_to = outcome(session, project_id, far.scored)
    disputed = {task.item_id for task in tables.tasks if tables.has_open_case(task.id)}
    complete = [task for task in here if tables.is_complete(task)]
    assert came_to.in_adjudication == sum(task.item_id in disputed for task in complete)
    assert came_to.final == len(complete) - came_to.in_adjudication
    for task in complete:
        if task.item_id not in disputed and not is_half_graded(task):
            assert expected[tables.current[task.item_id].external_id].state == "final"


def check_models(session: Session, tables: Tables) -> None:
    found = compared_items(session, tables.project, lambda *_: None)
    named = [tables.expected_of(tasks) for key, tasks in tables.by_item().items() if tables.current[key].model]
    complete = [one for one in named if one.state != "incomplete"]
    assert found.n_unfinished == len(named) - len(complete)
    assert len(found.task) + found.n_other_version == len(complete)


def listed(session: Session, tables: Tables, wanted: Wanted | None = None) -> list[ItemLine]:
    listing = listing_of({"sort": "added"}, at="", sorts=("added", "item"), filters=FILTERS)
    page = item_page(session, tables.project, NOBODY, ItemFilter(wanted=wanted), listing)
    assert page.next_cursor is None
    assert page.total == len(page.lines)
    return list(page.lines)


def check_list(session: Session, tables: Tables) -> None:
    """Each number of the dashboard leads to as many rows, and each row says what the export does."""
    far = funnel(session, tables.project.id)
    came_to = outcome(session, tables.project.id, far.scored)
    numbers = {
        None: far.imported,
        Wanted.WAITING: far.waiting,
        Wanted.IN_REVIEW: far.in_review,
        Wanted.SCORED: far.scored,
        Wanted.HELD: far.held,
        Wanted.ONE_MORE: far.one_more,
        Wanted.STUCK: n_stuck(session, tables.project.id),
        Wanted.FINAL: came_to.final,
        Wanted.IN_ADJUDICATION: came_to.in_adjudication,
    }
    assert {wanted: len(listed(session, tables, wanted)) for wanted in numbers} == numbers
    expected = tables.expected()
    asked_twice = {tables.current[key].external_id for key, tasks in tables.by_item().items() if len(tasks) > 1}
    stage_of = {
        "final": Stage.FINAL,
        "adjudication_pending": Stage.IN_ADJUDICATION,
        "incomplete": Stage.IN_REVIEW,
    }
    half_graded = {
        tables.current[task.item_id].external_id
        for task in tables.tasks
        if tables.counts(task) and is_half_graded(task)
    }
    for line in listed(session, tables):
        if line.stage in (Stage.HELD, Stage.WAITING) or (line.stage is Stage.FINAL and line.external_id in half_graded):
            continue
        state = expected[line.external_id].state
        # A case or a first grading that a regrade has outrun is work still, but of no account for the score.
        assert line.stage is stage_of[state] or (line.external_id in asked_twice and state == "final")


def check_live_figures(session: Session, tables: Tables) -> None:
    """The unchanged criterion is pooled over the versions, the changed one is not."""
    pooled = tables.pooled()
    for one in live_report(session, tables.project.id).criteria:
        assert one.figures is not None
        alpha = one.figures.alpha
        counts = pooled[one.criterion.key]
        assert alpha.n_items == counts.total()
        check_alpha(counts, alpha.value)


def check_alpha(counts: Counter[tuple[int, ...]], value: float | None) -> None:
    vectors = np.array([vector for vector, n in counts.items() for _ in range(n) if sum(vector) > 1])
    if len(vectors) and np.count_nonzero(vectors.sum(axis=0)) > 1:
        assert value == pytest.approx(krippendorff.alpha(value_counts=vectors, level_of_measurement="ordinal"))
    else:
        assert value is None


def check_export(
    database: Database, tables: Tables, expected: Mapping[str, Expected], folder: Path
) -> dict[str, dict[str, Any]]:
    """The lines by external id, of scored items."""
    if not expected:
        with pytest.raises(BadInput):
            make_bundle(database, tables.project.id, Options(), folder, by_id=None, now=MOMENT)
        return {}
    make_bundle(database, tables.project.id, Options(), folder, by_id=None, now=MOMENT)
    verify_bundle(folder)
    items, unscored, ratings = (lines_of(folder, name) for name in ("items", "unscored", "ratings"))
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    names = Counter(line["item_id"].removeprefix("i:") for line in [*items, *unscored])
    assert names == Counter(list(expected))
    assert {name_of(line) for line in items} == {name for name, one in expected.items() if one.is_scored}
    for line in [*items, *unscored]:
        one = expected[name_of(line)]
        assert (line["rubric_version"], line["state"]) == (one.version, one.state), name_of(line)
        if one.is_scored:
            assert {
                said["criterion"]: (
                    said["rubric_version"],
                    said["state"],
                    said["rank"] if said["state"] == "rated" else None,
                )
                for said in line["criteria"]
            } == one.criteria, name_of(line)
    check_ratings(tables, ratings)
    withdrawn = {item.id for item in tables.current.values() if item.withdrawn_at is not None}
    assert manifest["withdrawn"] == len(withdrawn & {task.item_id for task in tables.tasks})
    states = {one["state"]: one["items"] for one in manifest["counts"]["states"]}
    assert Counter(line["state"] for line in [*items, *unscored]) == states
    for key, counts in tables.pooled().items():
        found = [line for line in manifest["agreement"] if line["criterion"] == key]
        assert bool(found) == bool(counts)
        for line in found:
            assert line["n_items"] == counts.total()
            if line["metric"] == "alpha_ordinal":
                check_alpha(counts, line["value"])
    return {name_of(line): line for line in items}


def lines_of(folder: Path, name: str) -> list[dict[str, Any]]:
    path = folder / "data" / f"{name}.jsonl"
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def name_of(line: Mapping[str, Any]) -> str:
    return str(line["item_id"]).removeprefix("i:")


def check_ratings(tables: Tables, lines: list[dict[str, Any]]) -> None:
    """Every rating that stands is there once, under the version that it answers; voided ones are not."""
    expected = Counter(
        (
            tables.current[task.item_id].external_id,
            tables.criteria[criterion_id].key,
            tables.versions[task.rubric_version_id].number,
            rating.level or 0,
            is_planned(task, row),
        )
        for task in tables.tasks
        if tables.counts(task)
        for row in tables.in_states(task, (*STANDS, AssignmentState.EXTRA))
        for (task_id, reviewer_id, criterion_id), rating in tables.ratings.items()
        if (task_id, reviewer_id) == (task.id, row.reviewer_id)
    )
    found = Counter(
        (name_of(line), line["criterion"], line["rubric_version"], line["rank"], line["planned"]) for line in lines
    )
    assert found == expected


def check_explanations(database: Database, tables: Tables, lines: Mapping[str, Mapping[str, Any]]) -> None:
    for item in tables.current.values():
        if item.external_id in lines:
            with database.reading() as session:
                [record] = explanation_of(session, tables.project.id, item.id, VIEWER).records
            check_record(record, as_explained(dict(lines[item.external_id])))


def as_explained(line: dict[str, Any]) -> dict[str, Any]:
    """The line with those ratings of each criterion alone that answer the question of the record."""
    asked = {one["criterion"]: one["rubric_version"] for one in line["criteria"]}
    ratings = [one for one in line["ratings"] if one["rubric_version"] == asked.get(one["criterion"])]
    return line | {"ratings": ratings}


def check_log(database: Database) -> None:
    assert verify(database, by="", at=MOMENT) == []
    with database.reading() as session:
        actions = {json.loads(body)["action"] for body in session.scalars(sa.select(AuditEvent.body))}
    assert actions <= set(SENTENCES)


def check_that_nothing_waits(session: Session, tables: Tables) -> None:
    """No open item could still be given to anybody, and none got more or fewer than its slots say."""
    domains = dict(session.execute(sa.select(Profile.account_id, Profile.domains)).all())
    queues = {queue.id: queue for queue in session.scalars(sa.select(Queue))}
    members = session.execute(
        sa.select(Member, Account.kind)
        .join(Account, Account.id == Member.account_id)
        .where(Member.project_id == tables.project.id)
    ).all()
    for task in tables.tasks:
        queue = queues[task.queue_id]
        if not task.is_open or queue.state is not QueueState.OPEN:
            continue
        had = {row.reviewer_id for row in tables.assignments[task.id] if row.state is not AssignmentState.EXPIRED}
        could = [
            member.account_id
            for member, kind in members
            if member.state is MemberState.ACTIVE
            and member.is_reviewer
            and kind is AccountKind.HUMAN
            and set(queue.skills) <= set(domains.get(member.account_id) or ())
            and (not tables.project.requires_certificate or member.certified_for_id == tables.project.rubric_version_id)
            and member.account_id not in had
        ]
        assert could == []
        assert task.free_slots != 1 << task.need, "one more is not waited for"
