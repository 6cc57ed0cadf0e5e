"""The tables of the calibration stage."""

from evalhub.calibration.models.report import StoredReport
from evalhub.calibration.models.round import CalibrationRound, RoundItem, RoundState

__all__ = ["CalibrationRound", "RoundItem", "RoundState", "StoredReport"]
