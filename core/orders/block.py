"""What several accounts ask for together, and how what was executed is shared among them. Pure.

Rule 1: an account's part is fixed before the release; what is executed is shared by it, at one average price.
Rule 2: pro rata: each gets its share rounded down, and what is left over goes one by one to the largest
    remainders. Equal remainders are put in an order by a digest of the block and the account: written
    beforehand, and nobody's choice.
Rule 3: rotational, where the firm's rule says so: whole accounts in turn, from the one that the block's
    digest names.
Rule 4: shares and cents add up exactly, and the order in which accounts are given changes nothing.
Rule 5: what goes in one block is of one security, side and custodian, on the same terms, decided on together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Final, NewType

import msgspec
import rfc8785

from core.errors import BadInput
from core.ids import AccountId, CustodianId, OrderId, Symbol
from core.money import CENT
from core.orders.content import Leg
from core.orders.events import OrderType, Side, TimeInForce

ZERO: Final = Decimal(0)
WHOLE: Final = Decimal(1)

BlockId = NewType("BlockId", str)
Asked = Mapping[AccountId, Decimal]


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


class Block(msgspec.Struct, frozen=True):
    """`parts` are the orders in the order of their ids, and the shares of each."""

    id: BlockId
    terms: Terms
    parts: tuple[tuple[OrderId, AccountId, Decimal], ...]

    @property
    def quantity(self) -> Decimal:
        return sum((quantity for _, _, quantity in self.parts), ZERO)

    @property
    def asked(self) -> Asked:
        """Shares by account."""
        found: dict[AccountId, Decimal] = {}
        for _, account, quantity in self.parts:
            found[account] = found.get(account, ZERO) + quantity
        return found


class Portion(msgspec.Struct, frozen=True, gc=False):
    """One account's part of what was executed. `dollars` is its value, `fee` its part of the fees."""

    quantity: Decimal
    dollars: Decimal
    fee: Decimal


def blocks(legs: Iterable[tuple[Leg, CustodianId]]) -> tuple[Block, ...]:
    """What is decided on together, as blocks: one for all on the same terms, in the order of their ids.

    A leg that waits for others to fund it, or may carry fewer shares, goes by itself: its quantity is not
    fixed before the release.
    """
    found: dict[tuple[str, ...], tuple[Terms, list[Leg]]] = {}
    for leg, custodian in legs:
        terms = Terms(custodian, leg.symbol, leg.side, leg.order_type, leg.limit_price, leg.time_in_force)
        alone = leg.order if leg.funded_by or leg.may_release_less else ""
        found.setdefault((alone, *_named(terms).values()), (terms, []))[1].append(leg)
    return tuple(sorted((_block(*one) for one in found.values()), key=lambda block: block.id))


def shared(
    block: BlockId, asked: Asked, executed: Decimal, method: Method, *, step: Decimal = WHOLE
) -> dict[AccountId, Decimal]:
    """Shares of what was executed, by account, in multiples of `step`.

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
    asked: Asked,
    executed: Decimal,
    dollars: Decimal,
    fees: Decimal,
    method: Method = Method.PRO_RATA,
    *,
    step: Decimal = WHOLE,
) -> dict[AccountId, Portion]:
    """Every account's shares, dollars and fees. All of them together are exactly what was executed.

    Raises:
        BadInput: as `shared`, or the dollars are no whole cents.
    """
    parts = shared(block, asked, executed, method, step=step)
    weights = {account: _units(part, step) for account, part in parts.items()}
    gross = _pro_rata(block, weights, _units(dollars, CENT))
    fee = _pro_rata(block, weights, _units(fees, CENT))
    return {
        account: Portion(part, CENT * gross[account], CENT * fee[account]) for account, part in parts.items()
    }


def _pro_rata(block: BlockId, weights: Mapping[AccountId, int], units: int) -> dict[AccountId, int]:
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


def _rotated(block: BlockId, units: Mapping[AccountId, int], done: int) -> dict[AccountId, int]:
    found = dict.fromkeys(units, 0)
    for account in turns(block, units):
        found[account] = min(units[account], done)
        done -= found[account]
    return found


def turns(block: BlockId, accounts: Iterable[AccountId]) -> Sequence[AccountId]:
    """The accounts by name, beginning where the block's digest says."""
    named = sorted(accounts)
    first = int(sha256(block.encode()).hexdigest(), 16) % len(named) if named else 0
    return [*named[first:], *named[:first]]


def _place(block: BlockId, account: AccountId) -> bytes:
    return sha256(f"{block}/{account}".encode()).digest()


def _units(amount: Decimal, step: Decimal) -> int:
    units, rest = divmod(amount, step)
    if rest:
        raise BadInput(f"{amount:f} is no multiple of {step:f}", fix="ask for whole steps", field="quantity")
    return int(units)


def _block(terms: Terms, legs: Sequence[Leg]) -> Block:
    parts = tuple(sorted((leg.order, leg.account, leg.quantity) for leg in legs))
    each = [{"order": order, "account": account, "quantity": f"{q:f}"} for order, account, q in parts]
    digest = sha256(rfc8785.dumps({"terms": _named(terms), "parts": each})).hexdigest()
    return Block(BlockId(f"blk-{digest[:32]}"), terms, parts)


def _named(terms: Terms) -> dict[str, str]:
    return {
        "custodian": terms.custodian,
        "limit_price": "" if terms.limit_price is None else f"{terms.limit_price.normalize():f}",
        "order_type": terms.order_type.value,
        "side": terms.side.value,
        "symbol": terms.symbol,
        "time_in_force": terms.time_in_force.value,
    }
