"""`audit export` as a person types it, and the package that she carries away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.ledger.heads import Signer
from tests.core.ledger.packages import run
from tests.fixtures.processes import process, until
from tests.ui.test_audit_commands_db import SEED, Place, place

__all__ = ["place"]


def test_she_exports_beside_a_running_witness_and_verifies_elsewhere(place: Place, tmp_path: Path) -> None:
    with process(["witness"], place.of_the_witness, tmp_path / "witness.log"):
        until(place.signed, bool)
        place.firm.append("gh_agent", {"text": "no JSON"})  # recorded, and signed for within a second
        last = place.firm.value("superuser", "select seq from gatehouse.head")
        until(place.signed, lambda seqs: seqs[-1] == last)
        told = place.json("export", "--out", str(tmp_path / "P"))
    assert (told["entries"], told["last"], told["uncovered"], told["faults"]) == (last, last, 0, [])
    verified = place.json("verify")
    keys = ("--head", verified["root"], "--key", Signer(SEED).id)
    code, found = run(tmp_path / "P", *keys)
    assert (code, found["entries"], found["head"]["root"]) == (0, last, verified["root"])
    assert run(tmp_path / "P", "--head", verified["head"])[0] == 0
    account = place.firm.value("superuser", "select min(account) from gatehouse.account")
    said = place.run("export", "--account", account, "--out", str(tmp_path / "Q"))
    assert "nothing was left out" in said
    assert f"python -I {tmp_path / 'Q' / 'verify.py'}" in said
    assert json.loads((tmp_path / "Q" / "manifest.json").read_bytes())["selection"] == {"account": account}
    told = place.json("export", "--advisor", "adv-1", "--tickets", "--out", str(tmp_path / "R"))
    assert told["tickets"]["tickets"] == 0
    assert {file.name for file in (tmp_path / "R.tickets").iterdir()} == {
        "manifest.json",
        "tickets.jsonl",
        "tickets.parquet",
    }


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--day", "yesterday"), "is not a day"),
        (("--from", "x"), "neither a day nor a time"),
        (("--to", "x"), "neither a day nor a time"),
        (("--account", "../x"), "is not an id"),
        (("--tickets",), "order tickets are an advisor's"),
        ((), "no signed head is there yet"),
    ],
)
def test_what_cannot_be_exported_is_one_line_and_makes_nothing(
    place: Place, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    said = place.run("export", "--out", str(tmp_path / "P"), *words, code=1)
    assert says in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "P").exists()
