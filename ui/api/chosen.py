"""What a query says about the record: which entries, and from where on.

Rule 1: each word of it is checked before anything is read; the problem names its field.
Rule 2: a reader that comes back says the last sequence that it has, in `Last-Event-ID`: that goes before
    whatever its address says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Header, Query
from pydantic import AwareDatetime

from core.errors import BadInput
from core.feed.chosen import Chosen
from core.feed.record import ORDER_EVENTS, Page
from core.ledger.events import KINDS
from ui.api.doors import At, Doors, Ticket

SEQ_MOST: Final = 2**62
PAGE: Final = 100  # entries

Trace = Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$", description="entries of one trace")]
Actor = Annotated[
    str | None,
    Query(pattern=r"^[A-Za-z0-9._@-]{1,80}$", description="a person's id or login, or a process (worker)"),
]
Account = Annotated[
    str | None,
    Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$", description="entries that concern one account"),
]
Types = Annotated[
    str | None,
    Query(
        alias="type",
        pattern=r"^[A-Za-z]{1,60}(,[A-Za-z]{1,60}){0,59}$",
        description="kinds of event, with commas between them",
    ),
]
Seq = Annotated[int | None, Query(ge=0, le=SEQ_MOST, description="the last sequence that one has")]
Since = Annotated[AwareDatetime | None, Query(description="recorded at that moment or later")]
Last = Annotated[int | None, Query(ge=1, le=200, description="begin with the newest so many")]
LastId = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=SEQ_MOST)]


async def of_all(
    at: At,
    ticket: Ticket,
    trace: Trace = None,
    actor: Actor = None,
    account: Account = None,
    types: Types = None,
) -> Chosen:
    """A choice among all entries."""
    named = types.split(",") if types else ()
    return await at.intake.record.choose(
        ticket, trace=trace, actor=actor, account=account, types=named, among=KINDS
    )


async def of_orders(
    at: At,
    ticket: Ticket,
    trace: Trace = None,
    actor: Actor = None,
    account: Account = None,
    types: Types = None,
) -> Chosen:
    """A choice among the events of orders; all of them where none is named."""
    named = types.split(",") if types else ORDER_EVENTS
    return await at.intake.record.choose(
        ticket, trace=trace, actor=actor, account=account, types=named, among=ORDER_EVENTS
    )


@dataclass(frozen=True, slots=True)
class Start:
    """From where on. At most one of the three."""

    after: int | None
    since: datetime | None
    last: int | None


def start(after: Seq = None, since: Since = None, last: Last = None) -> Start:
    """Where a query begins.

    Raises:
        BadInput: it begins in two places.
    """
    given = [
        name for name, value in (("after", after), ("since", since), ("last", last)) if value is not None
    ]
    if len(given) > 1:
        raise BadInput(f"{' and '.join(given)} say two beginnings", fix="give one of them", field=given[1])
    return Start(after, since, last)


def resumed(begins: Annotated[Start, Depends(start)], last_id: LastId = None) -> Start:
    """The same for somebody who may be coming back."""
    return begins if last_id is None else Start(last_id, None, None)


OfAll = Annotated[Chosen, Depends(of_all)]
OfOrders = Annotated[Chosen, Depends(of_orders)]
From = Annotated[Start, Depends(start)]
Resumed = Annotated[Start, Depends(resumed)]


async def first_page(at: Doors, ticket: str, chosen: Chosen, begins: Start, *, most: int) -> Page:
    """The first entries from there on; those of `last` are the newest.

    Raises:
        BadInput: the record does not reach that far: it is another record than the reader's.
    """
    record = at.intake.record
    if begins.last is not None:
        return await record.newest(ticket, chosen, most=begins.last)
    after = await record.before(begins.since) if begins.since else begins.after or 0
    page = await record.page(ticket, chosen, after=after, most=most)
    if after > page.head:
        raise BadInput(
            f"the record ends at entry {page.head}, before what you ask for",
            fix="begin anew, without a sequence",
            field="after",
        )
    return page


async def first_of_feed(at: Doors, ticket: str, chosen: Chosen, begins: Start) -> Page:
    """As `first_page`; a feed that is told no beginning begins now."""
    if begins == Start(None, None, None):
        begins = Start(await at.intake.record.head(), None, None)
    return await first_page(at, ticket, chosen, begins, most=PAGE)
