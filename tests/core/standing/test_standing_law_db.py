"""The law of standing approvals, by trying: every refusal by its code, every bound to the cent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.core.gate.deal import (
    AGENT,
    APPROVER,
    DAVID,
    ELENA,
    GATE,
    INTAKE,
    MARIA,
    NEEDS_CONSENT,
    NGOZI,
    ROBERT,
    SUSAN,
    THOMAS,
    Deal,
    close_day,
    leg,
    open_day,
)
from tests.core.standing.giving import AFTER, TODAY, TOMORROW, Standing, routine
from tests.fixtures.firm import Answer, Firm

FINDING: Final = {"policy": "concentration", "result": "finding", "says": "much"}


def adopted(firm: Firm, **terms: Any) -> Standing:
    return Standing(firm).adopted(**terms)


def proposed(firm: Firm, **terms: Any) -> Standing:
    standing = Standing(firm)
    standing.terms.update(terms)
    said = standing.propose()
    assert said.ok, said
    return standing


def changed(firm: Firm, table: str, key: str, value: str, named: str) -> None:
    """What somebody did behind the law's back."""
    firm.ask("superuser", f"update gatehouse.{table} set {value} where {key} = %s returning 1", named)


def drawn(firm: Firm, **terms: Any) -> tuple[Standing, Deal]:
    standing, deal = adopted(firm, **terms), routine(firm)
    said = standing.draw(deal)
    assert said.ok, said
    return standing, deal


def moved_to(firm: Firm, *sessions: str) -> None:
    for session in sessions:
        close_day(firm)
        open_day(firm, session)


def with_tier(firm: Firm, tier: int) -> Answer:
    return adopted(firm).draw(routine(firm, tier=tier))


def drawn_twice(firm: Firm) -> Answer:
    standing, deal = drawn(firm)
    assert standing.revoke().ok
    assert standing.void(deal).ok
    return adopted(firm).draw(deal)


def with_finding(firm: Firm) -> Answer:
    deal = routine(firm)
    finding = 'findings = \'[{"policy": "x", "result": "finding"}]\''
    changed(firm, "proposal", "proposal", finding, deal.proposal)
    return adopted(firm).draw(deal)


def overdue(firm: Firm) -> Answer:
    standing, _ = drawn(firm)
    moved_to(firm, TOMORROW, AFTER)
    return standing.draw(routine(firm), session=AFTER)


def lapsed_registration(firm: Firm) -> Answer:
    standing, deal = adopted(firm), routine(firm)
    until = "valid_until = '2022-12-28'"
    changed(firm, "registration", "registration = 'S24' and person", until, "pri-1")
    return standing.draw(deal)


def her_own_report(firm: Firm) -> Answer:
    standing = proposed(firm)
    changed(firm, "person", "person", "reports_to = 'pri-1'", "com-1")
    return standing.confirm()


def gone_submission(firm: Firm) -> Answer:
    standing, deal = adopted(firm), routine(firm)
    firm.ask("superuser", "delete from gatehouse.decision where proposal = %s returning 1", deal.proposal)
    return standing.draw(deal)


def given_back(firm: Firm) -> Answer:
    standing, deal = drawn(firm)
    return standing.void(deal)


def reviewed_at_once(firm: Firm) -> Answer:
    standing, deal = drawn(firm)
    return standing.review(deal)


def revoked(firm: Firm) -> Answer:
    standing, deal = adopted(firm), routine(firm)
    assert standing.revoke().ok
    return standing.draw(deal)


ATTEMPTS: Final[dict[str, Callable[[Firm], tuple[Answer, str]]]] = {
    # giving
    "an advisor gives": lambda f: (Standing(f).propose(MARIA), "not_a_principal"),
    "compliance gives": lambda f: (Standing(f).propose(NGOZI), "not_a_principal"),
    "a lapsed principal gives": lambda f: (Standing(f).propose(THOMAS), "not_registered"),
    "for her own family": lambda f: (given_by_susan(f, households=["hh-112"]), "not_independent"),
    "of no terms": lambda f: (Standing(f).propose(digest="0" * 64), "digest_mismatch"),
    "for nobody": lambda f: (given(f, advisors=[]), "terms_out_of_bounds"),
    "for a principal": lambda f: (given(f, advisors=["pri-2"]), "terms_out_of_bounds"),
    "for nobody's household": lambda f: (given(f, households=["hh-999"]), "terms_out_of_bounds"),
    "from yesterday": lambda f: (given(f, valid_from="2022-12-28"), "terms_out_of_bounds"),
    "for 91 days": lambda f: (given(f, valid_until="2023-03-30"), "terms_out_of_bounds"),
    "backwards": lambda f: (given(f, valid_until="2022-12-28"), "terms_out_of_bounds"),
    "on no day": lambda f: (given(f, valid_until="2022-13-01"), "malformed_payload"),
    "a day over all": lambda f: (given(f, dollars_a_day="50000.01"), "terms_out_of_bounds"),
    "each over a day": lambda f: (given(f, dollars_each="20000.01"), "terms_out_of_bounds"),
    "of tier 2": lambda f: (raw_terms(f, tier=2), "malformed_payload"),
    "without a bound": lambda f: (raw_terms(f, dollars_in_all="0"), "malformed_payload"),
    # confirming and revoking
    "confirmed by who gave it": lambda f: (proposed(f).confirm(ROBERT), "same_person"),
    "confirmed by the advisor": lambda f: (proposed(f).confirm(MARIA), "not_a_principal"),
    "confirmed by operations": lambda f: (proposed(f).confirm(ELENA), "not_a_principal"),
    "confirmed by a lapsed principal": lambda f: (proposed(f).confirm(THOMAS), "not_registered"),
    "confirmed by who reports to the giver": lambda f: (her_own_report(f), "not_independent"),
    "other terms confirmed": lambda f: (proposed(f).confirm(digest="0" * 64), "digest_mismatch"),
    "confirmed twice": lambda f: (adopted(f).confirm(SUSAN), "standing_decided"),
    "nothing confirmed": lambda f: (Standing(f).confirm(), "no_such_standing"),
    "revoked by the advisor": lambda f: (adopted(f).revoke(MARIA), "not_a_principal"),
    # drawing
    "before it is confirmed": lambda f: (proposed(f).draw(routine(f)), "standing_not_in_force"),
    "on nothing": lambda f: (Standing(f).draw(routine(f)), "no_such_standing"),
    "after it was revoked": lambda f: (revoked(f), "standing_not_in_force"),
    "before its first day": lambda f: (
        adopted(f, valid_from=TOMORROW).draw(routine(f)),
        "standing_not_in_force",
    ),
    "of tier 2 drawn": lambda f: (with_tier(f, 2), "not_routine"),
    "with a finding": lambda f: (with_finding(f), "not_routine"),
    "of another kind": lambda f: (adopted(f, kind="order").draw(routine(f)), "not_covered"),
    "of another advisor": lambda f: (adopted(f, advisors=["adv-2"]).draw(routine(f)), "not_covered"),
    "of another symbol": lambda f: (adopted(f, symbols=["KO"]).draw(routine(f)), "not_covered"),
    "outside the model": lambda f: (
        adopted(f, symbols=[]).draw(routine(f, leg(Deal(f).account, "buy", "NONE", "1"))),
        "not_covered",
    ),
    "with another digest": lambda f: (adopted(f).draw(routine(f), digest="0" * 64), "digest_mismatch"),
    "with other terms": lambda f: (adopted(f).draw(routine(f), terms_digest="0" * 64), "draw_misstated"),
    "understated": lambda f: (adopted(f).draw(routine(f), dollars="1"), "draw_misstated"),
    "on another day's count": lambda f: (adopted(f).draw(routine(f), session=TOMORROW), "draw_misstated"),
    "drawn again after it came back": lambda f: (drawn_twice(f), "drawn_before"),
    "without a review": lambda f: (overdue(f), "review_overdue"),
    "of who lost the registration": lambda f: (lapsed_registration(f), "not_registered"),
    "without a submission": lambda f: (gone_submission(f), "submission_missing"),
    "what is still good is given back": lambda f: (
        given_back(f),
        "draw_holds",
    ),
    # reviewing
    "on the same day": lambda f: (reviewed_at_once(f), "not_yet"),
    "of a day without draws": lambda f: (adopted(f).review(), "nothing_to_review"),
}


def given(firm: Firm, **terms: Any) -> Answer:
    standing = Standing(firm)
    standing.terms.update(terms)
    return standing.propose()


def given_by_susan(firm: Firm, **terms: Any) -> Answer:
    standing = Standing(firm)
    standing.terms.update(terms)
    return standing.propose(SUSAN)


def raw_terms(firm: Firm, **terms: Any) -> Answer:
    """Terms that the fact itself would not hold."""
    standing = Standing(firm)
    digest = standing.digest
    standing.terms.update(terms)
    return standing.propose(digest=digest)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_each_refusal_is_met_by_its_code_and_moves_nothing(firm: Firm, attempt: str) -> None:
    said, code = ATTEMPTS[attempt](firm)
    assert (said.answer, said.code) == ("refused", code)
    assert firm.verified().ok


def test_without_one_that_two_people_adopted_nothing_is_drawn(firm: Firm) -> None:
    assert firm.value("superuser", "select count(*) from gatehouse.standing_approval") == 0
    deal = routine(firm)
    assert firm.ask(GATE, "select * from gatehouse.standing_candidates()") == []
    assert deal.release().code == "not_approved"


def test_a_draw_stands_in_for_the_principal_and_lets_exactly_that_order_out(firm: Firm) -> None:
    standing, deal = drawn(firm)
    assert deal.status == "APPROVED"
    assert deal.release(quantity="9").code == "quantity_mismatch"
    assert deal.release(digest="0" * 64).code == "digest_mismatch"
    assert deal.release().ok
    assert standing.used == (1, "1000")


def test_a_draw_needs_the_advisors_submission(firm: Firm) -> None:
    standing, deal = adopted(firm), Deal(firm)
    assert deal.draft().ok
    assert standing.draw(deal).code == "not_assessed"
    assert deal.assess(*deal.plain(), tier=1).ok
    assert standing.draw(deal).code == "already_decided"
    assert deal.submit().ok
    assert standing.draw(deal).ok
    firm.ask("superuser", "delete from gatehouse.decision where proposal = %s returning 1", deal.proposal)
    assert deal.release().code == "submission_missing"


def test_a_draw_is_no_consent(firm: Firm) -> None:
    """An account that needs a client's consent is never routine, and the release asks for it all the same."""
    standing = adopted(firm, households=[NEEDS_CONSENT])
    deal = Deal(firm, household=NEEDS_CONSENT).submitted(tier=2)
    assert standing.draw(deal).code == "not_routine"
    standing, deal = drawn(firm)
    firm.ask(
        "superuser",
        "update gatehouse.account set discretionary = false where account = %s returning 1",
        deal.account,
    )
    assert deal.release().code == "consent_missing"


BOUNDS: Final = [
    # quantity, price, terms, covered: 10 x 1000.00 is 10,000 dollars
    ("10", "1000", {"dollars_each": "10000"}, True),
    ("10", "1000.001", {"dollars_each": "10000"}, False),
    ("11", "1000", {"dollars_each": "10000"}, False),
    ("10", "1000", {"dollars_each": "9999.99"}, False),
    ("10", "1000", {"dollars_each": "10000", "dollars_a_day": "10000", "dollars_in_all": "10000"}, True),
]


@pytest.mark.parametrize(("quantity", "price", "terms", "covered"), BOUNDS)
def test_a_proposal_may_take_the_last_cent_and_no_more(
    firm: Firm, quantity: str, price: str, terms: dict[str, str], covered: bool
) -> None:
    standing = adopted(firm, **terms)
    account = Deal(firm).account
    deal = routine(firm, leg(account, "sell", "AAPL", quantity, price=price, limit=price))
    assert standing.draw(deal).code == (None if covered else "bounds_reached")


@pytest.mark.parametrize(("bound", "left"), [("dollars_a_day", "2000"), ("dollars_in_all", "2000")])
@pytest.mark.parametrize(("last", "covered"), [("100", True), ("100.001", False)])
def test_what_was_drawn_before_counts_to_the_cent(
    firm: Firm, bound: str, left: str, last: str, covered: bool
) -> None:
    terms = {"dollars_each": "1500", "dollars_a_day": "2000", "dollars_in_all": "2000"}
    if bound == "dollars_in_all":
        terms = {**terms, "dollars_a_day": "2000"}
    standing, first = drawn(firm, **terms)
    deal = routine(firm, leg(first.account, "sell", "AAPL", "10", price=last, limit=last))
    assert standing.draw(deal).code == (None if covered else "bounds_reached")
    assert standing.used[0] == (2 if covered else 1)


def test_a_day_has_its_own_bound_and_the_whole_another(firm: Firm) -> None:
    standing, deal = drawn(firm, dollars_each="1000", dollars_a_day="1000", dollars_in_all="1500")
    assert standing.draw(routine(firm)).code == "bounds_reached"
    moved_to(firm, TOMORROW)
    assert standing.draw(routine(firm), session=TOMORROW).code == "bounds_reached"  # 500 of 1,500 are left
    small = routine(firm, leg(deal.account, "sell", "AAPL", "5"))
    assert standing.draw(small, session=TOMORROW).ok


def test_the_count_of_a_day_is_a_bound(firm: Firm) -> None:
    standing, _ = drawn(firm, proposals_a_day=2)
    assert standing.draw(routine(firm)).ok
    assert standing.draw(routine(firm)).code == "bounds_reached"


def test_a_market_order_counts_at_its_worst_price(firm: Firm) -> None:
    account = Deal(firm).account
    firm_terms = {"dollars_each": "1050", "dollars_a_day": "1050", "dollars_in_all": "5000"}
    standing = adopted(firm, **firm_terms)
    Deal(firm).own("100000", "cash")
    over = routine(firm, leg(account, "buy", "KO", "10", price="100.01", limit=None))
    assert standing.draw(over).code == "bounds_reached"  # 10 at 105.0105
    assert standing.draw(routine(firm, leg(account, "buy", "KO", "10", limit=None))).ok  # 10 at 105


def test_in_model_means_in_the_accounts_own_model_by_the_record(firm: Firm) -> None:
    account = Deal(firm).account
    rows = """
        select t.target->>'symbol' from gatehouse.journal m, gatehouse.journal a,
            jsonb_array_elements(m.text::jsonb #> '{payload,targets}') as t (target)
        where m.event_type = 'ModelPublished' and m.stream = 'model/' || (a.text::jsonb #>> '{payload,model}')
          and a.event_type = 'AccountOpened' and a.stream = 'account/' || %s limit 1"""
    symbol = firm.value("superuser", rows, account)
    standing = adopted(firm, symbols=[])
    Deal(firm).own("100000", "cash")
    assert standing.draw(routine(firm, leg(account, "buy", symbol, "10"))).ok


def test_it_ends_with_the_close_of_its_last_day(firm: Firm) -> None:
    standing, deal = drawn(firm, valid_until=TODAY)
    close_day(firm)
    assert deal.release().code == "lapsed"
    open_day(firm, TOMORROW)
    late = routine(firm)
    assert standing.draw(late, session=TOMORROW).code == "standing_not_in_force"


def test_what_is_revoked_before_the_release_comes_back_for_a_principal(firm: Firm) -> None:
    standing, deal = drawn(firm)
    assert standing.revoke().ok
    assert deal.release().code == "approval_missing"
    assert standing.void(deal).ok
    assert deal.status == "SUBMITTED"
    assert deal.held("AAPL")[1] == 10, "what the advisor submitted stays promised to it"
    assert deal.approve().ok
    assert deal.release().ok


def test_what_is_revoked_between_two_orders_stops_the_second(firm: Firm) -> None:
    account = Deal(firm).account
    standing = adopted(firm)
    deal = routine(firm, leg(account, "sell", "AAPL", "10"), leg(account, "sell", "AAPL", "5"))
    assert standing.draw(deal).ok
    assert deal.release(0).ok
    assert standing.revoke(NGOZI).ok
    assert deal.release(1).code == "approval_missing"
    assert standing.void(deal).code == "already_decided"
    undone = firm.ask(GATE, "select status, leg from gatehouse.standing_undone()")
    assert [(row["status"], row["leg"]) for row in undone] == [("RELEASED", 1)]


def test_a_registration_that_ends_after_the_draw_stops_the_release(firm: Firm) -> None:
    standing, deal = drawn(firm)
    changed(firm, "registration", "registration = 'S24' and person", "valid_until = '2022-12-28'", "pri-1")
    assert deal.release().code == "approval_missing"
    assert standing.void(deal).ok


def test_terms_changed_behind_the_laws_back_draw_nothing(firm: Firm) -> None:
    standing, deal = adopted(firm), routine(firm)
    more = "terms = jsonb_set(terms, '{dollars_each}', '\"999999\"')"
    changed(firm, "standing_approval", "standing", more, standing.standing)
    assert standing.draw(deal).code == "standing_not_in_force"


def test_a_list_is_reviewed_on_the_next_day_as_it_was_shown(firm: Firm) -> None:
    standing, first = drawn(firm)
    second = routine(firm)
    assert standing.draw(second).ok
    moved_to(firm, TOMORROW)
    assert standing.review(first).code == "digest_mismatch"
    assert standing.review(second, first).code == "digest_mismatch"
    assert standing.review(first, second, login=MARIA).code == "not_a_principal"
    assert standing.review(first, second, login=THOMAS).code == "not_registered"
    assert standing.review(first, second).ok
    assert standing.review(first, second).code == "standing_decided"
    moved_to(firm, AFTER)
    assert standing.draw(routine(firm), session=AFTER).ok, "what was reviewed is not overdue"


def test_a_list_that_is_due_stops_nothing_before_its_day_is_over(firm: Firm) -> None:
    standing, _ = drawn(firm)
    moved_to(firm, TOMORROW)
    assert standing.draw(routine(firm), session=TOMORROW).ok
    overdue = "select gatehouse.standing_overdue(%s)"
    assert firm.value("superuser", overdue, standing.standing) is False
    close_day(firm)
    assert firm.value("superuser", overdue, standing.standing) is True


@pytest.mark.parametrize("role", [AGENT, INTAKE, APPROVER])
def test_no_other_login_draws_or_gives_back(firm: Firm, role: str) -> None:
    standing, deal = adopted(firm), routine(firm)
    for login in (MARIA, ROBERT):
        ticket = firm.thread_ticket(login, firm.thread(login)) if role == AGENT else firm.ticket(login)
        for kind, payload in {
            "StandingApprovalDrawn": standing.drawing(deal)["payload"],
            "StandingDrawVoided": {"standing": standing.standing, "proposal": deal.proposal},
        }.items():
            (said,) = firm.append(role, firm.item(kind, deal.stream, payload, ticket=ticket))
            assert (said.answer, said.code) == ("refused", "no_right")
    assert deal.status == "SUBMITTED"
    assert standing.used == (0, "0")


@pytest.mark.parametrize("role", [AGENT, INTAKE, GATE])
def test_no_other_login_gives_confirms_revokes_or_reviews(firm: Firm, role: str) -> None:
    standing = proposed(firm)
    tickets = {AGENT: firm.thread_ticket(ROBERT, firm.thread(ROBERT)), INTAKE: firm.ticket(ROBERT)}
    tried: dict[str, dict[str, Any]] = {
        "StandingApprovalProposed": {"terms": standing.terms, "digest": standing.digest},
        "StandingApprovalConfirmed": {"digest": standing.digest},
        "StandingApprovalRevoked": {},
        "StandingReviewed": {"session": TODAY, "digest": "0" * 64},
    }
    for kind, said in tried.items():
        payload = {"standing": standing.standing, **said}
        item = firm.item(kind, standing.stream, payload, ticket=tickets.get(role))
        assert firm.append(role, item)[0].code == "no_right"
    assert firm.value("superuser", "select status from gatehouse.standing_approval") == "PROPOSED"


def test_the_advisor_named_sees_it_and_another_does_not(firm: Firm) -> None:
    drawn(firm)
    for login, sees, days in ((MARIA, 1, 0), (DAVID, 0, 0), (SUSAN, 1, 1)):
        with firm.connection(APPROVER).transaction():
            firm.ask(APPROVER, "select gatehouse.present(%s)", firm.ticket(login))
            assert len(firm.ask(APPROVER, "select * from gatehouse.standing_approval")) == sees
            assert len(firm.ask(APPROVER, "select * from gatehouse.standing_day")) == days
            assert len(firm.ask(APPROVER, "select * from gatehouse.standing_draw")) == sees
