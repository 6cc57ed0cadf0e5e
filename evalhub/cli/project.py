"""`evalhub project …`: make, look at, close and reopen projects."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from evalhub.cli.adopt import adopt
from evalhub.cli.instance import Instance, open_instance
from evalhub.cli.member import member
from evalhub.cli.output import print_json, print_table
from evalhub.cli.project_settings import batch, batches, change

if TYPE_CHECKING:
    from evalhub.projects.schema import OverlapPlan

FLAGS = ("span", "critical", "applicability", "no_consensus", "pass_flip")


@click.group()
def project() -> None:
    """Create, list, close and reopen projects, and show how far they are."""


for _command in (adopt, change, batches, batch, member):
    project.add_command(_command)


@project.command()
@click.argument("name")
@click.option("--dataset", "-d", required=True, help="Name of a dataset.")
@click.option("--rubric", "-r", required=True, help="Name of a rubric, or name@version.")
@click.option("--title", default="", help="What people see; the name where it is missing.")
@click.option("--overlap", type=click.IntRange(1, 31), default=2, show_default=True, help="Reviewers an item.")
@click.option("--overlap-share", type=click.FloatRange(0, 1), default=0.0, help="Share of items that get more.")
@click.option("--overlap-need", type=click.IntRange(1, 31), help="Reviewers that these items get.")
@click.option("--stratify-by", multiple=True, type=click.Choice(["model", "tags"]), help="Spread the share evenly.")
@click.option(
    "--order",
    type=click.Choice(["random", "as-imported", "by-group"]),
    default="random",
    show_default=True,
    help="In which order items are handed out.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), help="Of the order and the share; drawn where it is missing."
)
@click.option(
    "--lease-minutes",
    type=click.IntRange(1, 1440),
    default=45,
    show_default=True,
    help="How long an item is kept for its reviewer, from the last sign of life.",
)
@click.option(
    "--flag",
    multiple=True,
    type=click.Choice(FLAGS),
    help="A difference that opens a case; all but pass_flip do anyway.",
)
@click.option("--no-flag", multiple=True, type=click.Choice(FLAGS), help="A difference that opens no case.")
@click.option(
    "--influence",
    type=click.FloatRange(0, 1, min_open=True),
    help="Open a case of an item too that lowers a criterion's alpha by this much, like 0.01.",
)
@click.option("--one-more", is_flag=True, help="Ask one more reviewer before an adjudicator.")
@click.option("--pairs", is_flag=True, help="Have two items of one pair_id graded side by side, with a preference.")
@click.option("--pass-score", type=float, help="Passes from this overall score; else the rubric's own rule.")
@click.option("--pass-level", help="Passes from this overall level; else the rubric's own rule.")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), help="Due date.")
@click.option("--reviewer", multiple=True, help="Sign-in name; may be given several times.")
@click.option("--adjudicator", multiple=True, help="Sign-in name; may be given several times.")
@click.option("--manager", multiple=True, help="Sign-in name; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
@click.pass_context
def create(ctx: click.Context, /, name: str, due: datetime | None, as_json: bool, **given: Any) -> None:
    """Make a project and its queue; NAME has small letters, digits, - and _."""
    from evalhub.projects.models import QueueOrder
    from evalhub.projects.schema import OverlapPlan, Rules
    from evalhub.projects.service import NewProject

    seed = secrets.randbelow(2**31) if given["seed"] is None else given["seed"]
    overlap = OverlapPlan(
        base=given["overlap"],
        share=given["overlap_share"],
        need=given["overlap_need"],
        stratify_by=given["stratify_by"],
        seed=seed,
    )

    flags = dict.fromkeys(given["flag"], True) | dict.fromkeys(given["no_flag"], False)
    given_rules: dict[str, Any] = {
        "flags": flags | {"influence": given["influence"]},
        "one_more": given["one_more"],
    }
    if given["pass_score"] is not None or given["pass_level"]:
        given_rules["pass_rule"] = {"score_at_least": given["pass_score"], "level_at_least": given["pass_level"]}
    rules = Rules.model_validate(given_rules)

    def new(dataset_id: int, rubric_version_id: int) -> NewProject:
        return NewProject(
            name=name,
            title=given["title"],
            dataset_id=dataset_id,
            rubric_version_id=rubric_version_id,
            overlap=overlap,
            order=QueueOrder(given["order"]),
            rules=rules,
            lease_minutes=given["lease_minutes"],
            due_on=due.date() if due else None,
            pairs=given["pairs"],
        )

    instance = open_instance(ctx)
    _make(instance, new, given)
    shown = _status(instance, name)
    if as_json:
        print_json(shown)
    else:
        click.echo(f"made project {name}: {shown['items']} items, {shown['slots_needed']} reviews to do")
        _warn_of_few_reviewers(len(set(given["reviewer"])), overlap)


def _warn_of_few_reviewers(reviewers: int, overlap: OverlapPlan) -> None:
    needed = max(overlap.base, overlap.need or 0)
    if reviewers < needed:
        click.echo(
            f"warning: an item needs up to {needed} reviewers, and the project has {reviewers};"
            " add others with `evalhub project member add`",
            err=True,
        )


def _make(instance: Instance, new: Any, given: dict[str, Any]) -> None:
    from sqlalchemy.orm import Session

    from evalhub.accounts.queries import account_of_login
    from evalhub.datasets.queries import dataset_named
    from evalhub.db import now
    from evalhub.errors import BadInput, Fault
    from evalhub.projects.schema import roles_by_login
    from evalhub.projects.service import create_project, set_member
    from evalhub.rubrics.queries import resolve

    def make(session: Session) -> None:
        moment = now(session)
        dataset, version = dataset_named(session, given["dataset"]), resolve(session, given["rubric"])
        made = create_project(session, new(dataset.id, version.id), by=None, now=moment)
        people = roles_by_login(given["reviewer"], given["adjudicator"], given["manager"])
        for login, roles in people.items():
            account = account_of_login(session, login)
            if account is None:
                fault = Fault("schema", f'nobody signs in as "{login}"; make the account with `evalhub user add`')
                raise BadInput("There is no such person.", faults=[fault])
            set_member(session, made.id, account.id, roles, by=None, now=moment)

    instance.write(make)


@project.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_projects(ctx: click.Context, *, as_json: bool) -> None:
    """List the projects."""
    from evalhub.projects.queries import all_projects

    with open_instance(ctx).reading() as session:
        rows = [
            {
                "project": line.project.name,
                "dataset": line.dataset,
                "rubric": f"{line.rubric}@{line.rubric_version}",
                "state": line.project.state.value,
            }
            for line in all_projects(session)
        ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table("projects", list(rows[0]), [list(row.values()) for row in rows])


@project.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(ctx: click.Context, name: str, as_json: bool) -> None:
    """How far project NAME is, and who is doing what."""
    shown = _status(open_instance(ctx), name)
    if as_json:
        print_json(shown)
        return
    figures = ("items", "waiting", "in_review", "one_more", "scored", "held", "stuck", "open_cases", "decided_cases")
    print_table(f"{name}: {shown['state']}", ["what", "how many"], [[f.replace("_", " "), shown[f]] for f in figures])
    rows = [[r["name"], r["submitted"], r["extra"], r["skipped"], r["holds_since"] or "–"] for r in shown["reviewers"]]
    print_table("reviewers", ["reviewer", "reviews", "extra", "skipped", "holds an item since"], rows)


@project.command()
@click.argument("name")
@click.pass_context
def close(ctx: click.Context, name: str) -> None:
    """Hand out no more items of project NAME."""
    from evalhub.db import now
    from evalhub.projects.queries import project_named
    from evalhub.projects.service import close_project

    instance = open_instance(ctx)
    instance.write(lambda s: close_project(s, project_named(s, name).id, by=None, now=now(s)))
    click.echo(f"closed {name}")


@project.command()
@click.argument("name")
@click.pass_context
def reopen(ctx: click.Context, name: str) -> None:
    """Hand out items of project NAME again."""
    from evalhub.db import now
    from evalhub.projects.queries import project_named
    from evalhub.projects.service import reopen_project

    instance = open_instance(ctx)
    instance.write(lambda s: reopen_project(s, project_named(s, name).id, by=None, now=now(s)))
    click.echo(f"reopened {name}")


@project.command()
@click.argument("name")
@click.option("--n", type=click.IntRange(1, 1000), required=True, help="How many items.")
@click.option("--criterion", default="", help="Whose figures are to become sharper; for the log.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Of the draw; drawn itself where it is missing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def more(ctx: click.Context, /, name: str, n: int, *, criterion: str, seed: int | None, as_json: bool) -> None:
    """Give N items of project NAME that one reviewer grades a second one, drawn at random."""
    from dataclasses import asdict

    from evalhub.review.service.more import hand_out_more

    drawn_by = secrets.randbelow(2**31) if seed is None else seed
    done = hand_out_more(open_instance(ctx).database, name, n, seed=drawn_by, criterion=criterion)
    if as_json:
        print_json(asdict(done))
        return
    few = "" if done.given == done.asked else f"; there were no more, {done.asked} were asked for"
    click.echo(f"{done.given} items of {name} get a second reviewer (seed {done.seed}){few}")


def _status(instance: Instance, name: str) -> dict[str, Any]:
    from evalhub.projects.queries import project_named
    from evalhub.reports.queries import case_counts
    from evalhub.review.queries.progress import funnel, loads
    from evalhub.review.queries.stuck import n_stuck

    with instance.reading() as session:
        found = project_named(session, name)
        far, cases = funnel(session, found.id), case_counts(session, found.id)
        stuck = n_stuck(session, found.id)
        reviewers = [
            {
                "name": load.name,
                "submitted": load.submitted,
                "extra": load.extra,
                "skipped": load.skipped,
                "holds_since": load.leased_since.isoformat() if load.leased_since else None,
            }
            for load in loads(session, found.id)
        ]
    return {
        "project": found.name,
        "state": found.state.value,
        "items": far.imported,
        "waiting": far.waiting,
        "in_review": far.in_review,
        "one_more": far.one_more,
        "scored": far.scored,
        "held": far.held,
        "stuck": stuck,
        "slots_done": far.slots_done,
        "slots_needed": far.slots_needed,
        "open_cases": cases.open,
        "decided_cases": cases.decided,
        "reviewers": reviewers,
    }
