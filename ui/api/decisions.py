"""What people decide: submit, consent, approve, return, decline, withdraw.

Rule 1: a decision carries the fingerprint that the person saw; another one is refused, whatever it holds.
Rule 2: the same decision by the same person twice is one decision; the second gets the first one's entry.
Rule 3: nothing is decided here: the journal's append says yes or no, and we repeat its words.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from fastapi import APIRouter
from pydantic import Field, SecretStr, StringConstraints, model_validator

from core.ids import Digest, MessageId, ProposalId, SubjectId
from core.ledger.envelope import Recorded
from core.orders.rationale import Said, Solicitation
from core.people.stepping_up import Proof
from core.settings import Secret
from ui.api.consents import ConsentOf, consents_of
from ui.api.doors import At, Ticket
from ui.api.fields import Ask, Fingerprint, Id, PathId, Text, Told
from ui.api.people import Code

router = APIRouter(tags=["decisions"])

Reasons = Annotated[
    dict[Id, Text],
    Field(default_factory=dict, max_length=40, description="a written reason for each finding's policy"),
]


LegNumber = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,3})$")]


class Decide(Ask):
    digest: Fingerprint
    reasons: Reasons


class Submit(Decide):
    """`rationale` is the advisor's own text; `rationale_drafted_in` names the message whose answer held the
    copilot's draft that she adopted with it. `solicited`: whose idea the order was, as she says."""

    solicited: Solicitation | None = None
    rationale: Text | None = None
    rationale_drafted_in: Id | None = None


class StepUp(Ask):
    """Who decides, proven once more: the code of one's authenticator, or the password where one has none."""

    totp: Code | None = None
    password: Annotated[SecretStr, StringConstraints(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.totp is None) == (self.password is None):
            raise ValueError("send totp or password, and not both")
        return self

    def proof(self) -> Proof:
        if self.totp is not None:
            return Proof("totp", Secret(self.totp.get_secret_value()))
        return Proof("password", Secret(self.password.get_secret_value() if self.password else ""))


class Approve(Decide):
    """`step_up` is looked at for tier 3 alone, which takes a principal and compliance."""

    step_up: StepUp | None = None


class Consent(Ask):
    """Who consented to exactly this, and how the advisor heard it."""

    digest: Fingerprint
    client: Id
    channel: Literal["phone", "meeting", "letter"]


class Return(Ask):
    """`comments` are by the number of the order ticket that each stands beside."""

    digest: Fingerprint
    comment: Text
    comments: Annotated[dict[LegNumber, Text], Field(default_factory=dict, max_length=200)]


class Decline(Ask):
    digest: Fingerprint
    reason: Text


class Withdraw(Ask):
    pass


class Decided(Told):
    """`seq` is the entry in the record; `repeated` is true where it was there already."""

    proposal: str
    seq: int
    repeated: bool


class Consented(Decided):
    """`missing`: the accounts for which an owner's consent is still needed."""

    missing: tuple[ConsentOf, ...]


class Approved(Decided):
    """`missing`: the roles whose approval it still needs."""

    status: str
    missing: tuple[str, ...]


@router.post("/v1/proposals/{proposal}/submit", response_model=Decided, summary="The advisor makes it hers")
async def submit(proposal: PathId, ask: Submit, at: At, ticket: Ticket) -> Decided:
    seen, named = Digest(ask.digest), ask.rationale_drafted_in
    said = Said(ask.solicited, ask.rationale, None if named is None else MessageId(named))
    return _decided(proposal, await at.approval.submit(ticket, ProposalId(proposal), seen, ask.reasons, said))


@router.post(
    "/v1/proposals/{proposal}/consent", response_model=Consented, summary="Record one client's consent"
)
async def consent(proposal: PathId, ask: Consent, at: At, ticket: Ticket) -> Consented:
    """One for each account that is not discretionary, by an owner of it; a client's covers all of hers."""
    seen = Digest(ask.digest)
    recorded = await at.approval.consent(
        ticket, ProposalId(proposal), seen, SubjectId(ask.client), ask.channel
    )
    now = await consents_of(at, ticket, await at.intake.proposal(ticket, ProposalId(proposal)))
    missing = tuple(one for one in now if one.client is None)
    return Consented(proposal=proposal, seq=recorded.seq, repeated=recorded.duplicate, missing=missing)


@router.post("/v1/proposals/{proposal}/approve", response_model=Approved, summary="A principal approves")
async def approve(proposal: PathId, ask: Approve, at: At, ticket: Ticket) -> Approved:
    """Of tier 3 it takes two: it stays submitted with the first, and `missing` says who else."""
    proof = ask.step_up.proof() if ask.step_up else None
    recorded = await at.approval.approve(ticket, ProposalId(proposal), Digest(ask.digest), ask.reasons, proof)
    now = await at.intake.proposal(ticket, ProposalId(proposal))
    return Approved(
        proposal=proposal,
        seq=recorded.seq,
        repeated=recorded.duplicate,
        status=now.status,
        missing=now.needs,
    )


@router.post("/v1/proposals/{proposal}/return", response_model=Decided, summary="A principal returns it")
async def send_back(proposal: PathId, ask: Return, at: At, ticket: Ticket) -> Decided:
    lines = {int(leg): text for leg, text in ask.comments.items()}
    return _decided(
        proposal,
        await at.approval.send_back(ticket, ProposalId(proposal), Digest(ask.digest), ask.comment, lines),
    )


@router.post("/v1/proposals/{proposal}/decline", response_model=Decided, summary="A principal declines it")
async def decline(proposal: PathId, ask: Decline, at: At, ticket: Ticket) -> Decided:
    seen = Digest(ask.digest)
    return _decided(proposal, await at.approval.decline(ticket, ProposalId(proposal), seen, ask.reason))


@router.post("/v1/proposals/{proposal}/withdraw", response_model=Decided, summary="The advisor takes it back")
async def withdraw(proposal: PathId, ask: Withdraw, at: At, ticket: Ticket) -> Decided:
    return _decided(proposal, await at.approval.withdraw(ticket, ProposalId(proposal)))


def _decided(proposal: str, recorded: Recorded) -> Decided:
    return Decided(proposal=proposal, seq=recorded.seq, repeated=recorded.duplicate)
