"""Direct orders that are taken together get the answers, and leave the rows, that each would get in its turn.

Rule 1: the same call goes both ways, from the same state, and leaves nothing: a function of the test's own
    says what came of it by an error, which undoes it.
Rule 2: what is odd is made by one change to a good pair, each by name; the property draws from all of them.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from core.database.logins import INTAKE, OWNER
from core.ids import ProposalId, order_id_for
from tests.core.direct.test_direct_orders_db import admit
from tests.core.gate.deal import DAVID, MARIA, Deal, leg
from tests.fixtures.firm import Firm

BOTH: Final = Path(__file__).with_name("both_ways.sql")
Pair = dict[str, Any]
Change = Callable[[Pair], None]


@dataclass(frozen=True)
class World:
    """A firm with three programs: one is a strategy without accounts, one is halted. `keys` by their names,
    `content` of a plain order.
    """

    firm: Firm
    keys: Mapping[str, str]
    content: Mapping[str, Any]


@pytest.fixture(scope="module")
def world(shared_firm: Firm) -> World:
    shared_firm.ask(OWNER, BOTH.read_text(encoding="utf-8"))
    keys = {name: admit(shared_firm, f"mch-{name}") for name in ("program", "strategy", "halted")}
    shared_firm.ask("superuser", "update gatehouse.machine set signals = true where machine = 'mch-strategy'")
    shared_firm.ask("superuser", "insert into gatehouse.stream_head values ('restricted/KO', 1)")
    shared_firm.ask(
        "superuser",
        "insert into gatehouse.halt (halt, scope, cause, halted_at, seq)"
        " values ('hlt-1', 'strategy:mch-halted', 'person', clock_timestamp(), 1)",
    )
    deal = Deal(shared_firm)
    return World(shared_firm, keys, deal.content(leg(deal.account, "buy", "AAPL", "5"), kind="order"))


def good(world: World, *, side: str = "buy", limit: str | None = "100", login: str = "program") -> Pair:
    """A draft and its assessment, apart, as a change finds them."""
    proposal = f"prp-{secrets.token_hex(16)}"
    content = deepcopy(dict(world.content))
    content["proposal"] = proposal
    account = content["legs"][0]["account"]
    one = {
        **leg(account, side, "AAPL", "5", limit=limit),
        "leg": 0,
        "order": order_id_for(ProposalId(proposal), 0),
    }
    content["legs"] = [one]
    request = {
        "kind": "order",
        "household": content["household"],
        "accounts": [account],
        "symbol": "AAPL",
        "side": side,
        "quantity": "5",
        "order_type": "limit" if limit else "market",
        "limit_price": limit,
    }
    said = {
        "proposal": proposal,
        "tier": content["tier"],
        "needs_consent": content["needs_consent"],
        "findings": [],
        "preview": '{"accounts":[],"rows":[]}',
    }
    return {
        "drafted": {"proposal": proposal, "request": request, "provenance": []},
        "content": content,
        "leg": content["legs"][0],
        "said": said,
        "kind": "ProposalAssessed",
        "login": login,
        "draft": {"stream": f"proposal/{proposal}", "key": f"draft/{proposal}", "stream_version": 1},
        "assess": {"stream": f"proposal/{proposal}", "key": f"assess/{proposal}", "stream_version": 2},
        "group": proposal,
        "alone": False,
    }


def denied(pair: Pair, **changed: Any) -> None:
    pair["kind"] = "ProposalDenied"
    finding = {"policy": "cash", "result": "breach", "says": "too much"}
    pair["said"] = {"proposal": pair["said"]["proposal"], "at": "draft", "findings": [finding], **changed}


def put(where: str, **changed: Any) -> Change:
    def change(pair: Pair) -> None:
        pair[where].update(changed)

    return change


def asked(**changed: Any) -> Change:
    return lambda pair: pair["drafted"]["request"].update(changed)


def both(**changed: Any) -> Change:
    """In the request and in its leg."""

    def change(pair: Pair) -> None:
        pair["drafted"]["request"].update(changed)
        pair["leg"].update(changed)

    return change


def tiered(tier: int, **leg_changed: Any) -> Change:
    def change(pair: Pair) -> None:
        pair["content"]["tier"] = pair["said"]["tier"] = tier
        both(**leg_changed)(pair)

    return change


def all_of(*changes: Change) -> Change:
    def change(pair: Pair) -> None:
        for one in changes:
            one(pair)

    return change


def around(**changed: Any) -> Change:
    """Of both entries."""
    return all_of(put("draft", **changed), put("assess", **changed))


def named(proposal: str) -> Change:
    """Everywhere, and so is its stream."""

    def change(pair: Pair) -> None:
        for where in ("drafted", "content", "said"):
            pair[where]["proposal"] = proposal
        around(stream=f"proposal/{proposal}")(pair)

    return change


def consenting(*, said: bool) -> Change:
    def change(pair: Pair) -> None:
        pair["content"]["needs_consent"] = pair["said"]["needs_consent"] = said

    return change


def sold(*lots: tuple[str, str]) -> Change:
    def change(pair: Pair) -> None:
        both(side="sell")(pair)
        pair["leg"]["lots"] = [{"lot": lot, "quantity": quantity} for lot, quantity in lots]

    return change


GOOD: Final[Mapping[str, Change]] = {
    "as it is": lambda pair: None,
    "at the market": both(order_type="market", limit_price=None),
    "order type unsaid": all_of(both(order_type="market", limit_price=None), asked(order_type=None)),
    "a sale of one lot": sold(("lot-1", "5")),
    "a sale of two lots": sold(("lot-1", "2"), ("lot-2", "3")),
    "denied": denied,
    "denied with differences": lambda pair: denied(pair, differences=["price"]),
    "tier 3": tiered(3),
    "tier 1": tiered(1),
    "at the routine limit": tiered(1, quantity="2500"),
    "a restricted one in tier 3": tiered(3, symbol="KO"),
    "without keys": around(key=None),
    "apart from each other": lambda pair: pair.update(group=None),
    "an older portfolio": put("content", portfolio_seq=0),
    "a portfolio from beyond": put("content", portfolio_seq=10**9),
    "by a person": lambda pair: pair.update(login=MARIA),
    "another kind in what is decided on": put("content", kind="rebalance"),
}
# What is wrong with a draft is wrong with it whatever is said of it.
OF_THE_DRAFT: Final[Mapping[str, Change]] = {
    "no such household": asked(household="hh-999"),
    "another's account": asked(accounts=["acc-none"]),
    "no account": asked(accounts=[]),
    "two accounts": lambda pair: pair["drafted"]["request"].update(accounts=[pair["leg"]["account"]] * 2),
    "another kind": asked(kind="rebalance", side=None, quantity=None, order_type=None, limit_price=None),
    "no quantity": asked(quantity=None),
    "too many digits": both(quantity="1234567890123"),
    "a share less": asked(quantity="4"),
    "another side": asked(side="sell"),
    "another symbol": asked(symbol="MSFT"),
    "a symbol that is none": both(symbol="aapl"),
    "another limit": asked(limit_price="101"),
    "a limit less": asked(limit_price=None),
    "another type": asked(order_type="market"),
    "replaces": asked(replaces="gh-" + "0" * 24),
    "another session": asked(for_session="2022-12-30"),
    "planned": asked(planning={"prefer": "tax"}),
    "an agent's": put("drafted", agent="proposal"),
    "of a thread": put("drafted", thread="thr-1"),
    "supersedes": put("drafted", supersedes="prp-" + "0" * 32),
    "of a thread that is no name": put("drafted", thread="x y"),
    "with a span too long": put(
        "drafted", provenance=[{"field": "f", "message": "m", "start": 0, "end": 1_234_567}]
    ),
    "of a name that is none": named("prp-1"),
    "with provenance": put("drafted", provenance=[{"field": "f", "message": "m", "start": 0, "end": 1}]),
    "a field too many": put("drafted", more="x"),
    "a proposal by another name": put("drafted", proposal="prp-1"),
    "another advisor's ticket": lambda pair: pair.update(login=DAVID),
    "a strategy's ticket": lambda pair: pair.update(login="strategy"),
    "a halted program's ticket": lambda pair: pair.update(login="halted"),
    "two symbols": both(symbol=["AAPL"]),
    "a household that is no name": asked(household=["hh-101"]),
    "an account that is no name": asked(accounts=[["x"]]),
    "a side that is none": both(side="short"),
    "a type that is none": both(order_type="stop"),
    "a quantity that is a number": asked(quantity=5),
    "a quantity below nothing": both(quantity="-5"),
    "a limit that is none": both(limit_price="1e2"),
    "lots named": asked(planning={"lots": ["x y"]}),
}
ODD: Final[Mapping[str, Change]] = {
    **OF_THE_DRAFT,
    **{f"denied: {name}": all_of(change, denied) for name, change in OF_THE_DRAFT.items()},
    "assessed by another name": put("said", proposal="prp-" + "1" * 32),
    "content by another name": put("content", proposal="prp-" + "1" * 32),
    "content for another household": put("content", household="hh-102"),
    "content of another advisor": put("content", advisor="per-none"),
    "content of another day": put("content", valid_for="2022-12-30"),
    "content of no day": put("content", valid_for="soon"),
    "content without legs": put("content", legs=[]),
    "two legs": lambda pair: pair["content"].update(
        legs=[pair["leg"], {**pair["leg"], "leg": 1, "order": "gh-x"}]
    ),
    "a digest of something else": put("said", digest="0" * 64),
    "tier 1 beyond the routine limit": tiered(1, quantity="2500.01"),
    "tier 2 beyond the principal's": tiered(2, quantity="10000.01"),
    "a tier that is another": put("said", tier=3),
    "no tier": put("content", tier=None),
    "a restricted one": both(symbol="KO"),
    "consent that is not asked": consenting(said=True),
    "consent in one of two": put("said", needs_consent=True),
    "may release less": put("leg", may_release_less=True),
    "may release nobody knows": put("leg", may_release_less=None),
    "funded": put("leg", funded_by=[0]),
    "for longer than the day": put("leg", time_in_force="gtc"),
    "bought with lots": put("leg", lots=[{"lot": "lot-1", "quantity": "5"}]),
    "bought with no lots said": put("leg", lots=None),
    "sold without lots": sold(),
    "sold a lot too small": sold(("lot-1", "4")),
    "sold nobody's lot": all_of(sold(("x", "5")), lambda pair: pair["leg"]["lots"][0].update(lot=None)),
    "sold less than none": sold(("lot-1", "6"), ("lot-2", "-1")),
    "sold what is no list": all_of(sold(), put("leg", lots={"lot": "x"})),
    "no price": put("leg", reference_price=None),
    "a price below nothing": put("leg", reference_price="-1"),
    "a price that is no number": put("leg", reference_price="much"),
    "no band": put("leg", band_low=None),
    "nothing to trade": both(quantity="0"),
    "denied at the release": lambda pair: denied(pair, at="release"),
    "denied nowhere": lambda pair: denied(pair, at=None),
    "no ticket": lambda pair: pair.update(login=None),
    "a ticket of nobody": put("assess", ticket="nobody"),
    "a ticket for one of two": put("assess", login=DAVID),
    "begun at three": put("draft", stream_version=3),
    "denied by another name": lambda pair: denied(pair, proposal="prp-" + "1" * 32),
    "begun at two": put("draft", stream_version=2),
    "assessed at three": put("assess", stream_version=3),
    "in another stream": lambda pair: pair["assess"].update(stream=pair["draft"]["stream"] + "x"),
    "both in another stream": around(stream="proposal/x"),
    "in a stream of nobody's": around(stream="order/x"),
    "a key too long": put("draft", key="k" * 201),
    "one key for two": put("assess", key="draft"),
    "of another version": put("draft", event_version=1),
    "not in form": put("assess", mono_ns="x"),
    "one name for two entries": around(event_id="00000000-0000-7000-8000-000000000000"),
    "a draft alone": lambda pair: pair.update(alone=True),
}
CHANGES: Final = {**GOOD, **ODD}


def items(world: World, pair: Pair) -> list[dict[str, Any]]:
    """As the append gets them."""
    made = []
    if pair["kind"] == "ProposalAssessed":
        text = rfc8785.dumps(pair["content"]).decode()
        digest = sha256(text.encode()).hexdigest()
        pair["said"] = {"content": text, "digest": digest, **pair["said"]}
    parts = (("ProposalDrafted", "drafted", "draft"), (pair["kind"], "said", "assess"))
    for kind, payload, around in parts[: 1 if pair["alone"] else 2]:
        words = {"login": pair["login"], "group": pair["group"], **pair[around]}
        if words["login"] in world.keys:
            words = {"ticket": world.keys[words.pop("login")], **words}
        if "ticket" in words:
            words.pop("login", None)
        made.append(world.firm.item(kind, words.pop("stream"), pair[payload], **words))
    return made


def came_of_it(firm: Firm, call: Sequence[Mapping[str, Any]], *, in_turn: bool) -> dict[str, Any]:
    with pytest.raises(psycopg.Error) as said:
        firm.ask(
            INTAKE, "select gatehouse.tried(%s::jsonb, %s)", json.dumps(call), "on" if in_turn else "off"
        )
    assert said.value.sqlstate == "GH999", said.value
    found = json.loads(said.value.diag.message_primary or "")
    assert found["chained"] is not False
    assert found["head"][1] is True
    return dict(found)


def same(world: World, call: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What came of it, which is the same both ways."""
    together, in_turn = (came_of_it(world.firm, call, in_turn=way) for way in (False, True))
    assert in_turn.pop("together") == 0
    asked_together = together.pop("together")
    assert together == in_turn
    return {**together, "together": asked_together}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_good_is_taken_together_and_as_in_its_turn(world: World, name: str) -> None:
    pairs = [good(world, side="sell"), good(world), good(world, limit=None)]
    GOOD[name](pairs[1])
    said = same(world, [item for pair in pairs for item in items(world, pair)])
    assert [answer["answer"] for answer in said["answers"]] == ["ok"] * 6
    assert said["together"] == 6
    assert len(said["entries"]) == 6


def test_an_order_for_the_next_session_keeps_nobody_from_being_taken_together(world: World) -> None:
    pairs = [good(world), good(world), good(world)]
    all_of(asked(for_session="2022-12-30"), put("content", valid_for="2022-12-30"))(pairs[1])
    said = same(world, [item for pair in pairs for item in items(world, pair)])
    assert [answer["answer"] for answer in said["answers"]] == ["ok"] * 6
    assert said["together"] == 4


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_answered_as_in_its_turn(world: World, name: str) -> None:
    pairs = [good(world), good(world), good(world)]
    ODD[name](pairs[1])
    same(world, [item for pair in pairs for item in items(world, pair)])


@pytest.mark.parametrize("name", CHANGES)
def test_an_order_that_comes_alone_is_answered_as_in_its_turn(world: World, name: str) -> None:
    pair = good(world)
    CHANGES[name](pair)
    said = same(world, items(world, pair))
    if name in GOOD:
        assert said["together"] == 2


SOME: Final = st.lists(
    st.tuples(st.sampled_from([*GOOD] * 4 + [*ODD]), st.sampled_from(["", "", "again", "joined"])),
    min_size=1,
    max_size=8,
)


@given(names=SOME)
@settings(max_examples=20, deadline=None)
def test_any_of_them_in_one_call_are_answered_as_in_their_turn(
    world: World, names: Sequence[tuple[str, str]]
) -> None:
    same(world, called(world, names))


@pytest.mark.long
@pytest.mark.timeout(3600)
@given(names=SOME)
@settings(max_examples=5_000, deadline=None)
def test_any_of_them_by_the_thousand_are_answered_as_in_their_turn(
    world: World, names: Sequence[tuple[str, str]]
) -> None:
    same(world, called(world, names))


def called(world: World, names: Sequence[tuple[str, str]]) -> Sequence[Mapping[str, Any]]:
    """One call of these, by name: once, or the very same twice, or in one group with the one before."""
    call: list[dict[str, Any]] = []
    for name, how in names:
        pair = good(world)
        CHANGES[name](pair)
        made = items(world, pair)
        if how == "again":
            made += deepcopy(made)
        if how == "joined" and call and "group" in call[-1]:
            made = [{**item, "group": call[-1]["group"]} for item in made]
        call += made
    return call
