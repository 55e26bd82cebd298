"""The append in sets against a plain model that takes entries one by one: same answers, same record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from core.database.pools import conninfo
from core.ledger.envelope import stored
from tests.core.gate.deal import AGENT, APPROVER, DAVID, ELENA, INTAKE, MARIA
from tests.fixtures.firm import Answer, Firm, whole

NO_SUCH_DAY: Final = "2022-02-30T00:00:00.000000Z"
FAULTS: Final = {
    "raises": "malformed_occurred_at",
    "no json": "malformed",
    "payload": "malformed_payload",
    "blank": "not_canonical",
    "right": "no_right",
}


@dataclass(frozen=True)
class Drawn:
    """One entry to be, in words that fit any firm."""

    thread: int  # of Maria, of Maria, of David
    ticket: int | None  # of which thread; None: nobody's
    ahead: int  # of the version that is next
    event_id: int | None  # None: a fresh one
    key: str | None
    model: str
    fault: str | None
    group: str | None


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from((*(usual,) * (3 * len(others)), *others))


@st.composite
def entry(draw: st.DrawFn) -> Drawn:
    thread = draw(st.integers(0, 2))
    return Drawn(
        thread=thread,
        ticket=draw(mostly(thread, 0, 1, 2, None)),
        ahead=draw(mostly(0, -1, 1)),
        event_id=draw(mostly(None, 0, 1)),
        key=draw(mostly(None, "a", "b", "c")),
        model=draw(mostly("m", "n")),
        fault=draw(mostly(None, *FAULTS)),
        group=draw(st.sampled_from((None, None, None, "g", "g", "h"))),
    )


@dataclass
class Line:
    """One entry of the journal as the model has it. `said`: its text, or what a refusal's payload says."""

    actor: str
    event_type: str
    stream: str
    version: int
    said: Any


@dataclass
class Model:
    """The append's rules, one entry after another."""

    threads: Sequence[str]
    people: Sequence[str]
    first: int  # the head before
    refused_before: int
    lines: list[Line] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[Any, int]] = field(default_factory=dict)

    def next_version(self, stream: str) -> int:
        return self.versions.get(stream, 1) + 1  # the first opened the thread

    def take(self, drawn: Drawn, text: str) -> Answer:
        """What happens to it alone; a refusal is not written here."""
        stream = f"thread/{self.threads[drawn.thread]}"
        person = self.actor(drawn)
        if drawn.ticket is None and drawn.fault in (None, "payload", "right"):  # asked before what follows
            return Answer("refused", None, "session_ended")
        if drawn.fault is not None:
            return Answer("refused", None, FAULTS[drawn.fault])
        envelope = json.loads(text)
        body = (stream, envelope["payload"])
        if drawn.key is not None and (person, drawn.key) in self.keys:
            earlier, seq = self.keys[person, drawn.key]
            same = earlier == body
            return Answer("duplicate" if same else "conflict", seq, None if same else "key_reused")
        if envelope["stream_version"] != self.next_version(stream):
            return Answer("conflict", None, "version")
        if any(f'"event_id":"{envelope["event_id"]}"' in line.said for line in self.lines):
            return Answer("conflict", None, "event_id_used")
        if drawn.ticket != drawn.thread:
            return Answer("refused", None, "not_your_thread")
        self.versions[stream] = self.next_version(stream)
        self.lines.append(Line(person, "StepTaken", stream, self.versions[stream], text))
        if drawn.key is not None:
            self.keys[person, drawn.key] = (body, self.first + len(self.lines))
        return Answer("ok", self.first + len(self.lines), None)

    def actor(self, drawn: Drawn) -> str:
        return AGENT if drawn.ticket is None else self.people[drawn.ticket]

    def refuse(self, drawn: Drawn, text: str, code: str) -> None:
        attempted = {"right": "ProposalApproved", "no json": "unknown"}.get(str(drawn.fault), "StepTaken")
        digest = sha256(text.encode()).hexdigest()
        said = {"attempted": attempted, "code": code, "text_digest": digest}
        version = self.refused_before + 1 + sum(one.event_type == "AttemptRefused" for one in self.lines)
        self.lines.append(
            Line(self.actor(drawn), "AttemptRefused", f"refused/{AGENT}", version, json.dumps(said))
        )

    def take_all(self, group: Sequence[tuple[Drawn, str]]) -> list[Answer]:
        before = deepcopy((self.lines, self.versions, self.keys))
        answers: list[Answer] = []
        for drawn, text in group:
            answers.append(self.take(drawn, text))
            said = answers[-1]
            if said.answer in ("refused", "conflict"):
                if len(group) > 1:
                    self.lines, self.versions, self.keys = before
                    answers = [
                        Answer(said.answer, None, said.code if one is drawn else "group") for one, _ in group
                    ]
                if said.answer == "refused":
                    self.refuse(drawn, text, str(said.code))
                break
        return answers


class World:
    """Three conversations of two people that nobody used yet, and the model beside them."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        logins = (MARIA, MARIA, DAVID)
        self.threads = [firm.thread(login) for login in logins]
        self.tickets = [
            firm.thread_ticket(login, thread) for login, thread in zip(logins, self.threads, strict=True)
        ]
        rows = firm.ask("superuser", "select person, login from gatehouse.person")
        person = {row["login"]: row["person"] for row in rows}
        self.mark = uuid4().hex
        self.ids = [str(uuid4()) for _ in range(2)]
        self.model = Model(
            self.threads, [person[login] for login in logins], self.head(), firm.version(f"refused/{AGENT}")
        )

    def head(self) -> int:
        return int(self.firm.value("superuser", "select seq from gatehouse.head"))

    def text(self, drawn: Drawn) -> str:
        thread = self.threads[drawn.thread]
        payload = whole("StepTaken", {"thread": thread, "agent": "a", "step": "plan", "model": drawn.model})
        stream = f"thread/{thread}"
        version = max(1, self.model.next_version(stream) + drawn.ahead)
        changed: dict[str, Any] = {"stream_version": version}
        if drawn.event_id is not None:
            changed["event_id"] = self.ids[drawn.event_id]
        if drawn.fault == "raises":
            changed["occurred_at"] = NO_SUCH_DAY
        if drawn.fault == "right":
            changed["event_type"] = "ProposalApproved"
        if drawn.fault == "payload":
            payload.pop("agent")
        envelope = {**self.firm.envelope("StepTaken", stream, {}), **changed, "payload": payload}
        text = rfc8785.dumps(envelope).decode()
        return {"no json": "{" + text, "blank": text + " "}.get(str(drawn.fault), text)

    def item(self, drawn: Drawn, text: str) -> dict[str, Any]:
        item = {
            "text": text,
            "ticket": None if drawn.ticket is None else self.tickets[drawn.ticket],
            "key": drawn.key and self.mark + drawn.key,
            "group": drawn.group,
        }
        return {name: word for name, word in item.items() if word is not None}

    def foretold(self, batch: Sequence[Drawn]) -> tuple[list[list[dict[str, Any]]], list[Answer]]:
        """The items, group by group, and what must be answered to each. A group's texts are written one after
        another as if all went well."""
        items, answers = [], []
        for together in apart(batch):
            trial = deepcopy(self.model)
            texts = []
            for drawn in together:
                texts.append(self.text(drawn))
                self.model.take(drawn, texts[-1])
            self.model = trial
            answers += self.model.take_all(list(zip(together, texts, strict=True)))
            items.append([self.item(*pair) for pair in zip(together, texts, strict=True)])
        return items, answers

    def check(self) -> None:
        """That the record is the model's."""
        rows = self.firm.ask(
            "superuser", "select * from gatehouse.journal where seq > %s order by seq", self.model.first
        )
        assert [row["seq"] for row in rows] == [self.model.first + 1 + n for n in range(len(rows))]
        said = [
            Line(
                row["actor"],
                row["event_type"],
                row["stream"],
                row["stream_version"],
                json.dumps(json.loads(row["text"])["payload"])
                if row["event_type"] == "AttemptRefused"
                else row["text"],
            )
            for row in rows
        ]
        assert said == self.model.lines
        assert self.head() == self.model.first + len(rows)
        for row in rows:
            stored(row)
        keys = self.firm.ask(
            "superuser",
            "select actor, key, seq from gatehouse.idempotency where starts_with(key, %s)",
            self.mark,
        )
        assert {(row["actor"], row["key"][len(self.mark) :]): row["seq"] for row in keys} == {
            name: seq for name, (_, seq) in self.model.keys.items()
        }
        for thread in self.threads:
            stream = f"thread/{thread}"
            assert self.firm.version(stream) + 1 == self.model.next_version(stream)


def apart(batch: Sequence[Drawn]) -> Iterator[list[Drawn]]:
    """Neighbours of one group together, all others alone."""
    for group, neighbours in groupby(batch, key=lambda drawn: drawn.group):
        members = list(neighbours)
        yield from ([one] for one in members) if group is None else [members]


RAISES: Final = Drawn(0, 0, 0, None, None, "m", "raises", None)


@pytest.mark.parametrize("way", ["in one call", "beside one that raises", "one call each"])
def test_a_batch_is_taken_as_if_one_by_one(shared_firm: Firm, way: str, pytestconfig: pytest.Config) -> None:
    @settings(
        max_examples=400 if pytestconfig.getoption("--long") else 40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(entry(), max_size=12))
    def tried(batch: list[Drawn]) -> None:
        world = World(shared_firm)
        groups, answers = world.foretold([*batch, RAISES] if way == "beside one that raises" else batch)
        calls = groups if way == "one call each" else [[item for group in groups for item in group]]
        said = [one for call in calls for one in shared_firm.append(AGENT, *call)]
        assert said == answers
        world.check()

    tried()
    assert shared_firm.verified().ok


@pytest.fixture
def world(firm: Firm) -> World:
    return World(firm)


GOOD: Final = Drawn(0, 0, 0, None, None, "m", None, None)


def changed(world: World, **fields: Any) -> dict[str, Any]:
    """A good step, but for these fields of its envelope."""
    envelope = {**json.loads(world.text(GOOD)), **fields}
    return world.item(GOOD, rfc8785.dumps(envelope).decode())


@pytest.mark.parametrize(
    "moment", ["12022-12-29T15:00:00.000000Z", "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"]
)
def test_a_year_that_no_calendar_of_a_reader_has_is_refused(world: World, moment: str) -> None:
    assert world.firm.append(AGENT, changed(world, occurred_at=moment)) == [
        Answer("refused", None, "malformed_occurred_at")
    ]
    assert world.firm.verified().ok


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    "decisions",
    [
        nested(30),
        [{"policy": "p"}],
        [{"policy": "p", "result": None}],
        [{"policy": 1, "result": "pass"}],
        ["p"],
        [{"policy": "p", "result": "pass", "why": "x"}],
    ],
)
def test_decisions_are_pairs_of_words_and_nothing_else(world: World, decisions: list[Any]) -> None:
    """Readers take them apart; and what is nested must not keep the head."""
    assert world.firm.append(AGENT, changed(world, policy_decisions=decisions)) == [
        Answer("refused", None, "malformed_policy_decisions")
    ]


def test_decisions_with_any_words_are_taken(world: World) -> None:
    said = [{"policy": 'a "b" \\ \n\u007f é 😀', "result": "pass"}, {"policy": "", "result": "breach"}]
    assert world.firm.append(AGENT, changed(world, policy_decisions=said))[0].ok
    assert world.firm.verified().ok


def test_what_is_nested_or_long_is_refused_before_it_takes_long(world: World) -> None:
    """Each level once doubled the time; what stands side by side took seconds."""
    payload = json.loads(world.text(GOOD))["payload"]
    odd: Any
    for odd in (nested(60), nested(400), [[] for _ in range(60_000)], [1] * 100_000):
        (said,) = world.firm.append(AGENT, changed(world, payload={**payload, "x": odd}))
        assert (said.answer, said.code) in (("refused", "not_canonical"), ("refused", "malformed_payload"))


def test_a_call_has_its_most(world: World) -> None:
    before = world.head()
    for items in ([changed(world)] * 257, [{"text": "x" * 262_000}] * 17):
        with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="256 entries"):
            world.firm.append(AGENT, *items)
    assert world.head() == before


def test_of_a_group_the_first_that_is_not_taken_is_named(world: World) -> None:
    moved = {**changed(world, stream_version=7), "group": "g"}
    raises = {**changed(world, occurred_at=NO_SUCH_DAY), "group": "g"}
    before = world.head()
    assert world.firm.append(AGENT, moved, raises) == [
        Answer("conflict", None, "version"),
        Answer("conflict", None, "group"),
    ]
    assert world.head() == before


TOGETHER: Final = """
    create function public.together(entries jsonb, turned boolean) returns bigint
        language sql security definer set search_path = pg_catalog, gatehouse, pg_temp as $$
        select (take_together(array(
            select i from unnest(look(entries)) as i
            order by case when turned then -i.n else i.n end), h)).seq
        from head h
    $$
"""


def test_entries_that_come_out_of_their_order_are_not_taken_together(world: World) -> None:
    items = [
        world.item(one, world.text(one))
        for one in (Drawn(n, n, 0, None, None, "m", None, None) for n in (0, 1))
    ]
    before = world.head()
    with psycopg.connect(world.firm.database.superuser) as connection:
        connection.execute(TOGETHER)
        connection.execute("grant usage on schema public to gh_agent")
        connection.execute("set local session authorization gh_agent")
        for turned, seq in ((True, None), (False, before + 2)):
            told = connection.execute("select public.together(%s, %s)", [json.dumps(items), turned])
            assert told.fetchone() == (seq,)
        connection.rollback()


@pytest.mark.parametrize("neighbour", [[], [RAISES]])
def test_a_thread_is_opened_and_used_in_one_batch(firm: Firm, neighbour: list[Drawn]) -> None:
    thread = f"thr-{uuid4().hex}"
    opened = firm.item("ThreadOpened", f"thread/{thread}", {"thread": thread, "household": None}, login=MARIA)
    words = {"subject": "adv-1", "key": 1, "sealed": "AAAA"}
    said = {"thread": thread, "message": f"msg-{uuid4().hex}", "text": words}
    used = firm.item("MessageReceived", f"thread/{thread}", said, login=MARIA, stream_version=2)
    bad = [firm.item("ThreadOpened", "thread/x", {}, login=MARIA, occurred_at=NO_SUCH_DAY) for _ in neighbour]
    together = [{**one, "group": "g"} for one in (opened, used, *bad)]
    if bad:
        assert {one.answer for one in firm.append(INTAKE, *together)} == {"refused"}
        found = firm.ask("superuser", "select thread from gatehouse.thread where thread = %s", thread)
        assert found == []
    assert [one.answer for one in firm.append(INTAKE, opened, used, *bad)] == [
        "ok",
        "ok",
        *["refused" for _ in bad],
    ]
    assert firm.verified().ok


def test_a_day_is_written_in_one_way_whatever_the_caller_sets(firm: Firm) -> None:
    """The law compares it as a text."""
    day = firm.value("superuser", "select session from gatehouse.market_day")
    account = firm.value("superuser", "select account from gatehouse.account order by account limit 1")
    firm.ask("superuser", "update gatehouse.holding set held = 0, reserved = 0 where account = %s", account)
    with psycopg.connect(conninfo(firm.database.of(APPROVER), name="test"), autocommit=True) as hostile:
        hostile.execute(sql.SQL("set datestyle = 'German, DMY'"))
        for written, code in ((f"{day:%d.%m.%Y}", "wrong_session"), (f"{day:%Y-%m-%d}", None)):
            payload = {"account": account, "closed_on": written}
            item = firm.item("AccountClosed", f"account/{account}", payload, login=ELENA)
            rows = hostile.execute("select code from gatehouse.append(%s::jsonb)", [json.dumps([item])])
            assert rows.fetchall() == [(code,)]


IN_LINE: Final = {"envelope_text", "no_of", "no_of_thread", "leaf"}


def test_what_is_asked_of_every_entry_is_put_in_line(world: World) -> None:
    """A function that the server calls instead costs more than all that it says."""
    ways = [
        [world.item(one, world.text(one))]
        for one in (Drawn(n, n, 0, None, None, "m", None, None) for n in (0, 1))
    ]
    with psycopg.connect(world.firm.database.superuser, autocommit=True) as connection:
        connection.execute("set track_functions = 'all'")
        connection.execute("set session authorization gh_agent")
        taken = ([ways[0][0]], [*ways[1], changed(world, stream_version=3)])
        for items, no in ((taken[0], 0), (taken[1], 0), (taken[0] * 2, 2)):  # the last: taken before
            rows = connection.execute("select answer from gatehouse.append(%s::jsonb)", [json.dumps(items)])
            assert sum(answer != "ok" for (answer,) in rows) == no
        connection.execute("reset session authorization")
        connection.execute("select pg_stat_force_next_flush()")
        called = {name for (name,) in connection.execute("select funcname from pg_stat_user_functions")}
    assert called >= {"append", "look_at_one", "look_together", "take_one", "take_together", "take"}
    assert called & IN_LINE == set()


@pytest.mark.parametrize(
    "bent",
    [
        *(
            {"agent": 7},
            {"agent": None},
            {"agent": ["a"]},
            {"took_ms": "7"},
            {"took_ms": None},
            {"took_ms": True},
        ),
        *(
            {"step": "release"},
            {"thought": "null"},
            {"thought": []},
            {"started_at": "now"},
        ),
    ],
    ids=str,
)
def test_a_value_of_another_type_is_refused_and_its_neighbour_is_not(
    shared_firm: Firm, bent: dict[str, Any]
) -> None:
    world = World(shared_firm)
    payload = {**json.loads(world.text(GOOD))["payload"], **bent}
    other = Drawn(2, 2, 0, None, None, 'quoted","model":"x', None, None)
    text = rfc8785.dumps({**json.loads(world.text(GOOD)), "payload": {}}).decode()
    item = world.item(
        GOOD, text.replace('"payload":{}', f'"payload":{json.dumps(payload, separators=(",", ":"))}')
    )
    said = world.firm.append(AGENT, item, world.item(other, world.text(other)))
    assert [(one.answer, one.code) for one in said] == [("refused", "malformed_payload"), ("ok", None)]
