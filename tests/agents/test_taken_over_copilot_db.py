"""What any code in the copilot's process could try: its login, its tickets, bare SQL.

The claims are the second line of the law of the house: such code reads nothing beyond its ticket's book,
drafts in no other's name, writes nothing but drafts and steps, holds up nobody, and leaves nothing that
stops a reader.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.rows import DictRow, dict_row

from core.clock import WallClock
from core.database.logins import AGENT, APPROVER, GATE, INTAKE
from core.database.pools import async_pool, conninfo
from core.errors import SignInRequired
from core.firm.people import PEOPLE
from core.gate.deciding import Deciding
from core.ids import MessageId
from core.ledger.events import KINDS
from core.ledger.journal import Journal
from core.people.asker import asking
from core.projections.follow import Follower
from core.projections.proposals import read_proposals
from tests.fixtures.firm import Answer, Firm, FirmTemplate
from tests.fixtures.processes import until

MARIA: Final = "maria.alvarez"
COLLEAGUE: Final = next(p.login for p in PEOPLE if p.role == "advisor" and p.login != MARIA)
SAID: Final = "please sell 10 shares of AAPL, buy 5 MSFT at 100, and rebalance the household"


class TakenOver:
    """The copilot's login, with the ticket of one advisor's thread."""

    def __init__(self, firm: Firm, login: str = MARIA) -> None:
        self.firm = firm
        self.login = login
        self.person = firm.value("superuser", "select person from gatehouse.person where login = %s", login)
        self.thread = firm.thread(login)
        self.ticket = firm.thread_ticket(login, self.thread)

    def append(self, event_type: str, stream: str, payload: Mapping[str, Any], **changed: Any) -> Answer:
        ticket = changed.pop("ticket", self.ticket)
        return self.firm.append(AGENT, self.firm.item(event_type, stream, payload, ticket=ticket, **changed))[
            0
        ]

    def step(self, **changed: Any) -> dict[str, Any]:
        payload = {"thread": self.thread, "agent": "portfolio", "step": "think", "model": "offline"}
        return self.firm.item("StepTaken", f"thread/{self.thread}", payload, ticket=self.ticket, **changed)

    def draft(self, number: int, request: Mapping[str, Any], **changed: Any) -> Answer:
        proposal = f"prp-{number:032x}"
        trace = changed.pop("trace_id", f"{number:032x}")
        span = {"field": "kind", "message": "msg-1", "start": 0, "end": 6}
        payload = {
            "proposal": proposal,
            "request": dict(request),
            "provenance": [span],
            "thread": self.thread,
            "agent": "proposal",
            **changed,
        }
        return self.append("ProposalDrafted", f"proposal/{proposal}", payload, trace_id=trace)

    def homes(self, *, own: bool = True) -> dict[str, list[str]]:
        """Households with their accounts: of this advisor, or of the others."""
        found: dict[str, list[str]] = {}
        for row in self.firm.ask(
            "superuser",
            "select household, account from gatehouse.account where (advisor = %s) = %s order by account",
            self.person,
            own,
        ):
            found.setdefault(row["household"], []).append(row["account"])
        return found


@pytest.fixture
def attacker(firm: Firm) -> TakenOver:
    return TakenOver(firm)


@contextmanager
def line(firm: Firm, role: str = AGENT) -> Iterator[Connection[DictRow]]:
    dsn = conninfo(firm.database.of(role), name="hostile")
    with psycopg.connect(dsn, row_factory=dict_row, autocommit=True) as connection:
        yield connection


# Reading


def readable(firm: Firm) -> list[str]:
    """Every table and view that the copilot's login may select from, outside its own schema."""
    return [
        row["name"]
        for row in firm.ask(
            "superuser",
            "select c.oid::regclass::text as name "
            "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = 'gatehouse' and c.relkind in ('r', 'v', 'm') "
            "and has_table_privilege('gh_agent', c.oid, 'select')",
        )
    ]


def test_no_table_shows_it_a_household_or_account_of_another_book(attacker: TakenOver) -> None:
    others = attacker.homes(own=False)
    foreign = {*others, *(account for accounts in others.values() for account in accounts)}
    tables = readable(attacker.firm)
    assert len(tables) > 10
    with line(attacker.firm) as connection:
        for ticket in (None, attacker.ticket):
            for table in tables:
                with connection.transaction():
                    connection.execute("select gatehouse.present(%s)", [ticket])
                    shown = connection.execute(f"select t::text as row from {table} t".encode()).fetchall()
                seen = {word for row in shown for word in foreign if word in row["row"]}
                assert not seen, (table, ticket is not None, sorted(seen)[:5])


def test_it_does_not_see_who_works_here_nor_whose_relative_is_a_client(attacker: TakenOver) -> None:
    with line(attacker.firm) as connection, connection.transaction():
        connection.execute("select gatehouse.present(%s)", [attacker.ticket])
        assert connection.execute("select from gatehouse.reference where kind = 'person'").rowcount == 0
        assert connection.execute("select from gatehouse.reference where kind = 'household'").rowcount > 0


def test_a_draft_under_anothers_trace_shows_nothing_of_that_trace(attacker: TakenOver) -> None:
    """The trace is the draft's own claim. Whose book an entry is in follows from the entry's stream."""
    victim = TakenOver(attacker.firm, COLLEAGUE)
    secret = f"{7:032x}"
    home = next(iter(victim.homes()))
    assert victim.draft(1, {"kind": "rebalance", "household": home}, trace_id=secret).ok
    mine = next(iter(attacker.homes()))
    assert attacker.draft(2, {"kind": "rebalance", "household": mine}, trace_id=secret).ok
    assert lines_of(attacker, secret) == {f"proposal/prp-{2:032x}"}
    assert lines_of(victim, secret) == {f"proposal/prp-{1:032x}"}


def lines_of(reader: TakenOver, trace: str) -> set[str]:
    """The streams that the person herself is shown of that trace, at the door of `front`."""
    with line(reader.firm, INTAKE) as connection, connection.transaction():
        connection.execute("select gatehouse.present(%s)", [reader.firm.ticket(reader.login)])
        found = connection.execute("select stream from gatehouse.journal_line where trace_id = %s", [trace])
        return {row["stream"] for row in found}


# Writing


def test_it_drafts_for_no_household_or_account_of_another_book(attacker: TakenOver) -> None:
    others = attacker.homes(own=False)
    theirs = next(iter(others))
    mine = next(iter(attacker.homes()))
    assert attacker.draft(1, {"kind": "rebalance", "household": theirs}).code == "outside_book"
    mixed = {"kind": "rebalance", "household": mine, "accounts": [others[theirs][0]]}
    assert attacker.draft(2, mixed).code == "outside_book"


MAY: Final = {
    *("ProposalDrafted", "CancelDrafted", "StepTaken", "ToolCalled", "ObservationMade", "DecisionTaken"),
    *("RunBegun", "PreferenceKept", "PreferenceErased", "EmailDrafted"),
}


@pytest.mark.parametrize("event_type", sorted({*KINDS} - MAY))
def test_it_writes_no_other_kind_of_event(attacker_of_file: TakenOver, event_type: str) -> None:
    stream = attacker_of_file.firm.value(
        "superuser", "select stream_prefix from gatehouse.event_kind where event_type = %s", event_type
    )
    said = attacker_of_file.append(event_type, f"{stream.rstrip('/')}/x" if "/" in stream else stream, {})
    assert (said.answer, said.code) == ("refused", "no_right")


def test_its_tickets_are_good_at_no_other_login(attacker: TakenOver) -> None:
    for role, event in ((INTAKE, "ThreadOpened"), (APPROVER, "ProposalApproved")):
        item = attacker.firm.item(event, "thread/x", {}, ticket=attacker.ticket)
        assert attacker.firm.append(role, item)[0].code == "wrong_ticket"
        assert attacker.firm.value(role, "select gatehouse.present(%s)", attacker.ticket) is None


def test_a_persons_own_ticket_is_not_good_at_its_login(attacker: TakenOver) -> None:
    own = attacker.firm.ticket(MARIA)
    assert attacker.append("StepTaken", f"thread/{attacker.thread}", {}, ticket=own).code == "wrong_ticket"
    assert attacker.firm.value(AGENT, "select gatehouse.present(%s)", own) is None


@pytest.mark.parametrize("nonsense", ["", "no such ticket", "a\x00b", "é", "x" * 5000])
def test_a_ticket_that_is_none_is_nobodys_and_no_defect(attacker: TakenOver, nonsense: str) -> None:
    async def ask() -> None:
        async with async_pool(attacker.firm.database.agent, name="test", most=1) as pool:
            with pytest.raises(SignInRequired):
                async with asking(pool, nonsense):
                    pytest.fail("let in")

    asyncio.run(ask())


def test_it_speaks_in_no_other_thread(attacker: TakenOver) -> None:
    for thread in (attacker.firm.thread(MARIA), attacker.firm.thread(COLLEAGUE)):
        payload = {"thread": thread, "agent": "x", "step": "think", "model": "m"}
        assert attacker.append("StepTaken", f"thread/{thread}", payload).code == "not_your_thread"


# Holding up


HOLDS: Final = ("plain", "group", "savepoint")


@pytest.mark.parametrize("how", HOLDS)
def test_whoever_keeps_the_head_is_seen_and_ended(attacker: TakenOver, how: str) -> None:
    """A group's entries are a subtransaction, as is whatever follows a savepoint: neither hides who."""
    at = attacker.firm.version(f"thread/{attacker.thread}") + 1
    group = {"group": "g"} if how == "group" else {}
    items = [attacker.step(stream_version=at + n, **group) for n in range(2)]
    held = psycopg.connect(conninfo(attacker.firm.database.agent, name="hostile"))
    if how == "savepoint":
        held.execute("savepoint s")
    held.execute("select * from gatehouse.append(%s::jsonb)", [json.dumps(items)])
    holder = attacker.firm.value(GATE, "select gatehouse.head_holder()")
    assert holder is not None
    ended = attacker.firm.value(GATE, "select gatehouse.end_head_holder(%s)", holder)
    assert ended == held.info.backend_pid
    with pytest.raises(psycopg.errors.AdminShutdown):
        held.execute("select 1")
    held.close()
    assert attacker.firm.append(AGENT, attacker.step(stream_version=at))[0].ok


def test_a_crowd_of_its_appends_sends_one_at_a_time_to_the_head(attacker: TakenOver) -> None:
    """The others wait elsewhere: what a person appends competes with one of them, however many there are."""
    at = attacker.firm.version(f"thread/{attacker.thread}") + 1
    call = "select count(*) from gatehouse.append(%s::jsonb)"
    crowd = [attacker.step(stream_version=at + n) for n in range(4)]
    with ThreadPoolExecutor(len(crowd)) as threads, line(attacker.firm) as first:
        with first.transaction():
            first.execute(call, [json.dumps(crowd[:1])])
            rest = [threads.submit(append_alone, attacker.firm, item) for item in crowd[1:]]
            here = "pid in (select pid from pg_stat_activity where datname = current_database())"
            waiting = f"select count(*) from pg_locks where not granted and locktype = %s and {here}"
            until(lambda: attacker.firm.value("superuser", waiting, "advisory"), lambda n: n == len(rest))
            assert attacker.firm.value("superuser", waiting, "transactionid") == 0
        for one in rest:
            one.result(timeout=30)


def append_alone(firm: Firm, item: Mapping[str, Any]) -> None:
    with line(firm) as connection:
        connection.execute("select count(*) from gatehouse.append(%s::jsonb)", [json.dumps([item])])


# Leaving something that stops a reader


def test_a_step_that_no_reader_could_read_is_refused(attacker: TakenOver) -> None:
    rubbish = ({"thread": attacker.thread}, {"thread": attacker.thread, "text": {"sealed": [None, 10**14]}})
    for payload in rubbish:
        for event in ("StepTaken", "ToolCalled", "ObservationMade", "DecisionTaken"):
            said = attacker.append(event, f"thread/{attacker.thread}", payload)
            assert (said.answer, said.code) == ("refused", "malformed_payload")
    assert attacker.firm.verified().ok
    assert asyncio.run(attacker.firm.fold()).seq == attacker.firm.value(
        "gh_gate", "select seq from gatehouse.head"
    )


ODD: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**14), 10**14),
    st.text(max_size=20),
    st.sampled_from(["0", "1e5", "-1", "", "ZZZZ", "CASH", "cash", "prp-" + "0" * 32, "hh-101"]),
    st.lists(st.text(max_size=5), max_size=3),
)
AMOUNT: Final = st.one_of(
    st.sampled_from(["0", "0.000001", "999999999999.999999", "000000000001", "1", "10", "0.5"]),
    st.decimals("0", "999999999999.999999", places=6).map(lambda number: format(number, "f")),
    st.integers(0, 5000).map(str),
)


def sometimes(odd: st.SearchStrategy[Any], usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 15).flatmap(lambda n: odd if n == 0 else usual)


PLANNED: Final = ("rebalance", "raise_cash", "invest_cash", "harvest", "exit", "locate")
PLANNING: Final = st.fixed_dictionaries(
    {},
    optional={
        "weigh_tax": sometimes(ODD, st.booleans()),
        "dollars": sometimes(ODD, AMOUNT),
        "gains_budget": sometimes(ODD, AMOUNT),
        "lot_method": sometimes(ODD, st.sampled_from(["first_in", "least_tax"])),
        "lots": sometimes(ODD, st.lists(st.sampled_from(["lot-1001-01", "x"]), max_size=2)),
        "replacement": sometimes(ODD, st.sampled_from(["MSFT", "AAPL"])),
    },
)


def requests(homes: Mapping[str, Sequence[str]], symbols: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Requests as the form allows them, and now and then a field that it does not."""

    def of(home: str) -> st.SearchStrategy[dict[str, Any]]:
        account = st.sampled_from(list(homes[home]))
        order = {
            "accounts": sometimes(ODD, st.lists(account, min_size=1, max_size=1)),
            "symbol": sometimes(ODD, st.sampled_from(list(symbols))),
            "side": sometimes(ODD, st.sampled_from(["buy", "sell"])),
            "quantity": sometimes(ODD, AMOUNT),
            "order_type": sometimes(ODD, st.sampled_from(["market", "limit"])),
        }
        named = {"household": st.just(home)}
        return st.one_of(
            st.fixed_dictionaries(
                {"kind": st.just("order"), **named, **order}, optional={"limit_price": sometimes(ODD, AMOUNT)}
            ),
            st.fixed_dictionaries(
                {"kind": st.just("rebalance"), **named},
                optional={"accounts": sometimes(ODD, st.lists(account, max_size=4)), "symbol": ODD},
            ),
            st.fixed_dictionaries(
                {"kind": st.just("order"), **named}, optional={**order, "planning": PLANNING}
            ),
            st.fixed_dictionaries(
                {"kind": st.sampled_from(PLANNED), **named},
                optional={
                    "accounts": sometimes(ODD, st.lists(account, max_size=2)),
                    "symbol": sometimes(ODD, st.sampled_from(list(symbols))),
                    "planning": sometimes(ODD, PLANNING),
                },
            ),
        )

    return st.sampled_from(sorted(homes)).flatmap(of)


SPAN: Final = st.fixed_dictionaries(
    {
        "field": st.sampled_from(["symbol", "side", "quantity", "accounts", "household", "kind", "x"]),
        "message": st.sampled_from(["msg-1", "msg-2", ""]),
        "start": sometimes(ODD, st.integers(0, 90)),
        "end": sometimes(ODD, st.integers(1, 90)),
    }
)


@pytest.fixture(scope="module")
def attacker_of_file(shared_firm: Firm) -> TakenOver:
    return TakenOver(shared_firm)


@pytest.mark.timeout(900)
def test_no_draft_that_the_append_takes_stops_the_worker_or_a_list(
    firm_template: FirmTemplate, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    """Everything that is taken is assessed or denied at the first turn, and everybody's list can be read."""
    with firm_template.cloned(tmp_path_factory.mktemp("fuzz") / "keys") as firm:
        attacker = TakenOver(firm)
        say(attacker)
        rows = firm.ask("superuser", "select id from gatehouse.reference where kind = 'instrument'")
        one = st.tuples(
            st.booleans(),
            requests(attacker.homes(), [row["id"] for row in rows]),
            st.lists(SPAN, min_size=1, max_size=5),
        )
        taken: list[int] = [0, 0]

        @settings(
            max_examples=150 if request.config.getoption("--long") else 12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(one, min_size=10, max_size=10))
        def each(drafts: list[tuple[bool, dict[str, Any], list[dict[str, Any]]]]) -> None:
            for by_agent, asked, provenance in drafts:
                taken[0] += 1
                taken[1] += try_draft(attacker, taken[0], asked, provenance if by_agent else None)
            asyncio.run(turn(attacker))
            left = "select proposal, request from gatehouse.proposal where status = 'DRAFTED'"
            assert firm.ask("superuser", left) == []
            withdraw(attacker)

        each()
        assert taken[1] > taken[0] // 3, "most of what is tried must get past the form"
        assert firm.verified().ok


def say(attacker: TakenOver) -> None:
    """The advisor's own message, journaled as `front` does it."""
    sealed = attacker.firm.keys.seal(attacker.person, "message", SAID).model_dump()
    payload = {"thread": attacker.thread, "message": MessageId("msg-1"), "text": sealed}
    item = attacker.firm.item("MessageReceived", f"thread/{attacker.thread}", payload, login=attacker.login)
    assert attacker.firm.append(INTAKE, item)[0].ok


def try_draft(
    attacker: TakenOver, number: int, asked: Mapping[str, Any], provenance: Sequence[Any] | None
) -> bool:
    """By the copilot, or with no provenance by `front` for the advisor herself. Whether it was taken."""
    if provenance is not None:
        return attacker.draft(number, asked, provenance=list(provenance)).ok
    proposal = f"prp-{number:032x}"
    payload = {"proposal": proposal, "request": dict(asked), "provenance": []}
    item = attacker.firm.item("ProposalDrafted", f"proposal/{proposal}", payload, login=attacker.login)
    return attacker.firm.append(INTAKE, item)[0].ok


async def turn(attacker: TakenOver) -> None:
    """Fold, assess and fold again, as the worker does; then read the lists of copilot, front and worker."""
    firm = attacker.firm
    async with (
        async_pool(firm.database.gate, name="test", most=4) as gate,
        async_pool(firm.database.intake, name="test", most=1) as intake,
        async_pool(firm.database.agent, name="test", most=1) as agent,
        Journal(gate, WallClock()) as journal,
    ):
        follower = Follower(gate)
        await follower.catch_up()
        await Deciding(gate, journal, firm.keys, _no_quotes).assess()
        await follower.catch_up()
        for pool, ticket in ((intake, firm.ticket(attacker.login)), (agent, attacker.ticket)):
            async with asking(pool, ticket) as connection:
                await read_proposals(connection)
        async with gate.connection() as connection:
            await read_proposals(connection)


async def _no_quotes() -> None:
    """Nothing is released here."""


def withdraw(attacker: TakenOver) -> None:
    """So that the cap on open drafts is not what the next ones meet."""
    for row in attacker.firm.ask(
        "superuser", "select proposal from gatehouse.proposal where status = 'ASSESSED'"
    ):
        stream, payload = f"proposal/{row['proposal']}", {"proposal": row["proposal"]}
        item = attacker.firm.item("ProposalWithdrawn", stream, payload, login=attacker.login)
        assert attacker.firm.append(APPROVER, item)[0].ok
