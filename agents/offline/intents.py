"""What the advisor wants, by rule, from her message alone.

Rule 1: only her own message is read here. Nothing retrieved is, so no document can ask for anything.
Rule 2: what is asked first wins, in the order of `read`; what fits nothing is declined with what can be done.
Rule 3: a wish to get round people or rules is its own intent, read before all others.
Rule 4: what she says no to is never a trade, and a message that asks for several things is several wishes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from agents.offline import book_wide, noes, plans, words
from agents.offline import patterns as p
from agents.offline.clauses import pieces
from agents.offline.live import LiveWords, live
from agents.offline.orders import OrderWords, order, starts_order
from agents.offline.plans import Change, PlanWords
from agents.offline.recognise import Asked, Recogniser
from agents.offline.recognisers import RECOGNISERS
from core.orders.negation import negated


class Intent(StrEnum):
    WORKLIST = "worklist"
    OVERVIEW = "overview"
    DRIFT = "drift"
    HOLDINGS = "holdings"
    CONCENTRATION = "concentration"
    CASH = "cash"
    RESEARCH = "research"
    REBALANCE = "rebalance"
    ORDER = "order"
    CANCEL = "cancel"
    REPLACE = "replace"
    REMAINDER = "remainder"
    STATUS = "status"
    PROPOSALS = "proposals"
    ORDERS = "orders"
    PERFORMANCE = "performance"
    RISK = "risk"
    EXPOSURE = "exposure"
    TAXES = "taxes"
    WHAT_IF = "what_if"
    PLAN = "plan"
    REBALANCE_ALL = "rebalance_all"
    PLACING = "placing"
    UNCLEAR = "unclear"
    NEGATED = "negated"
    HELP = "help"
    DECISION = "decision"
    HOSTILE = "hostile"
    RECOGNISED = "recognised"
    UNSUPPORTED = "unsupported"


LOOKS: Final = (
    (p.DRIFT, Intent.DRIFT),
    (p.LOTS, Intent.HOLDINGS),
    (p.CONCENTRATION, Intent.CONCENTRATION),
    (p.CASH, Intent.CASH),
    (p.TAXES, Intent.TAXES),
    (p.RISK, Intent.RISK),
    (p.EXPOSURE, Intent.EXPOSURE),
    (p.PERFORMANCE, Intent.PERFORMANCE),
    (p.HOLDINGS, Intent.HOLDINGS),
)
ABOUT: Final = frozenset({Intent.OVERVIEW, Intent.REBALANCE} | {intent for _, intent in LOOKS})
DRAFTS: Final = frozenset(
    {Intent.REBALANCE, Intent.REBALANCE_ALL, Intent.ORDER, Intent.PLAN, Intent.CANCEL, Intent.REPLACE,
     Intent.REMAINDER}
)  # fmt: skip
SAYS_ALONE: Final = frozenset(
    {Intent.HOSTILE, Intent.DECISION, Intent.UNCLEAR, Intent.NEGATED, Intent.PLACING}
)


@dataclass(frozen=True, slots=True)
class Wish:
    """An intent with the words that it needs, as they stand in the message."""

    intent: Intent
    text: str
    household: str | None = None
    account: str | None = None
    order: OrderWords | None = None
    proposal: str | None = None
    live: LiveWords | None = None  # the order that is out
    plan: PlanWords | None = None
    change: Change | None = None
    by: Recogniser | None = None  # who recognised it, and what it asks
    asks: Asked | None = None
    loose: bool = False  # its words by themselves ask for nothing that is known
    row: int | None = None  # of a list that was shown
    says: str | None = None  # what is said to it, where nothing is asked of a tool

    @property
    def name(self) -> str:
        return self.by.name if self.by else self.intent.value


def parts(text: str) -> list[str]:
    """The requests of a message, each in its own words; one that is forbidden makes all of it one."""
    if p.HOSTILE.search(text) or p.DECISION.search(text) or book_wide.side_by_side(text):
        return [text]
    return pieces(text, _alone, frozenset(DRAFTS))


def _alone(piece: str) -> str | None:
    """What a piece of a message asks for by itself; None where only its place in the message tells."""
    wish = read(piece, inside=True)
    return None if wish.intent in (Intent.UNSUPPORTED, Intent.HELP, *SAYS_ALONE) else wish.name


def read(text: str, whole: str = "", *, inside: bool = False) -> Wish:
    """The wish of one message, or of one part of it; who is meant may stand elsewhere in the `whole`.

    `inside` reads a piece for what it says by itself: a question that could be about anything is none.
    """
    as_meant = words.mended(text)
    if p.HOSTILE.search(text):
        return Wish(Intent.HOSTILE, text)
    if p.DECISION.search(text):
        return Wish(Intent.DECISION, text)
    if p.WHAT_IF.search(text) and plans.change(text):
        return _with_words(Intent.WHAT_IF, text, whole)
    for recogniser in RECOGNISERS:
        if asks := recogniser.reads(text):
            return Wish(Intent.RECOGNISED, text, by=recogniser, asks=asks)
    if said := _said_no(text, whole):
        return said
    intent = _guarded(as_meant, text) or _trading(as_meant, text) or _looking(as_meant, text, whole, inside)
    if intent is None:
        question = p.QUESTION.search(text) and not p.HER_BOOK.search(text)
        return Wish(Intent.RESEARCH if question else Intent.UNSUPPORTED, text, loose=True)
    return _with_words(intent, text, whole)


def _said_no(text: str, whole: str) -> Wish | None:
    """Something that she says no to. The rest of the message is read where it only looks."""
    no = [found for found in p.DOING.finditer(text) if negated(text, *found.span())]
    if not no:
        return None
    rest = " ".join(_without_no(text))
    wish = read(rest, whole or text) if rest else None
    asked = wish and wish.intent not in (Intent.UNSUPPORTED, Intent.HELP, *SAYS_ALONE)
    if wish is None or not asked or (wish.intent in DRAFTS and wish.intent is not Intent.ORDER):
        return Wish(Intent.NEGATED, text)
    return wish


def _without_no(text: str) -> Iterator[str]:
    for clause in re.split(r"(?<=[.;!?])\s+|,\s*(?=(?:just|only|then|rather|but)\b)|\s+but\s+", text):
        if not any(negated(clause, *found.span()) for found in p.DOING.finditer(clause)):
            yield clause


def _guarded(meant: str, text: str) -> Intent | None:
    if noes.no(text):
        return Intent.UNSUPPORTED
    if p.ASKS_WHAT.search(text) and not p.REMAINDER.search(text):
        return None
    for pattern, intent in (
        (p.REPLACE, Intent.REPLACE), (p.REMAINDER, Intent.REMAINDER), (p.CANCEL, Intent.CANCEL)
    ):  # fmt: skip
        if pattern.search(meant):
            return intent if live(text) else Intent.UNCLEAR
    return None


def _trading(meant: str, text: str) -> Intent | None:
    asks = not p.ASKS_WHAT.search(text)
    if asks and starts_order(text) and (found := order(text)):
        return Intent.ORDER if found.counted else Intent.UNCLEAR
    if plans.everybody(text) and (p.REBALANCE.search(meant) or p.DRIFT.search(meant)) and asks:
        return Intent.REBALANCE_ALL
    if p.ORDERS.search(meant):
        return Intent.ORDERS
    if p.PROPOSALS.search(meant):
        return Intent.PROPOSALS
    if p.STATUS.search(meant):
        return Intent.STATUS
    if p.REBALANCE.search(meant) and asks:
        return Intent.REBALANCE
    if _about(text) and p.TAXES.search(text) and not p.ASKS_TO_HARVEST.search(text):
        return Intent.TAXES
    asks = asks and not p.LIBRARY.search(text)
    if asks and _about(text) and plans.plan(text):
        return Intent.PLAN
    if asks and plans.begun(text):
        return Intent.UNCLEAR
    return Intent.PLACING if p.PLACING.search(meant) and _about(text) else None


def _about(text: str) -> bool:
    """Whether it names somebody, or an account."""
    return bool(words.household(text) or words.account(text))


def _looking(meant: str, text: str, whole: str, inside: bool) -> Intent | None:
    named = _about(text)
    if p.WORKLIST.search(meant) and not words.ACCOUNT.search(text):
        return Intent.WORKLIST
    if p.LIBRARY.search(meant):
        return Intent.RESEARCH
    looks = next((intent for pattern, intent in LOOKS if pattern.search(meant)), None)
    if looks and (named or whole or p.WHO_BEFORE.search(text) or words.lower_case(text)):
        return looks
    if (named or whole) and p.OVERVIEW.search(meant):
        return Intent.OVERVIEW
    if p.HELP.search(text):
        return Intent.HELP
    if starts_order(text):
        return Intent.UNCLEAR
    if inside:
        return looks or (Intent.OVERVIEW if p.WHOLE.search(meant) else Intent.UNSUPPORTED)
    return None


def _with_words(intent: Intent, text: str, whole: str) -> Wish:
    account, household = words.account(text), words.household(text)
    if not account and not household and whole:
        account, household = words.account(whole), words.household(whole)
    if intent in (Intent.ORDER, Intent.UNCLEAR):
        return Wish(intent, text, order=order(text))
    if intent in (Intent.CANCEL, Intent.REPLACE, Intent.REMAINDER):
        return Wish(intent, text, live=live(text))
    if intent in (Intent.PLAN, Intent.WHAT_IF):
        wish = Wish(intent, text, household, account, plan=plans.plan(text), change=plans.change(text))
        loose = wish.plan and wish.household and account and account.lower() in words.KINDS
        return replace(wish, account=None) if loose else wish
    if intent is Intent.PLACING:
        return Wish(intent, text, household=household, account=account)
    if intent is Intent.ORDERS:
        return Wish(intent, text, household=household)
    if intent is Intent.STATUS:
        found = words.PROPOSAL.search(text)
        return Wish(intent, text, household=household, proposal=found[0] if found else None)
    if intent in ABOUT:
        if intent is Intent.REBALANCE and not account and not household:
            household = words.after(text, p.REBALANCE) or words.after(text, re.compile(r"\bthe\b", re.I))
        if not account and not household and intent is not Intent.REBALANCE:
            household = words.lower_case(text)
        return Wish(intent, text, household=household, account=account)
    return Wish(intent, text)
