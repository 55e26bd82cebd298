"""Every recogniser of the offline model beside its own intents, in the order in which they are asked.

A file that reads more wishes adds its own here; `agents.offline.intents` and `.model` ask them all.
"""

from __future__ import annotations

from typing import Final

from agents.offline.recognise import Recogniser

RECOGNISERS: Final[tuple[Recogniser, ...]] = ()
