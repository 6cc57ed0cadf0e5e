"""Signals sent inside a transaction, so that an earlier stage can cause something in a later one.

A sender passes the `Session` first and ids only; `app.connect_handlers` registers who listens. A handler runs in the
sender's transaction: what it raises undoes the whole.
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

dataset_imported = _signals.signal("dataset-imported")
"""session, dataset_id, import_id: the rows of an import became visible."""

import_in_use = _signals.signal("import-in-use")
"""session, dataset_id, import_id: a question. A handler returns what rests on the import's items, in words, as a
list."""

import_undoing = _signals.signal("import-undoing")
"""session, import_id: the question comes next. A handler locks what could come to rest on the import's items before the
transaction ends."""

import_undone = _signals.signal("import-undone")
"""session, dataset_id, import_id: nothing of it may be handed out any more."""

import_dropping = _signals.signal("import-dropping")
"""session, import_id: a portion of the rows that an undone or dead import left is to go. A handler removes some of its
own and returns whether it did; the items go when none is left that rests on them."""

import_projected = _signals.signal("import-projected")
"""session, dataset_id, n_items, n_words: a question. A handler returns a list of `datasets.schema.uploads.Projected`,
what an import of so many items means for each open project."""

batch_opened = _signals.signal("batch-opened")
"""session, project_id, batch_id: a batch was made and wants tasks."""

batch_changed = _signals.signal("batch-changed")
"""session, project_id, batch_id: its priority, or whether its items are handed out, has changed."""

members_changed = _signals.signal("members-changed")
"""session, project_id: who may review what has changed."""

member_removed = _signals.signal("member-removed")
"""session, project_id, account_id: the account left the project."""

project_closed = _signals.signal("project-closed")
"""session, project_id."""

project_reopened = _signals.signal("project-reopened")
"""session, project_id."""

review_submitted = _signals.signal("review-submitted")
"""session, project_id, task_id, reviewer_id, revision: a review was stored or replaced."""

item_skipped = _signals.signal("item-skipped")
"""session, project_id, task_id: a reviewer passed a task on for good."""

task_completed = _signals.signal("task-completed")
"""session, project_id, task_id: every slot of a task holds a review, or a review came to past ratings."""

ratings_imported = _signals.signal("ratings-imported")
"""session, project_id: past ratings of a project became visible; it stands for the completion of all their tasks."""

standing_changed = _signals.signal("standing-changed")
"""session, project_id, task_ids: other reviews of these locked tasks count than before, and none was submitted: an item
was withdrawn or restored, or reviews were voided."""

item_replaced = _signals.signal("item-replaced")
"""session, dataset_id, item_id, by_id: a further revision stands in the place of this one; by_id is None for the
command line."""

consequences_asked = _signals.signal("consequences-asked")
"""session, dataset_id, item_id: a question. A handler returns sentences that say what of its stage ends or waits when
the item is withdrawn or replaced."""

grading_asked = _signals.signal("grading-asked")
"""session, project_id, dataset_id, item_id, account_id: a question. A handler returns whether the account graded the
item, holds it or may still claim it, and so must not read what others said of it."""

profile_changed = _signals.signal("profile-changed")
"""session, account_id: what somebody knows has changed, and so which queues may serve them."""

account_disabled = _signals.signal("account-disabled")
"""session, account_id: somebody is kept out from now on."""

load_asked = _signals.signal("load-asked")
"""session, account_ids: a question. A handler returns, by account id, how much work somebody does and holds."""

memberships_asked = _signals.signal("memberships-asked")
"""session, account_id: a question. A handler returns the projects that somebody is a member of, with their roles."""

rubric_uses_asked = _signals.signal("rubric-uses-asked")
"""session, rubric_id: a question. A handler returns a list of `rubrics.queries.VersionUse`."""
