"""What one simulated custodian has, as a fold of its own ledger's lines.

Rule 1: state changes in `apply` alone, so a restart that reads the ledger has what was there before.
Rule 2: what has settled stays settled. What is corrected later settles as far as it differs.
Rule 3: nothing here was ever the firm's word, but for how a block is shared, which must add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from core.ids import AccountId, OrderId
from core.market.calendar import next_session
from core.market.settlement import settles_on
from core.money import to_cents
from core.venues.custody.custodian import Shared, Word
from core.venues.custody.simulated.faults import NO_FAULTS, Booked, changed

Line = Mapping[str, Any]
CENT: Final = Decimal("0.01")
ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Done:
    """One execution as it stands: busted, it has no shares."""

    order: str
    account: AccountId
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    trade_date: str
    booked: Booked

    @property
    def moves(self) -> tuple[Decimal, Decimal]:
        """Shares and dollars into the account, as they were booked."""
        sign = 1 if self.side == "buy" else -1
        shares, dollars = sign * self.quantity, -sign * to_cents(self.quantity * self.price) - self.fee
        match self.booked:
            case "missing":
                return ZERO, ZERO
            case "twice":
                return 2 * shares, 2 * dollars
            case "share" if shares:
                return shares + sign, dollars
            case "cent" if shares:
                return shares, dollars - CENT
        return shares, dollars


@dataclass(frozen=True, slots=True)
class _Moved:
    account: AccountId
    symbol: str
    trade: str
    shares: Decimal
    dollars: Decimal


@dataclass(slots=True)
class _Trade:
    account: AccountId
    on: str  # the day that it is due; empty: at once
    due: Decimal = ZERO
    settled: bool = False


class Books:
    """One custodian's. `seed` decides which trades are late."""

    def __init__(self, seed: int) -> None:
        self.session: date | None = None
        self.faults = NO_FAULTS
        self.accounts: set[AccountId] = set()
        self.positions: dict[tuple[AccountId, str], Decimal] = {}
        self.cash: dict[AccountId, Decimal] = {}
        self.settled: dict[AccountId, Decimal] = {}
        self.done: dict[str, Done] = {}  # by venue/execution
        self.shares: dict[tuple[str, str], dict[OrderId, Shared]] = {}  # by block and trade date
        self._seed = seed
        self._moved: dict[str, _Moved] = {}
        self._trades: dict[str, _Trade] = {}
        self._waiting: dict[str, _Trade] = {}

    def apply(self, line: Line) -> None:
        """Take one line of the ledger. `opened` changes nothing."""
        match line["kind"]:
            case "transfer":
                self._transferred(line)
            case "execution":
                self._book(line["name"], _done(line))
            case "changed":
                quantity, price, fee = (Decimal(line[name]) for name in ("quantity", "price", "fee"))
                now = replace(self.done[line["name"]], quantity=quantity, price=price, fee=fee)
                self._book(line["name"], now)
            case "shared":
                self._share(line)
            case "day":
                self.session = date.fromisoformat(line["session"])
                self._settle_all()
            case "faults":
                self.faults = changed(self.faults, line["faults"])
                self._settle_all()
            case "mended":
                for name, done in list(self.done.items()):
                    self._book(name, replace(done, booked="as reported"))

    def word(self, trade: str) -> Word:
        """What became of that trade by the business day that it stands in."""
        found = self._trades.get(trade)
        if found is None:
            return Word("unknown")
        if found.settled and trade not in self._waiting:
            return Word("settled")
        return Word("failed", self.faults.fails.get(trade) or f"it settles on {self._on(trade, found)}")

    def _transferred(self, line: Line) -> None:
        account = AccountId(line["account"])
        self.accounts.add(account)
        amount, on = Decimal(line["amount"]), line["on"] or ""
        cash = line["symbol"] == "cash"
        shares, dollars = (ZERO, amount) if cash else (amount, ZERO)
        name = f"transfer/{len(self._moved)}"
        self._put(name, _Moved(account, line["symbol"], name, shares, dollars), on)

    def _book(self, name: str, done: Done) -> None:
        self.done[name] = done
        if done.booked == "missing" and name not in self._moved:
            return  # it knows nothing of it
        trade = f"{done.order}/{done.trade_date}"
        on = settles_on(date.fromisoformat(done.trade_date)).isoformat()
        self._put(name, _Moved(done.account, done.symbol, trade, *done.moves), on)

    def _share(self, line: Line) -> None:
        block, day = line["block"], line["trade_date"]
        on = settles_on(date.fromisoformat(day)).isoformat()
        sign = 1 if line["side"] == "buy" else -1
        parts = self.shares[block, day] = {}
        for one in line["parts"]:
            part = Shared(*(Decimal(one[name]) for name in ("quantity", "dollars", "fee")))
            parts[OrderId(one["order"])] = part
            trade, dollars = f"{one['order']}/{day}", -sign * part.dollars - part.fee
            moved = _Moved(AccountId(one["account"]), line["symbol"], trade, sign * part.quantity, dollars)
            self._put(f"{block}/{trade}", moved, on)

    def _put(self, name: str, moved: _Moved, on: str) -> None:
        """In the place of what that name moved before."""
        before = self._moved.get(name)
        shares = moved.shares - (before.shares if before else ZERO)
        dollars = moved.dollars - (before.dollars if before else ZERO)
        self._moved[name] = moved
        _add(self.positions, (moved.account, moved.symbol), shares)
        _add(self.cash, moved.account, dollars)
        trade = self._trades.setdefault(moved.trade, _Trade(moved.account, on))
        trade.due += dollars
        if trade.due or not trade.settled:
            self._waiting[moved.trade] = trade
        self._settle(moved.trade)

    def _settle_all(self) -> None:
        for trade in list(self._waiting):
            self._settle(trade)

    def _settle(self, name: str) -> None:
        trade = self._waiting.get(name)
        if trade is None or self.session is None or name in self.faults.fails:
            return
        if self._on(name, trade) <= self.session.isoformat():
            _add(self.settled, trade.account, trade.due)
            trade.due, trade.settled = ZERO, True
            del self._waiting[name]

    def _on(self, name: str, trade: _Trade) -> str:
        if trade.on and not name.startswith("transfer/") and self.faults.late(self._seed, name):
            return next_session(date.fromisoformat(trade.on)).isoformat()
        return trade.on


def _done(line: Line) -> Done:
    return Done(
        order=line["order"],
        account=AccountId(line["account"]),
        symbol=line["symbol"],
        side=line["side"],
        quantity=Decimal(line["quantity"]),
        price=Decimal(line["price"]),
        fee=Decimal(line["fee"]),
        trade_date=line["trade_date"],
        booked=line["booked"],
    )


def _add(to: dict[Any, Decimal], key: Any, amount: Decimal) -> None:
    to[key] = to.get(key, ZERO) + amount
