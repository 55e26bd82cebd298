"""Every command, setting, event kind, policy, refusal and class of error stands on its page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import psycopg
import pytest

from core.ledger.events import KINDS
from core.ledger.refusals import WORDS
from tests.fixtures.servers import Database
from ui import reference
from ui.cli import COMMANDS

ROOT: Final = Path(__file__).resolve().parents[2]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", sorted({*reference.PAGES} - {"settings"}))
def test_a_page_is_what_the_code_says(page: str) -> None:
    drawn = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert drawn == reference.PAGES[page](), f"draw it again: python -m ui.reference {page} > docs/{page}.md"


def test_the_readme_has_every_setting_as_the_table_has_it() -> None:
    assert reference.settings() in README, "put the output of `python -m ui.reference settings` there"


def test_the_readme_has_every_command_and_no_other() -> None:
    assert readme_commands() == {*COMMANDS}


def readme_commands() -> set[str]:
    """The commands of the README's table; `proposals list`, `show` means two of one group."""
    table = README.partition("## Commands")[2].partition("## Settings")[0]
    found = set()
    for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        group = ""
        for words in re.findall(r"`([a-z -]+)", row):
            named = words.split(" [")[0].split()
            if len(named) == 2:
                group = named[0]
            together = " ".join(named) if len(named) == 2 or not group else f"{group} {named[0]}"
            found.add(together if together in COMMANDS else " ".join(named))
    return found


def test_every_kind_of_event_says_what_it_says() -> None:
    assert [name for name, kind in KINDS.items() if not kind.__doc__] == []


def test_streams_and_rights_on_the_page_are_those_of_the_database(database: Database) -> None:
    streams, writers = reference.rights()
    with psycopg.connect(database.superuser) as connection:
        kinds = connection.execute("select event_type, stream_prefix from gatehouse.event_kind").fetchall()
        rights = connection.execute("select event_type, role from gatehouse.event_right").fetchall()
    assert dict(kinds) == dict(streams)
    assert {*KINDS} == {*streams}, "a kind that the append takes and nobody can read back, or the reverse"
    page = {(name, role) for name, roles in writers.items() for role in roles.split(", ") if "gh_" in role}
    assert page == set(rights)


CODE: Final = re.compile(
    r"return '([a-z_]+)'|(?:then|else) '([a-z_]+)'|code := '([a-z_]+)'|fault := '([a-z_]+)'"
)
CONFLICTS: Final = {"ok", "refused", "duplicate", "conflict", "key_reused", "event_id_used", "version"}
OTHER_WORDS: Final = {"close", "open", "cash", "unknown"}  # of the same SQL, in the same places
NO_LONGER: Final = {"tier_not_offered"}  # of a function that a later migration replaced
# What stepping up answers: no entry of the journal is refused by these.
STEPPING_UP: Final = {"right", "wrong", "too_many", "enrolled", "not_enrolled", "code_needed"}
STEPPING_UP_BY: Final = {"password", "totp", "principal"}


def test_every_code_of_the_law_has_words_and_every_word_a_code() -> None:
    """The words are those of `core.ledger.refusals`; the codes stand in the migrations."""
    found = {
        code
        for path in ROOT.glob("core/*/migrations/*.sql")
        if not path.name.endswith("_forms.sql")  # which decides on no entry
        for match in CODE.findall(path.read_text(encoding="utf-8"))
        for code in match
        if code
    }
    others = CONFLICTS | OTHER_WORDS | NO_LONGER | STEPPING_UP | STEPPING_UP_BY
    assert found - others - {*WORDS} == set()
    assert {*WORDS} - found == set()
