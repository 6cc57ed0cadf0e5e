"""Files of other tools, read into items: one module a tool, one entry in `FORMATS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evalhub.datasets.schema.formats.biggen import is_biggen, read_biggen
from evalhub.datasets.schema.formats.chat import is_chat, read_chat
from evalhub.datasets.schema.formats.documents import first_records
from evalhub.datasets.schema.formats.inspect_logs import is_inspect, read_inspect
from evalhub.datasets.schema.formats.label_studio import is_label_studio, read_label_studio
from evalhub.datasets.schema.formats.lm_eval import is_lm_eval, read_lm_eval, results_beside
from evalhub.datasets.schema.formats.mt_bench import is_mt_bench, read_mt_bench
from evalhub.datasets.schema.formats.openai_batch import is_openai_batch, read_openai_batch
from evalhub.datasets.schema.formats.source import Companion, Failed, Found, Source

__all__ = ["FORMATS", "GUESS_BYTES", "Companion", "Failed", "Format", "Source", "guess_format", "results_beside"]

GUESS_BYTES = 1 << 20
"""How much of a file's beginning a guess is made from."""


@dataclass(frozen=True, slots=True)
class Format:
    """How a tool's file is known, read, and what else it needs."""

    title: str
    knows: Callable[[Mapping[str, object]], bool]
    """Told by the first record, or by the members of the one object that the file is."""
    read: Callable[[Source], Found]
    companion: str = ""
    """What a second file holds, in words; empty where none is of use."""


FORMATS: dict[str, Format] = {
    "inspect": Format("Inspect log", is_inspect, read_inspect),
    "lm-eval": Format("Samples of lm-eval", is_lm_eval, read_lm_eval, "the results, which name the model"),
    "openai-batch": Format("Output of an OpenAI batch", is_openai_batch, read_openai_batch, "the file of requests"),
    "mt-bench": Format("MT-Bench", is_mt_bench, read_mt_bench, "the questions to the answers, or the answers"),
    "biggen": Format("BiGGen-Bench, Prometheus", is_biggen, read_biggen),
    "label-studio": Format("Label Studio export", is_label_studio, read_label_studio),
    "chat": Format("Conversations (messages)", is_chat, read_chat),
}


def guess_format(head: bytes, name: str) -> str:
    """What a file is by its beginning: one of `FORMATS`, "csv", or "jsonl" for the shape of our own.

    Args:
        head: the first `GUESS_BYTES` of it.
    """
    if name.lower().endswith(".csv"):
        return "csv"
    if name.lower().endswith(".eval"):
        return "inspect"
    records = first_records(head)
    return next((key for key, one in FORMATS.items() if any(map(one.knows, records))), "jsonl")
