"""Models compared from rows of a database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from evalhub.datasets.models import Item
from evalhub.db import Database
from evalhub.jobs.running import JobRun
from evalhub.jobs.service import finish, take
from evalhub.projects.models import Project
from evalhub.projects.schema import OverlapPlan
from evalhub.reports.jobs import compare
from evalhub.reports.schema.comparison import Comparison
from evalhub.reports.service import comparison as service
from evalhub.reports.service.comparison import compare_models, request_comparison, shown_comparison
from evalhub.web.session import write
from tests.reports.worlds import BAD, GOOD, graded
from tests.world import World, a_project


def compared(world: World) -> Comparison:
    with world.database.reading() as session:
        return compare_models(session, session.get_one(Project, world.project.id))


def test_the_better_model_is_told_from_the_worse(database: Database) -> None:
    found = compared(graded(database, {"good": GOOD, "bad": BAD}))
    assert found.models == ("bad", "good")
    bad, good = found.scores.models
    assert good.score.value == pytest.approx(10 / 12)
    assert (bad.pass_rate.value, good.pass_rate.value) == (pytest.approx(4 / 12), 1.0)
    assert [share.value for share in good.level_shares] == pytest.approx([0, 4 / 12, 8 / 12])
    (pair,) = found.scores.pairs
    assert pair.n_shared_groups == 12
    assert pair.is_apart
    assert found.pair_name(pair) == "bad − good"
    assert found.has_pass


def test_only_fully_reviewed_items_of_named_models_enter(database: Database) -> None:
    world = graded(database, {"good": GOOD, None: BAD})
    assert compared(world).basis.n_unnamed == 12
    waiting = a_project(database, items=4, rubric=b"name: q\nversion: 1\n" + _without_head(), name="q")
    lease = waiting.claim("ann")
    assert lease
    waiting.submit("ann", lease, {"accuracy": "excellent", "clarity": "excellent"})
    basis = compared(waiting).basis
    assert (basis.n_items, basis.n_unfinished) == (0, 4)


def _without_head() -> bytes:
    from tests.world import RUBRIC

    return RUBRIC.split(b"version: 1\n", 1)[1]


def test_a_withdrawn_item_counts_nowhere(database: Database) -> None:
    world = graded(database, {"good": GOOD, "bad": BAD})

    def withdraw(session: object) -> None:
        session.execute(  # type: ignore[attr-defined]
            sa.update(Item).where(Item.external_id == "good-0").values(withdrawn_at=sa.func.current_timestamp())
        )

    write(withdraw, on=database)
    found = compared(world)
    assert found.basis.n_items == 23
    assert found.scores.pairs[0].n_shared_groups == 11


def test_a_disputed_item_has_no_score_until_it_is_decided(database: Database) -> None:
    world = a_project(database, items=6, overlap=OverlapPlan(base=2))
    far = {"accuracy": "unacceptable", "clarity": "excellent"}
    near = {"accuracy": "excellent", "clarity": "excellent"}
    world.review_all("ann", {"source-id-0": far, **{f"source-id-{at}": near for at in range(1, 6)}})
    world.review_all("ben", near)
    basis = compared(world).basis
    assert (basis.n_items, basis.n_scored) == (6, 5)


def test_a_strict_reviewer_s_share_of_a_model_is_taken_out(database: Database) -> None:
    """Three reviewers in a ring; the strict one graded only the first model, and all answers are equally good."""
    world = a_project(
        database,
        items=[
            {"id": f"{model}-{at}", "prompt": f"Question {at}?", "response": f"{model} {at}", "model": model}
            for model in ("first", "second")
            for at in range(30)
        ],
        reviewers=("ann", "ben"),
        overlap=OverlapPlan(base=2),
    )
    strict = {"accuracy": "adequate", "clarity": "adequate"}
    lenient = {"accuracy": "excellent", "clarity": "excellent"}
    world.review_all(
        "ann",
        {f"first-{at}": strict if at % 2 else lenient for at in range(30)}
        | {f"second-{at}": lenient for at in range(30)},
    )
    world.review_all("ben", lenient)
    found = compared(world)
    assert found.adjusted is not None
    assert found.adjusted_because == ""
    raw, adjusted = (one.models[0].score.value or 0 for one in (found.scores, found.adjusted))
    assert raw == pytest.approx(adjusted)  # both graded everything, so nothing can be taken out between models


def test_single_reviews_say_nothing_of_severity(database: Database) -> None:
    world = a_project(database, items=4, overlap=OverlapPlan(base=1))
    world.review_all("ann", {"accuracy": "excellent", "clarity": "adequate"})
    found = compared(world)
    assert (found.adjusted, found.adjusted_because) == (None, service.NO_OVERLAP)


def test_what_a_job_keeps_of_a_comparison_is_the_comparison(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = graded(database, {"good": GOOD, "bad": BAD})
    monkeypatch.setattr("evalhub.calibration.queries.size.SMALL", 0)
    with database.reading() as session:
        assert shown_comparison(session, session.get_one(Project, world.project.id)) is None
    job_id = write(lambda session: request_comparison(session, world.project.id, None).id, on=database)
    again = write(lambda session: request_comparison(session, world.project.id, None).id, on=database)
    assert again == job_id
    lease = write(lambda session: take(session, job_id).lease, on=database)  # type: ignore[union-attr]
    result = compare(database, JobRun(project_id=world.project.id, by_id=None, arguments={}))
    assert result["path"] == "/projects/p/models"
    write(lambda session: finish(session, job_id, lease or "", result), on=database)
    with database.reading() as session:
        kept = shown_comparison(session, session.get_one(Project, world.project.id))
    assert kept is not None
    assert kept.scores == compared(world).scores
