"""How the models of a project compare."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evalhub.stats import ModelPair, ModelScores


@dataclass(frozen=True, slots=True)
class Basis:
    """What a comparison rests on.

    `n_items` items of named models are fully reviewed and graded on versions of the rubric whose scores can be
    compared; of them `n_scored` have a score. The others are counted by what keeps them out. The figures of each model
    rest on the `n_common` prompts on which all have a score; None where those are fewer than six, and each model's on
    its own.
    """

    rubric: str
    rubric_version: int
    n_items: int
    n_scored: int
    n_unnamed: int
    n_unfinished: int
    n_other_version: int
    n_common: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models by name; `scores` and `adjusted` name them by their place in `models`.

    `adjusted` rests on scores less the mean severity of each item's reviewers, and only its scores and differences
    mean something; it is None where severities say nothing, and `adjusted_because` says why.
    """

    models: tuple[str, ...]
    basis: Basis
    scores: ModelScores
    adjusted: ModelScores | None
    adjusted_because: str
    n_unknown: int
    """Ratings by reviewers whose severity is not known; they stay as given."""
    made_at: datetime

    @property
    def has_pass(self) -> bool:
        return any(one.pass_rate.value is not None for one in self.scores.models)

    def pair_name(self, pair: ModelPair) -> str:
        return f"{self.models[pair.first]} − {self.models[pair.second]}"
