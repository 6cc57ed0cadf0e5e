"""A boundary goes to the owner of the rubric with the figures that name it."""

from __future__ import annotations

import re

import pytest

from evalhub.db import Database
from evalhub.inbox.queries.listing import sent_entries
from evalhub.inbox.schema import EntryKind
from evalhub.projects.schema import ProjectRole
from tests.adjudication.worlds import differing
from tests.calibration.test_pages import PAGE, as_
from tests.web.client import Page
from tests.world import World, with_roles

BOUNDARY = f"{PAGE}/boundaries/accuracy/0"


@pytest.fixture
def world(database: Database) -> World:
    found = differing(database, {"accuracy": "unacceptable"}, {}, {}, items=4)
    return with_roles(with_roles(found, "vera", ProjectRole.VIEWER), "mia", ProjectRole.MANAGER)


def test_a_manager_sends_it_in_words_of_their_own(world: World) -> None:
    mia = as_(world, "mia")
    assert BOUNDARY in mia.get(PAGE).links
    page = mia.get(BOUNDARY)
    prefilled = re.search(r"<textarea[^>]*>(.*?)</textarea>", page.html, re.DOTALL)
    assert prefilled is not None
    assert "of the disagreement crosses here, on 1 item." in prefilled[1]
    again = Page(mia.post(BOUNDARY, {"text": ""}, status=422))
    assert "Say what it is about" in again.text
    mia.post(BOUNDARY, {"text": "“Unacceptable” or “adequate”? 50 % crosses here."})
    with world.database.reading() as session:
        [line] = sent_entries(session, world.people["mia"].id).lines
    assert (line.entry.kind, line.entry.criterion_key, line.entry.project_id, line.entry.item_id) == (
        EntryKind.BOUNDARY,
        "accuracy",
        world.project.id,
        None,
    )


def test_only_managers_are_offered_it(world: World) -> None:
    vera = as_(world, "vera")
    assert BOUNDARY not in vera.get(PAGE).links
    vera.get(BOUNDARY, status=403)
    vera.post(BOUNDARY, {"text": "words"}, status=403)
    as_(world, "r1").get(BOUNDARY, status=403)


def test_what_is_no_boundary_is_404(world: World) -> None:
    mia = as_(world, "mia")
    for place in ("accuracy/7", "beauty/0"):
        mia.get(f"{PAGE}/boundaries/{place}", status=404)
