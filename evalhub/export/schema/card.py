"""The dataset card: what the bundle holds, for people and for libraries that load it by its folder."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from evalhub.export.schema.manifest import DATA_FILES, ITEMS, Manifest

WHAT = {
    "items": "one line an item: prompt, response, what each criterion came to, the score, and every rating",
    "ratings": "one line a rating by a person, scalars only",
    "reviews": "one line a review: the overall note and how sure the reviewer was",
    "unscored": "items that nobody has graded yet",
    "preferences": "one line a reviewer and pair of answers: which of the two is better, and which stood on the left",
    "model_ratings": "one line a rating by a model; they count nowhere in the scores",
}


def card(manifest: Manifest, data_files: Collection[str]) -> bytes:
    """README.md with the YAML front matter by which `datasets` finds the files."""
    return "\n".join([*_front_matter(manifest, data_files), "", *_body(manifest, data_files), ""]).encode()


def _front_matter(manifest: Manifest, data_files: Collection[str]) -> Iterable[str]:
    yield "---"
    yield f"pretty_name: {json.dumps(_plain(manifest.project.title))}"
    yield "configs:"
    for path in DATA_FILES:
        if path in data_files:
            yield f"- config_name: {_config(path)}"
            yield f"  data_files: {path}"
            if path == ITEMS:
                yield "  default: true"
    yield "---"


def _body(manifest: Manifest, data_files: Collection[str]) -> Iterable[str]:
    project = manifest.project
    yield f"# {_plain(project.title)}"
    yield ""
    yield (
        f"Answers from the dataset `{project.dataset}`, graded by experts against the rubric"
        f" `{project.rubric}` version {project.rubric_version} in the evalhub project `{project.name}`."
    )
    simulated = [reviewer.reviewer for reviewer in manifest.reviewers if reviewer.simulated]
    if simulated:
        yield ""
        yield (
            f"**Simulated ratings:** {len(simulated)} of the {len(manifest.reviewers)} reviewers are simulated."
            " A program drew their ratings; they say nothing about the answers. `simulated` marks them, and these are"
            " their pseudonyms:"
        )
        yield ""
        yield from (f"- `{pseudonym}` (simulated)" for pseudonym in simulated)
    yield ""
    yield "| file | what |"
    yield "|---|---|"
    for path in DATA_FILES:
        if path in data_files:
            yield f"| `{path}` | {WHAT[_config(path)]} |"
    yield "| `rubrics/` | the rubrics, word for word |"
    yield "| `manifest.json` | sha256 of every file, filters, counts, agreement and rules |"
    yield ""
    yield "## How far the grades can be trusted"
    yield ""
    if manifest.agreement:
        yield "| criterion | figure | value | 95 % interval | items with two or more ratings | verdict |"
        yield "|---|---|---|---|---|---|"
        for line in manifest.agreement:
            interval = f"{_number(line['ci_low'])} to {_number(line['ci_high'])}"
            yield (
                f"| {line['criterion']} | {line['metric']} | {_number(line['value'])} | {interval}"
                f" | {line['n_pairable']} | {line['verdict']} |"
            )
    else:
        yield "Nothing was rated yet."
    yield ""
    yield "## Reading it"
    yield ""
    yield (
        "Every key is always there, and nothing is null. A value counts only where its state says so: a criterion's"
        " `level` and `rank` (or its `value`, where the rubric has a range) where its `state` is `rated`; the score"
        " where `overall_defined`; `passed` where the rubric or the project has a pass rule; `agreement`"
        " with two ratings or more. Reviewers are pseudonyms. With pandas, read with `dtype=False`."
    )
    yield ""
    yield "`evalhub verify` checks all of it against the manifest."


def _config(path: str) -> str:
    return path.removeprefix("data/").removesuffix(".jsonl")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
