"""The shape of an item: one response to one prompt, checked field by field.

Checked by hand and not by a model class: a file has millions of lines, and each fault needs its own code and advice.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Container, Mapping
from typing import NamedTuple

import orjson

from evalhub.datasets.schema.characters import (
    ITEM_ID,
    MODEL_NAME,
    SLUG,
    kind_of,
    label_fault,
    name_fault,
    shown,
)
from evalhub.errors import Fault

ROLES = ("system", "developer", "user", "assistant", "tool")
MEANT = {
    **dict.fromkeys(("answer", "output", "completion"), "response"),
    **dict.fromkeys(("question", "input", "instruction"), "prompt"),
    "uuid": "id",
}
"""Fields by the names that other tools give them."""
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


class ItemRow(NamedTuple):
    """A checked item, ready for its table: JSON fields are canonical text, absent ones None."""

    line: int
    external_id: str
    group_key: str
    prompt: str | None
    messages: str | None
    context: str | None
    response: str
    reference: str | None
    model: str | None
    skills: str
    tags: str
    pair_id: str | None
    metadata: str
    gold: str | None
    content_sha256: str
    warning: str | None


def item_row(line: int, value: object, found: list[Fault]) -> ItemRow | None:
    """The row of one parsed record, or None after adding all that is wrong with it to `found`."""
    if type(value) is not dict:
        found.append(Fault("schema", _not_an_object(value)))
        return None
    fields = value
    for key, content in fields.items():
        check = CHECKS.get(key)
        if check is None:
            found.append(Fault("schema", _unknown_field(key, fields), shown(key)[1:-1]))
        elif content is not None or key in REQUIRED:
            check(content, key, found)
    for key in REQUIRED:
        if key not in fields:
            found.append(Fault("schema", f'"{key}" is missing', key))
    if fields.get("prompt") is None and fields.get("messages") is None:
        found.append(Fault("schema", '"prompt" is missing; give it, or "messages"', "prompt"))
    return None if found else _row(line, fields)


def _row(line: int, fields: Mapping[str, object]) -> ItemRow:
    get = fields.get
    prompt, context, reference = get("prompt"), get("context"), get("reference")
    messages, gold = _text_or(None, get("messages")), _text_or(None, get("gold"))
    skills, tags = _text_or("[]", get("skills")), _text_or("[]", get("tags"))
    metadata = _text_or("{}", get("metadata"))
    response, model = fields["response"], get("model")
    group = get("group") or derived_group(prompt, messages, context, reference)
    content = [
        group,
        prompt,
        messages,
        context,
        response,
        reference,
        model,
        skills,
        tags,
        get("pair_id"),
        metadata,
        gold,
    ]
    hint = self_reference(response, model)  # type: ignore[arg-type] # CHECKS has seen every value
    return ItemRow._make((line, fields["id"], *content, _sha256(content), hint))


def derived_group(prompt: object, messages: str | None, context: object, reference: object) -> str:
    """The group of an item that states none; `messages` as canonical JSON."""
    return _sha256([prompt, messages, context, reference])


def self_reference(response: str, model: str | None) -> str | None:
    """The words by which a response gives away who wrote it, which spoils a blind review; else None."""
    if model is not None and len(model) > 3:
        name = model.rsplit("/", 1)[-1]
        at = response.find(name)
        if at < 0 and name.lower() != name:
            at = response.find(name.lower())
        if at >= 0 and len(name) > 3 and _stands_alone(response, at, len(name)):
            return response[at : at + len(name)]
    if _MAKERS.search(response) is None:
        return None
    match = _SELF.search(response)
    return match.group(0) if match else None


_FAMILIES = (
    "GPT",
    "ChatGPT",
    "Claude",
    "Gemini",
    "Bard",
    "LLaMA",
    "Llama",
    "Mistral",
    "Mixtral",
    "Qwen",
    "DeepSeek",
    "Grok",
    "Gemma",
    "Copilot",
    "Kimi",
)
_COMPANIES = (
    "OpenAI",
    "Anthropic",
    "Google",
    "DeepMind",
    "Meta AI",
    "Mistral AI",
    "Alibaba",
    "Microsoft",
    "xAI",
    "DeepSeek",
    "Moonshot",
    "Cohere",
)
_MAKERS = re.compile("|".join(sorted({*_FAMILIES, *_COMPANIES}, reverse=True)))
_SELF = re.compile(
    rf"\b(?:[Aa]s|I am|I['’]m|[Mm]y name is) (?:an? )?(?:{'|'.join(_FAMILIES)})[\w.-]*"
    rf"|\b(?:made|built|trained|created|developed) by (?:{'|'.join(_COMPANIES)})\b"
)


def _stands_alone(text: str, at: int, length: int) -> bool:
    before, after = text[at - 1 : at] if at else "", text[at + length : at + length + 1]
    return not before.isalnum() and not after.isalnum()


def _sha256(texts: list[object]) -> str:
    """The hash of the canonical JSON of a list of texts and nulls, which orjson writes as the standard library does."""
    return hashlib.sha256(orjson.dumps(texts)).hexdigest()


def _text_or(default: str | None, value: object) -> str | None:
    return _canonical(value) if value else default


def _not_an_object(value: object) -> str:
    if type(value) is list:
        return "the line is a list; write one object a line, for example with `jq -c '.[]' FILE`"
    return f"the line is {kind_of(value)}; write one object a line"


def _unknown_field(key: str, fields: Container[str]) -> str:
    meant = MEANT.get(key.lower())
    if meant is None or meant in fields:
        return f'{shown(key)} is not a field of an item; put it under "metadata", or name it in a field mapping'
    return f'{shown(key)} is not a field of an item; did you mean "{meant}"? Say so in the field mapping: {meant}={key}'


Check = Callable[[object, str, list[Fault]], None]


def _check_name(pattern: re.Pattern[str]) -> Check:
    def check(value: object, path: str, found: list[Fault]) -> None:
        fault = name_fault(value, pattern, path)
        if fault is not None:
            found.append(fault)

    return check


def _check_text(value: object, path: str, found: list[Fault]) -> None:
    if type(value) is not str:
        found.append(Fault("schema", f"is {kind_of(value)}; give a text", path))


def _check_prompt(value: object, path: str, found: list[Fault]) -> None:
    if type(value) is not str:
        found.append(Fault("schema", f"is {kind_of(value)}; give a text", path))
    elif not value or value.isspace():
        found.append(Fault("schema", 'is blank; give the prompt, or leave it out and give "messages"', path))


def _check_label(value: object, path: str, found: list[Fault]) -> None:
    fault = label_fault(value, path, longest=200)
    if fault is not None:
        found.append(fault)


def _check_labels(value: object, path: str, found: list[Fault]) -> None:
    if type(value) is not list:
        found.append(Fault("schema", f"is {kind_of(value)}; give a list of texts", path))
        return
    if len(value) > 100:
        found.append(Fault("schema", f"has {len(value)} entries; give at most 100", path))
        return
    before = len(found)
    for position, label in enumerate(value):
        fault = label_fault(label, f"{path}[{position}]")
        if fault is not None:
            found.append(fault)
    if len(found) == before and len(set(value)) != len(value):
        found.append(Fault("schema", "lists an entry twice; keep one", path))


def _check_messages(value: object, path: str, found: list[Fault]) -> None:
    if type(value) is not list or not value:
        found.append(Fault("schema", 'give a list of at least one {"role", "content"}', path))
        return
    for position, message in enumerate(value):
        place = f"{path}[{position}]"
        if type(message) is not dict or set(message) != {"role", "content"}:
            found.append(Fault("schema", 'give an object with exactly "role" and "content"', place))
            continue
        if message["role"] not in ROLES:
            found.append(Fault("schema", f"give one of {', '.join(ROLES)}", f"{place}.role"))
        _check_text(message["content"], f"{place}.content", found)


def _check_metadata(value: object, path: str, found: list[Fault]) -> None:
    if type(value) is not dict:
        found.append(Fault("schema", f"is {kind_of(value)}; give an object", path))


def _check_gold(value: object, path: str, found: list[Fault]) -> None:
    if type(value) is not dict or not value:
        found.append(Fault("schema", 'give an object {criterion: {"level", "why"}}', path))
        return
    for criterion, answer in value.items():
        place = f"{path}.{shown(criterion)[1:-1]}"
        fault = name_fault(criterion, SLUG, place)
        if fault is not None:
            found.append(fault)
        elif type(answer) is not dict or not set(answer) <= {"level", "value", "why"}:
            found.append(Fault("schema", 'give an object with "level" (or "value") and, if you like, "why"', place))
        elif ("level" in answer) == ("value" in answer):
            found.append(Fault("schema", 'give either "level" or "value"', place))
        else:
            _check_gold_answer(answer, place, found)


def _check_gold_answer(answer: Mapping[str, object], place: str, found: list[Fault]) -> None:
    if "level" in answer:
        _check_label(answer["level"], f"{place}.level", found)
    elif type(answer["value"]) not in (int, float):
        found.append(Fault("schema", f"is {kind_of(answer['value'])}; give a number", f"{place}.value"))
    if "why" in answer:
        _check_text(answer["why"], f"{place}.why", found)


REQUIRED = ("id", "response")
CHECKS: dict[str, Check] = {
    "id": _check_name(ITEM_ID),
    "prompt": _check_prompt,
    "response": _check_text,
    "model": _check_name(MODEL_NAME),
    "context": _check_text,
    "reference": _check_text,
    "messages": _check_messages,
    "group": _check_label,
    "tags": _check_labels,
    "skills": _check_labels,
    "pair_id": _check_label,
    "metadata": _check_metadata,
    "gold": _check_gold,
}
