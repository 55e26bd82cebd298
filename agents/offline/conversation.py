"""What a message means after what was said before it.

Rule 1: a message that says by itself what it wants is read by itself. What was said before fills in whom she
    speaks of, or what of, where she does not say.
Rule 2: of what she said before, her own words count. Of our answers only this does: which row of a list that
    we showed she means, and only to look.
Rule 3: a go-ahead drafts nothing by itself: a draft needs her own words for all of it, and she is told which.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from agents.offline import patterns as p
from agents.offline import plans, words
from agents.offline.intents import ABOUT, DRAFTS, LOOKS, Intent, Wish, read
from agents.offline.orders import order
from agents.offline.plans import Change

ASKED_BACK: Final = re.compile(
    r"(?:Which one|the Smith household|Write the name|in which account|how many shares|of which symbol"
    r"|For whom|Which cash|within which gains)\W*$",
    re.IGNORECASE,
)
MOST_ANSWERED: Final = 8  # words of an answer to our question
LOOKS_BACK: Final = 3  # of our answers, for a list that we showed
SHORT: Final = 7  # words of a message that leaves most of it unsaid
ANSWERS: Final = frozenset({Intent.UNSUPPORTED, Intent.RESEARCH, Intent.OVERVIEW, Intent.UNCLEAR})
CORRECTS: Final = frozenset({Intent.OVERVIEW, Intent.NEGATED})
TOLD_OF: Final = DRAFTS | {Intent.STATUS}
_SUBJECT: Final = ABOUT | DRAFTS | {Intent.WHAT_IF, Intent.STATUS, Intent.RECOGNISED}
_OF_HOUSEHOLD: Final = frozenset({"draft_email", "meeting_brief"})
_REFERS: Final = re.compile(r"\b(?:that|this|it|its|those|these|them|their|the same|there)\b", re.IGNORECASE)
_GOES_ON: Final = re.compile(
    r"^\W*(?:and(?: then)?|what about|how about|same (?:thing |question )?(?:for|with)|now|ok(?:ay)?|also"
    r"|then|compared (?:to|with))\b",
    re.IGNORECASE,
)
_GO: Final = re.compile(
    r"^\W*(?:ok(?:ay)?|yes|yep|sure|great|good|please|then|so|right|fine|perfect|now)*[\s,!.]*(?:do|fix|draft"
    r"|place|make|go|let['’]?s)?\s*(?:ahead|for|with|do)?\s*"
    r"(?:it|that|this|so|them|those|the trade|the order)?(?: so)?"
    r"(?: (?:please|then|now|for me))*\W*$",
    re.IGNORECASE,
)
_CORRECTION: Final = re.compile(
    r"^\W*(?:no|nope|sorry|not (?:that|this|him|her|them)(?: one)?|i mean|i meant|wrong \w+)\b[\s,:;.!-]*"
    r"(?:(?:no|sorry|i mean|i meant|make (?:it|that)|rather|actually)\b[\s,]*)*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_OTHER: Final = re.compile(
    r"\b(?:other|another|different|wrong) (?:\w+ )?(?:one|account|household|client|family)\b",
    re.IGNORECASE,
)
_ROW: Final = re.compile(
    r"\b(?:(?:number|no\.?|row|item)\s*(?P<digits>\d{1,2})|#\s?(?P<mark>\d{1,2})"
    r"|(?P<word>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|top|last)"
    r"(?:\s+(?:one|row|household|client|family|of (?:them|those|these)|on (?:the|that|my|your) list))?)\b",
    re.IGNORECASE,
)
_PLACES: Final = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)
_WHY: Final = re.compile(r"\b(?:why|how come|reasons?|reasoning|rationale|explain)\b", re.IGNORECASE)
_STANDS: Final = re.compile(
    r"\b(?:stands?|status|happen(?:ed|ing|s)|done|progress|filled|approved|submitted|going|through)\b", re.I
)
_OTHER_WAYS: Final = re.compile(
    r"\b(?:alternatives?|cheaper|instead|other (?:way|option)s?|less tax)\b", re.I
)
_OF_IT: Final = re.compile(
    r"\b(?:trades?|orders?|proposal|plan|cost|tax(?:es)?|gains?|figures?|details?)\b", re.I
)
_UNDOES: Final = re.compile(
    r"^\W*(?:cancel|undo|scrap|forget|drop|withdraw)\s+(?:it|that|this|them|those)\W*$", re.I
)
_SHARES: Final = re.compile(r"\b(\d[\d,]*)\b(?!\s*%)")
_SELLING: Final = re.compile(r"\b(?:sell|sold|selling|trim\w*|unload\w*)\b", re.IGNORECASE)
_BUYING: Final = re.compile(r"\b(?:buy|bought|buying|add(?:ed|ing)?)\b", re.IGNORECASE)
_LISTED: Final = re.compile(r"^\|\s*(\d{1,2})\s*\|\s*([^|]+?)\s*\|", re.MULTILINE)
_PERIOD: Final = re.compile(r"\b(?:years?|months?|quarters?|ytd|since|weeks?|(?:19|20)\d\d)\b", re.IGNORECASE)


NO_CANCEL: Final = (
    "A draft has sent nothing and needs no cancel: leave it, or withdraw it yourself under Proposals. For an "
    'order that is out I draft the request when you name it, as in "cancel the KO order in acc-1010".'
)


AGAIN: Final = (
    "Nothing was done for that one. Write the request again with the one that you mean, as in "
    '"how far off is acc-1006?" or "cancel the KO order in acc-1010".'
)


def wanted(messages: Sequence[BaseMessage], at: int, part: str = "") -> Wish:
    """The wish of the message at `at`, or of a part of it, with what was said before."""
    if at < 0:
        return Wish(Intent.HELP, "")
    text = str(messages[at].text)
    wish = read(part, text) if part else read(text)
    before = messages[:at]
    hers = [n for n, m in enumerate(before) if isinstance(m, HumanMessage)]
    ours = [str(m.text) for m in before if isinstance(m, AIMessage) and not m.tool_calls]
    if not (hers and ours) or part:
        return _of_the_thread(wish)
    short = len(text.split()) <= MOST_ANSWERED and not p.ASKS_WHAT.search(text)
    asked_back = short and ASKED_BACK.search(re.sub(r"\s*\[\d+\]", "", ours[-1]))
    if asked_back and wish.intent in ANSWERS:
        return _answered(read(str(messages[hers[-1]].text)), str(messages[hers[-1]].text), text)
    open_ended = wish.loose or wish.intent is Intent.UNCLEAR
    shown = next(filter(_LISTED.search, reversed(ours[-LOOKS_BACK:])), "")
    if (open_ended or wish.intent is Intent.WORKLIST) and (listed := _row(text, shown)):
        return listed
    earlier = wanted(before, hers[-1])
    if (open_ended or wish.intent in CORRECTS) and (corrected := _corrected(text, earlier)):
        return corrected
    if open_ended and (follows := _follows(text, earlier)):
        return follows
    if wish.intent is Intent.RECOGNISED and wish.asks and wish.asks[0] in _OF_HOUSEHOLD:
        named = wish.asks[1].get("household")
        if not named or words.pinned(named):
            return replace(wish, asks=(wish.asks[0], {**wish.asks[1], "household": _subject(earlier)[0]}))
        return wish
    if wish.intent in ABOUT and not wish.household and not wish.account:
        household, account = _subject(earlier)
        if household or account:
            return replace(wish, household=household, account=None if household else account)
        return replace(
            wish,
            household=next(
                filter(None, (words.household(str(messages[n].text)) for n in hers[:-4:-1])), None
            ),
        )
    return _of_the_thread(wish)


def _of_the_thread(wish: Wish) -> Wish:
    """A short question that names nobody is about the thread's own household, or is asked back."""
    if not wish.loose or len(wish.text.split()) > SHORT or p.LIBRARY.search(wish.text):
        return wish
    looks = _looks(wish.text)
    return Wish(looks, wish.text) if looks and not _names_security(wish.text) else wish


def _names_security(text: str) -> bool:
    return bool(words.tickers(text)) or any(
        word.strip(".,?!").lower().removesuffix("'s") in words.COMPANIES for word in text.split()
    )


def _looks(text: str) -> Intent | None:
    meant = words.mended(text)
    found = next((intent for pattern, intent in LOOKS if pattern.search(meant)), None)
    return found or (Intent.OVERVIEW if p.WHOLE.search(meant) else None)


def _answered(earlier: Wish, before: str, text: str) -> Wish:
    """The earlier wish with what she says to our question."""
    account = words.ACCOUNT.search(text)
    if earlier.intent is Intent.UNCLEAR:
        return read(f"{before.rstrip(' .!?')} in {text}" if account else f"{before.rstrip(' .!?')} {text}")
    named = None if account else words.household(text) or text.strip(" .!?")
    return replace(earlier, household=named, account=account[0] if account else None)


def _row(text: str, shown: str) -> Wish | None:
    """What she asks about a row of the list that we showed last: to look at, never to trade."""
    rows = {int(number): name for number, name in _LISTED.findall(shown)}
    found = _ROW.search(text)
    if not rows or found is None or len(text.split()) > 2 * SHORT or plans.plan(text):
        return None
    place = _place(found, max(rows))
    if place not in rows:
        return None
    if _WHY.search(text):
        return Wish(Intent.WORKLIST, text, row=place)
    return Wish(_looks(text) or Intent.OVERVIEW, text, household=rows[place])


def _place(found: re.Match[str], most: int) -> int:
    if digits := found["digits"] or found["mark"]:
        return int(digits)
    word = found["word"].lower()
    return most if word == "last" else 1 if word == "top" else _PLACES.index(word) + 1


def _subject(wish: Wish) -> tuple[str | None, str | None]:
    """The household and the account that a wish is about, each in her words."""
    if wish.asks and isinstance(named := wish.asks[1].get("household"), str):
        return named, None
    account = wish.account or (wish.order.account if wish.order else None)
    return wish.household, account


def _follows(text: str, earlier: Wish) -> Wish | None:
    """What a message that leaves most unsaid wants, after that wish. None: something else."""
    household, account = _subject(earlier)
    if earlier.intent in TOLD_OF and (told := _of_the_draft(text, household, account)):
        return told
    if earlier.intent is Intent.WHAT_IF and earlier.change and (change := _changed(text, earlier.change)):
        return replace(earlier, text=text, change=change)
    if _GO.match(text) and text.strip(" .!?"):
        return Wish(Intent.UNCLEAR, text, says=_to_write(earlier, household, account))
    plan = plans.plan(text)
    if plan and (household or account) and earlier.intent in _SUBJECT and not _named(text):
        return Wish(Intent.PLAN, text, household=household, account=account, plan=plan)
    if earlier.intent in ABOUT and _GOES_ON.match(text):
        if _named(text) and not order(text):
            return _about_another(text, earlier, household)
        if earlier.intent is Intent.PERFORMANCE and _PERIOD.search(text):
            return replace(earlier, text=text)
    looks = _looks(text)
    near = len(text.split()) <= SHORT or _REFERS.search(text) or _GOES_ON.match(text)
    if looks and near and earlier.intent in _SUBJECT and (household or account) and not _named(text):
        return Wish(looks, text, household=household, account=None if household else account)
    return None


def _corrected(text: str, earlier: Wish) -> Wish | None:
    """The question before, about whom she meant; a draft she words anew. None: no correction."""
    found = _CORRECTION.match(text)
    if found is None or len(text.split()) > MOST_ANSWERED or earlier.intent not in _SUBJECT:
        return None
    if earlier.intent in ABOUT and earlier.intent not in DRAFTS and _named(found["rest"]):
        return _about_another(found["rest"], earlier, _subject(earlier)[0])
    named = _named(found["rest"])
    return Wish(Intent.UNCLEAR, text, says=AGAIN) if named or _OTHER.search(text) else None


def _named(text: str) -> bool:
    return bool(words.household(text) or words.account(text))


def _about_another(text: str, earlier: Wish, household: str | None) -> Wish:
    """The same question about whom she names now; a kind of account alone is the same household's."""
    account = words.account(text)
    kind_alone = bool(account) and account in words.KINDS | {k.upper() for k in words.KINDS} | {
        "Roth",
        "Trust",
    }
    named = household if kind_alone else words.household(text)
    asked = f"{earlier.text.rstrip(' .?!')} {text}" if earlier.intent in _WORDED else text
    return replace(
        earlier, text=asked, household=None if account and not kind_alone else named, account=account
    )


_WORDED: Final = frozenset({Intent.RISK, Intent.HOLDINGS, Intent.CASH, Intent.TAXES, Intent.CONCENTRATION})


def _of_the_draft(text: str, household: str | None, account: str | None) -> Wish | None:
    """A question about what was drafted just now."""
    if _UNDOES.match(text):
        return Wish(
            Intent.UNCLEAR,
            text,
            says=NO_CANCEL,
        )
    short = len(text.split()) <= 2 * SHORT
    asks = _WHY.search(text) or _STANDS.search(text) or _OTHER_WAYS.search(text)
    if short and (asks or (_OF_IT.search(text) and p.ASKS_WHAT.search(text))) and not _named(text):
        return Wish(Intent.STATUS, text, household=household, account=None if household else account)
    return None


def _changed(text: str, before: Change) -> Change | None:
    """Another number of shares, or the other side, of the same security."""
    found = _SHARES.search(text)
    if found is None or words.tickers(text) or words.household(text):
        return None
    side = "sell" if _SELLING.search(text) else "buy" if _BUYING.search(text) else before.side
    return Change(side, found[1], before.symbol)


def _to_write(earlier: Wish, household: str | None, account: str | None) -> str:
    """What she would have to write for it. Nobody is named whom she did not name."""
    if earlier.intent in TOLD_OF:
        return (
            "It is drafted; nothing goes on until you submit it yourself, under Proposals or with /submit, "
            "and a principal approves it."
        )
    says = "I draft only what you say in so many words"
    line = _line(earlier, account, account or (words.whole(household) if household else None))
    return f'{says}. For it write: "{line}".' if line else f"{says}: what, how much, and in which account."


def _line(earlier: Wish, account: str | None, who: str | None) -> str | None:
    one = earlier.change
    if earlier.intent is Intent.WHAT_IF and one:
        return f"{one.side} {one.quantity} {one.symbol} in {account}" if account else None
    if earlier.intent is Intent.CASH:
        return f"raise $20,000 in {account}" if account else None
    if who is None:
        return None
    return f"harvest losses for {who}" if earlier.intent is Intent.TAXES else f"rebalance {who}"
