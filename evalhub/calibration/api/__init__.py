"""Agreement and calibration rounds for programs; the same services as the pages."""

from evalhub.calibration.api import agreement, rounds
from evalhub.calibration.api.blueprint import api_bp

__all__ = ["agreement", "api_bp", "rounds"]
