"""Custodians that keep books of their own: simulated ones, and they say so.

Rule 1: a custodian's books come from what venues report to it, from what was transferred to it, and from the
    firm's instruction for which account an order is. They never come from what the firm booked.
Rule 2: its record is a file of its own, JSON lines that are only ever added to.
Rule 3: it errs when a file beside it says so: `errs.json`, by custodian: `positions` and `cash` are amounts
    that it has too many of, `fails` are trades that it does not settle, `away` is no answer at all.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from core.errors import WorldFailed
from core.ids import AccountId, CustodianId, OrderId
from core.market.settlement import settles_on
from core.money import to_cents
from core.venues.venue import Execution

ERRS: Final = "errs.json"
Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Instruction:
    """For which account an order is: what the firm tells the custodian of it."""

    order: OrderId
    custodian: CustodianId
    account: AccountId
    symbol: str
    side: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Shares or dollars (`cash`) that came in from elsewhere. `good_on`: when they are settled."""

    seq: int
    custodian: CustodianId
    account: AccountId
    symbol: str
    amount: Decimal
    good_on: date | None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a custodian says on one business day: by account and symbol, and dollars by account."""

    custodian: CustodianId
    simulated: bool
    positions: Mapping[tuple[AccountId, str], Decimal]
    cash: Mapping[AccountId, Decimal]
    settled: Mapping[AccountId, Decimal]


Instructions = Callable[[Sequence[OrderId]], Awaitable[Mapping[OrderId, Instruction]]]


class SimulatedCustodians:
    """All custodians of the firm, each with its own file in that folder. One process at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: dict[CustodianId, list[Line]] = {}
        self._seen: set[str] = set()
        self._transfers = 0
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(folder.glob("*.jsonl")):
            custodian = CustodianId(file.stem)
            self._lines[custodian] = [json.loads(line) for line in file.read_text().splitlines()]
            for line in self._lines[custodian]:
                self._take(line)

    @property
    def transfers(self) -> int:
        """The sequence of the newest transfer that was taken in."""
        return self._transfers

    def names(self) -> tuple[CustodianId, ...]:
        return tuple(sorted(self._lines))

    def transferred(self, transfers: Iterable[Transfer]) -> None:
        """Take in what came from elsewhere; what was taken in before changes nothing."""
        for one in transfers:
            if one.seq > self._transfers:
                said = {"seq": one.seq, "account": one.account, "symbol": one.symbol}
                good = one.good_on.isoformat() if one.good_on else None
                self._write(
                    one.custodian, {"kind": "transfer", **said, "amount": f"{one.amount:f}", "on": good}
                )

    async def executed(self, venue: str, done: Sequence[Execution], instructions: Instructions) -> None:
        """Take in what a venue reports; a second copy changes nothing."""
        new = {f"{venue}/{one.id}": one for one in done if f"{venue}/{one.id}" not in self._seen}
        if not new:
            return
        told = await instructions(sorted({one.order for one in new.values()}))
        for name, one in new.items():
            order = told.get(one.order)
            if order is not None:  # an order that nobody instructed it for is not its business
                self._write(order.custodian, _line(name, one, order))

    def statement(self, custodian: CustodianId, session: date) -> Statement:
        """What it has on that business day.

        Raises:
            WorldFailed: it gives no answer now.
        """
        errs = self._errs(custodian)
        if errs.get("away"):
            raise WorldFailed(f"custodian {custodian} gives no answer", fix="it is asked again")
        books = _Books()
        for line in self._lines.get(custodian, ()):
            books.take(line, session, errs.get("fails", {}))
        for named, amount in errs.get("positions", {}).items():
            account, _, symbol = named.partition("/")
            books.add(books.positions, (AccountId(account), symbol), Decimal(amount))
        for account, amount in errs.get("cash", {}).items():
            books.add(books.cash, AccountId(account), Decimal(amount))
            books.add(books.settled, AccountId(account), Decimal(amount))
        return Statement(custodian, True, books.positions, books.cash, books.settled)

    def failing(self) -> Mapping[str, str]:
        """Trades, as `order/trade date`, that a custodian will not settle now, and its words why."""
        found = {}
        for custodian in self.names():
            found.update(self._errs(custodian).get("fails", {}))
        return found

    def _errs(self, custodian: CustodianId) -> Mapping[str, Any]:
        try:
            found: Mapping[str, Mapping[str, Any]] = json.loads((self._folder / ERRS).read_text())
        except FileNotFoundError:
            return {}
        return found.get(custodian, {})

    def _take(self, line: Line) -> None:
        if line["kind"] == "execution":
            self._seen.add(line["name"])
        elif line["kind"] == "transfer":
            self._transfers = max(self._transfers, line["seq"])

    def _write(self, custodian: CustodianId, line: Line) -> None:
        known = self._lines.setdefault(custodian, [])
        new = [line] if known else [{"kind": "opened", "custodian": custodian, "simulated": True}, line]
        with (self._folder / f"{custodian}.jsonl").open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(one, sort_keys=True) + "\n" for one in new)
        for one in new:
            known.append(one)
            self._take(one)


class _Books:
    def __init__(self) -> None:
        self.positions: dict[tuple[AccountId, str], Decimal] = {}
        self.cash: dict[AccountId, Decimal] = {}
        self.settled: dict[AccountId, Decimal] = {}

    def take(self, line: Line, session: date, fails: Mapping[str, str]) -> None:
        if line["kind"] == "opened":
            return
        account, symbol, amount = AccountId(line["account"]), line["symbol"], Decimal(line["amount"])
        if line["kind"] == "transfer" and symbol != "cash":
            self.add(self.positions, (account, symbol), amount)
            return
        if line["kind"] == "transfer":
            self.add(self.cash, account, amount)
            good = line["on"] is None or date.fromisoformat(line["on"]) <= session
        else:
            self.add(self.positions, (account, symbol), amount)
            amount = Decimal(line["dollars"])
            self.add(self.cash, account, amount)
            due = date.fromisoformat(line["on"]) <= session
            good = due and f"{line['order']}/{line['trade_date']}" not in fails
        if good:
            self.add(self.settled, account, amount)

    def add(self, to: dict[Any, Decimal], key: Any, amount: Decimal) -> None:
        to[key] = to.get(key, Decimal(0)) + amount


def _line(name: str, one: Execution, order: Instruction) -> Line:
    """An execution in the custodian's own words and by its own arithmetic."""
    sign = 1 if order.side == "buy" else -1
    dollars = -sign * to_cents(one.quantity * one.price) - one.fee
    return {
        "kind": "execution",
        "name": name,
        "order": one.order,
        "account": order.account,
        "symbol": order.symbol,
        "amount": f"{sign * one.quantity:f}",
        "dollars": f"{dollars:f}",
        "trade_date": one.trade_date.isoformat(),
        "on": settles_on(one.trade_date).isoformat(),
    }
