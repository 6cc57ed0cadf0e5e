"""The way of a file from its upload to its items, by the pages alone; the jobs between are run here."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from evalhub.datasets import jobs
from evalhub.datasets.models import Dataset, Item, ItemImport, Upload, UploadState
from evalhub.datasets.service import import_items
from evalhub.db import Database
from evalhub.jobs.models import Job, JobState
from evalhub.jobs.running import JobRun
from evalhub.web.session import write
from tests.jobs.work import work_off
from tests.world import a_project

GOOD = {
    "id": "i1",
    "prompt": "What is **tar**?",
    "response": "| A | b |\n|---|---|\n| 1 | 2 |",
    "model": "secret-model",
}


def as_lines(*records: Mapping[str, Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Pages on SQLite alone; what they call is tested on both."""
    return sqlite_database


def send(
    browser: FlaskClient, body: bytes, name: str = "file.jsonl", second: tuple[bytes, str] | None = None, **more: str
) -> str:
    """Upload a file; the address of the page that follows."""
    fields: dict[str, Any] = {"file": (io.BytesIO(body), name), **more}
    if second is not None:
        fields["companion"] = (io.BytesIO(second[0]), second[1])
    answer = browser.post("/datasets/answers/import", data=fields)
    assert answer.status_code == 303, answer.text
    return answer.location


def checked(browser: FlaskClient, database: Database, body: bytes, name: str = "file.jsonl", **more: Any) -> str:
    """Upload a file and have it checked; its page."""
    at = send(browser, body, name, **more)
    assert [job.state for job in work_off(database)] == [JobState.DONE]
    return at


def upload(database: Database) -> Upload:
    with database.reading() as session:
        return session.scalars(sa.select(Upload).order_by(Upload.id.desc())).first()  # type: ignore[return-value]


def stored(database: Database) -> list[int]:
    with database.reading() as session:
        return [session.scalar(sa.select(sa.func.count()).select_from(m)) or 0 for m in (Dataset, ItemImport, Item)]


def test_a_file_is_checked_confirmed_and_imported(browser: FlaskClient, database: Database) -> None:
    at = send(browser, as_lines(GOOD), "C:\\runs\\<b>run.jsonl")
    assert "Waits for a worker" in browser.get(at).text
    work_off(database)
    page = browser.get(at).text
    assert "1 new item<" in page
    assert "&lt;b&gt;run.jsonl" in page
    assert "C:\\runs" not in page
    assert stored(database) == [0, 0, 0]
    assert browser.post(f"{at}/confirm").location == at
    assert "Waits for a worker" in browser.get(at).text
    work_off(database)
    assert "1 item was added" in browser.get(at).text
    assert "1 item<" in browser.get("/datasets/answers").text
    assert stored(database) == [1, 1, 1]


def test_the_first_items_are_shown_as_reviewers_see_them(browser: FlaskClient, database: Database) -> None:
    page = browser.get(checked(browser, database, as_lines(*({**GOOD, "id": f"i{n}"} for n in range(7))))).text
    assert page.count("<strong>tar</strong>") == 5
    assert page.count("<table>") == 5
    assert "secret-model" not in page.split("As reviewers will see it")[1].split("</section>")[0]


def test_a_file_lies_under_a_random_name_for_the_server_alone(
    browser: FlaskClient, database: Database, tmp_path: Path
) -> None:
    checked(browser, database, as_lines(GOOD), "../../../etc/passwd")
    path = Path(upload(database).path)
    assert path.parent == tmp_path / "uploads"
    assert path.name == upload(database).public_id
    assert {oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()} == {"0o600"}


def test_its_files_are_gone_after_the_import_and_after_throwing_it_away(
    browser: FlaskClient, database: Database, tmp_path: Path
) -> None:
    at = checked(browser, database, as_lines(GOOD))
    browser.post(f"{at}/confirm")
    work_off(database)
    assert list((tmp_path / "uploads").iterdir()) == []
    other = checked(browser, database, as_lines({**GOOD, "id": "i2"}))
    assert browser.post(f"{other}/discard").status_code == 303
    assert list((tmp_path / "uploads").iterdir()) == []
    assert browser.get(other).status_code == 404
    assert browser.post(f"{at}/confirm").status_code == 409


def test_a_file_that_nobody_comes_back_to_is_swept_after_a_day(
    browser: FlaskClient, database: Database, tmp_path: Path
) -> None:
    checked(browser, database, as_lines(GOOD))
    old = upload(database).touched_at - timedelta(hours=25)
    jobs.drop_leftovers(database)
    assert upload(database) is not None
    write(lambda session: session.execute(sa.update(Upload).values(touched_at=old)), on=database)
    jobs.drop_leftovers(database)
    assert upload(database) is None
    assert list((tmp_path / "uploads").iterdir()) == []


def test_bad_lines_are_listed_all_of_them_can_be_downloaded_and_nothing_is_stored(
    browser: FlaskClient, database: Database
) -> None:
    at = checked(browser, database, as_lines(GOOD) + b"=cmd()\n" * 150)
    page = browser.get(at).text
    assert "line 2" in page
    assert "… and 50 more" in page
    assert "Import 1 item" not in page
    lines = [json.loads(line) for line in browser.get(f"{at}/notes.jsonl").text.splitlines()]
    assert [line["line"] for line in lines] == list(range(2, 152))
    assert {(line["kind"], line["code"]) for line in lines} == {("fault", "json")}
    assert len(browser.get(f"{at}/notes.csv").text.splitlines()) == 151
    assert browser.get(f"{at}/notes.txt").status_code == 404
    assert browser.post(f"{at}/confirm").status_code == 409
    assert work_off(database) == []
    assert stored(database) == [0, 0, 0]


def test_a_note_that_a_spreadsheet_would_run_is_text(browser: FlaskClient, database: Database) -> None:
    at = checked(browser, database, as_lines({**GOOD, "=1+1": "x"}))
    assert ",'=1+1," in browser.get(f"{at}/notes.csv").text


def test_what_fits_no_line_is_a_note_too(browser: FlaskClient, database: Database) -> None:
    at = checked(browser, database, b"\xff\xfe{\x00")
    assert "UTF-16" in browser.get(at).text
    assert "encoding" in browser.get(f"{at}/notes.jsonl").text


def test_the_fields_of_another_shape_are_found_guessed_and_mapped(browser: FlaskClient, database: Database) -> None:
    rows = [{"uuid": n, "task": {"question": f"Why {n}?"}, "out": [{"text": f"So {n}."}]} for n in range(3)]
    at = checked(browser, database, as_lines(*rows))
    page = browser.get(at).text
    assert "3 lines are wrong" in page
    assert '<option selected value="uuid">uuid</option>' in page
    assert '<option selected value="task.question">' in page
    assert '<option selected value="out.0.text">' in page
    wrong = browser.post(at, data={"format": "jsonl", "from_id": "uuid", "further": "colour=x"})
    assert wrong.status_code == 422
    assert "colour=x" in wrong.text
    assert '<option selected value="uuid">uuid</option>' in wrong.text
    mapped = {"from_id": "uuid", "from_prompt": "task.question", "from_response": "out.0.text"}
    assert browser.post(at, data={"format": "jsonl", **mapped, "further": "metadata.t=task"}).location == at
    work_off(database)
    assert "3 new items" in browser.get(at).text
    assert "So 0." in browser.get(at).text
    browser.post(f"{at}/confirm")
    work_off(database)
    with database.reading() as session:
        assert session.scalars(sa.select(Item.external_id).order_by(Item.id)).all() == ["0", "1", "2"]


def test_a_guess_is_never_taken_without_being_asked_for(browser: FlaskClient, database: Database) -> None:
    at = checked(browser, database, as_lines({"id": "i1", "prompt": "Q", "answer": "A"}))
    assert "1 line is wrong" in browser.get(at).text
    assert '<option selected value="answer">' in browser.get(at).text


def test_a_text_is_guessed_inside_of_what_holds_it(browser: FlaskClient, database: Database) -> None:
    row = {"uuid": "i1", "prompt": "Q", "output": {"text": "A", "tokens": 1}, "history": [{"role": "user"}]}
    page = browser.get(checked(browser, database, as_lines(row))).text
    assert '<option selected value="output.text">' in page
    assert '<option selected value="output">' not in page
    assert '<option selected value="history">' in page


def test_a_file_on_its_way_into_a_dataset_that_is_not_there_yet_can_be_come_back_to(
    browser: FlaskClient, database: Database
) -> None:
    at = checked(browser, database, as_lines(GOOD))
    page = browser.get("/datasets").text
    assert f'href="{at}"' in page
    assert "into answers, checked, waits for you to confirm" in page


def test_other_fields_are_left_aside_when_asked(browser: FlaskClient, database: Database) -> None:
    at = checked(browser, database, as_lines({**GOOD, "extra": 1}))
    assert "1 line is wrong" in browser.get(at).text
    browser.post(at, data={"format": "jsonl", "leaves_others": "y"})
    work_off(database)
    assert "1 new item<" in browser.get(at).text


def test_columns_of_csv_are_found(browser: FlaskClient, database: Database) -> None:
    at = checked(browser, database, b"key,question,generation\n1,Why?,So.\n", "run.csv")
    page = browser.get(at).text
    for name in ("key", "question", "generation"):
        assert f'<option selected value="{name}">' in page


def test_each_file_of_the_corpus_fares_by_the_wizard_as_by_the_command_line(
    shared: Path, browser: FlaskClient, database: Database
) -> None:
    manifest = json.loads((shared / "corpus" / "manifest.json").read_text("utf-8"))
    for case in manifest["files"]:
        if case["kind"] not in ("items_jsonl", "hostile_output_jsonl"):
            continue
        body, expected = (shared / "corpus" / case["path"]).read_bytes(), case["expect"]
        at = checked(browser, database, body, "corpus.jsonl", format="jsonl")
        page, found = browser.get(at).text, upload(database)
        assert found.report is not None
        if expected["outcome"] == "reject":
            assert (found.state, found.report["code"]) == (UploadState.REFUSED, expected["error_code"]), case["path"]
            lines = sorted({note["line"] for note in found.report["faults"]["first"]})
            assert lines == expected.get("bad_lines", lines), case["path"]
        else:
            assert (found.state, found.report["added"]) == (UploadState.CHECKED, expected["rows"]), case["path"]
        assert "<script>alert" not in page
        assert "javascript:" not in page.lower().replace("<pre", "")[: page.find("<main")], case["path"]
        assert stored(database) == [0, 0, 0], case["path"]


def test_hostile_output_runs_nothing_in_the_preview(shared: Path, browser: FlaskClient, database: Database) -> None:
    manifest = json.loads((shared / "corpus" / "manifest.json").read_text("utf-8"))
    for case in manifest["files"]:
        if case["kind"] == "hostile_output_jsonl" and case["expect"]["outcome"] != "reject":
            page = browser.get(checked(browser, database, (shared / "corpus" / case["path"]).read_bytes())).text
            preview = page.split("As reviewers will see it")[1].split("</main>")[0]
            assert all(sign not in preview for sign in ("<script", "<iframe", "<img", "<style", "<svg", "<object"))


def test_open_projects_are_named_with_the_hours_they_will_need(browser: FlaskClient, database: Database) -> None:
    a_project(database, items=1, name="answers")
    with database.writer.begin() as connection:
        connection.execute(sa.update(Dataset).values(name="answers"))
    page = browser.get(checked(browser, database, as_lines(GOOD, {**GOOD, "id": "i2"}))).text
    assert "What it means for the projects" in page
    assert "the words: 150 a minute" in page
    assert '<td class="number">4</td>' in page


def test_an_import_whose_worker_died_is_done_again_and_adds_nothing_twice(
    browser: FlaskClient, database: Database
) -> None:
    at = checked(browser, database, as_lines(*({**GOOD, "id": f"i{n}"} for n in range(2500))))
    browser.post(f"{at}/confirm")
    found = upload(database)

    class Died(BaseException):
        pass

    def until_death(fn: Any) -> Any:
        """As after a kill: once 2,000 items are stored nothing more is written, and nobody tidies up."""
        if stored(database)[2] == 2000:
            raise Died
        return write(fn, on=database)

    with pytest.raises(Died):
        import_items(
            until_death,
            io.BytesIO(Path(found.path).read_bytes()),
            dataset_name="answers",
            source_name=found.name,
            actor_id=found.by_id,
            upload=found.public_id,
        )
    assert stored(database) == [1, 1, 2000]
    assert "0 items" in browser.get("/datasets/answers").text
    assert [job.state for job in work_off(database)] == [JobState.DONE]
    assert stored(database) == [1, 1, 2500]
    assert "2,500 items were added" in browser.get(at).text
    run = JobRun(project_id=None, by_id=found.by_id, arguments={"upload": found.public_id})
    jobs.import_file(database, run)
    assert stored(database) == [1, 1, 2500]


def test_a_dataset_that_changed_since_the_check_is_told_and_nothing_is_stored(
    browser: FlaskClient, database: Database
) -> None:
    at = checked(browser, database, as_lines(GOOD, {**GOOD, "id": "i2"}))
    other = as_lines({**GOOD, "response": "Another"})
    import_items(partial(write, on=database), io.BytesIO(other), dataset_name="answers", source_name="o", actor_id=None)
    browser.post(f"{at}/confirm")
    assert [job.state for job in work_off(database)] == [JobState.FAILED]
    assert "is in the dataset with other content" in browser.get(at).text
    assert stored(database) == [1, 1, 1]


def test_a_cancelled_import_leaves_nothing(browser: FlaskClient, database: Database) -> None:
    at = checked(browser, database, as_lines(GOOD))
    browser.post(f"{at}/confirm")
    with database.reading() as session:
        job = session.get_one(Job, upload(database).job_id)
    browser.post(f"/jobs/{job.public_id}/cancel")
    assert work_off(database) == []
    assert "Cancelled" in browser.get(at).text
    assert stored(database) == [0, 0, 0]
    browser.post(f"/jobs/{job.public_id}/again")
    work_off(database)
    assert "1 item was added" in browser.get(at).text


def test_an_import_can_be_left_and_come_back_to(browser: FlaskClient, database: Database) -> None:
    at = checked(browser, database, as_lines(GOOD))
    assert at in browser.get("/datasets/answers/import").text
    browser.post(f"{at}/confirm")
    work_off(database)
    checked(browser, database, as_lines({**GOOD, "id": "i2"}), "later.jsonl")
    assert "later.jsonl" in browser.get("/datasets/answers").text


def test_a_file_cannot_be_changed_while_it_is_read(browser: FlaskClient) -> None:
    at = send(browser, as_lines(GOOD))
    assert browser.post(at, data={"format": "csv"}).status_code == 409
    assert browser.post(f"{at}/discard").status_code == 409


def test_the_same_import_twice_says_that_nothing_is_new(browser: FlaskClient, database: Database) -> None:
    browser.post(f"{checked(browser, database, as_lines(GOOD))}/confirm")
    work_off(database)
    page = browser.get(checked(browser, database, as_lines(GOOD))).text
    assert "0 new items" in page
    assert "There is nothing to add" in page
