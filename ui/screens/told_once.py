"""What several parts of one proposal were told alike, told once with the parts named. Pure.

Rule 1: only what is equal in everything but the part is one: other figures are another line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

Json = Mapping[str, Any]


def told_once(findings: Sequence[Json]) -> list[dict[str, Any]]:
    """In their order. `of_legs` are the legs that it was said of, where there are several."""
    legs: dict[tuple[tuple[str, str], ...], list[int]] = {}
    first: dict[tuple[tuple[str, str], ...], Json] = {}
    for one in findings:
        same = tuple(sorted((name, str(value)) for name, value in one.items() if name != "leg"))
        first.setdefault(same, one)
        if one.get("leg") is not None:
            legs.setdefault(same, []).append(one["leg"])
    return [
        {**one, **({"of_legs": sorted(legs[same])} if len(legs.get(same, ())) > 1 else {})}
        for same, one in first.items()
    ]


def parts_of(finding: Json) -> str:
    """As `parts 1 to 3 and 5`, counted from one; empty where it is of one alone, or of none."""
    legs = [leg + 1 for leg in finding.get("of_legs", ())]
    if not legs:
        return ""
    begins = [legs[0], *(after for before, after in pairwise(legs) if after != before + 1)]
    ends = [*(before for before, after in pairwise(legs) if after != before + 1), legs[-1]]
    runs = [str(a) if a == b else f"{a} to {b}" for a, b in zip(begins, ends, strict=True)]
    return f"parts {', '.join(runs[:-1])} and {runs[-1]}" if len(runs) > 1 else f"parts {runs[0]}"
