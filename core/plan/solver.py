"""The only place where a plan meets binary arithmetic: what is weighed, solved by clarabel.

Rule 1: whole numbers go in and come out. What comes out is a guess: `core.plan.settling` finds the
exact answer beside it and refuses to plan where the two disagree.
Rule 2: one thread, no clock, the same settings each time.

Source: P. J. Goulart and Y. Chen, Clarabel: an interior-point solver for conic programs with quadratic
objectives, 2024. In its notation: minimise x'Px/2 + q'x where Ax + s = b and s lies in the cones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Final

import clarabel
import numpy as np

from core.errors import IntegrityLost
from core.ids import Symbol
from core.plan.weighing import RATE, Problem

ENOUGH: Final = frozenset({"Solved", "AlmostSolved"})
FINE: Final = 10**12


@dataclass(frozen=True, slots=True)
class Guess:
    """Dollars in millionths; `cash` is what a dollar of cash is worth, `tax` what a dollar of tax weighs."""

    sold: Mapping[Symbol, int]
    bought: Mapping[Symbol, int]
    cash: Fraction
    tax: Fraction


@dataclass(frozen=True, slots=True)
class Matrices:
    """The problem as a solver reads it, in parts of the account. Rows: cash, then everything that is at most
    something. `sells` and `buys` say at which columns each holding's answer stands."""

    p: Any
    q: Any
    a: Any
    b: Any
    inequalities: int
    budget_row: int | None
    sells: tuple[tuple[Symbol, int, int], ...]
    buys: tuple[tuple[Symbol, int], ...]


def guess(problem: Problem) -> Guess | None:
    """None where no sale keeps within the budget.

    Raises:
        IntegrityLost: the solver finds no answer to a problem that has one. Nothing is planned.
    """
    at = matrices(problem)
    cones = [clarabel.ZeroConeT(1), clarabel.NonnegativeConeT(at.inequalities)]
    answer = clarabel.DefaultSolver(at.p, at.q, at.a, at.b, cones, _settings()).solve()
    if str(answer.status) == "PrimalInfeasible" and problem.budget is not None:
        return None
    if str(answer.status) not in ENOUGH:
        raise IntegrityLost(
            f"the solver ends with {answer.status!s} on a plan that has an answer",
            fix="report it with the account's holdings; nothing is planned until it is understood",
        )
    x, z, scale = answer.x, answer.z, problem.value
    return Guess(
        sold={symbol: _whole(sum(x[start:end]), scale) for symbol, start, end in at.sells},
        bought={symbol: _whole(x[column], scale) for symbol, column in at.buys},
        cash=Fraction(_whole(z[0], FINE), FINE),
        tax=1
        + (Fraction(_whole(z[at.budget_row], FINE), FINE) if at.budget_row is not None else Fraction(0)),
    )


def matrices(problem: Problem) -> Matrices:
    """Columns: each piece that may be sold, each holding that may be bought, and cash off its target."""
    value = problem.value
    pieces = [(one, piece) for one in problem.sells for piece in one.pieces]
    cash = len(pieces) + len(problem.buys)
    rows = _Rows(cash + 1)
    rows.add([*((n, -1) for n in range(len(pieces))), *((n, 1) for n in range(len(pieces), cash)), (cash, 1)],
             problem.cash, value)  # fmt: skip
    sells, at = [], 0
    squares: list[tuple[int, int]] = []
    linear: list[int] = []
    for one in problem.sells:
        end = at + len(one.pieces)
        sells.append((one.symbol, at, end))
        squares += [(row, column) for column in range(at, end) for row in range(at, column + 1)]
        rows.add([(n, 1) for n in range(at, end)], one.most, value)
        rows.add([(n, -1) for n in range(at, end)], -one.least, value)
        for n, piece in enumerate(one.pieces, start=at):
            rows.add([(n, 1)], piece.end - piece.start, value)
            rows.add([(n, -1)], 0, value)
            linear.append((piece.tax + one.cost) * value - one.excess * RATE)
        at = end
    for other, column in zip(problem.buys, range(at, cash), strict=True):
        squares.append((column, column))
        rows.add([(column, 1)], other.most, value)
        rows.add([(column, -1)], -other.least, value)
        linear.append(other.cost * value - other.short * RATE)
    squares.append((cash, cash))
    linear.append(0)
    rows.add([(cash, -1)], -problem.floor, value)
    rows.add([(cash, 1)], problem.ceiling, value)
    budget_row = None
    if problem.budget is not None:
        budget_row = rows.count
        rows.add([(n, piece.tax) for n, (_, piece) in enumerate(pieces)], problem.budget * RATE, value)
        rows.scale_last(RATE)
    q = np.array(linear, dtype=np.float64) / (np.float64(value) * RATE)
    across, down = [column for _, column in squares], [row for row, _ in squares]
    p = _sparse(np.ones(len(squares)), (down, across), shape=(cash + 1, cash + 1))
    a, b = rows.read()
    buys = tuple((one.symbol, len(pieces) + n) for n, one in enumerate(problem.buys))
    return Matrices(p, q, a, b, rows.count - 1, budget_row, tuple(sells), buys)


class _Rows:
    """Inequalities, row by row."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._down: list[int] = []
        self._across: list[int] = []
        self._entries: list[int] = []
        self._most: list[int] = []
        self._by: list[int] = []
        self._last = 1
        self.count = 0

    def add(self, entries: list[tuple[int, int]], most: int, by: int) -> None:
        for column, entry in entries:
            self._down.append(self.count)
            self._across.append(column)
            self._entries.append(entry)
        self._most.append(most)
        self._by.append(by)
        self.count += 1

    def scale_last(self, by: int) -> None:
        """Both sides of the last row, divided."""
        self._last = by

    def read(self) -> tuple[Any, Any]:
        entries = np.array(self._entries, dtype=np.float64)
        most = np.array(self._most, dtype=np.float64) / np.array(self._by, dtype=np.float64)
        if self._last != 1:
            entries[np.array(self._down) == self.count - 1] /= self._last
            most[-1] /= self._last
        shape = (self.count, self._columns)
        return _sparse(entries, (self._down, self._across), shape=shape), most


def _sparse(entries: Any, at: tuple[list[int], list[int]], *, shape: tuple[int, int]) -> Any:
    """Imported with the first plan: scipy is a seventh of a worker's start, and most processes solve none."""
    from scipy.sparse import csc_matrix

    return csc_matrix((entries, at), shape=shape)


@cache
def _settings() -> Any:
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.presolve_enable = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = np.finfo(np.float64).eps * 2**18
    return settings


def _whole(number: Any, scale: int) -> int:
    """So many parts of the scale."""
    parts: int = round(number * scale)
    return parts
