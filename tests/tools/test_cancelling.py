"""A tool drafts the request for a cancel, of the one order that the advisor's words name."""

from __future__ import annotations

import pytest

from agents.offline.intents import Intent, read
from tests.tools.book import MESSAGE, SimulatedDesk, call
from tools.cancelling import ProposeCancelAsk, propose_cancel
from tools.contract import Refusal
from tools.trading import ProposeOrderAsk, propose_order

ORDER = "Sell 3 shares of AAA in acc-1001"
WORDS = {"account_words": "acc-1001", "side_words": "Sell", "quantity_words": "3", "symbol_words": "AAA"}


async def with_orders(*statuses: str) -> SimulatedDesk:
    """One order of each status, `gh-0` and on."""
    desk = SimulatedDesk()
    for n, status in enumerate(statuses):
        told = await propose_order(ProposeOrderAsk(**WORDS), call(desk, ORDER, position=n))
        desk.fill(told.proposal, status, f"gh-{n}")
    return desk


@pytest.mark.anyio
@pytest.mark.parametrize("words", ["AAA", "aaa", "gh-1"])
async def test_the_live_order_that_she_names_is_drafted_and_nothing_is_stopped(words: str) -> None:
    desk = await with_orders("FILLED", "ACCEPTED", "HELD")
    said = f"Please cancel {words}"
    told = await propose_cancel(ProposeCancelAsk(order_words=words), call(desk, said))
    ((order, asked),) = desk.cancels.values()
    assert (told.order, order) == ("gh-1", "gh-1")
    assert (asked.message, said[asked.start : asked.end]) == (MESSAGE, "cancel")
    assert told.status == "ACCEPTED"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("said", "words", "says"),
    [
        ("Cancel AAA", "AAA", "which one"),
        ("Cancel BBB", "BBB", "no order that is out"),
        ("Cancel the last one", "AAA", "does not stand"),
        ("How is AAA?", "AAA", "does not ask for a cancel"),
        ("Cancelled AAAB", "AAA", "does not stand"),
    ],
)
async def test_what_her_words_do_not_say_is_not_drafted(said: str, words: str, says: str) -> None:
    desk = await with_orders("ACCEPTED", "SENT")
    with pytest.raises(Refusal, match=says):
        await propose_cancel(ProposeCancelAsk(order_words=words), call(desk, said))
    assert not desk.cancels


@pytest.mark.anyio
async def test_a_pinned_thread_reaches_no_other_households_order() -> None:
    desk = await with_orders("ACCEPTED")
    with pytest.raises(Refusal, match="no order that is out"):
        await propose_cancel(ProposeCancelAsk(order_words="AAA"), call(desk, "Cancel AAA", household="hh-2"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Cancel my AAPL order", "AAPL"),
        ("please cancel the buy order for BRK.B", "BRK.B"),
        ("cancel gh-0123456789abcdef01234567", "gh-0123456789abcdef01234567"),
    ],
)
def test_the_offline_model_reads_the_order(text: str, named: str) -> None:
    found = read(text)
    assert (found.intent, found.live and found.live.named) == (Intent.CANCEL, named)
    assert read("Cancel the order").intent is Intent.UNCLEAR
