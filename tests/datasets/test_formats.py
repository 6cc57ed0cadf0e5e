"""Files of other tools: real ones where they lie, and small ones of our own for each corner."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from evalhub.cli.dataset import FORMATS as CLI_FORMATS
from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.formats import GUESS_BYTES, Companion, guess_format
from evalhub.datasets.schema.items import ItemRow
from evalhub.datasets.schema.reading import FORMAT_NAMES, FileShape, read_items
from evalhub.errors import BadInput, Fault

SAMPLES = {
    "inspect/run.eval": ("inspect", None, 4, 0),
    "inspect/run_with_failed_samples.json": ("inspect", None, 2, 2),
    "lm_eval/dummy/samples_evalhub_demo_2026-11-22T06-23-06.085878.jsonl": (
        "lm-eval", "lm_eval/dummy/results_2026-11-22T06-23-06.085878.json", 2, 0,
    ),
    "openai_batch/batch_output.jsonl": ("openai-batch", "openai_batch/batch_input.jsonl", 1, 1),
    "mtbench/question.jsonl": ("mt-bench", "mtbench/reference_answer_gpt-4.jsonl", 10, 4),
    "mtbench/reference_answer_gpt-4.jsonl": ("mt-bench", "mtbench/question.jsonl", 10, 4),
    "prometheus/biggen_sample_evals.json": ("biggen", None, 20, 0),
    "label_studio/chat_data.json": ("label-studio", None, 1, 0),
    "label_studio/csv_test_history.json": ("label-studio", None, 0, 1),
    "label_studio/previous_export.json": ("label-studio", None, 0, 1),
}  # fmt: skip


def read(
    content: bytes, name: str, *others: bytes, file_format: str | None = None, skip: bool = True
) -> tuple[list[ItemRow], list[Fault], list[Fault]]:
    """The rows of a file, its faults, and what was left out."""
    faults, left_out = FileFaults(name), []
    companions = tuple(Companion(f"other-{n}", io.BytesIO(other)) for n, other in enumerate(others))
    shape = FileShape(file_format or guess_format(content[:GUESS_BYTES], name), None, companions, skip)
    rows = list(read_items(io.BufferedReader(io.BytesIO(content)), faults, shape, left_out=left_out.append))
    return rows, faults.listed(), left_out


def as_lines(records: Iterable[object]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def turns(row: ItemRow) -> list[tuple[str, str]]:
    """What stands before the response."""
    if row.messages is None:
        return [("user", row.prompt or "")]
    return [(turn["role"], turn["content"]) for turn in json.loads(row.messages)]


def test_the_command_line_names_every_format() -> None:
    assert set(CLI_FORMATS) == set(FORMAT_NAMES)


@pytest.mark.parametrize("path", SAMPLES)
def test_each_real_file_is_known_and_read(shared: Path, path: str) -> None:
    expected, companion, n_items, n_left_out = SAMPLES[path]
    folder = shared / "samples"
    others = [(folder / companion).read_bytes()] if companion else []
    content = (folder / path).read_bytes()
    assert guess_format(content[:GUESS_BYTES], Path(path).name) == expected
    rows, faults, left_out = read(content, path, *others)
    assert (len(rows), faults, len(left_out)) == (n_items, [], n_left_out)
    assert all(row.response and (row.prompt or row.messages) for row in rows)
    assert len({row.external_id for row in rows}) == n_items
    rows, faults, _ = read(content, path, *others, skip=False)
    assert len(faults) == n_left_out


def test_the_real_log_of_inspect_holds_the_prompts_the_answers_and_the_model(shared: Path) -> None:
    rows, _, left_out = read((shared / "samples/inspect/run_with_failed_samples.json").read_bytes(), "run.json")
    assert turns(rows[0]) == [("system", "Be concise."), ("user", "What is 6*7?")]
    assert (rows[0].response, rows[0].model, rows[0].reference) == ("Answer number 4: 42", "mockllm/model", "42")
    assert json.loads(rows[0].metadata)["scores"] == {"includes": "C", "model_graded_qa": "C"}
    assert "ran out of values" in left_out[0].message
    archived, _, _ = read((shared / "samples/inspect/run.eval").read_bytes(), "run.eval")
    assert [row.response for row in archived] == [f"Answer number {n}: 42" for n in range(4)]
    assert archived[0].group_key == archived[2].group_key != archived[1].group_key


def test_the_real_samples_of_lm_eval_get_their_model_from_the_results(shared: Path) -> None:
    folder = shared / "samples/lm_eval/dummy"
    samples = next(folder.glob("samples_*.jsonl"))
    rows, _, _ = read(samples.read_bytes(), samples.name, next(folder.glob("results_*.json")).read_bytes())
    assert {row.model for row in rows} == {"dummy"}
    assert (rows[1].prompt, rows[1].response) == ("Question: What does HTTP 409 mean?\nAnswer:", "lol")
    alone, _, _ = read(samples.read_bytes(), samples.name)
    assert {row.model for row in alone} == {None}


def test_the_last_turn_of_mt_bench_is_the_response(shared: Path) -> None:
    folder = shared / "samples/mtbench"
    rows, _, left_out = read(
        (folder / "question.jsonl").read_bytes(),
        "question.jsonl",
        (folder / "reference_answer_gpt-4.jsonl").read_bytes(),
    )
    assert [role for role, _ in turns(rows[0])] == ["user", "assistant", "user"]
    assert rows[0].response.startswith("If you have just overtaken the last person")
    assert rows[0].model == "gpt-4"
    assert [fault.line for fault in left_out] == [1, 2, 3, 14]


def test_a_batch_without_its_requests_says_what_is_missing() -> None:
    answer = {"custom_id": "r1", "response": {"status_code": 200, "body": {"model": "m", "choices": [
        {"message": {"role": "assistant", "content": "Hi"}}]}}}  # fmt: skip
    rows, _, left_out = read(as_lines([answer]), "out.jsonl")
    assert rows == []
    assert "the file of requests was not given" in left_out[0].message
    failed = {"custom_id": "r2", "response": {"status_code": 429, "body": {}}, "error": None}
    asked = {"custom_id": "r1", "body": {"input": "Hello", "instructions": "Be brief."}}
    rows, _, left_out = read(as_lines([answer, failed]), "out.jsonl", as_lines([asked]))
    assert turns(rows[0]) == [("system", "Be brief."), ("user", "Hello")]
    assert [fault.line for fault in left_out] == [2]


def test_a_batch_of_responses_and_of_completions_is_read_too() -> None:
    answers = [
        {"custom_id": "a", "response": {"status_code": 200, "body": {"output": [
            {"type": "reasoning", "summary": []},
            {"type": "message", "content": [{"type": "output_text", "text": "One"}]}]}}},
        {"custom_id": "b", "response": {"status_code": 200, "body": {"choices": [{"text": "Two"}]}}},
    ]  # fmt: skip
    requests = [{"custom_id": "a", "body": {"input": "1?"}}, {"custom_id": "b", "body": {"prompt": "2?"}}]
    rows, _, _ = read(as_lines(answers), "out.jsonl", as_lines(requests))
    assert [(row.prompt, row.response) for row in rows] == [("1?", "One"), ("2?", "Two")]


def test_a_conversation_ends_with_the_assistant_and_names_itself_by_its_content() -> None:
    good = {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}], "model": "m"}
    open_ended = {"messages": [{"role": "user", "content": "Q"}]}
    rows, _, left_out = read(as_lines([good, open_ended]), "chat.jsonl")
    again, _, _ = read(as_lines([good]), "other.jsonl")
    assert (rows[0].prompt, rows[0].response, rows[0].model) == ("Q", "A", "m")
    assert rows[0].external_id == again[0].external_id
    assert "does not end with a turn of the assistant" in left_out[0].message


def test_parts_that_are_no_text_are_named_and_tools_are_told_in_words() -> None:
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {}}]},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "find", "arguments": "{}"}}]},
        {"role": "tool", "content": "found"},
        {"role": "assistant", "content": "A cat."},
    ]
    rows, _, _ = read(as_lines([{"id": "c1", "messages": messages}]), "chat.jsonl")
    assert turns(rows[0]) == [
        ("user", "Look:\n\n[image_url]"),
        ("assistant", "[calls find: {}]"),
        ("tool", "found"),
    ]


def test_samples_with_several_answers_make_an_item_each_and_other_filters_none() -> None:
    sample = {"doc_id": 7, "doc": {}, "target": "t", "arguments": [["Q"]], "resps": [["a", "b"]], "filter": "none"}
    likelihoods = {**sample, "doc_id": 8, "resps": [[[-1.5, False]]]}
    rows, _, left_out = read(as_lines([sample, {**sample, "filter": "strict"}, likelihoods]), "samples_task_1.jsonl")
    assert [(row.external_id, row.response) for row in rows] == [("task:7:1", "a"), ("task:7:2", "b")]
    assert rows[0].group_key == rows[1].group_key
    assert "only likelihoods" in left_out[0].message


def test_a_list_of_records_is_read_with_the_lines_they_start_on() -> None:
    record = {"id": "x", "input": "Q", "score_rubric": {}, "response": "A", "response_model_name": "m x"}
    text = "[\n" + json.dumps(record) + ",\n\n" + json.dumps({**record, "id": "y", "response": ""}) + "\n]\n"
    rows, _, left_out = read(text.encode(), "b.json")
    assert (rows[0].line, rows[0].model) == (2, "m_x")
    assert left_out[0].line == 4


def test_not_a_number_in_a_field_that_nobody_takes_does_no_harm() -> None:
    text = b'{"doc_id": 1, "arguments": [["Q"]], "resps": [["A"]], "acc": NaN}\n'
    rows, faults, _ = read(text, "samples_t_1.jsonl")
    assert (len(rows), faults) == (1, [])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'[{"data": {}, "annotations": []},', "json"),
        (b'[{"data": {}, "annotations": []} {}]', "json"),
        (b'{"eval": {}, "samples": [', "json"),
        (b"\xff\xfe[", "encoding"),
        (b'[{"a": "\xff"}]', "encoding"),
        (b"   ", "empty"),
        (b"[" * 100_000, "json_depth"),
    ],
)
def test_a_document_that_is_broken_is_refused_with_its_line(content: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(content, "broken.json", file_format="inspect" if b"eval" in content else "label-studio")
    assert (refused.value.faults[0].code if refused.value.faults else refused.value.code) == code


def test_a_damaged_or_bloated_log_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="cut off"):
        read(b"PK\x03\x04 and no more", "x.eval")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": {"task": "t", "model": "m"}}))
        archive.writestr("samples/a_epoch_1.json", json.dumps({"id": "a", "input": "Q", "x": "0" * 100_000}))
    monkeypatch.setattr("evalhub.datasets.schema.formats.inspect_logs.MAX_MEMBER_BYTES", 50_000)
    with pytest.raises(BadInput, match="larger than"):
        read(packed.getvalue(), "x.eval")


def test_a_log_in_a_plain_zip_and_with_attachments_is_read() -> None:
    sample = {
        "id": "a b", "epoch": 1, "input": "attachment://f1", "target": ["x", "y"], "messages": [],
        "attachments": {"f1": "A long question"}, "output": {"completion": "Yes"},
    }  # fmt: skip
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("header.json", json.dumps({"eval": {"task": "t", "model": "org/m"}}))
        archive.writestr("samples/a_epoch_1.json", json.dumps(sample))
    rows, _, _ = read(packed.getvalue(), "x.eval")
    assert (rows[0].external_id, rows[0].prompt, rows[0].response) == ("t:a_b:e1:org_m", "A long question", "Yes")
    assert (rows[0].model, rows[0].reference) == ("org/m", "x\ny")


def test_a_mapping_does_not_go_with_a_known_format() -> None:
    from evalhub.datasets.schema.mapping import parse_field_map

    with pytest.raises(BadInput, match="fields of chat are known"):
        FileShape("chat", parse_field_map(["response=x"], {"response"}))


@pytest.mark.parametrize("content", [b"", b"{", b'{"a"', b"[]", b"[1]", b'{"id": "a", "response": "r"}\n', b"\x00\x01"])
def test_what_no_tool_wrote_is_taken_for_our_own(content: bytes) -> None:
    assert guess_format(content, "file.jsonl") == "jsonl"
