from __future__ import annotations

import io
import json

import pytest

from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.ratings import RatingRow, read_ratings
from evalhub.rubrics.schema.models import Criterion, FailureTag, Level, OverallLevel, Range, Rubric


def _criterion(key: str, **more: object) -> Criterion:
    levels = tuple(
        Level(key=name, rank=rank, label=name, score=rank, maps_to=OverallLevel.ADEQUATE)
        for rank, name in enumerate(["bad", "fair", "good"])
    )
    return Criterion.model_validate({"key": key, "position": 0, "title": key, "levels": levels, **more})


@pytest.fixture(scope="module")
def rubric() -> Rubric:
    criteria = (
        _criterion("accuracy", failure_tags=(FailureTag(key="wrong-fact", label="Wrong fact"),)),
        _criterion("speed", levels=(), range=Range(min=0, max=10, step=0.5)),
        _criterion("tone", not_applicable=True),
    )
    return Rubric(name="r", version=1, title="R", criteria=criteria)


GOOD: dict[str, object] = {"item_id": "i|1", "reviewer": "r1", "criterion": "accuracy", "level": "fair"}


def read(rubric: Rubric | None, *records: dict[str, object]) -> tuple[list[RatingRow], FileFaults]:
    faults = FileFaults("ratings.jsonl")
    text = "\n".join(json.dumps(record) for record in records).encode()
    return list(read_ratings(io.BytesIO(text), faults, rubric)), faults


def test_a_rating_is_read_with_its_rank(rubric: Rubric) -> None:
    more = {"note": "n", "tags": ["wrong-fact"], "seconds": 3, "submitted_at": "2026-03-01T10:30:00+01:00"}
    ((row,), faults) = read(rubric, GOOD | more)
    assert not faults
    assert (row.key, row.level, row.rank, row.note) == (("i|1", "accuracy", "r1"), "fair", 1, "n")
    assert (row.tags, row.seconds, row.submitted_at) == (("wrong-fact",), 3.0, "2026-03-01T09:30:00+00:00")


def test_numbers_and_not_applicable_are_answers_where_the_rubric_has_them(rubric: Rubric) -> None:
    speed = {"item_id": "i", "reviewer": "r", "criterion": "speed", "value": 7.5}
    tone = {"item_id": "i", "reviewer": "r", "criterion": "tone", "not_applicable": True}
    (first, second), _ = read(rubric, speed, tone)
    assert (first.value, first.rank, first.not_applicable) == (7.5, None, False)
    assert (second.value, second.rank, second.not_applicable) == (None, None, True)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"item_id": None}, "item_id"),
        ({"item_id": "../x"}, "item_id"),
        ({"reviewer": "a|b"}, "reviewer"),
        ({"reviewer": 3}, "reviewer"),
        ({"criterion": "style"}, "criterion"),
        ({"criterion": "Accuracy!"}, "criterion"),
        ({"level": "excellent"}, "level"),
        ({"level": 1}, "level"),
        ({"level": None}, "level"),
        ({"level": None, "value": 1}, "value"),
        ({"value": 1}, "level"),
        ({"not_applicable": True}, "level"),
        ({"level": None, "not_applicable": True}, "not_applicable"),
        ({"level": None, "not_applicable": False}, "level"),
        ({"criterion": "speed"}, "level"),
        ({"criterion": "speed", "level": None, "value": 11}, "value"),
        ({"criterion": "speed", "level": None, "value": 1.2}, "value"),
        ({"criterion": "speed", "level": None, "value": "7"}, "value"),
        ({"criterion": "speed", "level": None, "value": True}, "value"),
        ({"note": 3}, "note"),
        ({"submitted_at": "yesterday"}, "submitted_at"),
        ({"submitted_at": "2026-03-01T10:30:00"}, "submitted_at"),
        ({"submitted_at": "0001-01-01T00:00:00+01:00"}, "submitted_at"),
        ({"seconds": -1}, "seconds"),
        ({"tags": ["slow"]}, "tags[0]"),
        ({"tags": "wrong-fact"}, "tags"),
        ({"tags": ["wrong-fact", "wrong-fact"]}, "tags"),
        ({"kind": "robot"}, "kind"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_each_fault_names_line_and_field(rubric: Rubric, changes: dict[str, object], path: str) -> None:
    rows, faults = read(rubric, GOOD, GOOD | {"reviewer": "r2"} | changes)
    assert len(rows) == 1
    assert [(fault.line, fault.code, fault.path) for fault in faults.listed()] == [(2, "schema", path)]


def test_a_note_has_a_longest_length(rubric: Rubric) -> None:
    _, faults = read(rubric, GOOD | {"note": "x" * 20_001})
    assert [fault.code for fault in faults.listed()] == ["too_long"]


def test_score_is_another_name_for_level_or_value() -> None:
    (first, second), _ = read(
        None,
        {"item_id": "i", "reviewer": "r", "criterion": "c", "score": "good"},
        {"item_id": "i", "reviewer": "r", "criterion": "d", "score": 4},
    )
    assert (first.level, second.value) == ("good", 4.0)


def test_csv_cells_become_numbers_and_truth_values(rubric: Rubric) -> None:
    text = (
        "item_id,reviewer,criterion,level,value,not_applicable,tags\n"
        "i,r,accuracy,fair,,,wrong-fact\ni,r,speed,,7.5,,\ni,r,tone,,,TRUE,\ni,r2,speed,,fast,,\ni,r2,speed,,nan,,\n"
    )
    faults = FileFaults("ratings.csv")
    rows = list(read_ratings(io.BytesIO(text.encode()), faults, rubric, is_csv=True))
    assert [(row.rank, row.value, row.not_applicable) for row in rows] == [
        (1, None, False),
        (None, 7.5, False),
        (None, None, True),
    ]
    assert [(fault.line, fault.path) for fault in faults.listed()] == [(5, "value"), (6, "value")]
