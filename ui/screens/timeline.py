"""One trace as a timeline: who did what, in the record's own order. Pure: JSON in, HTML out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ui.screens import figures as f
from ui.screens.look import Column, Raw, Row, table

BY: Final[Mapping[str, str]] = {
    "gh_agent": "copilot",
    "gh_intake": "front",
    "gh_approver": "person",
    "gh_gate": "worker",
    "gh_witness": "witness",
    "gh_owner": "set-up",
}
WORDS: Final[Mapping[str, str]] = {
    "MessageReceived": "Message received",
    "ProposalDrafted": "Trade proposal drafted",
    "CorrectionDrafted": "Correction drafted by operations",
    "RemainderDrafted": "What its sales did not fund, drafted once more",
    "CancelDrafted": "Request to cancel drafted",
    "CancelRequested": "Cancel asked for",
    "ProposalAssessed": "Checked, with figures",
    "ProposalSubmitted": "Submitted by the advisor",
    "ConsentRecorded": "Client’s consent recorded",
    "ProposalApproved": "Approved by a principal",
    "StandingApprovalDrawn": "Approved by a standing approval",
    "StandingDrawVoided": "Came back for a principal",
    "ProposalEscalated": "Escalated: nobody has decided",
    "ProposalReturned": "Returned by a principal",
    "ProposalDeclined": "Declined by a principal",
    "ProposalWithdrawn": "Withdrawn by the advisor",
    "ProposalLapsed": "Lapsed at the close",
    "ProposalDenied": "Denied by risk",
    "AttemptRefused": "Attempt refused",
    "AnswerGiven": "Copilot answered",
    "RunBegun": "Copilot began",
    "PreferenceKept": "Preference kept",
    "PreferenceErased": "Preference erased",
    "EmailDrafted": "E-mail drafted, held",
    "EmailAdopted": "E-mail adopted by the advisor",
    "EmailReviewed": "E-mail reviewed by a principal",
    "EmailReturned": "E-mail returned by a principal",
    "EmailWithdrawn": "E-mail dropped by the advisor",
    "StepTaken": "Copilot’s step",
    "ToolCalled": "Copilot asked a tool",
    "ObservationMade": "Tool’s answer read",
    "DecisionTaken": "Copilot’s decision",
}
RED: Final = frozenset(
    {"ProposalDeclined", "ProposalDenied", "OrderDenied", "OrderRejected", "AttemptRefused"}
)
GREEN: Final = frozenset(
    {"ProposalApproved", "StandingApprovalDrawn", "OrderFilled", "TradeSettled", "TradeConfirmed"}
)
FACTS: Final = (
    "symbol",
    "side",
    "quantity",
    "price",
    "fee",
    "venue",
    "tool",
    "agent",
    "step",
    "decision",
    "chosen",
    "because",
    "outcome",
    "tier",
    "digest",
    "findings",
    "code",
    "account",
    "source",
    "as_of",
    "model",
    "asks",
    "input_tokens",
    "output_tokens",
    "cost_usd",
    "session",
    "reason",
)
WORDED: Final = frozenset({"tool", "step", "outcome", "reason", "decision", "because", "chosen", "asks"})
NAMED: Final[Mapping[str, str]] = {
    "input_tokens": "tokens read",
    "output_tokens": "tokens written",
}
CHOICES: Final[Mapping[str, str]] = {
    "Everything": "",
    "Trade proposals": "ProposalDrafted,CorrectionDrafted,RemainderDrafted,ProposalAssessed,ProposalDenied,"
    "ProposalWithdrawn,ProposalLapsed",
    "Decisions": "ProposalSubmitted,ConsentRecorded,ProposalApproved,ProposalReturned,ProposalDeclined,"
    "StandingApprovalDrawn,StandingDrawVoided",
    "Standing approvals": "StandingApprovalProposed,StandingApprovalConfirmed,StandingApprovalRevoked,"
    "StandingApprovalDrawn,StandingDrawVoided,StandingReviewed",
    "Orders": "OrderReleased,OrderDenied,OrderRouted,OrderSent,OrderWithheld,OrderAccepted,OrderRejected,"
    "OrderDoubted,OrderFilled,OrderCancelled,OrderExpired,OrderSetAside,OrderRedriven,ReplaceRequested,"
    "OrderReplaced,ReplaceRefused,ReplacementSized,BlockFormed,OrderJoined,OrderParted",
    "Fills and settlement": "OrderFilled,BlockFilled,BlockAllocated,AllocationChangeDrafted,"
    "AllocationChanged,AllocationChangeReexamined,OvertakenChangeReviewed,TradeAllocated,TradeConfirmed,TradeSteppedOut,TradeGivenUp,TradeSettled",
    "Copilot": "MessageReceived,RunBegun,StepTaken,ToolCalled,ObservationMade,DecisionTaken,AnswerGiven,"
    "PreferenceKept,PreferenceErased",
    "Held e-mails": "EmailDrafted,EmailAdopted,EmailChecked,EmailReviewed,EmailReturned,EmailWithdrawn",
    "Refused attempts": "AttemptRefused",
}
"""What one may choose to see of the record, as its kinds of event."""
COLUMNS: Final = (
    Column("Entry", figures=True),
    Column("Recorded, UTC"),
    Column("What happened"),
    Column("By"),
    Column("Facts"),
)


def event_words(event_type: str) -> str:
    """`OrderFilled` as `Order filled`, or the phrase that people use."""
    spaced = re.sub(r"(?<!^)([A-Z])", lambda m: f" {m.group(1).lower()}", event_type)
    return WORDS.get(event_type, spaced)


def timeline(entries: Sequence[Mapping[str, Any]], *, newest_first: bool = False) -> str:
    """These entries, which come oldest first, as a table."""
    orders = order_names(entries)
    rows = [_row(entry, orders) for entry in entries]
    return table(COLUMNS, rows[::-1] if newest_first else rows)


def order_names(entries: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """`sell 82 AAPL` by order id, from its first entry that says it; a fill after it may be of fewer."""
    names: dict[str, str] = {}
    for entry in entries:
        told = entry["payload"]
        if {"order", "side", "quantity", "symbol"} <= set(told):
            names.setdefault(told["order"], f"{told['side']} {f.shares(told['quantity'])} {told['symbol']}")
    return names


def who_did_it(entry: Mapping[str, Any]) -> str:
    """A person by name, or the process that acted; the copilot acts for somebody."""
    process = BY.get(entry["role"], entry["role"])
    if entry["event_type"] == "AnswerGiven":  # the front records it; the copilot said it
        return f"copilot for {entry['by']}"
    if process in {"person", "front"}:
        return str(entry["by"])
    return f"copilot for {entry['by']}" if process == "copilot" else process


def _row(entry: Mapping[str, Any], orders: Mapping[str, str]) -> Row:
    kind = entry["event_type"]
    tone = "down" if kind in RED else "up" if kind in GREEN else ""
    sign = "✕ " if kind in RED else "✓ " if kind in GREEN else ""
    facts = " · ".join(
        f'<span class="quiet">{f.esc(name)}</span> {f.esc(value)}'
        for name, value in told_facts(entry["payload"], orders)
    )
    return Row(
        (
            str(entry["seq"]),
            Raw(f'<span class="whole">{f.utc(entry["recorded_at"])}</span>'),
            Raw(f'<strong class="whole {tone}">{sign}{f.esc(event_words(kind))}</strong>'),
            Raw(f'<span class="whole">{f.esc(who_did_it(entry))}</span>'),
            Raw(f'<span class="small">{facts or f.DASH}</span>'),
        )
    )


def told_facts(payload: Mapping[str, Any], orders: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The few fields that tell the story, by name; sealed text stays sealed."""
    told = []
    thought = payload.get("thought")
    payload = {**payload, **(thought if isinstance(thought, dict) else {})}
    if payload.get("order") in orders:
        told.append(("order", orders[payload["order"]]))
    for name in FACTS:
        if told and name in {"symbol", "side"}:  # the order says it
            continue
        value = payload.get(name)
        if name in {"chosen", "asks"} and isinstance(value, list):
            value = ", ".join(map(str, value))
        if value in (None, "", []) or isinstance(value, (dict, list)):
            continue
        if name == "digest":
            told.append(("fingerprint", f.fingerprint(str(value))))
        elif name == "as_of":
            told.append(("as of", f.minute(str(value))))
        elif name == "cost_usd":
            told.append(("cost", f"${value}"))
        else:
            words = str(value).replace("_", " ") if name in WORDED else str(value)
            told.append((NAMED.get(name, name), words))
    return tuple(told)
