"""Waking the copilot: something that its conversation waits for moved, or an answer never arrived.

Rule 1: a nudge says only "look again"; the copilot believes what it reads and not who woke it.
Rule 2: one look for each state of affairs. A copilot that is down is asked again at the next nudge; one that
    answers with an error only a few times, so that nobody's open page hammers a model.
Rule 3: an answer that came before is not said twice: the copilot repeats its last one, and we know it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from core.book.views import ProposalView
from core.errors import WorldFailed
from core.ids import HouseholdId, MessageId, ThreadId, TraceId
from core.intake import MessageView
from core.people.events import Cited
from ui.api.doors import Doors
from ui.api.relay import Hears
from ui.sse import Event


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation as the record has it now."""

    said: Sequence[MessageView]
    proposals: Sequence[ProposalView]

    @property
    def asked(self) -> dict[MessageId, TraceId]:
        """Her messages, oldest first, each with its trace."""
        return {m.message: m.trace for m in self.said if m.role == "advisor"}

    @property
    def unanswered(self) -> bool:
        """Whether her last message has no answer."""
        return not any(m.role == "copilot" and m.message == self.last for m in self.said)

    @property
    def last(self) -> MessageId | None:
        """Her last message; None where there is none yet."""
        return next(reversed(self.asked), None)

    @property
    def state(self) -> Hashable:
        """What a look would look at: equal means that there is nothing new."""
        moves = tuple(sorted((p.proposal, p.status, p.waits_for) for p in self.proposals))
        return (moves, self.last, self.unanswered)

    @property
    def trace(self) -> TraceId:
        """Under which cause a look is recorded: the newest proposal's, or the last message's."""
        if self.proposals and not self.unanswered:
            return max(self.proposals, key=lambda p: p.seq).trace
        return next(m.trace for m in reversed(self.said) if m.role == "advisor")


async def look_again(at: Doors, ticket: str, thread: ThreadId) -> AsyncIterator[Event] | None:
    """Begin a look, and give its events; an answer among them is a new one. None: nothing to look for.

    The look goes on to its end, and its answer is journaled, whether or not anybody reads the events.
    """
    if at.turns.busy(thread):
        return None
    said = await at.intake.messages(ticket, thread)
    proposals = [p for p in await at.intake.proposals(ticket) if p.thread == thread]
    now = Thread(said, proposals)
    if not now.asked or not (proposals or now.unanswered) or not at.turns.moved(thread, now.state):
        return None
    about = next((t.household for t in await at.intake.threads(ticket) if t.thread == thread), None)
    body = {
        "ticket": await at.intake.thread_ticket(ticket, thread),
        "thread": thread,
        "trace": now.trace,
        "unanswered": now.last,
        "preferences": await stated(at, ticket, about),
    }
    if at.turns.busy(thread):  # somebody else's nudge was faster
        return None
    source = _looking(at, thread, now, at.copilot.events("/nudges", body))
    return at.turns.begin(thread, source, journals(at, ticket, thread, now.asked))


async def stated(at: Doors, ticket: str, household: HouseholdId | None) -> list[dict[str, str]]:
    """Her preferences as the copilot is shown them in a conversation about that household, or about none."""
    found = await at.intake.preferences.for_thread(ticket, household)
    return [{"preference": one.preference, "text": one.text} for one in found]


async def _looking(
    at: Doors, thread: ThreadId, now: Thread, source: AsyncIterator[Event]
) -> AsyncIterator[Event]:
    known = {(m.message, m.text) for m in now.said if m.role == "copilot"}
    refused = False
    async for event in source:
        refused = refused or event.name == "error"
        if event.name != "answer" or (event.data.get("message"), event.data.get("text")) not in known:
            yield event
    (at.turns.in_vain if refused else at.turns.looked)(thread, now.state)


def journals(at: Doors, ticket: str, thread: ThreadId, asked: dict[MessageId, TraceId]) -> Hears:
    """What happens to each event before anybody sees it: an answer becomes an entry.

    It is an answer to the message that it names, where that is one of `asked`; else to the last of them.
    """
    last = next(reversed(asked))

    async def hears(event: Event) -> Event:
        if event.name != "answer":
            return event
        try:
            cited = tuple(Cited.model_validate(c) for c in event.data.get("cited", ()))
            text, model = str(event.data["text"]), str(event.data["model"])
        except (KeyError, TypeError, ValidationError) as bad:
            raise WorldFailed(
                "the copilot's answer cannot be read", fix="ask again; its log has the cause"
            ) from bad
        named = MessageId(str(event.data.get("message", last)))
        message = named if named in asked else last
        await at.intake.answer(ticket, thread, message, text, cited, model, asked[message])
        return event

    return hears
