"""What a watcher reads: readiness part by part, and figures that name nobody."""

from __future__ import annotations

import re

import httpx

from core.plain_http import NOBODY
from tests.fixtures.office import Office
from tests.fixtures.processes import until

MARIA = "maria.alvarez"


def figures(office: Office) -> dict[str, float]:
    """Each sample by its name and labels, as the text has it."""
    told = httpx.get(f"{office.url}/metrics", trust_env=False, verify=NOBODY)
    assert told.headers["content-type"].startswith("text/plain")
    samples = re.findall(r"^([a-z_]+(?:\{.*\})?) ([0-9.e+]+)$", told.text, re.MULTILINE)
    return {name: float(value) for name, value in samples}


def test_readiness_tells_how_far_what_is_shown_is_behind_the_record(office: Office) -> None:
    def behind() -> object:
        return {part["name"]: part for part in office.of(MARIA).ready()["parts"]}["projections"]["behind"]

    assert until(behind, lambda now: now == 0) == 0
    office.of(MARIA).open_thread(None)
    assert until(behind, lambda now: now == 0) == 0


def test_the_figures_count_requests_by_route_and_not_by_path(office: Office) -> None:
    route = 'gatehouse_requests_total{method="GET",route="/v1/proposals/{proposal}",status="404"}'
    before = figures(office).get(route, 0)
    for named in ("prp-one", "prp-two"):
        httpx.get(
            f"{office.url}/v1/proposals/{named}",
            headers={"Authorization": f"Bearer {office.of(MARIA).ticket}"},
            trust_env=False,
            verify=NOBODY,
        )
    httpx.request("BREW", f"{office.url}/nowhere/at/all", trust_env=False, verify=NOBODY)
    now = figures(office)
    assert now[route] == before + 2
    assert not any("prp-one" in name or "nowhere" in name or "BREW" in name for name in now)


def test_an_open_proposal_is_counted_until_it_ends(office: Office) -> None:
    found = office.assessed(MARIA, office.of(MARIA).worklist()[5]["household"])
    counted = f'gatehouse_proposals_open{{status="{found["status"]}"}}'
    before = figures(office)
    assert before[counted] >= 1
    assert before["gatehouse_journal_head"] >= before["gatehouse_journal_as_of"] > 3000
    office.of(MARIA).decide(found["proposal"], "withdraw", {})
    assert figures(office)[counted] == before[counted] - 1
