"""What the append's codes about blocks and their shares mean, in words, and what mends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OF_BLOCKS: Final[Mapping[str, tuple[str, str]]] = {
    "allocation_changed": (
        "the allocation is another by now, or another change of it waits",
        "read the block again and draft from what stands",
    ),
    "allocation_final": (
        "shares of a block are changed on their trade date alone",
        "book an error by a corrective proposal instead",
    ),
    "allocation_misstated": (
        "the shares are not what the block executed, shared as the rule says",
        "read the block again; all shares add up, none is more than was asked for",
    ),
    "allocation_not_in_force": (
        "the block was not formed under the firm's rule of sharing",
        "form it anew under the rule in force",
    ),
    "allocation_rule_missing": ("there is no such proposed rule of sharing", "propose it first"),
    "allocation_rule_open": (
        "a proposed rule of sharing waits for its confirmation",
        "confirm that one first",
    ),
    "change_not_overtaken": (
        "no confirmed change of that day's shares was overtaken, or it has been reviewed",
        "read the block again",
    ),
    "change_unexamined": (
        "a confirmed change of that day's shares stands, and nobody has said whether it still adds up",
        "record first whether it does",
    ),
    "block_mismatch": (
        "these orders are not, as decided on and released, one block",
        "read them again: one batch, security, side, custodian and terms",
    ),
    "block_not_whole": ("not every order of the block has joined it yet", "join them first"),
    "in_block": ("the order goes with its block, and is not at a venue by itself", "write it of the block"),
    "not_allocated": ("the block is not over and booked", "wait until it is shared"),
    "not_compliance": ("only compliance may confirm this", "ask compliance"),
    "other_custodian": ("the trade settles at the account's own custodian", "name that custodian"),
    "share_misstated": (
        "that is not the order's share of what its block executed",
        "book the share that the allocation gives",
    ),
}
