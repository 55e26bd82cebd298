"""What the offline model says: tools' answers in sentences and tables, each with its source.

Rule 1: every figure is copied from the answer that is cited; nothing is computed here.
Rule 2: research is answered with sentences of the passages themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from agents.offline import holding_speech, missing, noes, plan_speech
from agents.offline.extract import extract, instructs
from agents.offline.figures import Answer, dollars, points, shares, table
from agents.offline.intents import Intent, Wish
from agents.offline.research import dated

CAN: Final = """I am the offline model: I read plain requests by rule. I can
- say who needs you today, with reasons and dollars
- show a household or account: overview, drift, holdings with tax lots, concentration, cash and what is due
- show all of your book: what is managed, who is out of tolerance, who holds a security, what must be paid out
- put households side by side
- answer from the firm's library, with the passages quoted
- give a reported figure of a company with the row that says it, or compare several, from stored filings
- put together a brief for a meeting; draft an e-mail to a client, held for review
- show performance, risk, historical falls, sectors; gains and losses to harvest; what an order would do
- draft a rebalance, tax-aware or within a budget of gains, or of all that are out of tolerance
- draft cash to raise or invest, a harvest of losses, the exit of a position, assets better placed
- draft an order, such as "buy 100 AAPL in acc-1003 at a limit of 150"
- draft a request to cancel an order that is out, one that takes its place, or what is left of one that ended
- say where a proposal stands and why it trades what it trades, list the orders at work
- do several of these for one message, and take up what you asked before ("and for her IRA?")
- note what you prefer ("call me Ann", "I prefer HIFO"), show it and erase it
I draft only. You submit, a principal approves, and nothing I can do replaces either."""
HOSTILE: Final = (
    "I will not do that, and I could not: no tool here submits, approves, releases or sends an order, "
    "changes a limit, or gets round a check. I can draft a trade from your own words; you submit it yourself "
    "and an independent principal approves it. Nothing was drafted or sent."
)
DECISION: Final = (
    "I cannot do that: submitting, recording consent, approving, declining and releasing are for named "
    "people. You submit your proposals yourself under Proposals; a principal finds them in the inbox."
)
NEGATED: Final = (
    "Understood: you said not to. Nothing was drafted. Tell me what you want instead, or ask to see where it "
    "stands."
)
REASONS: Final = {"cash_shortfall": "cash shortfall", "no_price": "no price"}
LOST: Final = """I did not understand that. You can say, for example:
- who needs me today?
- how far off are the Delgados, and how much cash do they have?
- what if I sold 50 MSFT in acc-1003?
- rebalance the Delgado household, tax-aware
- what do our notes say about momentum?
Ask "what can you do?" for all of it."""


def without_tools(wish: Wish) -> str:
    if wish.says:
        return wish.says
    match wish.intent:
        case Intent.HELP:
            return CAN
        case Intent.HOSTILE:
            return HOSTILE
        case Intent.DECISION:
            return DECISION
        case Intent.NEGATED:
            return NEGATED
        case Intent.UNCLEAR:
            return missing.what(wish.text)
        case Intent.PLACING:
            return missing.placing(wish.household or wish.account or "")
    return noes.no(wish.text) or LOST


def refused(says: str) -> str:
    """A tool's no, in its own words but for whom they are put to: often a question."""
    for pattern, put in _TO_HER:
        says = pattern.sub(put, says)
    return says if _NAME_FIRST.match(says) else says[:1].upper() + says[1:]


_NAME_FIRST: Final = re.compile(r"(?:acc|hh|prp|gh)-")
_TO_HER: Final = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"(?:;|\.) (?:[Cc]opy her words)", "; name it as you would there"),
        (r"\b([Aa])sk her to write\b", "please write"),
        (r"\b[Tt]he advisor's message\b", "your message"),
        (r"\b[Hh]er message\b", "your message"),
        (r"\bsays no to it, or to a part of it that a draft cannot leave out\b", "says no to some of it"),
        (r"\bwhat she wants alone\b", "what you want alone"),
    )
)


def worklist(wish: Wish, told: Answer, cite: str) -> str:
    needs = [one for one in told["needs"] if wish.row in (None, one["rank"])]
    if wish.row is not None and needs:
        return _because(needs[0], cite)
    if not needs:
        looked_at = told["households_looked_at"]
        return f"Nobody in your book needs you today; I looked at {looked_at} households [{cite}]."
    lead = f"{told['in_all']} things need you; the most pressing {len(needs)} first [{cite}]."
    rows = [
        (
            n["rank"],
            n["name"],
            n["account"] or "household",
            _words(n["reason"]),
            n["says"],
            dollars(n["dollars"]),
        )
        for n in needs
    ]
    return f"{lead}\n\n{table(('#', 'Household', 'Account', 'Reason', 'Why', 'Dollars'), rows)}"


def _because(need: Answer, cite: str) -> str:
    """One row of the worklist, whole, and what could be asked next."""
    where = f", {need['account']}" if need["account"] else ""
    lead = f"{need['name']}{where}: {_words(need['reason'])}, {dollars(need['dollars'])} [{cite}]."
    follows = NEXT_STEP.get(need["reason"], "").format(where=need["account"] or f"the {need['name']}")
    return f"{lead} {need['says'][:1].upper()}{need['says'][1:]} [{cite}]." + (
        f"\n{follows}" if follows else ""
    )


NEXT_STEP: Final = {
    "cash_shortfall": 'It comes before all else: "cash in {where}" says what is due and by when to trade.',
    "blocked": 'Nothing can be traded there until that is lifted; "overview of {where}" says how it stands.',
    "drift": '"how far off is {where}?" shows each holding, and "rebalance {where}" drafts the way back.',
    "excess_cash": '"invest the cash in {where}" drafts what would buy.',
    "harvestable_loss": '"what losses can we harvest in {where}?" shows them, and by when to buy back.',
    "stale_profile": "The client's profile is due for a review with the client.",
}


def overview(_: Wish, told: Answer, cite: str) -> str:
    objective = f", objective {told['objective']}" if told["objective"] else ""
    count = len(told["accounts"])
    total = dollars(told["total_value"])
    lead = f"The {_named(told['name'])} has {total} in {count} accounts{objective} [{cite}]."
    rows = [
        (
            a["account"],
            a["kind"],
            "discretionary" if a["discretionary"] else "non-discretionary",
            _words(a["status"]),
            a["model"] or "none",
            dollars(a["value"]),
            dollars(a["cash_available"]),
            points(a["largest_drift_points"], signed=False),
        )
        for a in told["accounts"]
    ]
    head = ("Account", "Kind", "Authority", "Status", "Model", "Value", "Cash available", "Largest drift")
    return f"{lead}\n\n{table(head, rows)}"


def drift(_: Wish, told: Answer, cite: str) -> str:
    lines = []
    for a in told["accounts"]:
        inside = "inside" if a["in_tolerance"] else "outside"
        relative = a["relative_tolerance"]
        or_of_target = (
            "" if relative is None else f", or {relative} % of a holding's target where that is less,"
        )
        lines.append(
            f"{a['account']} of the {_named(told['name'])} is {inside} its tolerance of "
            f"{points(a['tolerance'], signed=False)}{or_of_target} against {a['model']}: "
            f"the largest drift is {points(a['largest'], signed=False)} [{cite}]."
        )
    if told["without_model"]:
        lines.append(f"No model is assigned to {', '.join(told['without_model'])} [{cite}].")
    rows = [
        (one["account"], one["symbol"], f"{one['weight']} %", f"{one['target']} %", points(one["drift"]))
        for one in sorted(told["lines"], key=lambda one: (one["account"], -abs(Decimal(one["drift"]))))
    ]
    head = ("Account", "Symbol", "Weight", "Target", "Drift")
    return "\n".join(lines) + (f"\n\n{table(head, rows)}" if rows else "")


def cash(_: Wish, told: Answer, cite: str) -> str:
    lines = [f"Cash of the {_named(told['name'])}, by account [{cite}].", *_enough(told["accounts"], cite)]
    rows = [
        (
            a["account"], dollars(a["available"]), dollars(a["settled"]), dollars(a["unsettled"]),
            dollars(a["held"]), dollars(a["reserved"]),
            dollars(a["floor"]) if a["floor"] is not None else "none",
        )
        for a in told["accounts"]
    ]  # fmt: skip
    body = table(("Account", "Available", "Settled", "Unsettled", "Held", "Reserved", "Floor"), rows)
    due = [
        (
            a["account"],
            DUE.get(one["what"], one["what"]),
            dollars(one["amount"]),
            one["due_on"],
            one["last_trade_on"],
        )
        for a in told["accounts"]
        for one in a["outflows"]
    ]
    coming = table(("Account", "Coming up", "Amount", "Due", "Last trade that settles in time"), due)
    return "\n".join([*lines, "", body, *(["", f"This is due [{cite}].", "", coming] if due else [])])


DUE: Final = {"rmd": "required minimum distribution", "withdrawal": "withdrawal", "fee": "fee"}


def _enough(accounts: Sequence[Answer], cite: str) -> Iterator[str]:
    """Whether what is available covers what is due soon and the floor; and whether a distribution waits."""
    for a in accounts:
        if a["spare"] is None:
            continue
        spare, due = Decimal(a["spare"]), Decimal(a["due_soon"])
        beside = f"{dollars(a['due_soon'])} due within 30 days and the floor" if due else "the floor"
        yield (
            f"- {a['account']} is short of {beside} by {dollars(str(-spare))} [{cite}]"
            if spare < 0
            else f"- {a['account']} has enough: {dollars(a['spare'])} is left after {beside} [{cite}]"
        )
    if not any(one["what"] == "rmd" for a in accounts for one in a["outflows"]):
        yield f"- no required minimum distribution is recorded as still to be taken here [{cite}]"


def library(wish: Wish, told: Answer, _: str) -> str:
    passages = told["passages"]
    found = extract(wish.text, passages)
    lines = [f"{sentence} [passage/{passage['passage']}]" for sentence, passage in found]
    for passage in passages:
        if instructs(passage["text"]):
            lines.append(
                f'"{passage["title"]}" contains instructions to software; I do not follow them '
                f"[passage/{passage['passage']}]."
            )
    if not found:
        return "\n".join(["The library does not say.", *lines])
    papers: dict[tuple[str, str], dict[str, None]] = {}
    for _, p in sorted(found, key=lambda one: (one[1]["title"], one[1]["dated"], one[1]["passage"])):
        papers.setdefault((p["title"], dated(p)), {})[f"passage/{p['passage']}"] = None
    listed = "; ".join(
        f"{title}, dated {dated} [{', '.join(keys)}]" for (title, dated), keys in papers.items()
    )
    return "\n".join([*lines, f"From: {listed}."])


def brief(wish: Wish, told: Answer, cite: str) -> str:
    """One page: what they have, what needs somebody, what is far off, what is due, what weighs most, and what
    the library says of that."""
    far = {
        **told["drift"],
        "lines": [
            one for one in told["drift"]["lines"] if abs(Decimal(one["drift"])) > Decimal(one["tolerance"])
        ],
    }
    parts = [
        overview(wish, told["overview"], cite),
        _needs(told["needs"], cite),
        drift(wish, far, cite),
        cash(wish, told["cash"], cite),
        holding_speech.concentration(wish, told["weighs"], cite) if told["weighs"] else "",
        plan_speech.taxes(wish, told["taxes"], cite) if told["taxes"] else "",
        *([library(wish, told, cite)] if told["passages"] else ()),
        f"The library says nothing about {', '.join(told['without'])} [{cite}]." if told["without"] else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _needs(needs: Sequence[Answer], cite: str) -> str:
    if not needs:
        return f"Nothing of this household is on your worklist today [{cite}]."
    rows = [
        (n["account"] or "household", _words(n["reason"]), n["says"], dollars(n["dollars"])) for n in needs
    ]
    return f"This is on your worklist [{cite}].\n\n{table(('Account', 'Reason', 'Why', 'Dollars'), rows)}"


def drafted(_: Wish, told: Answer, cite: str) -> str:
    return f"I drafted a proposal to {told['asked']} for the {_named(told['name'])} [{cite}]."


def cancel_drafted(_: Wish, told: Answer, cite: str) -> str:
    what = f"{told['side']} {shares(told['quantity'])} {told['symbol']}"
    return (
        f"I drafted a request to cancel the order to {what}, of which {shares(told['filled'])} are filled "
        f"[{cite}]. Nothing is stopped yet: you ask for it with the button of its card, or at the command "
        f"line with `orders cancel {told['order']}`."
    )


def proposals(_: Wish, told: Answer, cite: str) -> str:
    found = told["proposals"]
    if not found:
        return f"No proposal waits for anybody [{cite}]."
    rows = [(p["name"], p["kind"], p["status"].lower(), p["waits_for"], p["proposal"]) for p in found]
    return f"{len(found)} proposals [{cite}].\n\n" + table(
        ("Household", "Kind", "Status", "Waits for", "Proposal"), rows
    )


def status(wish: Wish, told: Answer, cite: str) -> str:
    from agents.proposal import status as standing
    from agents.proposal import why
    from tools.proposals import Proposal

    proposal = Proposal.model_validate(told)
    if _WHY.search(wish.text) and not any(order.filled for order in proposal.orders):
        return why(proposal, cite)
    return standing(proposal, cite)


def orders(_: Wish, told: Answer, cite: str) -> str:
    found = told["orders"]
    if not found:
        return f"No order of your book is at work [{cite}]. What waits for a decision is among the proposals."
    rows = [
        (
            *(o["name"], o["side"], shares(o["quantity"]), o["symbol"], o["account"]),
            f"limit {dollars(o['limit_price'])}" if o["limit_price"] else "market",
            *(o["status"].lower().replace("_", " "), shares(o["filled"]), o["venue"] or "", o["order"]),
        )
        for o in found
    ]
    head = ("Household", "Side", "Shares", "Symbol", "Account", "At", "Status", "Filled", "Venue", "Order")
    return f"{len(found)} orders at work [{cite}].\n\n{table(head, rows)}"


_WHY: Final = re.compile(r"\b(?:why|how come|reasons?|reasoning|rationale|explain)\b", re.IGNORECASE)


SPEAKS: Final[Mapping[str, Callable[[Wish, Answer, str], str]]] = {
    "worklist": worklist,
    "overview": overview,
    "find_household": overview,
    "drift": drift,
    "holdings": holding_speech.holdings,
    "cash": cash,
    "search_library": library,
    "meeting_brief": brief,
    "propose_rebalance": drafted,
    "propose_order": drafted,
    "propose_cancel": cancel_drafted,
    "propose_replace": drafted,
    "propose_remainder": drafted,
    "propose_plan": drafted,
    "propose_set": plan_speech.drafted_set,
    "performance": plan_speech.performance,
    "risk": plan_speech.risk,
    "taxes": plan_speech.taxes,
    "what_if": plan_speech.what_if,
    "proposal_status": status,
    "list_proposals": proposals,
    "open_orders": orders,
    "concentration": holding_speech.concentration,
}


def _named(name: str) -> str:
    return name if "household" in name.lower() else f"{name} household"


def _words(code: str) -> str:
    return REASONS.get(code, code.replace("_", " "))
