"""What `bench rebalance` and the tests hold a plan against: the same problem in cvxpy, solved by HiGHS.

Rule 1: it reads the very numbers that the plan weighs, and nothing of how the plan is made.
Rule 2: one vector a side, as cvxpy's own guide has it: a variable a holding would take three times as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np

from core.ids import Symbol
from core.plan.weighing import RATE, Problem

cp: Final[Any] = import_module("cvxpy")  # its names are made at run time, and untyped
SCALE: Final = 1e4  # HiGHS's tolerances are absolute: parts of an account alone are near them


@dataclass(frozen=True, slots=True)
class Answer:
    """Dollars in millionths."""

    sold: Mapping[Symbol, float]
    bought: Mapping[Symbol, float]


def solve(problem: Problem) -> Answer | None:
    """None where HiGHS gives up, as its active-set method does on one account in ten or so."""
    value = problem.value
    owner = [n for n, one in enumerate(problem.sells) for _ in one.pieces]
    pieces = [piece for one in problem.sells for piece in one.pieces]
    of = np.zeros((len(problem.sells), len(pieces)))
    of[owner, range(len(pieces))] = 1
    ends = np.array([piece.end - piece.start for piece in pieces]) / value
    tax = np.array([piece.tax for piece in pieces]) / RATE
    s, b, cash = cp.Variable(len(pieces)), cp.Variable(len(problem.buys)), cp.Variable()
    sold = of @ s
    sells, buys = problem.sells, problem.buys
    off = (
        cp.sum_squares(np.array([one.excess for one in sells]) / value - sold)
        + cp.sum_squares(np.array([one.short for one in buys]) / value - b)
        + cp.square(cash)
    )
    cost = (
        tax @ s
        + np.array([one.cost for one in sells]) / RATE @ sold
        + np.array([one.cost for one in buys]) / RATE @ b
    )
    rules = [
        s >= 0,
        s <= ends,
        sold <= np.array([one.most for one in sells]) / value,
        sold >= np.array([one.least for one in sells]) / value,
        b <= np.array([one.most for one in buys]) / value,
        b >= np.array([one.least for one in buys]) / value,
        cash == problem.cash / value + cp.sum(s) - cp.sum(b),
        cash >= problem.floor / value,
        cash <= problem.ceiling / value,
    ]
    if problem.budget is not None:
        rules.append(tax @ s <= problem.budget / value)
    asked = cp.Problem(cp.Minimize((off / 2 + cost) * SCALE), rules)
    try:
        asked.solve(solver=cp.HIGHS)
    except cp.error.SolverError:
        return None
    if s.value is None or b.value is None:
        return None
    each = of @ s.value
    return Answer(
        sold={one.symbol: float(each[n]) * value for n, one in enumerate(sells)},
        bought={one.symbol: float(b.value[n]) * value for n, one in enumerate(buys)},
    )
