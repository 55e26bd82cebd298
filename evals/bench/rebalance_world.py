"""Accounts of thirty names for `bench rebalance`: three lots a name, gains and losses of both terms.

Rule 1: nothing in it is a fact of any market. The same seed, the same accounts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Final

from core.book.picture import Account, Cash, Ips, Lot, Market, ModelPortfolio
from core.ids import AccountId, HouseholdId, LotId, ModelId, PersonId, Symbol
from evals.bench.gate_world import BEFORE, CUSTODIAN, SESSION, GateWorld

SEED: Final = 20221229
NAMES: Final = 30
LOTS: Final = 3
VALUE: Final = 1_000_000
STEP: Final = Decimal("0.0001")
CENT: Final = Decimal("0.01")


class RebalanceWorld:
    """`market` has as many symbols as an account has names; `accounts` drift about as a year lets them."""

    def __init__(self, *, accounts: int, names: int = NAMES) -> None:
        self._random = Random(SEED)  # noqa: S311
        drawn = GateWorld(accounts=0, symbols=names).market
        self.market: Market = replace(drawn, restricted=frozenset(), halts=frozenset())
        self._symbols = tuple(self.market.instruments)
        self._model = self._drawn_model()
        self.accounts = tuple(self._account(n) for n in range(accounts))

    def _drawn_model(self) -> ModelPortfolio:
        parts = [self._random.randint(1, 5) for _ in self._symbols]
        weights = {
            symbol: (Decimal(part) * Decimal("0.97") / sum(parts)).quantize(STEP)
            for symbol, part in zip(self._symbols, parts, strict=True)
        }
        cash = 1 - sum(weights.values(), Decimal(0))
        return ModelPortfolio(ModelId("thirty"), "Thirty names", 1, weights, cash, Decimal("0.01"))

    def _account(self, n: int) -> Account:
        named = AccountId(f"acc-{n}")
        return Account(
            id=named,
            household=HouseholdId(f"hh-{n}"),
            advisor=PersonId("per-1"),
            kind="taxable",
            capacity="advisory",
            discretionary=True,
            custodian=CUSTODIAN,
            status="open",
            model=self._model,
            ips=Ips(BEFORE, Decimal(2_000), Decimal("0.25")),
            do_not_trade=frozenset(),
            lots=tuple(lot for symbol in self._symbols for lot in self._lots(named, symbol)),
            reserved_lots={},
            cash=Cash(Decimal(self._random.randint(15_000, 45_000)), Decimal(0), Decimal(0), Decimal(0)),
            outflows=(),
        )

    def _lots(self, account: AccountId, symbol: Symbol) -> list[Lot]:
        price = self.market.prices[symbol].price
        dollars = self._model.weights[symbol] * VALUE * self._random.randint(40, 190) / 100
        shares = max(int(dollars / LOTS / price), 1)
        return [
            Lot(
                LotId(f"lot-{account}-{symbol}-{n}"),
                symbol,
                Decimal(shares),
                (price * self._random.randint(40, 130) / 100).quantize(CENT),
                SESSION - timedelta(days=self._random.randint(40, 1_500)),
            )
            for n in range(LOTS)
        ]
