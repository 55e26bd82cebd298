"""Text in a document that speaks to an assistant rather than to a reader.

Rule 1: finding it changes nothing that the product does: no document can choose or order anything. It is
    found so that the advisor is told.
Rule 2: read as an eye reads it, and also as it was hidden: invisible and look-alike letters, base64,
    hexadecimal, turned or spaced letters.
Rule 3: filings and notes are full of "shall" and "must": what counts is a sentence that begins with an order,
    asks for an answer, speaks of one, or is code.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from agents.plain import seen

LONGEST: Final = 20_000  # characters of one passage; a passage is cut at 1,200
DEEPEST: Final = 2  # encodings inside encodings

_ANSWER: Final = (
    r"(?:response|answers?|reply|replies|output|message|summary|completion|solution|implementation"
    r"|codebase|code"
    r"|algorithm|text|email|report)"
)
_OVERRIDE: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|skip|drop)\b.{0,60}\b(?:rules?|instructions?"
    r"|limits?|prompts?|checks?"
    r"|guidelines?|above|everything|previous|prior|earlier|policy|policies|context|orders?)\b"
    r"|\b(?:approve|submit|release) (?:it|this|the (?:proposal|trade|order))\b"
    r"|\b(?:sell|buy|liquidate) (?:everything|all)\b"
    r"|\b(?:AI|assistant|language model|LLM|copilot|chatbot|agent|GPT|Claude)s?\b.{0,20}"
    r"\b(?:must|should|shall|please|reading this|ignore)\b"
    r"|\b(?:you are|act as|pretend to be|behave as|roleplay as) (?:now )?(?:an? |the )?(?:\w+ ){0,2}"
    r"(?:AI|assistant|model|agent|chatbot|DAN|jailbroken|unrestricted|developer mode|hacker"
    r"|maintenance mode)\b"
    r"|\b(?:system|developer|initial|hidden) (?:prompt|message|instructions?)\b|\bnew instructions?\b\s*[:;]"
    r"|<\|?(?:im_start|im_end|system|endoftext|assistant|user)\|?>|\[/?INST\]|<</?SYS>>"
    r"|^\s*(?:#+\s*)?(?:system|assistant|instructions?|user|human)\s*:",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_YOURS: Final = re.compile(
    rf"\byour\s+(?:final\s+|next\s+|entire\s+)?{_ANSWER}\b|\b(?:in|to|of|into|with) the (?:response"
    rf"|answer|reply)\b",
    re.I,
)
_TASK: Final = re.compile(
    r"^(?:please\s+|kindly\s+|now\s+|to proceed,\s+|next,\s+|first,\s+|also,\s+)*"
    r"(?:write|explain|describe|provide|compose|develop|draft|translate|summari[sz]e|tell|show|give"
    r"|list|generate|create"
    r"|make|break\s+down|outline|define|calculate|solve|repeat|print|output|reveal|display|say"
    r"|answer|reply|respond"
    r"|introduce|scramble|jumble|rearrange|anagram|misspell|remove|group|combine|replace|substitute"
    r"|convert|render|use"
    r"|include|add|integrate|modify|augment|enhance|incorporate|insert|inject|embed|append|blend"
    r"|fuse|merge|weave|infuse"
    r"|meld|assimilate|absorb|adopt|engage|utili[sz]e|ensure|execute|run|interweave|harmoni[sz]e|let"
    r"|consider|recommend"
    r"|suggest|encourage|emphasi[sz]e|highlight|promote|invite|mention|visit|download|open|send"
    r"|forward|email|call"
    r"|fetch|copy|paste|install|transfer|pay|encode|decode|pretend|imagine|act)\s+"
    r"(?:me|us|it|them|him|her|a|an|the|this|that|these|those|any|all|every|each|your|my|out|in|with"
    r"|for|on|to|up|some"
    r"|random|commonly|alphanumeric|homophonic|anagrams?|letters?|vowels?|spaces|symbols|numbers"
    r"|words|\"|'|`|how|what"
    r"|why|who|whether|if|and|users?|readers?|people|together|seamlessly)\b",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(
    r"^(?:(?:so|and|now|please|also),?\s+)*(?:can|could|would|will|do|did)\s+you\s+\w+|^how\s+(?:do"
    r"|can|to|does|would)\s"
    r"(?:i|you|we|one|solar|[a-z]+)\b|^(?:what(?:['’]s|\s+(?:is|are|were|was|does))|who\s+(?:wrote"
    r"|is|was)|why\s+(?:is|do|are))\b",
    re.IGNORECASE,
)
_READERS: Final = re.compile(
    r"\b(?:users?|readers?|customers?|visitors?|people)\s+(?:must|should)\s+(?:click|visit|download"
    r"|share|vote|join|install"
    r"|open|subscribe|reach|call|buy|follow)\b|\bclick(?:ing)?\s+(?:here|the link|this link|on this)\b"
    r"|\b(?:check out|visit|go to)\s+(?:this|the|our)\s+(?:link|site|website|page)\b"
    r"|\bdownload\s+(?:this|the|our)\b",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    r"```|^\s*(?:import|from)\s+\w[\w., ]*(?:\s+import\b.*)?$|\b(?:os\.system|subprocess\."
    r"|requests\.(?:get|post)|eval\(|exec\("
    r"|urllib|document\.cookie|rm -rf|curl -|wget |powershell|cmd\.exe|/etc/passwd|sudo )"
    r"|<\s*(?:script|iframe|img|svg|object)\b"
    r"|\bon(?:error|load|click|mouseover)\s*=|javascript:|\bSELECT\b.+\bFROM\b.+\bWHERE\b"
    r"|DROP\s+TABLE|<!--|display\s*:\s*none"
    r"|font-size\s*:\s*0|color\s*:\s*(?:white|#fff(?:fff)?)\b",
    re.IGNORECASE | re.MULTILINE,
)
_HIDDEN: Final = re.compile(
    "[\U000e0000-\U000e007f]|[\u200b-\u200f\u2060-\u2064\ufeff\u00ad]{3,}|[\u202a-\u202e\u2066-\u2069]"
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}|(?:\\w[\u200b-\u200d\u2060\ufeff\u00ad]){3,}"
)
_BASE64: Final = re.compile(r"(?<![\w+/])[A-Za-z0-9+/_-]{20,}={0,2}(?![\w+/])")
_HEX: Final = re.compile(r"(?<!\w)(?:[0-9a-f]{2}[\s:]?){16,}(?!\w)", re.IGNORECASE)
_SPACED: Final = re.compile(r"\b(?:\w[ .\-_*]){6,}\w\b")
_SENTENCE: Final = re.compile(r"(?<=[.!?:])\s+|\n+")
_LOOKALIKES: Final = str.maketrans(
    "аеорсухіјѕԁһӏոԛԝАВЕКМНОРСТХΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανρі", "aeopcyxijsdhlnqwABEKMHOPCTXABEZHIKMNOPTYXoavpi"
)
_URLSAFE: Final = str.maketrans("+/", "-_")
_LEET: Final = str.maketrans("013457@$", "oieastas")


def addressed(text: str, *, depth: int = 0) -> str | None:
    """What makes it addressed to software, in words; None: nothing does."""
    text = text[:LONGEST]
    if _HIDDEN.search(text):
        return "characters that nobody sees"
    read = seen(text).translate(_LOOKALIKES)
    if _OVERRIDE.search(read):
        return "orders to an assistant"
    if _CODE.search(read):
        return "code"
    if any(_speaks(sentence.strip(" -*•>\"'“”[]()")) for sentence in _SENTENCE.split(read)):
        return "a request to whoever answers"
    if depth < DEEPEST and any(_orders(one, depth + 1) for one in _unhidden(read)):
        return "encoded text"
    return None


def _orders(text: str, depth: int) -> bool:
    found = addressed(text, depth=depth)
    return found is not None and found != "characters that nobody sees"


def _speaks(sentence: str) -> bool:
    if not sentence:
        return False
    if (sentence[:1].isupper() and _TASK.match(sentence)) or _READERS.search(sentence):
        return True
    if sentence.endswith("?") or _ASKS.match(sentence):
        return bool(_ASKS.match(sentence)) and (sentence.endswith("?") or len(sentence) < 160)
    return bool(_YOURS.search(sentence) and sentence[:1].isupper())


def _unhidden(text: str) -> Iterator[str]:
    """What may have been written so that only software reads it."""
    for found in _BASE64.finditer(text):
        yield from _decoded(partial(base64.urlsafe_b64decode, found[0].translate(_URLSAFE) + "=="))
    for found in _HEX.finditer(text):
        yield from _decoded(partial(bytes.fromhex, re.sub(r"[\s:]", "", found[0])))
    for found in _SPACED.finditer(text):
        yield re.sub(r"[ .\-_*]", "", found[0])
    turned = codecs.decode(text, "rot13")
    if _OVERRIDE.search(turned):
        yield turned
    if _OVERRIDE.search(text[::-1]):
        yield text[::-1]
    plain = text.translate(_LEET)
    if plain != text and _OVERRIDE.search(plain):
        yield plain


def _decoded(opens: Callable[[], bytes]) -> Iterator[str]:
    try:
        box = opens()
    except (binascii.Error, ValueError):
        return
    text = box.decode("utf-8", errors="replace")
    if len(text) >= 8 and sum(sign.isprintable() and sign != "\ufffd" for sign in text) / len(text) > 0.9:
        yield text
