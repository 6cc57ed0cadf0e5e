"""The instance that a command works on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy.orm import Session

from evalhub.config import Settings, instance_folder, load_settings
from evalhub.db import Database
from evalhub.migrating import open_database
from evalhub.web.session import write

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Instance:
    settings: Settings
    database: Database

    def write(self, fn: Callable[[Session], T]) -> T:
        """Run `fn(session)` in one write transaction of this instance's database."""
        return write(fn, on=self.database)

    def reading(self) -> AbstractContextManager[Session]:
        return self.database.reading()


def folder_of(ctx: click.Context) -> Path:
    """The folder that `--instance` names, or the environment, or the default."""
    return instance_folder(ctx.find_root().obj)


def settings_of(ctx: click.Context) -> Settings:
    return load_settings(folder_of(ctx))


def open_instance(ctx: click.Context) -> Instance:
    """The settings and the database, checked, with the later stages listening.

    Raises:
        CannotStart: when settings or database do not fit.
    """
    from evalhub.wiring import connect_handlers

    settings = settings_of(ctx)
    database = open_database(settings.database_url)
    connect_handlers()
    ctx.call_on_close(database.close)
    return Instance(settings, database)
