"""Clients by name, and what a household holds in one view.

Rule 1: names are looked up among the clear names of the ticket's own book. What is outside is not known,
    and no answer tells it from what does not exist.
Rule 2: an ambiguous name gives a question back, never a guess.
Rule 3: a thread that is pinned to a household speaks of that household alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pydantic import Field
from rapidfuzz import fuzz

from core.book.picture import Account, Picture, value
from core.book.views import HouseholdLine
from core.fact import Amount
from core.ids import AccountId, HouseholdId
from core.money import to_cents
from core.orders.provenance import Known, kind_said, name_words, says_account, says_household
from core.plan.drift import largest_drift
from tools.contract import Ask, Call, Effect, Refusal, Sourced, Tool, Turn

ALIKE: Final = 82  # of 100, rapidfuzz's token set ratio: below it two names are different names
CLEARLY_BETTER: Final = 8
MOST_NAMED: Final = 5
PINNED_WORDS: Final = frozenset({"this", "her", "his", "their", "them", "it", "that", "same"})


@dataclass(frozen=True, slots=True)
class Named:
    """A household of the book with its names in clear."""

    household: HouseholdId
    name: str
    clients: tuple[str, ...]
    accounts: tuple[AccountId, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.clients)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question is about: a household of the book, and those of its accounts that were named."""

    named: Named
    picture: Picture
    accounts: tuple[Account, ...]

    @property
    def source(self) -> str:
        return f"book at entry {self.picture.as_of_seq}"


class About(Ask):
    """Whom a question is about. Leave both empty for the thread's own household."""

    household: str | None = Field(
        default=None, max_length=120, description="name as the advisor writes it, or id"
    )
    account: str | None = Field(
        default=None, max_length=80, description="account id, or a kind such as 'Roth IRA'"
    )


async def book(turn: Turn) -> tuple[Named, ...]:
    """The ticket's households, names in clear, in the desk's order."""
    return await _named(turn, await turn.desk.households())


async def _named(turn: Turn, lines: Sequence[HouseholdLine]) -> tuple[Named, ...]:
    sealed = [s for line in lines for s in (line.name, *(name for _, name in line.clients))]
    clear = iter(await turn.people.clear("name", sealed) if sealed else ())
    return tuple(
        Named(line.household, next(clear), tuple(next(clear) for _ in line.clients), line.accounts)
        for line in lines
    )


async def scope(about: About, call: Call) -> Scope:
    """Who and which accounts a question is about.

    Raises:
        Refusal: nobody of that name in the book, several, or another household than the thread's.
    """
    turn = call.turn
    if turn.household is not None and not about.account and _says_pinned(about.household):
        line, picture = await turn.desk.household(turn.household)
        [named] = await _named(turn, [line])
        return Scope(named, picture, picture.household.accounts)
    households = await book(turn)
    named = _household(about, households, turn.household)
    if turn.household is not None and named.household != turn.household:
        raise Refusal(
            f"this conversation is about another household; open a new one for {named.name}",
            code="other_thread",
        )
    picture = await turn.desk.picture(named.household)
    if not about.account:
        return Scope(named, picture, picture.household.accounts)
    account = account_in(about.account, named, picture, pinned=named.household)
    return Scope(named, picture, (picture.account(account),))


def _household(about: About, households: Sequence[Named], pinned: HouseholdId | None) -> Named:
    if about.household and not _says_pinned(about.household):
        return by_name(about.household, households)
    if about.account:
        holding = [h for h in households if _same(about.account, h.accounts)]
        if holding:
            return holding[0]
    if pinned is not None:
        return next((h for h in households if h.household == pinned), None) or _nobody(
            "this thread's household"
        )
    if about.account:
        return _nobody(about.account)
    raise Refusal("which household? Name it, for example: the Smith household", code="not_named")


def _says_pinned(words: str | None) -> bool:
    """Whether it names nobody, or says "this" or "their" of the thread's own."""
    return not words or name_words(words) <= PINNED_WORDS


def by_name(words: str, households: Sequence[Named]) -> Named:
    """The one household that `words` name, spelling slips forgiven.

    Raises:
        Refusal: none, or a question that lists those it could be.
    """
    wanted = name_words(words)
    if not wanted:
        raise Refusal("which household? Name it, for example: the Smith household", code="not_named")
    for exactly in (
        [h for h in households if h.household.casefold() == words.strip().casefold()],
        [h for h in households if any(wanted == name_words(name) for name in h.names)],
        [h for h in households if says_household(words, h.names)],
    ):
        if len(exactly) == 1:
            return exactly[0]
        if exactly:
            raise which(words, exactly)
    return _alike(words, wanted, households)


def _alike(words: str, wanted: frozenset[str], households: Sequence[Named]) -> Named:
    spelt = " ".join(sorted(wanted))
    scored = sorted(
        ((max(fuzz.ratio(spelt, " ".join(sorted(part))) for part in _parts(h)), h) for h in households),
        key=lambda pair: (-pair[0], pair[1].household),
    )
    near = [(score, h) for score, h in scored if score >= ALIKE]
    if not near:
        return _nobody(words)
    close = [h for score, h in near if near[0][0] - score < CLEARLY_BETTER]
    if len(close) > 1:
        raise which(words, close)
    return close[0]


def _parts(named: Named) -> list[frozenset[str]]:
    """Each name whole, and each of its words alone."""
    return [
        p for name in named.names for p in (name_words(name), *(frozenset({w}) for w in name_words(name)))
    ]


def which(words: str, could_be: Sequence[Named]) -> Refusal:
    listed = "; ".join(f"{h.name} ({', '.join(h.clients)})" for h in could_be[:MOST_NAMED])
    return Refusal(f"{words!r} could be {len(could_be)} households: {listed}. Which one?", code="ambiguous")


def _nobody(words: str) -> Named:
    raise Refusal(
        f"nobody in your book is called {words!r}; check the spelling, or ask for your worklist",
        code="not_found",
    )


def account_in(words: str, named: Named, picture: Picture, *, pinned: HouseholdId | None) -> AccountId:
    """The one account of the household that `words` name: by id, or by a kind that only it has.

    Raises:
        Refusal: none or several, listed.
    """
    kinds = {a.id: a.kind for a in picture.household.accounts}
    known = Known(named.household, named.names, kinds, pinned)
    found = [a for a in kinds if says_account(words, a, known)]
    if len(found) == 1:
        return found[0]
    alike = [a for a, kind in kinds.items() if kind == kind_said(words)]
    listed = ", ".join(f"{a} ({kinds[a]})" for a in (alike or kinds))
    raise Refusal(
        f"{named.name} has no single account {words!r}; it has {listed}. Which one?", code="ambiguous"
    )


def _same(words: str, accounts: Sequence[AccountId]) -> bool:
    return any(words.strip().casefold() == account.casefold() for account in accounts)


class HouseholdFound(Sourced):
    household: HouseholdId
    name: str
    clients: tuple[str, ...]
    accounts: tuple[AccountId, ...]


async def find_household(ask: About, call: Call) -> HouseholdFound:
    """Find one household of the advisor's own book by its name, a client's name or an account.

    Gives its id, clients and accounts. Asks back when the name is ambiguous. It knows no client outside
    the book and changes nothing.
    """
    found = await scope(ask, call)
    return HouseholdFound(
        source=found.source,
        as_of=found.picture.market.now,
        household=found.named.household,
        name=found.named.name,
        clients=found.named.clients,
        accounts=found.named.accounts,
    )


class AccountLine(Ask):
    account: AccountId
    kind: str
    capacity: str
    discretionary: bool
    status: str
    custodian: str
    model: str | None
    value: Amount  # dollars
    cash_available: Amount  # dollars
    largest_drift_points: Amount | None  # percentage points; None where no model is assigned


class Overview(Sourced):
    household: HouseholdId
    name: str
    objective: str | None
    total_value: Amount  # dollars, of the accounts listed
    accounts: tuple[AccountLine, ...]


async def overview(ask: About, call: Call) -> Overview:
    """What a household has in one view: each account with kind, status, value, cash, model and largest drift.

    Name a household, an account, or neither for the thread's own household. Reads only.
    """
    found = await scope(ask, call)
    lines = tuple(_line(account, found.picture) for account in found.accounts)
    return Overview(
        source=found.source,
        as_of=found.picture.market.now,
        household=found.named.household,
        name=found.named.name,
        objective=found.picture.household.objective,
        total_value=sum((line.value for line in lines), Decimal(0)),
        accounts=lines,
    )


def _line(account: Account, picture: Picture) -> AccountLine:
    drifts = largest_drift(account, picture.market) if account.model else None
    return AccountLine(
        account=account.id,
        kind=account.kind,
        capacity=account.capacity,
        discretionary=account.discretionary,
        status=account.status,
        custodian=picture.market.custodians[account.custodian].name,
        model=account.model.name if account.model else None,
        value=to_cents(value(account, picture.market)),
        cash_available=to_cents(account.cash.available),
        largest_drift_points=None if drifts is None else to_cents(drifts * 100),
    )


FIND_HOUSEHOLD: Final = Tool("find_household", About, Effect.READ, find_household)
OVERVIEW: Final = Tool("overview", About, Effect.READ, overview)
