"""64 callers in four processes at the edge of each limit: as many pass as fit, and never one more."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pytest

from core.database.pools import conninfo
from tests.core.gate.deal import APPROVER, GATE, Deal, leg, lot_in
from tests.core.gate.racing import race
from tests.core.limits.setting import set_limits
from tests.fixtures.firm import Firm

CALLERS: Final = 64
FIT: Final = 7
ROUNDS: Final = 2


@dataclass(frozen=True)
class Edge:
    """`FIT` orders of ten shares at $100 fit; the eighth goes beyond by the least there is."""

    code: str
    side: str = "buy"
    limits: tuple[tuple[str, Any], ...] = ()
    cash: str = "10000000"
    shares: str = "100000"
    in_lot: str = ""
    agent: bool = False
    used: str = ""  # what comes back when the winners withdraw, by scope


def of_the_day(scope: str, *, agent: bool = False) -> Edge:
    return Edge("day_limit_reached", limits=((f"{scope}_day_value", "7999.99"),), agent=agent, used=scope)


# At worst: ten shares at $100, 0.1 % and a cent a share.
TAKES: Final = Decimal("1001.1")

EDGES: Final[dict[str, Edge]] = {
    "cash": Edge("cash_not_free", cash=str(FIT * TAKES + TAKES - Decimal("0.01"))),
    "shares": Edge("shares_not_free", side="sell", shares="79", in_lot="1000"),
    "lots": Edge("lots_not_free", side="sell", shares="1000", in_lot="79.999999"),
    "account": of_the_day("account"),
    "household": of_the_day("household"),
    "advisor": of_the_day("advisor"),
    "firm": of_the_day("firm"),
    "agent": of_the_day("agent", agent=True),
    "count": Edge("order_count_reached", limits=(("order_count", FIT),)),
    "position": Edge("position_limit_reached", limits=(("position_size", "7999.99"),)),
}


def ready(firm: Firm, edge: Edge) -> list[Deal]:
    """Drafted and assessed: each waits for its advisor."""
    found = []
    for _ in range(CALLERS):
        deal = Deal(firm)
        assert deal.draft().ok
        if edge.agent:
            firm.ask(
                "superuser", "update gatehouse.proposal set agent = 'a' where proposal = %s", deal.proposal
            )
        symbol = "AAPL" if edge.side == "sell" else "KO"
        said = deal.assess(leg(deal.account, edge.side, symbol, "10"))
        assert said.ok, said
        found.append(deal)
    return found


def submission(deal: Deal) -> dict[str, Any]:
    payload = {"proposal": deal.proposal, "digest": deal.digest, "reasons": []}
    return deal.firm.item("ProposalSubmitted", deal.stream, payload, login=deal.advisor)


def reserved(firm: Firm, edge: Edge, account: str) -> tuple[Any, ...]:
    """What the rows say is promised: cash, shares, lots, dollars of the day, shares to come."""
    symbol = "AAPL" if edge.side == "sell" else "KO"
    rows = (
        ("select reserved from gatehouse.holding where account = %s and symbol = 'cash'", (account,)),
        ("select reserved from gatehouse.holding where account = %s and symbol = %s", (account, symbol)),
        ("select sum(reserved) as r from gatehouse.lot_holding where account = %s", (account,)),
        ("select coalesce(sum(dollars), 0) as r from gatehouse.day_use where scope = %s", (edge.used,)),
        ("select coming from gatehouse.holding where account = %s and symbol = %s", (account, symbol)),
    )
    return tuple(firm.value(GATE, statement, *words) or Decimal(0) for statement, words in rows)


@pytest.mark.parametrize("kind", EDGES)
def test_no_race_goes_beyond_a_limit(firm: Firm, kind: str) -> None:
    edge = EDGES[kind]
    first = Deal(firm)
    first.own(edge.in_lot or edge.shares, "AAPL")
    first.own(edge.cash, "cash")
    first.own("0", "KO")
    firm.ask(
        "superuser",
        "update gatehouse.holding set held = %s where account = %s and symbol = 'AAPL'",
        Decimal(edge.shares),
        first.account,
    )
    if edge.limits:
        set_limits(firm, **dict(edge.limits))
    waiting = ready(firm, edge)
    dsn = conninfo(firm.database.of(APPROVER), name="test")
    for _ in range(ROUNDS):
        said = Counter(race(dsn, [submission(deal) for deal in waiting]))
        assert said == {"ok": FIT, edge.code: len(waiting) - FIT}
        promised = reserved(firm, edge, first.account)
        sells = edge.side == "sell"
        assert promised[0] == (0 if sells else FIT * TAKES)
        assert promised[1:3] == ((FIT * 10, FIT * 10) if sells else (0, 0))
        assert promised[3] == (FIT * 1000 if edge.used else 0)
        assert promised[4] == (0 if sells else FIT * 10)
        winners = [deal for deal in waiting if deal.status == "SUBMITTED"]
        assert len(winners) == FIT
        for deal in winners:
            assert deal.withdraw().ok
        assert reserved(firm, edge, first.account) == (0, 0, 0, 0, 0)
        firm.ask("superuser", "update gatehouse.order_burst set at = at - interval '1 hour'")
        waiting = [deal for deal in waiting if deal not in winners]
    assert firm.verified().ok


def test_one_lot_is_sold_once_whoever_is_first(firm: Firm) -> None:
    """Each of them wants the whole lot, and the account has shares enough for all."""
    first = Deal(firm).own("10", "AAPL")
    firm.ask(
        "superuser",
        "update gatehouse.holding set held = 100000 where account = %s and symbol = 'AAPL'",
        first.account,
    )
    waiting = ready(firm, Edge("lots_not_free", side="sell"))
    said = Counter(race(conninfo(firm.database.of(APPROVER), name="test"), [submission(d) for d in waiting]))
    assert said == {"ok": 1, "lots_not_free": CALLERS - 1}
    (row,) = firm.ask(
        GATE,
        "select held, reserved from gatehouse.lot_holding where account = %s and lot = %s",
        first.account,
        lot_in("AAPL"),
    )
    assert (row["held"], row["reserved"]) == (10, 10)
