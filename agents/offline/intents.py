"""What the advisor wants, by rule, from her message alone.

Rule 1: only her own message is read here. Nothing retrieved is, so no document can ask for anything.
Rule 2: the first row of `ROWS` that fits wins; what fits none is declined with what can be done.
Rule 3: a wish to get round people or rules is its own intent, read before all others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agents.offline import plans, preferences, words
from agents.offline.orders import OrderWords, order, starts_order
from agents.offline.plans import Change, PlanWords


class Intent(StrEnum):
    WORKLIST = "worklist"
    OVERVIEW = "overview"
    DRIFT = "drift"
    HOLDINGS = "holdings"
    CASH = "cash"
    RESEARCH = "research"
    REBALANCE = "rebalance"
    ORDER = "order"
    CANCEL = "cancel"
    STATUS = "status"
    PROPOSALS = "proposals"
    PERFORMANCE = "performance"
    RISK = "risk"
    TAXES = "taxes"
    WHAT_IF = "what_if"
    PLAN = "plan"
    REBALANCE_ALL = "rebalance_all"
    PREFER = "prefer"
    PREFERENCES = "preferences"
    ERASE = "erase"
    HELP = "help"
    DECISION = "decision"
    HOSTILE = "hostile"
    UNSUPPORTED = "unsupported"


def _rule(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in alternatives), re.IGNORECASE)


HOSTILE: Final = _rule(
    r"\b(?:ignore|disregard|forget|override|bypass|circumvent|skip|evade|disable|turn off)\b.{0,40}"
    r"\b(?:rules?|instructions?|prompts?|limits?|compliance|principal|approvals?|checks?|polic(?:y|ies)|gate|risk)\b",
    r"\bwithout (?:any |an? |the )?(?:approvals?|consent|principal|asking|review|submission)\b",
    r"\b(?:pretend|act as if|role-?play|impersonate)\b",
    r"\b(?:developer|debug|god|jailbreak|admin) mode\b",
    r"\b(?:system prompt|your (?:instructions|prompt|rules))\b",
    r"\bapprove (?:it|this|that|them|everything)? ?(?:yourself|for me|on (?:his|her|their) behalf)\b",
    r"\b(?:sell|liquidate|dump) (?:everything|it all|all (?:positions|holdings|accounts))\b",
)
DECISION: Final = _rule(
    r"^(?:please |now |can you |could you |go ahead and |just )*"
    r"(?:approve|submit|release|send|execute|route|consent|decline|withdraw|sign off)\b",
    r"\brecord (?:the |a |my )?(?:client'?s? )?consent\b",
)
CANCEL: Final = re.compile(  # one order, by its id or its symbol; a symbol is in capitals
    r"\b(?i:cancel)\b(?:\s+(?i:the|my|that|our|order|buy|sell|purchase|sale|of|for|in))*\s+"
    r"(?P<order>gh-[0-9a-f]{24}|[A-Z]{1,5}(?:\.[A-Z])?)\b(?!['’])"
)
UNSUPPORTED: Final = _rule(
    r"\b(?:call|put) options?\b|\boptions? (?:on|contract)\b|\bmargin\b|\bcrypto|\bbitcoin\b|\bfutures\b",
    r"^\W*(?:please )?short\b|\bsell short\b|\bshort (?:sell|sale)\b",
    r"\bwire\b|\btransfer \$|\bcancel\b|\breplace the order\b",
    r"\be-?mail\b|\bpoem\b|\bflight\b|\bletter to\b",
)
PROPOSALS: Final = _rule(
    r"\b(?:list|show|see|all|which|open|pending)\b.{0,20}\bproposals\b",
    r"\bproposals\b.{0,20}\b(?:open|waiting|pending)\b",
)
STATUS: Final = _rule(
    r"\bprp-[0-9a-f]{32}\b",
    r"\b(?:status|stand|happened|become|became|progress)\b.{0,40}\b(?:proposal|order|orders|trade|trades|rebalance|it)\b",
    r"\b(?:proposal|order|trade|rebalance)\b.{0,30}\b(?:status|stand|stands|doing)\b",
    r"\b(?:has|have|was|were|is|did|are)\b.{0,60}"
    r"\b(?:approved|submitted|released|filled|fill|executed|declined|denied)\b",
    r"\bwaiting for (?:the |a )?(?:principal|approval|consent|me)\b",
)
REBALANCE: Final = _rule(
    r"\bre-?balanc(?:e|ing)\b",
    r"\bre-?align\b",
    r"\b(?:bring|get|put|move|take)\b.{0,60}\bback (?:to|in|into|on|within)\b",
)
WHAT_IF: Final = _rule(
    r"\bwhat (?:if|happens if|would happen if|would it do)\b", r"\bif (?:we|i) (?:sold|bought)\b"
)
TAXES: Final = _rule(
    r"\bharvestable\b|\b(?:which|what|any|how many|how much)\b.{0,30}\blosses\b",
    r"\b(?:un)?reali[sz]ed (?:gains?|loss(?:es)?)\b|\bcapital gains?\b|\bwash sales?\b",
    r"\btax (?:position|picture|situation|bill)\b|\bgains and losses\b|\blosses\b.{0,20}\bharvest",
)
PERFORMANCE: Final = _rule(
    r"\bperform(?:ance|ed|ing)?\b|\breturned\b|\breturns?\b|\bhow (?:has|have|did)\b.{0,60}\bdo(?:ne)?\b"
)
RISK: Final = _rule(
    r"\bvalue at risk\b|\bVaR\b|\bexpected shortfall\b|\bstress(?: test)?\b|\brisk(?:y|s|iest)?\b",
    r"\b(?:sector )?exposures?\b|\bsectors?\b|\bhow (?:bad|much).{0,40}\b(?:2008|crisis|covid|2020|crash)\b",
    r"\b(?:repeat|like|another|again)\b.{0,20}\b(?:2008|covid|2020|2022)\b",
)
WORKLIST: Final = _rule(
    r"\bwho needs (?:me|my)\b|\bneeds? (?:my |me|attention|help|looking)\b.{0,20}$",
    r"\bwork ?list\b|\bto-?do\b|\bpriorit(?:y|ies)\b|\bmy plate\b|\burgent\b|\bagenda\b",
    r"\bwhat should i (?:work on|do|look at)\b|\bwho(?:m)? should i\b",
    r"\bwhich (?:clients?|households?) should\b",
    r"\bwhich (?:of my )?(?:households|clients|accounts) need",
)
DRIFT: Final = _rule(
    r"\bdrift(?:ed|ing|s)?\b|\b(?:out of|in|within) tolerance\b",
    r"\b(?:off|on|from|vs\.?) (?:its |their |her |his |the )?(?:model|target)s?\b",
)
CASH: Final = _rule(
    r"\bcash\b|\bwithdrawals?\b|\bnext fee\b|\bfees? due\b|\bliquidity\b|\bmoney (?:available|free)\b"
)
HOLDINGS: Final = _rule(
    r"\bholdings?\b|\bhold(?:s)?\b|\bpositions?\b|\b(?:tax )?lots?\b|\bowns?\b",
    r"\bwhat(?:'s|’s| is) in\b|\bunreali[sz]ed\b",
)
LIBRARY: Final = _rule(
    r"\bresearch\b|\blibrary\b|\bnotes?\b|\bhouse view\b|\b(?:firm|firm's|our) view\b",
    r"\boutlook\b|\bdocuments?\b",
)
LOOKS: Final = (
    (DRIFT, Intent.DRIFT),
    (CASH, Intent.CASH),
    (TAXES, Intent.TAXES),
    (RISK, Intent.RISK),
    (PERFORMANCE, Intent.PERFORMANCE),
    (HOLDINGS, Intent.HOLDINGS),
)
ASKS_TO_HARVEST: Final = _rule(
    r"^\W*(?:please |can you |could you |let'?s |i want to |draft a )*(?:tax[- ]loss )?harvest"
)
ASKS_WHAT: Final = _rule(r"^\W*(?:what|which|how|who|when|why|is|are|does|do|did|has|have|was)\b")
OVERVIEW: Final = _rule(
    r"\boverview\b|\bsummar(?:y|ise|ize)\b|\btell me about\b|\bpull up\b|\bshow me\b",
    r"\blook(?:s|ing)?\b|\baccounts\b|\bhow (?:is|are)\b",
)
HELP: Final = _rule(
    r"^\W*(?:help|hello|hi|hey|good (?:morning|afternoon|evening)|thanks?|thank you)\b",
    r"\bwhat can (?:you|i)\b|\bhow do i use\b|\bwhat do you do\b|\bwho are you\b",
)
QUESTION: Final = _rule(
    r"\?\s*$", r"^\W*(?:what|why|how|when|where|which|compare|explain|is|are|was|were|did|does|do)\b"
)


PREFERRING: Final = (
    (preferences.ERASES, Intent.ERASE),
    (preferences.LISTS, Intent.PREFERENCES),
    (preferences.STATES, Intent.PREFER),
)
ABOUT: Final = frozenset({Intent.OVERVIEW, Intent.REBALANCE} | {intent for _, intent in LOOKS})


@dataclass(frozen=True, slots=True)
class Wish:
    """An intent with the words that it needs, as they stand in the message."""

    intent: Intent
    text: str
    household: str | None = None
    account: str | None = None
    order: OrderWords | None = None
    proposal: str | None = None
    cancels: str | None = None
    plan: PlanWords | None = None
    change: Change | None = None


def read(text: str) -> Wish:
    """The wish of one message."""
    return _with_words(_guarded(text) or _trading(text) or _looking(text), text)


def _guarded(text: str) -> Intent | None:
    if HOSTILE.search(text):
        return Intent.HOSTILE
    if DECISION.search(text):
        return Intent.DECISION
    for pattern, intent in PREFERRING:
        if pattern.search(text):
            return intent
    if CANCEL.search(text):
        return Intent.CANCEL
    return Intent.UNSUPPORTED if UNSUPPORTED.search(text) else None


def _trading(text: str) -> Intent | None:
    if WHAT_IF.search(text) and plans.change(text):
        return Intent.WHAT_IF
    if starts_order(text) and order(text):
        return Intent.ORDER
    if plans.everybody(text) and REBALANCE.search(text):
        return Intent.REBALANCE_ALL
    if PROPOSALS.search(text):
        return Intent.PROPOSALS
    if STATUS.search(text):
        return Intent.STATUS
    if REBALANCE.search(text):
        return Intent.REBALANCE
    if _about(text) and TAXES.search(text) and not ASKS_TO_HARVEST.search(text):
        return Intent.TAXES
    asks = not ASKS_WHAT.search(text) and not HELP.search(text) and not LIBRARY.search(text)
    return Intent.PLAN if asks and _about(text) and plans.plan(text) else None


def _about(text: str) -> bool:
    """Whether it names somebody, or an account."""
    return bool(words.household(text) or words.account(text))


def _looking(text: str) -> Intent:
    if WORKLIST.search(text):
        return Intent.WORKLIST
    if LIBRARY.search(text):
        return Intent.RESEARCH
    named = words.household(text) or words.account(text)
    if named:
        for pattern, intent in LOOKS:
            if pattern.search(text):
                return intent
        if OVERVIEW.search(text):
            return Intent.OVERVIEW
    if HELP.search(text):
        return Intent.HELP
    if starts_order(text):
        return Intent.UNSUPPORTED
    return Intent.RESEARCH if QUESTION.search(text) else Intent.UNSUPPORTED


def _with_words(intent: Intent, text: str) -> Wish:
    if intent is Intent.ORDER:
        return Wish(intent, text, order=order(text))
    if intent is Intent.CANCEL and (live := CANCEL.search(text)):
        return Wish(intent, text, cancels=live["order"])
    if intent in (Intent.PLAN, Intent.WHAT_IF):
        named = words.account(text), words.household(text)
        return Wish(intent, text, named[1], named[0], plan=plans.plan(text), change=plans.change(text))
    if intent is Intent.STATUS:
        found = words.PROPOSAL.search(text)
        return Wish(intent, text, household=words.household(text), proposal=found[0] if found else None)
    if intent in ABOUT:
        account = words.account(text)
        household = words.household(text)
        if intent is Intent.REBALANCE and not account and not household:
            household = words.after(text, REBALANCE)
        return Wish(intent, text, household=household, account=account)
    return Wish(intent, text)
