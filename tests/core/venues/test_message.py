"""The bytes of an order are its RFC 8785 text, whatever is in it: the reference library is the judge."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Final

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ids import AccountId, OrderId, Symbol
from core.orders.events import Side
from core.venues.venue import encode, encode_left, encode_replacement
from tests.fixtures.counts import count
from tests.fixtures.venues import released

many = settings(max_examples=count(200, whole=2_000), deadline=None)
words = st.text(st.characters(exclude_categories=["Cs"]))
amounts = st.decimals(
    min_value="0.0001", max_value="100000000", places=4, allow_nan=False, allow_infinity=False
)
REPLACED: Final = OrderId("gh-" + "1" * 24)


@many
@given(account=words, symbol=words, quantity=amounts, limit=st.none() | amounts, side=st.sampled_from(Side))
def test_every_form_of_an_orders_bytes_is_canonical(
    account: str, symbol: str, quantity: Decimal, limit: Decimal | None, side: Side
) -> None:
    order = replace(
        released(),
        account=AccountId(account),
        symbol=Symbol(symbol),
        quantity=quantity,
        limit_price=limit,
        side=side,
        replaces=REPLACED,
        executed_before=Decimal(1),
    )
    for body in (encode(order), encode_left(order, quantity / 2), encode_replacement(order)):
        said = json.loads(body)
        assert (rfc8785.dumps(said), said["account"], said["symbol"]) == (body, account, symbol)
