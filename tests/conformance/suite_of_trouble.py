"""The venue suite's cases of races, faults, outages, and of what a venue takes back hours later."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
import rfc8785

from core.errors import WorldFailed
from core.ids import Symbol
from core.venues.venue import (
    EVEN,
    FROM_THE_FIRST,
    MOST_LOOKED_UP,
    Accepted,
    Busted,
    Cancelled,
    Corrected,
    Execution,
    Found,
    How,
    NotKnown,
    Rejected,
    Strange,
    TooLate,
    Unknown,
    Venue,
    Weights,
    encode,
)
from tests.conformance.questions import (
    AAPL,
    FAR_BELOW,
    IMPATIENCE,
    MANY,
    PATIENCE,
    ends,
    executions,
    filled,
    found,
    over,
    reports_of,
    sent,
    shares,
)
from tests.fixtures.venues import VenueProcess, released

MORNING = "2022-12-29T15:00:00+00:00"


class TroubleCases:
    # Messages that are no orders

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        "changed",
        [
            {"quantity": "0"},
            {"quantity": "100000000"},
            {"quantity": "-5"},
            {"side": "borrow"},
            {"order_type": "stop"},
            {"time_in_force": "gtc"},
            {"limit_price": None},
            {"limit_price": "0"},
            {"order_type": "market"},
            {"colour": "red"},
        ],
        ids=lambda changed: "-".join(f"{name}-{value}" for name, value in changed.items()),
    )
    async def test_42_what_cannot_be_an_order_is_rejected_with_a_reason(
        self, venue: Venue, changed: dict[str, str | None]
    ) -> None:
        order = released()
        body = rfc8785.dumps({**json.loads(encode(order)), **changed})
        said = await venue.send(order, body, timeout=PATIENCE)
        assert isinstance(said, Rejected)
        assert said.reason

    @pytest.mark.anyio
    async def test_43_ten_copies_at_once_are_one_order(self, venue: Venue, stage: VenueProcess) -> None:
        order = released()
        said = await asyncio.gather(*(sent(venue, order) for _ in range(10)))
        await reports_of(venue, order.id, filled(order.quantity))
        assert len(set(said)) == 1
        assert stage.executed(order.id) == order.quantity

    @pytest.mark.anyio
    async def test_44_a_live_order_is_found_open(self, venue: Venue) -> None:
        order = released(limit=FAR_BELOW)
        said = await sent(venue, order)
        assert isinstance(said, Accepted)
        assert await found(venue, order.id) == Found(said, (), None)

    # Races

    @pytest.mark.anyio
    async def test_45_a_partly_done_order_keeps_what_was_done_when_it_is_cancelled(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released(quantity=MANY)
        await sent(venue, order)
        await reports_of(venue, order.id, filled(Decimal(1)))
        stage.tell(faults={"paused": True})
        try:
            assert await venue.cancel(order.id, timeout=PATIENCE) == Cancelled()
        finally:
            stage.tell(faults={"paused": False})
        told = await reports_of(venue, order.id, over)
        assert ends(told)[0].executed == shares(told) == stage.executed(order.id)
        assert 0 < shares(told) < Decimal(MANY)

    @pytest.mark.anyio
    async def test_46_a_fill_that_races_a_cancel_counts_or_never_was(self, venue: Venue) -> None:
        orders = [released(quantity="60") for _ in range(12)]
        for order in orders:
            await sent(venue, order)
        said = await asyncio.gather(*(venue.cancel(order.id, timeout=PATIENCE) for order in orders))
        for order, word in zip(orders, said, strict=True):
            it = await found(venue, order.id)
            assert isinstance(word, Cancelled | TooLate)
            if isinstance(word, TooLate):
                assert shares(it.executions) == order.quantity
            else:
                assert it.ended is not None
                assert it.ended.executed == shares(it.executions) < order.quantity

    @pytest.mark.anyio
    async def test_47_a_fill_may_be_told_before_the_acknowledgement(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released()
        stage.tell(faults={"answer_ms": 600})
        try:
            sending = asyncio.create_task(sent(venue, order))
            await reports_of(venue, order.id, lambda told: bool(told))
            assert not sending.done()
            assert isinstance(await sending, Accepted)
        finally:
            stage.tell(faults={"answer_ms": 0})

    @pytest.mark.anyio
    async def test_48_a_cancel_without_an_answer_is_doubt_and_the_look_up_tells(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released(limit=FAR_BELOW)
        await sent(venue, order)
        stage.tell(faults={"time_out_next": 1})
        assert isinstance(await venue.cancel(order.id, timeout=IMPATIENCE), Unknown)
        end = (await found(venue, order.id)).ended
        assert end is not None
        assert end.how is How.CANCELLED

    @pytest.mark.anyio
    async def test_49_a_cancel_that_never_arrived_leaves_the_order_open(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released(limit=FAR_BELOW)
        await sent(venue, order)
        stage.tell(faults={"drop_next": 1})
        assert isinstance(await venue.cancel(order.id, timeout=PATIENCE), Unknown)
        assert (await found(venue, order.id)).ended is None

    @pytest.mark.anyio
    async def test_50_an_end_may_be_told_before_its_executions_and_says_how_many_there_are(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released(quantity=MANY)
        await sent(venue, order)
        await reports_of(venue, order.id, filled(Decimal(1)))
        await venue.cancel(order.id, timeout=PATIENCE)
        stage.tell(faults={"reorder_percent": 80})
        try:
            told = await reports_of(venue, order.id, over)
        finally:
            stage.tell(faults={"reorder_percent": 0})
        assert ends(told)[0].executed == stage.executed(order.id) == shares(told)

    # Too fast, and away

    @pytest.mark.anyio
    async def test_51_a_message_that_is_refused_as_too_fast_was_not_read(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released()
        stage.tell(faults={"limit_next": 1})
        with pytest.raises(WorldFailed):
            await sent(venue, order)
        assert await venue.lookup(order.id, timeout=PATIENCE) == NotKnown()
        assert isinstance(await sent(venue, order), Accepted)

    @pytest.mark.anyio
    async def test_52_the_rate_is_published_and_kept(self, venue: Venue, stage: VenueProcess) -> None:
        stage.tell(faults={"per_second": 20})
        try:
            orders = [released(limit=FAR_BELOW) for _ in range(60)]
            said = await asyncio.gather(*(sent(venue, order) for order in orders), return_exceptions=True)
            refused = [order for order, word in zip(orders, said, strict=True) if type(word) is WorldFailed]
        finally:
            stage.tell(faults={"per_second": 0})
        taken = sum(isinstance(word, Accepted) for word in said)
        assert taken + len(refused) == 60
        assert 20 <= taken < 60
        assert await venue.lookup(refused[0].id, timeout=PATIENCE) == NotKnown()

    @pytest.mark.anyio
    async def test_53_a_venue_says_how_many_messages_it_takes_or_nothing(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        stage.tell(faults={"per_second": 250, "send_weight": 5, "lookup_weight": 2})
        try:
            can = await venue.capabilities(timeout=PATIENCE)
            assert (can.per_second, can.weights) == (250, Weights(send=5, cancel=1, lookup=2))
        finally:
            stage.tell(faults={"per_second": 0, "send_weight": 1, "lookup_weight": 1})
        can = await venue.capabilities(timeout=PATIENCE)
        assert (can.per_second, can.weights) == (None, EVEN)

    @pytest.mark.anyio
    async def test_54_in_an_outage_nothing_is_answered_and_nothing_is_taken(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        before = released(limit=FAR_BELOW)
        said = await sent(venue, before)
        order = released()
        stage.tell(faults={"away": True})
        try:
            assert isinstance(await sent(venue, order, timeout=IMPATIENCE), Unknown)
            for read in (venue.health, venue.capabilities, venue.newest):
                with pytest.raises(WorldFailed):
                    await read(timeout=IMPATIENCE)
        finally:
            stage.tell(faults={"away": False})
        assert await venue.lookup(order.id, timeout=PATIENCE) == NotKnown()
        assert (await found(venue, before.id)).accepted == said
        assert isinstance(await sent(venue, order), Accepted)

    # What is taken back

    @pytest.mark.anyio
    async def test_55_a_bust_hours_later_names_the_execution_and_comes_once(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released()
        await sent(venue, order)
        done = executions(await reports_of(venue, order.id, filled(order.quantity)))
        after = await venue.newest(timeout=PATIENCE)
        stage.tell(bust=[done[0].id])
        told = await reports_of(venue, order.id, lambda reports: bool(reports), after=after)
        assert [(type(one), getattr(one, "execution", None)) for one in told] == [(Busted, done[0].id)]
        it = await found(venue, order.id)
        assert list(it.executions) == done
        assert [one.execution for one in it.changes] == [done[0].id]

    @pytest.mark.anyio
    async def test_56_a_correction_has_the_old_id_and_new_figures(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released()
        await sent(venue, order)
        one = executions(await reports_of(venue, order.id, filled(order.quantity)))[0]
        after = await venue.newest(timeout=PATIENCE)
        stage.tell(correct={one.id: {"price": "99.50", "quantity": "1"}})
        (told,) = await reports_of(venue, order.id, lambda reports: bool(reports), after=after)
        assert isinstance(told, Corrected)
        assert (told.execution, told.price, told.quantity) == (one.id, Decimal("99.50"), Decimal(1))
        assert (await found(venue, order.id)).changes == (told,)

    @pytest.mark.anyio
    async def test_57_a_busted_order_is_not_executed_again(self, venue: Venue, stage: VenueProcess) -> None:
        order, other = released(), released(quantity="50")
        await sent(venue, order)
        done = executions(await reports_of(venue, order.id, filled(order.quantity)))
        stage.tell(bust=[one.id for one in done])
        await sent(venue, other)
        await reports_of(venue, other.id, filled(other.quantity))
        assert list((await found(venue, order.id)).executions) == done

    # Reports

    @pytest.mark.anyio
    async def test_58_a_report_of_an_unknown_kind_is_handed_on_and_hides_no_other(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released()
        await sent(venue, order)
        stage.tell(faults={"strange_percent": 100})
        try:
            told = await reports_of(venue, order.id, filled(order.quantity))
        finally:
            stage.tell(faults={"strange_percent": 0})
        assert shares(told) == order.quantity
        assert {one.word for one in told if isinstance(one, Strange)} == {"invitation"}

    @pytest.mark.anyio
    async def test_59_an_old_cursor_tells_the_same_again_also_after_a_restart(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order = released(quantity="80")
        await sent(venue, order)
        first = await reports_of(venue, order.id, filled(order.quantity))
        assert await reports_of(venue, order.id, filled(order.quantity)) == first
        stage.restart()
        async with stage.client() as again:
            assert await reports_of(again, order.id, filled(order.quantity)) == first

    # Days and clocks

    @pytest.mark.anyio
    async def test_60_what_was_done_before_the_days_end_stays_and_the_next_day_is_another(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        order, next_days = released(quantity=MANY), released()
        await sent(venue, order)
        await reports_of(venue, order.id, filled(Decimal(1)))
        day = stage.tell(step=0)["day"]
        stage.tell(day={"session": "2022-12-30", "at": "2022-12-30T15:00:00+00:00", "open": True})
        try:
            told = await reports_of(venue, order.id, over)
            await sent(venue, next_days)
            done = executions(await reports_of(venue, next_days.id, filled(next_days.quantity)))
        finally:
            stage.tell(day=day)
        (end,) = ends(told)
        assert (end.how, end.executed) == (How.EXPIRED, shares(told))
        assert (end.session, {one.trade_date for one in done}) == (date(2022, 12, 29), {date(2022, 12, 30)})

    @pytest.mark.anyio
    async def test_61_a_wrong_clock_and_an_old_quote_show_in_their_times_and_move_no_trade_date(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        at = datetime.fromisoformat(MORNING)
        stage.tell(faults={"skew_s": 7200, "stale_s": 90})
        try:
            quote = (await venue.quotes([AAPL], timeout=PATIENCE))[AAPL]
            order = released()
            await sent(venue, order)
            done = executions(await reports_of(venue, order.id, filled(order.quantity)))
        finally:
            stage.tell(faults={"skew_s": 0, "stale_s": 0})
        assert quote.taken_at == at + timedelta(hours=2, seconds=-90)
        assert {(one.executed_at, one.trade_date) for one in done} == {
            (at + timedelta(hours=2), date(2022, 12, 29))
        }

    @pytest.mark.anyio
    async def test_80_what_a_venue_lists_is_what_it_quotes_and_takes(self, venue: Venue) -> None:
        listed = (await venue.capabilities(timeout=PATIENCE)).symbols
        asked = [AAPL, Symbol("SPY"), Symbol("NOSUCH")]
        assert set(await venue.quotes(asked, timeout=PATIENCE)) == listed & set(asked)
        said = await sent(venue, released(symbol="SPY", limit="1.00"))
        assert isinstance(said, Accepted if "SPY" in listed else Rejected)

    @pytest.mark.anyio
    async def test_81_a_page_has_each_executions_own_figures(self, venue: Venue) -> None:
        order = released(quantity="70")
        await sent(venue, order)
        await reports_of(venue, order.id, filled(order.quantity))
        page = await venue.reports(FROM_THE_FIRST, wait=timedelta(0), timeout=PATIENCE)
        for one in page.reports:
            if isinstance(one, Execution):
                assert one.quantity > 0
                assert one.price > 0
                assert one.executed_at.tzinfo is not None

    # Several looked up in one message

    @pytest.mark.anyio
    async def test_82_several_looked_up_together_are_told_as_each_alone(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        done, resting, never = released(), released(limit=FAR_BELOW), released()
        refused = released(symbol="NOSUCH")
        await asyncio.gather(*(sent(venue, order) for order in (done, resting, refused)))
        await reports_of(venue, done.id, filled(done.quantity))
        asked = [order.id for order in (done, never, resting, refused)]
        said = await venue.lookups(asked, timeout=PATIENCE)
        assert said == {order: await venue.lookup(order, timeout=PATIENCE) for order in asked}
        assert [type(said[order]) for order in asked] == [Found, NotKnown, Found, Rejected]
        lines = [one for one in stage.ledger() if one.get("verb") == "lookups"]
        assert lines[-1]["orders"] == asked

    @pytest.mark.anyio
    async def test_83_one_look_up_tells_of_as_many_as_it_may_and_of_no_more(self, venue: Venue) -> None:
        many = [released().id for _ in range(MOST_LOOKED_UP + 1)]
        said = await venue.lookups(many[:MOST_LOOKED_UP], timeout=PATIENCE)
        assert said == dict.fromkeys(many[:MOST_LOOKED_UP], NotKnown())
        with pytest.raises(WorldFailed):
            await venue.lookups(many, timeout=PATIENCE)

    @pytest.mark.anyio
    async def test_84_an_outage_tells_nothing_of_any(self, venue: Venue, stage: VenueProcess) -> None:
        order = released()
        await sent(venue, order)
        stage.tell(faults={"away": True})
        try:
            with pytest.raises(WorldFailed):
                await venue.lookups([order.id], timeout=IMPATIENCE)
        finally:
            stage.tell(faults={"away": False})
        assert isinstance((await venue.lookups([order.id], timeout=PATIENCE))[order.id], Found)
