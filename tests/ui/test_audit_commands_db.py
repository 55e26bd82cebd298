"""`audit verify`, `prove`, `consistent` and `rotate-key` as a person types them, beside a witness."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Final

import pytest

from core.database import logins as kept
from core.ledger.heads import HeadsFile, Signer
from core.ledger.tree import check_inclusion
from tests.fixtures.firm import Firm, FirmTemplate
from tests.fixtures.processes import ROOT, process, until
from tests.ui.test_cli import gatehouse

SEED: Final = "42" * 32


@dataclass
class Place:
    """A home whose database is that of a test, and what its commands are started with."""

    firm: Firm
    home: Path
    settings: Mapping[str, str]

    @property
    def heads(self) -> HeadsFile:
        return HeadsFile(self.home / "heads")

    @property
    def of_the_witness(self) -> Mapping[str, str]:
        return {
            **self.settings,
            "GATEHOUSE_WITNESS_DSN": self.firm.database.witness,
            "GATEHOUSE_SIGNING_KEY": SEED,
        }

    def run(self, *words: str, code: int = 0) -> str:
        # Tests side by side share the server's logins, and the witness's has few connections.
        done: CompletedProcess[str] = until(
            lambda: gatehouse("audit", *words, cwd=ROOT, **self.settings),
            lambda tried: "too many connections" not in tried.stderr,
            within=60,
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stdout + done.stderr

    def json(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(*words, "--json"))
        return found

    def signed(self) -> list[int]:
        return [head.seq for head in self.heads.heads()]


@pytest.fixture
def place(firm: Firm, firm_template: FirmTemplate, tmp_path: Path) -> Place:
    home = tmp_path / "home"
    kept.save(replace(firm_template.server.logins, database=firm.database.name), home)
    settings = {
        "GATEHOUSE_HOME": str(home),
        "DATABASE_URL": "postgresql://nobody@nowhere/asked",  # a server of one's own: none is started
        "GATEHOUSE_ANCHOR": str(tmp_path / "anchor"),
        "PATH": os.defpath,
    }
    return Place(firm, home, settings)


def test_before_anything_was_signed_the_commands_say_so(place: Place) -> None:
    assert place.json("verify")["heads"] == 0
    assert "no signed head with a tree covers entry 7 yet" in place.run("prove", "7", code=1)
    assert "nothing was signed" in place.run("rotate-key", code=1)


def test_what_a_person_types_beside_a_running_witness(place: Place, tmp_path: Path) -> None:
    log = tmp_path / "witness.log"
    with process(["witness"], place.of_the_witness, log) as running:
        (last,) = until(place.signed, bool)
        verified = place.json("verify")
        assert (verified["ok"], verified["entries"], verified["faults"]) == (True, last, [])
        assert verified["anchor"].startswith(f"local only, to entry {last}: ")

        proof = place.json("prove", "7")
        path = [bytes.fromhex(each) for each in proof["path"]]
        root = bytes.fromhex(proof["root"])
        check_inclusion(bytes.fromhex(proof["leaf"]), proof["index"], proof["size"], path, root)
        assert proof["root"] == verified["root"] == proof["head"]["root"]
        assert f"leaf 6 of a tree over {last}" in place.run("prove", proof["event_id"])

        turned = place.json("rotate-key")
        assert (turned["witness"], turned["named_at"]) == ("running", last)
        place.firm.append("gh_agent", {"text": "no JSON"})
        until(place.signed, lambda signed: last + 1 in signed)
        assert "begins with the older one" in place.run("consistent", str(last), str(last + 1))
        running.send_signal(signal.SIGKILL)
        running.wait()

    assert place.json("rotate-key")["witness"] == "stopped"
    with process(["witness"], place.of_the_witness, log):
        until(lambda: {head.key for head in place.heads.heads()}, lambda keys: turned["key"] in keys)
        until(lambda: [*place.heads.heads()][-1].next_key, bool)
    first, *_, newest = place.heads.heads()
    assert (first.key, newest.key) == (Signer(SEED).id, turned["key"])
    assert place.json("verify")["ok"]


def test_a_fault_is_named_and_the_exit_says_that_a_person_must_look(place: Place) -> None:
    with place.firm.connection("superuser").transaction():
        place.firm.ask("superuser", "set local session_replication_role = replica")
        place.firm.ask("superuser", "update gatehouse.journal set actor = 'x' where seq = 7")
    said = place.run("verify", code=5)
    assert "entry 7: its digest does not follow" in said
    assert "the record does not hold" in said
