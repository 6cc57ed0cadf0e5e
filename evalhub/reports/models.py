"""What people have put away of their notices; the notices themselves are read from what they are about."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base

EVERYTHING = ""
"""In the place of a notice: all of them up to a moment."""


class NoticeSeen(Base):
    """One notice that somebody has put away; or, under `EVERYTHING`, all up to `at`."""

    __tablename__ = "notice_seen"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    notice: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    at: Mapped[datetime]
