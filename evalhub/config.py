"""Settings: the environment over one TOML file, checked once, all faults reported together."""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from evalhub.errors import CannotStart, Fault

PLACEHOLDER_KEYS = {"dev", "changeme", "change-me", "secret", "secretkey", "secret-key", "password", "test", "default"}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Settings(BaseModel):
    """What an instance needs to run; see docs/configuration.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    instance: Path = Field(description="Folder of evalhub.toml, the secret key and, when it is SQLite, the database")
    secret_key: str = Field(
        repr=False,
        description="At least 32 random characters; `evalhub init` makes them in the file `secret_key` of the folder. "
        "Short, well-known and placeholder keys are refused",
    )
    database_url: str = Field(
        description="SQLAlchemy URL; without one, SQLite in the instance folder. `postgresql://user@host/name` needs "
        "the extra `postgres`"
    )
    base_url: str = Field(
        default="http://127.0.0.1:8000",
        description="Where people reach this server; links are made from it. Plain http is for this machine alone",
    )
    trusted_hosts: tuple[str, ...] = Field(
        default=(), description="Further host names that requests may carry; in the environment separated by commas"
    )
    proxies: int = Field(
        default=0,
        ge=0,
        le=8,
        description="Reverse proxies in front that each add to `X-Forwarded-For`; tries to sign in are counted by the "
        "address that the outermost one saw. With 0 under https they are counted by name alone, for everybody comes "
        "from the proxy",
    )
    session_idle_minutes: int = Field(
        default=60, ge=1, le=1440, description="Minutes without use after which a session ends"
    )
    session_hours: int = Field(default=12, ge=1, le=168, description="Hours after which a session ends in any case")
    max_body_mib: int = Field(default=2, ge=1, le=64, description="Largest form or JSON body, in MiB")
    max_import_mib: int = Field(default=4096, ge=1, description="Largest body of an import, in MiB")
    sweep_seconds: float = Field(
        default=15.0,
        ge=0.1,
        description="Seconds between sweeps, which take back lapsed leases, chain the audit log and revive background "
        "work",
    )
    export_days: int = Field(default=30, ge=1, le=3650, description="How long files of exports are kept")
    job_workers: int = Field(
        default=1,
        ge=0,
        le=16,
        description="Processes for background work beside `evalhub serve`; 0 where `evalhub work` does it",
    )
    redis_url: str | None = Field(
        default=None,
        repr=False,
        description="`redis://host:6379/0` wakes the workers of all machines at once, and needs the extra `redis`; "
        "without it a SQLite file in the folder does",
    )

    @field_validator("secret_key")
    @classmethod
    def _key_is_random(cls, key: str) -> str:
        if key.lower() in PLACEHOLDER_KEYS or "${" in key or key.startswith("<"):
            raise ValueError("is a placeholder; run `evalhub init`, or give 32 random characters or more")
        if len(key) < 32:
            raise ValueError(f"has {len(key)} characters; give 32 random ones or more")
        if _entropy_bits(key) < 64:
            raise ValueError("repeats itself; give 32 random characters or more")
        return key

    @field_validator("base_url")
    @classmethod
    def _base_url_has_a_host(cls, url: str) -> str:
        if not re.fullmatch(r"https?://[^/\s]+", url.rstrip("/")):
            raise ValueError("must be like https://evalhub.example.org, with no path")
        if url.startswith("http://") and _host_of(url.rstrip("/")).strip("[]") not in LOOPBACK:
            raise ValueError(f"is {url}: plain HTTP is for this machine alone; serve it by TLS and say https://")
        return url.rstrip("/")

    @field_validator("redis_url")
    @classmethod
    def _redis_url_is_one(cls, url: str | None) -> str | None:
        if url is not None and not re.match(r"(rediss?|unix)://[^\s]", url):
            raise ValueError("must be like redis://host:6379/0")
        return url

    @property
    def host(self) -> str:
        """The host name of `base_url`, without the port."""
        return _host_of(self.base_url)

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def is_loopback(self) -> bool:
        return self.host.strip("[]") in LOOPBACK


def _host_of(url: str) -> str:
    netloc = url.split("://", 1)[1]
    return netloc.rsplit(":", 1)[0] if not netloc.endswith("]") else netloc


def _entropy_bits(text: str) -> float:
    counts = Counter(text)
    per_character = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    return per_character * len(text)


def instance_folder(given: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The instance named by `--instance`, else by EVALHUB_INSTANCE, else ./instance."""
    return Path(given or environment.get("EVALHUB_INSTANCE") or "instance").resolve()


def load_settings(folder: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read `evalhub.toml` and the `EVALHUB_…` variables of an instance.

    Raises:
        CannotStart: with one fault per setting that is missing or wrong.
    """
    values: dict[str, object] = {"instance": folder, "database_url": f"sqlite:///{folder / 'evalhub.db'}"}
    toml = folder / "evalhub.toml"
    if toml.is_file():
        try:
            values.update(tomllib.loads(toml.read_text("utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CannotStart(f"{toml}: is not valid TOML: {error}") from error
    key_file = folder / "secret_key"
    if key_file.is_file():
        values["secret_key"] = key_file.read_text("utf-8").strip()
    for name in Settings.model_fields:
        given = environment.get(f"EVALHUB_{name.upper()}")
        if given is not None and name != "instance":
            values[name] = [part.strip() for part in given.split(",")] if name == "trusted_hosts" else given
    if "secret_key" not in values:
        raise CannotStart(
            f"{folder} is not an evalhub instance (no secret_key); run `evalhub init --instance {folder}`"
        )
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        faults = [Fault("setting", _advice(e["msg"]), path=".".join(str(p) for p in e["loc"])) for e in error.errors()]
        raise CannotStart(f"the settings in {toml} or the environment are wrong", faults=faults) from error


def _advice(message: str) -> str:
    return message.removeprefix("Value error, ")
