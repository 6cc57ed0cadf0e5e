"""Training for programs: settings, gold items, and who is certified."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.training.models import Use
from evalhub.training.queries.references import gold_named
from evalhub.training.queries.settings import settings_of
from evalhub.training.schema.rules import PlanSettings
from evalhub.training.service.golds import NewGold, add_gold, retire_gold
from evalhub.training.service.settings import set_settings
from evalhub.training.shown import as_document, training_of
from evalhub.web.answers import json_response
from evalhub.web.api import documented, parse_body
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

api_bp = Blueprint("training_api", __name__, url_prefix="/api/v1")


class GoldIn(BaseModel):
    """Items to be used as gold, all or none; their known levels are those that they were imported with."""

    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=200)]
    use: Use
    note: Annotated[str, Field(max_length=500)] = ""


class TrainingOut(BaseModel):
    """Settings, the rule that they come to, gold items by use, and reviewers with their certificates and hit rates."""

    settings: PlanSettings
    rule: dict[str, Any]
    items: list[dict[str, Any]]
    reviewers: list[dict[str, Any]]


@api_bp.get("/projects/<p>/training")
@allowed(manage_project)
@documented(summary="Gold items, the rule and who is certified", responses={200: TrainingOut})
def training(p: str) -> ResponseReturnValue:
    return json_response(_shown(p), 200)


@api_bp.put("/projects/<p>/training")
@allowed(manage_project)
@documented(summary="Change how reviewers are trained", request=PlanSettings, responses={200: TrainingOut})
def change(p: str) -> ResponseReturnValue:
    settings, by_id, at = parse_body(PlanSettings), require_principal().account_id, utc_now()
    write(lambda s: set_settings(s, project_named(s, p).id, settings, by=s.get(Account, by_id), at=at))
    return json_response(_shown(p), 200)


@api_bp.post("/projects/<p>/training/items")
@allowed(manage_project)
@documented(summary="Use items with known levels as gold", request=GoldIn, responses={201: TrainingOut})
def add(p: str) -> ResponseReturnValue:
    body, by_id, at = parse_body(GoldIn), require_principal().account_id, utc_now()

    def add_all(session: Session) -> None:
        project_id, by = project_named(session, p).id, session.get(Account, by_id)
        for item in body.items:
            add_gold(session, project_id, NewGold(item, body.use, note=body.note), by=by, at=at)

    write(add_all)
    return json_response(_shown(p), 201)


@api_bp.delete("/projects/<p>/training/items/<gold>")
@allowed(manage_project)
@documented(summary="Take an item out of training", responses={200: TrainingOut})
def retire(p: str, gold: str) -> ResponseReturnValue:
    by_id, at = require_principal().account_id, utc_now()
    write(
        lambda s: retire_gold(s, gold_named(s, project_named(s, p).id, gold), by=s.get(Account, by_id), at=at),
    )
    return json_response(_shown(p), 200)


def _shown(p: str) -> TrainingOut:
    with reading() as session:
        project = project_named(session, p)
        settings = settings_of(session, project)
        shown = training_of(session, project, settings, require_principal().account_id)
        return TrainingOut(settings=settings, **as_document(shown))
