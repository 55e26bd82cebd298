"""The record of a stored document says what its row says, whoever writes it with the intake's own login."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import pytest

from core.database.logins import INTAKE
from tests.core.library.test_library_db import HANNAH, MARIA, NGOZI, put
from tests.fixtures.firm import Answer, Firm

WHOLE: Final[dict[str, Any]] = {
    "known_on": "2022-12-03",
    "issuer": "An Issuer",
    "sensitivity": "firm",
    "readers": [],
    "subject": None,
}
TEXT: Final = "The words of an entry."


def recorded(firm: Firm, login: str, document: str, stream: str = "", **other: Any) -> Answer:
    payload = {"document": document, "source": "a test", "dated": "2022-12-01", "passages": 1} | other
    payload = {"title": "entry", "body_digest": sha256(TEXT.encode()).hexdigest()} | payload
    stream = stream or f"library/{document}"
    (said,) = firm.append(INTAKE, firm.item("DocumentStored", stream, payload, login=login))
    return said


@pytest.mark.parametrize(
    "other",
    [
        {"title": "another"},
        {"title": ""},
        {"source": "elsewhere"},
        {"dated": "2022-12-02"},
        {"passages": 2},
        {"body_digest": "0" * 64},
    ],
)
@pytest.mark.parametrize("name", ["entry", ""])
def test_what_the_row_does_not_say_is_not_put_on_record(
    shared_firm: Firm, name: str, other: dict[str, Any]
) -> None:
    document = put(shared_firm, HANNAH, name, TEXT, **WHOLE, title="entry")["document"]
    said = recorded(shared_firm, HANNAH, document, **other)
    assert (said.answer, said.code) == ("refused", "not_as_stored")


def test_what_has_no_row_is_not_put_on_record(shared_firm: Firm) -> None:
    assert recorded(shared_firm, HANNAH, "doc-" + "0" * 24).code == "not_as_stored"


@pytest.mark.parametrize("name", ["entry", ""])
def test_what_the_row_says_is(shared_firm: Firm, name: str) -> None:
    document = put(shared_firm, HANNAH, name, TEXT, **WHOLE, title="entry")["document"]
    assert recorded(shared_firm, HANNAH, document, stream="library/another").code == "wrong_stream"
    assert recorded(shared_firm, HANNAH, document).answer == "ok"


@pytest.mark.parametrize(
    ("login", "about"), [(NGOZI, {"sensitivity": "compliance"}), (MARIA, {"subject": "hh-101"})]
)
def test_the_title_of_what_is_not_for_everybody_stays_out_of_the_record(
    shared_firm: Firm, login: str, about: dict[str, Any]
) -> None:
    document = put(shared_firm, login, f"closed {login}", TEXT, **WHOLE | about, title="entry")["document"]
    assert recorded(shared_firm, login, document).code == "not_as_stored"
    assert recorded(shared_firm, login, document, title="").code == "not_as_stored"
    assert recorded(shared_firm, login, document, title="", source="").answer == "ok"
