"""Rubric files in, rubrics out."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from evalhub.errors import BadInput, Fault, TooLarge
from evalhub.rubrics.schema import canonical
from evalhub.rubrics.schema.build import CriterionBuilder, Faults, build_levels, title_of
from evalhub.rubrics.schema.document import CRITERIA_LIMIT, CriterionDocument, HeaderDocument
from evalhub.rubrics.schema.explain import Validated, validate
from evalhub.rubrics.schema.models import Criterion, Level, PassRule, Rubric, Scoring
from evalhub.rubrics.schema.tree import Node, read_tree

LISTED_FAULTS = 100


def parse_rubric(content: bytes, source: str) -> Rubric:
    """Read a rubric file.

    Args:
        source: what messages call the file.

    Raises:
        BadInput: with every fault, those of form first, each with line and column; the first 100 are listed.
    """
    reading = read_tree(content)
    faults = list(reading.faults)
    rubric = None
    if reading.root is not None:
        rubric, found = _Parser(reading.root).parse()
        known = {(fault.line, fault.column) for fault in faults}
        faults += sorted(
            (fault for fault in found if (fault.line, fault.column) not in known),
            key=lambda fault: (fault.line or 0, fault.column or 0),
        )
    if faults or rubric is None:
        kind = TooLarge if faults[0].code == TooLarge.code else BadInput
        count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise kind(f"The rubric has {count}.", faults=faults[:LISTED_FAULTS], source=source, total=len(faults))
    return rubric


def canonical_json(rubric: Rubric) -> bytes:
    """The rubric with every default stated, as JSON; itself a rubric file that means the same."""
    return canonical.encode(rubric.as_document())


@lru_cache(maxsize=256)
def rubric_from_canonical(text: str) -> Rubric:
    """The rubric that `canonical_json` wrote; kept, because versions never change."""
    return parse_rubric(text.encode(), "canonical JSON")


class _Parser:
    def __init__(self, root: Node) -> None:
        self.root = root
        self.document: dict[str, Any] = root.value() if root.mapping is not None else {}
        self.faults = Faults(root)

    def parse(self) -> tuple[Rubric | None, list[Fault]]:
        """The rubric, or None, and what is wrong with the meaning."""
        if self.root.mapping is None:
            self.faults.add((), "is not a mapping; a rubric begins with name: and version:")
            return None, self.faults.listed
        rest = {key: value for key, value in self.document.items() if key != "criteria"}
        header = validate(HeaderDocument, rest, self.root, (), stand_ins={"name": "unnamed", "version": 1})
        self.faults.listed += header.faults
        criteria = self._criteria(self._default_levels(header))
        if header.model is None:
            return None, self.faults.listed
        if "scoring" not in header.left_out:
            self._check_points(header.model.scoring, criteria)
            self._check_pass(header.model)
        return (None if self.faults.listed else _rubric(header.model, criteria)), self.faults.listed

    def _default_levels(self, header: Validated[HeaderDocument]) -> tuple[Level, ...] | None:
        """The default scale, empty where there is none, None where it is at fault."""
        if header.model is None or "levels" in header.left_out:
            return None
        if header.model.levels is None:
            return ()
        return build_levels(header.model.levels, ("levels",), self.faults)

    def _criteria(self, default_levels: tuple[Level, ...] | None) -> list[Criterion]:
        given = self.document.get("criteria")
        if not isinstance(given, list) or not 1 <= len(given) <= CRITERIA_LIMIT:
            found = f"holds {len(given)} criteria" if isinstance(given, list) else "is missing or not a list"
            self.faults.add(("criteria",), f"{found}; give a list of 1 to {CRITERIA_LIMIT}")
            return []
        self._check_ids(given)
        built = []
        without_scale = []
        for position, item in enumerate(given):
            stand_ins = {"id": f"criterion-{position}", "title": "Untitled"}
            checked = validate(CriterionDocument, item, self.root, ("criteria", position), stand_ins=stand_ins)
            self.faults.listed += checked.faults
            if checked.model is None:
                continue
            builder = CriterionBuilder(checked.model, position, checked.left_out, self.faults)
            built.append(builder.build(default_levels))
            if default_levels == () and _lacks_scale(checked):
                without_scale.append(checked.model.id)
        if without_scale:
            names = ", ".join(without_scale[:10])
            message = f"is missing; give the default scale, or levels or a range of its own to each of: {names}"
            self.faults.add(("levels",), message)
        return built

    def _check_ids(self, given: list[Any]) -> None:
        ids = [(i, item.get("id")) for i, item in enumerate(given) if isinstance(item, dict)]
        texts = [(index, key) for index, key in ids if isinstance(key, str)]
        self.faults.add_repeated((key for _, key in texts), (("criteria", index, "id") for index, _ in texts))

    def _check_points(self, scoring: Scoring, criteria: list[Criterion]) -> None:
        counts_points = scoring in {Scoring.POINTS, Scoring.PENALTY}
        for criterion in criteria:
            path = ("criteria", criterion.position, "points")
            points = criterion.points
            if points is None:
                if counts_points and "points" not in self.document["criteria"][criterion.position]:
                    self.faults.add(path, f"is missing; with scoring: {scoring} every criterion has points")
            elif not counts_points:
                self.faults.add(path, "has a meaning only with scoring: points or penalty; remove it, or give a weight")
            elif scoring == Scoring.PENALTY and points >= 0:
                self.faults.add(path, f"{points:g} is not below 0; a penalty takes points away")

    def _check_pass(self, header: HeaderDocument) -> None:
        rule = header.pass_rule
        if rule is None:
            return
        if (rule.score_at_least is None) == (rule.level_at_least is None):
            self.faults.add(("pass",), "needs score_at_least or level_at_least, one of the two")
        score = rule.score_at_least
        low, high = _SCORES[header.scoring]
        if score is not None and not low <= score <= high:
            wanted = f"from {low:g} to {high:g}" if low > -math.inf else f"up to {high:g}"
            self.faults.add(("pass", "score_at_least"), f"{score:g} can never decide; scores here go {wanted}")


_SCORES = {
    Scoring.WEIGHTED_MEAN: (0.0, 1.0),
    Scoring.WORST_LEVEL: (0.0, 1.0),
    Scoring.POINTS: (-math.inf, 1.0),
    Scoring.PENALTY: (-math.inf, 0.0),
}


def _lacks_scale(checked: Validated[CriterionDocument]) -> bool:
    assert checked.model is not None
    has_own = isinstance(checked.model.levels, list) or checked.model.range is not None
    return not has_own and not checked.left_out & {"levels", "range"}


def _rubric(header: HeaderDocument, criteria: list[Criterion]) -> Rubric:
    rule = header.pass_rule
    return Rubric(
        name=header.name,
        version=header.version,
        title=header.title or title_of(header.name),
        description=header.description,
        scoring=header.scoring,
        pass_rule=rule and PassRule(score_at_least=rule.score_at_least, level_at_least=rule.level_at_least),
        confidence=header.confidence,
        criteria=tuple(criteria),
        source=header.source,
        license=header.license,
    )
