"""evalhub: expert grading of model responses, with figures on how far the grades can be trusted."""

__version__ = "0.1.0"
