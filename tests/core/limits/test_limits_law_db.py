"""The law of limits, by trying: who sets them, since when they hold, what a change does to open proposals."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from core.clock import WallClock
from core.database.pools import async_pool, lend
from core.errors import Refused
from core.gate.approval import Approval
from core.gate.deciding import Deciding
from core.gate.release import offer, waiting
from core.ids import Digest, ProposalId
from core.limits.events import digest_of
from core.limits.reading import read_limits
from core.limits.versions import BUILT_IN, limits_of, set_of
from core.risk.limits import DEFAULT_LIMITS
from tests.core.gate.deal import (
    APPROVER,
    ELENA,
    GATE,
    MARIA,
    NGOZI,
    ROBERT,
    SUSAN,
    Deal,
    close_day,
    leg,
    open_day,
)
from tests.core.limits.setting import changed, decide, propose, session, set_limits
from tests.fixtures.firm import Answer, Firm

NEXT: Final = "2022-12-30"


@pytest.fixture
def deal(firm: Firm) -> Deal:
    return Deal(firm)


def in_force(firm: Firm) -> int:
    return int(firm.value(GATE, "select version from gatehouse.limits_in_force()"))


def reassess(deal: Deal, limits: str, **said: Any) -> Answer:
    payload = {"proposal": deal.proposal, "digest": deal.digest, "limits": limits, **said}
    return deal.firm.append(GATE, deal.firm.item("ProposalReassessed", deal.stream, payload))[0]


# Versions --------------------------------------------------------------------------------------------------


def test_version_0_is_what_the_rules_bring(firm: Firm) -> None:
    (row,) = firm.ask(
        GATE, "select version, digest, seq, limits::text as text from gatehouse.limits_in_force()"
    )
    assert (row["version"], row["seq"]) == (0, 0)
    assert json.loads(row["text"]) == BUILT_IN.model_dump(mode="json")
    assert row["digest"] == digest_of(BUILT_IN, "0001-01-01")


def test_a_set_of_the_journal_and_the_numbers_of_the_rules_are_one_thing() -> None:
    text = json.dumps(BUILT_IN.model_dump(mode="json"))
    assert repr(limits_of(text)) == repr(DEFAULT_LIMITS)
    assert set_of(limits_of(text)) == BUILT_IN
    assert limits_of(text) is limits_of(text)


def test_two_people_make_a_version_and_it_holds_at_once(firm: Firm) -> None:
    digest, said = propose(firm, order_value="10000")
    assert said.ok
    assert in_force(firm) == 0
    assert decide(firm, digest).ok
    (row,) = firm.ask(GATE, "select * from gatehouse.limits_in_force()")
    assert (row["version"], row["limits"]["order_value"]) == (1, "10000")
    assert (row["proposed_by"], row["confirmed_by"]) == ("pri-1", "com-1")
    assert firm.verified().ok


def test_a_version_for_a_later_day_waits_for_it(firm: Firm) -> None:
    set_limits(firm, day=NEXT, order_count=7)
    assert in_force(firm) == 0
    close_day(firm)
    assert in_force(firm) == 0
    open_day(firm, NEXT)
    assert in_force(firm) == 1


def test_of_one_days_versions_the_newest_holds_and_of_two_days_the_later(firm: Firm) -> None:
    set_limits(firm, day=NEXT, order_count=7)
    set_limits(firm, order_count=8)
    set_limits(firm, order_count=9)
    assert in_force(firm) == 3
    close_day(firm)
    open_day(firm, NEXT)
    assert in_force(firm) == 1


def test_what_is_withdrawn_never_holds_and_makes_room(firm: Firm) -> None:
    digest, _ = propose(firm, order_count=7)
    assert decide(firm, digest, kind="LimitsWithdrawn", login=ROBERT).ok
    assert decide(firm, digest).code == "limits_not_open"
    set_limits(firm, order_count=7)
    assert in_force(firm) == 1


# Refusals --------------------------------------------------------------------------------------------------


def _yesterday(firm: Firm) -> Answer:
    return propose(firm, day="2022-12-28")[1]


def _late(firm: Firm) -> Answer:
    digest, _ = propose(firm)
    close_day(firm)
    open_day(firm, NEXT)
    return decide(firm, digest)


def _second(firm: Firm) -> Answer:
    assert propose(firm)[1].ok
    return propose(firm, order_count=7, login=NGOZI)[1]


def _own(firm: Firm) -> Answer:
    return decide(firm, propose(firm)[0], login=ROBERT)


def _elses_digest(firm: Firm) -> Answer:
    propose(firm)
    return decide(firm, digest_of(changed(order_count=7), session(firm)))


NOT_TAKEN: Final[dict[str, tuple[str, Callable[[Firm], Answer]]]] = {
    "an advisor proposes": ("may_not_set_limits", lambda f: propose(f, login=MARIA)[1]),
    "operations proposes": ("may_not_set_limits", lambda f: propose(f, login=ELENA)[1]),
    "an advisor confirms": ("may_not_set_limits", lambda f: decide(f, propose(f)[0], login=MARIA)),
    "an advisor withdraws": (
        "may_not_set_limits",
        lambda f: decide(f, propose(f)[0], login=MARIA, kind="LimitsWithdrawn"),
    ),
    "the same person confirms": ("same_person", _own),
    "another set than the one read": ("digest_mismatch", _elses_digest),
    "a digest of something else": ("digest_mismatch", lambda f: propose(f, said={"digest": "0" * 64})[1]),
    "the day moved after the digest": (
        "digest_mismatch",
        lambda f: propose(f, said={"effective_on": NEXT})[1],
    ),
    "a day that is over": ("limits_in_past", _yesterday),
    "a day that is over when it is confirmed": ("limits_in_past", _late),
    "a second set": ("limits_open", _second),
    "nothing waits": ("limits_not_open", lambda f: decide(f, "0" * 64)),
    "tiers that overlap": ("limits_malformed", lambda f: propose(f, routine_dollars="1000001")[1]),
    "no day": ("malformed_payload", lambda f: propose(f, said={"effective_on": "tomorrow"})[1]),
    "no number": (
        "malformed_payload",
        lambda f: propose(f, said={"limits": {**BUILT_IN.model_dump(mode="json"), "order_value": "much"}})[1],
    ),
    "a limit below nothing": (
        "malformed_payload",
        lambda f: propose(f, said={"limits": {**BUILT_IN.model_dump(mode="json"), "firm_day_value": "-1"}})[
            1
        ],
    ),
}


@pytest.mark.parametrize("what", NOT_TAKEN)
def test_what_is_not_taken_says_why_and_changes_no_limit(firm: Firm, what: str) -> None:
    code, attempt = NOT_TAKEN[what]
    said = attempt(firm)
    assert (said.answer, said.code) == ("refused", code)
    assert in_force(firm) == 0


@pytest.mark.parametrize("role", ["gh_agent", "gh_intake", "gh_gate"])
def test_no_other_login_touches_a_limit(firm: Firm, role: str) -> None:
    ticket = firm.thread_ticket(MARIA, firm.thread(MARIA)) if role == "gh_agent" else None
    login = ROBERT if role == "gh_intake" else None
    payload = {
        "limits": BUILT_IN.model_dump(mode="json"),
        "effective_on": session(firm),
        "digest": digest_of(BUILT_IN, session(firm)),
    }
    item = firm.item("LimitsProposed", "limits", payload, login=login, ticket=ticket)
    assert firm.append(role, item)[0].code == "no_right"


# What is under way -----------------------------------------------------------------------------------------


def test_the_tier_is_measured_by_the_version_in_force(deal: Deal) -> None:
    set_limits(deal.firm, routine_dollars="999.99")
    assert deal.draft().ok
    assert deal.assess(*deal.plain(), tier=1).code == "tier_too_low"
    assert deal.assess(*deal.plain(), tier=2).ok


def test_exactly_at_the_tiers_dollars_is_still_in_it(deal: Deal) -> None:
    set_limits(deal.firm, routine_dollars="1000")
    assert deal.draft().ok
    assert deal.assess(*deal.plain(), tier=1).ok


def test_nothing_is_released_under_limits_that_are_in_force_no_more(deal: Deal) -> None:
    deal.approved()
    digest = set_limits(deal.firm, order_count=7)
    assert deal.release().code == "limits_changed"
    assert reassess(deal, "0" * 64).code == "limits_changed"
    assert reassess(deal, digest, digest="0" * 64).code == "digest_mismatch"
    assert reassess(deal, digest).ok
    newer = set_limits(deal.firm, order_count=8)
    assert deal.release().code == "limits_changed"
    assert reassess(deal, digest).code == "limits_changed"
    assert reassess(deal, newer).ok
    assert deal.release().ok
    assert deal.firm.verified().ok


def test_what_is_not_decided_on_is_not_asked_again(deal: Deal) -> None:
    deal.submitted()
    assert reassess(deal, set_limits(deal.firm, order_count=7)).code == "not_approved"


def test_a_proposal_computed_after_the_change_needs_no_second_entry(deal: Deal) -> None:
    set_limits(deal.firm, order_count=7)
    newest = deal.firm.value(GATE, "select seq from gatehouse.head")
    deal.approved(portfolio_seq=newest)
    assert deal.release().ok


def test_a_worker_cannot_say_that_it_read_what_is_not_written_yet(deal: Deal) -> None:
    deal.approved(portfolio_seq=2**40)
    set_limits(deal.firm, order_count=7)
    assert deal.release().code == "limits_changed"


def test_a_tier_that_rose_is_not_released_on_the_decisions_of_the_lower_one(deal: Deal) -> None:
    deal.own("100", "AAPL")
    deal.approved(leg(deal.account, "sell", "AAPL", "10"), tier=2)
    digest = set_limits(deal.firm, routine_dollars="100", principal_dollars="999.99")
    assert reassess(deal, digest).ok
    assert deal.release().code == "tier_too_low"


async def no_quotes_needed() -> None:
    """The book's own prices will do."""


async def brought_to_approval(firm: Firm, deal: Deal, deciding: Deciding, door: Approval) -> None:
    assert await deciding.assess()
    row = firm.ask(GATE, "select digest from gatehouse.proposal where proposal = %s", deal.proposal)[0]
    proposal, digest = ProposalId(deal.proposal), Digest(row["digest"])
    await door.submit(firm.ticket(MARIA), proposal, digest, {})
    await door.approve(firm.ticket(SUSAN), proposal, digest, {})


@pytest.mark.anyio
@pytest.mark.parametrize("stricter", [False, True])
async def test_a_change_between_the_question_and_the_append_is_asked_again(
    firm: Firm, *, stricter: bool
) -> None:
    deal = Deal(firm, household="hh-101")
    assert deal.draft().ok
    async with (
        async_pool(firm.database.gate, name="test", most=2) as gate,
        async_pool(firm.database.approver, name="test", most=2) as pool,
        firm.journal(GATE) as worker,
        firm.journal(APPROVER) as journal,
    ):
        deciding = Deciding(gate, worker, firm.keys, no_quotes_needed)
        await brought_to_approval(firm, deal, deciding, Approval(pool, journal, firm.keys, WallClock()))
        async with lend(gate) as connection, connection.transaction():
            (one,) = await waiting(connection)
            entries = await offer(connection, one)
        set_limits(firm, **({"order_value": "10"} if stricter else {"order_count": 400}))
        with pytest.raises(Refused) as no:
            await worker.record(entries[0])
        assert no.value.code == "limits_changed"
        await firm.fold()
        assert await deciding.release()
    kinds = firm.ask(
        GATE,
        "select event_type from gatehouse.journal where stream = %s order by seq desc limit 1",
        deal.stream,
    )
    assert kinds[0]["event_type"] == ("ProposalDenied" if stricter else "ProposalReassessed")
    assert deal.status == ("DENIED" if stricter else "RELEASED")


@pytest.mark.anyio
async def test_a_worker_that_is_refused_for_it_tries_again_by_itself(firm: Firm) -> None:
    deal = Deal(firm, household="hh-101")
    assert deal.draft().ok
    once = [True]

    async def limits_change_just_then() -> None:
        if once.pop() if once else False:
            firm.ask("superuser", "update gatehouse.reassessment set computed_at = 0")
            set_limits(firm, order_count=400)

    async with (
        async_pool(firm.database.gate, name="test", most=2) as gate,
        async_pool(firm.database.approver, name="test", most=2) as pool,
        firm.journal(GATE) as worker,
        firm.journal(APPROVER) as journal,
    ):
        deciding = Deciding(gate, worker, firm.keys, limits_change_just_then)
        await brought_to_approval(firm, deal, deciding, Approval(pool, journal, firm.keys, WallClock()))
        while deal.status == "APPROVED":
            await deciding.release()
    assert deal.status == "RELEASED"


@pytest.mark.anyio
async def test_the_policies_read_the_version_in_force_and_their_digest_holds_it(firm: Firm) -> None:
    sets = set()
    for numbers in ({}, {"turnover": "5"}):
        if numbers:
            set_limits(firm, **numbers)
        deal = Deal(firm, household="hh-101")
        assert deal.draft().ok
        async with (
            async_pool(firm.database.gate, name="test", most=2) as gate,
            firm.journal(GATE) as worker,
        ):
            assert await Deciding(gate, worker, firm.keys, no_quotes_needed).assess()
            async with lend(gate) as connection:
                held = await read_limits(connection)
        assert str(held.limits.turnover) == numbers.get("turnover", "4")
        content = firm.value(
            GATE, "select content from gatehouse.proposal where proposal = %s", deal.proposal
        )
        sets.add(json.loads(content)["policy_set"])
        assert deal.withdraw().ok
    assert len(sets) == 2
