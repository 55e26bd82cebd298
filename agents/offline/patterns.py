"""What each wish sounds like: one pattern an intent, of words that advisors use for it.

Rule 1: a pattern is general: it names no client, no security and no sentence that was ever tested.
Rule 2: the costly mistake is a draft that nobody asked for. Patterns of trades ask for a word of doing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final


def rule(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in alternatives), re.IGNORECASE)


HOSTILE: Final = rule(
    r"\b(?:ignore|disregard|forget|override|bypass|circumvent|skip|evade|disable|turn off)\b.{0,40}"
    r"\b(?:rules?|instructions?|prompts?|limits?|compliance|principal|approvals?|checks?|polic(?:y|ies)"
    r"|gate|risk)\b",
    r"\bwithout (?:any |an? |the )?(?:approvals?|consent|principal|asking|review|submission)\b",
    r"\b(?:pretend|act as if|role-?play|impersonate)\b|\byou are now\b|\bfrom now on you\b",
    r"\b(?:developer|debug|god|jailbreak|admin) mode\b",
    r"\b(?:system prompt|your (?:instructions|prompt|rules))\b",
    r"\bapprove (?:it|this|that|them|everything)? ?(?:yourself|for me|on (?:his|her|their) behalf)\b",
    r"\bapprove (?:everything|them all|all of (?:it|them))\b",
    r"\b(?:sell|liquidate|dump) (?:everything|it all|all (?:positions|holdings|accounts))\b",
    r"\b(?:delete|erase|rewrite|alter|change|edit)\b.{0,20}\b(?:records?|journal|log|audit trail"
    r"|history)\b",
)
POLITE: Final = (
    r"^\W*(?:please |now |can you |could you |would you |go ahead and |just |ok |okay |so |then |also |and "
    r"|i'?d like (?:you )?to |let'?s |i want to |you can )*"
)
DECISION: Final = rule(
    POLITE + r"(?:approve|submit|release|send|execute|route|consent|decline|withdraw|sign (?:it )?off)\b"
    r"(?! (?:an? |the |this )?(?:e-?mail|letter|note|message))",
    r"\b(?:record|note|log) (?:the |a |my |that )?.{0,30}\bconsent(?:ed|s)?\b",
    r"\b(?:raise|lift|increase|change|set) (?:my|the|our|their) (?:own )?(?:trading "
    r"|firm )?limits?\b(?! price)"
    r"(?!.{0,30}\border)(?! on )",
)
UNSUPPORTED: Final[Mapping[str, re.Pattern[str]]] = {
    "options": rule(
        r"\b(?:call|put) options?\b|\boptions? (?:on|contract|trad)\b|\b[A-Z]{2,5} (?:calls?|puts?)\b"
    ),
    "margin": rule(
        r"\b(?:on|use|using|with) margin\b|\bmargin (?:account|loan|call|debt)\b|\bcrypto|\bbitcoin\b"
        r"|\bfutures\b"
    ),
    "shorts": rule(POLITE + r"short\b|\bsell short\b|\bshort (?:sell|sale)\b|\bgo short\b"),
    "money": rule(
        r"\bwire\b|\btransfer\b.{0,12}(?:\$|\d|money|cash|funds)|\bsend (?:money|cash|\$)",
    ),
    "promises": rule(r"\bpromise\b|\bguarantee\b"),
    "letters": rule(
        r"\be-?mails?\b|\b(?:write|compose|draft|reply|send)\b.{0,40}\b(?:letter|note|message|memo)\b"
    ),
    "others": rule(r"\bother advisors?['’]?s?['’]? (?:clients|books?|households)\b"),
    "forecasts": rule(
        r"\bwill\b.{0,60}\bbe worth\b|\bprice target\b|\b(?:predict|forecast)\b|\bwill\b.{0,40}\b(?:go up"
        r"|go down|rise|fall)\b"
    ),
    "later": rule(
        r"\bfactor (?:exposure|model|loading)s?\b|\b(?:momentum|value|stock|technical) (?:scan|screen)\w*"
        r"|\bscreen (?:for|of)\b"
        r"|\bscanner\b|\b(?:performance )?attribution\b|\bmoving averages?\b"
    ),
    "past": rule(
        r"\b(?:was|were)\b.{0,40}\b(?:balance|worth)\b.{0,40}\b(?:on|as of|at|last|yesterday|in|ago)\b"
    ),
    "elsewhere": rule(r"\bpoem\b|\bflight\b"),
}
CHANGES: Final = (
    r"(?:change|amend|modify|move|raise|lower|cut|increase|reduce|bump|replace|update|adjust|make|set)"
)
LIVE: Final = r"(?:orders?|buys?|sells?|sales?|purchases?|trades?)"
REPLACE: Final = rule(
    rf"\b{CHANGES}\b.{{0,20}}\blimit(?: price)?\b.{{0,30}}\b(?:open|live|working|{LIVE})\b",
    rf"\b{CHANGES}\b.{{0,12}}\b(?:my|the|that|our)\b.{{0,20}}\border\b.{{0,20}}\b(?:with|to|into"
    rf"|be)?\b.{{0,12}}\d",
)
REMAINDER: Final = rule(
    r"\b(?:rest|remainder|remaining|unfilled|left ?over|left|balance)\b.{0,24}\b(?:order|buy|sell|sale"
    r"|purchase|trade|shares)\b",
    rf"\b{LIVE}\b.{{0,40}}\b(?:half|partly|partially|only)\b.{{0,20}}\bfill",
    r"\bpartial(?:ly)?[- ]fill|\bfilled (?:only )?(?:half|partly|partially|in part)\b|\bunfilled\b",
)
CANCEL: Final = rule(
    rf"\b(?:cancel|pull|stop|call off|kill|scrap)\b.{{0,40}}\b{LIVE}\b",
    r"\b(?:cancel|call off|scrap)\b(?! culture)",
)
ORDERS: Final = rule(
    r"\b(?:what|which|any|list|show|see|all|my|the) (?:me )?(?:of )?(?:my |our |the |are )*"
    r"(?:orders|trades)\b.{0,24}\b(?:open|out|working|live|unfilled|outstanding|pending)\b",
    r"\b(?:open|working|live|outstanding|pending) orders\b(?! for)",
    r"\b(?:list|show|see) (?:me )?(?:all )?(?:of )?(?:my |our |the )?orders\b",
)
PROPOSALS: Final = rule(
    r"\b(?:list|show|see|all|which|what|open|pending|any)\b.{0,24}\b(?:proposals|drafts)\b",
    r"\b(?:proposals|drafts)\b.{0,24}\b(?:open|waiting|pending|out)\b|^\W*(?:open|pending) (?:proposals"
    r"|drafts)\b",
    r"\bwait(?:s|ing)? (?:for|on) (?:me|my)\b(?!.{0,20}\bcall)",
    r"\b(?:anything|what|what's|what is)\b.{0,24}\b(?:sitting|stuck|still|waiting)\b.{0,12}\bwith\b",
    r"\bwhat(?:'s| is)? (?:else )?(?:is )?(?:still )?open\b",
)
_TRADE: Final = r"(?:proposal|orders?|trades?|rebalance|buy|sell|sale|purchase|shares|harvest)"
STATUS: Final = rule(
    r"\bprp-[0-9a-f]{32}\b",
    rf"\b(?:status|stands?|happened|happening|become|became|progress|news"
    rf"|update)\b.{{0,40}}\b(?:{_TRADE}|it)\b",
    rf"\b{_TRADE}\b.{{0,30}}\b(?:status|stand|stands|doing)\b",
    r"\b(?:has|have|was|were|is|did|are|how many)\b.{0,60}"
    r"\b(?:approved|submitted|released|filled|fill|executed|declined|denied|go(?:ne)? through"
    r"|done with my|signed off)\b",
    r"\bwaiting for (?:the |a )?(?:principal|approval|consent)\b",
)
REBALANCE: Final = rule(
    r"\bre-?balanc(?:e|es|ed|ing)\b",
    r"\bre-?align(?:ed|ing)?\b|\btrue (?:it |them |her |him )?up\b",
    r"\b(?:bring|get|put|move|take|set)\b.{0,60}\b(?:back )?(?:to|in|into|on|within|in line with) "
    r"(?:line|balance|tolerance|its|their|the|his|her|target|model)\b(?! (?:ira|roth|trust|account"
    r"|market|client|phone))"
    r"(?:(?= ?(?:with|$|[.,!?;]))|.{0,12}\b(?:model|target|allocation|band)s?\b|(?<=target)|(?<=model))",
    r"\b(?:bring|get|put|move|take)\b.{0,60}\bback (?:to|in|into|on|within)\b",
    r"\b(?:drift|drifted)\b.{0,20}\b(?:fix|correct|sort)\b|\b(?:fix|correct|sort)\b.{0,20}\bdrift",
)
WHAT_IF: Final = rule(
    r"\bwhat (?:if|happens if|would happen if|would it do|happens when)\b|\bhypothetical",
    r"\bif (?:we|i|she|he|they) (?:sold|bought|trimmed|added|sell|buy|trim|were to|unloaded)\b",
    r"\b(?:suppose|supposing|say|imagine|assume) (?:we|i|she|he|they)\b",
    r"\b(?:tax|hit|impact|effect|cost|consequences?)\b.{0,20}\b(?:of|if)\b.{0,12}\b(?:sell|buy"
    r"|trimm?)(?:ing)?\b",
)
TAXES: Final = rule(
    r"\b(?:gains?|loss(?:es)?)\b.{0,40}\breali[sz]ed?\b|\breali[sz]ed\b.{0,30}\b(?:gains?|loss(?:es)?)\b",
    r"\bharvestable\b|\b(?:which|what|any|how many|how much|have|has|see|show)\b.{0,30}\bloss(?:es)?\b",
    r"\b(?:un)?reali[sz]ed (?:gains?|loss(?:es)?)\b|\bcapital gains?\b|\bwash[- ]sales?\b",
    r"\btax (?:position|picture|situation|bill|status|losses)\b|\bgains and losses\b"
    r"|\bloss(?:es)?\b.{0,20}\bharvest",
    r"\b(?:sold|sell|selling) (?:it |them )?at a loss\b|\bbuy (?:it |them )?back\b",
    r"\b(?:long|short)[- ]term\b.{0,30}\b(?:short|long)[- ]term\b|\bwhat(?:'s| is) (?:long"
    r"|short)[- ]term\b",
)
PERFORMANCE: Final = rule(
    r"\bperform(?:ance|ed|ing)?\b|\breturned\b|\breturns?\b(?! (?:to|the call))|\bytd\b|\bbeat(?:ing)?\b",
    r"\bhow (?:has|have|did|are)\b.{0,60}\bdo(?:ne|ing)?\b.{0,30}\b(?:year|month|quarter|january|since"
    r"|ytd|so far)\b",
    r"\bhow (?:has|have|did)\b.{0,60}\bdo(?:ne)?\b",
)
SECTORS: Final = (
    r"(?:energy|tech(?:nology)?|financials?|health ?care|industrials?|utilities|staples"
    r"|discretionary stocks"
    r"|materials|real estate|banks?)"
)
EXPOSURE: Final = rule(
    r"\b(?:sector )?exposures?\b(?! with)|\bsectors?\b",
    rf"\b(?:how much|what(?:'s| is)|our|their|his|her)\b.{{0,12}}\b{SECTORS}\b",
    rf"\b{SECTORS} (?:weight|share|allocation|exposure)\b",
)
CONCENTRATION: Final = rule(
    r"\bconcentrat(?:ed|ion)\b|\bweighs? (?:the )?(?:most|heaviest)\b|\bheaviest\b",
    r"\btoo (?:big|large|much in)\b|\b(?:largest|biggest|top|single)\b.{0,14}"
    r"\b(?:names?|positions?|holdings?|stocks?|bets?)\b",
)
RISK: Final = rule(
    r"\bvalue at risk\b|\bVaR\b|\bexpected shortfall\b|\bstress(?: test)?\b|\brisk(?:y|s|iest)?\b",
    r"\b(?:how (?:bad|much)|what)\b.{0,40}\b(?:2008|crisis|covid|2020|crash)\b|\bbad (?:day|week|month)\b",
    r"\b(?:repeat|like|another|again)\b.{0,20}\b(?:2008|covid|2020|2022)\b|\bcould (?:\w+ ){1,4}lose\b",
)
WORKLIST: Final = rule(
    r"\bwho(?:se|m)?(?:['’]?s| is| should| do| does)?\b.{0,24}\b(?:needs?|call|up first|first|contact"
    r"|hear from|attention|most)\b",
    r"\bneeds? (?:my |me|attention|help|looking|doing|something|a call|chasing)\b.{0,30}$",
    r"\bwork ?list\b|\bto-?dos?\b|\bpriorit(?:y|ies)\b|\bmy plate\b|(?<!nothing )(?<!not )\burgent\b"
    r"|\bagenda\b|\brun-?down\b",
    r"\b(?:what|where) (?:should|do) i (?:work on|do|look at|start|begin|focus)\b|\bstart my (?:day"
    r"|morning)\b",
    r"\bwhich (?:of (?:my|our) )?(?:clients?|households?|accounts?|families)\b.{0,16}\b(?:should|needs?"
    r"|must|want|are waiting)\b",
    r"\b(?:anyone|anybody|anything|someone|something|any of my clients)\b.{0,24}"
    r"\b(?:need|let down|deal with|waiting|burning|on fire|urgent|forgot|forget|miss|overdue|due)",
    r"\bwhat(?:['’]s| is) (?:burning|pressing|on fire|overdue|due today|most important|hot)\b",
    r"\bmy (?:attention|time)\b.{0,30}\b(?:worth|most|first)\b",
)
DRIFT: Final = rule(
    r"\bdrift(?:ed|ing|s)?\b|\b(?:out of|in|within|outside)(?: of)?(?: (?:its|their|the))? (?:tolerance"
    r"|bands?|balance|line)\b",
    r"\b(?:off|on|from|vs\.?|versus|against) (?:its |their |her |his |the )?(?:models?|targets?)\b",
    r"\bhow far (?:off|out|away)\b|\bhow far\b.{0,40}\b(?:off|out|from)\b|\b(?:over"
    r"|under)[- ]?weights?(?:ed)?\b",
    r"\b(?:wander|stray|deviat)\w*|\bout of whack\b",
)
CASH: Final = rule(
    r"\bcash\b|\bwithdrawals?\b|\bnext fee\b|\bfees? due\b|\bliquidity\b|\bmoney (?:available|free)\b",
    r"\bRMDs?\b|\brequired minimum\b|\bdistributions?\b|\benough\b.{0,20}\b(?:fee|withdrawal|payment)\b",
    r"\bsettle(?:s|d)? in time\b|\blast trade date\b",
)
LOTS: Final = rule(r"\b(?:tax )?lots\b(?! of (?:loss|gain|cash|time|money|risk))")
HOLDINGS: Final = rule(
    r"\bholdings?\b|\bhold(?:s)?\b(?! off)|\bpositions?\b|\b(?:tax )?lots?\b|\bowns?\b|\binvested in\b",
    r"\bwhat(?:'s|’s| is) in\b|\bunreali[sz]ed\b|\bcost bas[ie]s\b|\bpa(?:y|id) for\b",
    r"\bhow many\b.{0,24}\b(?:have|has|got|own|hold)\b|\bhow many (?:shares|[A-Z]{1,5})\b",
)
LIBRARY: Final = rule(
    r"\bresearch\b|\blibrary\b|\bnotes?\b|\bhouse view\b|\b(?:firm|firm's|our) view\b|\b10-[KQ]\b"
    r"|\bfilings?\b",
    r"\boutlook\b|\bdocuments?\b|\bannual report\b|\bpassages?\b|\brisk factors?\b|\bwritten about\b",
    r"\bdo we have (?:anything|something)\b|\b(?:did|what did|do) we (?:say|write|think|have on)\b"
    r"|\breasoning behind\b",
)
ASKS_TO_HARVEST: Final = rule(POLITE + r"(?:draft an? )?(?:tax[- ]loss )?harvest")
ASKS_WHAT: Final = rule(
    r"^\W*(?:and |then |also )?(?:what|which|how|who|when|why|is|are|does|do|did|has|have|was)\b"
)
OVERVIEW: Final = rule(
    r"\boverview\b|\bsummar(?:y|ise|ize)\b|\btell me about\b|\bpull up\b|\bshow me\b|\bsnapshot\b"
    r"|\bpicture\b",
    r"\blook(?:s|ing)?\b|\baccounts\b|\bhow (?:is|are)\b|\bhow['’]?s\b|\bwalk me through\b"
    r"|\beverything (?:on|about)\b",
    r"\b(?:have|has|got|keeps?) with us\b|\bworth\b|\bcustodian\b|\b(?:non-?)?discretionary\b"
    r"|\bset ?up\b|\bhow big\b",
    r"\bwhat do(?:es)?\b.{0,40}\bhave\b|\bone page\b|\bprofile\b|\btotal (?:value|assets)\b"
    r"|\bhow much do(?:es)?\b.{0,40}\bhave\b",
)
WHO_BEFORE: Final = rule(
    r"\b(?:they|them|their|theirs|her|his|him|she|he|this (?:one|client|household|family))\b"
)
WHOLE: Final = rule(r"\b(?:overview|summary|snapshot)\b")
HELP: Final = rule(
    r"^\W*(?:help|hello|hi|hey|good (?:morning|afternoon|evening)|thanks?|thank you)\b",
    r"\bwhat (?:can|could) (?:you|i)\b|\bhow do i use\b|\bwhat do you do\b|\bwho are you\b"
    r"|\bhow does (?:this|it) work\b",
    r"\bcan you (?:place|make|do|send|execute) (?:trades?|orders?)\b|\bwhat are you (?:able|allowed|for)\b",
)
QUESTION: Final = rule(
    r"\?\s*$",
    r"^\W*(?:and |then )?(?:what|why|how|when|where|which|who|compare|explain|is|are|was|were|did|does"
    r"|do|has|have|as of)\b",
    r"\b(?:revenues?|net income|earnings|margins?|capex|dividends?|r&d|operating income|free cash flow"
    r"|sales)\b",
    r"\bquote\b|\bwhat .{0,40} sa(?:y|ys|id)\b",
)
PLACING: Final = rule(
    r"\basset location\b|\b(?:in|into) the (?:right|wrong|best) accounts?\b"
    r"|\btax[- ]?(?:efficient|smart) accounts?\b"
)
HER_BOOK: Final = rule(r"\b(?:my|our) (?:clients?|households?|book|families|accounts?)\b")
DOING: Final = rule(
    r"\b(?:sell|buy|purchase|acquire|offload|unload|trim|liquidate|pick up|rebalanc\w+|harvest\w*|raise"
    r"|invest"
    r"|deploy|exit|unwind|cancel|replace|trade|draft|touch|move|relocate|free up|put|take|bring|get"
    r"|reali[sz]e"
    r"|fix|change|pull|reduce|get out|do)(?:ing|s)?\b"
)
