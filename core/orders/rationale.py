"""Why an order is in the client's interest, in the advisor's own words, and whether it was her idea or the
client's.

Rule 1: the text is the advisor's. A model's draft of it is a draft until she adopts it in her submission,
    which carries the fingerprint of what it is about; before that it is in no decision.
Rule 2: what she says of solicitation is hers to say, at the submission; nobody else says it, and a model
    never does.
Source: 17 CFR 240.15l-1(a)(2)(ii) (care obligation: a reasonable basis for each recommendation); SEC Release
    IA-5248, 84 FR 33669 (an adviser's duty of care).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from core.fact import Sealed
from core.ids import MessageId

Solicitation = Literal["solicited", "unsolicited"]


class Rationale(BaseModel):
    """`drafted_in`: the advisor's message whose answer held the model's draft that she adopted; none: her own
    words."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: Sealed
    drafted_in: MessageId | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What whoever submits says of it, in clear. `drafted_in` as in `Rationale`."""

    solicited: Solicitation | None = None
    rationale: str | None = None
    drafted_in: MessageId | None = None


NOTHING_SAID: Final = Said()
