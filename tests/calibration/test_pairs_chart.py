"""Which two reviewers agree, as a chart."""

from __future__ import annotations

from dataclasses import replace

from evalhub.calibration.charts import kappa_chart
from evalhub.calibration.charts.pairs import least_agreeing
from evalhub.calibration.schema.report import Person
from evalhub.calibration.schema.section import CriterionSection
from evalhub.rubrics.schema.models import Scale
from evalhub.stats import PairAgreement
from evalhub.web.charts import Chart
from tests.calibration.reports import a_criterion, a_section, drawn_ratings

PEOPLE = [Person(name, False, 40) for name in ("Ann", "Ben", "Chi")]
FEW = PairAgreement(rater_a=0, rater_b=1, n_items=9, agreement=0.2, kappa=-0.5)
MANY = PairAgreement(rater_a=1, rater_b=2, n_items=10, agreement=0.6, kappa=0.3)
SECTION = replace(a_section(a_criterion(), drawn_ratings(20, 3), weeks=1), pairs=(FEW, MANY))


def drawn(section: CriterionSection) -> Chart:
    return kappa_chart(section, PEOPLE, rubric="rubric answers, version 1")


def test_a_pair_with_fewer_than_ten_shared_items_is_not_among_those_who_agree_least() -> None:
    assert least_agreeing([FEW, MANY, replace(MANY, kappa=0.1), replace(MANY, kappa=None)]) == [
        replace(MANY, kappa=0.1),
        MANY,
    ]


def test_a_pair_with_fewer_than_ten_shared_items_is_grey_and_not_tinted() -> None:
    few, many = drawn(replace(SECTION, pairs=(FEW,))), drawn(replace(SECTION, pairs=(replace(FEW, n_items=10),)))
    assert "c-low" not in str(few.picture)
    assert "c-low" in str(many.picture)


def test_the_agreement_beside_a_weighted_kappa_is_called_weighted_too() -> None:
    assert "Weighted agreement" in drawn(SECTION).headings
    nominal = replace(SECTION, criterion=SECTION.criterion.model_copy(update={"scale": Scale.NOMINAL}))
    assert "Agreement" in drawn(nominal).headings
    assert "without weights" in drawn(nominal).method
