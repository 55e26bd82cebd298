"""The policies let nobody ask for what the law refuses: every person, act and relation, on a database."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from core.clock import WallClock
from core.database.pools import async_pool
from core.errors import GatehouseError, Refused
from core.firm.people import PEOPLE
from core.gate.approval import Approval
from core.ids import Digest, HouseholdId, ProposalId
from core.intake import Intake
from core.ledger.journal import Journal
from core.orders.events import Request
from core.people.permitting import Permitting
from tests.core.gate.deal import APPROVER, DAVID, ELENA, INTAKE, MARIA, ROBERT, SUSAN, WORDS, Deal
from tests.fixtures.firm import Answer, Firm

HOMES: Final = ("hh-101", "hh-102")  # of Maria's; the other needs a client's consent
# What else stands between people.
RELATIONS: Final[Mapping[str, str]] = {
    "strangers": "select 1",
    "a relative": "update gatehouse.person set related_households = %s where login = %s",
    "reports to her": "update gatehouse.person set reports_to = %s where login = %s",
    "another's book": "select 1",
}
LOGINS: Final = tuple(one.login for one in PEOPLE)
Act = Callable[[Deal, str], Answer]


def assessed(deal: Deal) -> Deal:
    assert deal.draft().ok
    said = deal.assess(*deal.plain())
    assert said.ok, said
    return deal


def submitted(deal: Deal) -> Deal:
    said = assessed(deal).submit()
    assert said.ok, said
    return deal


def consented_by_operations(deal: Deal) -> Deal:
    submitted(deal)
    if deal.household == "hh-102":
        assert deal.consent(ELENA).ok
    return deal


def approved(deal: Deal) -> Deal:
    assert submitted(deal).approve(SUSAN).ok
    return deal


def turned_down(kind: str, field: str) -> Act:
    return lambda deal, login: deal.decide(kind, login, **{field: WORDS})


# How far the proposal is, what is then tried, and by which event.
ACTS: Final[Mapping[str, tuple[Callable[[Deal], Deal], str, Act]]] = {
    "submit": (assessed, "ProposalSubmitted", lambda deal, login: deal.submit(login)),
    "consent": (submitted, "ConsentRecorded", lambda deal, login: deal.consent(login)),
    "consent after the approval": (approved, "ConsentRecorded", lambda deal, login: deal.consent(login)),
    "approve": (submitted, "ProposalApproved", lambda deal, login: deal.approve(login)),
    "approve after consent": (
        consented_by_operations,
        "ProposalApproved",
        lambda deal, login: deal.approve(login),
    ),
    "return": (submitted, "ProposalReturned", turned_down("ProposalReturned", "comment")),
    "decline": (submitted, "ProposalDeclined", turned_down("ProposalDeclined", "reason")),
    "withdraw": (submitted, "ProposalWithdrawn", lambda deal, login: deal.withdraw(login)),
}


def of_the_law(act: str, household: str) -> bool:
    """Whether the law refuses that act there whoever asks: no question of who may."""
    return act.startswith("consent") and household != "hh-102"


def may_ask(firm: Firm, login: str, ask: Callable[[Permitting], Any]) -> bool:
    async def look() -> bool:
        async with (
            async_pool(firm.database.approver, name="test", most=2) as pool,
            Journal(pool, WallClock()) as journal,
        ):
            try:
                await ask(Permitting(pool, journal, WallClock()))
            except GatehouseError:
                return False
            return True

    return asyncio.run(look())


def related(firm: Firm, relation: str, household: str) -> str:
    """Make it so between Robert and that household. The household that is then decided on."""
    if relation == "another's book":
        rows = "select min(household) from gatehouse.account where advisor = 'adv-2' and discretionary"
        return str(firm.value("superuser", rows))
    words: dict[str, list[Any]] = {
        "a relative": [[household], ROBERT],
        "reports to her": ["adv-1", ROBERT],
    }
    firm.ask("superuser", RELATIONS[relation], *words.get(relation, []))
    return household


TRIED: Final = [
    *((act, "strangers", home) for act in ACTS for home in HOMES),
    *(
        (act, relation, "hh-101")
        for act in ("submit", "approve", "decline")
        for relation in RELATIONS
        if relation != "strangers"
    ),
]


@pytest.mark.parametrize(("act", "relation", "home"), TRIED)
def test_whom_the_policies_let_ask_the_law_does_not_refuse(
    firm: Firm, act: str, relation: str, home: str
) -> None:
    bring, event, tried = ACTS[act]
    household = related(firm, relation, home)
    came = Counter[tuple[bool, bool]]()
    for login in LOGINS:
        deal = bring(Deal(firm, household=household, advisor=advisor_of(firm, household)))
        ticket, proposal = firm.ticket(login), ProposalId(deal.proposal)

        async def ask(one: Permitting, t: str = ticket, p: ProposalId = proposal) -> None:
            await one.decide(t, p, event)

        allowed, said = may_ask(firm, login, ask), tried(deal, login)
        came[allowed, said.ok] += 1
        assert said.ok or not allowed or of_the_law(act, household), (login, said)
    assert came[False, False] > 0, "the policies deny nobody: nothing was tried"
    assert came[True, True] > 0 or of_the_law(act, household)


def advisor_of(firm: Firm, household: str) -> str:
    rows = (
        "select p.login from gatehouse.household h join gatehouse.person p on p.person = h.advisor"
        " where h.household = %s"
    )
    return str(firm.value("superuser", rows, household))


def test_whom_the_policies_let_draft_or_move_the_day_the_law_does_not_refuse(firm: Firm) -> None:
    came = Counter[tuple[bool, bool]]()
    for login in LOGINS:
        for household in (*HOMES, "hh-112"):
            ticket = firm.ticket(login)

            async def ask(one: Permitting, t: str = ticket, h: str = household) -> None:
                await one.draft(t, HouseholdId(h))

            allowed = may_ask(firm, login, ask)
            said = Deal(firm, household=household, advisor=login).draft()
            came[allowed, said.ok] += 1
            assert said.ok or not allowed, (login, household, said)
    assert set(came) == {(True, True), (False, False)}
    for login in sorted(LOGINS, key=lambda one: one == ELENA):  # she closes it: last
        ticket = firm.ticket(login)

        async def day(one: Permitting, t: str = ticket) -> None:
            await one.move_day(t, "BusinessDayCloseRequested")

        allowed = may_ask(firm, login, day)
        session = {"session": firm.value("superuser", "select session::text from gatehouse.market_day")}
        said = firm.append(APPROVER, firm.item("BusinessDayCloseRequested", "market", session, login=login))[
            0
        ]
        assert said.ok is allowed, (login, said)


def of_door(firm: Firm, role: str, doing: Callable[[Any], Any]) -> Any:
    """What that door answers, or the refusal."""

    async def run() -> Any:
        dsn = firm.database.of(role)
        async with async_pool(dsn, name="test", most=2) as pool, Journal(pool, WallClock()) as journal:
            door = (Approval if role == APPROVER else Intake)(pool, journal, firm.keys, WallClock())
            try:
                return await doing(door)
            except Refused as no:
                return no

    return asyncio.run(run())


def newest(firm: Firm, kind: str) -> dict[str, Any]:
    rows = "select text from gatehouse.journal where event_type = %s order by seq desc limit 1"
    found: dict[str, Any] = json.loads(firm.value("superuser", rows, kind))
    return found


def test_what_was_allowed_is_on_the_entry_with_the_policy_and_the_sets_fingerprint(firm: Firm) -> None:
    deal = submitted(Deal(firm))
    ticket, proposal, digest = firm.ticket(ROBERT), ProposalId(deal.proposal), Digest(deal.digest)
    of_door(firm, APPROVER, lambda door: door.withdraw(firm.ticket(MARIA), proposal))
    said = newest(firm, "ProposalWithdrawn")["policy_decisions"]
    assert [(one["policy"].partition("@")[0], one["result"]) for one in said] == [
        ("the-advisor-or-who-stands-in-withdraws", "pass")
    ]
    no = of_door(firm, APPROVER, lambda door: door.approve(ticket, proposal, digest, {}))
    assert no.code == "already_decided"  # the law's own no, where the policies let her ask


def test_what_was_denied_names_the_policy_and_is_an_entry_of_its_own(firm: Firm) -> None:
    deal = submitted(Deal(firm))
    proposal, digest = ProposalId(deal.proposal), Digest(deal.digest)
    no = of_door(firm, APPROVER, lambda door: door.decline(firm.ticket(MARIA), proposal, digest, "x"))
    assert (no.code, "none allows it" in no.fix) == ("not_a_principal", True)
    denied = newest(firm, "PolicyDenied")["payload"]
    assert (denied["action"], denied["resource"], denied["policies"]) == ("turn_down", deal.proposal, [])
    assert deal.status == "SUBMITTED"
    request = Request(kind="rebalance", household=HouseholdId("hh-101"))
    no = of_door(firm, INTAKE, lambda door: door.direct.draft(firm.ticket(DAVID), request, key="a-draft-key"))
    assert no.code == "outside_book"
    assert newest(firm, "PolicyDenied")["payload"]["person"] == firm.value(
        "superuser", "select person from gatehouse.person where login = %s", DAVID
    )
