"""Output of a batch of requests, joined with the requests by `custom_id`."""

from __future__ import annotations

from collections.abc import Mapping

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
    text_of,
    turns_of,
)
from evalhub.datasets.schema.jsonl import Record


def is_openai_batch(record: Mapping[str, object]) -> bool:
    return "custom_id" in record and "response" in record


def read_openai_batch(source: Source) -> Found:
    """One item a request that was answered; its prompt stands in the file of requests, which is the companion."""
    requests = _requests(source)
    for line, value in source.lines():
        record = as_object(value)
        custom_id = record.get("custom_id")
        body = _answer(record)
        response = _response(body)
        turns = requests.get(str(custom_id))
        if not response:
            yield Failed(line, f"the request {custom_id} was not answered; there is no response")
        elif not turns:
            where = "in the file of requests" if source.companions else "because the file of requests was not given"
            yield Failed(line, f"the request {custom_id} is not known {where}; there is no prompt")
        else:
            yield Record(line, _item(str(custom_id), turns, response, body))


def _item(custom_id: str, turns: list[dict[str, str]], response: str, body: Mapping[str, object]) -> dict[str, object]:
    model = as_model(body.get("model"))
    return {
        "id": as_id(custom_id, (model or "").replace("/", "_")),
        **asked(turns),
        "response": response,
        **filled(model=model),
    }


def _requests(source: Source) -> dict[str, list[dict[str, str]]]:
    """The turns of each request."""
    found = {}
    for companion in source.companions:
        for _, value in companion.lines():
            request = as_object(value)
            found[str(request.get("custom_id"))] = _turns(as_object(request.get("body")))
    return found


def _turns(body: Mapping[str, object]) -> list[dict[str, str]]:
    """What was asked, by the interface of chats, of responses, or of completions."""
    if "messages" in body:
        return turns_of(body["messages"])
    given = body.get("input", body.get("prompt"))
    turns = [{"role": "user", "content": given}] if type(given) is str else turns_of(given)
    instructions = body.get("instructions")
    return [{"role": "system", "content": instructions}, *turns] if type(instructions) is str else turns


def _answer(record: Mapping[str, object]) -> Mapping[str, object]:
    response = as_object(record.get("response"))
    return {} if record.get("error") or response.get("status_code") != 200 else as_object(response.get("body"))


def _response(body: Mapping[str, object]) -> str:
    """The text of the first choice."""
    for choice in map(as_object, as_list(body.get("choices"))[:1]):
        return text_of(as_object(choice["message"]).get("content") if "message" in choice else choice.get("text"))
    parts = [text_of(as_object(part).get("content")) for part in as_list(body.get("output"))]
    return "\n\n".join(part for part in parts if part)
