"""The last question before bytes leave: are they what people decided on, by the record's own text?

Rule 1: it reads the bytes that would leave and the journal's text. No row that can be changed is believed,
    and nothing that the worker has in memory: not even the order that the bytes were made from.
Rule 2: each entry is proven where it stands: its digest is what the digest before it, its place, time, author
    and text come to.
Rule 3: what is missing is a no. A leg whose digest says so may carry fewer shares; never more, and never
    another field.
Rule 4: a block is the sum of its parts, each decided on by itself: every part is asked as an order is.
Who may decide is the append's question. Here it is whether what was decided is what would be sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final, Generic, TypeVar

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import DictRow
from pydantic import ValidationError

from core.database.rows import rows
from core.database.statements import statements
from core.errors import GatehouseError
from core.fact import Fact
from core.ids import AccountId, OrderId, ProposalId, VenueName, block_order_id, order_id_for
from core.ledger.chain import EPOCH, GENESIS, leaf_of, link, who_of
from core.ledger.events import fact_read
from core.orders.block import Terms, block_id, shortest
from core.orders.blocks import BlockFormed, BlockPart, OrderJoined, OrderParted, block_account
from core.orders.content import Leg, content_read
from core.orders.events import (
    ConsentRecorded,
    OrderReleased,
    OrderRouted,
    OrderSent,
    ProposalApproved,
    ProposalAssessed,
    ProposalDeclined,
    ProposalDenied,
    ProposalLapsed,
    ProposalReturned,
    ProposalSubmitted,
    ProposalWithdrawn,
)
from core.orders.released import ReleasedOrder
from core.orders.replacements import ReplacementSized

SQL: Final = statements(Path(__file__).with_name("statements.sql"))
GATE: Final = "gh_gate"
INTAKE: Final = "gh_intake"
PEOPLE: Final = "gh_approver"
ENDS: Final = (ProposalDenied, ProposalReturned, ProposalDeclined, ProposalWithdrawn, ProposalLapsed)
DECISIONS: Final = (ProposalSubmitted, ConsentRecorded, ProposalApproved)
UNREAD: Final = frozenset({"ProposalDrafted", "RouteRecorded"})
"""Proven in their place, and not read: nothing that is asked here stands in them."""
DRAWN: Final = "StandingApprovalDrawn"
"""A draw on a standing approval stands for the principal's act, and for nothing else."""
TWO_DECIDE: Final = 3  # the tier
AMOUNTS: Final = frozenset({"quantity", "limit_price", "executed_before"})
Kind = TypeVar("Kind", bound=Fact)


@dataclass(frozen=True, slots=True)
class Chained:
    """One entry as the journal holds it, with its digest and the one before it."""

    seq: int
    recorded_at: datetime
    role: str
    actor: str
    text: str
    digest: bytes
    before: bytes


RecordOf = Callable[[OrderId, ProposalId], Awaitable[Sequence[Chained]]]
"""The journal's own text of an order and of its proposal."""
Named = tuple[OrderId, ProposalId]
Parts = Mapping[OrderId, Sequence[Chained]]


class _Differs(Exception):
    """Why these bytes may not leave, in words for whoever looks into it."""


@dataclass(frozen=True, slots=True)
class _Told(Generic[Kind]):
    """One proven entry, read."""

    seq: int
    role: str
    actor: str
    fact: Kind


class _Said(msgspec.Struct, frozen=True, gc=False):
    """What an entry's own text says: where it stands, and its fact as it is written."""

    stream: str
    stream_version: int
    event_type: str
    event_version: int
    trace_id: str
    occurred_at: str
    payload: msgspec.Raw


_SAID: Final = msgspec.json.Decoder(_Said).decode
# RFC 8785 for text and null under names in ASCII. Numbers, which it writes otherwise, are in no order.
_CANONICAL: Final = msgspec.json.Encoder(order="sorted").encode
_who: Final = lru_cache(maxsize=1 << 10)(who_of)
Proven = Sequence[tuple[Chained, _Said]]


async def records_of(
    connection: AsyncConnection[DictRow], asked: Sequence[Named]
) -> Mapping[Named, Sequence[Chained]]:
    """Of each, the entries of that order's stream and of that proposal's, oldest first."""
    named = {"orders": [order for order, _ in asked], "proposals": [proposal for _, proposal in asked]}
    found: dict[Named, list[Chained]] = {one: [] for one in asked}
    for row in await rows(connection, SQL["records_of"], named):
        found[asked[row["n"] - 1]].append(
            Chained(
                seq=row["seq"],
                recorded_at=row["recorded_at"],
                role=row["role"],
                actor=row["actor"],
                text=row["text"],
                digest=bytes(row["digest"]),
                before=GENESIS if row["before"] is None else bytes(row["before"]),
            )
        )
    return found


async def asked(order: ReleasedOrder, venue: VenueName, body: bytes, record_of: RecordOf) -> str | None:
    """Why this body may not go to that venue as this order or block, by the record as it is now; or None."""
    record = await record_of(order.id, order.proposal)
    if not order.members:
        return undecided(body, order.id, venue, record)
    parts = {part.order: await record_of(part.order, part.proposal) for part in order.members}
    return undecided_block(body, order.id, venue, record, parts)


def undecided(body: bytes, order: OrderId, venue: VenueName, record: Sequence[Chained]) -> str | None:
    """Why this body may not go to that venue as that order; None where people decided on exactly it."""
    try:
        proven = _proven(record)
        of_order = tuple(_told(proven, f"order/{order}"))
        release = _only(of_order, OrderReleased, GATE)
        fact = release.fact
        of_proposal = tuple(_told(proven, f"proposal/{fact.proposal}"))
        _same("order id", (fact.order, order), (order, order_id_for(fact.proposal, fact.leg)))
        leg = _leg_decided_on(release, of_proposal)
        _same_terms(fact, leg)
        _same_body(body, fact, _sized(of_order))
        _same_way(body, venue, of_order)
    except _Differs as why:
        return str(why)
    except (GatehouseError, ValidationError, msgspec.DecodeError) as unreadable:
        return f"the record cannot be read: {unreadable}"
    return None


def undecided_block(
    body: bytes, order: OrderId, venue: VenueName, record: Sequence[Chained], parts: Parts
) -> str | None:
    """Why this body may not go to that venue as that block; None where it is exactly the sum of what people
    decided on. `parts` is the record of each of its orders."""
    try:
        of_block = tuple(_told(_proven(record), f"order/{order}"))
        formed = _only(of_block, BlockFormed, GATE).fact
        each = [(part.order, part.account, shortest(part.quantity)) for part in formed.parts]
        terms = Terms(**{name: getattr(formed, name) for name in Terms.__struct_fields__})
        name = block_id(formed.digest, formed.formation, terms, each)
        _same("block", (formed.order, formed.block, order), (block_order_id(name), name, formed.order))
        named = [part.order for part in formed.parts]
        _same("the orders", named, sorted(set(named)))
        for part in formed.parts:
            _decided_part(formed, part, parts.get(part.order, ()))
        whole = sum((part.quantity for part in formed.parts), Decimal(0))
        _same_fields(body, formed, block_account(formed.block), whole)
        _same_way(body, venue, of_block)
    except _Differs as why:
        return str(why)
    except (GatehouseError, ValidationError, msgspec.DecodeError) as unreadable:
        return f"the record cannot be read: {unreadable}"
    return None


def _decided_part(formed: BlockFormed, part: BlockPart, record: Sequence[Chained]) -> None:
    """That order was decided on and released with these very terms and shares, and goes with this block."""
    proven = _proven(record)
    of_order = tuple(_told(proven, f"order/{part.order}"))
    release = _only(of_order, OrderReleased, GATE)
    fact = release.fact
    _same("order id", (fact.order, part.order), (part.order, order_id_for(fact.proposal, fact.leg)))
    leg = _leg_decided_on(release, tuple(_told(proven, f"proposal/{fact.proposal}")))
    _same_terms(fact, leg)
    for name in ("symbol", "side", "order_type", "limit_price", "time_in_force"):
        _same(name, (getattr(formed, name),), (getattr(leg, name),))
    _same("the part", (part.account, part.quantity), (leg.account, leg.quantity))
    _same("quantity", (fact.quantity, fact.replaces), (leg.quantity, None))
    ways = [one.fact for one in of_order if isinstance(one.fact, OrderJoined | OrderParted | OrderRouted)]
    if not ways or ways[-1] != OrderJoined(order=part.order, block=formed.order):
        raise _Differs(f"order {part.order} does not go with this block")


def _proven(record: Iterable[Chained]) -> Proven:
    """Every entry with what it says, once all of them are what their digests say."""
    found = []
    for entry in record:
        at, text = entry.recorded_at - EPOCH, entry.text.encode()
        recorded_us = (at.days * 86_400 + at.seconds) * 1_000_000 + at.microseconds
        leaf = leaf_of(entry.seq, recorded_us, _who(entry.role, entry.actor), text)
        if link(entry.before, leaf) != entry.digest:
            raise _Differs(f"entry {entry.seq} is not what the record's chain says")
        found.append((entry, _SAID(text)))
    return found


def _told(proven: Proven, stream: str) -> Iterator[_Told[Fact]]:
    """The facts of that stream from its first, none left out but those that nothing is asked of."""
    version = 0
    for entry, said in proven:
        if said.stream == stream:
            version += 1
            _same("place in its stream", (said.stream_version,), (version,))
            if said.event_type not in UNREAD:
                fact = fact_read(said.event_type, said.event_version, bytes(said.payload))
                yield _Told(entry.seq, entry.role, entry.actor, fact)


def _only(told: Sequence[_Told[Fact]], kind: type[Kind], *roles: str) -> _Told[Kind]:
    found = [_Told(one.seq, one.role, one.actor, one.fact) for one in told if type(one.fact) is kind]
    if len(found) != 1 or found[0].role not in roles:
        of = " or ".join(roles)
        raise _Differs(f"the record has {len(found)} {kind.__name__} of {of} where one belongs")
    return found[0]


def _leg_decided_on(release: _Told[OrderReleased], of_proposal: Sequence[_Told[Fact]]) -> Leg:
    """The leg in the text that people decided on, before the release and with the release's digest."""
    fact = release.fact
    before = tuple(one for one in of_proposal if one.seq < release.seq)
    assessed = _only(before, ProposalAssessed, GATE, INTAKE).fact
    submitted = _only(before, ProposalSubmitted, PEOPLE)
    digest = sha256(assessed.content.encode()).hexdigest()
    content = content_read(assessed.content)
    decided = [one for one in before if type(one.fact) in DECISIONS or one.fact.event_type() == DRAWN]
    ended = [one.fact.event_type() for one in before if type(one.fact) in ENDS]
    if ended:
        raise _Differs(f"the proposal ended before the release ({ended[0]})")
    for one in decided:
        _same(one.fact.event_type(), (getattr(one.fact, "digest", digest),), (digest,))
    _same("digest", (assessed.digest, fact.digest, content.proposal), (digest, digest, fact.proposal))
    approvers = {one.actor for one in decided if _lets_go(one, submitted.actor)}
    if not approvers or (content.tier == TWO_DECIDE and len(approvers) < 2):
        raise _Differs("the record has no approval by another person than who submitted, or one too few")
    if content.needs_consent and not any(type(one.fact) is ConsentRecorded for one in before):
        raise _Differs("the record has no consent")
    legs = [leg for leg in content.legs if leg.leg == fact.leg]
    if len(legs) != 1 or legs[0].order != fact.order:
        raise _Differs(f"the text that people decided on has no leg {fact.leg} of this order")
    return legs[0]


def _lets_go(one: _Told[Fact], submitter: str) -> bool:
    approved = type(one.fact) is ProposalApproved and one.role == PEOPLE and one.actor != submitter
    return approved or one.fact.event_type() == DRAWN


def _same_terms(fact: OrderReleased, leg: Leg) -> None:
    """The release carries the leg's terms; its shares are the leg's, or fewer where the leg says so."""
    for name in ("account", "symbol", "side", "order_type", "limit_price", "time_in_force", "replaces"):
        _same(name, (getattr(fact, name),), (getattr(leg, name),))
    fewer = leg.may_be_fewer and 0 < fact.quantity < leg.quantity
    if fact.quantity != leg.quantity and not fewer:
        raise _Differs(f"the release carries {fact.quantity:f} shares, the decision {leg.quantity:f}")


def _sized(of_order: Sequence[_Told[Fact]]) -> ReplacementSized | None:
    """What the record says is left for an order, once the order whose place it takes has ended."""
    sized = [one for one in of_order if type(one.fact) is ReplacementSized]
    return _only(of_order, ReplacementSized, GATE).fact if sized else None


def _same_body(body: bytes, fact: OrderReleased, sized: ReplacementSized | None) -> None:
    """The bytes, read back, are the release: every field, no other field, each once.

    An order that takes another's place says so, and what that one had executed. Once that one has ended it is
    an order like any, of the shares that are left.
    """
    in_place = fact.replaces is not None and sized is None
    if sized is not None and (sized.replaces != fact.replaces or not 0 < sized.quantity <= fact.quantity):
        raise _Differs(f"the record leaves {sized.quantity:f} shares of {fact.quantity:f}")
    more = {"replaces": fact.replaces, "executed_before": fact.executed_before} if in_place else {}
    _same_fields(body, fact, fact.account, fact.quantity if sized is None else sized.quantity, more)


def _same_fields(
    body: bytes,
    fact: OrderReleased | BlockFormed,
    account: AccountId,
    quantity: Decimal,
    more: Mapping[str, object] = MappingProxyType({}),
) -> None:
    said = _read_back(body)
    must: Mapping[str, object] = {
        "account": account,
        "client_order": fact.order,
        "limit_price": fact.limit_price,
        "order_type": fact.order_type.value,
        "quantity": quantity,
        "side": fact.side.value,
        "symbol": fact.symbol,
        "time_in_force": fact.time_in_force.value,
        **more,
    }
    _same("the fields", sorted(said), sorted(must))
    for name, value in must.items():
        _same(name, (said[name],), (value,))


def _read_back(body: bytes) -> Mapping[str, object]:
    try:
        said = msgspec.json.decode(body)
        if not isinstance(said, dict) or _CANONICAL(said) != body:
            raise _Differs("the bytes are not one object in its canonical form")
        return {name: _amount(value) if name in AMOUNTS else value for name, value in said.items()}
    except (ValueError, RecursionError, InvalidOperation) as bad:
        raise _Differs("the bytes cannot be read back") from bad


def _amount(value: object) -> Decimal | None:
    if value is None:
        return None
    number = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    if not number.is_finite():
        raise _Differs("an amount in the bytes is none")
    return number


def _same_way(body: bytes, venue: VenueName, of_order: Sequence[_Told[Fact]]) -> None:
    """To the venue that was chosen last, and as every earlier intent said."""
    routes = [one.fact for one in of_order if type(one.fact) is OrderRouted]
    if not routes or routes[-1].venue != venue:
        raise _Differs(f"the record does not route it to {venue}")
    for one in of_order:
        if type(one.fact) is OrderSent:
            _same("an earlier intent", (one.fact.body_digest,), (sha256(body).hexdigest(),))


def _same(what: str, said: Sequence[object], must: Sequence[object]) -> None:
    if said != must:
        raise _Differs(f"{what}: {_shown(said)} where the decision has {_shown(must)}")


def _shown(values: Sequence[object]) -> str:
    return ", ".join(str(value)[:64] for value in values)
