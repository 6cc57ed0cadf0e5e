from __future__ import annotations

import hashlib
import io
import json

import pytest

from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.items import CHECKS, ItemRow, item_row
from evalhub.datasets.schema.mapping import parse_field_map
from evalhub.datasets.schema.reading import FileShape, read_items
from evalhub.errors import Fault

GOOD: dict[str, object] = {"id": "q1:m", "prompt": "Why?", "response": "Because.", "model": "m-a"}


def row_of(**changes: object) -> ItemRow:
    found: list[Fault] = []
    row = item_row(1, {**GOOD, **changes}, found)
    assert row is not None, found
    return row


def faults_of(**changes: object) -> list[tuple[str, str]]:
    found: list[Fault] = []
    fields = {key: value for key, value in {**GOOD, **changes}.items() if value is not ...}
    assert item_row(1, fields, found) is None
    return [(fault.code, fault.path) for fault in found]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": ...}, [("schema", "id")]),
        ({"id": 1}, [("schema", "id")]),
        ({"id": None}, [("schema", "id")]),
        ({"id": ""}, [("schema", "id")]),
        ({"id": "../../etc/passwd"}, [("schema", "id")]),
        ({"id": "a/b"}, [("schema", "id")]),
        ({"id": "a\u200bb"}, [("schema", "id")]),
        ({"id": "a\n"}, [("control_character", "id")]),
        ({"id": "x" * 201}, [("schema", "id")]),
        ({"model": "gpt\u202e4"}, [("bidi_control", "model")]),
        ({"model": {}}, [("schema", "model")]),
        ({"response": ...}, [("schema", "response")]),
        ({"response": None}, [("schema", "response")]),
        ({"response": ["x"]}, [("schema", "response")]),
        ({"prompt": ...}, [("schema", "prompt")]),
        ({"prompt": " \n"}, [("schema", "prompt")]),
        ({"prompt": ["x"]}, [("schema", "prompt")]),
        ({"context": 3}, [("schema", "context")]),
        ({"attachment": "file:///etc/passwd"}, [("schema", "attachment")]),
        ({"messages": []}, [("schema", "messages")]),
        ({"messages": [{"role": "user"}]}, [("schema", "messages[0]")]),
        ({"messages": [{"role": "root", "content": "x"}]}, [("schema", "messages[0].role")]),
        ({"messages": [{"role": "user", "content": 1}]}, [("schema", "messages[0].content")]),
        ({"messages": [{"role": "user", "content": "x", "tool": 1}]}, [("schema", "messages[0]")]),
        ({"tags": "code"}, [("schema", "tags")]),
        ({"tags": ["code", "code"]}, [("schema", "tags")]),
        ({"tags": ["a", 1]}, [("schema", "tags[1]")]),
        ({"tags": ["\u202eedoc"]}, [("bidi_control", "tags[0]")]),
        ({"tags": [" code"]}, [("schema", "tags[0]")]),
        ({"skills": ["x" * 101]}, [("schema", "skills[0]")]),
        ({"group": "a\u0007"}, [("control_character", "group")]),
        ({"pair_id": "a\u200b"}, [("schema", "pair_id")]),
        ({"metadata": []}, [("schema", "metadata")]),
        ({"gold": {}}, [("schema", "gold")]),
        ({"gold": {"Bad Key": {"level": "x"}}}, [("schema", "gold.Bad Key")]),
        ({"gold": {"accuracy": "good"}}, [("schema", "gold.accuracy")]),
        ({"gold": {"accuracy": {"level": "x", "value": 1}}}, [("schema", "gold.accuracy")]),
        ({"gold": {"accuracy": {"value": "1"}}}, [("schema", "gold.accuracy.value")]),
        ({"gold": {"accuracy": {"level": "x", "why": 2}}}, [("schema", "gold.accuracy.why")]),
    ],
)
def test_each_fault_has_its_code_and_path(changes: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert faults_of(**changes) == expected


def test_all_that_is_wrong_with_a_line_is_said_at_once() -> None:
    found = faults_of(id=1, prompt=["x"], response=None, model={}, score=1)
    assert sorted(path for _, path in found) == ["id", "model", "prompt", "response", "score"]


def test_a_full_item_keeps_every_field() -> None:
    row = row_of(
        messages=[{"role": "system", "content": ""}, {"role": "user", "content": "Why?"}],
        context="c",
        reference="r",
        group="q1",
        tags=["code", "größe"],
        skills=["security"],
        pair_id="p3",
        metadata={"b": 1.5, "a": {"c": [None, True]}},
        gold={"accuracy": {"level": "adequate", "why": "…"}},
    )
    assert (row.external_id, row.group_key, row.context, row.reference, row.pair_id) == ("q1:m", "q1", "c", "r", "p3")
    assert row.metadata == '{"a":{"c":[null,true]},"b":1.5}'
    assert json.loads(row.tags) == ["code", "größe"]
    assert row.gold == '{"accuracy":{"level":"adequate","why":"…"}}'


def test_null_in_an_optional_field_is_the_same_as_leaving_it_out() -> None:
    assert row_of(context=None, tags=None, metadata=None) == row_of()


def test_text_is_kept_code_point_for_code_point() -> None:
    text = "e\u0301 é \u202eabc\u202c \x1b[2J\x07 \u200d \r\n\u2028 👩‍💻"
    assert row_of(response=text).response == text


def test_items_that_answer_one_prompt_share_a_group_by_default() -> None:
    first = row_of()
    assert first.group_key == hashlib.sha256(b'["Why?",null,null,null]').hexdigest()
    assert row_of(response="No.", model="m-b", metadata={"a": 1}).group_key == first.group_key
    assert row_of(context="c").group_key != first.group_key


@pytest.mark.parametrize(
    "change", [{"response": "Because"}, {"tags": ["a"]}, {"metadata": {"a": 1}}, {"model": "m-b"}, {"group": "g"}]
)
def test_any_change_of_content_changes_its_hash(change: dict[str, object]) -> None:
    assert row_of(**change).content_sha256 != row_of().content_sha256


def test_the_id_is_not_part_of_the_content() -> None:
    assert row_of(id="other").content_sha256 == row_of().content_sha256


@pytest.mark.parametrize(
    ("model", "response", "warning"),
    [
        ("m-a", "As GPT-4o made by OpenAI, I think the answer is 4.", "As GPT-4o"),
        ("m-a", "I was trained by Anthropic.", "trained by Anthropic"),
        ("org/falcon-40b", "Here falcon-40b answers.", "falcon-40b"),
        ("Falcon-40b", "Here falcon-40b answers.", "falcon-40b"),
        ("m-a", "GPT stands for generative pre-trained transformer.", None),
        ("test", "testing the code", None),
        ("m-a", "the m-a key", None),
    ],
)
def test_a_response_that_names_its_model_gets_a_warning(model: str, response: str, warning: str | None) -> None:
    assert row_of(model=model, response=response).warning == warning


def test_a_line_that_is_a_list_gets_advice() -> None:
    found: list[Fault] = []
    assert item_row(1, [GOOD], found) is None
    assert "jq -c '.[]'" in found[0].message


def test_mapped_fields_are_read_from_their_paths() -> None:
    field_map = parse_field_map(["id=uuid", "response=output.text", "metadata.topic=topic", "prompt=turns.0"], CHECKS)
    line = {"uuid": 17, "output": {"text": "A"}, "turns": ["Q", "-"], "topic": "x", "junk": {}, "model": "m"}
    faults = FileFaults("f")
    (row,) = read_items(io.BytesIO(json.dumps(line).encode()), faults, FileShape(field_map=field_map))
    assert (row.external_id, row.response, row.prompt, row.model) == ("17", "A", "Q", "m")
    assert row.metadata == '{"topic":"x"}'


def test_a_path_that_leads_nowhere_is_a_missing_field() -> None:
    faults = FileFaults("f")
    field_map = parse_field_map(["response=output.text"], CHECKS)
    assert not list(
        read_items(io.BytesIO(b'{"id": "a", "prompt": "Q", "response": 1}'), faults, FileShape(field_map=field_map))
    )
    assert [(fault.line, fault.path) for fault in faults.listed()] == [(1, "response")]


def test_csv_is_read_with_lists_and_json_in_cells() -> None:
    text = 'id,prompt,response,tags,metadata\r\na,Q,"line 1\nline 2",code; hard,"{""n"": 1}"\r\nb,Q,R,,\r\n'
    faults = FileFaults("f")
    first, second = read_items(io.BytesIO(text.encode()), faults, FileShape("csv"))
    assert (first.response, first.tags, first.metadata) == ("line 1\nline 2", '["code","hard"]', '{"n":1}')
    assert (second.line, second.tags) == (4, "[]")
    assert not faults
