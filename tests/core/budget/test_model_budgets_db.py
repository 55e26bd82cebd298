"""Budgets of models hold in the database: for many at once, and for a program with the copilot's login."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest

from core.budget.spending import Reserved, Spent, UsedToday, reserve, settle, used_today
from core.database.logins import AGENT, APPROVER, GATE, INTAKE, OWNER, WITNESS
from core.database.model_caps import write_caps
from core.database.pools import async_pool
from core.errors import SignInRequired, WorldFailed
from core.ids import MessageId
from core.model_settings import Caps
from tests.core.gate.deal import DAVID, MARIA
from tests.fixtures.firm import Firm

MANY: Final = Caps(10**6, 10**9, 10**6, Decimal(10**6))
RESERVE: Final = "select call, ended from gatehouse.reserve_thought(%s, %s, %s, %s, %s, %s)"
SETTLE: Final = "select gatehouse.settle_thought(%s, %s, %s, %s)"
USE: Final = "select calls, tokens, dollars from gatehouse.model_use where scope = %s and holder = %s"


class Asking:
    """One message of one advisor, and the copilot's ticket for its thread."""

    def __init__(self, firm: Firm, login: str = MARIA) -> None:
        self.firm = firm
        self.person = firm.value("superuser", "select person from gatehouse.person where login = %s", login)
        self.thread = firm.thread(login)
        self.ticket = firm.thread_ticket(login, self.thread)
        self.message = self.asks(login)

    def asks(self, login: str = MARIA) -> str:
        """Another message in this thread."""
        message = f"msg-{uuid4().hex}"
        sealed = firm_sealed(self.firm, self.person)
        payload = {"thread": self.thread, "message": message, "text": sealed}
        item = self.firm.item("MessageReceived", f"thread/{self.thread}", payload, login=login)
        (said,) = self.firm.append(INTAKE, item)
        assert said.ok, said
        return message

    def reserve(self, *, message: str | None = None, model: str = "m", read: int = 100) -> tuple[Any, Any]:
        words = (self.ticket, message or self.message, model, read, 50, 1000)
        row = self.firm.ask(AGENT, RESERVE, *words)[0]
        return row["call"], row["ended"]

    def settle(self, call: Any, read: int | None, written: int | None) -> bool:
        return bool(self.firm.value(AGENT, SETTLE, self.ticket, call, read, written))

    def used(self, scope: str) -> tuple[Any, ...]:
        holders = {"run": f"{self.thread}/{self.message}", "advisor": self.person, "day": "all"}
        return tuple(self.firm.ask("superuser", USE, scope, holders[scope])[0].values())


def firm_sealed(firm: Firm, subject: Any) -> dict[str, Any]:
    sealed: dict[str, Any] = firm.keys.seal(subject, "text", "How is the Okafor household?").model_dump()
    return sealed


def caps(firm: Firm, prices: dict[str, tuple[Decimal, Decimal]] | None = None, **changed: Caps) -> None:
    """As the owner: these, and what nobody reaches."""
    found: Any = {"run": MANY, "advisor": MANY, "day": MANY, **changed}
    write_caps(firm.database.owner, found, prices or {})


@pytest.fixture(scope="module")
def firm(shared_firm: Firm) -> Firm:
    """Each test has its own threads; whoever needs the day's own rows asks for what was added."""
    caps(shared_firm)
    return shared_firm


@pytest.mark.parametrize(
    ("cap", "code"),
    [
        (Caps(2, 10**9, 10**6, Decimal(9)), "calls"),
        (Caps(9, 300, 10**6, Decimal(9)), "tokens"),
        (Caps(9, 10**9, 2, Decimal(9)), "seconds"),
        (Caps(9, 10**9, 10**6, Decimal("0.0021")), "dollars"),
    ],
)
def test_the_third_call_of_two_is_not_made_and_changes_nothing(firm: Firm, cap: Caps, code: str) -> None:
    one = Asking(firm)
    caps(firm, {"": (Decimal(5), Decimal(10))}, run=cap)
    assert [one.reserve()[1] for _ in range(2)] == [None, None]
    before = [one.used(scope) for scope in ("run", "advisor", "day")]
    assert one.reserve() == (None, f"run_{code}")
    assert [one.used(scope) for scope in ("run", "advisor", "day")] == before
    caps(firm)


def test_another_request_of_hers_has_a_budget_of_its_own_and_an_advisors_day_holds_for_all(
    firm: Firm,
) -> None:
    one = Asking(firm, DAVID)
    caps(firm, run=Caps(1, 10**9, 10**6, Decimal(9)))
    assert (one.reserve()[1], one.reserve()[1]) == (None, "run_calls")
    assert one.reserve(message=one.asks(DAVID))[1] is None
    caps(firm, advisor=Caps(one.used("advisor")[0], 10**9, 10**6, Decimal(9)))
    assert Asking(firm, DAVID).reserve()[1] == "advisor_calls"
    caps(firm)


def test_a_settlement_gives_back_what_was_not_used_and_never_the_call(firm: Firm) -> None:
    one = Asking(firm)
    caps(firm, {"m": (Decimal(1), Decimal(10))})
    call, _ = one.reserve(read=1000)
    assert one.used("run") == (1, 1050, Decimal("0.0015"))
    assert one.settle(call, 10, 5)
    assert one.used("run") == (1, 15, Decimal("0.00006"))
    assert not one.settle(call, 0, 0), "once"
    assert one.used("run") == (1, 15, Decimal("0.00006"))
    caps(firm)


def test_what_nobody_counted_stays_reserved_and_more_than_was_reserved_is_counted(firm: Firm) -> None:
    one = Asking(firm)
    silent, _ = one.reserve()
    assert one.settle(silent, None, None)
    assert one.used("run")[:2] == (1, 150)
    loud, _ = one.reserve()
    assert one.settle(loud, 900, 100)
    assert one.used("run")[:2] == (2, 1150)


@pytest.mark.parametrize(("read", "written"), [(-(10**12), -1), (-(2**62), 2**62)])
def test_a_false_settlement_takes_nothing_below_zero(firm: Firm, read: int, written: int) -> None:
    one = Asking(firm)
    other = Asking(firm)
    other.reserve()
    call, _ = one.reserve()
    assert one.settle(call, read, written)
    assert one.used("run")[0] == 1
    assert one.used("run")[1] >= 0
    assert other.used("run")[:2] == (1, 150)


def test_nobody_settles_a_call_of_another_advisor(firm: Firm) -> None:
    mine, hers = Asking(firm, MARIA), Asking(firm, DAVID)
    call, _ = hers.reserve()
    assert not mine.settle(call, 0, 0)
    assert not mine.settle(uuid4(), 0, 0)
    assert hers.used("run")[:2] == (1, 150)


def test_a_run_that_nobody_asked_for_is_not_begun(firm: Firm) -> None:
    mine, hers = Asking(firm, MARIA), Asking(firm, DAVID)
    assert mine.reserve(message="msg-made-up") == (None, "no_such_message")
    assert mine.reserve(message=hers.message) == (None, "no_such_message")


def test_only_a_live_ticket_of_a_thread_reserves(firm: Firm) -> None:
    one = Asking(firm)
    for ticket, code in ((firm.ticket(MARIA), "wrong_ticket"), ("nobody's", "session_ended")):
        row = firm.ask(AGENT, RESERVE, ticket, one.message, "m", 1, 1, 1)[0]
        assert (row["call"], row["ended"]) == (None, code)


@pytest.mark.parametrize(
    ("model", "read", "written", "ms"),
    [("m", 0, 1, 1), ("m", -5, 1, 1), ("m", 1, 10**12, 1), ("m", 1, 1, 0), ("m\n", 1, 1, 1), (None, 1, 1, 1)],
)
def test_a_reservation_of_another_shape_is_none(
    firm: Firm, model: Any, read: int, written: int, ms: int
) -> None:
    one = Asking(firm)
    row = firm.ask(AGENT, RESERVE, one.ticket, one.message, model, read, written, ms)[0]
    assert (row["call"], row["ended"]) == (None, "malformed_reservation")


def test_a_name_without_a_price_costs_what_the_dearest_does(firm: Firm) -> None:
    one = Asking(firm)
    caps(firm, {"m": (Decimal(1), Decimal(1)), "dear": (Decimal(100), Decimal(100))})
    one.reserve(model="renamed")
    assert one.used("run")[2] == Decimal("0.015")
    caps(firm)


@pytest.mark.parametrize("role", [AGENT, INTAKE, APPROVER, GATE, WITNESS])
@pytest.mark.parametrize(
    "statement",
    [
        "update gatehouse.model_budget set calls = 1000000",
        "update gatehouse.model_use set calls = 0",
        "delete from gatehouse.model_use",
        "insert into gatehouse.model_price values ('free', 0, 0)",
        "truncate gatehouse.model_call",
    ],
)
def test_no_login_of_ours_changes_a_cap_a_price_or_a_count(firm: Firm, role: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        firm.ask(role, statement)


def test_many_at_once_spend_what_there_is_and_no_more(firm: Firm) -> None:
    askers = [Asking(firm) for _ in range(4)]
    left = 10
    caps(firm, advisor=Caps(_used_calls(askers[0]) + left, 10**9, 10**6, Decimal(9)))
    got: list[Any] = []

    def spend(one: Asking) -> None:
        with psycopg.connect(firm.database.agent, autocommit=True) as connection:
            for _ in range(6):
                words = (one.ticket, one.message, "m", 100, 50, 1000)
                got.append(connection.execute(RESERVE.encode(), words).fetchone())

    threads = [threading.Thread(target=spend, args=(one,)) for one in askers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 24
    assert sum(row[1] is None for row in got) == left
    assert {row[1] for row in got} == {None, "advisor_calls"}
    caps(firm)


def _used_calls(one: Asking) -> int:
    one.reserve()
    return int(one.used("advisor")[0])


@pytest.mark.anyio
async def test_whoever_holds_the_rows_stops_nobody_for_long(firm: Firm) -> None:
    one = Asking(firm)
    async with async_pool(firm.database.agent, name="test", most=2) as pool:
        with psycopg.connect(firm.database.agent) as holder:
            holder.execute(RESERVE.encode(), (one.ticket, one.message, "m", 1, 1, 1))  # and does not commit
            with pytest.raises(WorldFailed):
                await asked(pool, one)
            holder.rollback()
        assert isinstance(await asked(pool, one), Reserved)


@pytest.mark.anyio
async def test_the_door_reserves_settles_and_tells_the_day(firm: Firm) -> None:
    one = Asking(firm)
    async with async_pool(firm.database.agent, name="test", most=2) as pool:
        before = await used_today(pool)
        found = await asked(pool, one)
        assert isinstance(found, Reserved)
        assert await settle(pool, one.ticket, found, (7, 3))
        after = await used_today(pool)
        assert (after.calls - before.calls, after.tokens - before.tokens) == (1, 10)
        await asyncio.to_thread(caps, firm, day=Caps(after.calls, 10**9, 10**6, Decimal(9)))
        assert await asked(pool, one) == Spent("day", "calls")
        assert (await used_today(pool)).spent
        await asyncio.to_thread(caps, firm)
        with pytest.raises(SignInRequired):
            await reserve(
                pool,
                "nobody's",
                MessageId(one.message),
                model="m",
                tokens_read=1,
                tokens_written=1,
                within=timedelta(seconds=1),
            )


async def asked(pool: Any, one: Asking) -> Reserved | Spent:
    return await reserve(
        pool,
        one.ticket,
        MessageId(one.message),
        model="m",
        tokens_read=10,
        tokens_written=10,
        within=timedelta(seconds=1),
    )


def test_the_days_use_reads_as_a_sentence() -> None:
    used = UsedToday(3, 1200, 4500, Decimal("0.0123"), 20, 9000, 60, Decimal(2))
    assert used.says == "models used today: 3 of 20 calls, 1200 of 9000 tokens, 4 of 60 s, $0.01 of $2.00"
    assert not used.spent


def test_the_owner_writes_what_the_settings_say(firm: Firm) -> None:
    caps(firm, {"a": (Decimal(1), Decimal(2))}, run=Caps(1, 2, 3, Decimal("4.5")))
    row = firm.ask(
        OWNER, "select calls, tokens, seconds, dollars from gatehouse.model_budget where scope = 'run'"
    )
    assert tuple(row[0].values()) == (1, 2, 3, Decimal("4.5"))
    caps(firm)
    assert firm.ask(OWNER, "select * from gatehouse.model_price") == []
