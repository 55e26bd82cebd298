"""What a newcomer finds: people with passwords, research in the library, two proposals that wait.

Rule 1: it is done as these people, over the API, like everything else that people do.
Rule 2: each step looks first: killed anywhere and begun again, nothing is there twice.
Rule 3: `<home>/first-start-done` is written after the passwords were printed. Without it the passwords are
    made anew: those of a start that was cut short were never finished being told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, Final

import httpx

from core.clock import WallClock
from core.database.logins import OWNER, Logins
from core.database.pools import connect
from core.errors import WorldFailed
from core.firm.notes_read import Note, house_notes
from core.firm.people import PEOPLE, Person
from core.firm.story import STORY
from core.ids import HouseholdId
from core.people.sessions import set_password
from core.plain_http import trusted_for
from ui.screens.client import Client, Problem, Unreachable

ASSESSED_WITHIN: Final = timedelta(seconds=60)
EMBEDDED_WITHIN: Final = timedelta(seconds=90)
LOOKS_EVERY: Final = timedelta(milliseconds=100)
OPEN: Final = ("DRAFTED", "ASSESSED", "SUBMITTED", "APPROVED", "RELEASED")

Told = Callable[[str], None]

NOT_EMBEDDED: Final = """
select count(*) as missing from gatehouse.passage p
where not exists (select from copilot.embedding e where e.passage = p.id)
"""


@dataclass(frozen=True, slots=True)
class Newcomers:
    """The API and the owner's login, for the first start alone."""

    url: str
    logins: Logins
    vectors: bool  # whether the copilot embeds

    def welcome(self, told: Told) -> Mapping[str, str]:
        """Do all of it, and answer the passwords by login.

        Raises:
            WorldFailed: the API or the copilot did not answer. Start again: it goes on.
        """
        told("giving the demo people passwords")
        passwords = self._passwords()
        try:
            self._library(passwords, told)
            self._proposals(passwords, told)
        except (Problem, Unreachable, httpx.HTTPError) as bad:
            raise WorldFailed(f"the first start was cut short: {bad}", fix="start again; it goes on") from bad
        return passwords

    def _passwords(self) -> Mapping[str, str]:
        with connect(self.logins.dsn(OWNER), name="up") as owner:
            return {person.login: set_password(owner, person.login) for person in PEOPLE}

    def _signed_in(self, person: Person, passwords: Mapping[str, str]) -> Client:
        client = Client(self.url)
        client.sign_in(person.login, passwords[person.login])
        return client

    def _library(self, passwords: Mapping[str, str], told: Told) -> None:
        notes = house_notes()
        told(f"storing {len(notes)} house research notes as {researcher().name}; the copilot reads them")
        client = self._signed_in(researcher(), passwords)
        for note in notes:
            self._store(client, note)
        if self.vectors:
            self._until(lambda: self._missing() == 0, EMBEDDED_WITHIN, "the notes have no vectors yet")
        client.close()

    def _store(self, client: Client, note: Note) -> None:
        body = {
            "title": note.title,
            "source": note.source,
            "dated": note.dated.isoformat(),
            "text": note.text,
        }
        headers = {"Authorization": f"Bearer {client.ticket}"}
        url = f"{self.url}/v1/documents"
        httpx.post(
            url, json=body, headers=headers, trust_env=False, timeout=20, verify=trusted_for(url)
        ).raise_for_status()

    def _missing(self) -> int:
        with connect(self.logins.dsn(OWNER), name="up") as owner:
            row = owner.execute(NOT_EMBEDDED).fetchone()
        return int(row["missing"]) if row else 0

    def _proposals(self, passwords: Mapping[str, str], told: Told) -> None:
        """One that waits for the advisor, one that waits for the principal."""
        advisor = next(person for person in PEOPLE if person.id == STORY.advisor)
        client = self._signed_in(advisor, passwords)
        told(f"asking the copilot for two trade proposals as {advisor.name}")
        self._assessed(client, STORY.waiting_for_advisor)
        second = self._assessed(client, STORY.waiting_for_principal)
        if second["status"] == "ASSESSED":
            client.decide(second["proposal"], "submit", {"digest": second["digest"], "reasons": {}})
        client.close()

    def _assessed(self, client: Client, household: HouseholdId) -> Any:
        """The household's open proposal with its figures; asked for in a conversation where there is none."""
        if not _open_proposals(client, household):
            _ask_to_rebalance(client, household)
        self._until(
            lambda: any(p["status"] != "DRAFTED" for p in _open_proposals(client, household)),
            ASSESSED_WITHIN,
            f"the proposal for {household} has no figures yet",
        )
        return client.proposal(_open_proposals(client, household)[0]["proposal"])

    @staticmethod
    def _until(holds: Callable[[], bool], within: timedelta, says: str) -> None:
        clock = WallClock()
        ends_ns = clock.monotonic_ns() + within // timedelta(microseconds=1) * 1000
        while not holds():
            if clock.monotonic_ns() > ends_ns:
                raise WorldFailed(f"{says} after {within.seconds} s", fix="start again; it goes on")
            Event().wait(LOOKS_EVERY.total_seconds())


def researcher() -> Person:
    return next(person for person in PEOPLE if person.role == "research")


def done_file(home: Path) -> Path:
    return home / "first-start-done"


def _open_proposals(client: Client, household: HouseholdId) -> list[Any]:
    return [p for p in client.proposals(household=household) if p["status"] in OPEN]


def _ask_to_rebalance(client: Client, household: HouseholdId) -> None:
    name = client.household(household)["name"]
    thread = client.open_thread(household)
    for event in client.say(thread, f"Rebalance the {name}", key=f"first-start-{household}"):
        if event.name == "error":
            raise WorldFailed(f"the copilot stopped: {event.data.get('says')}", fix="start again; it goes on")
