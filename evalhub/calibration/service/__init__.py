"""Put a project's figures together: at once from the counts, or in full from the ratings."""

from evalhub.calibration.service.full import report

__all__ = ["report"]
