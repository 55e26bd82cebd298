"""What the offline model says: tools' answers in sentences and tables, each with its source.

Rule 1: every figure is copied from the answer that is cited; nothing is computed here.
Rule 2: research is answered with sentences of the passages themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from agents.offline import holding_speech, plan_speech
from agents.offline.extract import extract, instructs
from agents.offline.figures import Answer, dollars, points, shares, table
from agents.offline.intents import Intent, Wish
from agents.offline.research import dated

CAN: Final = """I am the offline model: I read plain requests by rule. I can
- say who needs you today, with reasons and dollars
- show a household or account: overview, drift, holdings with tax lots, cash
- answer from the firm's library, with the passages quoted
- give a reported figure of a company with the row that says it, or compare several, from stored filings
- put together a brief for a meeting; draft an e-mail to a client, held for review
- show performance, risk, historical falls, sectors; gains and losses to harvest; what an order would do
- draft a rebalance, tax-aware or within a budget of gains, or of all that are out of tolerance
- draft cash to raise or invest, a harvest of losses, the exit of a position, assets better placed
- draft an order, such as "buy 100 AAPL in acc-1003 at a limit of 150"
- draft a request to cancel an order that is out, one that takes its place, or what is left of one that ended
- say where a proposal stands, and do several of these for one message
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
UNCLEAR: Final = (
    "I draft only what you say in so many words. How many shares or dollars, of which symbol, "
    "and in which account?"
)
REASONS: Final = {"cash_shortfall": "cash shortfall", "no_price": "no price"}


def without_tools(wish: Wish) -> str:
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
            return UNCLEAR
    return f"That is not something I can do, or I did not understand it.\n\n{CAN}"


def refused(says: str) -> str:
    """A tool's no, in its own words: often a question."""
    return says[:1].upper() + says[1:]


def worklist(_: Wish, told: Answer, cite: str) -> str:
    needs = told["needs"]
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
        lines.append(
            f"{a['account']} of the {_named(told['name'])} is {inside} its tolerance of "
            f"{points(a['tolerance'], signed=False)} against {a['model']}: "
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
    lead = f"Cash of the {_named(told['name'])}, by account [{cite}]."
    rows = [
        (
            a["account"], dollars(a["available"]), dollars(a["settled"]), dollars(a["unsettled"]),
            dollars(a["held"]), dollars(a["reserved"]),
            dollars(a["floor"]) if a["floor"] is not None else "none",
        )
        for a in told["accounts"]
    ]  # fmt: skip
    due = [
        f"- {a['account']}: {one['what']} of {dollars(one['amount'])} due {one['due_on']}, last trade "
        f"{one['last_trade_on']} [{cite}]"
        for a in told["accounts"]
        for one in a["outflows"]
    ]
    body = table(("Account", "Available", "Settled", "Unsettled", "Held", "Reserved", "Floor"), rows)
    return "\n".join([f"{lead}\n\n{body}", *(["", "Coming up:", *due] if due else [])])


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
    """What the portfolio tools say, each as it says it, then the library's passages."""
    parts = [
        overview(wish, told["overview"], cite),
        drift(wish, told["drift"], cite),
        cash(wish, told["cash"], cite),
        holding_speech.holdings(wish, told["holdings"], cite),
        *([library(wish, told, cite)] if told["passages"] else ()),
        *(f"The library does not say anything about {symbol}." for symbol in told["without"]),
    ]
    return "\n\n".join(parts)


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


def status(_: Wish, told: Answer, cite: str) -> str:
    from agents.proposal import status as standing
    from tools.proposals import Proposal

    return standing(Proposal.model_validate(told), cite)


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
}


def _named(name: str) -> str:
    return name if "household" in name.lower() else f"{name} household"


def _words(code: str) -> str:
    return REASONS.get(code, code.replace("_", " "))
