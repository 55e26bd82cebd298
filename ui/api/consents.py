"""Which clients have consented to a trade proposal, account by account, and which account still needs one.

Rule 1: each account that is not discretionary needs one of its own owners; another account's owner is none.
Rule 2: a consent to another fingerprint counts for nothing, so it is not shown as given.
"""

from __future__ import annotations

from datetime import datetime

from core.book.views import ProposalView
from core.ids import SubjectId
from ui.api.doors import Doors
from ui.api.fields import Told
from ui.api.households import Client
from ui.api.names import client_names


class ConsentOf(Told):
    """One account. Any of its `owners` may give it; `client` did, and `name` says who that is: None while it
    is missing. `recorded_by` is who wrote it down."""

    account: str
    owners: tuple[Client, ...]
    client: str | None
    name: str | None
    recorded_by: str | None
    at: datetime | None


async def consents_of(at: Doors, ticket: str, view: ProposalView) -> tuple[ConsentOf, ...]:
    """Every account of the proposal that needs a consent, given or not."""
    if not view.consents:
        return ()
    lines = [line for line in await at.intake.households(ticket) if line.household == view.household]
    clients, people = await client_names(at, ticket, lines), await at.intake.colleagues(ticket)

    def named(client: SubjectId) -> str:
        return clients.get(client, client)

    return tuple(
        ConsentOf(
            account=one.account,
            owners=tuple(Client(client=c, name=named(c)) for c in one.owners),
            client=one.client,
            name=named(one.client) if one.client else None,
            recorded_by=people.get(one.recorded_by, one.recorded_by) if one.recorded_by else None,
            at=one.at,
        )
        for one in view.consents
    )
