"""Ids: the layout of RFC 9562, and the derived order id."""

from __future__ import annotations

from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import RFC_4122, UUID

from core.clock import SetClock
from core.ids import ProposalId, fresh_trace_id, order_id_for, random_bytes, uuid7, uuid7s

MOMENT = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_the_moment_stands_where_the_rfc_puts_it() -> None:
    # RFC 9562 appendix A.6: 2022-02-22 14:22:22 UTC-5 is 0x017F22E279B0.
    assert uuid7(SetClock(MOMENT)).hex.startswith("017f22e279b07")


def test_version_and_variant_are_those_of_the_rfc() -> None:
    for _ in range(64):
        made = uuid7(SetClock(MOMENT))
        assert made.version == 7
        assert made.variant == RFC_4122


def test_every_random_bit_is_used() -> None:
    """All 74 bits behind version and variant take both values somewhere in many ids."""
    ones, zeros = 0, 0
    for _ in range(200):
        value = uuid7(SetClock(MOMENT)).int
        ones |= value
        zeros |= ~value
    random_bits = ((1 << 12) - 1) << 64 | ((1 << 62) - 1)
    assert ones & random_bits == random_bits
    assert zeros & random_bits == random_bits


def test_later_ids_sort_after_earlier_ones() -> None:
    clock = SetClock(MOMENT)
    made: list[UUID] = []
    for _ in range(50):
        made.append(uuid7(clock))
        clock.advance(timedelta(milliseconds=1))
    assert made == sorted(made)


def test_the_same_leg_has_the_same_order_id_and_no_other_leg_has_it() -> None:
    proposal = ProposalId("prp-1")
    assert order_id_for(proposal, 0) == order_id_for(proposal, 0)
    # sha256("prp-1/0"), by sha256sum.
    assert order_id_for(proposal, 0) == "gh-e5819ca44651ca882b28d45e"
    assert len({order_id_for(proposal, leg) for leg in range(100)}) == 100
    # "prp-1" leg 11 is not "prp-11" leg 1.
    assert order_id_for(proposal, 11) != order_id_for(ProposalId("prp-11"), 1)


def test_a_trace_id_is_what_w3c_trace_context_takes() -> None:
    trace = fresh_trace_id(SetClock(MOMENT))
    assert len(trace) == 32
    assert int(trace, 16) != 0


def test_several_at_once_are_of_the_same_form_and_all_different() -> None:
    made = uuid7s(SetClock(MOMENT), 500)
    assert len(set(made)) == 500
    for text in made:
        value = UUID(text)
        assert str(value) == text
        assert (value.version, value.variant) == (7, RFC_4122)
        assert value.hex.startswith("017f22e279b07")


def test_same_clock_and_same_chance_are_the_same_ids() -> None:
    clock = SetClock(MOMENT)

    def made() -> tuple[str, list[str]]:
        random_bytes.set(Random(7).randbytes)
        return fresh_trace_id(clock), uuid7s(clock, 3)

    assert copy_context().run(made) == copy_context().run(made)
    assert fresh_trace_id(clock) != fresh_trace_id(clock)
