"""The law of replacing at a venue: one place, one successor, and what is left to the share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.core.gate.deal import MARIA, Deal, leg
from tests.core.gate.test_replacing_db import decided, out
from tests.fixtures.firm import Answer, Firm

SENDABLE = "select gatehouse.replacement_fault(l) from gatehouse.leg l where l.order_id = %s"


@dataclass
class Pair:
    """An order at work, and another that was released in its place."""

    old: Deal
    new: Deal

    def request(self, by: str | None = None) -> Answer:
        return self.old.of_order("ReplaceRequested", by=by or self.new.order(0))

    def replaced(self, executed: str) -> Answer:
        return self.old.of_order("OrderReplaced", by=self.new.order(0), executed=executed)

    def size(self, executed: str, quantity: str) -> Answer:
        replaces = self.old.order(0)
        return self.new.of_order("ReplacementSized", replaces=replaces, executed=executed, quantity=quantity)

    def fault(self) -> str | None:
        found: str | None = self.new.firm.value("superuser", SENDABLE, self.new.order(0))
        return found


@pytest.fixture
def pair(firm: Firm) -> Pair:
    old = out(firm, "sell", "100")
    assert old.fill(0, "30", "100").ok
    new = decided(old, "70", filled="30")
    assert new.release(replaces=old.order(0), executed_before="30").ok
    firm.claim(new.order(0))
    return Pair(old, new)


def test_an_order_is_replaced_and_what_raced_is_taken_off(pair: Pair) -> None:
    assert pair.request().ok
    assert pair.old.fill(0, "10", "100").ok
    assert pair.replaced("30").code == "quantity_mismatch"
    assert pair.size("40", "60").code == "replaced_order_open"
    assert pair.replaced("40").ok
    assert pair.size("40", "70").code == "quantity_mismatch"
    assert pair.size("40", "60").ok
    assert pair.new.fill(0, "61", "100").code == "overfilled"
    assert pair.new.fill(0, "60", "100").ok
    assert pair.old.held("AAPL")[1] == 0


def test_a_successor_that_was_filled_first_ends_when_it_is_sized(pair: Pair) -> None:
    assert pair.request().ok
    assert pair.new.fill(0, "60", "100").ok
    assert pair.old.fill(0, "10", "100").ok
    assert pair.replaced("40").ok
    assert pair.size("40", "60").ok
    assert pair.new.of_order(
        "OrderCancelled", venue=None, reason="x"
    ).ok  # the law counts it as ended already
    assert pair.size("40", "60").code == "order_ended"


def test_where_a_venue_cannot_replace_the_cancelled_rest_is_what_is_left(pair: Pair) -> None:
    assert pair.request().ok
    assert pair.old.fill(0, "25", "100").ok
    assert pair.old.of_order("OrderCancelled", venue="ARCADIA", reason="asked").ok
    assert pair.size("55", "45").ok


def test_only_the_order_that_its_release_names_is_replaced_by_it(pair: Pair, firm: Firm) -> None:
    pair.old.own("200", "AAPL")
    other = Deal(firm).approved(leg(pair.old.account, "sell", "AAPL", "5"))
    assert other.release().ok
    assert pair.request(by=other.order(0)).code == "replaces_another"
    assert Pair(other, pair.new).request().code == "replaces_another"
    assert pair.request().ok
    assert pair.request().code == "replace_asked"
    assert Pair(pair.old, other).replaced("30").code == "replaces_another"
    assert Pair(pair.old, other).size("30", "5").code == "replaces_another"


def test_what_has_ended_or_is_to_be_cancelled_is_not_replaced(pair: Pair) -> None:
    order = pair.old.order(0)
    asked = pair.old.firm.item("CancelRequested", f"order/{order}", {"order": order}, login=MARIA)
    assert pair.old.firm.append("gh_approver", asked)[0].ok
    assert pair.request().code == "cancel_asked"
    assert pair.old.of_order("OrderCancelled", venue="ARCADIA", reason="asked").ok
    assert pair.request().code == "order_ended"


def test_a_successor_may_be_sent_in_its_place_or_once_what_is_left_is_written(pair: Pair) -> None:
    assert pair.fault() == "replaced_order_open"
    assert pair.request().ok
    assert pair.fault() is None
    assert pair.old.of_order("ReplaceRefused", by=pair.new.order(0), reason="it said no").ok
    assert pair.fault() == "replaced_order_open"
    assert pair.old.of_order("OrderCancelled", venue="ARCADIA", reason="asked").ok
    assert pair.fault() == "replaced_order_open"
    assert pair.size("30", "70").ok
    assert pair.fault() is None


def test_nobody_but_the_worker_writes_of_it(pair: Pair) -> None:
    order, firm = pair.old.order(0), pair.old.firm
    said = {"order": order, "by": pair.new.order(0)}
    ticket = firm.thread_ticket(MARIA, firm.thread(MARIA))
    item = firm.item("ReplaceRequested", f"order/{order}", said, ticket=ticket)
    assert firm.append("gh_agent", item)[0].code == "no_right"
    for role in ("gh_intake", "gh_approver"):
        item = firm.item("ReplaceRequested", f"order/{order}", said, login=MARIA)
        assert firm.append(role, item)[0].code == "no_right"


def test_in_its_place_it_goes_where_that_one_is_and_nowhere_else_without_a_choice(pair: Pair) -> None:
    firm, order = pair.new.firm, pair.new.order(0)
    intent: dict[str, Any] = {"body_digest": "0" * 64}

    def goes(venue: str) -> Answer:
        routed = {"order": order, "venue": venue, "scores": []}
        return firm.append("gh_gate", firm.item("OrderRouted", f"order/{order}", routed))[0]

    assert pair.old.route()[-1].ok
    assert goes("ARCADIA").code == "route_unproven"  # its venue is not asked to replace it
    assert pair.request().ok
    assert goes("BOREAL").code == "route_unproven"
    assert pair.new.of_order("OrderSent", **intent).code == "not_routed"
    assert goes("ARCADIA").ok
    assert pair.new.of_order("OrderSent", **intent).ok
    assert pair.old.of_order("OrderCancelled", venue="ARCADIA", reason="asked").ok
    assert goes("ARCADIA").code == "route_unproven"  # there is nothing to take the place of
