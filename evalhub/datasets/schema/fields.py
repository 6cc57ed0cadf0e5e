"""Which fields the first records of a file have, and which of an item's they may mean."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from evalhub.datasets.schema.items import CHECKS, MEANT
from evalhub.datasets.schema.jsonl import BOM, StrictJsonError, strict_json

LOOKED_AT = 20
"""Records."""
MOST_PATHS = 100
DEEPEST = 4
EXAMPLE_CHARACTERS = 60
ALSO_MEANT = {
    **MEANT,
    **dict.fromkeys(("item_id", "custom_id", "doc_id", "sample_id", "key"), "id"),
    **dict.fromkeys(("query", "user_prompt"), "prompt"),
    **dict.fromkeys(("generation", "model_output", "text", "reply"), "response"),
    **dict.fromkeys(("model_name", "model_id", "engine", "generator"), "model"),
    **dict.fromkeys(("reference_answer", "expected", "target", "gold_answer"), "reference"),
    **dict.fromkeys(("conversation", "history"), "messages"),
    **dict.fromkeys(("prompt_id", "question_id"), "group"),
}
"""Fields of an item by the last part of paths that often hold them."""
HELD = {"messages", "tags", "skills", "metadata", "gold"}
"""Fields of an item that are lists or objects; all others are texts."""


def fields_found(head: bytes, file_format: str) -> dict[str, str]:
    """Paths of the values in the first records, each with how one of them begins.

    Args:
        head: the beginning of a file of JSON lines or CSV; its last line may be cut off.
    """
    found: dict[str, str] = {}
    records = _rows(head) if file_format == "csv" else _objects(head)
    for record in records:
        for path, value in _flattened(record, "", 1):
            if len(found) < MOST_PATHS:
                found.setdefault(path, str(value)[:EXAMPLE_CHARACTERS])
    return found


def guessed_map(paths: Sequence[str]) -> dict[str, str]:
    """For each field of an item that is not there by its own name: the first path that often means it.

    A text is guessed where a text stands: in `output.text`, not in the `output` around it.
    """
    holders = {path.rpartition(".")[0] for path in paths}
    guess: dict[str, str] = {}
    for path in paths:
        field = _meant_by(path)
        if field is None or field in paths or (field not in HELD and path in holders):
            continue
        guess.setdefault(field, path)
    return guess


def is_our_shape(paths: Iterable[str]) -> bool:
    """Whether the fields of an item stand there by their own names, and nothing else."""
    top = {path.split(".", 1)[0] for path in paths}
    return top <= set(CHECKS) and {"id", "response"} <= top


def _meant_by(path: str) -> str | None:
    last = path.rsplit(".", 1)[-1].lower()
    return last if last in CHECKS else ALSO_MEANT.get(last)


def _objects(head: bytes) -> Iterator[Mapping[str, object]]:
    for line in head.removeprefix(BOM).split(b"\n")[:LOOKED_AT]:
        try:
            value = strict_json(line, is_foreign=True)
        except StrictJsonError:
            continue
        if isinstance(value, dict):
            yield value


def _rows(head: bytes) -> Iterator[Mapping[str, object]]:
    lines = io.StringIO(head.removeprefix(BOM).decode("utf-8", "ignore"), newline="")
    try:
        for number, row in enumerate(csv.DictReader(lines)):
            if number == LOOKED_AT:
                return
            yield {name: cell for name, cell in row.items() if name and cell}
    except csv.Error:
        return


def _flattened(value: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    """A value's path, and those inside it; of a list the first element stands for all."""
    if path and value is not None:
        yield path, value
    if depth > DEEPEST:
        return
    inner: Iterable[tuple[str, object]] = ()
    if isinstance(value, Mapping):
        inner = value.items()
    elif isinstance(value, list) and value:
        inner = [("0", value[0]), ("-1", value[-1])]
    for key, one in inner:
        yield from _flattened(one, f"{path}.{key}" if path else str(key), depth + 1)
