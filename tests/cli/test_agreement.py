from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from evalhub.cli.agreement import agreement
from evalhub.errors import BadInput

ANSWERS = [("a", "r1", "bad"), ("a", "r2", "good"), ("b", "r1", "fair"), ("b", "r2", "fair"), ("c", "r1", "good"),
           ("c", "r2", "good")]  # fmt: skip


def line(item: str, reviewer: str, level: object, **more: object) -> dict[str, object]:
    return {"item_id": item, "reviewer": reviewer, "criterion": "accuracy", "level": level, **more}


def written(folder: Path, lines: list[dict[str, object]]) -> Path:
    path = folder / "ratings.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in lines), encoding="utf-8")
    return path


def run(path: Path, *options: str) -> Result:
    return CliRunner().invoke(agreement, [str(path), *options])


def figures(path: Path, *options: str) -> dict[str, Any]:
    result = run(path, "--json", *options)
    assert result.exit_code == 0, result.exception
    return {found["criterion"]: found for found in json.loads(result.output)["criteria"]}


def refused(path: Path, *options: str) -> list[str]:
    result = run(path, *options)
    assert isinstance(result.exception, BadInput)
    return [str(result.exception), *(fault.located("ratings.jsonl") for fault in result.exception.faults)]


def test_words_are_graded_in_the_order_given(tmp_path: Path) -> None:
    path = written(tmp_path, [line(*answer) for answer in ANSWERS])
    found = figures(path, "--levels", "bad,fair,good")["accuracy"]
    assert found["levels"] == ["bad", "fair", "good"]
    assert found["distribution"] == [1, 2, 3]
    assert found["alpha"]["n_reviewers"] == 2
    turned = figures(path, "--levels", "fair,bad,good")["accuracy"]
    assert turned["alpha"]["value"] != found["alpha"]["value"]


def test_words_without_an_order_are_refused_and_named(tmp_path: Path) -> None:
    _, *faults = refused(written(tmp_path, [line(*answer) for answer in ANSWERS]))
    assert len(faults) == 1
    assert faults[0].startswith('ratings.jsonl:1: level: accuracy: "bad" is a word')
    assert "--levels" in faults[0]


def test_words_need_no_order_on_a_nominal_scale(tmp_path: Path) -> None:
    path = written(tmp_path, [line(*answer) for answer in ANSWERS])
    assert figures(path, "--scale", "nominal")["accuracy"]["levels"] == ["bad", "fair", "good"]


def test_numbers_are_sorted_as_numbers(tmp_path: Path) -> None:
    lines = [line("a", "r1", "10"), line("a", "r2", "9"), line("b", "r1", "2"), line("b", "r2", "2.0")]
    assert figures(written(tmp_path, lines))["accuracy"]["levels"] == ["2", "9", "10"]


@pytest.mark.parametrize("field", ["level", "value", "score"])
def test_the_answer_may_stand_under_level_value_or_score(tmp_path: Path, field: str) -> None:
    lines = [line(item, who, None) | {field: answer} for item, who, answer in [("a", "r1", 3), ("a", "r2", 4.5)]]
    assert figures(written(tmp_path, lines))["accuracy"]["levels"] == ["3", "4.5"]


def test_each_criterion_may_have_its_own_order(tmp_path: Path) -> None:
    lines = [line(*answer) for answer in ANSWERS]
    lines += [row | {"criterion": "style", "level": "no"} for row in lines]
    found = figures(written(tmp_path, lines), "--levels", "bad,fair,good", "--levels", "style=no,yes")
    assert found["style"]["levels"] == ["no", "yes"]
    assert found["style"]["alpha"]["undefined_because"] == "no_variation"


def test_a_level_outside_the_order_is_named_with_its_line(tmp_path: Path) -> None:
    lines = [line(*answer) for answer in ANSWERS] + [line("d", "r1", "godo")]
    assert 'ratings.jsonl:7: level: "godo" is not one of the levels bad, fair, good' in refused(
        written(tmp_path, lines), "--levels", "bad,fair,good"
    )


def test_a_second_rating_names_both_lines(tmp_path: Path) -> None:
    lines = [line("a", "r1", "1"), line("a", "r2", "2"), line("a", "r1", "3")]
    assert refused(written(tmp_path, lines))[1:] == [
        "ratings.jsonl:3: r1 rates a on accuracy here and on line 1; keep one"
    ]


def test_all_faults_are_reported_together(tmp_path: Path) -> None:
    lines = [line("a", "r1", "1", colour="red"), {"item_id": "a"}, line("b", "r1", True), line("c", "r1", 1, score=2)]
    found = refused(written(tmp_path, lines))
    assert [fault.split(":")[1] for fault in found[1:]] == ["1", "2", "2", "2", "3", "4"]
    assert "nothing was computed" in found[0]


def test_an_item_in_two_groups_is_refused(tmp_path: Path) -> None:
    lines = [line("a", "r1", "1", group="p"), line("a", "r2", "2", group="q")]
    assert 'is in group "p" on line 1' in refused(written(tmp_path, lines))[1]


def test_items_of_one_group_count_as_one(tmp_path: Path) -> None:
    lines = [
        line(f"i{n}", who, n % 3 if who == "r1" else n % 2, group=f"g{n // 4}")
        for n in range(24)
        for who in ("r1", "r2")
    ]
    alpha = figures(written(tmp_path, lines))["accuracy"]["alpha"]
    assert (alpha["n_items"], alpha["n_groups"]) == (24, 6)


def test_not_applicable_is_no_level_but_has_its_own_alpha(tmp_path: Path) -> None:
    lines = [line("a", "r1", 1), line("a", "r2", None, not_applicable=True), line("b", "r1", 1), line("b", "r2", 2)]
    found = figures(written(tmp_path, lines))["accuracy"]
    assert found["alpha"]["n_pairable"] == 1
    assert found["not_applicable"]["n"] == 1
    assert found["not_applicable"]["alpha"]["n_pairable"] == 2


def test_only_not_applicable_answers_are_undefined(tmp_path: Path) -> None:
    lines = [line("a", who, None, not_applicable=True) for who in ("r1", "r2")]
    assert figures(written(tmp_path, lines))["accuracy"]["alpha"]["undefined_because"] == "no_pairable_units"


def test_ratings_of_models_are_left_out_beside_those_of_people(tmp_path: Path) -> None:
    lines = [line("a", "r1", 1), line("a", "r2", 2), line("a", "m", 3, kind="model")]
    result = run(written(tmp_path, lines))
    assert "1 ratings of kind model are left out" in result.output
    assert figures(written(tmp_path, lines))["accuracy"]["distribution"] == [1, 1]


def test_csv_gives_the_same_figures_as_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    rows = ["item_id,reviewer,criterion,level", *(f"{item},{who},accuracy,{level}" for item, who, level in ANSWERS)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    jsonl = written(tmp_path, [line(*answer) for answer in ANSWERS])
    order = ("--levels", "bad,fair,good")
    assert figures(path, *order) == figures(jsonl, *order)


@pytest.mark.parametrize("content", [b"", b"{\n", b'{"item_id": NaN}\n', b"\xff\xfe{\x00", b"[1]\n", b"[" * 100_000])
def test_what_is_no_ratings_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ratings.jsonl"
    path.write_bytes(content)
    assert refused(path)


@pytest.mark.parametrize(
    "options",
    [
        ("--scale", "ordnal"),
        ("--metrics", "kapa"),
        ("--weights", "cubic"),
        ("--levels", "a"),
        ("--levels", "a,a"),
        ("--levels", "1,1.0"),
        ("--by", "weather"),
    ],
)
def test_an_option_that_does_not_exist_is_refused(tmp_path: Path, options: tuple[str, str]) -> None:
    assert refused(written(tmp_path, [line("a", "r1", 1)]), *options)


def test_the_table_shows_each_criterion_with_verdict_and_boundaries(tmp_path: Path) -> None:
    lines = [line(f"i{n}", who, (n + (who == "r2") * (n % 5 == 0)) % 3) for n in range(60) for who in ("r1", "r2")]
    output = run(written(tmp_path, lines), "--metrics", "gwet_ac,fleiss_kappa").output
    assert "boundary 0 | 1" in output
    assert "gwet_ac" in output
    assert output.splitlines()[0].split()[:2] == ["criterion", "alpha"]


def test_real_ratings_give_the_published_alphas(shared: Path) -> None:
    folder = shared / "data" / "mqm_small"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["criteria"]
    found = figures(folder / "ratings.jsonl", "--levels", "major,minor,none")
    for criterion, figure in found.items():
        assert figure["alpha"]["value"] == pytest.approx(expected[criterion]["alpha_ordinal"], abs=1e-9)
        assert figure["alpha_nominal"]["value"] == pytest.approx(expected[criterion]["alpha_nominal"], abs=1e-9)


def noisy(folder: Path) -> Path:
    answers = [(n, who, (n + (who == "r2") * (n % 4 == 0)) % 3) for n in range(40) for who in ("r1", "r2", "r3")]
    return written(folder, [line(f"i{n}", who, level) for n, who, level in answers])


def test_the_same_ratings_by_reviewer_item_boundary_and_pair(tmp_path: Path) -> None:
    views = ("--by", "reviewer", "--by", "item", "--by", "boundary", "--by", "pair")
    found = figures(noisy(tmp_path), *views)["accuracy"]["by"]
    assert found["reviewer"][0].keys() >= {"reviewer", "severity", "se", "alpha_without", "consensus"}
    assert {row["reviewer"] for row in found["reviewer"]} == {"r1", "r2", "r3"}
    assert len(found["item"]) == 40
    assert found["item"][0]["disagreement"] >= found["item"][-1]["disagreement"]
    assert [{row["below"], row["above"]} for row in found["boundary"]] in (
        [{"0", "1"}, {"1", "2"}],
        [{"1", "2"}, {"0", "1"}],
    )
    assert [(row["reviewer"], row["other"], row["kappa"]) for row in found["pair"]][-1] == ("r1", "r3", 1.0)
    assert "by pair:" in run(noisy(tmp_path), *views).output


def test_a_nominal_scale_has_no_severity_and_no_boundaries(tmp_path: Path) -> None:
    found = figures(noisy(tmp_path), "--scale", "nominal", "--by", "reviewer", "--by", "boundary")["accuracy"]["by"]
    assert {row["severity"] for row in found["reviewer"]} == {None}
    assert found["boundary"] == []
    output = run(noisy(tmp_path), "--scale", "nominal", "--by", "boundary").output
    assert "nothing to show on this scale" in output


def test_all_metrics_answer_or_say_why_not(tmp_path: Path) -> None:
    found = figures(noisy(tmp_path), "--metrics", "all")["accuracy"]["metrics"]
    assert found["icc_2_1"]["value"] is not None
    assert found["cohen_kappa"]["undefined_because"] == "needs_two_reviewers"
    assert all(figure["value"] is not None or figure["undefined_because"] for figure in found.values())
