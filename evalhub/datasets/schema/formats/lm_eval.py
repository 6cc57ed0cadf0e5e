"""Samples of the Language Model Evaluation Harness; the model stands in the file of results beside them."""

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
    filled,
    stem_of,
    turns_of,
)
from evalhub.datasets.schema.jsonl import Record, StrictJsonError, strict_json


def is_lm_eval(record: Mapping[str, object]) -> bool:
    return {"doc_id", "arguments", "resps"} <= record.keys()


def results_beside(name: str) -> str | None:
    """The name of the results that belong to a file of samples: `samples_TASK_TIME.jsonl`, `results_TIME.json`."""
    stem = stem_of(name)
    moment = stem.rsplit("_", 1)[-1]
    return f"results_{moment}.json" if stem.startswith("samples_") else None


def read_lm_eval(source: Source) -> Found:
    """One item a response; a line that repeats a document for another filter adds nothing."""
    model = _model(source)
    task = _task(source.name)
    seen: set[object] = set()
    for line, value in source.lines():
        record = as_object(value)
        document = str(record.get("doc_id"))
        if document in seen:
            continue
        seen.add(document)
        prompt, responses = _prompt(record.get("arguments")), list(_responses(record.get("resps")))
        if not prompt:
            yield Failed(line, f"the sample {document} holds no prompt")
        elif not responses:
            yield Failed(line, f"the sample {document} holds no text, only likelihoods; there is no response")
        else:
            yield from (Record(line, item) for item in _items(record, (task, document), prompt, responses, model))


def _items(
    record: Mapping[str, object],
    name: tuple[str, str],
    prompt: Mapping[str, object],
    responses: list[str],
    model: str | None,
) -> Iterator[dict[str, object]]:
    target, document = record.get("target"), record.get("doc")
    for repeat, response in enumerate(responses, start=1):
        yield {
            "id": as_id(*name, (model or "").replace("/", "_"), repeat if len(responses) > 1 else ""),
            "group": as_id(*name),
            **prompt,
            "response": response,
            **filled(
                model=model,
                reference=target if type(target) is str else None,
                metadata={"doc": document} if type(document) is dict else None,
            ),
        }


def _prompt(arguments: object) -> dict[str, object]:
    """What was asked: the first argument of the first request, in either shape that the tool writes."""
    if type(arguments) is dict:
        arguments = [list(one.values()) for one in arguments.values() if type(one) is dict]
    first = arguments[0] if type(arguments) is list and arguments else None
    given = first[0] if type(first) is list and first else None
    if type(given) is str and given.lstrip().startswith('[{"role"'):
        try:
            turns = turns_of(strict_json(given.encode()))
        except StrictJsonError:
            turns = []
        if turns:
            return {"messages": turns}
    return {"prompt": given} if type(given) is str and given else {}


def _responses(given: object) -> Iterator[str]:
    for request in as_list(given):
        for response in as_list(request) or [request]:
            if type(response) is str:
                yield response


def _task(name: str) -> str:
    stem = stem_of(name)
    return stem.removeprefix("samples_").rsplit("_", 1)[0] if stem.startswith("samples_") else ""


def _model(source: Source) -> str | None:
    """The model that the results name."""
    for companion in source.companions:
        return _named(as_object(as_object(companion.document()).get("config")))
    return None


def _named(config: Mapping[str, object]) -> str | None:
    """What the run loaded; the name of the interface alone ("hf") says nothing where it was told a model."""
    arguments = config.get("model_args")
    if type(arguments) is str:
        arguments = dict(part.partition("=")[::2] for part in arguments.split(","))
    names = (as_object(arguments).get(key) for key in ("pretrained", "model", "path", "engine"))
    return next((name for name in map(as_model, names) if name), None) or as_model(config.get("model"))
