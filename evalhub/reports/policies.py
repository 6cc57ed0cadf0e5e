"""How much of a project's history somebody may read."""

from __future__ import annotations

from evalhub.export.policies import sees_everybodys_work
from evalhub.projects.policies import adjudicate, manage_project
from evalhub.reports.queries.explanation import Reader
from evalhub.reports.queries.items import Onlooker
from evalhub.web.principal import Principal


def reader_of(principal: Principal, p: str) -> Reader:
    """Names and training are for managers; an adjudicator is kept from names and model while a case is open."""
    manages = manage_project(principal, p)
    return Reader(names=manages, training=manages, decides_cases=adjudicate(principal, p))


def onlooker_of(principal: Principal, p: str) -> Onlooker:
    return Onlooker(principal.account_id, decides_cases=adjudicate(principal, p))


def read_log(principal: Principal, p: str) -> bool:
    """Managers who grade nothing here any more: the log says who did what with which item."""
    return sees_everybodys_work(principal, p, "its log")
