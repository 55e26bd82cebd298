"""What the last check says of bytes that may not leave: whoever looks into it reads these very words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from core.execution.last_check import Chained, undecided
from core.fact import Fact
from core.ids import Digest, OrderId, VenueName, order_id_for
from core.orders.content import Content
from core.orders.events import (
    OrderReleased,
    OrderRouted,
    OrderSent,
    ProposalApproved,
    ProposalAssessed,
    ProposalSubmitted,
    ProposalWithdrawn,
    StandingApprovalDrawn,
)
from core.orders.released import ReleasedOrder
from core.venues.venue import encode
from evals.bench.decided import ADVISOR, GATE, INTAKE, PRINCIPAL, Who, chained, content, decisions
from tests.fixtures.venues import released

V: Final = VenueName("ARCADIA")
COMPLIANCE: Final[Who] = ("gh_approver", "cmp-1")
NONE: Final = Digest("0" * 64)
ORDER: Final = released(limit="150.00", quantity="30")
PROPOSAL: Final = ORDER.proposal
ROUTED: Final = OrderRouted(order=ORDER.id, venue=V, scores=())
ASSESSED, SUBMITTED, APPROVED, RELEASED, ROUTE = 1, 2, 3, 4, 5


def facts(decided: Content | None = None) -> list[tuple[Who, Fact]]:
    return [*decisions(ORDER, decided), (GATE, ROUTED)]


def says(
    told: Sequence[tuple[Who, Fact]], body: bytes | None = None, order: ReleasedOrder = ORDER
) -> str | None:
    return undecided(body or encode(ORDER), order.id, V, chained(ORDER, told))


def changed(at: int, **fields: Any) -> list[tuple[Who, Fact]]:
    told = facts()
    told[at] = (told[at][0], told[at][1].model_copy(update=fields))
    return told


def by(at: int, who: Who) -> list[tuple[Who, Fact]]:
    told = facts()
    told[at] = (who, told[at][1])
    return told


def leg(**fields: Any) -> list[tuple[Who, Fact]]:
    whole = content(ORDER)
    return facts(whole.model_copy(update={"legs": (whole.legs[0].model_copy(update=fields),)}))


DIGEST: Final = str(decisions(ORDER)[SUBMITTED][1].model_dump()["digest"])
WITHDRAWN: Final = (ADVISOR, ProposalWithdrawn(proposal=ORDER.proposal))
OTHER_SENT: Final = (GATE, OrderSent(order=ORDER.id, venue=V, body_digest=NONE))
LONG: Final = "X" * 70

WORDS: Final[dict[str, tuple[list[tuple[Who, Fact]], str]]] = {
    "assessed by a person": (
        by(ASSESSED, ADVISOR),
        "the record has 1 ProposalAssessed of gh_gate or gh_intake where one belongs",
    ),
    "submitted by nobody": (
        [one for one in facts() if not isinstance(one[1], ProposalSubmitted)],
        "the record has 0 ProposalSubmitted of gh_approver where one belongs",
    ),
    "ended before": (
        [*facts()[:RELEASED], WITHDRAWN, *facts()[RELEASED:]],
        "the proposal ended before the release (ProposalWithdrawn)",
    ),
    "approved as something else": (
        changed(APPROVED, digest=NONE),
        f"ProposalApproved: {NONE} where the decision has {DIGEST}",
    ),
    "approved by who submitted": (
        by(APPROVED, ADVISOR),
        "the record has no approval by another person than who submitted, or one too few",
    ),
    "without the consent that it needs": (
        facts(content(ORDER).model_copy(update={"needs_consent": True})),
        "the record has no consent",
    ),
    "of another leg": (
        leg(leg=1),
        "the text that people decided on has no leg 0 of this order",
    ),
    "at another limit": (
        leg(limit_price=Decimal("150.01")),
        "limit_price: 150.00 where the decision has 150.01",
    ),
    "more shares": (
        leg(quantity=Decimal("29.5")),
        "the release carries 30 shares, the decision 29.5",
    ),
    "as many, where fewer may go": (
        changed(RELEASED, quantity=Decimal(0)),
        "the release carries 0 shares, the decision 30",
    ),
    "another way": (
        [*facts(), (GATE, ROUTED.model_copy(update={"venue": VenueName("BOREAL")}))],
        "the record does not route it to ARCADIA",
    ),
    "another intent": (
        [*facts(), OTHER_SENT],
        f"an earlier intent: {NONE} where the decision has ",
    ),
    "a digest that is not the text's": (
        changed(ASSESSED, digest=NONE),
        f"digest: {NONE}, {DIGEST}, {PROPOSAL} where the decision has {DIGEST}, {DIGEST}, {PROPOSAL}",
    ),
}


@pytest.mark.parametrize("what", WORDS)
def test_each_difference_is_named(what: str) -> None:
    told, words = WORDS[what]
    assert says(facts()) is None
    said = says(told) or ""
    assert said.startswith(words) if words.endswith("has ") else said == words


BODIES: Final = {
    b'{"a": 1}': "the bytes are not one object in its canonical form",
    b"[]": "the bytes are not one object in its canonical form",
    b"\xff": "the bytes cannot be read back",
    b"{}": "the fields:  where the decision has account, client_order, limit_price, order_type, quantity, "
    "side, symbol, time_in_force",
    encode(ORDER).replace(b'"30"', b'"NaN"'): "an amount in the bytes is none",
    encode(ORDER).replace(b'"30"', b"30"): "an amount in the bytes is none",
    encode(ORDER).replace(b'"30"', b'"31"'): "quantity: 31 where the decision has 30",
    encode(ORDER).replace(
        b'"AAPL"', f'"{LONG}"'.encode()
    ): f"symbol: {LONG[:64]} where the decision has AAPL",
}


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_bytes_are_named_by_what_is_wrong_with_them(body: bytes) -> None:
    assert says(facts(), body) == BODIES[body]


def test_an_order_under_another_id_and_an_entry_out_of_its_place_are_named() -> None:
    other = OrderId("gh-another")
    told = [
        (who, fact.model_copy(update={"order": other}) if hasattr(fact, "order") else fact)
        for who, fact in facts()
    ]
    record = chained(replace(ORDER, id=other), told)
    must = order_id_for(ORDER.proposal, ORDER.leg)
    assert undecided(encode(ORDER), other, V, record) == (
        f"order id: {other}, {other} where the decision has {other}, {must}"
    )
    whole = chained(ORDER, facts())
    assert undecided(encode(ORDER), ORDER.id, V, [*whole[:1], *whole[2:]]) == (
        "place in its stream: 3 where the decision has 2"
    )
    forged = replace(whole[2], actor="adv-2")
    assert undecided(encode(ORDER), ORDER.id, V, [*whole[:2], forged, *whole[3:]]) == (
        "entry 3 is not what the record's chain says"
    )


def of_tier(tier: int, *approvers: Who) -> list[tuple[Who, Fact]]:
    told = facts(content(ORDER).model_copy(update={"tier": tier}))
    (_, approved) = told[APPROVED]
    return [*told[:APPROVED], *((who, approved) for who in approvers), *told[RELEASED:]]


def test_tier_3_goes_with_two_and_not_with_one() -> None:
    assert says(of_tier(3, PRINCIPAL, COMPLIANCE)) is None
    assert says(of_tier(2, PRINCIPAL)) is None
    for too_few in ((PRINCIPAL,), (PRINCIPAL, PRINCIPAL), (PRINCIPAL, ADVISOR)):
        assert "one too few" in (says(of_tier(3, *too_few)) or "")


def test_a_direct_order_is_assessed_where_it_comes_in() -> None:
    assert says(by(ASSESSED, INTAKE)) is None


def test_a_standing_approval_stands_for_the_principals_act_on_that_text_alone() -> None:
    drawn = StandingApprovalDrawn(
        standing="std-1",
        terms_digest=NONE,
        proposal=ORDER.proposal,
        digest=Digest(DIGEST),
        session="2022-12-29",
        dollars=Decimal(1),
    )
    told = facts()
    told[APPROVED] = (GATE, drawn)
    assert says(told) is None
    told[APPROVED] = (GATE, drawn.model_copy(update={"digest": NONE}))
    assert says(told) == f"StandingApprovalDrawn: {NONE} where the decision has {DIGEST}"


@pytest.mark.parametrize(
    ("carried", "goes"), [("1", True), ("0.5", True), ("30", True), ("0", False), ("31", False)]
)
def test_fewer_shares_are_more_than_none_and_less_than_all(carried: str, goes: bool) -> None:
    told = leg(may_release_less=True)
    release = told[RELEASED][1]
    assert isinstance(release, OrderReleased)
    told[RELEASED] = (GATE, release.model_copy(update={"quantity": Decimal(carried)}))
    body = encode(replace(ORDER, quantity=Decimal(carried)))
    assert (says(told, body) is None) is goes


def test_a_release_that_says_whose_place_it_takes_needs_the_decision_and_the_bytes_to_say_so() -> None:
    live = OrderId("gh-" + "1" * 24)
    told = leg(replaces=live, executed_before=Decimal(3))
    assert says(told) == f"replaces: None where the decision has {live}"
    release = told[RELEASED][1]
    told[RELEASED] = (GATE, release.model_copy(update={"replaces": live, "executed_before": Decimal(3)}))
    assert (says(told) or "").startswith("the fields: ")
    more = encode(ORDER).replace(b'"limit_p', b'"executed_before":"3","limit_p')
    body = more.replace(b'"side"', b'"replaces":"%s","side"' % live.encode())
    assert says(told, body) is None
    assert says(told, body.replace(b'"3"', b'"2"')) == "executed_before: 2 where the decision has 3"
    assert says(told, body.replace(b"111", b"222")) is not None
    assert says(facts(), body) is not None
    assert isinstance(told[ASSESSED][1], ProposalAssessed)
    assert isinstance(told[APPROVED][1], ProposalApproved)


def test_the_record_is_asked_for_all_of_it() -> None:
    record: Sequence[Chained] = ()
    assert undecided(encode(ORDER), ORDER.id, V, record) is not None
