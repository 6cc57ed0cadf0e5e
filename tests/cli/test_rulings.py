"""`evalhub rubric rulings`, as it is typed."""

from __future__ import annotations

import json

from evalhub.db import Database
from tests.cli.conftest import Evalhub
from tests.inbox.worlds import answered, asked, owned


def test_the_rulings_that_hold_are_printed(evalhub: Evalhub, database: Database) -> None:
    world = owned(database, items=1)
    assert "There is no ruling yet" in evalhub("rubric", "rulings", "answers").output
    answered(world, asked(world, "ann"), "A missing source\nis an error.", pin_to="accuracy")
    printed = evalhub("rubric", "rulings", "answers")
    assert (printed.exit_code, printed.output) == (
        0,
        "accuracy (version 1; 2026-03-01): A missing source is an error.\n",
    )
    [ruling] = json.loads(evalhub("rubric", "rulings", "answers", "--json").stdout)
    assert (ruling["criterion"], ruling["versions"]) == ("accuracy", [1])
    assert evalhub("rubric", "rulings", "nothing").exit_code == 2
