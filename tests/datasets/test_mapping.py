from __future__ import annotations

import pytest

from evalhub.datasets.schema.mapping import FieldMap, parse_field_map, placed
from evalhub.errors import BadInput, Fault

KNOWN = {"id", "prompt", "response", "metadata", "level"}


def applied(record: dict[str, object], *given: str) -> dict[str, object]:
    field_map = parse_field_map(given, KNOWN)
    assert isinstance(field_map, FieldMap)
    return field_map.applied_to(record)


def test_without_arguments_there_is_no_map() -> None:
    assert parse_field_map([], KNOWN) is None


def test_paths_lead_through_objects_and_lists() -> None:
    record: dict[str, object] = {"choices": [{"text": "a"}, {"text": "b"}], "id": "x"}
    assert applied(record, "response=choices.-1.text") == {"id": "x", "response": "b"}
    assert applied(record, "response=choices.5.text") == {"id": "x"}


def test_a_column_whose_name_holds_dots_comes_before_a_path() -> None:
    assert applied({"a.b": "1", "a": {"b": "2"}}, "prompt=a.b") == {"prompt": "1"}


def test_numbers_become_names_and_stay_numbers_elsewhere() -> None:
    assert applied({"n": 3}, "id=n") == {"id": "3"}
    assert applied({"n": 3}, "response=n") == {"response": 3}
    assert applied({"n": True}, "id=n") == {"id": True}


def test_a_field_that_feeds_another_is_not_taken_twice() -> None:
    assert applied({"prompt": "p", "response": "r"}, "response=prompt") == {"response": "p"}


@pytest.mark.parametrize("given", [["response"], ["response="], ["colour=x"], ["id=a", "id=b"], ["metadata.=x"]])
def test_a_map_that_cannot_be_meant_is_refused(given: list[str]) -> None:
    with pytest.raises(BadInput):
        parse_field_map(given, KNOWN)


def test_a_mapped_field_that_is_not_there_is_said_with_its_path() -> None:
    field_map = parse_field_map(["response=output.text", "prompt=q"], KNOWN)
    found = [Fault("schema", '"response" is missing', "response"), Fault("schema", "is empty", "prompt")]
    first, second = placed(found, 3, {"q": ""}, field_map)
    assert (first.line, first.message) == (3, "\"response\" is missing; it was looked for at 'output.text'")
    assert (second.line, second.message) == (3, "is empty")
