from __future__ import annotations

import json

import pytest

from evalhub.db import Database
from evalhub.training.models import Use
from tests.cli.conftest import Evalhub
from tests.training.worlds import a_training, certify
from tests.world import World


@pytest.fixture
def world(evalhub: Evalhub, database: Database) -> World:
    return a_training(database, items=1, gold={Use.QUALIFICATION: 5})


def test_gold_items_are_added_and_listed_and_the_certified_shown(evalhub: Evalhub, world: World) -> None:
    certify(world, "ann")
    refused = evalhub("training", "add", "p", "source-id-0", "--use", "practice")
    assert (refused.exit_code, "imported without known levels" in refused.stderr) == (2, True)
    assert "qualification" in evalhub("training", "list", "p").stdout
    shown = json.loads(evalhub("training", "status", "p", "--json").stdout)
    assert [one["certified"] for one in shown["reviewers"]] == [True, False]
    assert "4 right of 5 pass" in evalhub("training", "status", "p").stdout
