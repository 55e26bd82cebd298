"""A simulated custodian: its books are what venues report, and wrong where it is told to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput, WorldFailed
from core.ids import AccountId, CustodianId, OrderId
from core.venues.custody.custodian import Instruction, Part, Shared, Word
from core.venues.custody.simulated.clearing import Clearing
from core.venues.custody.simulated.house import House
from core.venues.custody.simulated.office import Custodians
from core.venues.simulated.ledger import Ledger, open_ledger

HERE, THERE = CustodianId("cus-here"), CustodianId("cus-there")
ACCOUNTS = {HERE: ("acc-1", "acc-2", "acc-3"), THERE: ("acc-9",)}
TRADED, DUE, LATER = date(2022, 12, 29), date(2023, 1, 3), date(2023, 1, 4)
BLOCK = OrderId("gh-block")


class Arcadia:
    """A venue as those hear it who clear there."""

    name = "ARCADIA"

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []
        self.away = False

    def executed(self, order: str, account: str, quantity: str, price: str = "100", side: str = "buy") -> str:
        name = f"e{len(self.reports)}"
        told = {"execution": name, "order": order, "account": account, "symbol": "AAA", "side": side}
        figures = {"quantity": quantity, "price": price, "fee": "0.50", "trade_date": TRADED.isoformat()}
        self.reports.append({"report": "execution", **told, **figures})
        return name

    async def since(self, cursor: str) -> tuple[Sequence[Mapping[str, Any]], str]:
        if self.away:
            raise WorldFailed("ARCADIA is down", fix="ask again")
        found = self.reports[int(cursor) :][:2]  # a page
        return found, str(int(cursor) + len(found))


class Opened:
    """Two custodians on the same files, as often as they are started."""

    def __init__(self, folder: Path, venue: Arcadia) -> None:
        self._folder, self._venue = folder, venue
        self._ledgers: list[Ledger] = []
        self.start()

    def start(self) -> None:
        for ledger in self._ledgers:
            ledger.close()
        houses = []
        for name, accounts in ACCOUNTS.items():
            ledger, lines = open_ledger(self._folder / f"{name}.jsonl")
            house = House(name, 7, ledger, lines)
            if not lines:
                house.open([line for account in accounts for line in opening(account)])
            houses.append(house)
            self._ledgers.append(ledger)
        self.office = Custodians(houses, {})
        tape, lines = open_ledger(self._folder / "clearing.jsonl")
        self._ledgers.append(tape)
        clearing = Clearing(tape, [self._venue], kept=self.office.keeps, passed_on=self.office.pass_on)
        for line in lines:
            clearing.apply(line)
        self.office.hears(clearing)

    def fault(self, **faults: Any) -> None:
        self.office.houses[HERE].control({"faults": faults})

    async def held(self, account: str, day: date = TRADED) -> tuple[str, str, str]:
        """Its shares, dollars and settled dollars."""
        said = await self.office.statement(HERE, day)
        one = AccountId(account)
        return (f"{said.positions[one, 'AAA']:f}", f"{said.cash[one]:f}", f"{said.settled.get(one, 0):f}")

    async def word(self, trade: str, day: date) -> Word:
        return (await self.office.settlements(HERE, [trade], day))[trade]


def opening(account: str) -> list[dict[str, Any]]:
    held: list[tuple[str, str, str | None]] = [("AAA", "40", None), ("cash", "9000", None)]
    return [{"account": account, "symbol": symbol, "amount": amount, "on": on} for symbol, amount, on in held]


@pytest.fixture
def venue() -> Arcadia:
    return Arcadia()


@pytest.fixture
def opened(tmp_path: Path, venue: Arcadia) -> Opened:
    return Opened(tmp_path, venue)


@pytest.mark.anyio
async def test_its_books_are_what_venues_report_by_its_own_arithmetic_and_over_a_restart(
    opened: Opened, venue: Arcadia
) -> None:
    venue.executed("gh-1", "acc-1", "10", "100.005")
    venue.executed("gh-2", "acc-2", "5", side="sell")
    venue.executed("gh-3", "acc-9", "7")  # another custodian's account
    for _ in range(2):
        assert await opened.held("acc-1") == ("50", "7999.45", "9000")
        assert await opened.held("acc-2") == ("35", "9499.50", "9000")
        opened.start()
    assert await opened.held("acc-1", DUE) == ("50", "7999.45", "7999.45")
    opened.start()
    with pytest.raises(WorldFailed, match="it stands in 2023-01-03"):
        await opened.held("acc-1", TRADED)


@pytest.mark.anyio
async def test_what_a_venue_takes_back_or_corrects_it_hears_from_the_venue(
    opened: Opened, venue: Arcadia
) -> None:
    first = venue.executed("gh-1", "acc-1", "10")
    second = venue.executed("gh-1", "acc-1", "10")
    assert await opened.held("acc-1", DUE) == ("60", "6999.00", "6999.00")
    venue.reports.append({"report": "busted", "execution": first, "order": "gh-1", "at": "t1"})
    figures = {"quantity": "9", "price": "101", "fee": "0.50"}
    venue.reports.append({"report": "corrected", "execution": second, "order": "gh-1", "at": "t2", **figures})
    assert await opened.held("acc-1", DUE) == ("49", "8090.50", "8090.50")  # settles as far as it differs
    opened.start()
    assert await opened.held("acc-1", DUE) == ("49", "8090.50", "8090.50")


@pytest.mark.anyio
async def test_while_a_venue_is_away_it_says_nothing_of_any_account(opened: Opened, venue: Arcadia) -> None:
    venue.away = True
    with pytest.raises(WorldFailed, match="ARCADIA told it nothing"):
        await opened.held("acc-1")
    with pytest.raises(WorldFailed, match="ARCADIA told it nothing"):
        await opened.word("gh-1/2022-12-29", DUE)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("fault", "holds", "word"),
    [
        ("missing", ("40", "9000", "9000"), "unknown"),
        ("twice", ("60", "6999.00", "6999.00"), "settled"),
        ("share", ("51", "7999.50", "7999.50"), "settled"),
        ("cent", ("50", "7999.49", "7999.49"), "settled"),
    ],
)
async def test_what_it_books_wrong_stays_wrong_until_it_is_mended(
    fault: str, holds: tuple[str, str, str], word: str, opened: Opened, venue: Arcadia
) -> None:
    opened.fault(**{f"{fault}_percent": 100})
    venue.executed("gh-1", "acc-1", "10")
    assert await opened.held("acc-1", DUE) == holds
    assert (await opened.word("gh-1/2022-12-29", DUE)).state == word
    opened.fault(**{f"{fault}_percent": 0})
    opened.start()
    assert await opened.held("acc-1", DUE) == holds
    opened.office.houses[HERE].control({"mend": True})
    assert await opened.held("acc-1", DUE) == ("50", "7999.50", "7999.50")
    assert (await opened.word("gh-1/2022-12-29", DUE)).state == "settled"


@pytest.mark.anyio
async def test_a_trade_that_fails_or_is_late_settles_when_it_does_and_stays_so(
    opened: Opened, venue: Arcadia
) -> None:
    venue.executed("gh-1", "acc-1", "10")
    opened.fault(fails={"gh-1/2022-12-29": "no cash"}, late_percent=100)
    assert await opened.word("gh-1/2022-12-29", DUE) == Word("failed", "no cash")
    opened.fault(fails={})
    assert await opened.word("gh-1/2022-12-29", DUE) == Word("failed", "it settles on 2023-01-04")
    assert (await opened.word("gh-1/2022-12-29", LATER)).state == "settled"
    opened.fault(fails={"gh-1/2022-12-29": "no cash"})
    assert (await opened.word("gh-1/2022-12-29", LATER)).state == "settled"


@pytest.mark.anyio
async def test_its_statement_is_wrong_where_it_is_told_so_and_no_answer_is_none(
    opened: Opened, venue: Arcadia
) -> None:
    opened.fault(positions={"acc-1/AAA": "-5"}, cash={"acc-1": "0.01"})
    assert await opened.held("acc-1") == ("35", "9000.01", "9000.01")
    assert await opened.held("acc-2") == ("40", "9000", "9000")
    opened.fault(away=True)
    with pytest.raises(WorldFailed):
        await opened.held("acc-1")
    with pytest.raises(BadInput):
        opened.fault(lost_percent=3)


def instructed(*quantities: str, fee: str = "0.50", accounts: Sequence[str] = ACCOUNTS[HERE]) -> Instruction:
    """Of what a block bought at a hundred dollars."""
    parts = tuple(
        Part(
            OrderId(f"gh-{n}"),
            AccountId(account),
            Decimal(quantity),
            Decimal(quantity) * 100,
            Decimal(fee) if n == 1 else Decimal(0),
        )
        for n, (account, quantity) in enumerate(zip(accounts, quantities, strict=True), start=1)
    )
    return Instruction(BLOCK, TRADED.isoformat(), parts)


@pytest.mark.anyio
async def test_a_block_is_taken_in_where_its_parts_are_what_venues_reported(
    opened: Opened, venue: Arcadia
) -> None:
    one = venue.executed(BLOCK, "blk-7", "10")

    async def tell(name: CustodianId, told: Instruction) -> bool:
        return await opened.office.allocate(name, told)

    for wrong in (
        instructed("5", "3", "1"),  # nine of ten
        instructed("5", "3", "2", fee="0.49"),
        instructed("5", "3", "2", accounts=("acc-1", "acc-2", "acc-9")),  # not of its own
        replace(instructed("5", "3", "2"), trade_date="2022-12-30"),
    ):
        assert not await tell(HERE, wrong)
    assert (await opened.office.statement(HERE, TRADED)).blocks[0].parts == {}
    assert await tell(HERE, instructed("5", "3", "2"))
    assert [(await opened.held(one))[0] for one in ACCOUNTS[HERE]] == ["45", "43", "42"]
    opened.start()
    (block,) = (await opened.office.statement(HERE, TRADED)).blocks
    assert block.parts[OrderId("gh-2")] == Shared(Decimal(3), Decimal(300), Decimal(0))
    assert await tell(HERE, instructed("4", "4", "2"))  # a change of shares, which adds up
    assert await opened.held("acc-2") == ("44", "8600", "9000")
    venue.reports.append({"report": "busted", "execution": one, "order": BLOCK, "at": "t"})
    assert not await tell(HERE, instructed("5", "3", "2"))
    assert await tell(HERE, instructed("0", "0", "0", fee="0"))
    assert await opened.held("acc-2") == ("40", "9000", "9000")


def test_an_opening_that_was_killed_half_way_is_gone_on_with(tmp_path: Path) -> None:
    lines = [line for account in ACCOUNTS[HERE] for line in opening(account)]
    ledger, _ = open_ledger(tmp_path / "one.jsonl")
    for line in lines[:3]:
        ledger.add("transfer", **line)
    known = [{"seq": n, "kind": "transfer", **line} for n, line in enumerate(lines[:3], start=1)]
    killed = House(HERE, 7, ledger, known)
    killed.open(lines)
    assert killed.books.cash == {AccountId(one): Decimal(9000) for one in ACCOUNTS[HERE]}
    assert killed.books.positions[AccountId("acc-3"), "AAA"] == 40
    ledger.close()
