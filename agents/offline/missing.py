"""What a request for a trade leaves unsaid, and how she could say it.

Rule 1: only her own words are read, and nothing is filled in for her.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from agents.offline import patterns as p
from agents.offline import words
from agents.offline.orders import starts_order

_NUMBER: Final = re.compile(r"\d|\b(?:all|half|quarter|third)\b", re.IGNORECASE)
_RAISE: Final = re.compile(r"\b(?:raise|free up|generate)\b", re.IGNORECASE)
_INVEST: Final = re.compile(r"\b(?:invest|deploy)\b", re.IGNORECASE)
_EXIT: Final = re.compile(r"\b(?:exit|unwind|out of|reduce|wind down|sell down)\b", re.IGNORECASE)
_HARVEST: Final = re.compile(r"\bharvest\w*\b", re.IGNORECASE)
EXAMPLE: Final = (
    'An order reads like "sell 50 MSFT in acc-1003" or "buy 100 KO in acc-1010 at a limit of 61".'
)
WHICH_ORDER: Final = (
    '"Open orders" lists those that are at work. Which one is it, by its symbol, its account or its id?'
)


def what(text: str) -> str:
    """What is missing, as a question with an example."""
    if any(pattern.search(text) for pattern in (p.CANCEL, p.REPLACE, p.REMAINDER)):
        return WHICH_ORDER
    for pattern, says in _PLANS:
        if pattern.search(text):
            return says
    if not starts_order(text):
        return "What of, how much, and in which account?"
    gaps = [gap for gap, there in _order(text) if not there]
    asked = _listed(gaps) if gaps else "one order at a time: which, and in which account"
    return f"{EXAMPLE} {asked[:1].upper()}{asked[1:]}?"


def placing(who: str) -> str:
    """A question of where assets lie is answered by a plan, beside doing nothing."""
    return (
        "Where income would be taxed less I work out as a plan, with what it costs beside doing nothing; "
        f'nothing is sent. For it write: "asset location for {words.whole(who)}".'
    )


def _listed(gaps: Sequence[str]) -> str:
    return gaps[0] if len(gaps) == 1 else f"{', '.join(gaps[:-1])} and {gaps[-1]}"


_PLANS: Final = (
    (_RAISE, 'For example "raise $40,000 in acc-1003". How many dollars, and in which account?'),
    (_INVEST, 'For example "invest $20,000 in acc-1003" or "invest the cash in acc-1003". Which cash?'),
    (_HARVEST, 'For example "harvest losses for the Okafor household". For whom?'),
    (
        _EXIT,
        (
            'For example "exit MSFT in acc-1004 with at most $30,000 of gains". Out of which symbol, in '
            "which account, and within which gains?"
        ),
    ),
)


def _order(text: str) -> tuple[tuple[str, bool], ...]:
    return (
        ("how many shares", bool(_NUMBER.search(words.ACCOUNT.sub(" ", text)))),
        ("of which symbol", bool(words.tickers(text))),
        ("in which account", words.account(text) is not None),
    )
