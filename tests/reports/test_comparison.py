"""Models compared from rows of a database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.db import Database
from evalhub.jobs.running import JobRun
from evalhub.jobs.service import finish, take
from evalhub.projects.models import Project, QueueOrder
from evalhub.projects.schema import OverlapPlan
from evalhub.reports.jobs import compare
from evalhub.reports.schema.comparison import Comparison
from evalhub.reports.service import comparison as service
from evalhub.reports.service.comparison import AtHand, compare_models, request_comparison, shown_comparison
from evalhub.rubrics.service import add_rubric
from evalhub.web.session import write
from tests.reports.worlds import BAD, GOOD, PASSING, answers, graded
from tests.world import MOMENT, World, a_project


def compared(world: World) -> Comparison:
    with world.database.reading() as session:
        return compare_models(session, session.get_one(Project, world.project.id))


def test_the_better_model_is_told_from_the_worse(database: Database) -> None:
    found = compared(graded(database, {"good": GOOD, "bad": BAD, None: BAD}))
    assert found.models == ("bad", "good")
    bad, good = found.scores.models
    assert good.score.value == pytest.approx(7 / 8)
    assert (bad.pass_rate.value, good.pass_rate.value) == (0.5, 1.0)
    assert [share.value for share in good.level_shares] == pytest.approx([0, 1 / 4, 3 / 4])
    (pair,) = found.scores.pairs
    assert pair.n_shared_groups == 8
    assert pair.is_apart
    assert found.pair_name(pair) == "bad − good"
    assert (found.has_pass, found.basis.n_unnamed) == (True, 8)


def test_an_item_that_waits_for_a_reviewer_does_not_enter(database: Database) -> None:
    basis = compared(graded(database, {"good": GOOD}, overlap=OverlapPlan(base=3))).basis
    assert (basis.n_items, basis.n_unfinished) == (0, 8)


def test_a_withdrawn_item_counts_nowhere(database: Database) -> None:
    world = graded(database, {"good": GOOD, "bad": BAD})

    def withdraw(session: Session) -> None:
        session.execute(
            sa.update(Item).where(Item.external_id == "m0-0").values(withdrawn_at=sa.func.current_timestamp())
        )

    write(withdraw, on=database)
    found = compared(world)
    assert found.basis.n_items == 15
    assert found.scores.pairs[0].n_shared_groups == 7


@pytest.mark.parametrize(
    ("clarity", "n_other_version"), [(b"title: Clarity, weight: 2", 0), (b"title: Is it clear at once?", 4)]
)
def test_versions_are_pooled_only_where_their_scores_mean_the_same(
    sqlite_database: Database, clarity: bytes, n_other_version: int
) -> None:
    """What answers the same questions is scored by the newer version's own weights."""
    world = graded(sqlite_database, {"good": GOOD}, prompts=4)
    newer_text = PASSING.replace(b"title: Clarity", clarity).replace(b"version: 1", b"version: 2")

    def renew(session: Session) -> None:
        newer = add_rubric(session, newer_text, source_name="rubric.yaml", actor_id=None, now=MOMENT).version
        session.get_one(Project, world.project.id).rubric_version_id = newer.id

    write(renew, on=sqlite_database)
    basis = compared(world).basis
    assert (basis.rubric_version, basis.n_other_version) == (2, n_other_version)


def test_a_disputed_item_has_no_score_until_it_is_decided(database: Database) -> None:
    world = a_project(database, items=6, overlap=OverlapPlan(base=2))
    far = {"accuracy": "unacceptable", "clarity": "excellent"}
    near = {"accuracy": "excellent", "clarity": "excellent"}
    world.review_all("ann", {"source-id-0": far, **{f"source-id-{at}": near for at in range(1, 6)}})
    world.review_all("ben", near)
    basis = compared(world).basis
    assert (basis.n_items, basis.n_scored) == (6, 5)


def test_what_strict_reviewers_took_from_a_model_is_given_back(database: Database) -> None:
    """Both models are equally good; two strict reviewers graded the first one only."""
    items = [item for at, model in enumerate(("first", "second")) for item in answers(model, at, 12)]
    reviewers = ("ann", "amy", "ben", "bob", "cat")
    order = QueueOrder.AS_IMPORTED
    world = a_project(database, items=items, reviewers=reviewers, overlap=OverlapPlan(base=3), order=order)
    for login in ("ann", "amy"):
        for n in range(12):
            lease = world.claim(login)
            assert lease
            world.submit(login, lease, dict.fromkeys(("accuracy", "clarity"), "adequate" if n % 3 else "excellent"))
    for login in ("ben", "bob", "cat"):
        world.review_all(login, {"accuracy": "excellent", "clarity": "excellent"})
    found = compared(world)
    assert found.adjusted is not None
    raw, adjusted = (one.pairs[0].difference.value or 0 for one in (found.scores, found.adjusted))
    assert raw == pytest.approx(-1 / 3, abs=0.05)
    assert raw / 2 < adjusted < 0


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
        assert shown_comparison(session, session.get_one(Project, world.project.id)) == AtHand(None, is_kept=True)
    job_id = write(lambda session: request_comparison(session, world.project.id, None).id, on=database)
    again = write(lambda session: request_comparison(session, world.project.id, None).id, on=database)
    assert again == job_id
    lease = write(lambda session: take(session, job_id).lease, on=database)  # type: ignore[union-attr]
    result = compare(database, JobRun(project_id=world.project.id, by_id=None, arguments={}))
    assert result["path"] == "/projects/p/models"
    write(lambda session: finish(session, job_id, lease or "", result), on=database)
    with database.reading() as session:
        kept = shown_comparison(session, session.get_one(Project, world.project.id)).comparison
    assert kept is not None
    assert kept.scores == compared(world).scores
