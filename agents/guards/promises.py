"""Promises, predictions and praise that no answer or draft may carry, found by rule and named.

Rule 1: a promise, a prediction or a testimonial is taken out, and its place says what it was and which rule
    forbids it. A recommendation stays, and is marked: it needs its basis and its conflicts beside it.
Rule 2: a warning is not a promise: "does not guarantee" passes.
Rule 3: a document's own words are the document's: quoted with their source, a forecast in them is marked.
Sources: FINRA Rules 2150(b) and 2210(d)(1)(A), (B) and (F), 2210(d)(6); 17 CFR 275.206(4)-1(b)(1);
    17 CFR 240.15l-1(a)(2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Disallowed:
    """One kind of thing that may not be said. `stays`: it is marked, and not taken out."""

    code: str
    says: str
    rule: str
    pattern: re.Pattern[str]
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Spotted:
    what: Disallowed
    start: int
    end: int


def _rule(code: str, says: str, rule: str, *forms: str, stays: bool = False) -> Disallowed:
    return Disallowed(code, says, rule, re.compile("|".join(f"(?:{form})" for form in forms), re.I), stays)


_RESULT: Final = r"(?:returns?|profits?|gains?|income|yields?|performance|results?|principal|growth|upside)"
_THING: Final = (
    r"(?:(?:the|this|that|these|your|our|its)\s+)?(?:[A-Z]{2,5}|stocks?|shares?|funds?|portfolio"
    r"|market|markets"
    r"|investments?|position|price|equities|bonds?|it|they|which|value|account|strategy)"
)
_RISES: Final = (
    r"(?:rise|rising|go(?:ing)?\s+up|outperform\w*|beat|double|triple|climb|recover|rebound|soar"
    r"|surge|appreciate"
    r"|skyrocket|rally|gain|grow|return\s+(?:at\s+least\s+|about\s+|around\s+)?\d|deliver|earn"
    r"|keep\s+(?:rising|growing))"
)
DISALLOWED: Final = (
    _rule(
        "guarantee",
        "a guarantee of performance or against loss",
        "FINRA Rule 2150(b)",
        rf"(?<!not )(?<!no )(?<!cannot )(?<!never )guarantee(?:s|d|ing)?\b(?!\s+(?:by|senior|notes?"
        rf"|obligations?|debt))"
        rf"[^.;]{{0,40}}\b{_RESULT}\b",
        rf"\b{_RESULT}\b[^.;]{{0,25}}\b(?:is|are|be)\s+(?:\w+\s+)?(?<!not )guaranteed\b",
        r"\b(?:can\s?not|can['’]t|could\s+not|never|won['’]t|will\s+not"
        r"|impossible\s+to)\s+(?:possibly\s+|ever\s+)?"
        r"(?:lose|lost|go\s+(?:down|wrong)|fail|fall)\b(?!\s+(?:by|under|within|below))",
        r"\b(?:risk[-\s]?free|riskless)\b(?!\s+(?:interest\s+)?rates?|\s+(?:yield|return\s+rate"
        r"|discount|benchmark))"
        r"(?=[^.;]*\b(?:investment|way|trade|return|profit|money|bet|gain)|[.!,]|$)",
        r"\b(?:no|zero|without(?:\s+any)?)\s+(?:down\s?side\s+)?risk\b(?!\s+(?:of|that|factors?|management))",
        r"\b(?:sure\s+thing|safe\s+bet|sure[-\s]?fire|can['’]?t[-\s]miss|cannot\s+miss|fool[-\s]?proof)\b",
        rf"\bpromis(?:e|es|ed)\s+(?:you\s+|a\s+|an\s+|of\s+)?(?:[\d.]+\s?%\s+)?{_RESULT}",
        r"\b(?:your|the)\s+(?:money|principal|capital)\s+is\s+(?:completely\s+|totally\s+"
        r"|100\s?%\s+)?(?:safe|protected)\b",
    ),
    _rule(
        "prediction",
        "a prediction of performance",
        "FINRA Rule 2210(d)(1)(F)",
        rf"\b{_THING}\s+(?:will|shall|['’]ll|is\s+(?:certain|sure|bound|destined|guaranteed"
        rf"|going)\s+to|are\s+"
        rf"(?:certain|sure|bound|destined|going)\s+to)\s+(?:certainly\s+|surely\s+|definitely\s+|likely\s+"
        rf"|probably\s+|soon\s+)?(?:continue\s+to\s+)?{_RISES}",
        r"\byou(?:\s+will|['’]ll|\s+are\s+(?:going|certain|sure)\s+to)\s+(?:\w+\s+)?(?:earn|make"
        r"|gain|profit|double|beat)\b",
        rf"\b(?:expect|expects|anticipate|forecast|project"
        rf"|predict)s?\s+(?:\w+\s+){{0,4}}{_THING}\s+to\s+{_RISES}",
        rf"\b{_THING}\s+(?:is|are)\s+(?:expected|projected|forecast|set|poised|likely"
        rf"|predicted)\s+to\s+{_RISES}",
        r"\bpast\s+(?:performance|returns|results)\b[^.;]{0,30}\b(?:will|shall|is\s+going\s+to"
        r"|tends?\s+to)\s+(?!not)"
        r"(?:repeat|recur|continue|hold|persist)",
        r"\bhas\s+always\s+(?:recovered|risen|gone\s+up|outperformed|bounced)",
    ),
    _rule(
        "exaggeration",
        "an exaggerated claim",
        "FINRA Rule 2210(d)(1)(B)",
        r"\b(?:no[-\s]brainer|once[-\s]in[-\s]a[-\s]lifetime|to\s+the\s+moon|get\s+rich|easy\s+money"
        r"|free\s+money)\b",
        r"\bbest\s+(?:investment|stock|fund|opportunity)\s+(?:ever|you|of\s+all|in\s+the\s+world"
        r"|money\s+can)",
        r"\b(?:unbeatable|unrivall?ed|unlimited)\s+(?:returns?|profits?|upside|performance|gains?)",
    ),
    _rule(
        "testimonial",
        "a testimonial without its disclosures",
        "17 CFR 275.206(4)-1(b)(1), FINRA Rule 2210(d)(6)",
        r"\b(?:our|my|other|another|many|most|happy|satisfied|fellow)\s+(?:\w+\s+)?clients?\s+(?:\w+\s+)?"
        r"(?:love[sd]?|say|says|said|praised?|rave[sd]?|recommend(?:s|ed)?|thank(?:s|ed)?|made|earned)\b",
        r"\b(?:clients?|customers?|investors?)\s+(?:rate|rated|rates)\s+(?:us|our|me|the\s+firm)\b",
        r"\bas\s+(?:one|a)\s+(?:happy\s+|satisfied\s+|delighted\s+)?(?:client|customer)\s+(?:put"
        r"|said|told|wrote)",
        r"\b(?:five|5)[-\s]star\s+(?:advisor|adviser|firm|service|review)",
    ),
    _rule(
        "recommendation",
        "a recommendation: say its basis, costs and conflicts",
        "17 CFR 240.15l-1(a)(2)",
        r"\b(?:I|we|the\s+firm)\s+(?:strongly\s+|highly\s+)?(?:recommend|advise"
        r"|urge)\s+(?:that\s+)?(?:you\s+)?\w+",
        r"\byou\s+(?:should|must|ought\s+to|need\s+to)\s+(?:\w+\s+)?(?:buy|sell|hold|invest|purchase"
        r"|exit|switch)\b",
        r"\b(?:strong\s+buy|must[-\s](?:own|buy)|buy\s+now|sell\s+now|act\s+now|don['’]t\s+miss)\b",
        stays=True,
    ),
)
_WARNS: Final = re.compile(
    r"\b(?:no|not|never|cannot|can['’]t|without|nor|neither|nobody|isn['’]t|aren['’]t"
    r"|doesn['’]t)\s+(?:\w+\s+){0,3}"
    r"(?:guarante|indicat|predict|assur|promis|imply|necessarily)|\bno\s+assurance|\bmay\s+(?:not|lose)",
    re.IGNORECASE,
)


def spotted(sentence: str) -> Iterator[Spotted]:
    """What a sentence may not say, in the order of the rules."""
    if _WARNS.search(sentence):
        return
    for what in DISALLOWED:
        found = what.pattern.search(sentence)
        if found:
            yield Spotted(what, found.start(), found.end())


def allowed(sentence: str, *, quoted: bool = False) -> str:
    """The sentence as it may be read: whole, marked, or its place with the reason."""
    found = next(spotted(sentence), None)
    if found is None:
        return sentence
    what = found.what
    if quoted and what.code == "prediction":
        return f"{sentence} (the document's own forecast)"
    if what.stays:
        return f"{sentence} ({what.says})"
    head = re.match(r"\s*(?:[-*•]\s+|\d{1,2}[.)]\s+)?", sentence)
    return f"{head[0] if head else ''}Taken out: {what.says}, {what.rule}."
