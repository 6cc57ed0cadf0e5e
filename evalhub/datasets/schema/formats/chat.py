"""Conversations of chat models: the last turn of the assistant is the response."""

from __future__ import annotations

import hashlib
import json
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
    turns_of,
)
from evalhub.datasets.schema.jsonl import Record

NAMES = ("id", "custom_id", "conversation_id", "uuid")


def is_chat(record: Mapping[str, object]) -> bool:
    return type(record.get("messages")) is list and "response" not in record


def read_chat(source: Source) -> Found:
    """One item a line; a record without a name of its own is named by its content."""
    for line, value in source.lines():
        record = as_object(value)
        turns = turns_of(record.get("messages"))
        if not turns or turns[-1]["role"] != "assistant":
            yield Failed(line, "the conversation does not end with a turn of the assistant; there is no response")
        elif len(turns) == 1:
            yield Failed(line, "nothing stands before the turn of the assistant; there is no prompt")
        else:
            yield Record(line, _item(record, turns))


def _item(record: Mapping[str, object], turns: list[dict[str, str]]) -> dict[str, object]:
    name = next((record[key] for key in NAMES if record.get(key)), None)
    if name is None:
        content = json.dumps([turns, record.get("model")], ensure_ascii=False).encode("utf-8", "surrogatepass")
        name = f"chat-{hashlib.sha256(content).hexdigest()[:16]}"
    return {
        "id": as_id(name),
        **asked(turns[:-1]),
        "response": turns[-1]["content"],
        **filled(model=as_model(record.get("model")), metadata=as_object(record.get("metadata"))),
    }
