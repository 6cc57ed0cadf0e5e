"""Pages of calibration."""

from evalhub.calibration.views import files, more, report, rounds
from evalhub.calibration.views.blueprint import bp

__all__ = ["bp", "files", "more", "report", "rounds"]
