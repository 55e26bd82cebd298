"""`gatehouse ingest` against a front: what goes in, what is said, and what running it again does."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.errors import BadInput, NotPermitted
from tests.fixtures.office import Office
from ui.commands import session
from ui.commands.ingest import ingest

RESEARCH, ADVISOR = "hannah.lindqvist", "maria.alvarez"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two notes, a file of two filings, and a table that is no document."""
    inside = tmp_path / "research"
    inside.mkdir()
    (inside / "oil-2022-11-30.md").write_text("# Oil in November\n\nOil fell by a tenth.")
    (inside / "rates-2022-12-01.txt").write_text("Rates rose.")
    filings = [
        {"doc": f"zzz-10-{k}-2022-11-0{n}", "text": f"Item {n}. Business"} for n, k in ((1, "k"), (2, "q"))
    ]
    (inside / "filings.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, filings)).encode()))
    (inside / "table.csv").write_text("a,b")
    return inside


@pytest.fixture
def as_person(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def sign_in(login: str) -> None:
        ticket = office.of(login).ticket
        assert ticket
        session.keep(session.Stored(office.url, ticket, login, "", ""))

    return sign_in


def told(capsys: pytest.CaptureFixture[str], path: Path, **said: Any) -> dict[str, Any]:
    """The report; what was refused of a folder is in it, and is an error at the end."""
    with suppress(BadInput):
        ingest(path, no_wait=True, as_json=True, **said)
    return dict(json.loads(capsys.readouterr().out))


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["outcome"] for one in report["documents"]}


def test_a_folder_goes_in_once_and_only_what_changed_goes_in_again(
    folder: Path, as_person: Any, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    as_person(RESEARCH)
    first = told(capsys, folder)
    assert outcomes(first) == dict.fromkeys(
        ("oil-2022-11-30.md", "rates-2022-12-01.txt", "zzz-10-k-2022-11-01", "zzz-10-q-2022-11-02"), "stored"
    )
    assert [one["file"] for one in first["refused"]] == [str(folder / "table.csv")]
    assert "jsonl.gz" in first["refused"][0]["fix"]
    (folder / "rates-2022-12-01.txt").write_text("Rates rose twice.")
    again = told(capsys, folder)
    assert (again["stored"], again["new_versions"], again["unchanged"], again["passages"]) == (0, 1, 3, 1)
    before = {one["name"]: one["document"] for one in first["documents"]}
    after = {one["name"]: one["document"] for one in again["documents"]}
    assert {name for name in before if before[name] != after[name]} == {"rates-2022-12-01.txt"}


def test_what_is_said_of_a_document_is_what_its_passage_says(
    folder: Path, as_person: Any, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    as_person(RESEARCH)
    shelves = office.of(ADVISOR).library()
    said = {"source": "House research", "issuer": "yyy", "dated": "2023-02-01", "sensitivity": "public"}
    told(capsys, folder / "oil-2022-11-30.md", **said)
    assert office.of(ADVISOR).library()["documents"] == shelves["documents"] + 1
    with psycopg.connect(office.database.superuser) as connection:
        row = connection.execute(
            "select max(p.id) from gatehouse.passage p join gatehouse.document d using (document)"
            " where d.issuer = 'YYY'"
        ).fetchone()
    assert row is not None
    newest = office.of(ADVISOR).passage(str(row[0]))
    assert (newest["source"], newest["issuer"], newest["dated"]) == ("House research", "YYY", "2023-02-01")
    assert (newest["title"], newest["later_than_market_day"]) == ("Oil in November", True)


def test_an_advisor_keeps_to_herself_what_is_not_the_firms(
    folder: Path, as_person: Any, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    as_person(ADVISOR)
    with pytest.raises(NotPermitted, match="research, compliance and operations"):
        ingest(folder / "oil-2022-11-30.md", no_wait=True, as_json=True)
    shelves = office.of("david.nakamura").library()
    mine = told(capsys, folder / "oil-2022-11-30.md", sensitivity="named", reader=["adv-1"])
    assert mine["stored"] == 1
    assert office.of("david.nakamura").library() == shelves


@pytest.mark.parametrize("said", [{"dated": "yesterday"}, {"as_of": "2022-13-01"}, {"sensitivity": "secret"}])
def test_what_cannot_be_is_refused_before_anybody_signs_in(folder: Path, said: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        ingest(folder, **said)
