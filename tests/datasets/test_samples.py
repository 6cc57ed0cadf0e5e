"""Real files of other tools, by the wizard and by the command line: every prompt, response and model is the file's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from evalhub.datasets.models import Item
from evalhub.db import Database
from tests.cli.conftest import Evalhub
from tests.datasets.test_wizard import checked, database, upload  # noqa: F401 -- a fixture
from tests.jobs.work import work_off

CONCISE = ("system", "Be concise.")


class Answer(NamedTuple):
    """What an item must hold: the turns before the response, the response, the model."""

    asked: tuple[tuple[str, str], ...]
    response: str
    model: str | None


class Sample(NamedTuple):
    file_format: str
    answers: Callable[[Path], Iterable[Answer]]
    """What the file holds, read here by other means than those under test."""
    companion: str | None = None
    left_out: tuple[str, ...] = ()
    """What is said of each record that holds no prompt or no response."""


def of_inspect(*answers: tuple[str, int]) -> Callable[[Path], Iterable[Answer]]:
    return lambda _: [
        Answer((CONCISE, ("user", asked)), f"Answer number {number}: 42", "mockllm/model") for asked, number in answers
    ]


def of_lm_eval(file: Path) -> Iterable[Answer]:
    for line in as_lines(file):
        yield Answer((("user", line["arguments"]["gen_args_0"]["arg_0"]),), line["resps"][0][0], "dummy")


def of_openai_batch(file: Path) -> Iterable[Answer]:
    (request,) = as_lines(file.with_name("batch_input.jsonl"))
    body = next(line for line in as_lines(file) if line["custom_id"] == request["custom_id"])["response"]["body"]
    asked = tuple((turn["role"], turn["content"]) for turn in request["body"]["messages"])
    yield Answer(asked, body["choices"][0]["message"]["content"], "gpt-4o-mini-2024-07-18")


def of_mt_bench(file: Path) -> Iterable[Answer]:
    questions = {line["question_id"]: line["turns"] for line in as_lines(file.with_name("question.jsonl"))}
    for line in as_lines(file.with_name("reference_answer_gpt-4.jsonl")):
        (first, second), replies = questions[line["question_id"]], line["choices"][0]["turns"]
        yield Answer((("user", first), ("assistant", replies[0]), ("user", second)), replies[1], "gpt-4")


def of_biggen(file: Path) -> Iterable[Answer]:
    for record in json.loads(file.read_text("utf-8")).values():
        asked = (("system", record["system_prompt"]), ("user", record["input"]))
        yield Answer(asked, record["response"], record["response_model_name"])


def of_label_studio(file: Path) -> Iterable[Answer]:
    (task,) = json.loads(file.read_text("utf-8"))
    said = [part["value"]["chatmessage"] for part in task["annotations"][0]["result"]]
    turns = [(turn["role"], turn["content"]) for turn in said]
    yield Answer(tuple(turns[:-1]), turns[-1][1], None)


def as_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").split("\n") if line]


def nothing(_: Path) -> Iterable[Answer]:
    return ()


UNANSWERED = tuple(f"the question {key} has no answer" for key in (81, 82, 83, 111))
NO_TEXT = "holds neither a conversation nor a prompt with a response"
SAMPLES = {
    "inspect/run.eval": Sample(
        "inspect", of_inspect(*((("What is 6*7?", "Capital of France?")[n % 2], n) for n in range(4)))
    ),
    "inspect/run_with_failed_samples.json": Sample(
        "inspect",
        of_inspect(("What is 6*7?", 4), ("Capital of France?", 5)),
        left_out=("the sample q1, epoch 2, ended with an error", "the sample q2, epoch 2, ended with an error"),
    ),
    "lm_eval/dummy/samples_evalhub_demo_2026-11-22T06-23-06.085878.jsonl": Sample(
        "lm-eval", of_lm_eval, "lm_eval/dummy/results_2026-11-22T06-23-06.085878.json"
    ),
    "openai_batch/batch_output.jsonl": Sample(
        "openai-batch", of_openai_batch, "openai_batch/batch_input.jsonl", ("the request request-2 is not known",)
    ),
    "mtbench/question.jsonl": Sample("mt-bench", of_mt_bench, "mtbench/reference_answer_gpt-4.jsonl", UNANSWERED),
    "mtbench/reference_answer_gpt-4.jsonl": Sample("mt-bench", of_mt_bench, "mtbench/question.jsonl", UNANSWERED),
    "prometheus/biggen_sample_responses.json": Sample("biggen", of_biggen),
    "prometheus/biggen_sample_evals.json": Sample("biggen", of_biggen),
    "label_studio/chat_data.json": Sample("label-studio", of_label_studio),
    "label_studio/csv_test_history.json": Sample("label-studio", nothing, left_out=(f"the task 6141 {NO_TEXT}",)),
    "label_studio/previous_export.json": Sample("label-studio", nothing, left_out=(f"the task 1234 {NO_TEXT}",)),
}


def stored(database: Database) -> list[Answer]:  # noqa: F811
    """The items that are there, in the order of their prompts."""
    with database.reading() as session:
        return sorted(
            Answer(
                tuple((turn["role"], turn["content"]) for turn in item.messages)
                if item.messages
                else (("user", item.prompt or ""),),
                item.response,
                item.model,
            )
            for item in session.scalars(sa.select(Item))
        )


@pytest.mark.parametrize("path", SAMPLES)
def test_the_wizard_knows_the_format_lists_what_is_missing_and_stores_what_the_file_holds(
    shared: Path,
    browser: FlaskClient,
    database: Database,  # noqa: F811
    path: str,
) -> None:
    sample, file = SAMPLES[path], shared / "samples" / path
    other = shared / "samples" / sample.companion if sample.companion else None
    at = checked(
        browser, database, file.read_bytes(), file.name, second=(other.read_bytes(), other.name) if other else None
    )
    assert upload(database).options["format"] == sample.file_format
    listed = [json.loads(line)["message"] for line in browser.get(f"{at}/notes.jsonl").text.splitlines()]
    assert_each_begins(sorted(listed), sample.left_out)
    if sample.left_out:
        assert browser.post(f"{at}/confirm").status_code == 409
        browser.post(at, data={"format": sample.file_format, "skip_failed": "y"})
        work_off(database)
    assert stored(database) == []
    answers = sorted(sample.answers(file))
    if answers:
        browser.post(f"{at}/confirm")
        work_off(database)
    else:
        assert "there is nothing to import" in browser.get(at).text
    assert stored(database) == answers


@pytest.mark.parametrize("path", SAMPLES)
def test_the_command_line_says_and_stores_the_same(
    shared: Path,
    database: Database,  # noqa: F811
    tmp_path: Path,
    path: str,
) -> None:
    evalhub = Evalhub(tmp_path / "instance", database.url.render_as_string(hide_password=False))
    sample, file = SAMPLES[path], shared / "samples" / path
    beside = ("--with", str(shared / "samples" / sample.companion)) if sample.companion else ()
    command = ("dataset", "import", str(file), "--dataset", "answers", *beside)
    if sample.left_out:
        refused = evalhub(*command)
        assert refused.exit_code == 2
        assert all(said in refused.stderr for said in sample.left_out)
        assert stored(database) == []
        command = (*command, "--skip-failed")
    evalhub(*command)
    assert stored(database) == sorted(sample.answers(file))


def assert_each_begins(listed: list[str], expected: Iterable[str]) -> None:
    wanted = sorted(expected)
    assert len(listed) == len(wanted), listed
    assert all(said.startswith(beginning) for said, beginning in zip(listed, wanted, strict=True)), listed
