"""What came to the demo firm's custodians before its first business day, as they know it themselves.

Rule 1: it is drawn from the seed as the firm's own founding is, and read from no record of the firm's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.firm import cash, holdings
from core.firm.draw import Draw
from core.firm.households import Account, households
from core.firm.models import CUSTODIANS
from core.ids import CustodianId
from core.market.closes import closes


def transferred(seed: int) -> Mapping[CustodianId, Sequence[Mapping[str, Any]]]:
    """Shares and dollars (`cash`) by custodian, account by account. `on`: when they are good."""
    found: dict[CustodianId, list[Mapping[str, Any]]] = {one.custodian: [] for one in CUSTODIANS}
    for household in households(seed):
        for account in household.accounts:
            found[account.custodian] += _of(account, Draw(seed).under(account.id))
    return found


def _of(account: Account, draw: Draw) -> Iterator[Mapping[str, Any]]:
    last = closes().last_session()
    lots = holdings.lots(account, last, draw)
    for lot in lots:
        yield _line(account, lot.symbol, f"{lot.quantity:f}", None)
    for deposit in cash.deposits(account, account.value - holdings.invested(lots, last)):
        yield _line(account, "cash", f"{deposit.amount:f}", deposit.held_until)


def _line(account: Account, symbol: str, amount: str, on: str | None) -> Mapping[str, Any]:
    return {"account": account.id, "symbol": symbol, "amount": amount, "on": on}
