"""Direct orders through the product's own door, on a real database."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from typing import Final

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import WallClock
from core.database.logins import INTAKE
from core.database.pools import async_pool
from core.direct.askers import KEY_BEGINS
from core.direct.books import LOOKS_EVERY
from core.direct.orders import BLOCKED, HELD, Asked, DirectOrders, Placed
from core.errors import Conflict, NotFound, NotPermitted, Refused, SignInRequired
from core.firm.people import DAVID, MARIA
from core.ids import AccountId, PersonId, Symbol
from core.ledger.journal import Journal
from core.orders.events import OrderType, Side
from core.risk.policies import POLICIES
from tests.core.gate.deal import APPROVER, ELENA, Deal, leg
from tests.core.gate.deal import MARIA as MARIA_LOGIN
from tests.fixtures.firm import Answer, Firm


@asynccontextmanager
async def taking(firm: Firm) -> AsyncIterator[DirectOrders]:
    async with (
        async_pool(firm.database.of(INTAKE), name="test", most=4) as pool,
        Journal(pool, WallClock()) as journal,
    ):
        yield DirectOrders(pool, journal, WallClock())


def buy(firm: Firm, name: str = "c-1", **changed: object) -> Asked:
    """Five shares for the first account of a household of Maria's."""
    asked = {
        "client_order": name,
        "account": AccountId(Deal(firm).account),
        "advisor": MARIA,
        "symbol": Symbol("AAPL"),
        "side": Side.BUY,
        "quantity": Decimal(5),
        "order_type": OrderType.MARKET,
        "limit_price": None,
    }
    return Asked(**{**asked, **changed})  # type: ignore[arg-type]


def admit(firm: Firm, machine: str = "mch-test", advisor: PersonId = MARIA, *, days: int = 30) -> str:
    key = KEY_BEGINS + secrets.token_urlsafe(32)
    payload = {
        "machine": machine,
        "advisor": advisor,
        "key_hash": sha256(key.encode()).hexdigest(),
        "days": days,
    }
    (said,) = firm.append(APPROVER, firm.item("MachineAdmitted", f"machine/{machine}", payload, login=ELENA))
    assert said.ok, said
    return key


def kinds(firm: Firm) -> list[str]:
    """Of the proposals' entries, in order."""
    rows = "select event_type from gatehouse.journal where starts_with(stream, 'proposal/') order by seq"
    return [row["event_type"] for row in firm.ask("superuser", rows)]


@pytest.mark.anyio
async def test_an_order_is_drafted_and_assessed_in_one_append(firm: Firm) -> None:
    async with taking(firm) as orders:
        placed = await orders.place(firm.ticket(MARIA_LOGIN), buy(firm))
    assert placed.status == HELD
    assert kinds(firm) == ["ProposalDrafted", "ProposalAssessed"]
    assert {f.policy for f in placed.findings} >= {policy.code for policy in POLICIES}


@pytest.mark.anyio
async def test_the_same_order_again_gets_the_first_answer(firm: Firm) -> None:
    async with taking(firm) as orders:
        first = await orders.place(firm.ticket(MARIA_LOGIN), buy(firm))
        again = await orders.place(firm.ticket(MARIA_LOGIN), buy(firm, quantity=Decimal("5.0")))
    assert again.repeated
    assert replace(again, repeated=False) == first
    assert len(kinds(firm)) == 2


@pytest.mark.anyio
async def test_a_denied_order_again_gets_the_first_denial(firm: Firm) -> None:
    async with taking(firm) as orders:
        first = await orders.place(firm.ticket(MARIA_LOGIN), buy(firm, quantity=Decimal(90_000)))
        again = await orders.place(firm.ticket(MARIA_LOGIN), buy(firm, quantity=Decimal(90_000)))
    assert first.status == BLOCKED
    assert first.digest is None
    assert replace(again, repeated=False) == first
    assert kinds(firm) == ["ProposalDrafted", "ProposalDenied"]


@pytest.mark.anyio
async def test_another_order_under_the_same_id_is_a_conflict(firm: Firm) -> None:
    async with taking(firm) as orders:
        await orders.place(firm.ticket(MARIA_LOGIN), buy(firm))
        with pytest.raises(Conflict, match="client_order_id"):
            await orders.place(firm.ticket(MARIA_LOGIN), buy(firm, quantity=Decimal(6)))
    assert len(kinds(firm)) == 2


@pytest.mark.anyio
async def test_64_at_once_under_one_id_are_one_order(firm: Firm) -> None:
    async with taking(firm) as orders, taking(firm) as others:
        ticket, asked = firm.ticket(MARIA_LOGIN), buy(firm)
        placed = await asyncio.gather(*((orders, others)[n % 2].place(ticket, asked) for n in range(64)))
    assert len({replace(one, repeated=False) for one in placed}) == 1
    assert kinds(firm) == ["ProposalDrafted", "ProposalAssessed"]


@pytest.mark.anyio
async def test_64_at_once_of_two_orders_under_one_id_are_one_order_and_conflicts(firm: Firm) -> None:
    async with taking(firm) as orders:
        ticket = firm.ticket(MARIA_LOGIN)
        asked = (buy(firm), buy(firm, quantity=Decimal(6)))
        said = await asyncio.gather(
            *(orders.place(ticket, asked[n % 2]) for n in range(64)), return_exceptions=True
        )
    assert {type(one) for one in said} == {Placed, Conflict}
    assert kinds(firm) == ["ProposalDrafted", "ProposalAssessed"]


@pytest.mark.anyio
async def test_a_program_drafts_in_its_advisors_book(firm: Firm) -> None:
    key = admit(firm)
    async with taking(firm) as orders:
        placed = await orders.place(key, buy(firm))
        with pytest.raises(NotPermitted):
            await orders.place(key, buy(firm, "c-2", advisor=DAVID))
        with pytest.raises(NotFound):
            await orders.place(key, buy(firm, "c-3", account=AccountId(other_account(firm))))
    row = "select drafted_by, advisor, status from gatehouse.proposal where proposal = %s"
    (found,) = firm.ask("superuser", row, placed.proposal)
    assert found == {"drafted_by": "mch-test", "advisor": MARIA, "status": "ASSESSED"}


def other_account(firm: Firm) -> str:
    row = "select account from gatehouse.account where advisor = %s order by account limit 1"
    return str(firm.value("superuser", row, DAVID))


@pytest.mark.anyio
async def test_the_law_keeps_a_program_in_its_book_whatever_the_front_says(firm: Firm) -> None:
    key = admit(firm)
    deal = Deal(firm, household=home_of(firm, DAVID))
    request = {"kind": "order", "household": deal.household, "accounts": [deal.account]}
    payload = {"proposal": deal.proposal, "request": request, "provenance": []}
    (said,) = firm.append(INTAKE, firm.item("ProposalDrafted", deal.stream, payload, ticket=key))
    assert said.code == "outside_book"


def home_of(firm: Firm, advisor: str) -> str:
    row = "select household from gatehouse.household where advisor = %s order by household limit 1"
    return str(firm.value("superuser", row, advisor))


@pytest.mark.anyio
async def test_a_programs_key_submits_approves_and_reads_nothing(firm: Firm) -> None:
    key = admit(firm)
    async with taking(firm) as orders:
        placed = await orders.place(key, buy(firm))
    payload: dict[str, object] = {"proposal": placed.proposal, "digest": placed.digest, "reasons": []}
    for kind in ("ProposalSubmitted", "ProposalApproved"):
        stream = f"proposal/{placed.proposal}"
        (said,) = firm.append(APPROVER, firm.item(kind, stream, payload, ticket=key))
        assert not said.ok, kind
    with firm.connection(INTAKE).transaction():
        firm.ask(INTAKE, "select gatehouse.present(%s)", key)
        assert firm.ask(INTAKE, "select * from gatehouse.account") == []
        assert firm.ask(INTAKE, "select * from gatehouse.proposal") == []


@pytest.mark.anyio
async def test_a_dismissed_program_places_nothing_more(firm: Firm) -> None:
    key = admit(firm)
    async with taking(firm) as orders:
        await orders.place(key, buy(firm))
        gone = firm.item("MachineDismissed", "machine/mch-test", {"machine": "mch-test"}, login=ELENA)
        assert firm.append(APPROVER, gone)[0].ok
        with pytest.raises((SignInRequired, Refused)):  # remembered for a moment, and refused by the append
            await orders.place(key, buy(firm, "c-2"))
    async with taking(firm) as afresh:
        with pytest.raises(SignInRequired):
            await afresh.place(key, buy(firm, "c-3"))
    assert len(kinds(firm)) == 2


@pytest.mark.parametrize("login", [MARIA_LOGIN, "robert.hensley"])
def test_only_operations_admits_a_program(firm: Firm, login: str) -> None:
    payload = {"machine": "mch-x", "advisor": MARIA, "key_hash": "0" * 64, "days": 30}
    (said,) = firm.append(APPROVER, firm.item("MachineAdmitted", "machine/mch-x", payload, login=login))
    assert said.code == "not_operations"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"advisor": "pri-1"}, "not_an_advisor"),
        ({"key_hash": "0" * 63}, "malformed_payload"),
        ({"days": 4000}, "malformed_payload"),
        ({"machine": "adv-1"}, "malformed_payload"),
    ],
)
def test_a_program_is_admitted_by_the_letter(firm: Firm, changed: dict[str, object], code: str) -> None:
    payload: dict[str, object] = {
        "machine": "mch-x",
        "advisor": MARIA,
        "key_hash": "0" * 64,
        "days": 30,
        **changed,
    }
    stream = f"machine/{payload['machine']}"
    (said,) = firm.append(APPROVER, firm.item("MachineAdmitted", stream, payload, login=ELENA))
    assert said.code == code


ORDER: Final = {
    "symbol": "AAPL",
    "side": "sell",
    "quantity": "10",
    "order_type": "limit",
    "limit_price": "100",
}


def drafted(firm: Firm) -> Deal:
    """A direct order of ten shares, drafted in Maria's session."""
    deal = Deal(firm)
    deal.own("100", "AAPL")
    request = {"kind": "order", "household": deal.household, "accounts": [deal.account], **ORDER}
    assert deal.draft(request=request).ok
    return deal


def by_intake(deal: Deal, one: dict[str, object], *, login: str | None = MARIA_LOGIN) -> Answer:
    """The assessment as a front that has been taken over could write it."""
    text = rfc8785.dumps(deal.content(one, tier=2, kind="order")).decode()
    payload = {
        "proposal": deal.proposal,
        "content": text,
        "digest": sha256(text.encode()).hexdigest(),
        "tier": 2,
        "needs_consent": False,
        "findings": [],
        "preview": '{"accounts":[],"rows":[]}',
    }
    item = deal.firm.item("ProposalAssessed", deal.stream, payload, login=login)
    return deal.firm.append(INTAKE, item)[0]


def test_the_front_assesses_what_this_person_drafted(firm: Firm) -> None:
    deal = drafted(firm)
    assert by_intake(deal, leg(deal.account, "sell", "AAPL", "10")).ok


def test_the_front_assesses_nobody_elses_draft(firm: Firm) -> None:
    deal = drafted(firm)
    said = by_intake(deal, leg(deal.account, "sell", "AAPL", "10"), login="david.nakamura")
    assert said.code == "not_yours_to_assess"


@pytest.mark.parametrize(
    "changed",
    [
        {"quantity": "11"},
        {"side": "buy"},
        {"symbol": "MSFT"},
        {"limit_price": "101"},
        {"limit_price": None},
        {"order_type": "market"},
        {"time_in_force": "gtc"},
        {"may_release_less": True},
        {"funded_by": [0]},
    ],
    ids=str,
)
def test_the_front_changes_no_field_of_what_was_asked(firm: Firm, changed: dict[str, object]) -> None:
    deal = drafted(firm)
    said = by_intake(deal, {**leg(deal.account, "sell", "AAPL", "10"), **changed})
    assert said.code == "content_mismatch"
    assert deal.status == "DRAFTED"


def test_the_front_denies_no_draft_of_somebody_else_and_nothing_later(firm: Firm) -> None:
    deal = Deal(firm).approved()
    for at in ("draft", "release"):
        payload = {"proposal": deal.proposal, "at": at, "findings": list[str](), "differences": list[str]()}
        (said,) = firm.append(INTAKE, firm.item("ProposalDenied", deal.stream, payload, login=MARIA_LOGIN))
        assert said.code in ("already_decided", "not_yours_to_assess")
    assert deal.status == "APPROVED"


@pytest.mark.anyio
async def test_a_book_sees_what_was_submitted_a_moment_ago(firm: Firm) -> None:
    async with taking(firm) as orders:
        ticket = firm.ticket(MARIA_LOGIN)
        asker = await orders.askers.of(ticket)
        account = AccountId(Deal(firm).account)
        before = await orders.books.ground(asker, account)
        deal = Deal(firm).submitted()
        await asyncio.sleep(LOOKS_EVERY.total_seconds() + 0.05)
        after = await orders.books.ground(asker, AccountId(deal.account))
    assert len(before.activity.asked) == 0
    assert [one.order for one in after.activity.asked] == [deal.order(0)]


BODY: Final = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from(["AAPL", "MSFT", "NOPE", "XOM"]),
        "side": st.sampled_from(list(Side)),
        "quantity": st.decimals(min_value="0.000001", max_value="999999999999", places=6),
        "limit_price": st.none() | st.decimals(min_value="0.000001", max_value="999999", places=6),
    }
)


@pytest.mark.anyio
async def test_whatever_is_asked_is_answered_with_both_entries_or_refused_with_none(firm: Firm) -> None:
    """Every order that the edge lets in: held or blocked, never half and never an error of ours."""
    asked: list[dict[str, object]] = []

    @settings(max_examples=60, deadline=None)
    @given(BODY)
    def draw(body: dict[str, object]) -> None:
        asked.append(body)

    draw()
    async with taking(firm) as orders:
        for n, body in enumerate(asked):
            kind = OrderType.LIMIT if body["limit_price"] is not None else OrderType.MARKET
            one = buy(firm, f"h-{n}", order_type=kind, **body)
            placed = await orders.place(firm.ticket(MARIA_LOGIN), one)
            assert placed.status in (HELD, BLOCKED)
    assert len(kinds(firm)) == 2 * len(asked)
    assert (await asyncio.to_thread(firm.verified)).ok
