"""People who sign in with a real browser."""

from __future__ import annotations

from tests.browser.conftest import sign_in

__all__ = ["sign_in"]
