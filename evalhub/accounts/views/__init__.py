"""Pages of accounts: signing in, one's own account, and people."""

from __future__ import annotations

from evalhub.accounts.views import display, inviting, links, own, people, sign_in
from evalhub.accounts.views.blueprint import bp

__all__ = ["bp", "display", "inviting", "links", "own", "people", "sign_in"]
