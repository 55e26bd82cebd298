"""One simulated custodian as it answers: it books what venues reported, and says what it has.

Rule 1: what it says stands in its ledger first.
Rule 2: a trade of an account that it does not keep is not its business.
Rule 3: it stands in the business day that it was last asked about, and never in an earlier one again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from core.errors import BadInput, WorldFailed
from core.ids import AccountId, CustodianId, OrderId
from core.market.settlement import settles_on
from core.money import exact
from core.venues.custody.custodian import BlockHeld, Instruction, Part, Statement, Word
from core.venues.custody.simulated.books import Books
from core.venues.custody.simulated.clearing import Block, Clearing
from core.venues.custody.simulated.faults import changed
from core.venues.simulated.ledger import Ledger, Line

CONTROLS: Final = frozenset({"faults", "mend"})


class House:
    """One custodian's books, ledger and word."""

    def __init__(self, name: CustodianId, seed: int, ledger: Ledger, lines: Sequence[Line]) -> None:
        self.name = name
        self.books = Books(seed)
        self._seed = seed
        self._ledger = ledger
        self._heard = 0  # of what venues reported
        for line in lines:
            self._take(line)

    def open(self, transfers: Sequence[Mapping[str, Any]]) -> None:
        """Take in what was transferred here before anything was traded, and say last whose these books are.

        Books that were killed while they were opened have the first of these already.
        """
        for one in transfers[self._ledger.seq :]:
            self._add("transfer", **one)
        self._add("opened", custodian=self.name, seed=self._seed, simulated=True)

    async def settle(self) -> None:
        """Return when all that it did is on the disk."""
        await self._ledger.settle()

    def take(self, line: Line) -> None:
        """Book what a venue reported, where it is of an account that it keeps."""
        if line["seq"] <= self._heard:
            return
        report = line["report"]
        name, kind = f"{line['venue']}/{report.get('execution')}", report["report"]
        if kind == "execution":
            if AccountId(report["account"]) in self.books.accounts and name not in self.books.done:
                fields = ("order", "account", "symbol", "side", "quantity", "price", "fee", "trade_date")
                said = {field: report[field] for field in fields}
                booked = self.books.faults.booked(self._seed, name)
                self._add("execution", name=name, heard=line["seq"], booked=booked, **said)
        elif kind == "corrected" and name in self.books.done:
            figures = {field: report[field] for field in ("quantity", "price", "fee")}
            self._add("changed", name=name, heard=line["seq"], **figures)
        elif kind == "busted" and name in self.books.done:
            price = f"{self.books.done[name].price:f}"
            self._add("changed", name=name, heard=line["seq"], quantity="0", price=price, fee="0")

    def stand_in(self, session: date) -> None:
        """Raises WorldFailed where it stands in a later business day."""
        stands = self.books.session
        if stands is not None and session < stands:
            raise WorldFailed(f"it stands in {stands}", fix="ask about that business day")
        if session != stands:
            self._add("day", session=session.isoformat())

    def statement(self, session: date, clearing: Clearing) -> Statement:
        self.stand_in(session)
        books, wrong = self.books, self.books.faults
        positions, cash, settled = dict(books.positions), dict(books.cash), dict(books.settled)
        for named, amount in wrong.positions.items():
            account, _, symbol = named.partition("/")
            key = (AccountId(account), symbol)
            positions[key] = positions.get(key, Decimal(0)) + amount
        for account, amount in wrong.cash.items():
            for dollars in (cash, settled):
                dollars[AccountId(account)] = dollars.get(AccountId(account), Decimal(0)) + amount
        held = [
            BlockHeld(OrderId(block[0]), block[1], dict(books.shares.get(block, {})))
            for block in clearing.blocks
            if self._is_open(block, session, clearing)
        ]
        return Statement(self.name, True, session, positions, cash, settled, tuple(held))

    def word(self, trade: str) -> Word:
        return self.books.word(trade)

    def allocate(self, told: Instruction, clearing: Clearing) -> bool:
        """Take in who has which part of a block, where all of it is its accounts' and adds up."""
        block = (told.block, told.trade_date)
        if block not in clearing.blocks or not all(p.account in self.books.accounts for p in told.parts):
            return False
        reported = clearing.reported(block)
        for field in ("quantity", "dollars", "fee"):
            if sum((getattr(part, field) for part in told.parts), Decimal(0)) != getattr(reported, field):
                return False
        if len({part.order for part in told.parts}) != len(told.parts):
            return False
        before = self.books.shares.get(block, {})
        if not before.keys() <= {part.order for part in told.parts}:
            return False
        symbol, side = clearing.blocks[block]
        parts = [
            {
                "order": one.order,
                "account": one.account,
                "quantity": f"{one.quantity:f}",
                "dollars": f"{one.dollars:f}",
                "fee": f"{one.fee:f}",
            }
            for one in told.parts
        ]
        self._add("shared", block=block[0], trade_date=block[1], symbol=symbol, side=side, parts=parts)
        return True

    def control(self, given: Any) -> None:
        """What the simulation is told: `faults`, `mend`. No customer could say it.

        Raises:
            BadInput: names the field; nothing changed.
        """
        if not isinstance(given, dict) or not set(given) <= CONTROLS:
            raise BadInput(
                f"control {given!r} is unknown", fix=f"give {', '.join(sorted(CONTROLS))}", field="control"
            )
        if "faults" in given:
            changed(self.books.faults, given["faults"])
            self._add("faults", faults=given["faults"])
        if given.get("mend") is True:
            self._add("mended")

    def _is_open(self, block: Block, session: date, clearing: Clearing) -> bool:
        """Whether it may still be told who has what of that block: not final yet, or not adding up."""
        if settles_on(date.fromisoformat(block[1])) >= session:
            return True
        mine = self.books.shares.get(block)
        if mine is None:
            return False
        has = sum((one.quantity for one in mine.values()), Decimal(0))
        return has != clearing.reported(block).quantity

    def _add(self, kind: str, **fields: Any) -> None:
        self._take(self._ledger.add(kind, **fields))

    def _take(self, line: Line) -> None:
        self.books.apply(line)
        self._heard = max(self._heard, line.get("heard", 0))


def read_instruction(given: Mapping[str, Any]) -> Instruction:
    """Raises BadInput where it is none."""
    try:
        parts = tuple(
            Part(
                OrderId(str(one["order"])),
                AccountId(str(one["account"])),
                *(exact(one[field], field=field) for field in ("quantity", "dollars", "fee")),
            )
            for one in given["parts"]
        )
        day = date.fromisoformat(given["trade_date"]).isoformat()
        return Instruction(OrderId(str(given["block"])), day, parts)
    except (KeyError, TypeError, ValueError) as bad:
        raise BadInput(f"no instruction: {bad}", fix="give block, trade_date, parts", field="parts") from bad
