"""The contract of the venue port, in numbered cases. An adapter is done when it is green.

Subclass `VenueSuite` and provide `stage`, a venue's process or sandbox that can be steered, and `venue`, the
adapter to it. Cases that need a capability skip where the venue does not declare it, and say so: what is
printed of a run is the venue's capability matrix (`docs/venues.md`). Cases 42 to 61 and 80 on stand in
`suite_of_trouble.py`, 62 to 79 in `suite_of_replacing.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.errors import IntegrityLost, WorldFailed
from core.ids import OrderId, Symbol
from core.orders.events import Side
from core.orders.released import ReleasedOrder
from core.venues.venue import (
    FROM_THE_FIRST,
    Accepted,
    Cancelled,
    Ended,
    Execution,
    Found,
    How,
    NotKnown,
    Rejected,
    Sending,
    TooLate,
    Unknown,
    Venue,
    digest_of,
    encode,
)
from tests.conformance.questions import (
    AAPL,
    FAR_BELOW,
    IMPATIENCE,
    PATIENCE,
    executions,
    filled,
    over,
    reports_of,
    sent,
)
from tests.conformance.suite_of_replacing import ReplacingCases
from tests.conformance.suite_of_trouble import TroubleCases
from tests.fixtures.venues import VenueProcess, released


class VenueSuite(TroubleCases, ReplacingCases):
    """Each case leaves the stage as it found it."""

    @pytest.fixture
    def stage(self) -> VenueProcess:
        raise NotImplementedError("provide the venue's process")

    @pytest.fixture
    async def venue(self, stage: VenueProcess) -> AsyncIterator[Venue]:
        async with stage.client() as client:
            yield client

    # What is taken, and what is not

    @pytest.mark.anyio
    async def test_01_a_good_order_is_accepted(self, venue: Venue) -> None:
        assert isinstance(await sent(venue, released()), Accepted)

    @pytest.mark.anyio
    async def test_02_the_same_order_twice_is_one_order(self, venue: Venue, stage: VenueProcess) -> None:
        order = released()
        first, again = await sent(venue, order), await sent(venue, order)
        await reports_of(venue, order.id, filled(order.quantity))
        assert first == again
        assert stage.executed(order.id) == order.quantity

    @pytest.mark.anyio
    async def test_03_the_same_id_with_another_body_stops_us(self, venue: Venue, stage: VenueProcess) -> None:
        order = released()
        await sent(venue, order)
        with pytest.raises(IntegrityLost):
            await sent(venue, replace(order, quantity=order.quantity + 1))
        await reports_of(venue, order.id, filled(order.quantity))
        assert stage.executed(order.id) == order.quantity

    @pytest.mark.anyio
    async def test_04_an_unknown_symbol_is_rejected(self, venue: Venue) -> None:
        assert await sent(venue, released(symbol="NOSUCH")) == Rejected("unknown symbol NOSUCH")

    @pytest.mark.anyio
    async def test_05_fractions_are_rejected_where_not_offered(self, venue: Venue) -> None:
        if (await venue.capabilities(timeout=PATIENCE)).fractional_shares:
            pytest.skip(f"{venue.name} offers fractional shares")
        assert isinstance(await sent(venue, released(quantity="1.5")), Rejected)

    @pytest.mark.anyio
    async def test_06_fractions_are_filled_exactly_where_offered(self, venue: Venue) -> None:
        if not (await venue.capabilities(timeout=PATIENCE)).fractional_shares:
            pytest.skip(f"{venue.name} does not offer fractional shares")
        order = released(quantity="2.375")
        await sent(venue, order)
        done = executions(await reports_of(venue, order.id, filled(order.quantity)))
        assert sum(one.quantity for one in done) == Decimal("2.375")

    @pytest.mark.anyio
    async def test_07_a_limit_off_the_tick_is_rejected(self, venue: Venue) -> None:
        assert isinstance(await sent(venue, released(limit="150.005")), Rejected)

    @pytest.mark.anyio
    async def test_08_a_rejection_stays_what_it_was(self, venue: Venue, stage: VenueProcess) -> None:
        order = released()
        stage.tell(faults={"reject_next": 1})
        first = await sent(venue, order)
        assert isinstance(first, Rejected)
        assert await sent(venue, order) == first
        assert await venue.lookup(order.id, timeout=PATIENCE) == first

    @pytest.mark.anyio
    async def test_09_a_closed_market_takes_nothing(self, venue: Venue, stage: VenueProcess) -> None:
        day = stage.tell(step=0)["day"]
        stage.tell(day={**day, "open": False})
        try:
            assert await sent(venue, released()) == Rejected("the market is closed")
            assert not (await venue.health(timeout=PATIENCE)).open
        finally:
            stage.tell(day=day)

    @pytest.mark.anyio
    async def test_10_the_venue_gets_exactly_the_bytes_that_we_digested(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released()
        await sent(venue, order)
        got = [one for one in stage.ledger() if one["kind"] == "message" and one["order"] == order.id]
        assert [one["body_digest"] for one in got] == [digest_of(encode(order))]
        assert json.loads(got[0]["body"])["limit_price"] == "150"

    # What is found out later

    @pytest.mark.anyio
    async def test_11_an_id_that_was_never_sent_is_not_known(self, venue: Venue) -> None:
        assert await venue.lookup(released().id, timeout=PATIENCE) == NotKnown()

    @pytest.mark.anyio
    async def test_12_an_accepted_order_is_found_with_its_executions(self, venue: Venue) -> None:
        order = released()
        said = await sent(venue, order)
        told = await reports_of(venue, order.id, filled(order.quantity))
        found = await venue.lookup(order.id, timeout=PATIENCE)
        assert isinstance(found, Found)
        assert found.accepted == said
        assert list(found.executions) == executions(told)

    @pytest.mark.anyio
    async def test_13_a_time_out_after_acceptance_is_doubt_and_is_found(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released()
        stage.tell(faults={"time_out_next": 1})
        said = await sent(venue, order, timeout=IMPATIENCE)
        assert isinstance(said, Unknown)
        assert said.waited >= IMPATIENCE
        assert isinstance(await venue.lookup(order.id, timeout=PATIENCE), Found)

    @pytest.mark.anyio
    async def test_14_a_dropped_connection_is_doubt_until_the_venue_says_no(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released()
        stage.tell(faults={"drop_next": 1})
        assert isinstance(await sent(venue, order), Unknown)
        assert await venue.lookup(order.id, timeout=PATIENCE) == NotKnown()
        assert isinstance(await sent(venue, order), Accepted)

    @pytest.mark.anyio
    async def test_15_an_answer_cut_half_way_is_doubt_and_is_found(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released()
        stage.tell(faults={"cut_next": 1})
        assert isinstance(await sent(venue, order), Unknown)
        assert isinstance(await venue.lookup(order.id, timeout=PATIENCE), Found)

    @pytest.mark.anyio
    async def test_16_a_late_first_copy_is_not_a_second_order(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released()
        stage.tell(faults={"delay_ms": 700})
        try:
            assert isinstance(await sent(venue, order, timeout=IMPATIENCE), Unknown)
        finally:
            stage.tell(faults={"delay_ms": 0})
        assert isinstance(await sent(venue, order), Accepted)
        await reports_of(venue, order.id, filled(order.quantity))
        assert stage.executed(order.id) == order.quantity

    @pytest.mark.anyio
    async def test_17_a_venue_that_is_not_there_has_got_nothing(self, stage: VenueProcess) -> None:
        async with stage.client(port=9) as nobody:
            with pytest.raises(WorldFailed):
                await sent(nobody, released())

    @pytest.mark.anyio
    async def test_18_a_wrong_key_places_nothing(self, venue: Venue, stage: VenueProcess) -> None:
        order = released()
        async with stage.client(key="wrong") as stranger:
            with pytest.raises(WorldFailed):
                await sent(stranger, order)
            with pytest.raises(WorldFailed):
                await stranger.reports(FROM_THE_FIRST, wait=timedelta(0), timeout=PATIENCE)
        assert await venue.lookup(order.id, timeout=PATIENCE) == NotKnown()

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        "rubbish",
        [
            b"",
            b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
            b'HTTP/1.1 200 OK\r\ncontent-length: 34\r\n\r\n{"answer":"accepted","venue":"XYZ"}',
            b"HTTP/1.1 500 no\r\ncontent-length: 0\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.2\r\n",
        ],
    )
    async def test_19_rubbish_is_doubt_for_a_send_and_no_answer_for_a_read(
        self, venue: Venue, stage: VenueProcess, rubbish: bytes
    ) -> None:
        async def says_it(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\n")
            if stage.via == "tcp":
                welcome = {"venue": venue.name, "simulated": True, "resumed": False, "seen": 0}
                writer.write(json.dumps({"welcome": welcome}).encode() + b"\n")
                with contextlib.suppress(asyncio.IncompleteReadError):  # it came back, and asks nothing
                    await reader.readuntil(b'"n":')
            writer.write(rubbish)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(says_it, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            async with stage.client(port=port) as other:
                assert isinstance(await sent(other, released(), timeout=IMPATIENCE), Unknown)
                with pytest.raises(WorldFailed):
                    await other.lookup(OrderId("gh-x"), timeout=IMPATIENCE)
                assert isinstance(await other.cancel(OrderId("gh-x"), timeout=IMPATIENCE), Unknown)

    @pytest.mark.anyio
    async def test_20_another_venue_at_that_address_does_not_speak_for_this_one(
        self, stage: VenueProcess
    ) -> None:
        async with stage.client(name="ELSEWHERE") as other:
            with contextlib.suppress(WorldFailed):  # or its session is not even opened
                assert isinstance(await sent(other, released()), Unknown)
            with pytest.raises(WorldFailed):
                await other.health(timeout=PATIENCE)

    # Executions

    @pytest.mark.anyio
    async def test_21_an_order_is_done_in_parts_that_add_up(self, venue: Venue) -> None:
        orders = [released(quantity="90") for _ in range(30)]  # one alone may be done at once
        parts = []
        for order in orders:
            await sent(venue, order)
        for order in orders:
            done = executions(await reports_of(venue, order.id, filled(order.quantity)))
            assert sum(one.quantity for one in done) == order.quantity
            parts.append(len(done))
        assert max(parts) > 1

    @pytest.mark.anyio
    @pytest.mark.parametrize(("side", "margin"), [(Side.BUY, "0.02"), (Side.SELL, "-0.02")])
    async def test_22_no_execution_is_outside_its_limit(self, venue: Venue, side: Side, margin: str) -> None:
        quote = (await venue.quotes([AAPL], timeout=PATIENCE))[AAPL]
        limit = (quote.ask if side is Side.BUY else quote.bid) + Decimal(margin)
        order = released(side=side, limit=str(limit), quantity="200")
        await sent(venue, order)
        done = executions(await reports_of(venue, order.id, filled(order.quantity)))
        assert all(one.price <= limit if side is Side.BUY else one.price >= limit for one in done)

    @pytest.mark.anyio
    async def test_23_a_market_order_is_done_near_the_quote(self, venue: Venue) -> None:
        quote = (await venue.quotes([AAPL], timeout=PATIENCE))[AAPL]
        order = released(limit=None)
        await sent(venue, order)
        done = executions(await reports_of(venue, order.id, filled(order.quantity)))
        assert all(quote.bid < one.price <= quote.ask + 5 * Decimal("0.01") for one in done)

    @pytest.mark.anyio
    async def test_24_an_order_away_from_the_market_rests_until_the_market_comes(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released(limit="125.00")
        await sent(venue, order)
        other = released()
        await sent(venue, other)
        await reports_of(venue, other.id, filled(other.quantity))
        assert stage.executed(order.id) == 0
        stage.tell(faults={"shift": {"AAPL": "-2"}})
        try:
            done = executions(await reports_of(venue, order.id, filled(order.quantity)))
        finally:
            stage.tell(faults={"shift": {"AAPL": "0"}})
        assert {one.liquidity.value for one in done} == {"maker"}
        assert {one.price for one in done} == {Decimal(125)}

    @pytest.mark.anyio
    async def test_25_fees_follow_the_published_table(self, venue: Venue) -> None:
        fees = (await venue.capabilities(timeout=PATIENCE)).fees
        order = released(quantity="500")
        await sent(venue, order)
        for one in executions(await reports_of(venue, order.id, filled(order.quantity))):
            assert one.fee == fees.charged(quantity=one.quantity, price=one.price, liquidity=one.liquidity)

    # Cancelling

    @pytest.mark.anyio
    async def test_26_a_cancelled_order_ends_with_what_was_done(self, venue: Venue) -> None:
        order = released(limit=FAR_BELOW)
        await sent(venue, order)
        assert await venue.cancel(order.id, timeout=PATIENCE) == Cancelled()
        ended = [one for one in await reports_of(venue, order.id, over) if isinstance(one, Ended)]
        assert [(one.how, one.executed) for one in ended] == [(How.CANCELLED, Decimal(0))]

    @pytest.mark.anyio
    async def test_27_cancelling_twice_is_one_cancellation(self, venue: Venue, stage: VenueProcess) -> None:
        order = released(limit=FAR_BELOW)
        await sent(venue, order)
        assert await venue.cancel(order.id, timeout=PATIENCE) == Cancelled()
        assert await venue.cancel(order.id, timeout=PATIENCE) == Cancelled()
        ended = [one for one in stage.ledger() if one["kind"] == "ended" and one["order"] == order.id]
        assert len(ended) == 1

    @pytest.mark.anyio
    async def test_28_a_filled_order_is_too_late_to_cancel(self, venue: Venue) -> None:
        order = released()
        await sent(venue, order)
        await reports_of(venue, order.id, filled(order.quantity))
        assert await venue.cancel(order.id, timeout=PATIENCE) == TooLate()

    @pytest.mark.anyio
    async def test_29_an_unknown_order_cannot_be_cancelled(self, venue: Venue) -> None:
        assert await venue.cancel(released().id, timeout=PATIENCE) == NotKnown()

    @pytest.mark.anyio
    async def test_30_day_orders_expire_when_the_session_ends(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released(limit=FAR_BELOW)
        await sent(venue, order)
        day = stage.tell(step=0)["day"]
        stage.tell(day={**day, "open": False})
        try:
            ended = [one for one in await reports_of(venue, order.id, over) if isinstance(one, Ended)]
        finally:
            stage.tell(day=day)
        assert [one.how for one in ended] == [How.EXPIRED]

    # Reports

    @pytest.mark.anyio
    async def test_31_reports_go_on_from_a_cursor_without_gap_or_copy(self, venue: Venue) -> None:
        after = await venue.newest(timeout=PATIENCE)
        orders = [released(quantity="40") for _ in range(5)]
        for order in orders:
            await sent(venue, order)
        wanted = sum(order.quantity for order in orders)
        told: list[Execution] = []
        while sum(one.quantity for one in told) < wanted:
            page = await venue.reports(after, wait=timedelta(seconds=1), timeout=PATIENCE)
            told += [one for one in page.reports if isinstance(one, Execution)]
            after = page.cursor
        mine = {order.id for order in orders}
        ids = [one.id for one in told if one.order in mine]
        assert len(ids) == len(set(ids))
        assert sum(one.quantity for one in told if one.order in mine) == wanted

    @pytest.mark.anyio
    async def test_32_copies_and_disorder_lose_nothing(self, venue: Venue, stage: VenueProcess) -> None:
        stage.tell(faults={"duplicate_percent": 60, "reorder_percent": 60})
        try:
            order = released(quantity="300")
            await sent(venue, order)
            told = await reports_of(venue, order.id, filled(order.quantity))
        finally:
            stage.tell(faults={"duplicate_percent": 0, "reorder_percent": 0})
        found = await venue.lookup(order.id, timeout=PATIENCE)
        assert isinstance(found, Found)
        assert sorted(one.id for one in executions(told)) == sorted(one.id for one in found.executions)
        assert {one for one in told if isinstance(one, Execution)} == set(found.executions)

    @pytest.mark.anyio
    async def test_33_waiting_for_reports_ends_with_the_first_news(self, venue: Venue) -> None:
        after = await venue.newest(timeout=PATIENCE)
        waiting = asyncio.create_task(venue.reports(after, wait=timedelta(seconds=15), timeout=PATIENCE))
        await sent(venue, released())
        async with asyncio.timeout(5):
            assert (await waiting).reports

    @pytest.mark.anyio
    async def test_34_no_news_is_an_empty_page_at_the_same_cursor(self, venue: Venue) -> None:
        order = released(quantity="5")
        await sent(venue, order)
        await reports_of(venue, order.id, filled(order.quantity))
        after = await venue.newest(timeout=PATIENCE)
        page = await venue.reports(after, wait=timedelta(0), timeout=PATIENCE)
        assert (page.reports, page.cursor) == ((), after)

    # Quotes and what it says of itself

    @pytest.mark.anyio
    async def test_35_quotes_are_two_sided_marked_and_timed(self, venue: Venue) -> None:
        found = await venue.quotes([AAPL, Symbol("NOSUCH")], timeout=PATIENCE)
        assert set(found) == {AAPL}
        quote = found[AAPL]
        assert 0 < quote.bid < quote.ask
        assert quote.synthetic
        assert (quote.venue, quote.session.isoformat()) == (venue.name, "2022-12-29")

    @pytest.mark.anyio
    async def test_36_the_last_price_is_the_real_close(self, venue: Venue) -> None:
        quote = (await venue.quotes([AAPL], timeout=PATIENCE))[AAPL]
        assert quote.last == Decimal("125.67")  # adjusted close of 2022-12-28, in cents
        assert quote.bid < quote.last < quote.ask

    @pytest.mark.anyio
    async def test_37_a_simulated_venue_says_so(self, venue: Venue) -> None:
        assert (await venue.capabilities(timeout=PATIENCE)).simulated
        assert (await venue.health(timeout=PATIENCE)).simulated

    # Kill -9

    @pytest.mark.anyio
    async def test_38_a_killed_venue_remembers_what_it_answered(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order, resting = released(), released(limit=FAR_BELOW)
        first, second = await sent(venue, order), await sent(venue, resting)
        done = executions(await reports_of(venue, order.id, filled(order.quantity)))
        stage.restart()
        async with stage.client() as again:
            found = await again.lookup(order.id, timeout=PATIENCE)
            assert isinstance(found, Found)
            assert (found.accepted, list(found.executions)) == (first, done)
            assert await sent(again, resting) == second

    @pytest.mark.anyio
    async def test_39_a_killed_venue_goes_on_with_open_orders(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        stage.tell(faults={"paused": True})
        order = released(quantity="120")
        await sent(venue, order)
        stage.restart()
        stage.tell(faults={"paused": False})
        async with stage.client() as again:
            done = executions(await reports_of(again, order.id, filled(order.quantity)))
        assert sum(one.quantity for one in done) == order.quantity == stage.executed(order.id)

    @pytest.mark.anyio
    async def test_40_killed_in_a_burst_it_forgets_nothing_that_it_answered(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        orders = [released(quantity="10") for _ in range(60)]

        async def one(order: ReleasedOrder) -> Sending | None:
            try:
                return await sent(venue, order, timeout=timedelta(seconds=2))
            except WorldFailed:
                return None

        burst = [asyncio.create_task(one(order)) for order in orders]
        done, _ = await asyncio.wait(burst, return_when=asyncio.FIRST_COMPLETED)
        assert done
        stage.kill()
        said = await asyncio.gather(*burst)
        stage.start()
        async with stage.client() as again:
            for order, answer in zip(orders, said, strict=True):
                found = await again.lookup(order.id, timeout=PATIENCE)
                if isinstance(answer, Accepted):
                    assert isinstance(found, Found)
                    assert found.accepted == answer
                if answer is None:
                    assert found == NotKnown()

    @pytest.mark.anyio
    async def test_41_a_torn_last_line_was_never_answered_for(self, stage: VenueProcess) -> None:
        stage.kill()
        whole = stage.ledger_path.read_bytes()
        stage.ledger_path.write_bytes(whole + b'{"seq":99999,"kind":"mess')
        stage.start()
        async with stage.client() as again:
            assert isinstance(await sent(again, released()), Accepted)
        assert stage.ledger_path.read_bytes().startswith(whole)
        ledger = stage.ledger()  # once: the venue goes on writing
        assert [one["seq"] for one in ledger] == list(range(1, len(ledger) + 1))
