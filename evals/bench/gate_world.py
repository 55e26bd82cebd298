"""A firm in memory for `bench gate`: households of two accounts, lots, prices, and what was asked today.

Rule 1: seeded: the same firm and the same orders each time. Nothing in it is a fact of any market.
Rule 2: an order in ten is drawn to cross something; the others are what an advisor would ask for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from core.book.activity import Activity, Asked, Executed, quiet
from core.book.picture import (
    Account,
    Cash,
    Custodian,
    Household,
    Instrument,
    Ips,
    Lot,
    Market,
    Outflow,
    Picture,
    Price,
)
from core.ids import (
    AccountId,
    CustodianId,
    HouseholdId,
    LotId,
    OrderId,
    PersonId,
    ProposalId,
    Symbol,
    VenueName,
    order_id_for,
)
from core.market.volatility import Volatility
from core.orders.content import Leg, LotChoice
from core.orders.events import OrderType, Side, TimeInForce

SEED: Final = 20221229
SESSION: Final = date(2022, 12, 29)
BEFORE: Final = date(2022, 12, 28)
NOW: Final = datetime(2022, 12, 29, 15, 0, tzinfo=UTC)
CUSTODIAN: Final = CustodianId("cus-1")
VENUES: Final = frozenset({VenueName("ARCADIA"), VenueName("BOREAL")})
SECTORS: Final = tuple(f"Sector {n}" for n in range(11))
KINDS: Final = ("taxable", "ira")
LOTS: Final = 8  # of an account
CENT: Final = Decimal("0.01")
ODD: Final = 10  # one order in so many crosses something


class GateWorld:
    """`pictures` are the households; `accounts` counts their accounts, two each."""

    def __init__(self, *, accounts: int, symbols: int) -> None:
        self._random = Random(SEED)  # noqa: S311
        self.accounts = accounts
        self.market = self._market(symbols)
        self._symbols = tuple(self.market.instruments)
        self.pictures = [self._picture(n) for n in range(accounts // len(KINDS))]

    def legs(self, count: int) -> Iterator[tuple[Leg, int]]:
        """Orders, each with the place of its household."""
        for n in range(count):
            at = self._random.randrange(len(self.pictures))
            account = self._random.choice(self.pictures[at].household.accounts)
            factor = 40 if n % ODD == 0 else 1
            yield self._leg(n, account, factor), at

    def _market(self, symbols: int) -> Market:
        names = [Symbol(f"S{n:03d}") for n in range(symbols)]
        prices = {name: (Decimal(self._random.randint(1_000, 40_000)) * CENT) for name in names}
        return Market(
            session=SESSION,
            now=NOW,
            previous_session=BEFORE,
            open=True,
            prices={name: Price(name, price, SESSION, "drawn", NOW) for name, price in prices.items()},
            instruments={name: self._instrument(n, name) for n, name in enumerate(names)},
            custodians={CUSTODIAN: Custodian(CUSTODIAN, "Custody", VENUES, False, Decimal(0))},
            restricted=frozenset(names[:2]),
            volatility={
                name: Volatility(price, Decimal("0.02"), Decimal("0.02")) for name, price in prices.items()
            },
            quoting=dict.fromkeys(names, VENUES),
            halts=frozenset({f"symbol:{names[-1]}", "account:none"}),
        )

    def _instrument(self, n: int, symbol: Symbol) -> Instrument:
        return Instrument(
            symbol=symbol,
            name=symbol,
            kind="etf" if n % 10 == 0 else "share",
            issuer=f"{symbol} Corp",
            sector=SECTORS[n % len(SECTORS)],
            tick=CENT,
            tradable=True,
            synthetic=True,
            average_daily_volume=Decimal(self._random.randint(400_000, 80_000_000)),
            spread_bps=Decimal(2),
        )

    def _picture(self, n: int) -> Picture:
        household, advisor = HouseholdId(f"hh-{n}"), PersonId(f"per-{n % 50}")
        accounts = tuple(
            self._account(household, advisor, AccountId(f"acc-{n}-{kind}"), kind) for kind in KINDS
        )
        seen = Household(household, advisor, accounts, "balanced", date(2022, 1, 3), False)
        return Picture(seen, self._activity(n, accounts[0]), self.market, 1)

    def _account(self, household: HouseholdId, advisor: PersonId, id: AccountId, kind: str) -> Account:
        lots = tuple(
            Lot(
                LotId(f"lot-{id}-{n}"),
                symbol,
                Decimal(self._random.randint(50, 400)),
                self._cost(symbol),
                SESSION - timedelta(days=self._random.randint(10, 1_500)),
            )
            for n, symbol in enumerate(self._random.sample(self._symbols, LOTS))
        )
        return Account(
            id=id,
            household=household,
            advisor=advisor,
            kind=kind,
            capacity="advisory",
            discretionary=True,
            custodian=CUSTODIAN,
            status="open",
            model=None,
            ips=Ips(BEFORE, Decimal(5_000), Decimal("0.25")),
            do_not_trade=frozenset(self._random.sample(self._symbols, 2)),
            lots=lots,
            reserved_lots={lots[0].id: Decimal(10)},
            cash=Cash(Decimal(self._random.randint(40_000, 90_000)), Decimal(0), Decimal(0), Decimal(0)),
            outflows=(Outflow("out", "withdrawal", Decimal(2_000), SESSION + timedelta(days=10)),),
        )

    def _cost(self, symbol: Symbol) -> Decimal:
        times = Decimal(self._random.randint(60, 120)) * CENT
        return (self.market.prices[symbol].price * times).quantize(CENT)

    def _activity(self, n: int, account: Account) -> Activity:
        """An order that was filled this morning, and a sale of last week."""
        symbol, sold = account.lots[1].symbol, account.lots[2].symbol
        order = order_id_for(ProposalId(f"other-{n}"), 0)
        asked = Asked(
            order,
            account.id,
            symbol,
            Side.BUY,
            Decimal(7),
            None,
            Decimal(700),
            Decimal(0),
            NOW - timedelta(hours=1),
        )
        week = SESSION - timedelta(days=7)
        done = Executed(
            OrderId(f"sold-{n}"),
            account.id,
            sold,
            Side.SELL,
            Decimal(900),
            Decimal("0.03"),
            week,
            week + timedelta(days=2),
            (),
            (),
        )
        still = quiet(NOW)
        return Activity(
            taken_at=still.taken_at,
            asked=(asked,),
            executed=(done,),
            advisor_orders=(asked.asked_at,) * 40,
            advisor_dollars=Decimal(250_000),
            firm_dollars=Decimal(9_000_000),
            agent="proposal",
            agent_dollars=Decimal(1_000_000),
        )

    def _leg(self, n: int, account: Account, factor: int) -> Leg:
        buys = self._random.random() < 0.5
        lot = self._random.choice(account.lots[1:])
        symbol = self._random.choice(self._symbols) if buys else lot.symbol
        price = self.market.prices[symbol].price
        shares = Decimal(self._random.randint(1, 40) * factor)
        limited = n % 2 == 0
        low, high = (price * Decimal("0.98")).quantize(CENT), (price * Decimal("1.02")).quantize(CENT)
        return Leg(
            leg=0,
            order=order_id_for(ProposalId(f"prp-{n}"), 0),
            account=account.id,
            symbol=symbol,
            side=Side.BUY if buys else Side.SELL,
            quantity=shares,
            order_type=OrderType.LIMIT if limited else OrderType.MARKET,
            limit_price=price if limited else None,
            time_in_force=TimeInForce.DAY,
            lots=() if buys else (LotChoice(lot=lot.id, quantity=shares),),
            reference_price=price,
            band_low=low,
            band_high=high,
            funded_by=(),
            may_release_less=False,
        )
