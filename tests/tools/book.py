"""A simulator of the agents' door, and of whoever holds the keys, for tests of rules.

It keeps drafts by key as the journal does, and moves them as the worker and people would. Everything that
depends on rights is tested against the real door.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from core.book.activity import quiet
from core.book.picture import Household, Picture
from core.book.views import HouseholdLine, OrderView, Passage, ProposalView
from core.budget.spending import Reserved, Spent
from core.clock import SetClock
from core.desk import Desk, Found, derived_proposal_id
from core.errors import Conflict, NotFound
from core.fact import PolicyDecision, Sealed, Words
from core.ids import (
    AccountId,
    Digest,
    HouseholdId,
    MessageId,
    OrderId,
    PersonId,
    ProposalId,
    SubjectId,
    Symbol,
    ThreadId,
    TraceId,
)
from core.ledger.bodies import worded
from core.orders.content import AccountSummary, Preview
from core.orders.events import Request, Side, Span
from core.people.events import StepEvent
from core.plan.day_ends import Moved
from tests.core import household as built
from tools.contract import Agent, Call, Said, Turn

ADVISOR = PersonId("adv-1")
MESSAGE = MessageId("msg-1")
TRACE = TraceId("0" * 32)
NOW = datetime(2022, 12, 29, 15, 0, tzinfo=UTC)

FAMILIES: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    "hh-1": (
        "Okafor household",
        ("Chidi Okafor", "Amara Okafor"),
        {"acc-1001": "taxable", "acc-1002": "ira"},
    ),
    "hh-2": ("Nguyen household", ("Minh Nguyen", "Lan Nguyen"), {"acc-1003": "joint"}),
    "hh-3": ("Nguyen household", ("Tuan Nguyen",), {"acc-1004": "ira", "acc-1005": "ira"}),
    "hh-4": ("O'Brien household", ("Fiona O'Brien",), {"acc-1006": "roth"}),
}


@dataclass
class OpenWords:
    """Seals by naming the subject: what is sealed can be opened again, and a test can look.

    Names of households are sealed as they are; whatever is sealed here is base64, as real seals are.
    """

    requests: int = 0

    async def clear(self, field: str, sealed: Sequence[Sealed]) -> tuple[str, ...]:
        return tuple(one.sealed for one in sealed)

    async def seal(self, subject: SubjectId, words: Sequence[tuple[str, str]]) -> tuple[Sealed, ...]:
        self.requests += 1
        return tuple(
            Sealed(subject=subject, key=1, sealed=b64encode(text.encode()).decode()) for _, text in words
        )


class Axes:
    """Each known word is an axis: near means that words are shared."""

    model = "axes"
    words = ("stocks", "bonds", "market", "march", "growth", "energy")

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[float(word in text.lower()) for word in self.words] for text in texts]


@dataclass
class SimulatedDesk:
    drafts: dict[str, tuple[Request, tuple[Span, ...], ProposalView]] = field(default_factory=dict)
    cancels: dict[str, tuple[OrderId, Span]] = field(default_factory=dict)
    moved: dict[HouseholdId, tuple[Moved, ...]] = field(default_factory=dict)
    emails: dict[str, tuple[HouseholdId, Sealed, Sealed]] = field(default_factory=dict)
    kept: dict[str, Span] = field(default_factory=dict)
    dollars: dict[str, Decimal | None] = field(default_factory=dict)
    erased: dict[str, Span] = field(default_factory=dict)
    recorded: list[StepEvent] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    bodies: dict[str, str] = field(default_factory=dict)
    passages: tuple[Passage, ...] = ()
    assesses: bool = True
    looks: int = 0
    halted: set[str] = field(default_factory=set)
    left: int = 1_000  # calls of a model
    settled: list[tuple[int, int] | None] = field(default_factory=list)

    async def stopped(self, *, agent: str, tool: str) -> str | None:
        halted = self.halted & {f"agent:{agent}", f"tool:{tool}"}
        return f"a person has stopped {halted.pop()}" if halted else None

    async def reserve(self, message: MessageId, **_: Any) -> Reserved | Spent:
        if not self.left:
            return Spent("advisor", "tokens")
        self.left -= 1
        return Reserved(UUID(int=self.left))

    async def settle(self, reserved: Reserved, tokens: tuple[int, int] | None) -> None:
        self.settled.append(tokens)

    async def households(self) -> tuple[HouseholdLine, ...]:
        return tuple(_line(HouseholdId(one)) for one in FAMILIES)

    @asynccontextmanager
    async def ahead(self, household: HouseholdId) -> AsyncIterator[None]:
        yield

    async def household(self, household: HouseholdId) -> tuple[HouseholdLine, Picture]:
        return _line(household), await self.picture(household)

    async def picture(self, household: HouseholdId) -> Picture:
        if household not in FAMILIES:
            raise NotFound("no such household in your book", fix="see your households")
        return picture(household)

    async def pictures(self) -> tuple[Picture, ...]:
        return tuple(picture(HouseholdId(one)) for one in FAMILIES)

    async def moves(self, household: HouseholdId) -> tuple[Moved, ...]:
        return self.moved.get(household, ())

    async def draft(self, request: Request, **rest: Any) -> ProposalId:
        proposal = derived_proposal_id(rest["thread"], rest["key"])
        if proposal in self.drafts:
            if self.drafts[proposal][0] != request:
                raise Conflict("this key came with another body", fix="use another key")
            return proposal
        self.dollars[proposal] = rest.get("dollars")
        view = _view(proposal, request, rest["trace"], rest["thread"], seq=len(self.drafts) + 1)
        self.drafts[proposal] = (request, rest["provenance"], view)
        if self.assesses:
            self.assess(proposal)
        return proposal

    async def draft_cancel(self, order: OrderId, **rest: Any) -> str:
        self.cancels[rest["key"]] = (order, rest["asked"])
        return f"cnd-{len(self.cancels)}"

    async def draft_email(self, household: HouseholdId, **rest: Any) -> str:
        self.emails[rest["key"]] = (household, rest["subject"], rest["text"])
        return f"eml-{len(self.emails):032x}"

    async def keep_preference(self, said: Span, **rest: Any) -> str:
        self.kept[rest["key"]] = said
        return f"prf-{len(self.kept):032x}"

    async def erase_preference(self, preference: str, **rest: Any) -> None:
        self.erased[preference] = rest["asked"]

    async def proposal(self, proposal: ProposalId) -> ProposalView:
        self.looks += 1
        if proposal not in self.drafts:
            raise NotFound("no such proposal", fix="look again")
        return self.drafts[proposal][2]

    async def proposals(self) -> tuple[ProposalView, ...]:
        return tuple(view for _, _, view in self.drafts.values())

    def may_call(self, agent: str, tool: str, effect: str) -> tuple[PolicyDecision, ...]:
        return Desk.may_call(cast(Desk, self), agent, tool, effect)

    async def record(
        self,
        trace: TraceId,
        *facts: StepEvent,
        asked: tuple[PolicyDecision, ...] = (),
        held: Sequence[tuple[str, StepEvent]] = (),
    ) -> None:
        self.recorded.extend([*(one for key, one in held if key not in self.keys), *facts])
        self.keys |= {key for key, _ in held}

    async def keep(self, sealed: Sequence[Sealed]) -> tuple[Words, ...]:
        found = tuple(worded(one) for one in sealed)
        self.bodies |= {
            words.kept.digest: one.sealed for one, words in zip(sealed, found, strict=True) if words.kept
        }
        return found

    def opened(self, words: Words | None) -> str:
        """The clear text behind what a step carries."""
        assert words is not None
        box = words.sealed.sealed if words.sealed else self.bodies[words.kept.digest] if words.kept else ""
        return b64decode(box).decode()

    async def search(
        self, vector: Sequence[float], *, limit: int, as_of: date | None = None
    ) -> tuple[Found, ...]:
        known = [p for p in self.passages if as_of is None or p.dated <= as_of]
        texts = [p.text for p in known]
        found = [Found(p, str(_distance(vector, v))) for p, v in zip(known, Axes().embed(texts), strict=True)]
        return tuple(sorted(found, key=lambda one: Decimal(one.distance))[:limit])

    async def passages_to_embed(self, *, limit: int) -> tuple[Passage, ...]:
        return ()

    async def quoting(self, words: str, *, limit: int, as_of: date | None = None) -> tuple[Passage, ...]:
        held = (p for p in self.passages if words.lower() in p.text.lower())
        return tuple(p for p in held if as_of is None or p.dated <= as_of)[:limit]

    async def passages_of(self, documents: Sequence[str], *, limit: int) -> tuple[Passage, ...]:
        return tuple(p for p in self.passages if p.document in documents)[:limit]

    def assess(self, proposal: str) -> None:
        summary = AccountSummary(
            account=AccountId("acc-1001"),
            value=Decimal("10000"),
            drift_before=Decimal("0.081"),
            drift_after=Decimal("0.004"),
            short_term_gain=Decimal("0"),
            long_term_gain=Decimal("120.5"),
            estimated_tax=Decimal("18.08"),
            estimated_cost=Decimal("1.25"),
            cash_after=Decimal("500"),
            turnover=Decimal("0.08"),
        )
        self.change(
            proposal,
            status="ASSESSED",
            waits_for="advisor",
            tier=1,
            preview=Preview(rows=(), accounts=(summary,)),
        )

    def fill(self, proposal: str, status: str = "FILLED", order_id: str = "gh-1") -> None:
        order = OrderView(
            order=OrderId(order_id),
            proposal=ProposalId(proposal),
            leg=0,
            account=AccountId("acc-1001"),
            symbol=Symbol("AAA"),
            side=Side.SELL,
            quantity=Decimal(3),
            limit_price=Decimal(99),
            status=status,
            venue="ARCADIA",
            filled=Decimal(3),
            average_price=Decimal("99.5"),
            fees=Decimal("0.01"),
            scores=(),
            says="",
        )
        self.change(proposal, status="RELEASED", waits_for="nobody", orders=(order,))

    def change(self, proposal: str, **fields: Any) -> None:
        request, spans, view = self.drafts[proposal]
        self.drafts[proposal] = (request, spans, replace(view, **fields))


def turn(
    desk: SimulatedDesk, *, household: str | None = None, thread: str = "thr-1", embedder: Any = None
) -> Turn:
    return Turn(
        desk=cast("Desk", desk),
        people=OpenWords(),
        embedder=embedder,
        clock=SetClock(NOW),
        thread=ThreadId(thread),
        household=HouseholdId(household) if household else None,
        trace=TRACE,
    )


def call(
    desk: SimulatedDesk,
    said: str,
    *,
    agent: Agent = Agent.PROPOSAL,
    household: str | None = None,
    before: Sequence[str] = (),
    position: int = 0,
    embedder: Any = None,
) -> Call:
    earlier = tuple(Said(MessageId(f"msg-0{n}"), text) for n, text in enumerate(before))
    return Call(
        turn(desk, household=household, embedder=embedder), agent, (Said(MESSAGE, said), *earlier), position
    )


def picture(household: HouseholdId) -> Picture:
    accounts = tuple(
        built.account(
            id=account,
            kind=kind,
            lots=[built.lot(f"lot-{account}", "AAA", 60), built.lot(f"lot-{account}-b", "BBB", 20)],
            money=built.cash(3000),
            model=built.model({"AAA": "0.5", "BBB": "0.4"}, cash_weight="0.1"),
        )
        for account, kind in FAMILIES[household][2].items()
    )
    return Picture(
        Household(household, ADVISOR, accounts, "growth", date(2021, 5, 1), False),
        quiet(built.NOW),
        built.market(),
        41,
    )


def passage(id: int, text: str, *, title: str = "House note", dated: date = date(2022, 11, 1)) -> Passage:
    return Passage(id, "doc-1", id, text, title, "house research", dated)


def _line(household: HouseholdId) -> HouseholdLine:
    name, clients, accounts = FAMILIES[household]
    return HouseholdLine(
        household=household,
        advisor=ADVISOR,
        name=_sealed(household, name),
        clients=tuple(
            (SubjectId(f"{household}-{n}"), _sealed(household, one)) for n, one in enumerate(clients)
        ),
        accounts=tuple(AccountId(account) for account in accounts),
    )


def _sealed(subject: str, text: str) -> Sealed:
    return Sealed(subject=SubjectId(subject), key=1, sealed=text)


def _view(
    proposal: ProposalId, request: Request, trace: TraceId, thread: ThreadId, *, seq: int
) -> ProposalView:
    return ProposalView(
        proposal=proposal,
        household=request.household,
        advisor=ADVISOR,
        kind=request.kind,
        status="DRAFTED",
        request=request,
        digest=Digest("d" * 64),
        content=None,
        preview=None,
        findings=(),
        tier=None,
        needs_consent=False,
        consented=False,
        consents=(),
        drafted_by=ADVISOR,
        agent="proposal",
        thread=thread,
        trace=trace,
        session=date(2022, 12, 29),
        submitted_by=None,
        approved_by=(),
        denied_at=None,
        differences=(),
        reasons=(),
        closing=None,
        waits_for="assessment",
        orders=(),
        drafted_at=NOW,
        seq=seq,
    )


def _distance(one: Sequence[float], other: Sequence[float]) -> Decimal:
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    size = (sum(a * a for a in one) * sum(b * b for b in other)) ** 0.5
    return Decimal(str(1 - dot / size)) if size else Decimal(1)
