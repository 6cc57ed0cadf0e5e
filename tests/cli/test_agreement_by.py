"""`evalhub agreement --by …`: who is strict, who crosses a boundary, and what changed from week to week."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from evalhub.cli.agreement import agreement
from evalhub.errors import BadInput

MONDAY = datetime(2026, 11, 2, 8, tzinfo=UTC)


def line(item: object, reviewer: str, level: object, **more: object) -> dict[str, object]:
    return {"item_id": f"i{item}", "reviewer": reviewer, "criterion": "c", "level": level, **more}


def written(folder: Path, lines: list[dict[str, object]]) -> Path:
    path = folder / "ratings.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in lines), encoding="utf-8")
    return path


def run(path: Path, *options: str) -> Result:
    result = CliRunner().invoke(agreement, [str(path), *options])
    assert result.exit_code == 0, result.exception
    return result


def view(path: Path, name: str, *options: str) -> list[dict[str, Any]]:
    (criterion,) = json.loads(run(path, "--json", "--by", name, *options).output)["criteria"]
    return list(criterion["by"][name])


def refused(path: Path, *options: str) -> list[str]:
    result = CliRunner().invoke(agreement, [str(path), *options])
    assert isinstance(result.exception, BadInput)
    return [result.exception.message, *(fault.located("ratings.jsonl") for fault in result.exception.faults)]


def strict_on_top(folder: Path) -> Path:
    """r1 never gives 2 where the others do, and all agree otherwise."""
    answers = [(n, who, min(n % 3, 1 if who == "r1" else 2)) for n in range(120) for who in ("r1", "r2", "r3")]
    return written(folder, [line(*answer) for answer in answers])


def test_a_boundary_names_who_crosses_it_and_on_which_items(tmp_path: Path) -> None:
    crossed, calm = view(strict_on_top(tmp_path), "boundary")
    assert (crossed["below"], crossed["above"], crossed["crossing"], crossed["culprit"]) == ("1", "2", 40, "r1")
    assert [item["item"] for item in crossed["items"][:2]] == ["i2", "i5"]
    assert sum(item["part"] for item in crossed["items"]) == pytest.approx(crossed["share"])
    assert crossed["reviewers"][0] == {
        "reviewer": "r1", "pairs": 240, "crossing": 80, "share": 1.0, "below": 80, "above": 0,
    }  # fmt: skip
    assert (calm["crossing"], calm["culprit"], calm["items"], calm["reviewers"]) == (0, None, [], [])
    output = run(strict_on_top(tmp_path), "--by", "boundary").output
    assert "1 | 2: 40 items cross, first i2, i5, i8, …; r1 takes part in 100% of the disagreement" in output
    assert "(below 80 times, above 0); retrain r1" in output


def test_a_boundary_that_everybody_reads_differently_is_to_be_rewritten(tmp_path: Path) -> None:
    answers = [(n, who, int(n % 2 and n % 3 != at)) for n in range(120) for at, who in enumerate(("r1", "r2", "r3"))]
    path = written(tmp_path, [line(*answer) for answer in answers])
    assert view(path, "boundary")[0]["culprit"] is None
    assert "no reviewer stands out, so rewrite the boundary" in run(path, "--by", "boundary").output


def in_weeks(folder: Path, *, worse: int | None = None, stricter: int | None = None) -> Path:
    """Four weeks of 60 items with three reviewers; in one they differ more, or r1 is stricter."""
    rng = np.random.default_rng(3)
    lines = []
    for n in range(240):
        week, truth = n // 60, rng.normal(2, 1)
        for who in ("r1", "r2", "r3"):
            seen = truth + rng.normal(0, 1.6 if week == worse else 0.3) - (week == stricter and who == "r1")
            moment = MONDAY + timedelta(weeks=week, hours=n % 60)
            lines.append(line(n, who, int(np.clip(round(seen), 0, 4)), submitted_at=moment.isoformat()))
    return written(folder, lines)


def test_each_iso_week_has_its_agreement(tmp_path: Path) -> None:
    rows = view(in_weeks(tmp_path), "week")
    assert [row["week"] for row in rows] == ["2026-W45", "2026-W46", "2026-W47", "2026-W48"]
    assert [(row["items"], row["paired"]) for row in rows] == [(60, 60)] * 4
    assert [row["provisional"] for row in rows] == [False, False, False, True]
    assert all(row["low"] < row["alpha"] < row["high"] for row in rows)
    assert {found["reviewer"] for row in rows for found in row["reviewers"]} == {"r1", "r2", "r3"}
    output = run(in_weeks(tmp_path), "--by", "week").output
    assert "no week and no reviewer differs by more than chance" in output
    assert "2026-W48 is provisional" in output


def test_a_week_of_less_agreement_is_raised(tmp_path: Path) -> None:
    path = in_weeks(tmp_path, worse=2)
    assert [row["week"] for row in view(path, "week") if row["raised"]] == ["2026-W47"]
    assert "2026-W47: reviewers agree less than in the other weeks" in run(path, "--by", "week").output


def test_a_reviewer_who_became_stricter_is_raised(tmp_path: Path) -> None:
    path = in_weeks(tmp_path, stricter=1)
    raised = [(row["week"], found) for row in view(path, "week") for found in row["reviewers"] if found["raised"]]
    assert [(week, found["reviewer"]) for week, found in raised] == [("2026-W46", "r1")]
    assert raised[0][1]["difference"] == pytest.approx(-1, abs=0.15)
    assert "2026-W46: r1 is stricter than in the other weeks (-" in run(path, "--by", "week").output


def test_an_item_enters_the_week_in_which_its_last_reviewer_finished(tmp_path: Path) -> None:
    late = (MONDAY + timedelta(weeks=1)).isoformat()
    lines = [
        line("a", "r1", 1, submitted_at="2026-11-08T23:30:00Z"),
        line("a", "r2", 2, submitted_at=late),
        line("b", "r1", 1, submitted_at="2026-11-09T00:30:00+02:00"),
        line("b", "r2", 2, submitted_at="2026-11-02T00:00:00Z"),
    ]
    rows = view(written(tmp_path, lines), "week")
    assert [(row["week"], row["items"]) for row in rows] == [("2026-W45", 1), ("2026-W46", 1)]


def test_ratings_without_times_have_no_weeks(tmp_path: Path) -> None:
    timed = line("a", "r1", 1, submitted_at="2026-11-03T10:00:00Z")
    (message,) = refused(written(tmp_path, [line("a", "r1", 1), line("a", "r2", 1)]), "--by", "week")
    assert 'no rating says when it was given; --by week needs "submitted_at" on each line' in message
    assert refused(written(tmp_path, [timed, line("a", "r2", 1)]), "--by", "week")[1:] == [
        "ratings.jsonl:2: submitted_at: is missing, and --by week needs it; like 2026-03-01T09:30:00Z"
    ]


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [line("a", "r1", 1, submitted_at="2026-11-03")])
    assert refused(path)[1].startswith("ratings.jsonl:1: submitted_at: is not a time with a zone")


@pytest.mark.parametrize("name", ["reviewer", "item", "boundary", "pair", "week"])
def test_a_nominal_scale_has_every_view_without_order(tmp_path: Path, name: str) -> None:
    rows = view(in_weeks(tmp_path), name, "--scale", "nominal")
    output = run(in_weeks(tmp_path), "--scale", "nominal", "--by", name).output
    if name == "boundary":
        assert rows == []
        assert "nothing to show on this scale" in output
    else:
        assert all(row.get("severity") is None and row.get("span") is None for row in rows)
        assert all(row.get("reviewers", []) == [] for row in rows)


@pytest.mark.parametrize("name", ["reviewer", "item", "boundary", "pair", "week"])
@pytest.mark.parametrize(
    "answers",
    [
        [(n, "r1", n % 3) for n in range(12)],
        [(n, f"r{n}", n % 3) for n in range(12)],
        [(n, who, 1) for n in range(12) for who in ("r1", "r2")],
    ],
    ids=["one reviewer", "no overlap", "one level"],
)
def test_degenerate_ratings_have_every_view_and_no_false_figure(
    tmp_path: Path, name: str, answers: list[tuple[int, str, int]]
) -> None:
    path = written(tmp_path, [line(*answer, submitted_at=MONDAY.isoformat()) for answer in answers])
    assert "NaN" not in json.dumps(view(path, name))
    output = run(path, "--by", name).output
    assert f"by {name}:" in output
    assert ("no item was rated by two reviewers" in output) or ("only one level occurs" in output)


def test_reviewers_who_share_no_chain_of_items_are_not_compared(tmp_path: Path) -> None:
    answers = [(n, who, (n + (who in ("r1", "r3"))) % 3) for n in range(6) for who in ("r1", "r2")]
    answers += [(n, who, (n + (who in ("r1", "r3"))) % 3) for n in range(6, 12) for who in ("r3", "r4")]
    output = run(written(tmp_path, [line(*answer) for answer in answers]), "--by", "reviewer").output
    assert "component 1: " in output
    assert "reviewers of different components are not compared" in output


def test_a_newcomer_with_one_item_is_not_the_strictest(tmp_path: Path) -> None:
    answers = [(n, who, n % 2 + 1 + (who == "r3")) for n in range(20) for who in ("r1", "r2", "r3")]
    path = written(tmp_path, [line(*answer) for answer in [*answers, (1, "new", 0)]])
    assert view(path, "reviewer")[0]["reviewer"] == "new"
    output = run(path, "--by", "reviewer").output
    assert "strictest new" not in output
    assert "most lenient r3" in output


def test_numbers_that_fall_are_an_order_and_no_scale_of_numbers(tmp_path: Path) -> None:
    """School marks, 6 the worst: the reviewer who gives higher marks is the stricter one."""
    marks = [(n, who, 1 + n % 4 + (who == "r1")) for n in range(20) for who in ("r1", "r2")]
    path = written(tmp_path, [line(*mark) for mark in marks])
    assert [row["reviewer"] for row in view(path, "reviewer", "--levels", "6,5,4,3,2,1")] == ["r1", "r2"]
    assert "needs numbers that rise" in refused(path, "--scale", "interval", "--levels", "6,5,4,3,2,1")[0]


@pytest.mark.parametrize("content", ["item_id,reviewer,criterion,level\n", "", "\n\n"])
def test_a_file_without_a_rating_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(content, encoding="utf-8")
    assert "the file holds no ratings" in refused(path)[0] or "the file is empty" in refused(path)[0]


def test_translators_of_the_real_set_are_told_apart(shared: Path) -> None:
    path = shared / "data" / "wmt23_mqm_zhen" / "ratings.jsonl"
    output = run(path, "--levels", "major,minor,none", "--by", "reviewer").output
    summary = {row.split()[0]: row.split()[-1] for row in output.splitlines()[:7]}
    assert summary["terminology"] == summary["locale"] == "rare_levels_not_reproduced"
    details = {block.split(":")[0].strip(): block for block in output.split("\n\n")}
    assert "major: 83 (confirmed 4.8 %)" in details["terminology"]
    assert "major: 120 (confirmed 0.0 %)" in details["locale"]
    overall = output[output.index("\noverall: ") :]
    assert "strictest rater6 (-0.54), most lenient rater7 (+0.30), by the two-way model" in overall
    assert "rater5 is confounded with rater6, with whom they share most items: the most lenient by plain" in overall
    assert overall.count("is confounded with") == 1


def test_the_reviewers_with_missed_checks_are_lenient_but_not_outside_the_others(shared: Path) -> None:
    path = shared / "data" / "wmt23_mqm_ende" / "ratings.jsonl"
    document = json.loads(run(path, "--levels", "major,minor,none", "--by", "reviewer", "--json").output)
    (rows,) = (one["by"]["reviewer"] for one in document["criteria"] if one["criterion"] == "overall")
    severity = {row["reviewer"]: row["severity"] for row in rows}
    assert max(severity, key=lambda name: severity[name]) == "rater4"
    assert severity["rater4"] == pytest.approx(0.26, abs=0.01)
    assert severity["rater9"] == pytest.approx(0.20, abs=0.01)


def test_a_model_of_the_reviewers_stands_beside_the_consensus(tmp_path: Path) -> None:
    answers = [(n, who, min(n % 3, 1 if who == "r1" else 2)) for n in range(120) for who in ("r1", "r2", "r3")]
    rows = {row["item"]: row for row in view(written(tmp_path, [line(*answer) for answer in answers]), "item")}
    split = rows["i2"]
    assert (split["consensus"], split["most_likely"]) == ("2", "2")
    assert 0.9 < split["probability"] <= 1
    assert split["expected_score"] == pytest.approx(2, abs=0.1)


def test_two_ratings_an_item_say_too_little_for_such_a_model(tmp_path: Path) -> None:
    answers = [(n, who, (n + (who == "r2") * (n % 4 == 0)) % 3) for n in range(40) for who in ("r1", "r2")]
    rows = view(written(tmp_path, [line(*answer) for answer in answers]), "item")
    assert {row["most_likely"] for row in rows} == {None}
    assert rows[0]["consensus"] is None
    assert rows[-1]["consensus"] is not None


def test_an_order_for_a_criterion_that_the_file_does_not_name_is_refused(tmp_path: Path) -> None:
    message = refused(strict_on_top(tmp_path), "--levels", "clarity=0,1,2")[0]
    assert message.startswith('--levels "clarity=…"')
    assert message.endswith("has no such criterion; it has c")
