"""A draft of an e-mail to a client: held, never sent. There is no tool that sends.

Rule 1: what promises, predicts or exaggerates is refused, with the very words; so is a link or an address
    (`core.correspondence.rules` names the rules' paragraphs).
Rule 2: every draft leaves a place for the firm's name and says what an investor needs to weigh it.
Rule 3: it waits for its advisor, who edits it and makes it hers, and for a principal's review (FINRA
    2210(b)(2), 3110(b)(4)). No tool adopts, reviews or sends one.
Rule 4: it has no recipient's address: she chooses to whom it goes, if anywhere.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field

from core.correspondence.rules import DISCLOSURES, address_in, laid_out, promise_in
from core.ids import SubjectId
from tools.clients import About, scope
from tools.contract import Ask, Call, Effect, Refusal, Sourced, Tool

HELD: Final = "HELD FOR REVIEW: a draft. It was sent to nobody and is sent by nobody but a person."


class EmailAsk(Ask):
    household: str | None = Field(default=None, max_length=120, description="whom it is to, from the book")
    subject: str = Field(min_length=3, max_length=120)
    body: str = Field(
        min_length=10,
        max_length=4_000,
        description="plain text without greeting and disclosures; no promise, prediction, link or address",
    )


class HeldDraft(Sourced):
    held: bool
    email: str  # its id in the list of held e-mails
    to: str  # a household of the book, never an address
    subject: str
    text: str
    disclosures: tuple[str, ...]
    rules: str


async def draft_email(ask: EmailAsk, call: Call) -> HeldDraft:
    """Write a draft of an e-mail to a client household, held for review.

    It adds the disclosures that policy demands, and refuses promises and predictions of performance, links
    and addresses. The draft waits in the list of held e-mails until its advisor has edited and adopted it
    and a principal has reviewed it. It sends nothing and reaches nobody.
    """
    named = (await scope(About(household=ask.household), call)).named
    for text in (ask.subject, ask.body):
        if found := promise_in(text):
            raise Refusal(
                f"the draft promises or predicts: {found[:60]!r}; say what is, not what will be",
                code="promise",
            )
        if address_in(text):
            raise Refusal("the draft holds a link or an address; leave it out", code="address")
    subject, text = ask.subject.strip(), laid_out(named.name, ask.body)
    turn = call.turn
    sealed = await turn.people.seal(SubjectId(named.household), [("email", subject), ("email", text)])
    email = await turn.desk.draft_email(
        named.household,
        subject=sealed[0],
        text=sealed[1],
        thread=turn.thread,
        agent=call.agent,
        trace=turn.trace,
        key=call.key("email"),
    )
    return HeldDraft(
        source=f"a held e-mail, {email}",
        as_of=turn.clock.now(),
        held=True,
        email=email,
        to=named.name,
        subject=subject,
        text=f"{HELD}\n\nSubject: {subject}\n\n{text}",
        disclosures=tuple(DISCLOSURES.values()),
        rules="FINRA 2210(d)(1)(A), (B), (D), (F) and (d)(3); 3110(b)(4)",
    )


DRAFT_EMAIL: Final = Tool("draft_email", EmailAsk, Effect.PROPOSE, draft_email)
