"""What the rows of `evalhub agreement --by …` say, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalhub.cli.agreement_by import Row

SHOWN_ITEMS = 3
SAME = 1e-9


def sentences(view: str, rows: Sequence[Row]) -> list[str]:
    """What stands out in the rows of a view; nothing for items and pairs, whose order says it."""
    if view == "reviewer":
        return [*_extremes(rows), *_confounded(rows)]
    if view == "boundary":
        return [_crossed(row) for row in rows if row["crossing"]]
    return _weeks(rows) if view == "week" else []


def _extremes(rows: Sequence[Row]) -> Iterator[str]:
    """The strictest and the most lenient reviewer of each component: those of different ones are not compared.

    Where some have a standard error, the others have too few items to be named.
    """
    known = [row for row in rows if row["severity"] is not None]
    components = sorted({row["component"] for row in known})
    for component in components:
        everybody = [row for row in known if row["component"] == component]
        ranked = [row for row in everybody if row["se"] is not None] or everybody
        where = f"component {component}: " if len(components) > 1 else ""
        if ranked[-1]["severity"] - ranked[0]["severity"] > SAME:
            yield f"{where}strictest {_severity(ranked[0])}, most lenient {_severity(ranked[-1])}, by the two-way model"
        else:
            yield f"{where}nobody is stricter than another"
    if len(components) > 1:
        yield "reviewers of different components are not compared: no chain of shared items links them"


def _severity(row: Row) -> str:
    return f"{row['reviewer']} ({row['severity']:+.2f})"


def _confounded(rows: Sequence[Row]) -> Iterator[str]:
    plain = [row["plain"] for row in rows if row["plain"] is not None]
    for row in rows:
        if row["confounded_with"] is None:
            continue
        extreme = {max(plain): "the most lenient", min(plain): "the strictest"}.get(row["plain"])
        first = f"{extreme} by plain differences" if extreme else "by plain differences"
        yield (
            f"{row['reviewer']} is confounded with {row['confounded_with']}, with whom they share most items: "
            f"{first} ({row['plain']:+.2f}), {row['severity']:+.2f} by the two-way model"
        )


def _crossed(row: Row) -> str:
    items = ", ".join(item["item"] for item in row["items"][:SHOWN_ITEMS])
    more = ", …" if len(row["items"]) > SHOWN_ITEMS else ""
    most = next((found for found in row["reviewers"] if found["reviewer"] == row["culprit"]), row["reviewers"][0])
    who = (
        f"{most['reviewer']} takes part in {most['share']:.0%} of the disagreement "
        f"(below {most['below']} times, above {most['above']})"
    )
    advice = f"retrain {row['culprit']}" if row["culprit"] else "no reviewer stands out, so rewrite the boundary"
    return f"{row['below']} | {row['above']}: {row['crossing']} items cross, first {items}{more}; {who}; {advice}"


def _weeks(rows: Sequence[Row]) -> list[str]:
    raised = [
        f"{row['week']}: reviewers agree {_less_or_more(row, rows)} than in the other weeks"
        for row in rows
        if row["raised"]
    ]
    drifted = [
        f"{row['week']}: {found['reviewer']} is {'stricter' if found['difference'] < 0 else 'more lenient'} than in "
        f"the other weeks ({found['difference']:+.2f})"
        for row in rows
        for found in row["reviewers"]
        if found["raised"]
    ]
    nothing = [] if raised or drifted else ["no week and no reviewer differs by more than chance"]
    return [*raised, *drifted, *nothing, f"{rows[-1]['week']} is provisional: its items may still get ratings"]


def _less_or_more(row: Row, rows: Sequence[Row]) -> str:
    others = [other for other in rows if other is not row and other["disagreement"] is not None]
    total = sum(other["disagreement"] * other["paired"] for other in others)
    return "less" if row["disagreement"] * sum(other["paired"] for other in others) > total else "more"
