"""Ask the owner of a rubric, answer, and pin answers as rulings."""

from evalhub.inbox.service.answering import Answer, answer_entry, mark_changed, mark_seen
from evalhub.inbox.service.owners import hand_on
from evalhub.inbox.service.rulings import withdraw_ruling
from evalhub.inbox.service.sending import send_entry

__all__ = ["Answer", "answer_entry", "hand_on", "mark_changed", "mark_seen", "send_entry", "withdraw_ruling"]
