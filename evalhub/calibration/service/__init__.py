"""Put a project's figures together: at once from the counts, or in full from the ratings."""

from evalhub.calibration.service.full import full_report
from evalhub.calibration.service.live import live_report
from evalhub.calibration.service.stored import AtHand, latest_report, report_named, request_report, shown_report

__all__ = [
    "AtHand",
    "full_report",
    "latest_report",
    "live_report",
    "report_named",
    "request_report",
    "shown_report",
]
