"""A proposal brought as far as a test wants it, by the bare append and with contents that the test chooses.

Each step is what one login would send. Nothing here checks anything: the law does.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import rfc8785

from core.ids import ProposalId, order_id_for
from core.ledger.events import KINDS
from tests.core.routing.cases import record_of_choice
from tests.fixtures.firm import Answer, Firm, proof_of

AGENT, INTAKE, APPROVER, GATE = "gh_agent", "gh_intake", "gh_approver", "gh_gate"
MARIA, DAVID = "maria.alvarez", "david.nakamura"
ROBERT, SUSAN, THOMAS = "robert.hensley", "susan.feldman", "thomas.brandt"
ELENA, NGOZI = "elena.petrova", "ngozi.adeyemi"
WORDS: Final = {"subject": "hh-101", "key": 1, "sealed": "AAAA"}
DISCRETIONARY, NEEDS_CONSENT = "hh-101", "hh-102"


def lot_in(symbol: str) -> str:
    """The one lot of that symbol that `own` makes."""
    return f"lot-of-{symbol}"


def leg(
    account: str,
    side: str,
    symbol: str,
    quantity: str,
    *,
    price: str = "100",
    limit: str | None = "100",
    funded_by: Sequence[int] = (),
    less: bool = False,
) -> dict[str, Any]:
    """One order of a content; its number and order id come with the deal."""
    return {
        "account": account,
        "symbol": symbol,
        "side": side,
        "quantity": quantity,
        "order_type": "limit" if limit else "market",
        "limit_price": limit,
        "time_in_force": "day",
        "lots": [{"lot": lot_in(symbol), "quantity": quantity}] if side == "sell" else [],
        "reference_price": price,
        "band_low": str(Decimal(price) * Decimal("0.95")),
        "band_high": str(Decimal(price) * Decimal("1.05")),
        "funded_by": list(funded_by),
        "may_release_less": less,
    }


@dataclass
class Deal:
    """One proposal of that household."""

    firm: Firm
    household: str = DISCRETIONARY
    advisor: str = MARIA
    proposal: str = field(default_factory=lambda: f"prp-{secrets.token_hex(16)}")
    digest: str = ""
    legs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def stream(self) -> str:
        return f"proposal/{self.proposal}"

    @property
    def account(self) -> str:
        """The household's first account."""
        rows = "select account from gatehouse.account where household = %s order by account limit 1"
        return str(self.firm.value("superuser", rows, self.household))

    @property
    def client(self) -> str:
        """The first owner of that account."""
        rows = "select owners[1] from gatehouse.account where account = %s"
        return str(self.firm.value("superuser", rows, self.account))

    @property
    def status(self) -> str:
        rows = "select status from gatehouse.proposal where proposal = %s"
        return str(self.firm.value("superuser", rows, self.proposal))

    def held(self, symbol: str, *, account: str | None = None) -> tuple[Decimal, Decimal]:
        """What the law knows to be held, and what of it is reserved."""
        rows = "select held, reserved from gatehouse.holding where account = %s and symbol = %s"
        row = self.firm.ask("superuser", rows, account or self.account, symbol)
        return (row[0]["held"], row[0]["reserved"]) if row else (Decimal(0), Decimal(0))

    def own(self, held: str, symbol: str) -> Deal:
        """Set what the account holds, as the founding would have. Shares are in one lot, the one of `leg`."""
        if symbol != "cash":
            self.firm.ask(
                "superuser",
                "insert into gatehouse.lot_holding values (%s, %s, %s, %s, 0)"
                " on conflict (account, lot) do update set held = excluded.held, reserved = 0",
                self.account,
                lot_in(symbol),
                symbol,
                Decimal(held),
            )
        self.firm.ask(
            "superuser",
            "insert into gatehouse.holding values (%s, %s, %s, 0)"
            " on conflict (account, symbol) do update set held = excluded.held, reserved = 0",
            self.account,
            symbol,
            Decimal(held),
        )
        return self

    def _append(self, role: str, kind: str, payload: Mapping[str, Any], **more: Any) -> Answer:
        stream = more.pop("stream", self.stream)
        return self.firm.append(role, self.firm.item(kind, stream, payload, **more))[0]

    def draft(self, *, login: str | None = None, role: str = INTAKE, **changed: Any) -> Answer:
        payload = {
            "proposal": self.proposal,
            "request": {"kind": "rebalance", "household": self.household, "accounts": []},
            "provenance": [],
            **changed,
        }
        return self._append(role, "ProposalDrafted", payload, login=login or self.advisor)

    def content(self, *legs: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        needs = "select bool_or(not discretionary) from gatehouse.account where account = any(%s)"
        self.legs = [
            {**one, "leg": n, "order": order_id_for(ProposalId(self.proposal), n)}
            for n, one in enumerate(legs)
        ]
        return {
            "proposal": self.proposal,
            "household": self.household,
            "advisor": self.firm.value(
                "superuser", "select advisor from gatehouse.household where household = %s", self.household
            ),
            "kind": "rebalance",
            "legs": self.legs,
            "needs_consent": self.firm.value("superuser", needs, [one["account"] for one in legs]) or False,
            "tier": 2,
            "valid_for": self.firm.value("superuser", "select session::text from gatehouse.market_day"),
            "portfolio_seq": 1,
            "policy_set": "0" * 64,
            "model_versions": [],
            "findings": [],
            **changed,
        }

    def assess(
        self,
        *legs: Mapping[str, Any],
        findings: Sequence[Any] = (),
        says: Mapping[str, Any] | None = None,
        changed: Mapping[str, Any] | None = None,
        **content: Any,
    ) -> Answer:
        """`content` and `changed` change the text, `says` the payload around it."""
        whole = self.content(*legs, **content, **(changed or {}))
        text = rfc8785.dumps(whole).decode()
        payload = {
            "proposal": self.proposal,
            "content": text,
            "digest": sha256(text.encode()).hexdigest(),
            "tier": whole["tier"],
            "needs_consent": whole["needs_consent"],
            "findings": list(findings),
            "preview": '{"accounts":[],"rows":[]}',
            **(says or {}),
        }
        self.digest = payload["digest"]
        return self._append(GATE, "ProposalAssessed", payload)

    def decide(self, kind: str, login: str, **changed: Any) -> Answer:
        key = changed.pop("key", None)
        payload: dict[str, Any] = {"proposal": self.proposal, "digest": self.digest, **changed}
        if kind in ("ProposalSubmitted", "ProposalApproved"):
            payload.setdefault("reasons", [])
        return self._append(APPROVER, kind, payload, login=login, key=key)

    def submit(self, login: str | None = None, **changed: Any) -> Answer:
        return self.decide("ProposalSubmitted", login or self.advisor, **changed)

    def approve(self, login: str = ROBERT, **changed: Any) -> Answer:
        return self.decide("ProposalApproved", login, **changed)

    def step_up(self, login: str, **changed: Any) -> str:
        """What the database says to this person's password, for this proposal; `changed` says otherwise."""
        said = {
            "ticket": self.firm.ticket(login),
            "about": self.stream,
            "digest": self.digest,
            "proof": proof_of(login),
            "code": None,
            **changed,
        }
        step = "select gatehouse.step_up(%s, %s, %s, %s::bytea, %s)"
        return str(self.firm.value(APPROVER, step, *said.values()))

    def approve_proven(self, login: str, **changed: Any) -> Answer:
        """An approval of tier 3, right after the password."""
        assert self.step_up(login) == "right"
        role = "compliance" if login == NGOZI else "principal"
        return self.approve(login, **{"capacity": role, "step_up": "password", **changed})

    def consent(self, login: str | None = None, **changed: Any) -> Answer:
        said = {"client": self.client, "channel": "phone", **changed}
        return self.decide("ConsentRecorded", login or self.advisor, **said)

    def turn_down(self, kind: str = "ProposalDeclined", login: str = ROBERT) -> Answer:
        field = "comment" if kind == "ProposalReturned" else "reason"
        return self.decide(kind, login, **{field: WORDS})

    def withdraw(self, login: str | None = None) -> Answer:
        payload = {"proposal": self.proposal}
        return self._append(APPROVER, "ProposalWithdrawn", payload, login=login or self.advisor)

    def lapse(self) -> Answer:
        day = self.firm.value("superuser", "select session::text from gatehouse.market_day")
        return self._append(GATE, "ProposalLapsed", {"proposal": self.proposal, "session": day})

    def deny(self, at: str = "release") -> Answer:
        payload = {"proposal": self.proposal, "at": at, "findings": [], "differences": ["x"]}
        return self._append(GATE, "ProposalDenied", payload)

    def order(self, number: int) -> str:
        return str(self.legs[number]["order"])

    def releasing(self, number: int = 0, **changed: Any) -> dict[str, Any]:
        one = self.legs[number]
        kept = ("account", "symbol", "side", "quantity", "order_type", "limit_price", "time_in_force")
        payload = {
            "order": one["order"],
            "proposal": self.proposal,
            "leg": number,
            "digest": self.digest,
            **{name: one[name] for name in kept},
            **changed,
        }
        return {name: value for name, value in payload.items() if value != "MISSING"}

    def release(self, number: int = 0, *, role: str = GATE, **changed: Any) -> Answer:
        payload = self.releasing(number, **changed)
        login = None if role == GATE else self.advisor
        return self._append(role, "OrderReleased", payload, stream=f"order/{self.order(number)}", login=login)

    def of_order(self, kind: str, number: int = 0, **said: Any) -> Answer:
        """Something that the worker records of an order, which it has."""
        if kind == "OrderRouted":
            return telling(self.route(number, **said))
        self.firm.claim(self.order(number))
        payload = {"order": self.order(number), **said}
        if "venue" in KINDS[kind].model_fields:
            payload.setdefault("venue", "ARCADIA")
        return self._append(GATE, kind, payload, stream=f"order/{self.order(number)}")

    def route(
        self,
        number: int = 0,
        *,
        venue: str = "ARCADIA",
        evidence: Mapping[str, Any] | None = None,
        scores: Sequence[Any] = (),
    ) -> list[Answer]:
        """The record of the next choice and the choice, as one group. `evidence`: what the record says."""
        order, stream = self.order(number), f"order/{self.order(number)}"
        self.firm.claim(order)
        made = "select choices from gatehouse.route where order_id = %s"
        earlier = self.firm.ask("superuser", made, order)
        choice = 1 + (earlier[0]["choices"] if earlier else 0)
        said = evidence or record_of_choice(order, str(self.legs[number]["symbol"]), venue, choice=choice)
        first = self.firm.version(stream) + 1
        routed = {"order": order, "venue": venue, "scores": list(scores)}
        return self.firm.append(
            GATE,
            self.firm.item("RouteRecorded", stream, said, group="route"),
            self.firm.item("OrderRouted", stream, routed, group="route", stream_version=first + 1),
        )

    def fill(self, number: int, quantity: str, price: str, *, fee: str = "0", **changed: Any) -> Answer:
        one = self.legs[number]
        said = {
            "account": one["account"],
            "symbol": one["symbol"],
            "side": one["side"],
            "execution": secrets.token_hex(8),
            "quantity": quantity,
            "price": price,
            "fee": fee,
            "executed_at": "2022-12-29T15:01:00Z",
            "trade_date": "2022-12-29",
            "settles_on": "2023-01-03",
            **changed,
        }
        return self.of_order("OrderFilled", number, **said)

    def submitted(self, *legs: Mapping[str, Any], **content: Any) -> Deal:
        """Drafted, assessed and submitted; the plainest sell where no legs are given."""
        assert self.draft().ok
        said = self.assess(*(legs or self.plain()), **content)
        assert said.ok, said
        said = self.submit()
        assert said.ok, said
        return self

    def approved(self, *legs: Mapping[str, Any], **content: Any) -> Deal:
        self.submitted(*legs, **content)
        said = self.approve()
        assert said.ok, said
        return self

    def plain(self) -> tuple[dict[str, Any], ...]:
        """Ten shares sold that the account holds."""
        self.own("100", "AAPL")
        return (leg(self.account, "sell", "AAPL", "10"),)


def telling(answers: Sequence[Answer]) -> Answer:
    """Of a group: why it was not taken, or that its last entry was."""
    return next((one for one in answers if one.code not in (None, "group")), answers[-1])


def close_day(firm: Firm) -> None:
    """Operations asks, the worker closes."""
    day = firm.value("superuser", "select session::text from gatehouse.market_day")
    asked = firm.item("BusinessDayCloseRequested", "market", {"session": day}, login=ELENA)
    assert firm.append(APPROVER, asked)[0].ok
    closed = firm.item("BusinessDayClosed", "market", {"session": day, "at": f"{day}T21:00:00Z"})
    assert firm.append(GATE, closed)[0].ok


def open_day(firm: Firm, session: str) -> None:
    asked = firm.item("BusinessDayOpenRequested", "market", {"session": session}, login=ELENA)
    assert firm.append(APPROVER, asked)[0].ok
    opened = firm.item("BusinessDayOpened", "market", {"session": session, "at": f"{session}T15:00:00Z"})
    assert firm.append(GATE, opened)[0].ok
