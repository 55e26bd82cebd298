"""The demo firm: everything that must be in the journal before the first day of business.

Rule 1: same seed, same firm, byte for byte: entries, order and keys. Sealed fields are as the caller's seal
makes them.
Rule 2: it is synthetic and says so; the closes are real and adjusted, and the lots carry them as cost.
Rule 3: a key is `found/<stream>/<number>`, so founding twice changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import time
from typing import Final

from core.fact import Entry, Fact
from core.firm import cash, holdings, instructions, people
from core.firm.draw import Draw
from core.firm.events import (
    AccountOpened,
    Client,
    FirmFounded,
    HouseholdOpened,
    InstrumentListed,
)
from core.firm.households import Account, Authority, Household, households
from core.firm.models import CUSTODIANS, RESTRICTIONS, models
from core.firm.sealing import Seal
from core.ids import SubjectId, TraceId
from core.market.calendar import new_york, next_session
from core.market.closes import closes
from core.market.events import BusinessDayOpened
from core.market.instruments import Listing, listings

FIRM: Final = "Northgate Wealth Partners (synthetic)"
SEED: Final = 20221228
STANDS_AT: Final = time(10)  # New York


def founding(seed: int, seal: Seal, trace: TraceId) -> Iterator[Entry]:
    """Every founding entry, in an order in which each names only what came before it."""
    numbers: Counter[str] = Counter()
    for stream, fact in _facts(seed, seal):
        numbers[stream] += 1
        yield Entry(stream=stream, fact=fact, trace=trace, key=f"found/{stream}/{numbers[stream]}")


def _facts(seed: int, seal: Seal) -> Iterator[tuple[str, Fact]]:
    yield from _house(seed, seal)
    clients = households(seed)
    for household in clients:
        yield f"household/{household.id}", _household(household, seal)
        yield f"household/{household.id}", instructions.risk_profile(household)
    for household in clients:
        for account in household.accounts:
            for fact in opening(account, Draw(seed).under(account.id)):
                yield f"account/{account.id}", fact
    session = next_session(closes().last_session())
    yield "market", BusinessDayOpened(session=session.isoformat(), at=new_york(session, STANDS_AT))


def _house(seed: int, seal: Seal) -> Iterator[tuple[str, Fact]]:
    """What the firm has before it has clients."""
    yield (
        "firm",
        FirmFounded(firm=FIRM, seed=seed, synthetic=True, last_close=closes().last_session().isoformat()),
    )
    for somebody in people.PEOPLE:
        yield f"person/{somebody.id}", people.engaged(somebody, seal)
        for registration in people.registrations(somebody):
            yield f"person/{somebody.id}", registration
    for custodian in CUSTODIANS:
        yield f"custodian/{custodian.custodian}", custodian
    for row in listings():
        yield f"instrument/{row.symbol}", _instrument(row)
    for model in models():
        yield f"model/{model.model}", model
    for restriction in RESTRICTIONS:
        yield f"restricted/{restriction.symbol}", restriction


def _instrument(row: Listing) -> InstrumentListed:
    return InstrumentListed(
        symbol=row.symbol,
        name=row.name,
        kind=row.kind,
        issuer=row.issuer,
        sector=row.sector,
        tick=row.tick,
        tradable=row.tradable,
        synthetic=row.synthetic,
        average_daily_volume=row.average_daily_volume,
        spread_bps=row.spread_bps,
    )


def _household(household: Household, seal: Seal) -> HouseholdOpened:
    return HouseholdOpened(
        household=household.id,
        name=seal(SubjectId(household.id), "name", household.family.household),
        advisor=household.advisor,
        clients=tuple(
            Client(
                client=client.id,
                name=seal(client.id, "name", client.name),
                born_on=seal(client.id, "born_on", client.born_on.isoformat()),
            )
            for client in household.clients
        ),
    )


def opening(account: Account, draw: Draw) -> Iterator[Fact]:
    """The account, what its owner laid down, its lots and its cash."""
    yield AccountOpened(
        account=account.id,
        household=account.household,
        advisor=account.advisor,
        owners=account.owners,
        kind=account.kind,
        capacity="brokerage" if account.authority is Authority.BROKERAGE else "advisory",
        discretionary=account.authority is Authority.DISCRETIONARY,
        custodian=account.custodian,
        status=account.status,
        model=account.model,
        opened_on=account.opened_on.isoformat(),
    )
    last = closes().last_session()
    opened = holdings.lots(account, last, draw)
    left = account.value - holdings.invested(opened, last)
    yield from instructions.investment_policy(account, draw)
    yield from instructions.do_not_trade(account, opened, draw)
    yield from opened
    yield from cash.deposits(account, left)
    yield from cash.withdrawals(account, left, draw)
    yield from cash.fees(account)
