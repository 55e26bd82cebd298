"""Custodians that keep books of their own: simulated ones, and they say so.

Rule 1: a custodian's books come from what venues report to it, from what was transferred to it, and from the
    firm's instruction for which account an order is. They never come from what the firm booked.
    Of a block the firm instructs it who has which part; it takes that only where it adds up to the reports.
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


@dataclass(frozen=True, slots=True)
class Share:
    """One account's part of what a block executed on one trade date, as the firm instructs it.

    `dollars` is its part of the value in cents.
    """

    block: OrderId
    trade_date: str
    order: OrderId
    custodian: CustodianId
    account: AccountId
    symbol: str
    side: str
    quantity: Decimal
    dollars: Decimal
    fee: Decimal


Instructions = Callable[[Sequence[OrderId]], Awaitable[Mapping[OrderId, Instruction]]]


class SimulatedCustodians:
    """All custodians of the firm, each with its own file in that folder. One process at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._books: dict[CustodianId, _Books] = {}
        self._seen: set[str] = set()
        self._transfers = 0
        self._unshared: dict[OrderId, dict[str, Execution]] = {}  # what venues report anew with each start
        self._affirmed: dict[str, tuple[Decimal, Decimal]] = {}  # shares and dollars, by block, day and order
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(folder.glob("*.jsonl")):
            for line in file.read_text().splitlines():
                self._take(CustodianId(file.stem), json.loads(line))

    @property
    def transfers(self) -> int:
        """The sequence of the newest transfer that was taken in."""
        return self._transfers

    def names(self) -> tuple[CustodianId, ...]:
        return tuple(sorted(self._books))

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
            else:
                self._unshared.setdefault(one.order, {})[name] = one

    @property
    def unshared(self) -> tuple[OrderId, ...]:
        """Orders that venues executed, and that are of no account by themselves: blocks, perhaps."""
        return tuple(sorted(self._unshared))

    def shared(self, shares: Iterable[Share]) -> None:
        """Take in how the firm shares what blocks executed.

        A day is affirmed where shares, cents and fees are exactly what venues reported. Then each account has
        its part, and what it had of it before is taken off.
        """
        by_day: dict[tuple[OrderId, str], list[Share]] = {}
        for share in shares:
            by_day.setdefault((share.block, share.trade_date), []).append(share)
        for (block, date_), parts in by_day.items():
            done = [
                one for one in self._unshared.get(block, {}).values() if one.trade_date.isoformat() == date_
            ]
            reported = (
                sum((one.quantity for one in done), Decimal(0)),
                sum((to_cents(one.quantity * one.price) for one in done), Decimal(0)),
                sum((one.fee for one in done), Decimal(0)),
            )
            said = tuple(
                sum((getattr(part, name) for part in parts), Decimal(0))
                for name in ("quantity", "dollars", "fee")
            )
            if said == reported:
                for part in parts:
                    self._affirm(part)

    def _affirm(self, share: Share) -> None:
        name = f"{share.block}/{share.trade_date}/{share.order}"
        sign = 1 if share.side == "buy" else -1
        now = (sign * share.quantity, -sign * share.dollars - share.fee)
        before = self._affirmed.get(name, (Decimal(0), Decimal(0)))
        if now == before:
            return
        more = {"amount": f"{now[0] - before[0]:f}", "dollars": f"{now[1] - before[1]:f}"}
        whose = {"account": share.account, "symbol": share.symbol, "order": share.order}
        day = {
            "trade_date": share.trade_date,
            "on": settles_on(date.fromisoformat(share.trade_date)).isoformat(),
        }
        self._write(share.custodian, {"kind": "share", "name": name, **whose, **more, **day})

    def statement(self, custodian: CustodianId, session: date) -> Statement:
        """What it has on that business day.

        Raises:
            WorldFailed: it gives no answer now.
        """
        errs = self._errs(custodian)
        if errs.get("away"):
            raise WorldFailed(f"custodian {custodian} gives no answer", fix="it is asked again")
        books = self._books.get(custodian, _Books())
        books.settle(session, errs.get("fails", {}))
        positions, cash, settled = dict(books.positions), dict(books.cash), dict(books.settled)
        for named, amount in errs.get("positions", {}).items():
            account, _, symbol = named.partition("/")
            _add(positions, (AccountId(account), symbol), Decimal(amount))
        for account, amount in errs.get("cash", {}).items():
            _add(cash, AccountId(account), Decimal(amount))
            _add(settled, AccountId(account), Decimal(amount))
        return Statement(custodian, True, positions, cash, settled)

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

    def _take(self, custodian: CustodianId, line: Line) -> None:
        self._books.setdefault(custodian, _Books()).take(line)
        if line["kind"] == "execution":
            self._seen.add(line["name"])
        elif line["kind"] == "share":
            had = self._affirmed.get(line["name"], (Decimal(0), Decimal(0)))
            more = (Decimal(line["amount"]), Decimal(line["dollars"]))
            self._affirmed[line["name"]] = (had[0] + more[0], had[1] + more[1])
        elif line["kind"] == "transfer":
            self._transfers = max(self._transfers, line["seq"])

    def _write(self, custodian: CustodianId, line: Line) -> None:
        opened = {"kind": "opened", "custodian": custodian, "simulated": True}
        new = [line] if custodian in self._books else [opened, line]
        with (self._folder / f"{custodian}.jsonl").open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(one, sort_keys=True) + "\n" for one in new)
        for one in new:
            self._take(custodian, one)


class _Books:
    """What one custodian holds: all of it, and of the dollars what is settled. The rest waits for its day."""

    def __init__(self) -> None:
        self.positions: dict[tuple[AccountId, str], Decimal] = {}
        self.cash: dict[AccountId, Decimal] = {}
        self.settled: dict[AccountId, Decimal] = {}
        self._waiting: list[tuple[str, str, AccountId, Decimal]] = []  # good on, trade, account, dollars

    def take(self, line: Line) -> None:
        if line["kind"] == "opened":
            return
        account, symbol = AccountId(line["account"]), line["symbol"]
        executed = line["kind"] in ("execution", "share")
        if executed or symbol != "cash":
            _add(self.positions, (account, symbol), Decimal(line["amount"]))
        if executed or symbol == "cash":
            dollars = Decimal(line["dollars"] if executed else line["amount"])
            trade = f"{line['order']}/{line['trade_date']}" if executed else ""
            _add(self.cash, account, dollars)
            self._waiting.append((line["on"] or "", trade, account, dollars))

    def settle(self, session: date, fails: Mapping[str, str]) -> None:
        """Move on what is due and does not fail. What has settled stays settled."""
        left = []
        for one in self._waiting:
            on, trade, account, dollars = one
            if on <= session.isoformat() and trade not in fails:
                _add(self.settled, account, dollars)
            else:
                left.append(one)
        self._waiting = left


def _add(to: dict[Any, Decimal], key: Any, amount: Decimal) -> None:
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
