"""Reading pictures: households with what they hold, and the market, in one consistent read.

Rule 1: the connection decides what is seen: an asker's shows a book, the worker's everything.
Rule 2: a household that is not shown does not exist: `NotFound` says no more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.book.picture import (
    Account,
    Cash,
    Household,
    Ips,
    Lot,
    ModelPortfolio,
    Outflow,
    Picture,
    StandIn,
)
from core.book.replaced import Replaced, as_if_gone, lots_left
from core.book.stated import ips_stated, outflow_stated
from core.database.rows import Statement, rows, together
from core.database.statements import statements
from core.errors import NotFound
from core.ids import AccountId, HouseholdId, LotId, ModelId, OrderId, PersonId, ProposalId, Symbol
from core.orders.events import Side
from core.projections.activity import Lately, lately_asks, lately_of
from core.projections.market import ASKS as MARKET
from core.projections.market import market_of
from core.risk.wash_sale import WINDOW

SQL: Final = statements(Path(__file__).with_name("statements.sql"))

OF_A_BOOK: Final = (
    "households",
    "accounts",
    "book_reference",
    "lots",
    "cash",
    "promised_sales",
    "stands_for",
)

Connection = AsyncConnection[DictRow]
Found = Mapping[str, Sequence[DictRow]]  # by statement


async def read_picture(
    connection: Connection,
    household: HouseholdId,
    *,
    without: ProposalId | None = None,
    replacing: OrderId | None = None,
) -> Picture:
    """That household. `without` names the proposal that is asked about: its own reservations are left out,
    and so are those of a live order whose place it takes. `replacing` names that order, of a proposal to be.

    Raises:
        NotFound: no such household, or none that this connection is shown.
    """
    found = await read_pictures(connection, [household], without=without)
    if not found:
        raise NotFound(
            f"there is no household {household!r} in your book",
            fix="choose one of your own",
            field="household",
        )
    if without is None and replacing is None:
        return found[0]
    live = await rows(connection, SQL["replaced"], {"order": replacing, "without": without})
    return as_if_gone(found[0], _replaced(live[0])) if live else found[0]


async def read_pictures(
    connection: Connection, households: Sequence[HouseholdId] | None, *, without: ProposalId | None = None
) -> tuple[Picture, ...]:
    """Those households, or with None all that this connection is shown, by id. Call it in one transaction."""
    found = await together(connection, pictures_asks(households, without))
    return pictures_of(found, await lately_of(connection, found), without)


def pictures_asks(
    households: Sequence[HouseholdId] | None, without: ProposalId | None = None
) -> dict[str, Statement]:
    """The statements that pictures are made of."""
    asked = {"households": None if households is None else list(households)}
    return {
        **MARKET,
        "as_of": (SQL["as_of"], None),
        **{name: (SQL[name], asked) for name in OF_A_BOOK},
        "promised_cash": (SQL["promised_cash"], {"proposal": without}),
        **lately_asks(households, without),
    }


def pictures_of(found: Found, lately: Lately, without: ProposalId | None = None) -> tuple[Picture, ...]:
    """The pictures, of what those statements found."""
    market, models = market_of(found)
    as_of = found["as_of"][0]["as_of_seq"]
    book = _book_of(found, models, without)
    pictures = []
    for row in found["households"]:
        profile = book.profiles.get(row["household"])
        household = Household(
            id=HouseholdId(row["household"]),
            advisor=row["advisor"],
            accounts=tuple(book.accounts[row["household"]]),
            objective=profile["objective"] if profile else None,
            profile_recorded_on=date.fromisoformat(profile["recorded_on"]) if profile else None,
            related=row["related"],
            horizon_years=profile["horizon_years"] if profile else None,
            liquidity_need=profile["liquidity_need"] if profile else None,
        )
        activity = lately.of(household.id, household.advisor)
        pictures.append(Picture(household, activity, market, as_of))
    return tuple(pictures)


def _replaced(row: DictRow) -> Replaced:
    choices = {LotId(one["lot"]): Decimal(one["quantity"]) for one in row["lots"]}
    return Replaced(
        order=OrderId(row["order_id"]),
        account=AccountId(row["account"]),
        advisor=PersonId(row["advisor"]),
        symbol=Symbol(row["symbol"]),
        side=Side(row["side"]),
        left=row["left"],
        executed=row["filled"],
        lots=lots_left(choices, row["filled"]),
        cash=row["cash"],
        counted=row["counted"],
        brought=row["brought"],
    )


@dataclass(frozen=True, slots=True)
class _Book:
    accounts: Mapping[str, list[Account]]  # by household
    profiles: Mapping[str, Mapping[str, Any]]


def _book_of(found: Found, models: Mapping[ModelId, ModelPortfolio], without: ProposalId | None) -> _Book:
    stated = _Stated()
    for row in found["book_reference"]:
        stated.take(row)
    lots = defaultdict(list)
    for row in found["lots"]:
        lots[row["account"]].append(
            Lot(
                LotId(row["lot"]),
                Symbol(row["symbol"]),
                row["quantity"],
                row["cost_per_share"],
                row["acquired_on"],
            )
        )
    own_cash = {row["account"]: row["reserved"] for row in found["promised_cash"]}
    cash = {
        row["account"]: Cash(
            row["settled"],
            row["unsettled"],
            row["held"],
            row["reserved"] - own_cash.get(row["account"], Decimal(0)),
        )
        for row in found["cash"]
    }
    promised = _promised_lots(found["promised_sales"], without)
    stands_for = _stands_for(found["stands_for"])
    accounts = defaultdict(list)
    for row in found["accounts"]:
        account = row["account"]
        model = stated.models.get(account)
        accounts[row["household"]].append(
            Account(
                id=account,
                household=row["household"],
                advisor=row["advisor"],
                kind=row["kind"],
                capacity=row["capacity"],
                discretionary=row["discretionary"],
                custodian=row["custodian"],
                status=row["status"],
                model=models.get(model) if model else None,
                ips=stated.ips.get(account),
                do_not_trade=frozenset(stated.do_not_trade[account]),
                lots=tuple(lots[account]),
                reserved_lots=promised[account],
                cash=cash[account],
                outflows=tuple(sorted(stated.outflows[account], key=lambda o: (o.due_on, o.schedule))),
                stands_for=stands_for[account],
            )
        )
    return _Book(accounts, stated.profiles)


class _Stated:
    """What the firm's records state about accounts, gathered row by row."""

    def __init__(self) -> None:
        self.models: dict[str, ModelId] = {}
        self.ips: dict[str, Ips] = {}
        self.profiles: dict[str, Mapping[str, Any]] = {}
        self.do_not_trade: dict[str, set[Symbol]] = defaultdict(set)
        self.outflows: dict[str, list[Outflow]] = defaultdict(list)

    def take(self, row: DictRow) -> None:
        state, account = row["state"], row["account"]
        match row["kind"]:
            case "account":
                if state["model"] is not None:
                    self.models[account] = ModelId(state["model"])
            case "ips":
                self.ips[account] = ips_stated(state)
            case "profile":
                self.profiles[row["household"]] = state
            case "do_not_trade":
                self.do_not_trade[account].add(Symbol(state["symbol"]))
            case "rmd" | "withdrawal" | "fee" as what:
                self.outflows[account].append(outflow_stated(what, state))


def _stands_for(words: Sequence[DictRow]) -> dict[str, dict[Symbol, StandIn]]:
    """What stands in for which holding, by account; the newest word on a symbol counts."""
    found: dict[str, dict[Symbol, StandIn]] = defaultdict(dict)
    for row in words:
        until = row["session"] + WINDOW + timedelta(days=1)
        found[row["account"]][Symbol(row["symbol"])] = StandIn(Symbol(row["original"]), until)
    return found


def _promised_lots(sales: Sequence[DictRow], without: ProposalId | None) -> dict[str, dict[LotId, Decimal]]:
    """Shares of each lot that open sells will still take: fills use the chosen lots in their order."""
    promised: dict[str, dict[LotId, Decimal]] = defaultdict(dict)
    for row in sales:
        if row["proposal"] == without:
            continue
        filled = row["filled"]
        for choice in row["lots"]:
            wanted = Decimal(choice["quantity"])
            used = min(filled, wanted)
            filled -= used
            if wanted > used:
                lots = promised[row["account"]]
                lots[LotId(choice["lot"])] = lots.get(LotId(choice["lot"]), Decimal(0)) + wanted - used
    return promised
