"""How many blocks of 1,000 accounts a second are shared among their accounts, to the share and the cent.

Rule 1: subject is the product's own `portions`, pro rata on a partial execution with odd shares and cents.
Rule 2: baseline rounds each account's part down and gives nothing that is left over: the ratio says what
    adding up exactly costs.
Rule 3: one process, one thread, by its own processor time; the blocks are drawn before the rounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from random import Random
from time import process_time_ns
from typing import Final

from core.ids import AccountId
from core.money import CENT
from core.orders.block import BlockId, Method, portions
from evals.bench.harness import Bench, Round

ACCOUNTS: Final = 1_000
BLOCKS: Final = 100


class AllocateBench:
    name = "allocate"
    unit = "blocks/s"
    event_bytes = None

    def __init__(self, *, accounts: int = ACCOUNTS, blocks: int = BLOCKS) -> None:
        random = Random(7)  # noqa: S311 - filling, not a secret
        self._accounts = accounts
        self._asked: list[tuple[BlockId, dict[AccountId, Decimal], Decimal, Decimal, Decimal]] = []
        for n in range(blocks):
            asked = {AccountId(f"acc-{i:05}"): Decimal(random.randint(1, 900)) for i in range(accounts)}
            done = Decimal(random.randint(1, int(sum(asked.values()))))
            dollars = (done * Decimal("101.37") + Decimal("0.07")).quantize(CENT)
            self._asked.append((BlockId(f"blk-{n}"), asked, done, dollars, Decimal("37.11")))

    @property
    def server_settings(self) -> Mapping[str, str]:
        return {}

    def subject(self) -> Round:
        calls = []
        begun = process_time_ns()
        for block, asked, done, dollars, fees in self._asked:
            at = process_time_ns()
            found = portions(block, asked, done, dollars, fees, Method.PRO_RATA)
            calls.append((process_time_ns() - at) / 1e6)
        spent = (process_time_ns() - begun) / 1e9
        exact = sum((one.dollars for one in found.values()), Decimal(0)) == dollars
        detail = {"accounts": self._accounts, "adds_up": exact}
        return Round(figure=len(self._asked) / spent, calls_ms=calls, detail=detail)

    def baseline(self) -> Round:
        begun = process_time_ns()
        for _, asked, done, dollars, fees in self._asked:
            whole = sum(asked.values())
            for quantity in asked.values():
                (quantity * done / whole).quantize(Decimal(1), ROUND_DOWN)
                (quantity * dollars / whole).quantize(CENT, ROUND_DOWN)
                (quantity * fees / whole).quantize(CENT, ROUND_DOWN)
        return Round(figure=len(self._asked) * 1e9 / (process_time_ns() - begun))

    def close(self) -> None:
        """Nothing is open."""


def bench() -> Bench:
    return AllocateBench()
