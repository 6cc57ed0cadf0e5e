"""The report as one file: what it holds, what it never tells, and how heavy the page is."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from jinja2 import Environment, FileSystemLoader

from evalhub.calibration.charts.severity import severity_chart
from evalhub.calibration.html import TEMPLATES, self_contained
from evalhub.calibration.schema.report import CalibrationReport
from evalhub.calibration.schema.section import GivenLevel
from evalhub.calibration.shown import rubric_words, shift_sentences, show, spread_words, summary, template_values
from evalhub.stats.drift_reviewers import ReviewerPeriod
from tests.calibration.reports import a_criterion, a_report, a_section, an_empty_report, drawn_ratings

NAMES = ("Anna Kowalska", "Ben", "Chi Nguyen", "Dora", "Emil")


@pytest.fixture(scope="module")
def report() -> CalibrationReport:
    return a_report()


class References(HTMLParser):
    """Whatever would make a browser ask for something, and every id and link within the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.ids: list[str] = []
        self.targets: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        if given.get("href", "").startswith("#"):
            self.targets.add(given["href"][1:])
        elif tag in ("script", "link", "img", "iframe", "form") or {"src", "href", "style"} & given.keys():
            self.asked.append(f"{tag} {given}")


@pytest.mark.parametrize("names", [False, True])
def test_the_file_asks_for_nothing_and_its_links_lead_somewhere(report: CalibrationReport, names: bool) -> None:
    html = self_contained(report, names=names)
    found = References(html)
    assert found.asked == []
    assert not re.search(r"url\(|@import|https?://", html)
    assert len(found.ids) == len(set(found.ids))
    assert found.targets <= set(found.ids)


def test_without_names_the_file_tells_neither_reviewers_nor_items(report: CalibrationReport) -> None:
    body = self_contained(report).split("</style>")[1]
    assert "<strong>Retrain</strong> Reviewer A on Clarity" in body
    assert "Reviewer D (simulated)" in body
    assert [word for word in (*NAMES, "gpt-secret", "task", "TASK") if word in body] == []


def test_with_names_it_tells_both_but_never_who_gave_what(report: CalibrationReport) -> None:
    html = self_contained(report, names=True)
    assert "Anna Kowalska" in html
    assert "gpt-secret-" in html
    assert not re.search(r"gpt-secret-\d+</[a-z]+>?[^<]*(?:Anna|Ben|Chi)", html)


def test_every_criterion_is_in_the_file_in_full(report: CalibrationReport) -> None:
    many = [a_section(a_criterion(f"c{at}"), drawn_ratings(40, 12, seed=at), weeks=2) for at in range(3)]
    html = self_contained(a_report(many, n_reviewers=12))
    assert html.count("Who agrees with whom</h4>") == 3


def test_an_empty_report_makes_a_file_that_says_so() -> None:
    html = self_contained(an_empty_report())
    assert "no item was rated by two reviewers" in html
    assert "<strong>Nothing</strong> to judge: no review that counts" in html


def test_a_large_report_is_shown_one_criterion_at_a_time(report: CalibrationReport) -> None:
    many = [a_section(a_criterion(f"c{at}"), drawn_ratings(60, 10, seed=at), weeks=2) for at in range(3)]
    big = a_report(many, n_reviewers=10)
    shown = show(big)
    assert [bool(one.charts) for one in shown.sections] == [True, False, False]
    assert [one.is_open for one in shown.sections] == [True, False, False]
    assert [bool(one.charts) for one in show(big, "c2").sections] == [True]
    assert len(show(big, "c2").sections[0].each) == 10


def test_the_summary_counts_what_can_be_relied_on_and_names_what_cannot(report: CalibrationReport) -> None:
    first, second = summary(report.criteria)
    assert first.startswith("Of 3 criteria")
    assert "Accuracy (unreliable)" in first
    assert "Safety (too few items)" in first
    assert second.startswith("The median of their alphas is 0.")
    assert second.endswith("(Accuracy).")


def test_the_summary_of_one_criterion_and_of_many_stays_short() -> None:
    ratings = drawn_ratings(60, 3, noise=0.9)
    assert summary([a_section(a_criterion(), ratings)]) == ("Accuracy cannot be relied on yet: unreliable.",)
    many = [a_section(a_criterion(f"c{at}"), ratings, weeks=1) for at in range(5)]
    assert summary(many)[0] == "Of 5 criteria none can be relied on yet: 5 unreliable."
    few = [a_section(a_criterion(f"c{at}"), drawn_ratings(6, 3), weeks=1) for at in range(5)]
    assert summary(few)[0] == "Of 5 criteria none can be relied on yet: 5 with too few items."


def test_eight_criteria_and_ten_reviewers_make_a_light_page() -> None:
    sections = [a_section(a_criterion(f"c{at}"), drawn_ratings(40, 10, seed=at)) for at in range(8)]
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    values = template_values(show(a_report(sections, n_reviewers=10)))
    page = environment.get_template("calibration/file.html").render(
        **values, case_links={}, named_items=True, with_items=True, report_chart_url=None
    )
    assert len(page.encode()) < 150_000


def test_of_too_many_reviewers_to_draw_the_pairs_that_agree_least_are_listed() -> None:
    section = a_section(a_criterion(), drawn_ratings(700, 16), weeks=1)
    chart = show(a_report([section], n_reviewers=16)).sections[0].charts["kappa"]
    assert chart.picture is None
    kappas = [row[2] for row in chart.rows]
    assert len(kappas) == 30
    assert kappas == sorted(kappas)
    html = self_contained(a_report([section], n_reviewers=16))
    assert "16 reviewers are too many to draw" in html
    assert "Numbers of: Who agrees with whom" in html


def test_the_strictest_reviewer_comes_first(report: CalibrationReport) -> None:
    chart = show(report).sections[0].charts["severity"]
    strictness = [row[1] for row in chart.rows]
    assert strictness == sorted(strictness)
    assert chart.rows[0][0] == "Anna Kowalska"


def test_a_reviewer_without_a_standard_error_is_a_point_without_an_interval(report: CalibrationReport) -> None:
    section = report.criteria[0]
    first, *others = section.reviewers
    assert first.severity is not None
    unsure = replace(first, severity=replace(first.severity, se=None, ci_low=None, ci_high=None))
    chart = severity_chart(replace(section, reviewers=(unsure, *others)), report.people, rubric="r")
    assert {row[0]: row[2:4] for row in chart.rows}["Anna Kowalska"] == (None, None)
    assert chart.picture is not None


def test_how_answers_lie_is_said_without_who_gave_them() -> None:
    answers = [GivenLevel(0, 1, None), GivenLevel(1, 0, None), GivenLevel(2, 1, None), GivenLevel(3, None, None)]
    assert spread_words(a_criterion(), answers) == "1 × Unacceptable, 2 × Adequate, 1 × not applicable"
    assert spread_words(a_criterion(), [GivenLevel(0, None, 2.5), GivenLevel(1, None, 1.0)]) == "1, 2.5"


def test_who_graded_otherwise_in_a_week_is_said_where_chance_does_not_explain_it(
    report: CalibrationReport,
) -> None:
    section = report.criteria[0]
    shift = ReviewerPeriod(0, 2, 20, -0.4, 0.1, 0.001, 0.004, True)
    shifts = (shift, replace(shift, rater=1, is_raised=False))
    found = shift_sentences(replace(section, period_reviewers=shifts), report.people)
    assert len(found) == 1
    assert found[0].startswith(
        "Anna Kowalska in 2026-W42: 0.40 of a level stricter than in the other weeks, over 20 items"
    )


def test_pooled_versions_are_named(report: CalibrationReport) -> None:
    assert show(report).alpha.method.endswith("version 2, and earlier ones where the question did not change.")
    assert rubric_words("r", (2,)) == "rubric r, version 2"
    assert rubric_words("r", (1, 2, 4)) == "rubric r, versions 1, 2 and 4 pooled"
