"""No marked span of real-looking personal data reaches a log, whatever door it comes in by.

The processes are real: worker, front with its screens, copilot, venues, and the server. Each text of the
corpus goes in at each door, also where it does not belong: as a login, a path, a header, a broken body. Then
every file that any of them wrote is searched for every marked span, once as they are started and once with
every library at its most talkative. The journal's own text is searched too: what is in clear there is never
such a text.

Source: `../shared/data/pii`, 750 sentences with marked spans (microsoft/presidio-research, MIT).
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest

from core.plain_http import NOBODY
from tests.fixtures.office import Office, open_office
from tests.fixtures.servers import ROOT, TestServer

CORPUS: Final = ROOT.parent / "shared" / "data" / "pii" / "presidio_synthetic_first750.jsonl.gz"
EVERY: Final = 150  # of the texts, in the short run: each door gets five of them, the copilot two
SHORTEST: Final = 5  # a shorter span ("Mr.", "19") is in every log by chance
TALKATIVE: Final = """
import logging
logging.basicConfig(level=logging.DEBUG)
"""


@dataclass(frozen=True, slots=True)
class Marked:
    """A sentence, and what in it is somebody's."""

    text: str
    spans: tuple[str, ...]


def corpus() -> list[Marked]:
    found = []
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            spans = {line["text"][one["start"] : one["end"]] for one in line["spans"]}
            if spans:
                found.append(Marked(line["text"], tuple(sorted(spans))))
    return found


if not CORPUS.exists():
    if os.environ.get("CI") == "true":
        pytest.fail(f"{CORPUS} is missing", pytrace=False)
    pytest.skip(f"{CORPUS} is not here", allow_module_level=True)


@dataclass
class Watched:
    """An office, and everything that its processes write down."""

    office: Office
    folder: Path
    server: TestServer
    server_said: int  # bytes of the server's log before

    def written(self) -> dict[str, str]:
        """Every file of the processes, and the server's own log since the office opened."""
        told = {
            str(path.relative_to(self.folder)): path.read_text(errors="replace")
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and "keys" not in path.parts
        }
        with self.server.cluster.log.open("rb") as log:
            log.seek(self.server_said)
            told["server.log"] = log.read().decode(errors="replace")
        return told

    def journal(self) -> str:
        with psycopg.connect(self.office.database.superuser) as connection:
            found = connection.execute("select text, actor from gatehouse.journal").fetchall()
        return "\n".join(str(part) for row in found for part in row)


@pytest.fixture(scope="module", params=["as started", "at its most talkative"])
def watched(
    request: pytest.FixtureRequest, server: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    said = server.cluster.log.stat().st_size
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "as started":
            talk = tmp_path_factory.mktemp("talk")
            (talk / "sitecustomize.py").write_text(TALKATIVE)
            patch.setenv("PYTHONPATH", f"{talk}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
            patch.setenv("PYTHONASYNCIODEBUG", "1")
            set_server(server, "alter system set log_statement = 'all'")
        try:
            with open_office(server, folder, screens=True, copilot="real") as office:
                yield Watched(office, folder, server, said)
        finally:
            set_server(server, "alter system reset log_statement")


def set_server(server: TestServer, statement: str) -> None:
    with psycopg.connect(server.superuser_dsn("postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())
        connection.execute("select pg_reload_conf()")


Send = Callable[[httpx.Client, str, str], Any]
JSON: Final = {"Content-Type": "application/json"}


def post(path: str, **body: Any) -> Send:
    """A body in which the word TEXT is the text."""

    def send(http: httpx.Client, text: str, key: str) -> Any:
        filled = json.loads(json.dumps(body).replace('"TEXT"', json.dumps(text)))
        return http.post(path, json=filled, headers={"Idempotency-Key": key})

    return send


def get(path: str, **params: str) -> Send:
    def send(http: httpx.Client, text: str, key: str) -> Any:
        filled = {name: text if value == "TEXT" else value for name, value in params.items()}
        return http.get(
            path.replace("TEXT", httpx.QueryParams({"a": text})["a"].replace("/", " ")), params=filled
        )

    return send


def header(name: str) -> Send:
    def send(http: httpx.Client, text: str, key: str) -> Any:
        plain = re.sub(r"[^\x20-\x7e]", "?", text)
        return http.get("/v1/me", headers={name: plain})

    return send


def raw(path: str, shape: str, kind: str = "application/json") -> Send:
    def send(http: httpx.Client, text: str, key: str) -> Any:
        return http.post(
            path,
            content=shape.replace("TEXT", text).encode(),
            headers={"Content-Type": kind, "Idempotency-Key": key},
        )

    return send


DOORS: Final[dict[str, Send]] = {
    "a note of a request to forget": post(
        "/v1/forgettings", subject="res-1", reason="employee_left", note="TEXT"
    ),
    "a subject to forget": post("/v1/forgettings", subject="TEXT", reason="employee_left"),
    "a reason that is none": post("/v1/forgettings", subject="res-1", reason="TEXT"),
    "a hold's note": post("/v1/holds", subject="hh-150", matter="complaint", note="TEXT"),
    "a hold's matter": post("/v1/holds", subject="hh-150", matter="TEXT"),
    "reasons": post(
        "/v1/proposals/prp-00000000000000000000000000000000/submit", digest="0" * 64, reasons={"x": "TEXT"}
    ),
    "a reason's policy": raw(
        "/v1/proposals/prp-00000000000000000000000000000000/submit",
        '{"digest":"%s","reasons":{"TEXT":"x"}}' % ("0" * 64),
    ),
    "a comment": post(
        "/v1/proposals/prp-00000000000000000000000000000000/return", digest="0" * 64, comment="TEXT"
    ),
    "a reason to decline": post(
        "/v1/proposals/prp-00000000000000000000000000000000/decline", digest="0" * 64, reason="TEXT"
    ),
    "a consent's client": post(
        "/v1/proposals/prp-00000000000000000000000000000000/consent",
        digest="0" * 64,
        client="TEXT",
        channel="phone",
    ),
    "a fingerprint": post(
        "/v1/proposals/prp-00000000000000000000000000000000/approve", digest="TEXT", reasons={}
    ),
    "a draft's symbol": post("/v1/proposals", kind="order", household="hh-101", symbol="TEXT"),
    "a draft's household": post("/v1/proposals", kind="rebalance", household="TEXT"),
    "a conversation's household": post("/v1/threads", household="TEXT"),
    "a document": post("/v1/documents", title="A note", source="desk", dated="2022-12-01", text="TEXT"),
    "the title of a document about a client": post(
        "/v1/documents", title="TEXT", source="TEXT", dated="2022-12-01", text="TEXT", subject="hh-101"
    ),
    "a document's date": post("/v1/documents", title="A note", source="desk", dated="TEXT", text="x"),
    "a wrong type": post("/v1/threads", household={"name": "TEXT"}),
    "an unknown field": post("/v1/threads", household=None, name="TEXT"),
    "a field's name": raw("/v1/threads", '{"TEXT": 1}'),
    "a broken body": raw("/v1/threads", '{"household": "TEXT'),
    "a body that is no JSON": raw("/v1/threads", "TEXT", "text/plain"),
    "a long value": raw("/v1/threads", '{"household": "' + "TEXT" * 40 + '"}'),
    "a huge value": raw("/v1/threads", '{"household": "' + "TEXT" * 1500 + '"}'),
    "a path": get("/v1/households/TEXT"),
    "an account's path": get("/v1/accounts/TEXT/positions"),
    "a path that is none": get("/v1/TEXT"),
    "a page": get("/TEXT"),
    "a trace": get("/v1/audit/traces/TEXT"),
    "a passage": get("/v1/passages/TEXT"),
    "a query": get("/v1/proposals", status="TEXT"),
    "another query": get("/v1/me", search="TEXT"),
    "a subject's path": get("/v1/subjects/TEXT/kept"),
    "the Authorization header": header("Authorization"),
    "a key": header("Idempotency-Key"),
    "a cookie": header("Cookie"),
    "the browser's name": header("User-Agent"),
    "any header": header("X-Client"),
    "where it came from": header("Referer"),
    "the copilot's own door": raw("/internal/seal", '{"text": "TEXT"}'),
    "a form": raw("/sign-in", "login=TEXT&password=TEXT", "application/x-www-form-urlencoded"),
}


def texts(request: pytest.FixtureRequest, every: int) -> Sequence[Marked]:
    return corpus() if request.config.getoption("--long") else corpus()[::every]


def found_in(told: dict[str, str], sent: Sequence[Marked], known: str) -> list[tuple[str, str]]:
    """The spans that some file holds, of those that the product does not say by itself."""
    spans = {span for one in sent for span in one.spans if len(span) >= SHORTEST and span not in known}
    assert spans
    return sorted((name, span) for name, said in told.items() for span in _held(said, spans))


def _held(said: str, spans: set[str]) -> list[str]:
    """Those of thousands of spans that stand in a text of megabytes. Only one whose beginning stands in it is
    looked for."""
    begun = {said[at : at + SHORTEST] for at in range(len(said) - SHORTEST + 1)}
    return [span for span in spans if span[:SHORTEST] in begun and _says(said, span)]


def _says(said: str, span: str) -> bool:
    """Whether it is there; digits alone only where they are no part of a longer number or hash."""
    if span not in said:
        return False
    return not span.isdigit() or re.search(rf"(?<![0-9A-Za-z]){span}(?![0-9A-Za-z])", said) is not None


def own_words(watched: Watched) -> str:
    """What the logs and the journal say before anything was sent: `London` may be a time zone."""
    return "\n".join([*watched.written().values(), watched.journal()])


@pytest.fixture(scope="module")
def known(watched: Watched) -> str:
    return own_words(watched)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("door", DOORS)
def test_no_span_reaches_a_log_or_the_journals_clear_text(
    watched: Watched, known: str, request: pytest.FixtureRequest, door: str
) -> None:
    sent = texts(request, EVERY)
    office = watched.office
    login = "ngozi.adeyemi" if "forget" in door or "hold's" in door else "maria.alvarez"
    ticket = office.of("hannah.lindqvist" if door == "a document" else login).ticket
    with httpx.Client(base_url=office.url, trust_env=False, verify=NOBODY, timeout=30) as http:
        for number, one in enumerate(sent):
            http.headers["Authorization"] = f"Bearer {ticket}"
            with suppress(httpx.InvalidURL):  # then no client could have sent it
                DOORS[door](http, one.text, f"key-{door[:8].replace(' ', '-')}-{number}")
    assert found_in(watched.written(), sent, known) == []
    assert found_in({"the journal": watched.journal()}, sent, known) == []


@pytest.mark.timeout(600)
def test_nor_does_one_that_is_a_login_or_a_password(
    watched: Watched, known: str, request: pytest.FixtureRequest
) -> None:
    sent = texts(request, EVERY)
    with httpx.Client(base_url=watched.office.url, trust_env=False, verify=NOBODY, timeout=60) as http:
        for one in sent:
            word = re.sub(r"[^A-Za-z0-9._@-]", "", one.text)[:80] or "x"
            for login, password in ((one.text, one.text), (word, one.text[:200])):
                http.post("/v1/sessions", json={"login": login, "password": password})
    assert found_in(watched.written(), sent, known) == []
    assert found_in({"the journal": watched.journal()}, sent, known) == []


@pytest.mark.timeout(900)
def test_nor_does_one_that_is_said_to_the_copilot_and_answered(
    watched: Watched, known: str, request: pytest.FixtureRequest
) -> None:
    sent = texts(request, EVERY * 3)
    client = watched.office.of("maria.alvarez")
    for number, one in enumerate(sent):
        thread = client.open_thread("hh-103" if number % 2 else None)
        words = f"{one.text[:3000]}" if number % 3 else f"Find notes about {one.text[:300]}"
        events = list(client.say(thread, words, key=f"said-{os.urandom(6).hex()}"))
        assert [event for event in events if event.name == "answer"], events
    assert found_in(watched.written(), sent, known) == []
    assert found_in({"the journal": watched.journal()}, sent, known) == []


def test_the_servers_log_has_no_value_that_an_error_repeats(watched: Watched) -> None:
    with psycopg.connect(watched.office.database.superuser, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InvalidTextRepresentation, match="Ann Smith"):
            connection.execute("select %s::text::int", ["Ann Smith"])
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("insert into gatehouse.registration values ('Ann Smith', 'S7', '2000-01-01')")
    assert "Ann Smith" not in watched.written()["server.log"].replace("('Ann Smith', 'S7'", "")


def test_the_search_finds_what_a_log_says(watched: Watched, known: str) -> None:
    """The same search, on a log into which somebody wrote one of the texts."""
    one = next(m for m in corpus() if any(len(s) >= SHORTEST and s not in known for s in m.spans))
    told = {**watched.written(), "planted.log": f"INFO {one.text}"}
    assert {name for name, _ in found_in(told, [one], known)} == {"planted.log"}
