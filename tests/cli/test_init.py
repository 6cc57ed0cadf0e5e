from __future__ import annotations

import re
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evalhub.cli import COMMANDS, cli, escape_controls
from evalhub.config import load_settings
from tests.web.client import PASSWORD, Browser


def evalhub(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    made = evalhub("init", "--instance", tmp_path / "instance", "--base-url", "http://localhost:8765")
    assert made.exit_code == 0, made.output
    return tmp_path / "instance"


def test_init_makes_a_private_folder_and_a_link_that_signs_the_admin_in(tmp_path: Path) -> None:
    from evalhub.app import create_app

    folder = tmp_path / "deep" / "instance"
    made = evalhub("init", "--instance", folder, "--base-url", "http://localhost:8765")
    assert made.exit_code == 0, made.output
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in folder.parent.iterdir()] == ["instance"]
    path = re.search(r"http://localhost:8765(/links/\S+)", made.output)
    assert path
    browser = Browser(create_app(load_settings(folder, environment={})))
    browser.get(path.group(1))
    browser.post(path.group(1), {"password": PASSWORD, "again": PASSWORD})
    browser.get("/people")


def test_init_leaves_an_instance_as_it_is(instance: Path) -> None:
    key = (instance / "secret_key").read_text()
    again = evalhub("init", "--instance", instance)
    assert again.exit_code == 2
    assert "is not empty" in again.stderr
    assert (instance / "secret_key").read_text() == key


@pytest.mark.parametrize(
    ("option", "value", "status"),
    [
        ("--base-url", "evalhub.example.org", 3),
        ("--base-url", "https://x/path", 3),
        ("--base-url", "http://evalhub.example.org", 3),
        ("--database-url", "nonsense", 3),
        ("--database-url", "postgresql://127.0.0.1:1/none", 3),
        ("--login", "two words", 2),
    ],
)
def test_init_with_a_wrong_setting_leaves_nothing_behind(tmp_path: Path, option: str, value: str, status: int) -> None:
    made = evalhub("init", "--instance", tmp_path / "instance", option, value)
    assert made.exit_code == status
    assert made.stderr
    assert "Traceback" not in made.output
    assert list(tmp_path.iterdir()) == []


def test_init_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    import sqlalchemy as sa

    from tests.postgres import run_on

    name = "evalhub_init_test"
    run_on(postgres_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    run_on(postgres_url, f"CREATE DATABASE {name}")
    url = sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    folder = tmp_path / "instance"
    assert evalhub("init", "--instance", folder, "--database-url", url).exit_code == 0
    assert "admin" in evalhub("user", "list", "--instance", folder).output
    assert evalhub("db", "check", "--instance", folder).exit_code == 0
    run_on(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def test_a_folder_without_an_instance_is_said_to_be_none(tmp_path: Path) -> None:
    refused = evalhub("user", "list", "--instance", tmp_path)
    assert refused.exit_code == 3
    assert "run `evalhub init" in refused.stderr


@pytest.mark.parametrize("key", ["", "changeme", "${SECRET}", "a" * 64, "short"])
def test_a_key_that_is_no_secret_keeps_everything_from_starting(instance: Path, key: str) -> None:
    (instance / "secret_key").write_text(key)
    for command in (["user", "list"], ["serve"]):
        refused = evalhub(*command, "--instance", instance)
        assert refused.exit_code == 3
        assert "secret_key" in refused.stderr


def test_another_revision_keeps_everything_from_starting(instance: Path) -> None:
    assert evalhub("db", "downgrade", "base", "--yes", "--instance", instance).exit_code == 0
    for command in (["user", "list"], ["serve", "--port", "0"]):
        refused = evalhub(*command, "--instance", instance)
        assert refused.exit_code == 3
        assert "run `evalhub db upgrade`" in refused.stderr
    assert evalhub("db", "check", "--instance", instance).exit_code == 1
    assert evalhub("db", "upgrade", "--instance", instance).exit_code == 0
    assert evalhub("db", "check", "--instance", instance).exit_code == 0


def test_a_database_of_a_newer_version_is_said_to_be_one(instance: Path) -> None:
    with sqlite3.connect(instance / "evalhub.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in (["user", "list"], ["db", "upgrade"]):
        refused = evalhub(*command, "--instance", instance)
        assert refused.exit_code == 3
        assert "revision 9999, which this version does not know" in refused.stderr


def test_an_unreachable_database_keeps_everything_from_starting(
    instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALHUB_DATABASE_URL", "postgresql://127.0.0.1:1/none")
    for command in (["user", "list"], ["serve", "--port", "0"], ["db", "current"]):
        refused = evalhub(*command, "--instance", instance)
        assert refused.exit_code == 3
        assert "cannot be reached" in refused.stderr


def test_the_wsgi_module_refuses_in_one_line(tmp_path: Path) -> None:
    root = Path(__file__).parent.parent.parent
    run = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        cwd=root,
        env={"EVALHUB_INSTANCE": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 3
    assert run.stderr.count("\n") == 1


def test_people_and_tokens_by_the_command_line(instance: Path) -> None:
    added = evalhub("user", "add", "ben", "--name", "Ben", "--domain", "rust", "--instance", instance)
    assert "http://localhost:8765/links/" in added.output
    assert evalhub("user", "add", "BEN", "--instance", instance).exit_code == 2
    assert evalhub("user", "role", "ben", "admin", "--instance", instance).exit_code == 0
    assert evalhub("token", "add", "ben", "--instance", instance).output.startswith("evh_")
    listed = evalhub("token", "list", "ben", "--instance", instance).output
    assert evalhub("token", "revoke", "ben", listed.split()[0], "--instance", instance).exit_code == 0
    assert evalhub("token", "list", "ben", "--instance", instance).output == ""
    assert evalhub("user", "disable", "ben", "--instance", instance).exit_code == 0
    assert evalhub("user", "disable", "admin", "--instance", instance).exit_code == 2
    assert evalhub("user", "reset", "nobody", "--instance", instance).exit_code == 2
    assert "disabled" in evalhub("user", "list", "--instance", instance).output


def test_help_imports_no_command() -> None:
    code = "import sys; from evalhub.cli import cli; cli.main(['--help'], standalone_mode=False)"
    code += "; print('sqlalchemy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.endswith("False\n")
    for name in COMMANDS:
        assert name in run.stdout


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_that_is_listed_exists(name: str) -> None:
    assert evalhub(name, "--help").exit_code == 0


def test_wrong_use_is_exit_2() -> None:
    assert evalhub("nothing").exit_code == 2
    assert evalhub("user", "add").exit_code == 2


def test_a_terminal_gets_no_control_characters() -> None:
    assert escape_controls("a\x1b[31m\u202eb\nc") == "a\\x1b[31m\\u202eb\nc"


def test_all_faults_of_the_settings_are_said_once(instance: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALHUB_BASE_URL", "http://evalhub.example.org")
    monkeypatch.setenv("EVALHUB_SESSION_HOURS", "many")
    refused = evalhub("doctor", "--instance", instance)
    assert refused.exit_code == 3
    assert refused.stderr.count("plain HTTP is for this machine alone") == 1
    assert refused.stderr.count("session_hours") == 1


def test_a_misspelt_command_is_answered_with_the_one_that_was_meant() -> None:
    refused = evalhub("clibrate", "pilot")
    assert refused.exit_code == 2
    assert "Did you mean 'calibrate'?" in refused.stderr
