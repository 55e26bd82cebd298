"""A custodian over HTTP: a client of the interface that `core/venues/custody/simulated/serve.py` serves.

Rule 1: what is missing, of another type, of another custodian or of another business day is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar, get_args
from urllib.parse import quote

from core.errors import BadInput, WorldFailed
from core.ids import AccountId, CustodianId, OrderId
from core.money import exact
from core.venues.custody.asking import Peer, asked
from core.venues.custody.custodian import BlockHeld, Instruction, Shared, State, Statement, Word
from core.venues.venue import plain

OK: Final = 200
UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError, BadInput, ArithmeticError)
Json = Mapping[str, Any]
Read = TypeVar("Read")


class HttpCustodian:
    """One custodian by its address."""

    def __init__(self, name: CustodianId, url: str, *, key: str) -> None:
        self._name = name
        self._peer = Peer(f"custodian {name}", url, key)

    @property
    def name(self) -> CustodianId:
        return self._name

    async def statement(self, session: date, *, timeout: timedelta) -> Statement:
        def read(said: Json) -> Statement:
            found = _statement(said)
            if found.session != session:
                raise ValueError(f"it stands in {found.session}")
            return found

        return await self._told(f"statement?session={session}", read, timeout=timeout)

    async def settlements(
        self, trades: Sequence[str], session: date, *, timeout: timedelta
    ) -> Mapping[str, Word]:
        def read(said: Json) -> Mapping[str, Word]:
            return {trade: _word(said["trades"][trade]) for trade in trades}

        body = {"session": session.isoformat(), "trades": list(trades)}
        return await self._told("settlements", read, timeout=timeout, body=body)

    async def allocate(self, told: Instruction, *, timeout: timedelta) -> bool:
        parts = [
            {
                "order": part.order,
                "account": part.account,
                "quantity": plain(part.quantity),
                "dollars": plain(part.dollars),
                "fee": plain(part.fee),
            }
            for part in told.parts
        ]
        body = {"block": told.block, "trade_date": told.trade_date, "parts": parts}
        return await self._told(
            "allocations", lambda said: _flag(said, "affirmed"), timeout=timeout, body=body
        )

    async def _told(
        self, page: str, read: Callable[[Json], Read], *, timeout: timedelta, body: Json | None = None
    ) -> Read:
        path = f"/custodians/{quote(self._name, safe='')}/{page}"
        status, said = await asked(self._peer, path, timeout=timeout, body=body)
        try:
            if said["custodian"] != self._name:
                raise ValueError("this is not that custodian's answer")
            if status == OK:
                return read(said)
            why = str(said["reason"])
        except UNREADABLE as bad:
            raise self._away(f"its answer cannot be read: {bad}") from bad
        raise self._away(why)

    def _away(self, why: str) -> WorldFailed:
        return WorldFailed(f"custodian {self._name} gives no answer: {why}", fix="it is asked again")


def _statement(said: Json) -> Statement:
    return Statement(
        custodian=CustodianId(said["custodian"]),
        simulated=_flag(said, "simulated"),
        session=date.fromisoformat(said["session"]),
        positions={
            (AccountId(account), str(symbol)): _amount(held)
            for account, symbols in said["positions"].items()
            for symbol, held in symbols.items()
        },
        cash={AccountId(account): _amount(held) for account, held in said["cash"].items()},
        settled={AccountId(account): _amount(held) for account, held in said["settled"].items()},
        blocks=tuple(_block(one) for one in said["blocks"]),
    )


def _block(one: Json) -> BlockHeld:
    parts = {
        OrderId(part["order"]): Shared(
            _amount(part["quantity"]), _amount(part["dollars"]), _amount(part["fee"])
        )
        for part in one["parts"]
    }
    return BlockHeld(OrderId(one["block"]), date.fromisoformat(one["trade_date"]).isoformat(), parts)


def _word(one: Json) -> Word:
    if one["state"] not in get_args(State):
        raise ValueError(one["state"])
    why = one["why"]
    if not isinstance(why, str) or len(why) > 160 or (why and not why.isprintable()):
        raise TypeError("why is not a line of text")
    return Word(one["state"], why)


def _amount(text: Any) -> Decimal:
    return exact(text, field="amount")


def _flag(one: Json, name: str) -> bool:
    found = one[name]
    if not isinstance(found, bool):
        raise TypeError(f"{name} {found!r} is not a yes or no")
    return found
