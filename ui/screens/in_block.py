"""The block that an order goes to its venue with, in a line on the order's row. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ui.screens import figures as f

Json = Mapping[str, Any]


def words(order: str, blocks: Sequence[Json]) -> str:
    """Which block, this order's part of it, what the block has executed, and how that is shared."""
    found = [(block, part) for block in blocks for part in block["orders"] if part["order_id"] == order]
    return " ".join(_line(block, part) for block, part in found if not part["parted"])


def _line(block: Json, part: Json) -> str:
    method = block["method"].replace("_", " ")
    done = f"{f.shares(block['filled'])} of them executed"
    after = {
        "OPEN": f"{done}, shared {method} when it is over",
        "ENDED": f"{done}, being shared {method}",
        "SHARED": f"{done}, shared {method}",
    }[block["status"]]
    whole = f"{f.shares(part['quantity'])} of the {f.shares(block['quantity'])} shares of block"
    return f"It is {whole} {block['order_id']}: {after}."


def moved(blocks: Sequence[Json]) -> tuple[object, ...]:
    """Equal means that nothing of them has moved."""
    return tuple((block["order_id"], block["status"], block["filled"]) for block in blocks)
