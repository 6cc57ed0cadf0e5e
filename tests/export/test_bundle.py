"""What a bundle holds, and that equal states give equal bytes."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.service.exceptions import ask_to_reconcile
from evalhub.audit.queries import chain_differences, head_of
from evalhub.db import Database
from evalhub.errors import BadInput, Conflict
from evalhub.export.models import Export
from evalhub.export.schema.options import Options
from evalhub.export.schema.verify import verify_bundle
from evalhub.export.service import MadeExport, make_bundle
from evalhub.projects.models import Member, Project
from evalhub.projects.schema import ProjectRole
from evalhub.review.service.past_ratings import import_ratings
from evalhub.web.session import write
from tests.adjudication.worlds import a_decision, decided, differing, reconciled, show, take, the_case
from tests.world import MOMENT, World, a_project, some_items, with_roles

LATER = datetime(2026, 5, 1, tzinfo=UTC)
RATED = ("r1", "r2", "r3")
LEVELS = ("unacceptable", "adequate", "excellent")
RUBRIC = b"""
name: mixed
version: 1
levels: [unacceptable, adequate, excellent]
pass: {level_at_least: adequate}
criteria:
  - {id: accuracy, title: Accuracy, critical: true}
  - {id: clarity, title: Clarity, not_applicable: true, failure_tags: [wordy, vague]}
  - {id: share, title: Share, range: {min: 0, max: 1, step: 0.1}}
"""


def given(item: int, reviewer: int) -> list[dict[str, Any]]:
    """Three ratings, the second "not applicable" now and then."""
    head = {"item_id": f"source-id-{item}", "reviewer": RATED[reviewer], "submitted_at": "2026-02-01T10:00:00Z"}
    clarity = {"not_applicable": True} if item % 5 == 0 else {"level": LEVELS[(item + reviewer // 2) % 3]}
    return [
        {**head, "criterion": "accuracy", "level": LEVELS[(item + reviewer // 2) % 3], "note": f"“{item}” — ü\u2028"},
        {**head, "criterion": "clarity", **clarity},
        {**head, "criterion": "share", "value": round(0.1 * ((item + reviewer) % 11), 1)},
    ]


def rated(database: Database, *, items: int = 12) -> World:
    """Past ratings alone, with fixed times and a fixed key; the last two items are not graded."""
    rows = [{**row, "tags": ["ops"] if i % 2 else ["code", "ops"]} for i, row in enumerate(some_items(items, groups=6))]
    world = a_project(database, items=rows, rubric=RUBRIC)
    lines = [json.dumps(line) for item in range(items - 2) for reviewer in range(3) for line in given(item, reviewer)]
    model = {"item_id": "source-id-0", "reviewer": "judge-1", "criterion": "accuracy", "level": "adequate"}
    lines.append(json.dumps({**model, "kind": "model", "submitted_at": "2026-02-02T10:00:00Z"}))

    def fix_key(session: Session) -> None:
        session.execute(sa.update(Project).values(pseudonym_key="ab" * 32))

    write(fix_key, on=database)
    import_past(world, lines)
    return world


def import_past(world: World, lines: list[str]) -> None:
    stream = io.BytesIO("\n".join(lines).encode() + b"\n")
    import_ratings(
        world.database, stream, project_id=world.project.id, source_name="past.jsonl", actor_id=None, at=MOMENT
    )


def exported(world: World, target: Path, **options: Any) -> MadeExport:
    return make_bundle(world.database, world.project.id, Options.model_validate(options), target, by_id=None, now=LATER)


def lines_of(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "data" / name).read_bytes().split(b"\n") if line]


def pure(folder: Path) -> dict[str, bytes]:
    """Every file but the receipt."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "receipt.json"
    }


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, each in value.items() for leaf in leaves(each, f"{path}.{key}")]
    if isinstance(value, list) and value:
        return [leaf for each in value for leaf in leaves(each, f"{path}[]")]
    return [(path, value)]


def test_two_exports_and_two_databases_give_the_same_bytes(
    sqlite_database: Database, postgres_database: Database, tmp_path: Path
) -> None:
    here, there = rated(sqlite_database), rated(postgres_database)
    exported(here, tmp_path / "one")
    exported(here, tmp_path / "two")
    exported(there, tmp_path / "three")
    assert pure(tmp_path / "one") == pure(tmp_path / "two")
    assert pure(tmp_path / "one") == pure(tmp_path / "three")


def test_lines_hold_no_null_no_empty_list_and_one_type_a_key(database: Database, tmp_path: Path) -> None:
    exported(rated(database), tmp_path / "out")
    for path in sorted((tmp_path / "out/data").iterdir()):
        types: dict[str, set[type]] = {}
        for line in lines_of(tmp_path / "out", path.name):
            for place, value in leaves(line):
                assert value is not None, (path, place)
                assert value != [], (path, place)
                assert value != {}, (path, place)
                types.setdefault(place, set()).add(type(value))
        assert {place for place, found in types.items() if len(found) > 1} == set(), path


def test_items_stand_by_code_point_and_the_ungraded_apart(database: Database, tmp_path: Path) -> None:
    exported(rated(database), tmp_path / "out")
    ids = [line["item_id"] for line in lines_of(tmp_path / "out", "items.jsonl")]
    assert ids == sorted(ids)
    assert len(ids) == 10
    unscored = lines_of(tmp_path / "out", "unscored.jsonl")
    assert [line["item_id"] for line in unscored] == ["i:source-id-10", "i:source-id-11"]
    assert all("criteria" not in line and "ratings" not in line for line in unscored)
    [judged] = lines_of(tmp_path / "out", "model_ratings.jsonl")
    assert (judged["judge"], judged["level"]) == ("judge-1", "adequate")


def test_no_reviewer_is_named(database: Database, tmp_path: Path) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {}, items=2)
    exported(world, tmp_path / "out")
    reviewers = {line["reviewer"] for line in lines_of(tmp_path / "out", "ratings.jsonl")}
    assert len(reviewers) == 2
    assert all(reviewer.startswith("r:") for reviewer in reviewers)
    whole = b"".join(pure(tmp_path / "out").values())
    for login in ("r1", "r2"):
        assert world.people[login].public_id.encode() not in whole


def test_simulated_reviewers_are_called_so(database: Database, tmp_path: Path) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {}, items=2)

    def simulate(session: Session) -> None:
        session.execute(sa.update(Member).where(Member.account_id == world.people["r1"].id).values(is_simulated=True))

    write(simulate, on=database)
    exported(world, tmp_path / "out")
    [simulated] = {line["reviewer"] for line in lines_of(tmp_path / "out", "ratings.jsonl") if line["simulated"]}
    card = (tmp_path / "out/README.md").read_text()
    assert "simulated" in card.lower()
    assert simulated in card


def test_a_decision_settles_the_criterion_and_keeps_the_ratings(database: Database, tmp_path: Path) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {}, {})
    exported(world, tmp_path / "before")
    [before] = lines_of(tmp_path / "before", "items.jsonl")
    assert (before["state"], before["overall_defined"]) == ("adjudication_pending", False)
    take(world, "judy", the_case(world))
    decided(world, "judy", the_case(world), a_decision({"accuracy": "adequate"}))
    exported(world, tmp_path / "after")
    [after] = lines_of(tmp_path / "after", "items.jsonl")
    assert (after["state"], after["overall_defined"], after["failed"]) == ("final", True, False)
    accuracy = after["criteria"][0]
    assert (accuracy["method"], accuracy["level"], accuracy["counts"]) == ("adjudicated", "adequate", [1, 0, 2])
    assert accuracy["adjudicator"].startswith("r:")
    assert accuracy["rationale"] == "The second paragraph is wrong."
    assert after["ratings"] == before["ratings"]


def test_a_case_that_its_graders_settled_together_says_so_and_keeps_the_ratings(
    database: Database, tmp_path: Path
) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {}, adjudicators=())
    with_roles(world, "max", ProjectRole.MANAGER)
    case, manager = the_case(world), world.people["max"]
    exported(world, tmp_path / "before")
    write(lambda s: ask_to_reconcile(s, case.public_id, "Nobody is left.", by=manager, at=MOMENT), on=database)
    for login in ("r1", "r2"):
        show(world, login, case)
        reconciled(world, login, case, a_decision({"accuracy": "adequate"}, rationale=f"{login} gives in."))
    exported(world, tmp_path / "after")
    [before], [after] = (lines_of(tmp_path / name, "items.jsonl") for name in ("before", "after"))
    accuracy = after["criteria"][0]
    assert (accuracy["method"], accuracy["level"], accuracy["counts"]) == ("adjudicated", "adequate", [1, 0, 1])
    assert accuracy["rationale"].startswith("Settled by its 2 reviewers together, because no adjudicator could")
    assert accuracy["agreement"] == before["criteria"][0]["agreement"]
    assert after["ratings"] == before["ratings"]


def test_the_manifest_says_what_each_filter_left_out(database: Database, tmp_path: Path) -> None:
    world = rated(database)
    exported(world, tmp_path / "out", tag=["code"], criterion=["accuracy"], model=["hidden-model-0", "hidden-model-2"])
    verify_bundle(tmp_path / "out")
    manifest = json.loads((tmp_path / "out/manifest.json").read_bytes())
    left_out = {entry["filter"]: entry["left_out"] for entry in manifest["filters"]}
    assert left_out["model"] == 4
    assert left_out["tag"] == 4
    assert manifest["counts"]["items"] + manifest["counts"]["unscored"] == 12 - 4 - 4
    assert {line["criterion"] for line in lines_of(tmp_path / "out", "ratings.jsonl")} == {"accuracy"}


def test_without_text_no_word_of_prompt_response_or_note_is_left(database: Database, tmp_path: Path) -> None:
    exported(rated(database), tmp_path / "out", without_text=True)
    verify_bundle(tmp_path / "out")
    data = b"".join(path.read_bytes() for path in (tmp_path / "out/data").iterdir())
    for word in ("Question", "Answer number", "canary", "“"):
        assert word.encode() not in data


def test_items_that_changed_after_the_moment_are_left_out(database: Database, tmp_path: Path) -> None:
    world = rated(database)
    with pytest.raises(BadInput, match="nothing to export"):
        exported(world, tmp_path / "out", as_of=MOMENT - timedelta(days=9999))
    assert not (tmp_path / "out").exists()
    assert list(tmp_path.glob(".out*")) == []


def test_a_folder_with_something_in_it_is_not_touched(database: Database, tmp_path: Path) -> None:
    world = rated(database)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    with pytest.raises(Conflict):
        exported(world, tmp_path / "out")
    assert [path.name for path in tmp_path.glob("out/*")] == ["mine.txt"]


def test_an_export_is_recorded_and_its_receipt_names_the_head_and_the_last_one(
    database: Database, tmp_path: Path
) -> None:
    world = rated(database)
    first = exported(world, tmp_path / "one")
    exported(world, tmp_path / "two")
    receipt = json.loads((tmp_path / "two/receipt.json").read_bytes())
    assert receipt["previous_manifest_sha256"] == first.sha256
    with database.reading() as session:
        assert session.scalars(sa.select(Export.manifest_sha256).order_by(Export.id)).all() == [first.sha256] * 2
        head = head_of(session, world.project.public_id)
        assert chain_differences(session) == []
    assert head is not None
    assert receipt["audit"] == {"chain": world.project.public_id, "events": head.seq, "head": head.hash}


def test_memory_and_statements_do_not_grow_with_the_items(sqlite_database: Database, tmp_path: Path) -> None:
    counted: list[int] = []
    world = rated(sqlite_database, items=40)

    def count(target: str) -> int:
        counted.clear()
        exported(world, tmp_path / target)
        return len(counted)

    sa.event.listen(sqlite_database.engine, "before_cursor_execute", lambda *_: counted.append(1))
    few = count("few")
    import_past(world, [json.dumps(line) for line in given(39, 0)])
    assert count("more") <= few + 2
