"""The rubrics that are shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalhub.rubrics.schema import OverallLevel, json_schema, parse_rubric

FOLDER = Path(__file__).parents[2] / "rubrics"
FILES = sorted(FOLDER.glob("*.yaml"))


def test_at_least_five_rubrics_are_shipped() -> None:
    names = {file.stem for file in FILES}
    assert names >= {"engineering-answer", "migration-plan", "incident-response", "code-review", "prompt-quality"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_ready_rubric_says_something_at_every_level(file: Path) -> None:
    rubric = parse_rubric(file.read_bytes(), file.name)
    assert rubric.name == file.stem
    assert rubric.description
    assert any(criterion.critical for criterion in rubric.criteria)
    for criterion in rubric.criteria:
        assert criterion.description.endswith("?"), criterion.key
        descriptors = [level.description for level in criterion.levels]
        assert all(len(text) > 60 for text in descriptors), criterion.key
        assert len(set(descriptors)) == len(descriptors)
        assert criterion.failure_tags
        assert {level.maps_to for level in criterion.levels} == set(OverallLevel)


def test_the_schema_beside_the_rubrics_is_the_one_the_program_prints() -> None:
    assert json.loads((FOLDER / "rubric.schema.json").read_text()) == json_schema()


def test_the_example_of_the_reference_is_a_rubric() -> None:
    reference = (FOLDER.parent / "docs" / "rubrics.md").read_text()
    example = reference.partition("```yaml\n")[2].partition("```")[0]
    assert [criterion.key for criterion in parse_rubric(example.encode(), "docs").criteria] == ["truth", "use"]
