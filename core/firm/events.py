"""The events that found a firm: its people, clients, accounts, holdings, rules and instruments.

Streams: `firm`, `person/<id>`, `household/<id>`, `account/<id>`, `instrument/<symbol>`, `model/<id>`,
`custodian/<id>`, `restricted/<symbol>`. Only the owner's login may append them.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from core.fact import Amount, Fact, Sealed
from core.ids import (
    AccountId,
    CustodianId,
    HouseholdId,
    LotId,
    ModelId,
    PersonId,
    SubjectId,
    Symbol,
    VenueName,
)
from core.orders.events import Part


class FirmFounded(Fact):
    """The first entry: the firm, and the seed that it is made from."""

    firm: str
    seed: int
    synthetic: bool
    last_close: str  # ISO date of the last real price


class PersonEngaged(Fact):
    """Somebody who works here. `related_households` are those of the person or the spouse."""

    person: PersonId
    login: str
    role: Literal["advisor", "principal", "compliance", "operations", "auditor", "research"]
    name: Sealed
    reports_to: PersonId | None = None
    related_households: tuple[HouseholdId, ...] = ()


class RegistrationRecorded(Fact):
    """A qualification and its term; the same again says when it ends. `S24`: General Securities Principal,
    `S14`: Compliance Official (FINRA Rule 1220(a)(2) and (3))."""

    VERSION: ClassVar[int] = 2
    person: PersonId
    registration: Literal["S7", "S14", "S24", "S66"]
    valid_from: str
    valid_until: str | None = None


class InstrumentListed(Fact):
    """`tradable` is what version one trades: listed US shares and ETFs."""

    symbol: Symbol
    name: str
    kind: Literal["share", "etf", "cash_sweep", "mutual_fund", "bond", "option", "crypto"]
    issuer: str
    sector: str
    tick: Amount
    tradable: bool
    synthetic: bool
    average_daily_volume: Amount  # shares; synthetic, and marked so on screens
    spread_bps: Amount  # synthetic


class CustodianAppointed(Fact):
    """Where accounts are kept: the venues that it settles with, and what it takes for an order."""

    custodian: CustodianId
    name: str
    venues: tuple[VenueName, ...]
    fractional_shares: bool
    ticket_fee: Amount  # dollars an order


class Target(Part):
    symbol: Symbol
    weight: Amount = Field(ge=0, le=1)


class ModelPublished(Fact):
    """Target weights that, with `cash_weight`, add up to one.

    A holding is in tolerance within the narrower of two bands: `tolerance`, a fraction of the account (0.05:
    five points), and `relative_tolerance`, a fraction of its own target (0.25: a quarter of it); null: the
    first alone.
    """

    VERSION: ClassVar[int] = 2
    model: ModelId
    name: str
    version: int
    targets: tuple[Target, ...]
    cash_weight: Amount
    tolerance: Amount
    relative_tolerance: Amount | None = None


class Client(Part):
    client: SubjectId
    name: Sealed
    born_on: Sealed


class HouseholdOpened(Fact):
    """A household and its clients, in one advisor's book."""

    household: HouseholdId
    name: Sealed
    advisor: PersonId
    clients: tuple[Client, ...]


class AccountOpened(Fact):
    """An account of a household at a custodian: what it is, and whether its advisor may decide alone."""

    account: AccountId
    household: HouseholdId
    advisor: PersonId
    owners: tuple[SubjectId, ...]
    kind: Literal["taxable", "ira", "roth", "trust", "joint"]
    capacity: Literal["advisory", "brokerage"]
    discretionary: bool
    custodian: CustodianId
    status: Literal["open", "frozen", "transferring_out"]
    model: ModelId | None
    opened_on: str


class IpsAdopted(Fact):
    """The account's investment policy statement, as far as it is a number."""

    account: AccountId
    adopted_on: str
    cash_floor: Amount  # dollars that stay in cash
    max_issuer_weight: Amount  # fraction of the account


class RiskProfileRecorded(Fact):
    """What a household wants its money for, as of a date."""

    household: HouseholdId
    recorded_on: str
    objective: Literal["conservative", "income", "balanced", "growth"]
    horizon_years: int
    liquidity_need: Literal["low", "medium", "high"]


class RestrictionPlaced(Fact):
    """The firm's restricted list. Why is compliance's alone and is not here."""

    symbol: Symbol
    placed_on: str


class DoNotTradePlaced(Fact):
    """The client's instruction."""

    account: AccountId
    symbol: Symbol
    instructed_on: str


class LotReceived(Fact):
    """An opening tax lot. The demo's costs are adjusted closes, not historical tickets."""

    account: AccountId
    lot: LotId
    symbol: Symbol
    quantity: Amount = Field(gt=0)
    cost_per_share: Amount = Field(gt=0)
    acquired_on: str


class CashDeposited(Fact):
    """`held_until` set: not yet good funds until that date."""

    account: AccountId
    deposit: str
    amount: Amount = Field(gt=0)
    held_until: str | None = None


class WithdrawalScheduled(Fact):
    """Dollars that leave for the client on a date."""

    account: AccountId
    schedule: str
    amount: Amount
    due_on: str


class FeeScheduled(Fact):
    """Dollars that leave for the firm on a date."""

    account: AccountId
    schedule: str
    amount: Amount
    due_on: str


class RmdDetermined(Fact):
    """What must leave an IRA for a year, and by when. A later word on the year replaces it; zero: it is done.

    Source: 26 USC 401(a)(9) and 408(a)(6); 26 CFR 1.408-8.
    """

    account: AccountId
    year: int = Field(ge=1900)
    amount: Amount = Field(ge=0)
    due_on: str
