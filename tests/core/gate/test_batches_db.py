"""Batches, by trying: one fingerprint over rows that each keep their own decisions, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

import pytest
import rfc8785

from core.ids import Digest, ProposalId
from core.ledger.envelope import stored
from core.orders.batch import BatchRow, batch_digest
from core.projections.law import Law
from tests.core.gate.deal import (
    AGENT,
    APPROVER,
    DAVID,
    GATE,
    INTAKE,
    MARIA,
    NGOZI,
    ROBERT,
    SUSAN,
    THOMAS,
    WORDS,
    Deal,
    close_day,
    leg,
)
from tests.core.standing.giving import Standing
from tests.fixtures.firm import Answer, Firm, proof_of

HOMES: Final = ("hh-101", "hh-103", "hh-104")


@dataclass
class Batch:
    """Assessed proposals of Maria's, put together."""

    firm: Firm
    deals: list[Deal]
    batch: str = field(default_factory=lambda: f"bat-{uuid4().hex}")

    @property
    def stream(self) -> str:
        return f"batch/{self.batch}"

    @property
    def rows(self) -> list[dict[str, str]]:
        named = sorted(self.deals, key=lambda deal: deal.proposal)
        return [{"proposal": deal.proposal, "digest": deal.digest} for deal in named]

    @property
    def digest(self) -> str:
        parts = [BatchRow(proposal=ProposalId(r["proposal"]), digest=Digest(r["digest"])) for r in self.rows]
        return batch_digest(parts)

    @property
    def status(self) -> str:
        rows = "select status from gatehouse.batch where batch = %s"
        return str(self.firm.value("superuser", rows, self.batch))

    @property
    def states(self) -> set[str]:
        return {deal.status for deal in self.deals}

    def items(
        self, kind: str, own: str | None, login: str, *, first: bool = False, **said: Any
    ) -> list[dict[str, Any]]:
        """The batch's entry, and the rows' own, as one group."""
        more = {"reasons": []} if own in ("ProposalSubmitted", "ProposalApproved") else said.pop("words", {})
        whole = self.firm.item(
            kind, self.stream, {"batch": self.batch, "digest": self.digest, **said}, login=login, group="g"
        )
        rows = [
            self.firm.item(
                own,
                deal.stream,
                {"proposal": deal.proposal, "digest": deal.digest, **more},
                login=login,
                group="g",
            )
            for deal in self.deals
            if own is not None
        ]
        return [whole, *rows] if first else [*rows, whole]

    def sent(self, items: Sequence[dict[str, Any]]) -> Answer:
        """The answer that matters: the first that is not ok and not merely the group's, or the last."""
        said = self.firm.append(APPROVER, *items)
        return next((one for one in said if not one.ok and one.code != "group"), said[-1])

    def assemble(self, login: str = MARIA, **changed: Any) -> Answer:
        tiers = "select max(tier) from gatehouse.proposal where proposal = any(%s)"
        named = [deal.proposal for deal in self.deals]
        total = sum(
            (
                Decimal(one["quantity"]) * Decimal(one["reference_price"])
                for d in self.deals
                for one in d.legs
            ),
            Decimal(0),
        )
        worst = int(self.firm.value("superuser", tiers, named) or 1)
        tier = max(worst, 3 if total > 1_000_000 else 2 if total > 250_000 else 1)
        payload = {
            "batch": self.batch,
            "rows": self.rows,
            "digest": self.digest,
            "tier": tier,
            "dollars": f"{total:f}",
            **changed,
        }
        return self.firm.append(
            APPROVER, self.firm.item("BatchAssembled", self.stream, payload, login=login)
        )[0]

    def submit(self, login: str = MARIA) -> Answer:
        return self.sent(self.items("BatchSubmitted", "ProposalSubmitted", login))

    def approve(self, login: str = ROBERT, method: str | None = None) -> Answer:
        return self.sent(self.items("BatchApproved", "ProposalApproved", login, first=True, step_up=method))

    def sign(self, login: str, method: str | None = "password") -> Answer:
        """The batch's own entry alone."""
        return self.sent(self.items("BatchApproved", None, login, step_up=method))

    def prove(self, login: str, *, about: str | None = None, digest: str | None = None) -> None:
        """Her password once more, for this batch; `about` and `digest` say otherwise."""
        said = (self.firm.ticket(login), about or self.stream, digest or self.digest, proof_of(login))
        step = "select gatehouse.step_up(%s, %s, %s, %s::bytea, null)"
        assert self.firm.value(APPROVER, step, *said) == "right"

    def turn_down(self, kind: str = "BatchDeclined", login: str = ROBERT) -> Answer:
        returned = kind == "BatchReturned"
        own = "ProposalReturned" if returned else "ProposalDeclined"
        words = {"comment" if returned else "reason": WORDS}
        return self.sent(self.items(kind, own, login, words=words))

    def submitted(self) -> Batch:
        for said in (self.assemble(), self.submit()):
            assert said.ok, said
        return self

    def approved(self) -> Batch:
        said = self.submitted().approve()
        assert said.ok, said
        return self


def assessed(firm: Firm, homes: Sequence[str] = HOMES, *, shares: str = "10", tier: int = 2) -> Batch:
    """One sale for each household, at a hundred a share."""
    deals = []
    for household in homes:
        deal = Deal(firm, household=household)
        assert deal.draft().ok
        deal.own("100000", "AAPL")
        said = deal.assess(leg(deal.account, "sell", "AAPL", shares), tier=tier)
        assert said.ok, said
        deals.append(deal)
    return Batch(firm, deals)


def large(firm: Firm) -> Batch:
    """Three rows of 400,000 dollars each, of tier 2: 1,200,000 together, tier 3."""
    return assessed(firm, shares="4000")


def changed(firm: Firm, step: Callable[[Deal], Answer]) -> Batch:
    """Submitted, and then one row does that."""
    batch = assessed(firm).submitted()
    said = step(batch.deals[1])
    assert said.ok, said
    return batch


def edited(firm: Firm) -> Batch:
    """Withdrawn and drafted anew: there is no other edit of what was submitted."""

    def anew(deal: Deal) -> Answer:
        assert deal.withdraw().ok
        return Deal(firm, household=deal.household).draft(supersedes=deal.proposal)

    return changed(firm, anew)


def one_row(firm: Firm, act: Callable[[Deal], Answer]) -> Answer:
    return act(assessed(firm).submitted().deals[0])


def after(batch: Batch, *steps: Callable[[Batch], Answer]) -> Answer:
    """The last step's answer."""
    return [step(batch) for step in steps][-1]


def with_rows(firm: Firm, changed: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> Answer:
    batch = assessed(firm)
    return batch.assemble(rows=changed(batch.rows))


def submitted_before(firm: Firm) -> Answer:
    batch = assessed(firm)
    assert batch.deals[0].submit().ok
    return batch.assemble()


def without_rows(firm: Firm) -> Answer:
    batch = assessed(firm)
    assert batch.assemble().ok
    return batch.sent(batch.items("BatchSubmitted", None, MARIA))


def drawn(firm: Firm) -> Answer:
    standing = Standing(firm).adopted()
    return standing.draw(assessed(firm, tier=1).submitted().deals[0])


def related(firm: Firm) -> Answer:
    batch = assessed(firm).submitted()
    firm.ask(
        "superuser",
        "update gatehouse.person set related_households = %s where person = 'pri-1' returning 1",
        [HOMES[2]],
    )
    return batch.approve()


def after_the_close(firm: Firm) -> Answer:
    batch = assessed(firm).submitted()
    close_day(firm)
    return batch.sign(ROBERT)


ATTEMPTS: Final[dict[str, Callable[[Firm], tuple[Answer, str]]]] = {
    "of one": lambda f: (assessed(f, HOMES[:1]).assemble(), "batch_malformed"),
    "out of order": lambda f: (with_rows(f, lambda rows: rows[::-1]), "batch_malformed"),
    "one twice": lambda f: (with_rows(f, lambda rows: [*rows[:1], *rows]), "batch_malformed"),
    "with another digest": lambda f: (assessed(f).assemble(digest="0" * 64), "digest_mismatch"),
    "by another advisor": lambda f: (assessed(f).assemble(DAVID), "not_the_advisor"),
    "by a principal": lambda f: (assessed(f).assemble(ROBERT), "not_the_advisor"),
    "understated": lambda f: (assessed(f).assemble(dollars="1"), "batch_misstated"),
    "of too low a tier": lambda f: (large(f).assemble(tier=2), "batch_misstated"),
    "of what is submitted": lambda f: (submitted_before(f), "batch_void"),
    "submitted without its rows": lambda f: (without_rows(f), "batch_void"),
    "submitted by another": lambda f: (
        after(assessed(f), lambda b: b.assemble(), lambda b: b.submit(DAVID)),
        "not_the_advisor",
    ),
    "submitted twice": lambda f: (assessed(f).submitted().sign(MARIA), "self_approval"),
    "nothing submitted": lambda f: (assessed(f).sign(ROBERT), "no_such_batch"),
    "approved before it is submitted": lambda f: (
        after(assessed(f), lambda b: b.assemble(), lambda b: b.approve()),
        "batch_decided",
    ),
    "approved by its advisor": lambda f: (assessed(f).submitted().approve(MARIA), "self_approval"),
    "approved by a lapsed principal": lambda f: (assessed(f).submitted().approve(THOMAS), "not_registered"),
    "approved by compliance below tier 3": lambda f: (
        assessed(f).submitted().approve(NGOZI),
        "not_a_principal",
    ),
    "approved by who is related to one row": lambda f: (related(f), "not_independent"),
    "approved after a row was edited": lambda f: (edited(f).approve(), "batch_void"),
    "approved after a row was withdrawn": lambda f: (
        changed(f, lambda d: d.withdraw()).approve(),
        "batch_void",
    ),
    "approved after a row was declined": lambda f: (
        changed(f, lambda d: d.turn_down()).approve(),
        "batch_void",
    ),
    "approved after the close": lambda f: (after_the_close(f), "lapsed"),
    "approved twice": lambda f: (assessed(f).approved().sign(SUSAN), "batch_decided"),
    "a row by itself": lambda f: (one_row(f, lambda d: d.approve()), "batch_decides"),
    "a row by a draw": lambda f: (drawn(f), "batch_decides"),
    "tier 3 by one principal": lambda f: (large(f).submitted().approve(), "second_approver_missing"),
    "tier 3 by two principals": lambda f: (
        after(large(f).submitted(), lambda b: b.approve(SUSAN), lambda b: b.approve(ROBERT)),
        "second_approver_missing",
    ),
    "tier 3, a row by itself": lambda f: (large(f).submitted().deals[0].approve(), "batch_decides"),
    "declined by its advisor": lambda f: (assessed(f).submitted().turn_down(login=MARIA), "not_a_principal"),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_each_refusal_is_met_by_its_code_and_no_row_moves_alone(firm: Firm, attempt: str) -> None:
    said, code = ATTEMPTS[attempt](firm)
    assert (said.answer, said.code) == ("refused", code)
    approved = "select count(*) from gatehouse.proposal where status in ('APPROVED', 'RELEASED')"
    assert firm.value("superuser", approved) == (3 if attempt == "approved twice" else 0)
    assert firm.verified().ok


def test_the_batchs_digest_binds_each_rows_content_down_to_the_release(firm: Firm) -> None:
    """Batch digest, rows, content digest, content, order: one chain, computed here anew."""
    batch = assessed(firm).approved()
    told = json.loads(
        firm.value("superuser", "select text from gatehouse.journal where event_type = 'BatchApproved'")
    )["payload"]
    rows = json.loads(
        firm.value("superuser", "select text from gatehouse.journal where event_type = 'BatchAssembled'")
    )["payload"]["rows"]
    assert sha256(rfc8785.dumps(rows)).hexdigest() == told["digest"]
    for row, deal in zip(rows, sorted(batch.deals, key=lambda d: d.proposal), strict=True):
        content = firm.value(
            "superuser", "select content from gatehouse.proposal where proposal = %s", row["proposal"]
        )
        assert sha256(content.encode()).hexdigest() == row["digest"] == deal.digest
        assert deal.release(quantity="9").code == "quantity_mismatch"
        assert deal.release(digest=told["digest"]).code == "digest_mismatch"
        assert deal.release().ok


def test_a_submission_of_a_batch_reserves_for_all_or_for_none(firm: Firm) -> None:
    batch = assessed(firm)
    assert batch.assemble().ok
    batch.deals[2].own("9", "AAPL")
    assert batch.submit().code == "shares_not_free"
    assert batch.states == {"ASSESSED"}
    assert batch.deals[0].held("AAPL")[1] == 0
    batch.deals[2].own("10", "AAPL")
    assert batch.submit().ok
    assert (batch.status, batch.states) == ("SUBMITTED", {"SUBMITTED"})


def test_tier_3_takes_compliance_first_and_lets_nothing_out_by_it(firm: Firm) -> None:
    batch = large(firm).submitted()
    assert firm.value("superuser", "select tier from gatehouse.batch") == 3
    batch.prove(NGOZI)
    assert batch.sign(NGOZI).ok
    assert (batch.status, batch.states) == ("SUBMITTED", {"SUBMITTED"})
    assert batch.deals[0].release().code == "not_approved"
    assert batch.sign(NGOZI).code == "batch_decided"
    assert batch.deals[0].approve(SUSAN).code == "batch_decides"
    batch.prove(SUSAN)
    assert batch.approve(SUSAN, "password").ok
    assert (batch.status, batch.states) == ("APPROVED", {"APPROVED"})
    assert batch.deals[0].release().ok


def test_a_batch_of_tier_3_takes_a_proof_for_its_own_fingerprint_whatever_its_rows_are(firm: Firm) -> None:
    batch = large(firm).submitted()
    one = batch.deals[0]
    assert batch.sign(NGOZI).code == "step_up_missing"
    batch.prove(NGOZI, about=one.stream, digest=one.digest)  # a row's is not the batch's
    batch.prove(NGOZI, digest="0" * 64)
    assert batch.sign(NGOZI).code == "step_up_missing"
    batch.prove(NGOZI)
    assert batch.sign(NGOZI, None).code == "step_up_missing"
    batch.prove(NGOZI)
    assert batch.sign(NGOZI).ok
    assert batch.approve(SUSAN).code == "step_up_missing"  # hers is nobody else's
    assert batch.states == {"SUBMITTED"}


def test_one_proof_of_the_batch_is_one_for_each_of_its_rows_of_tier_3(firm: Firm) -> None:
    batch = assessed(firm, tier=3).submitted()
    for login, role, state in ((NGOZI, "compliance", "SUBMITTED"), (SUSAN, "principal", "APPROVED")):
        batch.prove(login)
        words = {"reasons": [], "capacity": role, "step_up": "password"}
        items = batch.items("BatchApproved", "ProposalApproved", login, first=True, step_up="password")
        rows = [
            firm.item(
                "ProposalApproved",
                deal.stream,
                {"proposal": deal.proposal, "digest": deal.digest, **words},
                login=login,
                group="g",
            )
            for deal in batch.deals
        ]
        assert all(said.ok for said in firm.append(APPROVER, items[0], *rows))
        assert batch.states == {state}
    assert batch.deals[0].release().ok


@pytest.mark.parametrize(
    ("shares", "tier"),
    [(("1250", "1250"), 1), (("1250", "1250.0001"), 2), (("5000", "5000"), 2), (("5000", "5000.0001"), 3)],
)
def test_a_batch_is_tiered_by_its_total_to_the_cent(firm: Firm, shares: tuple[str, str], tier: int) -> None:
    deals = []
    for household, quantity in zip(HOMES, shares, strict=False):
        deal = Deal(firm, household=household)
        assert deal.draft().ok
        deal.own("100000", "AAPL")
        own = 2 if Decimal(quantity) > 2500 else 1
        assert deal.assess(leg(deal.account, "sell", "AAPL", quantity), tier=own).ok
        deals.append(deal)
    batch = Batch(firm, deals)
    assert batch.assemble().ok
    assert firm.value("superuser", "select tier from gatehouse.batch") == tier


def test_what_is_left_of_a_void_batch_can_be_decided_one_by_one_or_anew(firm: Firm) -> None:
    batch = changed(firm, lambda deal: deal.withdraw())
    assert batch.approve().code == "batch_void"
    assert batch.deals[0].approve().ok
    assert batch.deals[2].turn_down().ok


@pytest.mark.parametrize(("kind", "state"), [("BatchReturned", "RETURNED"), ("BatchDeclined", "DECLINED")])
def test_a_batch_is_turned_down_whole(firm: Firm, kind: str, state: str) -> None:
    batch = assessed(firm).submitted()
    assert batch.turn_down(kind).ok
    assert (batch.status, batch.states) == (state, {state})
    assert {deal.held("AAPL")[1] for deal in batch.deals} == {0}


def test_a_later_batch_takes_the_place_of_one_that_was_not_submitted(firm: Firm) -> None:
    first = assessed(firm)
    assert first.assemble().ok
    second = Batch(firm, first.deals[:2])
    assert second.assemble().ok
    assert first.status == "REPLACED"
    assert first.submit().code == "batch_decided"
    assert second.submit().ok


@pytest.mark.parametrize("role", [AGENT, INTAKE, GATE])
def test_no_other_login_writes_a_batch(firm: Firm, role: str) -> None:
    batch = assessed(firm)
    tickets = {AGENT: firm.thread_ticket(MARIA, firm.thread(MARIA)), INTAKE: firm.ticket(MARIA)}
    for kind in ("BatchSubmitted", "BatchApproved", "BatchReturned", "BatchDeclined"):
        payload = {"batch": batch.batch, "digest": batch.digest}
        item = firm.item(kind, batch.stream, payload, ticket=tickets.get(role))
        assert firm.append(role, item)[0].code == "no_right"


def test_the_pure_fold_says_of_every_row_what_the_append_says(firm: Firm) -> None:
    batch = assessed(firm).approved()
    assert batch.deals[0].release().ok
    law = Law()
    for row in firm.ask(
        "superuser", "select seq, recorded_at, role, actor, text from gatehouse.journal order by seq"
    ):
        entry = stored(row)
        law.apply(entry.seq, entry.fact)
    folded = {row["proposal"]: row["status"] for row in law.proposal_rows()}
    assert [folded[deal.proposal] for deal in batch.deals] == [deal.status for deal in batch.deals]
