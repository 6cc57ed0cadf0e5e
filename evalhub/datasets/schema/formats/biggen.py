"""Responses and evaluations of BiGGen-Bench, as Prometheus reads and writes them."""

from __future__ import annotations

from collections.abc import Mapping

from evalhub.datasets.schema.formats.source import (
    Failed,
    Found,
    Source,
    as_id,
    as_model,
    as_object,
    asked,
    filled,
)
from evalhub.datasets.schema.jsonl import Record

KEPT = ("capability", "task", "instance_idx", "score_rubric", "feedback", "score", "eval_model_name")
"""What is kept as metadata; a judge's score among it, which nobody who grades is shown."""


def is_biggen(record: Mapping[str, object]) -> bool:
    return "input" in record and "score_rubric" in record


def read_biggen(source: Source) -> Found:
    for line, value in source.records():
        record = as_object(value)
        prompt, response = record.get("input"), record.get("response")
        if type(prompt) is not str or not prompt:
            yield Failed(line, f"the record {record.get('id')} holds no input; there is no prompt")
        elif type(response) is not str or not response:
            yield Failed(line, f"the record {record.get('id')} holds no response")
        else:
            yield Record(line, _item(record, prompt, response))


def _item(record: Mapping[str, object], prompt: str, response: str) -> dict[str, object]:
    model = as_model(record.get("response_model_name"))
    system, reference, capability = (record.get(key) for key in ("system_prompt", "reference_answer", "capability"))
    turns = [{"role": "system", "content": system}] if type(system) is str and system else []
    return {
        "id": as_id(record.get("id"), (model or "").replace("/", "_")),
        "group": as_id(record.get("id")),
        **asked([*turns, {"role": "user", "content": prompt}]),
        "response": response,
        **filled(
            model=model,
            reference=reference if type(reference) is str else None,
            tags=[capability] if type(capability) is str else None,
            metadata={key: record[key] for key in KEPT if record.get(key) is not None},
        ),
    }
