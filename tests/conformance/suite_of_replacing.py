"""The venue suite's cases of replacements: one order takes another's place, and nothing is done twice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.errors import IntegrityLost, WorldFailed
from core.ids import AccountId, Symbol
from core.orders.events import Side
from core.venues.venue import (
    Accepted,
    Cancelled,
    Found,
    How,
    NotKnown,
    Rejected,
    Replaced,
    TooLate,
    Unknown,
    Venue,
    encode,
)
from tests.conformance.questions import (
    FAR_BELOW,
    IMPATIENCE,
    MANY,
    PATIENCE,
    ends,
    filled,
    found,
    offers,
    over,
    replaced,
    reports_of,
    sent,
    shares,
)
from tests.fixtures.venues import VenueProcess, released


async def needs_replacing(venue: Venue) -> None:
    await offers(venue, lambda it: it.replaces, "replacing in one step")


class ReplacingCases:
    @pytest.mark.anyio
    async def test_62_a_replacement_takes_the_place_and_the_old_order_ends(self, venue: Venue) -> None:
        await needs_replacing(venue)
        old = released(limit=FAR_BELOW)
        await sent(venue, old)
        new = released(limit="61.00", replaces=old.id)
        assert isinstance(await replaced(venue, new), Replaced)
        (end,) = ends(await reports_of(venue, old.id, over))
        assert (end.how, end.by, end.executed) == (How.REPLACED, new.id, Decimal(0))
        assert (await found(venue, new.id)).ended is None

    @pytest.mark.anyio
    async def test_63_a_replaced_order_is_found_with_what_took_its_place(self, venue: Venue) -> None:
        await needs_replacing(venue)
        old = released(limit=FAR_BELOW)
        await sent(venue, old)
        new = released(limit="61.00", replaces=old.id)
        said = await replaced(venue, new)
        end = (await found(venue, old.id)).ended
        assert end is not None
        assert (end.how, end.by) == (How.REPLACED, new.id)
        assert (await found(venue, new.id)).accepted == said

    @pytest.mark.anyio
    async def test_64_the_new_terms_are_what_is_executed(self, venue: Venue) -> None:
        await needs_replacing(venue)
        old = released(limit=FAR_BELOW, quantity="40")
        await sent(venue, old)
        new = released(limit="150.00", quantity="25", replaces=old.id)
        await replaced(venue, new)
        assert shares(await reports_of(venue, new.id, filled(new.quantity))) == 25
        assert (await found(venue, old.id)).executions == ()

    @pytest.mark.anyio
    async def test_65_what_was_executed_since_it_was_counted_is_taken_off(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        await needs_replacing(venue)
        old = released(quantity=MANY)
        await sent(venue, old)
        await reports_of(venue, old.id, filled(Decimal(1)))
        stage.tell(faults={"paused": True})
        done = shares((await found(venue, old.id)).executions)
        new = released(quantity=str(done + 50), replaces=old.id)
        said = await replaced(venue, new)
        stage.tell(faults={"paused": False})
        assert isinstance(said, Replaced)
        assert said.executed == done > 0
        assert shares(await reports_of(venue, new.id, filled(Decimal(50)))) == 50
        assert stage.executed(old.id) + stage.executed(new.id) == done + 50

    @pytest.mark.anyio
    async def test_66_what_was_counted_before_is_not_taken_off_again(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        await needs_replacing(venue)
        old = released(quantity=MANY)
        await sent(venue, old)
        await reports_of(venue, old.id, filled(Decimal(1)))
        stage.tell(faults={"paused": True})
        done = shares((await found(venue, old.id)).executions)
        new = released(quantity="50", replaces=old.id, executed_before=str(done))
        said = await replaced(venue, new)
        stage.tell(faults={"paused": False})
        assert isinstance(said, Replaced)
        assert shares(await reports_of(venue, new.id, filled(new.quantity))) == 50

    @pytest.mark.anyio
    async def test_67_where_more_was_executed_than_is_wanted_nothing_is_left_to_do(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        await needs_replacing(venue)
        old = released(quantity=MANY)
        await sent(venue, old)
        await reports_of(venue, old.id, filled(Decimal(2)))
        stage.tell(faults={"paused": True})
        new = released(quantity="1", replaces=old.id)
        try:
            assert isinstance(await replaced(venue, new), Replaced)
        finally:
            stage.tell(faults={"paused": False})
        (end,) = ends(await reports_of(venue, new.id, over))
        assert (end.how, end.executed, stage.executed(new.id)) == (How.CANCELLED, Decimal(0), Decimal(0))

    @pytest.mark.anyio
    async def test_68_the_same_replacement_twice_is_one(self, venue: Venue, stage: VenueProcess) -> None:
        await needs_replacing(venue)
        old = released(limit=FAR_BELOW)
        await sent(venue, old)
        new = released(replaces=old.id)
        first, again = await replaced(venue, new), await replaced(venue, new)
        await reports_of(venue, new.id, filled(new.quantity))
        assert first == again
        assert stage.executed(new.id) == new.quantity

    @pytest.mark.anyio
    async def test_69_the_same_id_with_another_body_stops_us(self, venue: Venue) -> None:
        await needs_replacing(venue)
        old = released(limit=FAR_BELOW)
        await sent(venue, old)
        new = released(limit="61.00", replaces=old.id)
        await replaced(venue, new)
        with pytest.raises(IntegrityLost):
            await replaced(venue, replace(new, quantity=new.quantity + 1))

    @pytest.mark.anyio
    async def test_70_a_filled_order_cannot_be_replaced(self, venue: Venue, stage: VenueProcess) -> None:
        old = released()
        await sent(venue, old)
        await reports_of(venue, old.id, filled(old.quantity))
        new = released(replaces=old.id)
        said = await replaced(venue, new)
        assert isinstance(said, Rejected)
        assert await venue.lookup(new.id, timeout=PATIENCE) == said
        assert stage.executed(new.id) == 0

    @pytest.mark.anyio
    async def test_71_an_order_that_was_never_there_cannot_be_replaced(self, venue: Venue) -> None:
        assert isinstance(await replaced(venue, released(replaces=released().id)), Rejected)

    @pytest.mark.anyio
    async def test_72_a_refused_replacement_leaves_the_old_order_as_it_was(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        old = released(limit=FAR_BELOW)
        await sent(venue, old)
        stage.tell(faults={"reject_next": 1})
        assert isinstance(await replaced(venue, released(replaces=old.id)), Rejected)
        assert isinstance(await replaced(venue, released(limit="61.005", replaces=old.id)), Rejected)
        assert (await found(venue, old.id)).ended is None
        assert await venue.cancel(old.id, timeout=PATIENCE) == Cancelled()

    @pytest.mark.anyio
    @pytest.mark.parametrize("other", ["account", "symbol", "side"])
    async def test_73_nothing_else_of_the_order_can_be_changed(self, venue: Venue, other: str) -> None:
        old = released(limit=FAR_BELOW)
        await sent(venue, old)
        new = released(limit="61.00", replaces=old.id)
        changed = {
            "account": replace(new, account=AccountId("acc-2")),
            "symbol": replace(new, symbol=Symbol("MSFT")),
            "side": replace(new, side=Side.SELL),
        }
        assert isinstance(await replaced(venue, changed[other]), Rejected)
        assert (await found(venue, old.id)).ended is None

    @pytest.mark.anyio
    async def test_74_a_venue_that_does_not_replace_says_so_and_keeps_the_old_order(
        self, venue: Venue
    ) -> None:
        if (await venue.capabilities(timeout=PATIENCE)).replaces:
            pytest.skip(f"{venue.name} offers replacing in one step")
        old = released(limit=FAR_BELOW)
        await sent(venue, old)
        assert await replaced(venue, released(replaces=old.id)) == Rejected("replacing is not offered")
        assert (await found(venue, old.id)).ended is None

    @pytest.mark.anyio
    async def test_75_a_replacement_without_an_answer_is_doubt_and_both_are_found(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        await needs_replacing(venue)
        old = released(limit=FAR_BELOW)
        await sent(venue, old)
        new = released(limit="61.00", replaces=old.id)
        stage.tell(faults={"time_out_next": 1})
        assert isinstance(await replaced(venue, new, timeout=IMPATIENCE), Unknown)
        assert isinstance(await venue.lookup(new.id, timeout=PATIENCE), Found)
        end = (await found(venue, old.id)).ended
        assert end is not None
        assert end.how is How.REPLACED

    @pytest.mark.anyio
    async def test_76_a_replacement_that_never_arrived_changed_nothing(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        old = released(limit=FAR_BELOW)
        await sent(venue, old)
        new = released(limit="61.00", replaces=old.id)
        stage.tell(faults={"drop_next": 1})
        assert isinstance(await replaced(venue, new), Unknown)
        stage.tell(faults={"limit_next": 1})
        with pytest.raises(WorldFailed):
            await replaced(venue, new)
        assert await venue.lookup(new.id, timeout=PATIENCE) == NotKnown()
        assert (await found(venue, old.id)).ended is None

    @pytest.mark.anyio
    async def test_77_a_replaced_order_is_too_late_to_cancel_and_its_successor_is_not(
        self, venue: Venue
    ) -> None:
        await needs_replacing(venue)
        old = released(limit=FAR_BELOW)
        await sent(venue, old)
        new = released(limit="61.00", replaces=old.id)
        await replaced(venue, new)
        assert await venue.cancel(old.id, timeout=PATIENCE) == TooLate()
        assert await venue.cancel(new.id, timeout=PATIENCE) == Cancelled()

    @pytest.mark.anyio
    async def test_78_a_killed_venue_remembers_a_replacement_whole(
        self, venue: Venue, stage: VenueProcess
    ) -> None:
        await needs_replacing(venue)
        old = released(limit=FAR_BELOW)
        await sent(venue, old)
        new = released(limit="61.00", replaces=old.id)
        said = await replaced(venue, new)
        stage.restart()
        async with stage.client() as again:
            end = (await found(again, old.id)).ended
            assert end is not None
            assert end.by == new.id
            assert (await found(again, new.id)).accepted == said
            assert await replaced(again, new) == said

    @pytest.mark.anyio
    async def test_79_an_order_and_a_replacement_are_not_taken_for_each_other(self, venue: Venue) -> None:
        await needs_replacing(venue)
        old = released(limit=FAR_BELOW)
        await sent(venue, old)
        new = released(limit="61.00", replaces=old.id)
        plain = released(limit="61.00")
        assert isinstance(await venue.replace(plain, encode(plain), timeout=PATIENCE), Rejected)
        assert isinstance(await venue.send(new, encode(new), timeout=PATIENCE), Accepted)
        assert (await found(venue, old.id)).ended is None
