"""One more reviewer's ratings in a scored dataset: in the consensus, in no figure of agreement."""

from __future__ import annotations

from pathlib import Path

from evalhub.db import Database
from evalhub.export.schema.verify import verify_bundle
from evalhub.projects.schema import Rules
from evalhub.review.jobs import sweep
from tests.export.test_bundle import exported, lines_of
from tests.review.test_queue import let_lapse
from tests.world import a_project


def test_what_is_beyond_the_plan_says_so_and_counts_where_it_holds_a_slot(database: Database, tmp_path: Path) -> None:
    reviewers = ["ann", "ben", "cem", "dan"]
    world = a_project(database, items=1, reviewers=reviewers, rules=Rules(one_more=True))
    late = world.claim("dan")
    assert late is not None
    let_lapse(database)
    sweep(database)
    for login, level in (("ann", "adequate"), ("ben", "excellent"), ("cem", "excellent")):
        assert world.review_all(login, {"accuracy": "excellent", "clarity": level}) == 1
    assert world.submit("dan", late, {"accuracy": "unacceptable", "clarity": "adequate"}).is_extra is True

    exported(world, tmp_path / "out")
    [item] = lines_of(tmp_path / "out", "items.jsonl")
    clarity = next(entry for entry in item["criteria"] if entry["criterion"] == "clarity")
    assert item["state"] == "final"
    assert (clarity["level"], clarity["method"], clarity["n_ratings"]) == ("excellent", "median", 3)
    assert clarity["counts"] == [0, 1, 2]
    planned = [rating["planned"] for rating in item["ratings"] if rating["criterion"] == "clarity"]
    assert sorted(planned) == [False, False, True, True]
    states = sorted(line["state"] for line in lines_of(tmp_path / "out", "reviews.jsonl"))
    assert states == ["extra", "submitted", "submitted", "submitted"]
    verify_bundle(tmp_path / "out")
