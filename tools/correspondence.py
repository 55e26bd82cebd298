"""A draft of an e-mail to a client: held, never sent. There is no tool that sends.

Rule 1: what promises, predicts or exaggerates is refused, with the very words (FINRA 2210(d)(1)(B): nothing
    false, exaggerated, unwarranted, promissory or misleading; (d)(1)(F): no prediction or projection of
    performance, nor that past performance will recur).
Rule 2: every draft leaves a place for the firm's name ((d)(3)) and says what an investor needs to weigh it:
    risk, what past performance does not say, that it is no offer and no tax advice ((d)(1)(A) and (D)).
Rule 3: its first line says that it is held for a person's review (FINRA 2210(b)(2), 3110(b)(4)).
Rule 4: it has no link and no recipient's address: she chooses to whom it goes, if anywhere.
"""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field

from tools.clients import About, scope
from tools.contract import Ask, Call, Effect, Refusal, Sourced, Tool

HELD: Final = "HELD FOR REVIEW: a draft. It was sent to nobody and is sent by nobody but a person."
DISCLOSURES: Final = (
    "Investing involves risk, including loss of principal. Past performance guarantees no future result.",
    "This is for information: no offer or solicitation for any security, and no tax or legal advice.",
    "Figures are as of the day beside them, from the firm's records and documents available on request.",
)
_RISES: Final = r"(?:rise|go up|grow|double|outperform|beat|return|recover|gain|earn|make you|deliver)"
PROMISES: Final = re.compile(
    r"\bguarantee(?:d|s)?\b|\brisk[- ]free\b|\bno risk\b|\bwithout (?:any )?risk\b"
    r"|\bcan(?:not|['’]t) (?:lose|fail)\b|\bsure (?:thing|bet)\b|\bcertain to\b|\b(?:we|I) promise\b"
    r"|\b(?:never|won['’]t|will not) lose\b"
    rf"|\bwill (?:surely |certainly |definitely |likely |probably )?{_RISES}\b"
    rf"|\b(?:is|are) (?:going|bound|set|sure|expected|projected) to {_RISES}\b"
    r"|\b(?:should|expect|project|forecast|predict|target)(?:s|ed|ing)?\b[^.]{0,60}"
    r"(?:\breturns?\b|\bgains?\b|\d ?%)"
    r"|\bbest investment\b|\bonce[- ]in[- ]a[- ]lifetime\b|\bact now\b|\bdon['’]t miss\b",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"https?://|\bwww\.|\S+@\S+\.\S+", re.IGNORECASE)


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
    to: str  # a household of the book, never an address
    subject: str
    text: str
    disclosures: tuple[str, ...]
    rules: str


async def draft_email(ask: EmailAsk, call: Call) -> HeldDraft:
    """Write a draft of an e-mail to a client household, held for review.

    It adds the disclosures that policy demands, and refuses promises and predictions of performance, links
    and addresses. It sends nothing, stores nothing outside this conversation, and reaches nobody.
    """
    named = (await scope(About(household=ask.household), call)).named
    for text in (ask.subject, ask.body):
        if found := PROMISES.search(text):
            raise Refusal(
                f"the draft promises or predicts: {found[0][:60]!r}; say what is, not what will be",
                code="promise",
            )
        if _ADDRESS.search(text):
            raise Refusal("the draft holds a link or an address; leave it out", code="address")
    body = "\n".join(line.rstrip() for line in ask.body.strip().splitlines())
    disclosed = "\n".join(f"- {one}" for one in DISCLOSURES)
    return HeldDraft(
        source="a draft of this conversation",
        as_of=call.turn.clock.now(),
        held=True,
        to=named.name,
        subject=ask.subject.strip(),
        text=f"{HELD}\n\nSubject: {ask.subject.strip()}\n\nDear {named.name},\n\n{body}\n\n"
        f"[your name and the firm's name]\n\nImportant information:\n{disclosed}",
        disclosures=DISCLOSURES,
        rules="FINRA 2210(d)(1)(A), (B), (D), (F) and (d)(3)",
    )


DRAFT_EMAIL: Final = Tool("draft_email", EmailAsk, Effect.READ, draft_email)
