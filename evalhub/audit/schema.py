"""What an event is: its place in a chain, and one sentence about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

INSTANCE = "instance"
"""The chain of what belongs to no project."""
GENESIS = "0" * 64

SENTENCES = {
    "account.created": "made an account",
    "account.disabled": "disabled an account",
    "account.domains_set": "set what somebody knows",
    "account.enabled": "enabled an account",
    "account.password_set": "set a password",
    "account.renamed": "changed a name",
    "account.reset": "reset a password",
    "account.role_changed": "changed an account's role",
    "batch.changed": "changed a batch's name, priority or due date",
    "batch.closed": "closed a batch: its items are handed out no more",
    "batch.opened": "opened a batch of items for review",
    "batch.reopened": "opened a batch again",
    "case.corrected": "closed a case: nothing is disputed any more",
    "case.decided": "decided a case",
    "case.decision_revised": "replaced a decision",
    "case.exception_granted": "recorded an exception, to settle a case that no adjudicator may settle",
    "case.opened": "opened a case: reviewers differ",
    "case.reconcile_answered": "answered a case again, having seen what the others gave",
    "case.reconcile_asked": "asked the reviewers of a case to settle it together",
    "case.reopened": "opened a case again",
    "case.set_aside": "set a case aside: what it rested on was withdrawn or voided",
    "case.taken": "took a case",
    "case.updated": "changed what a case is about",
    "certificate.granted": "granted a certificate without a qualification",
    "certificate.issued": "finished a qualification",
    "certificate.lapsed": "ended a certificate",
    "certificate.wait_waived": "let somebody try a qualification again at once",
    "correction.accepted": "accepted a correction",
    "correction.declined": "declined a correction",
    "correction.sent": "sent a correction",
    "dataset.import_undone": "undid an import of items",
    "dataset.imported": "imported items",
    "export.made": "made an export",
    "gold.added": "gave an item a reference, to train or check reviewers with",
    "gold.retired": "took an item out of training",
    "inbox.answered": "answered a question about a rubric",
    "inbox.changed": "told that a version of the rubric says it better",
    "inbox.sent": "asked the owner of a rubric",
    "item.claimed": "took an item to review",
    "item.replaced": "put a new revision in the place of an item",
    "item.restored": "put a withdrawn item back",
    "item.skipped": "passed an item on",
    "item.withdrawn": "withdrew an item",
    "lease.lapsed": "took back an item whose lease had lapsed",
    "link.created": "made a one-time link",
    "link.used": "used a one-time link",
    "link.withdrawn": "withdrew a one-time link",
    "member.removed": "removed a member",
    "member.set": "set a member's roles",
    "practice.started": "began to practise",
    "project.closed": "closed the project",
    "project.created": "made a project",
    "project.more_handed_out": "planned a second reviewer for more items",
    "project.reopened": "reopened the project",
    "project.rubric_adopted": "had the project use another version of its rubric",
    "project.settings_changed": "changed a project's settings",
    "qualification.started": "began a qualification",
    "ratings.imported": "imported past ratings",
    "resolution.answer_read": "let a decision stand after reading the answer to it",
    "resolution.answered": "answered a decision",
    "resolution.shown": "looked at what became of an item",
    "review.left": "left a reopened review as it was",
    "review.reopened": "reopened a review",
    "review.returned": "sent a review back to its reviewer",
    "review.revised": "submitted a review again",
    "review.submitted": "submitted a review",
    "review.voided": "voided a review",
    "reviews.voided": "voided the reviews of a person",
    "round.closed": "closed a calibration round",
    "round.created": "handed out a calibration round",
    "round.discussed": "looked at what all answered in a calibration round",
    "rubric.draft_deleted": "deleted a draft of a rubric",
    "rubric.draft_made": "began a draft of a rubric",
    "rubric.handed_on": "gave a rubric another owner",
    "rubric.published": "published a rubric",
    "ruling.made": "pinned a ruling beside a criterion",
    "ruling.withdrawn": "withdrew a ruling",
    "session.all_closed": "signed out everywhere",
    "session.closed": "signed out",
    "session.opened": "signed in",
    "task.one_more_asked": "asked one more reviewer to grade an item",
    "task.one_more_given_up": "stopped waiting for one more reviewer: nobody is left who could come",
    "task.put_back": "handed out an item again that two reviewers had passed on as unreadable or unsafe",
    "task.restored": "put the work on a withdrawn item back",
    "task.withdrawn": "took the work on a withdrawn item out",
    "token.created": "made an API token",
    "token.revoked": "revoked an API token",
    "training.set": "changed how reviewers are trained",
}


def sentence(action: str) -> str:
    """What was done, in words; an action without a sentence is read from its name."""
    noun, _, verb = action.partition(".")
    return SENTENCES.get(action) or f"{verb.replace('_', ' ') or 'did something to'} {noun.replace('_', ' ')}"


class Change(NamedTuple):
    """What was changed, as it was and as it is; empty where there is nothing."""

    what: str
    before: str
    after: str


def changes(payload: Mapping[str, Any]) -> list[Change]:
    """The `before` and `after` of an event, as `audit.service.before_and_after` writes them, side by side."""
    before, after = payload.get("before"), payload.get("after")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    return [
        Change(key.replace("_", " "), _or_nothing(before.get(key)), _or_nothing(after.get(key)))
        for key in sorted({*before, *after})
    ]


def details(payload: Mapping[str, Any]) -> str:
    """The figures and hashes of an event, in the order of their names; its changes stand in `changes`."""
    shown = payload if not changes(payload) else {k: v for k, v in payload.items() if k not in ("before", "after")}
    return ", ".join(f"{key.replace('_', ' ')}: {_shown(value)}" for key, value in sorted(shown.items()))


def _or_nothing(value: Any) -> str:
    return "" if value is None else _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, dict):
        return details(value)
    text = str(value)
    return f"{text[:12]}…" if len(text) == 64 else text


def next_hash(previous: str, body: str) -> str:
    """SHA-256 over the previous hash and the stored canonical bytes."""
    return hashlib.sha256(bytes.fromhex(previous) + body.encode()).hexdigest()
