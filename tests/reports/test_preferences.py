"""Which models are preferred side by side, on the page that compares models."""

from __future__ import annotations

import sqlalchemy as sa

from evalhub.datasets.models import Item
from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.reports.service.preferences import Preferences, preferences_of
from evalhub.review.schema import Lease
from evalhub.web.session import write
from tests.reports.test_models_page import page_of
from tests.reports.worlds import with_viewer
from tests.review.test_pairs import a_world, claimed
from tests.review.test_queue import GOOD
from tests.world import MOMENT, World


def preferred(world: World, login: str, model: str, *, strength: int = 1) -> None:
    """Grade all that is left, always for the answers of one model."""
    words = {1: "better", 2: "much_better"}[strength]
    while (first := world.claim(login)) is not None:
        second = world.submit(login, first, GOOD).next
        assert isinstance(second, Lease)
        side = "left" if world.item_of(first).endswith(model) else "right"
        world.submit(login, second, GOOD, preference={"choice": f"{side}_{words}"})


def found(world: World) -> Preferences:
    with world.database.reading() as session:
        preferences = preferences_of(session, session.get_one(Project, world.project.id))
    assert preferences is not None
    return preferences


def test_wins_are_counted_by_model_whatever_the_side(database: Database) -> None:
    world = a_world(database, n_pairs=8, overlap=2)
    preferred(world, "ann", "beta")
    preferred(world, "ben", "beta", strength=2)
    result = found(world)
    assert (result.models, result.n, result.n_reviewers) == (("alpha", "beta"), 16, 2)
    [pair] = result.figures.pairs
    assert pair.chosen == (0, 0, 0, 8, 8)
    assert (pair.share.value, pair.share.n_groups) == (0, 8)
    assert 0 < (result.figures.left.value or 0) < 1
    assert result.figures.alpha.n_pairable == 8


def test_only_what_was_said_last_about_items_that_stand_counts(database: Database) -> None:
    world = a_world(database, n_pairs=2)
    preferred(world, "ann", "alpha")

    def withdraw(session: sa.orm.Session) -> None:
        session.execute(sa.update(Item).where(Item.external_id == "q0:beta").values(withdrawn_at=MOMENT))

    write(withdraw, on=database)
    assert found(world).n == 1


def test_nothing_is_shown_where_nobody_compared(database: Database) -> None:
    world = a_world(database, n_pairs=1)
    world.submit("ann", claimed(world, "ann"), GOOD)
    with database.reading() as session:
        assert preferences_of(session, session.get_one(Project, world.project.id)) is None


def test_the_page_of_models_shows_the_preferences_beside_the_scores(sqlite_database: Database) -> None:
    world = with_viewer(a_world(sqlite_database, n_pairs=3))
    assert "Side by side" not in page_of(world).text
    preferred(world, "ann", "alpha")
    page = page_of(world)
    for words in (
        "alpha against beta",
        "3 preferences by 1 reviewer",
        "Left answer preferred",
        "undefined: no item was",
    ):
        assert words in page.text
