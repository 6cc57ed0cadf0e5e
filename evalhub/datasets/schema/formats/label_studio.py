"""Exports of Label Studio: tasks that hold a conversation, or a prompt with a response."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evalhub.datasets.schema.formats.source import (
    Failed,
    Found,
    Source,
    as_id,
    as_list,
    as_model,
    as_object,
    asked,
    filled,
    turns_of,
)
from evalhub.datasets.schema.jsonl import Record

PROMPTS = ("prompt", "question", "instruction", "input")
RESPONSES = ("response", "answer", "output", "completion")
CHATS = ("input_chat", "chat", "messages", "dialogue", "conversation")
CONTEXTS = ("context", "scenario_prompt", "system_prompt")


def is_label_studio(record: Mapping[str, object]) -> bool:
    return type(record.get("data")) is dict and ("annotations" in record or "predictions" in record)


def read_label_studio(source: Source) -> Found:
    """One item a conversation, of the task's data or of an annotation that goes on with it; else one a task."""
    for line, value in source.records():
        task = as_object(value)
        items = list(_items(task))
        if items:
            yield from (Record(line, item) for item in items)
        else:
            name = task.get("id")
            yield Failed(line, f"the task {name} holds neither a conversation nor a prompt with a response")


def _items(task: Mapping[str, object]) -> Iterator[dict[str, object]]:
    data = as_object(task.get("data"))
    prompt, response = _first(data, PROMPTS), _first(data, RESPONSES)
    shared = filled(model=as_model(data.get("model")), context=_first(data, CONTEXTS))
    if prompt and response:
        yield {"id": as_id(task.get("id")), "prompt": prompt, "response": response, **shared}
        return
    begun = next((turns for key in CHATS if (turns := turns_of(data.get(key)))), [])
    for annotation in (None, *_annotations(task)):
        said = [] if annotation is None else turns_of(_messages(annotation))
        turns = [*begun, *said]
        while turns and turns[-1]["role"] != "assistant":
            turns.pop()
        if len(turns) < 2 or (annotation is not None and not said):
            continue
        name = as_id(task.get("id"), annotation.get("id") if annotation else "")
        yield {"id": name, **asked(turns[:-1]), "response": turns[-1]["content"], **shared}


def _annotations(task: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    return (one for one in as_list(task.get("annotations")) if type(one) is dict)


def _messages(annotation: Mapping[str, object]) -> list[object]:
    """The turns that were written in the annotation."""
    values = [as_object(as_object(part).get("value")) for part in as_list(annotation.get("result"))]
    return [value["chatmessage"] for value in values if "chatmessage" in value]


def _first(data: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    return next((value for key in keys if type(value := data.get(key)) is str and value), None)
