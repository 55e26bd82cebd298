"""What the firm stated last of a thing, as the picture has it: from the stored state to the value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from core.book.picture import Custodian, Instrument, Ips, ModelPortfolio, Outflow
from core.ids import CustodianId, ModelId, Symbol, VenueName

State = Mapping[str, Any]


def instrument_stated(state: State) -> Instrument:
    return Instrument(
        symbol=Symbol(state["symbol"]),
        name=state["name"],
        kind=state["kind"],
        issuer=state["issuer"],
        sector=state["sector"],
        tick=Decimal(state["tick"]),
        tradable=state["tradable"],
        synthetic=state["synthetic"],
        average_daily_volume=Decimal(state["average_daily_volume"]),
        spread_bps=Decimal(state["spread_bps"]),
    )


def custodian_stated(state: State) -> Custodian:
    return Custodian(
        id=CustodianId(state["custodian"]),
        name=state["name"],
        venues=frozenset(VenueName(venue) for venue in state["venues"]),
        fractional_shares=state["fractional_shares"],
        ticket_fee=Decimal(state["ticket_fee"]),
    )


def model_stated(state: State) -> ModelPortfolio:
    return ModelPortfolio(
        id=ModelId(state["model"]),
        name=state["name"],
        version=state["version"],
        weights={Symbol(t["symbol"]): Decimal(t["weight"]) for t in state["targets"]},
        cash_weight=Decimal(state["cash_weight"]),
        tolerance=Decimal(state["tolerance"]),
        relative_tolerance=_or_none(state["relative_tolerance"]),
    )


def _or_none(said: str | None) -> Decimal | None:
    return None if said is None else Decimal(said)


def ips_stated(state: State) -> Ips:
    return Ips(
        date.fromisoformat(state["adopted_on"]),
        Decimal(state["cash_floor"]),
        Decimal(state["max_issuer_weight"]),
    )


def outflow_stated(what: str, state: State) -> Outflow:
    """`what` is withdrawal, fee or rmd; what must leave an IRA is named by its year."""
    named = f"rmd-{state['year']}" if what == "rmd" else state["schedule"]
    return Outflow(named, what, Decimal(state["amount"]), date.fromisoformat(state["due_on"]))
