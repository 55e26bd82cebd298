"""What several accounts ask for together, and how what was executed is shared among them. Pure.

Rule 1: an order's part is fixed before the release; what is executed is shared by it, at one average price.
Rule 2: pro rata: each gets its share rounded down, and what is left over goes one by one to the largest
    remainders. Equal remainders are put in an order by a digest of the block and the order: written
    beforehand, and nobody's choice.
Rule 3: rotational, where the firm's rule says so: whole orders in turn, from the one that the block's
    digest names.
Rule 4: shares and cents add up exactly, and the order in which they are given changes nothing.
Rule 5: what goes in one block is of one security, side and custodian, on the same terms, decided on together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, NewType, TypeVar

import msgspec
import rfc8785

from core.errors import BadInput
from core.ids import AccountId, CustodianId, Digest, OrderId, Symbol, block_order_id
from core.money import CENT
from core.orders.events import OrderType, Side, TimeInForce

ZERO: Final = Decimal(0)
WHOLE: Final = Decimal(1)

BlockId = NewType("BlockId", str)
Named = TypeVar("Named", bound=str)
"""What is shared among: orders, or accounts."""


class Method(StrEnum):
    PRO_RATA = "pro_rata"
    ROTATIONAL = "rotational"


class Terms(msgspec.Struct, frozen=True, gc=False):
    """What the orders of one block have in common."""

    custodian: CustodianId
    symbol: Symbol
    side: Side
    order_type: OrderType
    limit_price: Decimal | None
    time_in_force: TimeInForce


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A released order of a batch. `formed` is how often it was put in a block before."""

    order: OrderId
    account: AccountId
    quantity: Decimal
    terms: Terms
    formed: int = 0


class Block(msgspec.Struct, frozen=True):
    """`parts` are in the order of their ids. `order` is the client order id that a venue sees."""

    id: BlockId
    order: OrderId
    formation: int
    terms: Terms
    parts: tuple[Candidate, ...]

    @property
    def quantity(self) -> Decimal:
        return sum((part.quantity for part in self.parts), ZERO)


class Portion(msgspec.Struct, frozen=True, gc=False):
    """One part of what was executed. `dollars` is its value, `fee` its part of the fees."""

    quantity: Decimal
    dollars: Decimal
    fee: Decimal


def blocks(batch: Digest, candidates: Iterable[Candidate]) -> tuple[Block, ...]:
    """What goes together of one batch: a block for all on the same terms. Who is alone on hers is in none."""
    found: dict[tuple[str, ...], list[Candidate]] = {}
    for one in candidates:
        found.setdefault(tuple(_named(one.terms).values()), []).append(one)
    together = [sorted(parts, key=lambda part: part.order) for parts in found.values() if len(parts) > 1]
    return tuple(sorted((_block(batch, parts) for parts in together), key=lambda block: block.id))


def shared(
    block: BlockId,
    asked: Mapping[Named, Decimal],
    executed: Decimal,
    method: Method,
    *,
    step: Decimal = WHOLE,
) -> dict[Named, Decimal]:
    """Shares of what was executed, by who asked, in multiples of `step`.

    Raises:
        BadInput: more was executed than asked for, or something is no multiple of the step.
    """
    units = {account: _units(quantity, step) for account, quantity in asked.items()}
    done, whole = _units(executed, step), sum(units.values())
    if not 0 <= done <= whole:
        raise BadInput(
            f"{executed:f} shares executed do not fit the {whole * step:f} that were asked for",
            fix="reconcile with the venue first",
            field="executed",
        )
    parts = _rotated(block, units, done) if method is Method.ROTATIONAL else _pro_rata(block, units, done)
    return {account: step * part for account, part in parts.items()}


def portions(
    block: BlockId,
    asked: Mapping[Named, Decimal],
    executed: Decimal,
    dollars: Decimal,
    fees: Decimal,
    method: Method = Method.PRO_RATA,
    *,
    step: Decimal = WHOLE,
) -> dict[Named, Portion]:
    """Everybody's shares, dollars and fees. All of them together are exactly what was executed.

    Raises:
        BadInput: as `shared`, or the dollars are no whole cents.
    """
    return shared_money(block, shared(block, asked, executed, method, step=step), dollars, fees, step=step)


def shared_money(
    block: BlockId, parts: Mapping[Named, Decimal], dollars: Decimal, fees: Decimal, *, step: Decimal = WHOLE
) -> dict[Named, Portion]:
    """Dollars and fees by these shares.

    Raises:
        BadInput: the dollars or fees are no whole cents, or the shares no multiple of the step.
    """
    weights = {account: _units(part, step) for account, part in parts.items()}
    gross = _pro_rata(block, weights, _units(dollars, CENT))
    fee = _pro_rata(block, weights, _units(fees, CENT))
    return {
        account: Portion(part, CENT * gross[account], CENT * fee[account]) for account, part in parts.items()
    }


def _pro_rata(block: BlockId, weights: Mapping[Named, int], units: int) -> dict[Named, int]:
    """That many units by weight: rounded down, then one each to the largest remainders."""
    whole = sum(weights.values())
    if not whole:
        return dict.fromkeys(weights, 0)
    shares = {account: divmod(weight * units, whole) for account, weight in weights.items()}
    found = {account: share for account, (share, _) in shares.items()}
    left = units - sum(found.values())
    if left:
        remaining = [(rest, account) for account, (_, rest) in shares.items() if rest]
        remaining.sort(key=lambda one: (-one[0], _place(block, one[1])))
        for _, account in remaining[:left]:
            found[account] += 1
    return found


def _rotated(block: BlockId, units: Mapping[Named, int], done: int) -> dict[Named, int]:
    found = dict.fromkeys(units, 0)
    for account in turns(block, units):
        found[account] = min(units[account], done)
        done -= found[account]
    return found


def turns(block: BlockId, names: Iterable[Named]) -> Sequence[Named]:
    """Those by name, beginning where the first twelve digits of the block's digest say."""
    named = sorted(names)
    first = int(sha256(block.encode()).hexdigest()[:12], 16) % len(named) if named else 0
    return [*named[first:], *named[:first]]


def _place(block: BlockId, name: str) -> bytes:
    return sha256(f"{block}/{name}".encode()).digest()


def _units(amount: Decimal, step: Decimal) -> int:
    units, rest = divmod(amount, step)
    if rest:
        raise BadInput(f"{amount:f} is no multiple of {step:f}", fix="ask for whole steps", field="quantity")
    return int(units)


def block_id(batch: Digest, formation: int, terms: Terms, parts: Iterable[tuple[str, str, str]]) -> BlockId:
    """A digest of what was decided on, the terms, and each part's order, account and quantity."""
    each = [{"order": order, "account": account, "quantity": quantity} for order, account, quantity in parts]
    whole: dict[str, Any] = {
        "batch": batch,
        "formation": str(formation),
        "parts": each,
        "terms": _named(terms),
    }
    return BlockId(f"blk-{sha256(rfc8785.dumps(whole)).hexdigest()[:32]}")


def _block(batch: Digest, parts: Sequence[Candidate]) -> Block:
    terms, formation = parts[0].terms, 1 + max(part.formed for part in parts)
    name = block_id(
        batch, formation, terms, [(part.order, part.account, shortest(part.quantity)) for part in parts]
    )
    return Block(name, block_order_id(name), formation, terms, tuple(parts))


def shortest(amount: Decimal) -> str:
    """Without trailing zeros and exponent."""
    return f"{amount.normalize():f}"


def _named(terms: Terms) -> dict[str, str]:
    return {
        "custodian": terms.custodian,
        "limit_price": "" if terms.limit_price is None else shortest(terms.limit_price),
        "order_type": terms.order_type.value,
        "side": terms.side.value,
        "symbol": terms.symbol,
        "time_in_force": terms.time_in_force.value,
    }
