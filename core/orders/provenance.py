"""Whether the advisor's own words say what a request holds.

Rule 1: pure. The worker asks it of the journaled message; a tool asks it before it drafts. Same function.
Rule 2: a span proves a field only where its characters, read by the rules here, give exactly the field's
    value. What cannot be read proves nothing, and a piece cut out of a word or a number cannot be read:
    1,200 does not say 200, and AAPL does not say A.
Rule 3: account, symbol, side, quantity and limit price always need a span, and so does how a plan is meant.
    A household needs one unless named accounts are its own or the thread is pinned to it: pinning it was the
    advisor's own act.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from core.errors import BadInput
from core.ids import AccountId, HouseholdId, MessageId
from core.money import exact
from core.orders.events import Request, Side, Span
from core.orders.negation import said_no
from core.orders.planning_said import everybody_said, model_said, planning_fields
from core.orders.rests import Rest, rest_fields, takes_up

SIDES: Final[Mapping[str, Side]] = {
    **dict.fromkeys(("buy", "buying", "purchase", "purchasing", "acquire", "pick up"), Side.BUY),
    **dict.fromkeys(("sell", "selling", "offload", "unload", "trim", "liquidate"), Side.SELL),
}
FILLER: Final = frozenset(
    {"the", "a", "an", "my", "our", "household", "households", "family", "client", "clients"}
)
_KIND_WORDS: Final[Mapping[str, str]] = {
    **{kind: kind for kind in ("ira", "roth", "trust", "joint", "taxable")},
    "individual": "taxable",
}
_ACCOUNT_FILLER: Final = FILLER | {"account", "accounts", "acct", "s", "ira"}
_FAMILY: Final = re.compile(r"the ([^\W_]+?)e?s", re.IGNORECASE)
_FAMILYS: Final = re.compile(r"\b([A-Z][^\W_]*?)e?s['’](?=\s)")  # `the Feldmans' joint account`
_WORD: Final = re.compile(r"[^\W_]+")
_GOES_ON: Final = re.compile(  # a word or a number over a cut, which NUL marks: no message holds NUL
    r"[^\W_]\0[^\W_]|\d[.,/]\0\d|\d\0[.,/-]\d|[.-]\0\d|[a-z]\.\0[a-z]|[a-z]\0\.[a-z]", re.IGNORECASE
)
_NOT_SHARES: Final = re.compile(
    r"\s*%|[\s-]*(?:percent|per cent|pct|basis|bps|dollars?|usd|bucks|hundred|thousand|million)\b",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(
    r"\$?\s*((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*(?:shares?|shs?\.?)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a reader of the words must know of the request's household."""

    household: HouseholdId
    names: tuple[str, ...]  # of the household and its clients, in clear
    account_kinds: Mapping[AccountId, str]
    pinned: HouseholdId | None  # the thread's
    models: Mapping[AccountId, str] = field(default_factory=dict)  # what the model of an account is called
    rests: Sequence[Rest] = ()  # of its orders, those that are out or ended with something left


def unproven(
    request: Request, spans: Sequence[Span], texts: Mapping[MessageId, str], known: Known
) -> tuple[str, ...]:
    """The fields of `request` that the advisor's words do not say, sorted. Empty means that all are proven.

    `texts` are the advisor's journaled messages of this thread, in clear. A span outside its message
    proves nothing.
    """
    said: dict[str, list[str]] = {}
    for span in spans:
        words = _said(span, texts.get(span.message, ""))
        if words is not None:
            said.setdefault(span.field, []).append(words)
    missing = {field for field, holds in _fields(request, said, known) if not holds}
    missing |= {"go_ahead"} if said_no(request, spans, texts) else set()
    return tuple(sorted(missing))


def _said(span: Span, text: str) -> str | None:
    """The span's words. None where they are cut out of others, or count something but shares."""
    if not 0 <= span.start < span.end <= len(text):
        return None
    before, words, after = text[: span.start], text[span.start : span.end], text[span.end :]
    if _cut(before, words) or _cut(words, after):
        return None
    other = "$" in words or before.rstrip().endswith("$") or _NOT_SHARES.match(after) is not None
    return None if span.field == "quantity" and other else words


def _cut(left: str, right: str) -> bool:
    """Whether a word or a number goes on from `left` into `right`."""
    return _GOES_ON.search(f"{left[-2:]}\0{right[:2]}") is not None


def _fields(request: Request, said: Mapping[str, list[str]], known: Known) -> Iterable[tuple[str, bool]]:
    if takes_up(request, said):
        yield "household", set(request.accounts) <= set(known.account_kinds)
        yield from rest_fields(request, said, known.rests, number_said)
        return
    for account in request.accounts:
        model = known.models.get(account, "").casefold() if request.kind == "rebalance" else ""
        yield (
            "accounts",
            any(
                says_account(words, account, known) or (model and model_said(words) == model)
                for words in said.get("accounts", ())
            ),
        )
    if not request.accounts:
        named = any(
            says_household(words, known.names)
            or words.strip().casefold() == request.household.casefold()
            or (request.kind == "rebalance" and everybody_said(words))
            for words in said.get("household", ())
        )
        yield "household", named or known.pinned == request.household
    elif not set(request.accounts) <= set(known.account_kinds):
        yield "household", False
    yield from planning_fields(request, said)
    if request.kind != "order":
        return
    yield "symbol", any(w.strip().upper() == request.symbol for w in said.get("symbol", ()))
    yield "side", any(side_said(w) is request.side for w in said.get("side", ()) if request.side)
    yield "quantity", any(number_said(w) == request.quantity for w in said.get("quantity", ()))
    if request.limit_price is not None:
        yield "limit_price", any(number_said(w) == request.limit_price for w in said.get("limit_price", ()))


def side_said(words: str) -> Side | None:
    return SIDES.get(" ".join(words.lower().split()))


def number_said(words: str) -> Decimal | None:
    """`1,200 shares`, `$95.50` or `95.5` as a number. None where the words are not exactly one number."""
    found = _NUMBER.fullmatch(words.strip())
    if found is None:
        return None
    try:
        return exact(found[1].replace(",", ""), field="number")
    except BadInput:
        return None


def says_household(words: str, names: Sequence[str]) -> bool:
    """Every telling word of `words` is a word of one of `names`, and there is at least one.

    `the Delgados` says Delgado.
    """
    telling = name_words(words)
    if not telling:
        return False
    family = _FAMILY.fullmatch(" ".join(words.split()))
    said = (
        telling,
        *((frozenset({family[1].casefold()}), frozenset({family[1].casefold() + "e"})) if family else ()),
    )
    return any(one <= name_words(name) for one in said for name in names)


def says_account(words: str, account: AccountId, known: Known) -> bool:
    """The account's id; or its household's name (or the pinned thread) with a kind that only it has there."""
    if words.strip().casefold() == account.casefold():
        return True
    kind = kind_said(words)
    if kind is None or [a for a, k in known.account_kinds.items() if k == kind] != [account]:
        return False
    without = _ACCOUNT_FILLER | set(_KIND_WORDS) | {"her", "his", "their", "this"}
    rest = name_words(words, without=without)
    if not rest:
        return known.pinned == known.household
    said = (rest, name_words(_FAMILYS.sub(r"\1", words), without=without))
    return any(one and one <= name_words(name) for one in said for name in known.names)


def kind_said(words: str) -> str | None:
    """`roth` wins over `ira`: a Roth IRA is a Roth."""
    kinds = [_KIND_WORDS[w] for w in _words(words) if w in _KIND_WORDS]
    return "roth" if "roth" in kinds else (kinds[0] if kinds else None)


def name_words(text: str, *, without: Iterable[str] = FILLER) -> frozenset[str]:
    """The words that tell one name from another: lower case, no filler, no possessive s."""
    return frozenset(_words(re.sub(r"['’]s\b", "", text))) - frozenset(without)


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
