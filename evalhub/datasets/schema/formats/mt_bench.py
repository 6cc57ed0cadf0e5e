"""Questions and answers of MT-Bench; either file may be the first, the other is its companion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evalhub.datasets.schema.formats.source import (
    Companion,
    Failed,
    Found,
    Source,
    as_id,
    as_list,
    as_model,
    as_object,
    asked,
    filled,
)
from evalhub.datasets.schema.jsonl import Record


def is_mt_bench(record: Mapping[str, object]) -> bool:
    return "question_id" in record and ("turns" in record or "choices" in record)


def read_mt_bench(source: Source) -> Found:
    """One item an answer: the last turn is the response, what came before is the conversation."""
    questions: dict[str, tuple[int, Mapping[str, object]]] = {}
    answers: list[tuple[int, str, Mapping[str, object]]] = []
    for line, record in _all_lines(source):
        key = str(record.get("question_id"))
        if "choices" in record:
            answers.append((line, key, record))
        else:
            questions[key] = (line, record)
    answered = set()
    for line, key, answer in answers:
        turns = _turns_of(answer)
        if not turns:
            yield Failed(line, f"the answer to question {key} is empty; there is no response")
        elif key not in questions:
            yield Failed(line, f"the question {key} is in none of the files; there is no prompt")
        else:
            answered.add(key)
            yield Record(line, _item(key, questions[key][1], answer, turns))
    for key, (line, _) in questions.items():
        if key not in answered:
            yield Failed(line, f"the question {key} has no answer; there is no response")


def _item(
    key: str, question: Mapping[str, object], answer: Mapping[str, object], replies: list[str]
) -> dict[str, object]:
    asked_turns = [str(turn) for turn in as_list(question.get("turns"))]
    turns = []
    for place, reply in enumerate(replies):
        if place < len(asked_turns):
            turns.append({"role": "user", "content": asked_turns[place]})
        turns.append({"role": "assistant", "content": reply})
    model, category = as_model(answer.get("model_id")), question.get("category")
    return {
        "id": as_id(key, (model or "").replace("/", "_")),
        "group": as_id("question", key),
        **asked(turns[:-1]),
        "response": replies[-1],
        **filled(model=model, tags=[category] if type(category) is str else None),
    }


def _turns_of(answer: Mapping[str, object]) -> list[str]:
    first = next(iter(as_list(answer.get("choices"))), None)
    return [turn for turn in as_list(as_object(first).get("turns")) if type(turn) is str and turn]


def _all_lines(source: Source) -> Iterator[tuple[int, Mapping[str, object]]]:
    files: tuple[Source | Companion, ...] = (source, *source.companions)
    for file in files:
        for line, value in file.lines():
            if type(value) is dict:
                yield line, value
