"""The simulated custodians of one firm, and what they are asked over HTTP.

Rule 1: each custodian is asked with its own key, and answers for itself alone.
Rule 2: before it answers for accounts it hears every venue; where one is away it says so and nothing else.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from core.errors import BadInput, WorldFailed
from core.ids import AccountId, CustodianId
from core.venues.custody.asking import Peer, asked
from core.venues.custody.custodian import BlockHeld, Instruction, Statement, Word
from core.venues.custody.simulated.clearing import Clearing
from core.venues.custody.simulated.house import House, read_instruction
from core.venues.simulated.faults import Mishap
from core.venues.simulated.ledger import Line
from core.venues.simulated.service import Answer

HEARS_WITHIN: Final = timedelta(seconds=2)
OK: Final = 200


@dataclass(frozen=True, slots=True)
class Reporting:
    """A venue over HTTP, asked with the key of those who clear there."""

    peer: Peer

    @property
    def name(self) -> str:
        return self.peer.name

    async def since(self, cursor: str) -> tuple[Sequence[Mapping[str, Any]], str]:
        status, said = await asked(self.peer, f"/clearing?after={cursor}", timeout=HEARS_WITHIN)
        if status != OK or not isinstance(said, dict) or said.get("venue") != self.peer.name:
            raise WorldFailed(f"{self.peer.name} does not report", fix="it is asked again")
        return said["reports"], str(said["cursor"])


class Custodians:
    """All of them, and what they heard. `keys`: what each is asked with."""

    def __init__(self, houses: Sequence[House], keys: Mapping[CustodianId, str]) -> None:
        self.houses = {house.name: house for house in houses}
        self._keys = keys
        self._clearing: Clearing | None = None

    def hears(self, clearing: Clearing) -> None:
        self._clearing = clearing

    def keeps(self, account: str) -> bool:
        """Whether an account is some custodian's here."""
        return any(AccountId(account) in house.books.accounts for house in self.houses.values())

    def pass_on(self, line: Line) -> None:
        for house in self.houses.values():
            house.take(line)

    async def statement(self, name: CustodianId, session: date) -> Statement:
        """Raises WorldFailed: it gives no answer now."""
        house, clearing = await self._ready(name)
        found = house.statement(session, clearing)
        await house.settle()
        return found

    async def settlements(
        self, name: CustodianId, trades: Sequence[str], session: date
    ) -> Mapping[str, Word]:
        """Raises WorldFailed: it gives no answer now."""
        house, _ = await self._ready(name)
        house.stand_in(session)
        await house.settle()
        return {trade: house.word(trade) for trade in trades}

    async def allocate(self, name: CustodianId, told: Instruction) -> bool:
        """Raises WorldFailed: it gives no answer now."""
        house, clearing = await self._ready(name)
        affirmed = house.allocate(told, clearing)
        await house.settle()
        return affirmed

    async def answer(
        self, verb: str, path: str, query: Mapping[str, list[str]], key: str, body: Any
    ) -> Answer:
        """One question over HTTP. `body` is what its JSON says."""
        match verb, path.strip("/").split("/"):
            case "GET", ["health"]:
                return Answer(OK, {"custodians": sorted(self.houses), "simulated": True})
            case _, ["custodians", name, page] if CustodianId(name) in self.houses:
                return await self._answer(CustodianId(name), f"{verb} {page}", query, key, body)
        return Answer(404, {"reason": f"there is no {verb} {path}", "simulated": True})

    async def _answer(
        self, name: CustodianId, asks: str, query: Mapping[str, list[str]], key: str, body: Any
    ) -> Answer:
        signed = {"custodian": name, "simulated": True}
        if not hmac.compare_digest(key.encode(), self._keys[name].encode()):
            return Answer(401, {**signed, "reason": "the key is missing or wrong"})
        faults = self.houses[name].books.faults
        if asks != "POST simulation":
            if faults.delay_ms:
                await asyncio.sleep(timedelta(milliseconds=faults.delay_ms).total_seconds())
            if faults.away:
                return Answer(0, {}, Mishap.DROP)
        try:
            return Answer(OK, {**await self._said(name, asks, query, body), **signed})
        except BadInput as no:
            return Answer(400, {**signed, "reason": str(no)})
        except WorldFailed as away:
            return Answer(503, {**signed, "reason": away.says})

    async def _said(
        self, name: CustodianId, asks: str, query: Mapping[str, list[str]], body: Any
    ) -> dict[str, Any]:
        match asks:
            case "GET statement":
                return _statement(await self.statement(name, _day(query.get("session", [""])[-1])))
            case "POST settlements" if isinstance(body, dict):
                trades = [str(one) for one in body.get("trades", [])]
                words = await self.settlements(name, trades, _day(body.get("session")))
                return {
                    "trades": {one: {"state": word.state, "why": word.why} for one, word in words.items()}
                }
            case "POST allocations" if isinstance(body, dict):
                return {"affirmed": await self.allocate(name, read_instruction(body))}
            case "POST simulation":
                house = self.houses[name]
                house.control(body)
                await house.settle()
                return {"belongs_to": "simulation"}
        raise BadInput(f"there is no {asks}", fix="ask what the port asks", field="ask")

    async def _ready(self, name: CustodianId) -> tuple[House, Clearing]:
        house, clearing = self.houses[name], self._clearing
        if clearing is None or house.books.faults.away:
            raise WorldFailed(f"custodian {name} gives no answer", fix="it is asked again")
        await clearing.hear()
        for one in self.houses.values():
            await one.settle()
        return house, clearing


def _day(text: Any) -> date:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError) as bad:
        raise BadInput(
            f"session {text!r} is no day", fix="write it like 2022-12-29", field="session"
        ) from bad


def _statement(found: Statement) -> dict[str, Any]:
    positions: dict[str, dict[str, str]] = {}
    for (account, symbol), held in sorted(found.positions.items()):
        positions.setdefault(account, {})[symbol] = f"{held:f}"
    return {
        "session": found.session.isoformat(),
        "positions": positions,
        "cash": {account: f"{held:f}" for account, held in sorted(found.cash.items())},
        "settled": {account: f"{held:f}" for account, held in sorted(found.settled.items())},
        "blocks": [_block(one) for one in found.blocks],
    }


def _block(one: BlockHeld) -> dict[str, Any]:
    parts = [
        {"order": order, "quantity": f"{p.quantity:f}", "dollars": f"{p.dollars:f}", "fee": f"{p.fee:f}"}
        for order, p in sorted(one.parts.items())
    ]
    return {"block": one.block, "trade_date": one.trade_date, "parts": parts}
