"""Steps of different orders that are taken together get the answers, and leave the rows, that each would get
in its turn.

Rule 1: the same call goes both ways, from the same state, and leaves nothing: a function of the test's own
    says what came of it by an error, which undoes it.
Rule 2: an order stands somewhere in its life, by name; a step is made of it as a worker would, and what is
    odd by one change. The property draws from all of both, and may draw one order more than once.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.database.logins import GATE, OWNER
from tests.core.execution.blocked import Blocked
from tests.core.gate.deal import Deal, leg
from tests.core.gate.test_replacing_db import decided, out
from tests.core.routing.cases import record_of_choice
from tests.fixtures.firm import WORKER, Firm

BOTH: Final = Path(__file__).with_name("steps_both_ways.sql")
HOME: Final = "hh-103"
Entry = dict[str, Any]
Change = Callable[["Step"], None]


@dataclass(frozen=True)
class Order:
    """Where it stands: how often its venue was chosen, and what of it is filled."""

    id: str
    terms: Mapping[str, Any]
    choices: int = 0


@dataclass
class World:
    """A firm with orders at every stage, by name."""

    firm: Firm
    orders: dict[str, Order] = field(default_factory=dict)

    def put(self, name: str, deal: Deal, number: int = 0, *, choices: int = 0) -> None:
        self.orders[name] = Order(deal.order(number), deal.legs[number], choices)


@dataclass
class Step:
    """What a worker writes at once of one order: payloads by kind, and words around each."""

    world: World
    order: Order
    parts: list[tuple[str, dict[str, Any], dict[str, Any]]]

    def put(self, **changed: Any) -> None:
        """In every payload."""
        for _, payload, _ in self.parts:
            payload.update(changed)

    def around(self, **changed: Any) -> None:
        for _, _, words in self.parts:
            words.update(changed)


@pytest.fixture(scope="module")
def world(shared_firm: Firm) -> World:
    firm, made = shared_firm, World(shared_firm)
    old = out(firm, "sell", "100")
    assert old.fill(0, "30", "100", execution="e1").ok
    new = decided(old, "70", filled="30")
    assert new.release(replaces=old.order(0), executed_before="30").ok
    firm.claim(new.order(0))
    made.put("replaced", old, choices=1)
    made.put("in its place", new)
    stages(made, Deal(firm, household=HOME).own("1000000", "cash").own("1000", "AAPL"))
    blocked = Blocked(firm).formed("5", "5")
    made.put("part of a block", blocked.deals[0])
    whole = {**blocked.deals[0].legs[0], "account": f"blk-{blocked.order}"}
    made.orders["a block"] = Order(blocked.order, whole)
    firm.claim(blocked.order)
    firm.claim(blocked.deals[0].order(0))
    firm.ask(OWNER, BOTH.read_text(encoding="utf-8"))
    return made


def stages(made: World, deal: Deal) -> None:
    """Purchases and sales of one proposal, each further on than the one before; and some of others."""
    firm, account = made.firm, deal.account
    kinds = [("buy", "KO"), ("sell", "AAPL")]
    legs = [leg(account, *kind, "10") for kind in kinds for _ in range(4)]
    deal.approved(*legs)
    for number in range(8):
        assert deal.release(number).ok
        firm.claim(deal.order(number))
    for first, kind in ((0, "purchase"), (4, "sale")):
        for number in (first + 1, first + 2, first + 3):
            assert deal.of_order("OrderRouted", number).ok
        for number in (first + 2, first + 3):
            assert deal.of_order("OrderSent", number, body_digest="a" * 64).ok
        assert deal.fill(first + 3, "4", "99", fee="0.02", execution="e1").ok
        for name, number in (("released", 0), ("routed", 1), ("sent", 2), ("partly filled", 3)):
            made.put(f"{name} {kind}", deal, first + number, choices=int(number > 0))
    for name in ("another purchase", "another sale", "another's", "nobody's", "not out", "ended"):
        one = Deal(firm, household=HOME)
        one.approved(leg(account, "sell" if name == "another sale" else "buy", "AAPL", "10"))
        made.put(name, one, choices=1)
        if name == "not out":
            firm.claim(one.order(0))
            continue
        assert one.release().ok
        if name != "nobody's":
            firm.claim(one.order(0))
            assert one.of_order("OrderRouted").ok
        if name == "another's":
            firm.claim(one.order(0), "wrk-another")
        if name == "ended":
            assert one.fill(0, "10", "99", execution="e1").ok
    funding = Deal(firm, household=HOME)
    funding.approved(leg(account, "sell", "AAPL", "10"), leg(account, "buy", "KO", "9", funded_by=[0]))
    assert funding.release().ok
    firm.claim(funding.order(0))
    made.put("a sale that funds", funding)


# What a worker writes of an order


def chosen(world: World, order: Order) -> Step:
    number, group = order.choices + 1, secrets.token_hex(4)
    said = record_of_choice(order.id, str(order.terms["symbol"]), "ARCADIA", choice=number)
    routed = {"order": order.id, "venue": "ARCADIA", "scores": []}
    return Step(
        world,
        order,
        [
            ("RouteRecorded", said, {"key": f"route-recorded/{order.id}/{number}", "group": group}),
            ("OrderRouted", routed, {"key": f"route/{order.id}/{number}", "group": group}),
        ],
    )


def one(world: World, order: Order, kind: str, **said: Any) -> Step:
    words = {"key": f"{kind}/{order.id}/{said.get('execution', '')}"}
    return Step(world, order, [(kind, {"order": order.id, "venue": "ARCADIA", **said}, words)])


def sent(world: World, order: Order) -> Step:
    return one(world, order, "OrderSent", body_digest="a" * 64)


def accepted(world: World, order: Order) -> Step:
    return one(world, order, "OrderAccepted", venue_order="v-1")


def filled(world: World, order: Order, quantity: str = "3") -> Step:
    of = {name: order.terms[name] for name in ("account", "symbol", "side")}
    return one(
        world,
        order,
        "OrderFilled",
        **of,
        execution=f"x{quantity}",
        quantity=quantity,
        price="99.005",
        fee="0.03",
        executed_at="2022-12-29T15:01:00Z",
        trade_date="2022-12-29",
        settles_on="2023-01-03",
    )


def filled_whole(world: World, order: Order) -> Step:
    return filled(world, order, "6" if "e1" in _executions(world, order) else "10")


def _executions(world: World, order: Order) -> set[str]:
    rows = "select execution from gatehouse.execution where order_id = %s"
    return {row["execution"] for row in world.firm.ask("superuser", rows, order.id)}


MADE: Final = {
    "chosen": chosen,
    "sent": sent,
    "accepted": accepted,
    "filled": filled,
    "filled whole": filled_whole,
}
# Of each, the stages at which it is plainly good.
GOOD: Final = {
    "chosen": ["released purchase", "routed sale", "another purchase"],
    "sent": ["routed purchase", "routed sale", "another sale"],
    "accepted": ["sent purchase", "sent sale", "partly filled purchase"],
    "filled": ["sent purchase", "partly filled sale", "sent sale", "another sale", "another purchase"],
    "filled whole": ["partly filled purchase", "partly filled sale", "sent purchase", "another sale"],
}


def put(**changed: Any) -> Change:
    return lambda step: step.put(**changed)


def around(**changed: Any) -> Change:
    return lambda step: step.around(**changed)


def of_the_last(**changed: Any) -> Change:
    return lambda step: step.parts[-1][1].update(changed)


def without(*kinds: str) -> Change:
    def change(step: Step) -> None:
        step.parts = [part for part in step.parts if part[0] not in kinds] or step.parts

    return change


def evidence(**changed: Any) -> Change:
    def change(step: Step) -> None:
        for _, payload, _ in step.parts:
            if "evidence" in payload:
                payload["evidence"] = json.dumps({**json.loads(payload["evidence"]), **changed})

    return change


def apart(step: Step) -> None:
    for kind, _, words in step.parts:
        words.update(group=kind)


def turned_round(step: Step) -> None:
    step.parts.reverse()


def instead(kind: str, **said: Any) -> Change:
    def change(step: Step) -> None:
        step.parts = one(step.world, step.order, kind, **said).parts

    return change


ANY: Final[Mapping[str, Change]] = {
    "without keys": around(key=None),
    "a key too long": around(key="k" * 201),
    "one key for all": around(key="k"),
    "a key of before": lambda step: step.around(key=f"told/{step.order.id}"),
    "another venue": of_the_last(venue="BOREAL"),
    "another venue for both": put(venue="BOREAL"),
    "another order": put(order="gh-" + "0" * 24),
    "another order in the last": of_the_last(order="gh-" + "0" * 24),
    "no order": put(order=None),
    "a field too many": put(more="x"),
    "out of its stream": around(stream="order/gh-x"),
    "in a stream of nobody's": around(stream="proposal/x"),
    "a version ahead": around(stream_version=90),
    "of another version": around(event_version=9),
    "not in form": around(mono_ns="x"),
    "one name for all": around(event_id="00000000-0000-7000-8000-000000000000"),
    "with a ticket": around(ticket="t"),
    "doubted": instead("OrderDoubted", waited_ms=5),
    "rejected": instead("OrderRejected", reason="no"),
    "cancelled": instead("OrderCancelled", reason="x"),
    "withheld": instead("OrderWithheld", body_digest="a" * 64, says="no"),
    "asked to cancel": instead("CancelRequested"),
    "busted": instead(
        "TradeBusted",
        execution="e1",
        revision=1,
        reason="x",
        trade_date="2022-12-29",
        was={"quantity": "4", "price": "99", "fee": "0.02"},
    ),
}
OF_A_CHOICE: Final[Mapping[str, Change]] = {
    "alone": around(group=None),
    "in groups of their own": apart,
    "the record without the choice": without("OrderRouted"),
    "the choice without its record": without("RouteRecorded"),
    "the wrong way round": turned_round,
    "evidence that is none": put(evidence="{"),
    "evidence of nothing": put(evidence="null"),
    "evidence of another venue": evidence(venue="BOREAL"),
    "evidence of another order": evidence(asked={"order": "gh-x"}),
    "evidence of other rules": evidence(rules="0" * 64),
    "evidence of no version": evidence(version="x"),
    "rules that are none": put(version=7),
    "other rules": put(routing="0" * 64),
    "a choice too far": put(choice=5),
}
OF_A_FILL: Final[Mapping[str, Change]] = {
    "another account": put(account="acc-none"),
    "another symbol": put(symbol="MSFT"),
    "another side": lambda step: step.put(side="buy" if step.order.terms["side"] == "sell" else "sell"),
    "more than there is": put(quantity="11"),
    "none of it": put(quantity="0"),
    "less than none": put(quantity="-1"),
    "a part of a share": put(quantity="0.5"),
    "for half a cent": put(quantity="1", price="99.005"),
    "for nothing": put(price="0"),
    "for very much": put(price="100000"),
    "a fee beyond it": put(fee="5000"),
    "an execution of before": put(execution="e1"),
    "a day that is none": put(trade_date="soon"),
    "a day that does not settle": put(settles_on="2022-12-29"),
    "another day": put(trade_date="2022-12-30", settles_on="2023-01-04"),
    "of a block": put(block="blk-x", dollars="1"),
    "dollars stated": put(dollars="297.02"),
}
ODD: Final[Mapping[str, Change]] = {**ANY, **OF_A_CHOICE, **OF_A_FILL}
PLACES: Final = (
    "replaced",
    "in its place",
    "part of a block",
    "a block",
    "another's",
    "nobody's",
    "not out",
    "ended",
    "a sale that funds",
)
LIKE_ANY: Final = ("replaced", "in its place", "ended", "a sale that funds")
"""Some steps of these are plain."""


def items(step: Step, ahead: dict[str, int]) -> list[Entry]:
    """As the append gets them. `ahead`: of each stream, the entries that this call has of it already."""
    firm, made = step.world.firm, []
    for kind, payload, words in step.parts:
        more = dict(words)
        stream = more.pop("stream", f"order/{step.order.id}")
        ahead[stream] = ahead.get(stream, 0) + 1
        more.setdefault("stream_version", firm.version(stream) + ahead[stream])
        made.append(firm.item(kind, stream, payload, **more))
    return made


def called(world: World, *named: tuple[str, str, str | None, str]) -> list[Entry]:
    """One call of these: a step by name, of an order by name, changed by name or not; once, the very same
    twice, or in one group with the one before."""
    call: list[Entry] = []
    ahead: dict[str, int] = {}
    for made, stage, change, how in named:
        step = MADE[made](world, world.orders[stage])
        if change is not None:
            ODD[change](step)
        entries = items(step, ahead)
        if how == "again":
            entries += deepcopy(entries)
        if how == "joined" and call and "group" in call[-1]:
            entries = [{**entry, "group": call[-1]["group"]} for entry in entries]
        call += entries
    return call


def plain(*named: tuple[str, str]) -> list[tuple[str, str, str | None, str]]:
    return [(made, stage, None, "") for made, stage in named]


def came_of_it(firm: Firm, call: Sequence[Entry], *, in_turn: bool) -> dict[str, Any]:
    way = "on" if in_turn else "off"
    with pytest.raises(psycopg.Error) as said:
        firm.ask(GATE, "select gatehouse.tried(%s::jsonb, %s)", json.dumps(call), way)
    assert said.value.sqlstate == "GH999", said.value
    found = json.loads(said.value.diag.message_primary or "", parse_float=Decimal)
    assert found["chained"] is not False
    assert found["head"][1] is True
    return dict(found)


def same(world: World, call: Sequence[Entry]) -> dict[str, Any]:
    """What came of it, which is the same both ways."""
    together, in_turn = (came_of_it(world.firm, call, in_turn=way) for way in (False, True))
    assert in_turn.pop("together") == 0
    asked_together = together.pop("together")
    assert together == in_turn
    return {**together, "together": asked_together}


@pytest.mark.parametrize("made", GOOD)
def test_what_is_good_is_taken_together_and_as_in_its_turn(world: World, made: str) -> None:
    call = called(world, *plain(*((made, stage) for stage in GOOD[made])))
    said = same(world, call)
    assert {answer["answer"] for answer in said["answers"]} == {"ok"}
    assert said["together"] == len(call)


def test_steps_of_every_kind_are_taken_together(world: World) -> None:
    named = [
        ("filled", "sent purchase"),
        ("chosen", "released sale"),
        ("filled whole", "partly filled sale"),
        ("accepted", "sent sale"),
        ("chosen", "another purchase"),
        ("filled whole", "partly filled purchase"),
        ("sent", "routed sale"),
        ("filled whole", "another sale"),
    ]
    call = called(world, *plain(*named))
    said = same(world, call)
    assert {answer["answer"] for answer in said["answers"]} == {"ok"}
    assert said["together"] == len(call) == 10


def test_a_doubt_or_a_part_of_a_block_keeps_nobody_from_being_taken_together(world: World) -> None:
    before = plain(("filled", "sent purchase"), ("sent", "routed sale"))
    after = plain(("filled", "partly filled sale"), ("accepted", "sent sale"))
    odd = [("sent", "another purchase", "doubted", ""), ("accepted", "part of a block", None, "")]
    said = same(world, called(world, *before, *odd, *after))
    assert said["together"] == 4


# Where in its life an order is of which the odd step is written, a step that would be good there.
WHERE: Final = (
    ("chosen", "released purchase"),
    ("sent", "routed sale"),
    ("accepted", "sent sale"),
    ("filled", "partly filled purchase"),
    ("filled whole", "partly filled sale"),
)


def odd(world: World, change: str, where: Sequence[tuple[str, str]]) -> None:
    """Each between two that are good."""
    before, after = plain(("filled", "sent purchase"), ("sent", "another sale"))
    for made, stage in where:
        same(world, called(world, before, (made, stage, change, ""), after))


@pytest.mark.parametrize(("change", "where"), [(name, n % len(WHERE)) for n, name in enumerate(ANY)])
def test_what_is_odd_is_answered_as_in_its_turn(world: World, change: str, where: int) -> None:
    odd(world, change, WHERE[where : where + 1])


@pytest.mark.parametrize("change", OF_A_CHOICE)
def test_a_choice_that_is_odd_is_answered_as_in_its_turn(world: World, change: str) -> None:
    odd(world, change, WHERE[:1])


@pytest.mark.parametrize("change", OF_A_FILL)
def test_a_fill_that_is_odd_is_answered_as_in_its_turn(world: World, change: str) -> None:
    odd(world, change, WHERE[3:])


@pytest.mark.long
def test_every_step_that_is_odd_in_any_way_is_answered_as_in_its_turn(world: World) -> None:
    for change in ODD:
        odd(world, change, WHERE)


@pytest.mark.parametrize("stage", PLACES)
def test_an_order_that_is_not_plain_is_answered_as_in_its_turn(world: World, stage: str) -> None:
    before, after = plain(("filled", "sent purchase"), ("sent", "another sale"))
    for made in MADE:
        said = same(world, called(world, before, (made, stage, None, ""), after))
        assert said["together"] <= 2 or stage in LIKE_ANY


SOME: Final = st.lists(
    st.tuples(
        st.sampled_from([*MADE]),
        st.sampled_from([*{stage for stages in GOOD.values() for stage in stages}, "released sale", *PLACES]),
        st.sampled_from([None] * 2 * len(ODD) + [*ODD]),
        st.sampled_from(["", "", "", "again", "joined"]),
    ),
    min_size=2,
    max_size=8,
)


@given(named=SOME)
@settings(max_examples=20, deadline=None)
def test_any_of_them_in_one_call_are_answered_as_in_their_turn(
    world: World, named: list[tuple[str, str, str | None, str]]
) -> None:
    same(world, called(world, *named))


@pytest.mark.long
@pytest.mark.timeout(3600)
@given(named=SOME)
@settings(max_examples=5_000, deadline=None)
def test_any_of_them_by_the_thousand_are_answered_as_in_their_turn(
    world: World, named: list[tuple[str, str, str | None, str]]
) -> None:
    same(world, called(world, *named))


def test_whoever_takes_over_claims_passes_by_what_is_being_written(world: World) -> None:
    call = called(
        world, *plain(("filled", "sent purchase"), ("sent", "routed sale"), ("chosen", "released sale"))
    )
    orders = [world.orders[stage].id for stage in ("sent purchase", "routed sale", "released sale")]
    free = "select order_id from gatehouse.claim where order_id = any (%s) for update skip locked"
    asked = world.firm.connection(GATE)
    with asked.transaction(force_rollback=True):
        rows = asked.execute(b"select answer from gatehouse.append(%s::jsonb)", [json.dumps(call)]).fetchall()
        assert [row["answer"] for row in rows] == ["ok"] * 4
        assert world.firm.ask("superuser", free, orders) == []
    assert len(world.firm.ask("superuser", free, orders)) == len(orders)


def test_a_lease_that_has_ended_writes_nothing(world: World) -> None:
    call = called(world, *plain(("filled", "sent purchase"), ("sent", "routed sale")))
    over = "update gatehouse.worker_lease set ended_at = %s where worker = %s"
    world.firm.ask("superuser", over, "2022-12-29T15:00:00Z", WORKER)
    try:
        said = same(world, call)
    finally:
        world.firm.ask("superuser", over, None, WORKER)
    assert [answer["code"] for answer in said["answers"]] == ["lease_passed"] * 2
    assert said["together"] == 0
