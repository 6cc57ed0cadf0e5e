"""Everything that is written about people and how they prove who they are."""

from __future__ import annotations

from evalhub.accounts.service.inviting import Invited, invite_all, withdraw_link
from evalhub.accounts.service.limits import count_try, forget_tries
from evalhub.accounts.service.links import create_link, use_link
from evalhub.accounts.service.people import (
    create_account,
    disable,
    enable,
    invite,
    rename,
    reset_password,
    set_domains,
    set_password,
    set_profile,
    set_role,
)
from evalhub.accounts.service.sessions import (
    close_all_sessions,
    close_session,
    note_seen,
    open_session,
    replace_sessions,
)
from evalhub.accounts.service.settings import change_settings
from evalhub.accounts.service.tokens import create_token, note_used, revoke_token

__all__ = [
    "Invited",
    "change_settings",
    "close_all_sessions",
    "close_session",
    "count_try",
    "create_account",
    "create_link",
    "create_token",
    "disable",
    "enable",
    "forget_tries",
    "invite",
    "invite_all",
    "note_seen",
    "note_used",
    "open_session",
    "rename",
    "replace_sessions",
    "reset_password",
    "revoke_token",
    "set_domains",
    "set_password",
    "set_profile",
    "set_role",
    "use_link",
    "withdraw_link",
]
