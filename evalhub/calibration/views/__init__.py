"""Pages of calibration."""

from evalhub.calibration.views import boundaries, files, more, report, rounds
from evalhub.calibration.views.blueprint import bp

__all__ = ["boundaries", "bp", "files", "more", "report", "rounds"]
