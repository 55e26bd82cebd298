"""The worked examples of IRS Publication 550, to the cent: what is deferred, into which lot, and until when.

Source: `../shared/data/tax`, trades in and adjusted lots out (adlr/wash-sale-calculator, Apache-2.0).
"""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from core.book.activity import Executed, Sold, quiet
from core.book.picture import Lot, Picture
from core.ids import AccountId, LotId, OrderId, Symbol
from core.orders.content import Leg
from core.orders.events import Side
from core.risk.intent import Intent, intents
from core.risk.limits import DEFAULT_LIMITS
from core.risk.standing import Ground
from core.risk.wash_sale import WashSale, matched
from tests.core.household import ACCOUNT, NOW, account, leg, lot, market, moved, picture

DATA: Final = Path("shared", "data", "tax", "wash_sale_cases.tar.gz")
HERE_OR_ABOVE: Final = [above / DATA for above in Path(__file__).resolve().parents]
EXAMPLES: Final = next((path for path in HERE_OR_ABOVE if path.exists()), HERE_OR_ABOVE[-1])
OTHER: Final = "acc-2"
HERE: Final = "AAA"

if not EXAMPLES.exists():
    pytest.skip(f"{DATA} is not here", allow_module_level=True)


@dataclass(frozen=True)
class Row:
    """Shares bought, and sold where `sold` says when. Dollars are of all of them."""

    name: str
    shares: Decimal
    bought: date
    basis: Decimal
    sold: date | None
    proceeds: Decimal
    adjusted: Decimal


def read(name: str) -> list[Row]:
    with tarfile.open(EXAMPLES) as archive:
        file = archive.extractfile(f"tests/{name}.csv")
        assert file is not None
        lines = list(csv.DictReader(io.StringIO(file.read().decode())))
    return [_row(line) for line in lines]


def _row(line: Mapping[str, str]) -> Row:
    return Row(
        name=line["FormPosition"],
        shares=Decimal(line["Cnt"]),
        bought=_day(line["BuyDate"]),
        basis=Decimal(line["Basis"]),
        sold=_day(line["SellDate"]) if line["SellDate"] else None,
        proceeds=Decimal(line["Proceeds"] or 0),
        adjusted=Decimal(line["Adj"] or 0),
    )


def _day(text: str) -> date:
    month, day, year = map(int, text.split("/"))
    return date(year, month, day)


def seen_on(
    day: date, lots: Sequence[Lot], price: Decimal, done: tuple[Executed, ...] = (), kind: str = "taxable"
) -> Picture:
    """The seller's account and another one of the household's, which holds what replaces."""
    mine = [one for one in lots if one.id.startswith("sold")]
    others = [one for one in lots if not one.id.startswith("sold")]
    at = replace(moved(market(), HERE, str(price)), session=day)
    accounts = (account(lots=mine), account(id=OTHER, kind=kind, lots=others))
    return picture(*accounts, market=at, activity=replace(quiet(NOW), executed=done))


def asked(rows: Sequence[Row], kind: str = "taxable") -> tuple[Intent, date]:
    """The last trade of the example, as it would be asked about; and the day from which it is clear."""
    (sale,) = [row for row in rows if row.sold is not None]
    assert sale.sold is not None
    bought = [row for row in rows if row.sold is None]
    last = max(row.bought for row in bought)
    if last > sale.sold:
        (purchase,) = bought
        part = Sold(sale.shares, sale.proceeds, sale.basis)
        done = Executed(
            *(OrderId("sale"), AccountId(ACCOUNT), Symbol(HERE), Side.SELL, sale.proceeds, Decimal(0)),
            *(sale.sold, sale.sold + timedelta(days=2), (), (part,)),
        )
        seen = seen_on(last, [], purchase.basis / purchase.shares, (done,), kind)
        legs: tuple[Leg, ...] = (leg(0, Side.BUY, HERE, str(purchase.shares), account=OTHER),)
        return intents(legs, Ground(seen))[0], sale.sold + timedelta(days=31)
    lots = [lot(row.name, HERE, row.shares, row.basis / row.shares, row.bought) for row in bought]
    lots.append(lot("sold", HERE, sale.shares, sale.basis / sale.shares, sale.bought))
    seen = seen_on(sale.sold, lots, sale.proceeds / sale.shares, (), kind)
    legs = (leg(0, Side.SELL, HERE, str(sale.shares), lots={"sold": str(sale.shares)}),)
    return intents(legs, Ground(seen))[0], last + timedelta(days=31)


@pytest.mark.parametrize("name", ["irs550_example_1", "irs550_example_2"])
def test_what_is_deferred_is_the_publications_figure_in_the_publications_lots(name: str) -> None:
    trades, adjusted = read(name), read(f"{name}_out")
    intent, clear = asked(trades)
    breach = WashSale().check(intent, DEFAULT_LIMITS)
    assert breach is not None
    assert breach.observed == sum(row.adjusted for row in adjusted)
    assert f"${breach.observed:,.2f} would be deferred and $0.00 lost" in breach.says
    assert f"clear from {clear};" in breach.says
    into = {
        one.lot or LotId(row.name): one.dollars for one, row in zip(matched(intent), trades[1:], strict=True)
    }
    new_basis = {row.name: row.basis for row in adjusted if row.sold is None}
    assert {row.name: row.basis + into[LotId(row.name)] for row in trades[1:]} == new_basis


@pytest.mark.parametrize("name", ["irs550_example_1", "irs550_example_2"])
def test_the_same_replaced_in_an_ira_is_lost_for_good(name: str) -> None:
    """Rev. Rul. 2008-5: the loss is disallowed, and no basis is increased."""
    intent, _ = asked(read(name), kind="ira")
    breach = WashSale().check(intent, DEFAULT_LIMITS)
    assert breach is not None
    assert breach.observed == sum(row.adjusted for row in read(f"{name}_out"))
    assert f"$0.00 would be deferred and ${breach.observed:,.2f} lost" in breach.says


@pytest.mark.parametrize(("days", "washes"), [(30, True), (31, False)])
def test_the_window_is_thirty_days_on_either_side(days: int, washes: bool) -> None:
    """26 USC 1091(a): a period beginning 30 days before the sale and ending 30 days after it."""
    (sale, purchase) = read("irs550_example_1")
    assert sale.sold is not None
    after = [sale, replace(purchase, bought=sale.sold + timedelta(days=days))]
    before = [sale, replace(purchase, bought=sale.sold - timedelta(days=days))]
    for trades in (after, before):
        assert (WashSale().check(asked(trades)[0], DEFAULT_LIMITS) is not None) is washes
