"""When each fact took effect in the world, on the market clock. Pure; decision 0020 says why.

Rule 1: an execution counts from its own time, a settlement from its settlement date, what a person laid down
    (an account, a limit, an instruction, a restriction) from the date that it names, from the first moment of
    that date in New York. A lot counts from when it was received: `acquired_on` is for tax.
Rule 2: everything else counts from where the market clock stood when it was recorded.
Rule 3: what follows does not come first: a step without a date of its own counts no earlier than what it
    followed. What an execution or a settlement rests on counts no later than that.
So what is true at any moment can be folded: no step is there without those that lead to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from core.book import lots
from core.fact import Fact
from core.firm import events as firm
from core.ids import AccountId, LotId, OrderId
from core.market.calendar import new_york
from core.orders.content import LotChoice
from core.orders.corrections import Correction, TradeBusted, TradeCorrected, TradeFailedToSettle
from core.orders.events import (
    ConsentRecorded,
    OrderFilled,
    OrderReleased,
    OrderRouted,
    OrderSent,
    ProposalApproved,
    ProposalAssessed,
    ProposalDrafted,
    ProposalSubmitted,
    Side,
    StandingApprovalDrawn,
    TradeAllocated,
    TradeConfirmed,
    TradeSettled,
)
from core.orders.order import OrderOwn
from core.orders.proposal import PROPOSAL_FACTS

MIDNIGHT: Final = time(0)
LeadsToAnOrder = (
    ProposalDrafted
    | ProposalAssessed
    | ProposalSubmitted
    | ConsentRecorded
    | ProposalApproved
    | StandingApprovalDrawn
)
LeadsToAFill = OrderReleased | OrderRouted | OrderSent
LeadsToSettlement = TradeAllocated | TradeConfirmed | TradeFailedToSettle


@dataclass(frozen=True, slots=True)
class Line:
    """One fact in its place, and where the market clock stood when it was recorded."""

    fact: Fact
    market_at: datetime


def effects(lines: Sequence[Line]) -> list[datetime]:
    """When each of these took effect, in their order: one subject's entries, in sequence."""
    found = Dates().read(lines)
    after = Steps().read(lines, found)
    return _no_later_than_what_rests_on_it(lines, after)


class Dates:
    """Facts with a time of their own; None for the others."""

    def __init__(self) -> None:
        self._opened: dict[AccountId, datetime] = {}
        self._lots: dict[LotId, datetime] = {}
        self._choices: dict[OrderId, Sequence[LotChoice]] = {}
        self._settles: dict[tuple[OrderId, str], datetime] = {}
        self._settled: set[tuple[OrderId, str]] = set()
        self._executed: dict[tuple[OrderId, str], datetime] = {}  # by execution

    def read(self, lines: Sequence[Line]) -> list[datetime | None]:
        return [self._own(line) for line in lines]

    def _own(self, line: Line) -> datetime | None:
        match line.fact:
            case ProposalAssessed() as fact:
                self._choices.update(lots.choices_in([fact]))
            case OrderFilled() as fact:
                return self._execution(fact)
            case TradeBusted() | TradeCorrected() as fact:
                return self._correction(fact, line.market_at)
            case TradeSettled() as fact:
                self._settled.add((fact.order, fact.trade_date))
                return self._settles.get((fact.order, fact.trade_date))
            case firm.AccountOpened(account=account, opened_on=day):
                self._opened[account] = _first_moment(day)
                return self._opened[account]
            case firm.LotReceived(account=account, lot=lot):
                self._lots[lot] = self._with(account, line.market_at)
                return self._lots[lot]
            case firm.IpsAdopted(account=account, adopted_on=day):
                return self._with(account, _first_moment(day))
            case firm.DoNotTradePlaced(account=account, instructed_on=day):
                return self._with(account, _first_moment(day))
            case firm.CashDeposited(account=account) | firm.WithdrawalScheduled(account=account):
                return self._with(account, line.market_at)
            case firm.FeeScheduled(account=account) | firm.RmdDetermined(account=account):
                return self._with(account, line.market_at)
            case firm.RestrictionPlaced(placed_on=day) | firm.RiskProfileRecorded(recorded_on=day):
                return _first_moment(day)
        return None

    def _with(self, account: AccountId, moment: datetime) -> datetime:
        """Nothing is an account's before the account is."""
        return max(moment, self._opened.get(account, moment))

    def _execution(self, fill: OrderFilled) -> datetime:
        """Its own time; a sale no earlier than the lots that it sells."""
        sold = self._choices.get(fill.order, ()) if fill.side is Side.SELL else ()
        at = max([fill.executed_at, *(self._lots[c.lot] for c in sold if c.lot in self._lots)])
        if fill.side is Side.BUY:
            self._lots.setdefault(lots.lot_id_for(fill.order, fill.execution), at)
        trade = (fill.order, fill.trade_date)
        if trade in self._settled:
            at = max(at, self._settles[trade])  # what had settled had settled without it
        self._executed[fill.order, fill.execution] = at
        self._settles[trade] = max(self._settles.get(trade, _first_moment(fill.settles_on)), at)
        return at

    def _correction(self, fact: Correction, market_at: datetime) -> datetime:
        """When it was told, and after what it names; what settles later settles after it."""
        trade = (fact.order, fact.trade_date)
        at = max(market_at, self._executed.get((fact.order, fact.execution), market_at))
        self._executed[fact.order, fact.execution] = at
        self._settles[trade] = max(self._settles.get(trade, at), at)
        return at


class Steps:
    """Steps without a time of their own: where the market clock stood, never before what they followed."""

    def __init__(self) -> None:
        self._latest: dict[str, datetime] = {}  # by proposal and by order

    def read(self, lines: Sequence[Line], own: Sequence[datetime | None]) -> list[datetime]:
        return [self._at(line, dated) for line, dated in zip(lines, own, strict=True)]

    def _at(self, line: Line, own: datetime | None) -> datetime:
        lives = _lives(line.fact)
        at = own or max([line.market_at, *(self._latest[life] for life in lives if life in self._latest)])
        if not isinstance(line.fact, TradeSettled):
            for life in lives:
                self._latest[life] = max(at, self._latest.get(life, at))
        return at


def _no_later_than_what_rests_on_it(lines: Sequence[Line], after: Sequence[datetime]) -> list[datetime]:
    """Read backwards: each step that leads somewhere is there when that is."""
    reached: dict[tuple[str, str], datetime] = {}
    found = list(after)
    for n in range(len(lines) - 1, -1, -1):
        fact = lines[n].fact
        if isinstance(fact, OrderFilled):
            _earliest(reached, ("order", fact.order), found[n])
        elif isinstance(fact, LeadsToAFill):
            found[n] = min(found[n], reached.get(("order", fact.order), found[n]))
            if isinstance(fact, OrderReleased):
                _earliest(reached, ("proposal", fact.proposal), found[n])
        elif isinstance(fact, LeadsToAnOrder):
            found[n] = min(found[n], reached.get(("proposal", fact.proposal), found[n]))
        elif isinstance(fact, TradeSettled):
            _earliest(reached, (fact.order, fact.trade_date), found[n])
        elif isinstance(fact, LeadsToSettlement):
            found[n] = min(found[n], reached.get((fact.order, fact.trade_date), found[n]))
    return found


def _earliest(reached: dict[tuple[str, str], datetime], what: tuple[str, str], at: datetime) -> None:
    reached[what] = min(at, reached.get(what, at))


def _lives(fact: Fact) -> tuple[str, ...]:
    """The proposal and the order that the fact is a step of."""
    if isinstance(fact, OrderReleased):
        return (fact.proposal, fact.order)
    if isinstance(fact, PROPOSAL_FACTS):
        return (fact.proposal,)
    if isinstance(fact, OrderOwn | LeadsToSettlement | TradeSettled):
        return (fact.order,)
    return ()


def _first_moment(day: str) -> datetime:
    return new_york(date.fromisoformat(day), MIDNIGHT)
