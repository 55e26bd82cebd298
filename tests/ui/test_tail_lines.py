"""How an entry looks in a terminal: two lines at most, within its width, steering nothing."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from ui.commands.tail_lines import entry_lines, order_lines

FILL: Final[dict[str, Any]] = {
    "seq": 3670,
    "recorded_at": "2026-11-21T05:15:39.818000Z",
    "role": "gh_gate",
    "by": "gh_gate",
    "event_type": "OrderFilled",
    "payload": {
        "order": "gh-1",
        "symbol": "JNJ",
        "side": "buy",
        "quantity": "4",
        "price": "174.10",
        "fee": "0.01",
        "venue": "ARCADIA",
        "account": "acc-1013",
    },
}
RELEASE: Final[dict[str, Any]] = {
    "event_type": "OrderReleased",
    "timestamp_utc": "2026-11-21T05:15:39.512000Z",
    "order_id": "gh-1",
    "account_id": "acc-1013",
    "symbol": "JNJ",
    "side": "buy",
    "quantity": "12",
    "limit_price": "177.56",
    "policy_decisions": [
        {"policy": "cash", "result": "pass"},
        {"policy": "concentration", "result": "finding"},
    ],
    "actor": {"type": "process", "id": "worker"},
}


def plain(lines: list[Any]) -> list[str]:
    return [line.plain for line in lines]


def test_a_fill_in_two_lines() -> None:
    assert plain(entry_lines(FILL, {"gh-1": "buy 12 JNJ"}, width=100)) == [
        "2026-11-21 05:15:39.818      3670  worker                Order filled  buy 12 JNJ",
        "                         quantity 4 · price 174.10 · fee 0.01 · venue ARCADIA · account acc-1013",
    ]


def test_what_is_short_stands_in_one_line() -> None:
    routed = {**FILL, "event_type": "OrderRouted", "payload": {"order": "gh-1", "venue": "ARCADIA"}}
    assert plain(entry_lines(routed, {"gh-1": "buy 12 JNJ"}, width=100)) == [
        "2026-11-21 05:15:39.818      3670  worker                Order routed  buy 12 JNJ · venue ARCADIA",
    ]


def test_a_release_in_its_external_form() -> None:
    assert plain(order_lines(RELEASE, "3640", width=100)) == [
        "2026-11-21 05:15:39.512      3640  worker                Order released  buy 12 JNJ",
        "                         limit 177.56 · account acc-1013 · 2 checks, concentration finding",
    ]


@given(by=st.text(max_size=60), venue=st.text(max_size=150), width=st.integers(60, 160))
def test_no_entry_is_wider_than_the_terminal_or_steers_it(by: str, venue: str, width: int) -> None:
    said = {**FILL, "role": "gh_approver", "by": by, "payload": {**FILL["payload"], "venue": venue}}
    lines = entry_lines(said, {}, width=width)
    assert len(lines) <= 2
    assert all(line.cell_len <= width for line in lines)
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for line in lines for letter in line.plain)
