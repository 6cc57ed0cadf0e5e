"""Exports that were made, so that each can be named and checked again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, CanonicalJson, new_public_id


class Export(Base):
    __tablename__ = "export"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), index=True)
    shape: Mapped[str] = mapped_column(sa.String(32))
    options: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    manifest_sha256: Mapped[str] = mapped_column(sa.String(64))
    n_items: Mapped[int]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    counts: Mapped[dict[str, int]] = mapped_column(CanonicalJson, server_default="{}")
    """How many of what, by `items`, `unscored` and `ratings`; empty for exports of earlier versions."""
    path: Mapped[str | None] = mapped_column(sa.Text)
    """Where its file is kept, if it was made in the background and is not dropped yet."""
    n_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    kept_until: Mapped[datetime | None]

    def is_kept(self, now: datetime) -> bool:
        """Whether its file can still be had."""
        return self.path is not None and self.kept_until is not None and self.kept_until > now
