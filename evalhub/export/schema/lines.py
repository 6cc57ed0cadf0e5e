"""The data files of a bundle, read strictly, and what follows from each item."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evalhub.export.schema.records import overall_fields
from evalhub.rubrics.schema import CriterionOutcome, OverallLevel, PassRule, Rubric, score

Place = tuple[str, int, str]
"""Item, rubric version and reviewer."""
FIGURES = ("overall_defined", "overall_level", "passed", "failed")
TOLERANCE = 1e-9


class Difference(Exception):
    """Something in a bundle is not what the rest of it says."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path}: {what}")


def strict_lines(folder: Path, path: str) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file.

    Raises:
        Difference: a line is no object, or not strict JSON.
    """
    with (folder / path).open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                value = json.loads(line.decode(), parse_constant=_refuse, object_pairs_hook=_object)
            except (ValueError, RecursionError) as error:
                raise Difference(path, f"line {number} is not as it should be: {error}") from error
            if not isinstance(value, dict):
                raise Difference(path, f"line {number} is no object")
            yield value


def extra_reviews(folder: Path, path: str) -> frozenset[Place]:
    """The reviews that came too late for a slot: the consensus does not rest on them.

    A review of one more reviewer holds a slot. It is not planned either, but the consensus rests on it too.
    """
    return frozenset(
        (line["item_id"], line["rubric_version"], line["reviewer"])
        for line in strict_lines(folder, path)
        if line["state"] == "extra"
    )


def items_state(
    folder: Path,
    path: str,
    rubrics: Mapping[tuple[str, int], Rubric],
    pass_rule: Mapping[str, Any],
    extra: Collection[Place],
) -> Counter[str]:
    """How many items are in each state, once the score of each was computed again from its criteria.

    Args:
        extra: see `extra_reviews`.

    Raises:
        Difference: naming the first item whose score, counts or order is another.
    """
    states: Counter[str] = Counter()
    last = ""
    for line in strict_lines(folder, path):
        item_id = line["item_id"]
        if item_id < last:
            raise Difference(path, f"{item_id} stands after {last}")
        last = item_id
        states[line["state"]] += 1
        if "criteria" in line:
            _check_item(path, line, _with_rule(rubrics[line["rubric"], line["rubric_version"]], pass_rule), extra)
    return states


def check_preferences(folder: Path, path: str, item_files: Sequence[str]) -> None:
    """Every preference is about two items of the bundle, and is for the side that it names.

    Raises:
        Difference: naming the first that is not.
    """
    known = {line["item_id"] for items in item_files for line in strict_lines(folder, items)}
    for number, line in enumerate(strict_lines(folder, path), 1):
        left, right, strength = line["item_left"], line["item_right"], line["strength"]
        if left == right or not {left, right} <= known:
            raise Difference(path, f"line {number} is about {left} and {right}, which are no two items of the bundle")
        named = {"left": left, "right": right, "neither": ""}.get(line["preferred"])
        if named != line["preferred_item"] or strength not in ((0,) if named == "" else (1, 2)):
            raise Difference(path, f"line {number} contradicts itself about which item is preferred")


def _check_item(path: str, line: Mapping[str, Any], rubric: Rubric, extra: Collection[Place]) -> None:
    item_id = line["item_id"]

    def version(entry: Mapping[str, Any]) -> int:
        """Bundles of before a project could change its version name it for the item alone."""
        return int(entry.get("rubric_version", line["rubric_version"]))

    counted = Counter(
        (rating["criterion"], version(rating))
        for rating in line["ratings"]
        if (item_id, version(rating), rating["reviewer"]) not in extra
    )
    outcomes = {}
    for entry in line["criteria"]:
        n_counted = counted[entry["criterion"], version(entry)]
        if entry["n_ratings"] != n_counted:
            raise Difference(
                path,
                f"{item_id}, {entry['criterion']}: n_ratings is {entry['n_ratings']}, with {n_counted} ratings that"
                " count",
            )
        outcomes[entry["criterion"]] = _outcome(rubric, entry)
    tags = json.loads(line["tags_json"])
    if any(criterion.key not in outcomes for criterion in rubric.applicable(tags)):
        return  # with --criterion the score rests on criteria that are not here
    found = overall_fields(score(rubric, outcomes, tags))
    for key in FIGURES:
        if line[key] != found[key]:
            raise Difference(path, f"{item_id}: {key} is {line[key]}; its criteria give {found[key]}")
    if not math.isclose(line["overall_score"], found["overall_score"], abs_tol=TOLERANCE):
        raise Difference(
            path, f"{item_id}: overall_score is {line['overall_score']}; its criteria give {found['overall_score']}"
        )


def _outcome(rubric: Rubric, entry: Mapping[str, Any]) -> CriterionOutcome:
    if entry["state"] != "rated":
        return CriterionOutcome(entry["state"])
    criterion = rubric.criterion(entry["criterion"])
    if criterion is not None and criterion.range is not None:
        return CriterionOutcome("rated", value=entry["value"])
    return CriterionOutcome("rated", rank=entry["rank"])


def _with_rule(rubric: Rubric, stated: Mapping[str, Any]) -> Rubric:
    if stated["from"] != "project":
        return rubric
    level = stated.get("level_at_least")
    rule = PassRule(score_at_least=stated.get("score_at_least"), level_at_least=OverallLevel(level) if level else None)
    return rubric.model_copy(update={"pass_rule": rule})


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice in one object")
    return found
