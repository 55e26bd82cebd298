"""What people decide on: the exact text whose digest binds a submission, a consent and an approval.

Rule 1: `Content` holds everything that moves money and everything that was assumed; nothing is optional.
Rule 2: the digest is the sha256 of its RFC 8785 text; the database computes it again from the text.
Rule 3: `Preview` is for people's eyes; every figure in it comes from `core.plan`, none from a model.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from hashlib import sha256
from typing import Final

import msgspec
from pydantic import Field

from core.fact import Amount
from core.ids import AccountId, Digest, HouseholdId, LotId, OrderId, PersonId, ProposalId, Symbol
from core.orders.events import OrderType, Part, Side, TimeInForce
from core.orders.schedule import Schedule
from core.shapes import reader_of


def _nothing(value: object) -> bool:
    return value is None


class LotChoice(Part):
    """Shares of one lot that a sale uses (specific identification, 26 CFR 1.1012-1(c))."""

    lot: LotId
    quantity: Amount


def first_shares(lots: Iterable[LotChoice], shares: Decimal) -> tuple[LotChoice, ...]:
    """The lots of the first so many shares, in their order."""
    found, left = [], shares
    for choice in lots:
        taken = min(choice.quantity, left)
        if taken > 0:
            found.append(LotChoice(lot=choice.lot, quantity=taken))
            left -= taken
    return tuple(found)


class Leg(Part):
    """One order. `funded_by` are the sells of the same account that a buy waits for.

    `replaces` is a live order whose place it takes, and `executed_before` what that one had executed, in
    shares. They stand in the text only where there is one: a text without them reads as it always did.
    """

    leg: int
    order: OrderId
    account: AccountId
    symbol: Symbol
    side: Side
    quantity: Amount
    order_type: OrderType
    limit_price: Amount | None
    time_in_force: TimeInForce
    lots: tuple[LotChoice, ...]
    reference_price: Amount
    band_low: Amount
    band_high: Amount
    funded_by: tuple[int, ...]
    may_release_less: bool
    replaces: OrderId | None = Field(default=None, exclude_if=_nothing)
    executed_before: Amount | None = Field(default=None, exclude_if=_nothing)

    @property
    def may_be_fewer(self) -> bool:
        """Whether a release may carry fewer shares: for the sells that fund it, or for what the order that it
        replaces has executed."""
        return self.may_release_less or self.replaces is not None


class Content(Part):
    """`schedule`: the legs are parts of one order over time. In the text only where there is one."""

    proposal: ProposalId
    household: HouseholdId
    advisor: PersonId
    kind: str
    legs: tuple[Leg, ...]
    needs_consent: bool
    tier: int
    valid_for: str  # ISO date of the business day
    portfolio_seq: int  # journal sequence that it was computed at
    policy_set: Digest
    model_versions: tuple[str, ...]  # "growth@3"
    findings: tuple[str, ...]  # codes of the policies with a soft finding, sorted
    schedule: Schedule | None = Field(default=None, exclude_if=_nothing)

    def text(self) -> str:
        """RFC 8785 text: the same content, the same bytes."""
        return canonical(self)

    def digest(self) -> Digest:
        return Digest(sha256(self.text().encode()).hexdigest())


content_read: Final = reader_of(Content)
"""The content in a text. Raises ValidationError where it is none."""


class Row(Part):
    """One holding before and after, for one account. Weights are fractions of the account."""

    account: AccountId
    symbol: str  # "cash" for cash
    shares_before: Amount
    shares_after: Amount
    value_before: Amount
    value_after: Amount
    weight_before: Amount
    weight_after: Amount
    target: Amount | None


class AccountSummary(Part):
    """Dollars and fractions. Gains are of the lots that would be sold, by holding period (26 USC 1222)."""

    account: AccountId
    value: Amount
    drift_before: Amount
    drift_after: Amount
    short_term_gain: Amount
    long_term_gain: Amount
    estimated_tax: Amount
    estimated_cost: Amount
    cash_after: Amount
    turnover: Amount
    set_aside: str | None = None  # why nothing is proposed for this account


class Alternative(Part):
    """What could be done instead, in the same figures, over all accounts. `drift` is the largest of any;
    `trades` dollars bought and sold."""

    name: str
    says: str
    orders: int
    drift: Amount
    short_term_gain: Amount
    long_term_gain: Amount
    estimated_tax: Amount
    estimated_cost: Amount
    trades: Amount


class Preview(Part):
    """`alternatives` begins with the plan itself, where there are any. `notes` are the core's own."""

    rows: tuple[Row, ...]
    accounts: tuple[AccountSummary, ...]
    alternatives: tuple[Alternative, ...] = ()
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        return canonical(self)


def canonical(part: Part) -> str:
    """RFC 8785 text of a part. Decimals are strings already."""
    return _sorted(part.model_dump(mode="json")).decode()


# RFC 8785 for text, whole numbers, yes and no, null, and names in ASCII. A test holds it equal to `rfc8785`.
_sorted: Final = msgspec.json.Encoder(order="sorted").encode
