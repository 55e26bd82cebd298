"""The door of named people in several processes, some of which die: an approval of tier 3 is recorded
once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from core.book.views import ProposalView
from core.clock import WallClock
from core.database.pools import async_pool
from core.errors import Refused
from core.gate.approval import Approval
from core.gate.deciding import Deciding
from core.ids import Digest, ProposalId
from core.people.asker import asking
from core.people.stepping_up import Proof
from core.projections.proposals import read_proposal
from core.settings import Secret
from tests.core.gate.deal import APPROVER, DAVID, GATE, NGOZI, ROBERT, Deal
from tests.core.people.test_step_up_db import code_of, enrolled, forget_used, now_step
from tests.fixtures.firm import Firm
from tests.fixtures.servers import ROOT

PROGRAM: Final = Path(__file__).with_name("approves_and_dies.py")


async def no_quotes_needed() -> None:
    """Drafts are assessed on the book's own prices."""


async def big_sale(firm: Firm) -> Deal:
    """More than half of an account, drafted by David, assessed by the worker, submitted."""
    deal = Deal(firm, household="hh-123", advisor=DAVID)
    order = {
        "kind": "order",
        "household": "hh-123",
        "accounts": ["acc-1053"],
        "symbol": "GHAB",
        "side": "sell",
        "quantity": "1130",
        "order_type": "market",
    }
    assert deal.draft(request=order).ok
    async with async_pool(firm.database.gate, name="test", most=2) as pool, firm.journal(GATE) as journal:
        assert await Deciding(pool, journal, firm.keys, no_quotes_needed).assess()
    row = firm.ask(
        "superuser", "select digest, tier from gatehouse.proposal where proposal = %s", deal.proposal
    )[0]
    assert row["tier"] == 3
    deal.digest = row["digest"]
    said = deal.submit()
    assert said.ok, said
    return deal


def run(firm: Firm, deal: Deal, code: str, dies: str, login: str = ROBERT) -> subprocess.Popen[str]:
    words = [
        firm.database.approver,
        str(firm.keys_folder),
        firm.ticket(login),
        deal.proposal,
        deal.digest,
        code,
        dies,
    ]
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def approvals(firm: Firm) -> int:
    return int(
        firm.value(
            "superuser", "select count(*) from gatehouse.journal where event_type = 'ProposalApproved'"
        )
    )


@pytest.mark.anyio
@pytest.mark.parametrize(("dies", "before", "said"), [("proven", 0, "recorded"), ("recorded", 1, "repeated")])
async def test_a_front_that_was_killed_is_asked_again_and_the_approval_is_one(
    firm: Firm, dies: str, before: int, said: str
) -> None:
    deal = await big_sale(firm)
    secret = enrolled(firm)
    forget_used(firm)
    first = run(firm, deal, code_of(secret, now_step(firm)), dies)
    assert first.wait(timeout=60) == -9, first.stderr
    assert approvals(firm) == before
    again = run(firm, deal, code_of(secret, now_step(firm) + 1), "nowhere")
    out, err = again.communicate(timeout=60)
    assert (again.returncode, out) == (0, said), err
    assert approvals(firm) == 1
    assert deal.status == "SUBMITTED"


@pytest.mark.anyio
async def test_one_click_in_three_processes_is_one_approval(firm: Firm) -> None:
    deal = await big_sale(firm)
    secret = enrolled(firm)
    forget_used(firm)
    code = code_of(secret, now_step(firm))
    running = [run(firm, deal, code, "nowhere") for _ in range(3)]
    said = [one.communicate(timeout=90) for one in running]
    assert sorted(out for out, _ in said) == ["recorded", "repeated", "repeated"], said
    assert approvals(firm) == 1


async def seen(firm: Firm, deal: Deal, login: str) -> ProposalView:
    async with (
        async_pool(firm.database.approver, name="test", most=1) as pool,
        asking(pool, firm.ticket(login)) as connection,
    ):
        return await read_proposal(connection, ProposalId(deal.proposal))


@pytest.mark.anyio
async def test_the_view_says_who_approved_and_who_is_missing(firm: Firm) -> None:
    deal = await big_sale(firm)
    assert (await seen(firm, deal, ROBERT)).needs == ("principal", "compliance")
    assert deal.approve_proven(NGOZI).ok
    view = await seen(firm, deal, ROBERT)
    assert (view.needs, view.waits_for) == (("principal",), "principal")
    assert [(one.person, one.role, one.step_up, one.counts) for one in view.approvals] == [
        ("com-1", "compliance", "password", True)
    ]
    firm.ask("superuser", "update gatehouse.person set reports_to = 'adv-2' where person = 'com-1'")
    view = await seen(firm, deal, ROBERT)
    assert ([one.counts for one in view.approvals], view.needs) == ([False], ("principal", "compliance"))


@pytest.mark.anyio
async def test_a_wrong_code_is_refused_in_the_journals_words_and_without_the_code(firm: Firm) -> None:
    deal = await big_sale(firm)
    enrolled(firm)
    async with (
        async_pool(firm.database.approver, name="test", most=2) as pool,
        firm.journal(APPROVER) as journal,
    ):
        door = Approval(pool, journal, firm.keys, WallClock())
        ticket, digest = firm.ticket(ROBERT), Digest(deal.digest)
        for _ in range(5):
            with pytest.raises(Refused) as no:
                await door.approve(
                    ticket, ProposalId(deal.proposal), digest, {}, Proof("totp", Secret("000000"))
                )
            assert no.value.code == "step_up_wrong"
            assert "000000" not in str(no.value)
        with pytest.raises(Refused) as no:
            await door.approve(ticket, ProposalId(deal.proposal), digest, {}, Proof("totp", Secret("000000")))
        assert no.value.code == "too_many"
    refused = "select count(*) from gatehouse.journal where event_type = 'AttemptRefused'"
    assert firm.value("superuser", refused) == 5
    assert "000000" not in repr(Proof("totp", Secret("000000")))
