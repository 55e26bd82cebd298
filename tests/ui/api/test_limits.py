"""Limits over HTTP and at the command line, with real processes: two people, and a dry run before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixtures.office import Office
from tests.ui.api.test_terminal import Terminal
from ui.screens.client import Problem

MARIA, ROBERT, NGOZI = "maria.alvarez", "robert.hensley", "ngozi.adeyemi"


def test_two_people_change_a_limit_from_the_command_line(office: Office, tmp_path: Path) -> None:
    robert, ngozi = Terminal(office, tmp_path / "robert"), Terminal(office, tmp_path / "ngozi")
    assert robert.login(ROBERT).returncode == 0
    assert ngozi.login(NGOZI).returncode == 0
    shown = json.loads(robert.run("limits", "show", "--json").stdout)
    file = tmp_path / "limits.json"
    file.write_text(json.dumps({**shown, "profile_months": shown["profile_months"] + 1}))
    assert "Asked again" in robert.run("limits", "try", str(file)).stdout
    digest = json.loads(robert.run("limits", "propose", str(file), "--json").stdout)["digest"]
    own = robert.run("limits", "confirm", digest)
    assert own.returncode == 1
    assert "another person" in own.stderr.lower() or "same person" in own.stderr.lower()
    assert digest in ngozi.run("limits", "show").stdout
    assert ngozi.run("limits", "confirm", digest).returncode == 0
    now = json.loads(ngozi.run("limits", "show", "--json").stdout)
    assert now["profile_months"] == shown["profile_months"] + 1


def test_an_advisor_reads_limits_and_sets_none(office: Office) -> None:
    maria = office.of(MARIA)
    told = maria.limits()
    (held,) = [one for one in told["versions"] if one["version"] == told["in_force"]]
    with pytest.raises(Problem) as no:
        maria.propose_limits(held["limits"], None)
    assert (no.value.status, no.value.code) == (403, "may_not_set_limits")
    with pytest.raises(Problem) as no:
        maria.try_limits(held["limits"])
    assert no.value.status == 403


@pytest.mark.parametrize(
    "numbers", [{"order_value": "-1"}, {"order_value": "much"}, {"price_band": "2"}, {"no_such_limit": "1"}]
)
def test_what_is_no_set_of_limits_is_refused_by_its_field(office: Office, numbers: dict[str, str]) -> None:
    robert = office.of(ROBERT)
    told = robert.limits()
    (held,) = [one for one in told["versions"] if one["version"] == told["in_force"]]
    with pytest.raises(Problem) as no:
        robert.propose_limits({**held["limits"], **numbers}, None)
    assert no.value.status == 422


def test_the_watch_list_is_answered_to_compliance_alone(office: Office) -> None:
    ngozi = office.of(NGOZI)
    listed = ngozi.watch("ZZTOP", "a cause")
    assert [(one["symbol"], one["cause"]) for one in ngozi.watched()["watched"]] == [("ZZTOP", "a cause")]
    for login in (MARIA, ROBERT):
        with pytest.raises(Problem) as no:
            office.of(login).watched()
        assert no.value.status == 403
    ngozi.end_watch(listed["watch"])
    assert ngozi.watched()["watched"][0]["until"] is not None


def test_operations_records_what_must_leave_an_ira(office: Office) -> None:
    with pytest.raises(Problem) as no:
        office.of(MARIA).determine_rmd("acc-1001", 2023, "1200", "2023-12-31")
    assert (no.value.status, no.value.code) == (403, "not_operations")
