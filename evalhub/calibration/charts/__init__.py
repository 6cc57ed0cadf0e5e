"""The charts of the calibration report, and their files."""

from evalhub.calibration.charts.criteria import alpha_chart, overall_chart
from evalhub.calibration.charts.levels import confusion_chart, confusion_charts, levels_chart
from evalhub.calibration.charts.pairs import kappa_chart
from evalhub.calibration.charts.severity import severity_chart
from evalhub.calibration.charts.weeks import weeks_chart

__all__ = [
    "alpha_chart",
    "confusion_chart",
    "confusion_charts",
    "kappa_chart",
    "levels_chart",
    "overall_chart",
    "severity_chart",
    "weeks_chart",
]
