"""What the append's codes about held e-mails mean, in words, and what mends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OF_EMAILS: Final[Mapping[str, tuple[str, str]]] = {
    "email_changed": ("the fingerprint is not that of the text as it stands", "read the e-mail again"),
    "email_comment_missing": (
        "the rules found something in that text: whoever reviews it says in writing why it passes",
        "write a comment, or return it",
    ),
    "email_decided": ("that e-mail is past this decision", "read it again"),
    "email_not_adopted": (
        "it is still the copilot's draft: its advisor adopts it first",
        "wait for the advisor, or return it with a comment",
    ),
    "email_unchecked": (
        "the worker has not read that text again yet",
        "try again in a moment; if it stays so, return it",
    ),
    "email_withdrawn": ("its advisor has dropped that e-mail", "go on without it"),
    "no_such_email": ("there is no such held e-mail", "see `gatehouse emails list`"),
    "not_her_email": ("only its advisor adopts or drops it", "sign in as the household's advisor"),
    "own_email": ("nobody reviews an e-mail of her own", "another principal reviews it"),
    "too_many_emails": ("forty e-mails wait for you, which is the most", "adopt or withdraw some"),
}
