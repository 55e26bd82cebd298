"""The record in words: what one may choose exists, and the newest can stand first."""

from __future__ import annotations

from typing import Any

from core.ledger.events import KINDS
from ui.screens.timeline import CHOICES, timeline


def test_every_choice_names_kinds_of_event_that_there_are() -> None:
    named = {kind for kinds in CHOICES.values() for kind in kinds.split(",") if kind}
    assert named <= {*KINDS}


def entry(seq: int) -> dict[str, Any]:
    return {
        "seq": seq,
        "recorded_at": "2022-12-29T15:00:00+00:00",
        "role": "gh_gate",
        "by": "gh_gate",
        "event_type": "OrderSent",
        "payload": {},
    }


def test_the_newest_entry_stands_first_where_that_is_asked() -> None:
    entries = [entry(71), entry(72)]
    assert timeline(entries).index(">71<") < timeline(entries).index(">72<")
    assert timeline(entries, newest_first=True).index(">72<") < timeline(entries, newest_first=True).index(
        ">71<"
    )
