"""The venues' own ledgers against the journal: was every message about an order let out by people?

Rule 1: pure, and the demo's own: it reads entries and ledger lines, and asks nothing of the append's check.
Rule 2: it believes no digest: it computes it from the text that people decided on.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Any

from core.venues.simulated.ledger import Line


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of the journal, as it stands there."""

    seq: int
    actor: str
    kind: str
    payload: Mapping[str, Any]


@dataclass(slots=True)
class Decided:
    """What the journal holds about one proposal."""

    drafted_by: str = ""
    household: str = ""
    legs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    digest: str = ""
    by: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))


@dataclass(slots=True)
class Record:
    """The entries that bear on an order's release."""

    advisors: dict[str, str] = field(default_factory=dict)  # by household
    discretionary: dict[str, bool] = field(default_factory=dict)  # by account
    owners: dict[str, set[str]] = field(default_factory=dict)  # by account
    proposals: dict[str, Decided] = field(default_factory=lambda: defaultdict(Decided))
    releases: dict[str, Fact] = field(default_factory=dict)  # by order
    intents: set[tuple[str, str]] = field(default_factory=set)  # order and digest of the bytes
    adopted: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))  # by standing approval


def record_of(facts: Iterable[Fact]) -> Record:
    record = Record()
    for fact in facts:
        _take(record, fact)
    return record


def _take(record: Record, fact: Fact) -> None:
    told = fact.payload
    match fact.kind:
        case "HouseholdOpened":
            record.advisors[told["household"]] = told["advisor"]
        case "AccountOpened":
            record.discretionary[told["account"]] = told["discretionary"]
            record.owners[told["account"]] = set(told["owners"])
        case "ProposalDrafted":
            decided = record.proposals[told["proposal"]]
            decided.drafted_by, decided.household = fact.actor, told["request"]["household"]
        case "ProposalAssessed":
            decided = record.proposals[told["proposal"]]
            decided.digest = sha256(told["content"].encode()).hexdigest()
            decided.legs = {leg["order"]: leg for leg in json.loads(told["content"])["legs"]}
        case "ProposalSubmitted" | "ConsentRecorded" | "ProposalApproved" | "StandingApprovalDrawn":
            record.proposals[told["proposal"]].by[fact.kind].append(fact)
        case "StandingApprovalProposed" | "StandingApprovalConfirmed":
            record.adopted[told["standing"]].append(fact)
        case "OrderReleased":
            record.releases[told["order"]] = fact
        case "OrderSent":
            record.intents.add((told["order"], told["body_digest"]))


def without_release(messages: Sequence[Line], record: Record) -> list[str]:
    """One line for each message that people did not let out, with the reason."""
    found = []
    for message in (one for line in messages for one in _each(line)):
        why = _why_not(message, record)
        if why is not None:
            found.append(f"{message['verb']} {message['order']}: {why}")
    return found


def _each(message: Line) -> Sequence[Line]:
    """A message about several orders as one about each."""
    return [{**message, "order": order} for order in message["orders"]] if "orders" in message else [message]


def _why_not(message: Line, record: Record) -> str | None:
    release = record.releases.get(message["order"] or "")
    if release is None:
        return "the journal has no release of it"
    decided, told = record.proposals[release.payload["proposal"]], release.payload
    leg = decided.legs.get(message["order"])
    if leg is None or told["digest"] != decided.digest:
        return "its release is not of the text that was assessed"
    if not _same_order(told, leg):
        return "its release is not of the leg that was assessed"
    if message["verb"] == "send" and not _same_bytes(message, told, record):
        return "what was sent is not what was released"
    return _undecided(decided, release, record)


def _same_order(told: Mapping[str, Any], leg: Mapping[str, Any]) -> bool:
    names = ("account", "symbol", "side", "order_type", "limit_price", "time_in_force")
    fewer = leg["may_release_less"] and Decimal(told["quantity"]) < Decimal(leg["quantity"])
    same = Decimal(told["quantity"]) == Decimal(leg["quantity"])
    return all(told[name] == leg[name] for name in names) and (same or fewer)


def _same_bytes(message: Line, told: Mapping[str, Any], record: Record) -> bool:
    body = message["body"]
    digest = sha256(body.encode()).hexdigest()
    sent = json.loads(body)
    names = ("account", "symbol", "side", "order_type", "limit_price")
    same = all(sent[name] == told[name] for name in names)
    journaled = (message["order"], digest) in record.intents
    return same and journaled and Decimal(sent["quantity"]) == Decimal(told["quantity"])


def _undecided(decided: Decided, release: Fact, record: Record) -> str | None:
    """Which decision of the same digest, made before the release, is missing."""
    advisor = record.advisors.get(decided.household)
    account = release.payload["account"]
    submitters = {fact.actor for fact in _before(decided, "ProposalSubmitted", release)}
    consents = _before(decided, "ConsentRecorded", release)
    approvers = {fact.actor for fact in _before(decided, "ProposalApproved", release)}
    if advisor not in submitters:
        return "the advisor did not submit it"
    if not record.discretionary[account] and not any(
        fact.payload["client"] in record.owners[account] for fact in consents
    ):
        return "no owner of the account consented"
    own: set[str | None] = {decided.drafted_by, advisor, *submitters, *(fact.actor for fact in consents)}
    if not approvers - own and not _drawn(decided, release, record, own):
        return "nobody independent approved it"
    return None


def _drawn(decided: Decided, release: Fact, record: Record, own: set[str | None]) -> bool:
    """Whether it was drawn on what two others had adopted by then."""
    for draw in _before(decided, "StandingApprovalDrawn", release):
        adopted = [f for f in record.adopted[draw.payload["standing"]] if f.seq < draw.seq]
        if len({f.actor for f in adopted if f.payload["digest"] == draw.payload["terms_digest"]} - own) > 1:
            return True
    return False


def _before(decided: Decided, kind: str, release: Fact) -> list[Fact]:
    """Decisions of the digest that was released, made before the release."""
    return [
        fact
        for fact in decided.by[kind]
        if fact.seq < release.seq and fact.payload["digest"] == decided.digest
    ]


def self_approvals(record: Record) -> list[str]:
    """Approvals by somebody who drafted, submitted or advises it, or recorded the consent."""
    found = []
    for proposal, decided in record.proposals.items():
        own = {decided.drafted_by, record.advisors.get(decided.household)}
        own |= {fact.actor for kind in ("ProposalSubmitted", "ConsentRecorded") for fact in decided.by[kind]}
        found += [
            f"{proposal} by {fact.actor}" for fact in decided.by["ProposalApproved"] if fact.actor in own
        ]
    return found


def executed(lines: Iterable[Line]) -> Mapping[tuple[str, str], Decimal]:
    """Shares by account and symbol, bought less sold, by the venues' own executions."""
    moved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        if line["kind"] == "execution":
            sign = 1 if line["side"] == "buy" else -1
            moved[line["account"], line["symbol"]] += sign * Decimal(line["quantity"])
    return moved
