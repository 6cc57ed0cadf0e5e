"""Pages of calibration."""

from evalhub.calibration.views import files, report
from evalhub.calibration.views.blueprint import bp

__all__ = ["bp", "files", "report"]
