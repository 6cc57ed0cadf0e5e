"""Put a project's figures together: at once from the counts, or in full from the ratings."""

from evalhub.calibration.service.full import full_report
from evalhub.calibration.service.live import live_report

__all__ = ["full_report", "live_report"]
