"""Personal data by its form: what its own digits and letters tell, or the words before it.

Rule 1: what has a check digit is asked for it; what has none needs a form of its own, or words that name it.
Rule 2: a figure is never taken for a person's: amounts, shares, business dates and our references stay.
Sources: ISO/IEC 7812-1 (Luhn), ISO 13616 (IBAN, mod 97), SSA (the form of a number), NANP and E.164 (phones).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from agents.masking.places import PLACES, REST

LONGEST_NUMBER: Final = 15  # digits of a telephone number (E.164)


@dataclass(frozen=True, slots=True)
class Personal:
    kind: str
    start: int
    end: int


def luhn(text: str) -> bool:
    """Whether the digits carry a card's check digit."""
    digits = [int(sign) for sign in reversed(text) if sign.isdecimal()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return len(digits) >= 12 and (sum(digits[::2]) + sum(doubled)) % 10 == 0 and len(set(digits)) > 1


def iban(text: str) -> bool:
    """Whether it carries an IBAN's check digits."""
    bare = re.sub(r"[\s-]", "", text).upper()
    if not 15 <= len(bare) <= 34:
        return False
    return int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1


def _phone(text: str) -> bool:
    return 7 <= sum(sign.isdecimal() for sign in text) <= LONGEST_NUMBER


def _number(text: str) -> bool:
    return sum(sign.isdecimal() for sign in text) >= 6 and not re.fullmatch(
        r"(?i)(?:acc|hh|prp|gh)-\w+", text
    )


def _always(text: str) -> bool:
    return bool(text)


_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DATE: Final = (
    rf"(?:\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}"
    rf"|\d{{1,2}}\s+{_MONTH},?\s+\d{{4}})"
)
_STREET: Final = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Place|Terrace|Ter"
    r"|Circle|Cir|Highway"
    r"|Hwy|Parkway|Pkwy|Square|Sq|Trail|Loop|Alley|Crescent|Close)\b\.?"
)
_UNIT: Final = r"(?:,?\s+(?:Apt|Apartment|Suite|Ste|Unit|Floor|Fl|#)\.?\s*#?\w{1,6})"
_TOWN: Final = r"(?:,?\s+[A-Z][\w.' -]{1,30},?\s+[A-Z]{2}\s+\d{5}(?:-\d{4})?)"
_TELLS_PHONE: Final = (
    r"(?i:\b(?:phone|tel(?:ephone)?|mobile|cell|fax|whatsapp)(?:\s+(?:number|no\.?))?(?:\s+is)?\s*[:.#]?\s*"
    r"|\b(?:call(?:ed|ing)?|reach|text|dial|ring|answering|messages?|contact)\s+(?:\w+\s+){0,2}(?:at"
    r"|on|to)\s+)"
)
_FORMS: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]] = tuple(
    (kind, re.compile(form), holds)
    for kind, form, holds in (
        ("EMAIL", r"(?<![\w.+-])[\w.+'-]{1,64}@(?:[\w-]+\.)+[A-Za-z]{2,24}\b", _always),
        ("IBAN", r"\b(?=[A-Za-z]{2}\d{2})[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{2,4}){3,8}\b", iban),
        ("IBAN", r"\b[A-Z]{2}\d{2}(?=(?:[A-Z]*\d){10})[A-Z0-9]{14,30}\b", _always),
        ("IBAN", r"(?i:\biban(?:\s+is)?\s*[:#]?\s*)(?P<part>[A-Za-z]{2}\d{2}[A-Za-z0-9]{11,30})\b", _always),
        ("SSN", r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])", _always),
        (
            "SSN",
            (
                r"(?i:\b(?:ssn|social security(?: number)?|itin|tax id|tin)(?:\s+is)?\s*[:#]?\s*"
                r")(?P<part>\d{3}[- ]?\d{2}[- ]?\d{4})\b"
            ),
            _always,
        ),
        ("CARD", r"(?<![\w.,$-])\d(?:[ -]?\d){11,18}(?![\w-]|[.,]\d)", luhn),
        (
            "CARD",
            (
                r"(?i:\b(?:card|cc|visa|mastercard|amex)(?:\s+(?:number"
                r"|no\.?))?(?:\s+is)?\s*[:#]?\s*)(?P<part>\d(?:[ -]?\d){11,18})\b"
            ),
            _always,
        ),
        (
            "PHONE",
            r"(?<![\w.$])\+\d{1,3}[\s.-]?(?:\(?\d{1,4}\)?[\s.-]?){2,5}\d{2,4}(?:\s?(?:x|ext\.?)\s?\d{1,6})?\b(?!\s?%)",
            _phone,
        ),
        ("PHONE", r"(?<![\w.,$-])00\d{1,3}[ .-]\d{2,4}[ .-]\d{3}[ .-]\d{3,4}(?:x\d{1,6})?\b", _phone),
        ("PHONE", r"(?<![\w.$-])0\d{2,4}[ -]\d{3}[ -]\d{3,4}(?![\w-]|[.,]\d)", _phone),
        ("PHONE", r"(?<!\w)\(\d{3}\)\d{3}-\d{4}(?:x\d{1,6})?(?!\w|[.,]\d)", _phone),
        (
            "PHONE",
            (
                r"(?<![\w.$(])(?:1[-. ])?\(?[2-9]\d{2}\)?[-. ]\s?\d{3}[-. ]\d{4}(?:\s?(?:x"
                r"|ext\.?)\s?\d{1,6})?(?![\w-]|[.,]\d)"
            ),
            _phone,
        ),
        ("PHONE", r"(?<!\w)\(\d{2,4}\)\s?\d{3}[-. ]\d{3,4}(?:[-. ]\d{2,4})?(?!\w|-\d|[.,]\d)", _phone),
        ("PHONE", rf"{_TELLS_PHONE}(?P<part>[+(]?\d[\d\s().-]{{5,18}}\d)", _phone),
        ("PHONE", r"(?P<part>\+?\(?\d[\d ().-]{5,18}\d)\s+(?i:office|fax|mobile|cell|home)\b", _phone),
        (
            "BIRTH",
            (
                rf"(?i:\b(?:born(?:\s+on|\s+in)?|d\.?o\.?b\.?|date of birth|birth\s?date|birthday"
                rf")(?:\s+is)?\s*[:,]?\s*(?:on\s+)?)(?P<part>{_DATE})"
            ),
            _always,
        ),
        (
            "ADDRESS",
            (
                rf"(?<![\w.,$-])"
                rf"\d{{1,6}}(?:\s+[NSEW]\.?)"
                rf"?(?:\s+[A-Z0-9][\w.'’-]*){{1,4}}\s+{_STREET}{_UNIT}?(?:{_TOWN}|{REST})"
            ),
            _always,
        ),
        *(("ADDRESS", place, _always) for place in PLACES),
        ("ADDRESS", r"(?i:\bP\.?\s?O\.?\s+Box\s+\d{1,6})", _always),
        (
            "ADDRESS",
            (
                r"(?i:\b(?:lives?|living|reside[sd]?|residing|moved)\s+(?:at|to)\s+|\b(?:home"
                r"|mailing|billing|shipping|new)\s+address(?:\s+is)?\s*:?\s*"
                r")(?P<part>(?=[^\n.;]{0,60}\d)[A-Z0-9][^\n.;]{4,80})"
            ),
            _always,
        ),
        (
            "ACCOUNT",
            (
                r"(?i:\b(?:account|acct|a/c|routing|aba|policy|member(?:ship)?|passport"
                r"|licen[cs]e|license)(?:\s+(?:number|num|no\.?|id))?(?:\s+is)?\s*[:#]?\s*"
                r")(?P<part>[A-Z0-9][A-Z0-9-]{5,24})\b(?![.,]\d)"
            ),
            _number,
        ),
        (
            "ADDRESS_IP",
            (
                r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d"
                r")(?![\w.]\d?)"
            ),
            _always,
        ),
    )
)


def personal(text: str) -> Iterator[Personal]:
    """Each piece of personal data, in order; of two that overlap, the one found by the earlier form."""
    taken: list[Personal] = []
    for kind, form, holds in _FORMS:
        for found in form.finditer(text):
            part = "part" if "part" in form.groupindex and found["part"] else 0
            start, end = found.span(part)
            if holds(found[part]) and all(end <= one.start or start >= one.end for one in taken):
                taken.append(Personal(kind, start, end))
    yield from sorted(taken, key=lambda one: one.start)
