"""The draft of a rationale is the reasons of the trade, not the whole answer."""

from __future__ import annotations

from ui.api.rationale import reasons

ANSWER = """Our notes say that energy is dear [passage/7].

The proposal to rebalance the Delgado household is assessed: 2 orders, tier 1 [tool/call-1].
- acc-1003: value $1.00, largest drift 6.00 % before and 1.00 % after [tool/call-1]
- beside it, do nothing: 0 orders, largest drift 6.00 % [tool/call-1]
- lots are chosen for the least tax [tool/call-1]
- buy 10 AAPL in acc-1003, market [tool/call-1]
- needs a written reason, concentration: 12 % [tool/call-1]
Nothing has been sent: look at it under Proposals and submit it if you agree."""


def test_a_draft_says_what_is_done_what_it_does_and_what_was_noted() -> None:
    assert reasons(ANSWER).splitlines() == [
        "The proposal to rebalance the Delgado household is assessed: 2 orders, tier 1.",
        "- acc-1003: value $1.00, largest drift 6.00 % before and 1.00 % after",
        "- lots are chosen for the least tax",
    ]


def test_an_answer_that_tells_of_no_proposal_stays_as_it_is() -> None:
    assert reasons("I sold nothing [tool/call-1].") == "I sold nothing [tool/call-1]."
