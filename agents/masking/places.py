"""How addresses are written where a street has no "Street": house numbers behind names, units, towns, codes.

    3482 Via Franscini 71, Suite 838, Lugano, Switzerland 62488
    6750 Koskikatu 25 Apt. 864

Rule 1: a place is one by a word for a street, or by a flat's number behind a house's; a name alone is none.
Rule 2: what follows it up to a postal code or a country belongs to it.
Sources: Universal Postal Union, addressing of the member countries (order of street, house and locality).
"""

from __future__ import annotations

from typing import Final

_NAME: Final = r"[^\W\d_][\w.'’-]*"  # of any script; capitals where a rule wants them
_CAPITAL: Final = r"(?:(?:[A-ZÀ-ÖØ-ÞŁČŠŽĐΑ-ΩА-Я]|\d{1,4}\s+[A-Z])[\w.'’-]*)"
_SMALL: Final = r"(?:(?:de|das|di|dei|del|della|da|do|dos|du|des|la|le|las|los|van|von|der|den)\s+)"
_ENDING: Final = (
    r"(?:katu|tie|kuja|vej|gade|gata|str[aæ]e?ti|stræde|strasse|straße|gasse|vegur|braut|weg|graben|straat"
    r"|laan|stien|vägen|gatan|allee|platz|ulica|baan|krogen|rodda)"
)
_BEFORE: Final = (
    r"(?:Rua|Rue|Via|Viale|Calle|Paseo|Plaza|Pra[çc]a|Piazza|Avenida|Av|ul|Strada|Chemin|Corso|Largo|Camino"
    r"|Carrer|Leof[oó]ros|Λεωφόρος|Avenue|Boulevard)\.?"
)
_BEHIND: Final = r"(?:u|út|utca|tér|rkp|str|kapu|sok|cad|terrasse|nam|tee)\.?"
_HOUSE: Final = r"\d{1,5}[a-z]?\b\.?"
_FLAT: Final = r"(?:Apt|Apartment|Suite|Ste|Unit|Flat)\.?\s*#?\d{1,5}[A-Z]?\b"
_BREAK: Final = r"[\s,>?]+"
_COUNTRY: Final = (
    r"(?:Austria|Australia|Belgium|Brazil|Canada|Croatia|Cyprus(?: \(Greek\))?|Czech(?:ia| Republic)|Denmark"
    r"|Estonia|Finland|France|Germany|Greece|Greenland(?:er)?|Hungary|Iceland|Ireland|Italy|Netherlands"
    r"|New Zealand|Norway"
    r"|Poland|Portugal|Slovenia|South Africa|Spain|Sweden|Switzerland|Tunisia|United Kingdom|Uruguay|Vietnam)"
)
_LOCALITY: Final = rf"(?:{_BREAK}{_NAME}(?:[ '’()-]+{_NAME}\)?){{0,4}})"
REST: Final = (
    rf"(?:{_BREAK}{_FLAT}){{0,2}}"
    rf"(?:{_LOCALITY}{{0,3}}?{_BREAK}(?:{_COUNTRY}(?:\s+\d{{4,6}}\b)?|(?:[A-Z]{{2}}|nan|\d{{2}}){_BREAK}\d{{4,6}}\b))?"
)
_LEAD: Final = r"(?<![\w.,$%-])(?:\d{1,6}\s+)?"
PLACES: Final = (
    rf"{_LEAD}(?:{_CAPITAL}\s+){{0,3}}[^\W\d_]+{_ENDING}\s+{_HOUSE}{REST}",
    rf"{_LEAD}\b{_BEFORE}(?:\s+{_SMALL}*{_CAPITAL}){{1,4}}\s+{_HOUSE}{REST}",
    rf"{_LEAD}(?:{_CAPITAL}\s+){{1,3}}{_BEHIND}\s+{_HOUSE}{REST}",
    rf"(?<![\w.,$%-])\d{{1,6}}\s+(?:{_CAPITAL}\s+){{1,5}}(?:{_HOUSE}(?=,|\s))?{_BREAK}?{_FLAT}{REST}",
    (
        rf"(?<![\w.,$%-])\d{{1,6}}\s+(?:{_CAPITAL}\s+){{1,4}}{_HOUSE}(?:{_LOCALITY}{{1,3}}?{_BREAK}(?:{_COUNTRY}"
        rf"(?:\s+\d{{4,6}}\b)?|(?:[A-Z]{{2}}|nan){_BREAK}\d{{5,6}}\b))"
    ),
    r"(?i:\b(?:PSC|Unit|CMR)\s+\d{2,5},?\s+Box\s+\d{1,6}(?:\s+(?:APO|FPO|DPO)\s+A[AEP]\s+\d{5})?)",
    (
        rf"\b(?:the )?corner of (?:\d{{1,5}} )?(?:{_CAPITAL}\s+)+(?:\d{{1,4}}\.?\s+)?(?:St\.? |str )?"
        rf"and (?:{_CAPITAL} ?)+"
    ),
)
