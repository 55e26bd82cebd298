"""Two words on the same items: the record's, and a venue's or custodian's. Pure.

Rule 1: an item that only one side has is a difference, except that nothing and nothing executed are equal.
Rule 2: a difference has an id of its party, item and both words: found again, it is the same one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Final

from core.ids import AccountId, OrderId
from core.reconcile.events import ComparedWith, DifferenceFound, Kind

NONE: Final = "none"
OWNERS: Final[Mapping[Kind, str]] = {
    "order": "operations",
    "execution": "operations",
    "position": "operations",
    "cash": "operations",
    "settled_cash": "operations",
}
"""Whose work a difference is until a person takes it."""

Item = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Word:
    """What one side says of one item."""

    says: str
    account: AccountId | None = None
    order: OrderId | None = None


Words = Mapping[Item, Word]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One party: how much was compared, and what differs."""

    party: str
    compared: tuple[ComparedWith, ...]
    differences: tuple[DifferenceFound, ...]


def compare(party: str, ours: Words, theirs: Words, kinds: Sequence[Kind] = ()) -> Comparison:
    """Every item that either side has, in order. `kinds` are counted even where neither has any."""
    items = sorted(ours.keys() | theirs.keys())
    counted = Counter(dict.fromkeys(kinds, 0))
    counted.update(kind for kind, _ in items)
    found = (_difference(party, item, ours.get(item), theirs.get(item)) for item in items)
    return Comparison(
        party=party,
        compared=tuple(ComparedWith(party=party, kind=kind, items=n) for kind, n in sorted(counted.items())),
        differences=tuple(one for one in found if one is not None),
    )


def amount_words(amount: Decimal) -> str:
    """Plainly, without zeros at the end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def execution_words(quantity: Decimal, price: Decimal, fee: Decimal) -> str:
    return f"{amount_words(quantity)} at {amount_words(price)}, fee {amount_words(fee)}"


def order_words(*, over: bool, executed: Decimal) -> str:
    return f"{'over' if over else 'open'}, {amount_words(executed)} executed"


NOTHING: Final = order_words(over=True, executed=Decimal(0))
"""What is over and executed nothing: as good as never there."""


def held_words(kind: Kind, held: Iterable[tuple[AccountId, str, Decimal]]) -> dict[Item, Word]:
    """Shares by account and symbol, or dollars by account; what is nothing is absent."""
    return {
        (kind, f"{account}/{named}"): Word(amount_words(amount), account)
        for account, named, amount in held
        if amount
    }


def parties(found: Sequence[Comparison]) -> tuple[ComparedWith, ...]:
    return tuple(one for comparison in found for one in comparison.compared)


def _difference(party: str, item: Item, ours: Word | None, theirs: Word | None) -> DifferenceFound | None:
    kind, key = item
    our_word, their_word = (one.says if one is not None else NONE for one in (ours, theirs))
    if our_word == their_word or {our_word, their_word} == {NONE, NOTHING}:
        return None
    about = ours or theirs or Word(NONE)
    digest = sha256(f"{party}\n{kind}\n{key}\n{our_word}\n{their_word}".encode()).hexdigest()
    return DifferenceFound(
        difference=f"dif-{digest[:32]}",
        party=party,
        kind=kind,
        key=key,
        ours=our_word,
        theirs=their_word,
        account=about.account,
        order=about.order,
        owner=OWNERS[kind],
    )
