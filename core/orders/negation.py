"""Whether her words say no to what they name: "do not sell AAPL" asks for nothing.

Rule 1: what stands behind a no, in the same clause, proves nothing: neither a word of doing nor whom, what or
    how much it names. The worker asks this of the journaled message, so that no model can make a sale of it.
Rule 2: where it cannot be told, it is a no: asking again costs a sentence, a wrong sale costs more.
Rule 3: "rebalance, but do not sell AAPL" is more than a plan can be told here: it is asked again without it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from core.ids import MessageId
from core.orders.events import Request, Span

REBALANCING: Final = re.compile(
    r"\b(?:re-?balanc\w*|re-?align\w*|back (?:to|in|into|on|within)|in(?:to)? line|true up|restore)\b",
    re.IGNORECASE,
)
_TRADING: Final = re.compile(r"\b(?:sell|buy|trade|touch|trim|purchase|liquidate)(?:s|ing)?\b", re.IGNORECASE)
# what is asked for, and for whom
_ASKS: Final = ("kind", "side", "household", "accounts", "symbol", "quantity")

_BEFORE: Final = re.compile(
    r"\b(?:not|never|cannot|nobody|without|avoid|refrain|hold(?:ing)? off|stop short|no longer|rather than"
    r"|instead of|against)\b|\b\w+n['’]t\b|\b(?:dont|doesnt|shouldnt|wont|cant|wouldnt|mustnt)\b"
    r"|\bno(?!\s+(?:more|less|later|matter|problem|rush|hurry|need to ask|worries)\b)\b",
    re.IGNORECASE,
)
_NO_NO: Final = re.compile(  # these ask for it all the same
    r"\b(?:do not|don['’]?t|not|never) forget(?: to)?\b|\bwhy (?:do not|don['’]?t|not)\b"
    r"|\bif not\b|\bnot only\b|\bnot (?:more|less|fewer) than\b|\bwhether or not\b"
    r"|\b(?:do not|don['’]?t) (?:worry|mind|hesitate)\b",
    re.IGNORECASE,
)
_LATER: Final = re.compile(
    r"\bnot (?:yet|now|today|any ?more|until|before)\b|\bforget (?:it|that|about it)\b|\bnever ?mind\b",
    re.IGNORECASE,
)
_NOTHING: Final = re.compile(r"\s+(?:nothing|none|neither)\b", re.IGNORECASE)
_CLAUSE: Final = re.compile(  # where a no ends
    r"[.;!?](?=\s|$)|\n|\bbut\b(?! not)|\binstead\b(?! of)|,\s*(?:just|only|then|rather)\b"
    r"|\band (?=(?:i|we|so|please|then|want|would|let)\b)",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"[.;!?](?=\s|$)|\n")


def negated(text: str, start: int, end: int) -> bool:
    """Whether what `text` says from `start` to `end` is said no to."""
    begins = max((cut.end() for cut in _CLAUSE.finditer(text, 0, start)), default=0)
    before = _NO_NO.sub(lambda found: " " * len(found[0]), text[begins:start])
    if _BEFORE.search(before) or _NOTHING.match(text, end):
        return True
    ends = _SENTENCE.search(text, end)
    return _LATER.search(text, end, ends.start() if ends else len(text)) is not None


def said_no(request: Request, spans: Sequence[Span], texts: Mapping[MessageId, str]) -> bool:
    """Whether the words that would prove the request say no to it."""
    asking = [span for span in spans if span.field in _ASKS]
    if any(negated(texts.get(span.message, ""), span.start, span.end) for span in asking):
        return True
    quoted = [texts.get(message, "") for message in dict.fromkeys(span.message for span in spans)]
    if request.kind != "order" and any(_says_no(text, _TRADING, every=False) for text in quoted):
        return True
    return request.kind == "rebalance" and any(_says_no(text, REBALANCING, every=True) for text in quoted)


def _says_no(text: str, verb: re.Pattern[str], *, every: bool) -> bool:
    """Whether some, or `every`, of these verbs in the text is said no to. None there: nobody said no."""
    found = [negated(text, *one.span()) for one in verb.finditer(text)]
    return bool(found) and (all(found) if every else any(found))
