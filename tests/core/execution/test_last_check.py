"""The last check lets exactly those bytes leave that people decided on, whatever was changed on the way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final

import pytest

from core.execution.last_check import Chained, undecided
from core.fact import Fact
from core.ids import OrderId, VenueName
from core.orders.content import Content
from core.orders.events import (
    ConsentRecorded,
    OrderReleased,
    OrderRouted,
    OrderSent,
    OrderType,
    ProposalApproved,
    ProposalSubmitted,
    ProposalWithdrawn,
    Side,
)
from core.orders.released import ReleasedOrder
from core.orders.replacements import ReplacementSized
from core.venues.venue import digest_of, encode, encode_left, encode_replacement
from evals.bench.decided import (
    ADVISOR,
    GATE,
    INTAKE,
    PRINCIPAL,
    Who,
    chained,
    content,
    decisions,
    recorded,
)
from tests.fixtures.venues import released

V: Final = VenueName("ARCADIA")
TIMES: Final = 3_500  # in each part
PARTS: Final = [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, 10))]
"""Of each of the two kinds; `test_last_check_db.py` has the rest of the 10,000 and the 100,000."""


def routed(order: ReleasedOrder, venue: VenueName = V) -> OrderRouted:
    return OrderRouted(order=order.id, venue=venue, scores=())


def decided_on(order: ReleasedOrder, *later: Fact) -> tuple[Chained, ...]:
    return recorded(order, [routed(order), *later])


def why(order: ReleasedOrder, record: Sequence[Chained], body: bytes | None = None) -> str | None:
    return undecided(body or encode(order), order.id, V, record)


@pytest.mark.parametrize("limit", ["150.00", None])
@pytest.mark.parametrize("side", list(Side))
def test_what_people_decided_on_may_leave(side: Side, limit: str | None) -> None:
    order = released(side=side, limit=limit)
    assert why(order, decided_on(order)) is None


def test_it_may_leave_again_as_the_same_bytes_and_never_as_others() -> None:
    order = released()
    sent = OrderSent(order=order.id, venue=V, body_digest=digest_of(encode(order)))
    assert why(order, decided_on(order, sent)) is None
    other = sent.model_copy(update={"body_digest": "0" * 64})
    assert "an earlier intent" in (why(order, decided_on(order, other)) or "")


OLD: Final = OrderId("gh-old")


def left(order: ReleasedOrder, shares: str, of: OrderId = OLD) -> ReplacementSized:
    """What the record says is left for it, once the order whose place it takes has ended."""
    return ReplacementSized.model_construct(
        order=order.id, replaces=of, executed=Decimal(7), quantity=Decimal(shares)
    )


def test_an_order_in_anothers_place_leaves_with_what_is_left_and_never_with_more() -> None:
    order = released(quantity="30", replaces=OLD, executed_before="5")
    in_its_place = encode_replacement(order)
    assert why(order, decided_on(order), in_its_place) is None
    assert why(order, decided_on(order), encode(order)) is not None, "that one is at work still"
    for shares in ("30", "28", "1", "0.5"):
        record = decided_on(order, left(order, shares))
        assert why(order, record, encode_left(order, Decimal(shares))) is None
        assert why(order, record, encode_left(order, Decimal(29))) is not None
        assert why(order, record, in_its_place) is not None, "it takes nobody's place any more"


def test_what_is_left_is_said_once_by_the_worker_of_the_order_whose_place_it_takes() -> None:
    order = released(quantity="30", replaces=OLD, executed_before="5")
    body, once = encode_left(order, Decimal(28)), left(order, "28")
    by_an_advisor = chained(order, [*decisions(order), (GATE, routed(order)), (ADVISOR, once)])
    assert why(order, by_an_advisor, body) is not None
    assert why(order, decided_on(order, once, once), body) is not None
    assert why(order, decided_on(order, left(order, "28", OrderId("gh-other"))), body) is not None
    more = decided_on(order, left(order, "31"))
    assert why(order, more, encode_left(order, Decimal(31))) == "the record leaves 31 shares of 30"


def with_text(order: ReleasedOrder, /, **changed: Any) -> Content:
    whole = content(order)
    return whole.model_copy(update={"legs": (whole.legs[0].model_copy(update=changed),)})


def told(order: ReleasedOrder, /, **changed: Any) -> tuple[Chained, ...]:
    """The record where the leg that people decided on differs in these fields."""
    return chained(order, [*decisions(order, with_text(order, **changed)), (GATE, routed(order))])


@pytest.mark.parametrize(
    "changed",
    [
        {"account": "acc-2"},
        {"symbol": "MSFT"},
        {"side": Side.SELL},
        {"quantity": Decimal(29)},
        {"quantity": Decimal(31)},
        {"quantity": Decimal("30.000001")},
        {"order_type": OrderType.MARKET},
        {"limit_price": Decimal("150.01")},
        {"limit_price": None},
        {"order": OrderId("gh-another")},
        {"leg": 1},
    ],
    ids=str,
)
def test_no_field_of_the_release_may_differ_from_the_leg_that_people_decided_on(
    changed: dict[str, Any],
) -> None:
    order = released()
    assert why(order, told(order, **changed)) is not None


@pytest.mark.parametrize(
    ("decided", "less", "goes"), [("31", True, True), ("29", True, False), ("31", False, False)]
)
def test_only_a_leg_whose_digest_says_so_carries_fewer_shares_and_none_carries_more(
    decided: str, less: bool, goes: bool
) -> None:
    order = released(quantity="30")
    record = told(order, quantity=Decimal(decided), may_release_less=less)
    assert (why(order, record) is None) is goes


Change = Callable[[list[tuple[Who, Fact]], ReleasedOrder], list[tuple[Who, Fact]]]


def without(kind: type[Fact]) -> Change:
    return lambda facts, _: [one for one in facts if not isinstance(one[1], kind)]


def by(kind: type[Fact], who: Who) -> Change:
    return lambda facts, _: [(who if isinstance(fact, kind) else old, fact) for old, fact in facts]


def of_another_digest(kind: type[Fact]) -> Change:
    return lambda facts, _: [
        (who, fact.model_copy(update={"digest": "0" * 64}) if isinstance(fact, kind) else fact)
        for who, fact in facts
    ]


def last(kind: type[Fact]) -> Change:
    return lambda facts, _: sorted(facts, key=lambda one: isinstance(one[1], kind))


MISSING: Final[dict[str, Change]] = {
    "no submission": without(ProposalSubmitted),
    "no approval": without(ProposalApproved),
    "no release": without(OrderReleased),
    "no route": without(OrderRouted),
    "approved by who submitted": by(ProposalApproved, ADVISOR),
    "approved at another door": by(ProposalApproved, ("gh_intake", "prn-1")),
    "submitted at another door": by(ProposalSubmitted, INTAKE),
    "released by another login": by(OrderReleased, PRINCIPAL),
    "a submission of another digest": of_another_digest(ProposalSubmitted),
    "an approval of another digest": of_another_digest(ProposalApproved),
    "a release of another digest": of_another_digest(OrderReleased),
    "approved after the release": last(ProposalApproved),
    "submitted after the release": last(ProposalSubmitted),
    "submitted twice": lambda facts, _: [facts[0], facts[1], facts[2], *facts[2:]],
    "released twice": lambda facts, _: [*facts, facts[4]],
    "withdrawn": lambda facts, order: [
        *facts[:4],
        (ADVISOR, ProposalWithdrawn(proposal=order.proposal)),
        *facts[4:],
    ],
    "routed elsewhere since": lambda facts, order: [*facts, (GATE, routed(order, VenueName("BOREAL")))],
}


@pytest.mark.parametrize("what", MISSING)
def test_each_decision_is_there_in_its_turn_and_by_who_may(what: str) -> None:
    order = released()
    facts = [*decisions(order), (GATE, routed(order))]
    assert why(order, chained(order, facts)) is None
    assert why(order, chained(order, MISSING[what](facts, order))) is not None


def test_what_needs_consent_does_not_leave_without_it() -> None:
    order = released()
    facts = decisions(order, content(order).model_copy(update={"needs_consent": True}))
    way = (GATE, routed(order))
    assert "consent" in (why(order, chained(order, [*facts, way])) or "")
    digest = facts[2][1].model_dump()["digest"]
    said = ConsentRecorded(proposal=order.proposal, digest=digest, client="cli-1", channel="phone")
    assert why(order, chained(order, [*facts[:4], (ADVISOR, said), facts[4], way])) is None
    other = said.model_copy(update={"digest": "0" * 64})
    assert why(order, chained(order, [*facts[:4], (ADVISOR, other), facts[4], way])) is not None


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'"x"', b"\xff", b"[" * 100_000],
    ids=["nothing", "null", "list", "empty", "words", "no text", "deep"],
)
def test_bytes_that_are_no_order_do_not_leave(body: bytes) -> None:
    order = released()
    assert why(order, decided_on(order), body or b" ") is not None


def test_a_field_twice_a_field_more_or_another_spelling_does_not_leave() -> None:
    order = released()
    record, honest = decided_on(order), encode(order)
    twice = honest.replace(b'"quantity":"30"', b'"quantity":"99","quantity":"30"')
    more = honest.replace(b'"side"', b'"note":"x","side"')
    spaced = honest.replace(b":", b": ", 1)
    number = honest.replace(b'"quantity":"30"', b'"quantity":30')
    odd = [honest.replace(b'"30"', b'"%s"' % word) for word in (b"NaN", b"Infinity", b"sNaN", b"thirty", b"")]
    assert why(order, record, honest) is None
    for body in (twice, more, spaced, number, *odd):
        assert body != honest
        assert why(order, record, body) is not None


def test_no_single_bit_of_the_bytes_can_be_another() -> None:
    order = released(limit="150.25")
    record, honest = decided_on(order), encode(order)
    for at in range(len(honest) * 8):
        body = bytearray(honest)
        body[at // 8] ^= 1 << (at % 8)
        assert why(order, record, bytes(body)) is not None, bytes(body)


# Objects and entries changed at random ---------------------------------------------


def another(draw: random.Random, value: Any) -> Any:
    """Some other value of that type, near or far."""
    if isinstance(value, Enum):
        return draw.choice(list(type(value)))
    if isinstance(value, bool):
        return not value
    if isinstance(value, Decimal):
        near = (Decimal(1), Decimal(-1), Decimal("0.01"), -2 * value, value * 9, Decimal("1e-6"))
        return value + draw.choice(near)
    if isinstance(value, int):
        return value + draw.choice((1, -1, 2**32))
    if isinstance(value, str):
        at = draw.randrange(len(value) + 1)
        return draw.choice((value[:at] + draw.choice("0aZ-é") + value[at:], value[:at] + value[at + 1 :], ""))
    if isinstance(value, bytes):
        at = draw.randrange(len(value) * 8)
        flipped = bytearray(value)
        flipped[at // 8] ^= 1 << (at % 8)
        return bytes(flipped)
    if isinstance(value, frozenset):
        return value ^ {draw.choice(("all", "symbol:AAPL"))}
    if isinstance(value, tuple):
        return (*value, Decimal(draw.randrange(1, 500)))
    if value is None:
        return Decimal(draw.randrange(1, 500))
    return value + timedelta(microseconds=draw.choice((1, -1, 10**6)))


def one_field(draw: random.Random, whole: Any) -> Any:
    """That record with one field changed, as code that ignores `frozen` could."""
    name = draw.choice([field.name for field in fields(whole)])
    return replace(whole, **{name: another(draw, getattr(whole, name))})


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.timeout(900)
def test_no_changed_field_of_the_workers_order_gets_other_bytes_out(part: int) -> None:
    draw, came = random.Random(part), Counter[str]()
    for _ in range(TIMES):
        order = released(side=draw.choice(list(Side)), limit=draw.choice(["150.25", None]))
        record, honest = decided_on(order), encode(order)
        changed = one_field(draw, order)
        no = undecided(encode(changed), changed.id, V, record)
        came["withheld" if no else "harmless"] += 1
        assert no or (encode(changed), changed.id) == (honest, order.id), changed
    assert came["withheld"] > TIMES // 4, came  # the others touch nothing that is sent


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.timeout(900)
def test_no_changed_field_of_an_entry_of_the_record_goes_unseen(part: int) -> None:
    draw = random.Random(part)
    order = released(limit="150.25")
    body = encode(order)
    record = decided_on(order, OrderSent(order=order.id, venue=V, body_digest=digest_of(body)))
    assert why(order, record) is None
    for _ in range(TIMES):
        at = draw.randrange(len(record))
        entry = record[at]
        while entry == record[at]:
            entry = one_field(draw, record[at])
        assert why(order, [*record[:at], entry, *record[at + 1 :]]) is not None, entry


def test_an_entry_left_out_of_the_record_is_seen() -> None:
    order = released()
    record = decided_on(order)
    for at in range(len(record)):
        assert why(order, [*record[:at], *record[at + 1 :]]) is not None
