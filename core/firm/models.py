"""The firm's model portfolios, from conservative to growth, and where its accounts are kept.

Rule 1: targets and cash add up to one.
Rule 2: a model holds what version one trades, and nothing of the restricted list.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.errors import NotFound
from core.firm.events import CustodianAppointed, ModelPublished, RestrictionPlaced, Target
from core.ids import CustodianId, ModelId, Symbol, VenueName

CONSERVATIVE: Final = ModelId("conservative")
INCOME: Final = ModelId("income")
BALANCED: Final = ModelId("balanced")
MODERATE_GROWTH: Final = ModelId("moderate-growth")
GROWTH: Final = ModelId("growth")

MERIDIAN: Final = CustodianId("cus-meridian")
HARBOR: Final = CustodianId("cus-harbor")

_WEIGHTS: Final[tuple[tuple[ModelId, str, int, str, str], ...]] = (
    # id, name, version, tolerance in percent, targets in percent; the rest is cash
    (CONSERVATIVE, "Conservative", 3, "4", "GHAB 55 USMV 15 QUAL 10 JNJ 4 PG 4 KO 4"),
    (INCOME, "Income", 2, "5", "GHAB 40 USMV 12 VLUE 8 QUAL 8 CVX 3 XOM 3 KO 4 PEP 4 PG 4 JNJ 5 MRK 4"),
    (
        BALANCED,
        "Balanced",
        4,
        "5",
        "GHAB 30 QUAL 12 USMV 10 VLUE 8 SIZE 5 AAPL 5 MSFT 5 JPM 4 UNH 4 HD 3 PG 3 JNJ 4 XOM 3",
    ),
    (
        MODERATE_GROWTH,
        "Moderate growth",
        3,
        "5",
        "GHAB 15 QUAL 15 MTUM 10 VLUE 10 SIZE 10 AAPL 7 MSFT 7 UNH 5 JPM 5 LLY 3 HD 4 CVX 3 WMT 3",
    ),
    (GROWTH, "Growth", 5, "5", "GHAB 5 MTUM 18 QUAL 17 SIZE 12 VLUE 10 AAPL 9 MSFT 9 AMD 4 LLY 5 UNH 5 HD 4"),
)


def models() -> tuple[ModelPublished, ...]:
    """The models, most careful first."""
    return tuple(_model(*row) for row in _WEIGHTS)


def model(id: ModelId) -> ModelPublished:
    """The model of that id.

    Raises:
        NotFound: the firm has no such model.
    """
    for published in models():
        if published.model == id:
            return published
    raise NotFound(f"no model {id!r}", fix=f"known: {', '.join(row[0] for row in _WEIGHTS)}")


CUSTODIANS: Final[tuple[CustodianAppointed, ...]] = (
    CustodianAppointed(
        custodian=MERIDIAN,
        name="Meridian Trust Company (synthetic)",
        venues=(VenueName("ARCADIA"), VenueName("BOREAL"), VenueName("CORTLAND")),
        fractional_shares=False,
        ticket_fee=Decimal("0.00"),
    ),
    CustodianAppointed(
        custodian=HARBOR,
        name="Harbor Custody Services (synthetic)",
        venues=(VenueName("BOREAL"), VenueName("CORTLAND")),
        fractional_shares=True,
        ticket_fee=Decimal("4.95"),
    ),
)

RESTRICTIONS: Final[tuple[RestrictionPlaced, ...]] = (
    RestrictionPlaced(symbol=Symbol("BBY"), placed_on="2022-11-14"),
    RestrictionPlaced(symbol=Symbol("GE"), placed_on="2022-12-12"),
)


def _model(id: ModelId, name: str, version: int, tolerance: str, percents: str) -> ModelPublished:
    words = percents.split()
    targets = tuple(
        Target(symbol=Symbol(symbol), weight=_percent(weight))
        for symbol, weight in zip(words[::2], words[1::2], strict=True)
    )
    return ModelPublished(
        model=id,
        name=name,
        version=version,
        targets=targets,
        cash_weight=1 - sum((target.weight for target in targets), Decimal(0)),
        tolerance=_percent(tolerance),
    )


def _percent(text: str) -> Decimal:
    return Decimal(text).scaleb(-2)
