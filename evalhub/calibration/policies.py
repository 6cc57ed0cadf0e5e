"""Who may talk about a round."""

from __future__ import annotations

from evalhub.calibration.queries.discussion import own_discussed
from evalhub.calibration.queries.rounds import round_of
from evalhub.errors import NotFound
from evalhub.projects.queries import membership, project_named
from evalhub.web.principal import Principal
from evalhub.web.session import reading


def talk_about_round(principal: Principal, p: str, round_id: str) -> bool:
    """Members who graded every item that is talked about, once the round is closed; for all others there is no talk."""
    with reading() as session:
        project = project_named(session, p)
        if membership(session, project.id, principal.account_id) is None:
            raise NotFound
        if not own_discussed(session, round_of(session, project.id, round_id), principal.account_id):
            raise NotFound
    return True
