"""What the append answers to each entry, and that a bad one is nobody else's trouble."""

from __future__ import annotations

import json
import os
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
import rfc8785

from core.database.pools import conninfo
from core.ledger.events import KINDS
from tests.fixtures.firm import Answer, Firm

VECTORS: Final = Path(__file__).resolve().parents[4] / "shared" / "data" / "vectors"
LOGIN: Final = "maria.alvarez"
AGENT: Final = "gh_agent"
MOST: Final = 256  # entries in one call

needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir() and not os.environ.get("CI"), reason=f"the public vectors are not in {VECTORS}"
)


class Turn:
    """A copilot's conversation, whose steps anyone may append: the plainest entry with a ticket."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.thread = firm.thread(LOGIN)
        self.ticket = firm.thread_ticket(LOGIN, self.thread)
        self.stream = f"thread/{self.thread}"

    def envelope(self, ahead: int = 0, **changed: Any) -> dict[str, Any]:
        payload = {"thread": self.thread, "agent": "planner", "step": "plan", "model": "m"}
        envelope = self.firm.envelope("StepTaken", self.stream, payload)
        return {**envelope, "stream_version": envelope["stream_version"] + ahead, **changed}

    def step(
        self, ahead: int = 0, *, key: str | None = None, group: str | None = None, **changed: Any
    ) -> Any:
        text = rfc8785.dumps(self.envelope(ahead, **changed)).decode()
        item = {"text": text, "ticket": self.ticket, "key": key, "group": group}
        return {name: word for name, word in item.items() if word is not None}

    def append(self, *items: Any) -> list[Answer]:
        """In as many calls as it takes."""
        pages = [items[at : at + MOST] for at in range(0, len(items), MOST)] or [()]
        return [said for page in pages for said in self.firm.append(AGENT, *page)]

    def length(self) -> int:
        return int(self.firm.value("superuser", "select seq from gatehouse.head"))


@pytest.fixture
def turn(firm: Firm) -> Turn:
    return Turn(firm)


@pytest.fixture(scope="module")
def shared_turn(shared_firm: Firm) -> Turn:
    return Turn(shared_firm)


def test_an_entry_stands_at_the_next_sequence(turn: Turn) -> None:
    before = turn.length()
    assert turn.append(turn.step()) == [Answer("ok", before + 1, None)]
    assert turn.firm.verified().ok


def test_the_same_key_and_body_is_the_same_entry_for_ever(turn: Turn) -> None:
    (first,) = turn.append(turn.step(key="k"))
    (again,) = turn.append(turn.step(key="k"))
    assert (again.answer, again.seq) == ("duplicate", first.seq)
    assert turn.length() == first.seq


def test_the_same_key_twice_in_one_batch_is_one_entry(turn: Turn) -> None:
    first, again = turn.append(turn.step(key="k"), turn.step(1, key="k"))
    assert (first.answer, again.answer, again.seq) == ("ok", "duplicate", first.seq)


def test_a_key_with_another_body_is_a_conflict_that_names_the_first(turn: Turn) -> None:
    (first,) = turn.append(turn.step(key="k"))
    payload = {**turn.envelope()["payload"], "model": "another"}
    (said,) = turn.append(turn.step(key="k", payload=payload))
    assert said == Answer("conflict", first.seq, "key_reused")


def test_a_key_is_its_persons_own(turn: Turn) -> None:
    (mine,) = turn.append(turn.step(key="k"))
    thread = turn.firm.thread("david.nakamura")
    other = turn.firm.item(
        "StepTaken",
        f"thread/{thread}",
        {"thread": thread, "agent": "a", "step": "plan", "model": "m"},
        ticket=turn.firm.thread_ticket("david.nakamura", thread),
        key="k",
    )
    (theirs,) = turn.append(other)
    assert mine.ok
    assert theirs.ok


def test_a_version_that_is_not_the_next_is_a_conflict(turn: Turn) -> None:
    turn.append(turn.step())
    for ahead in (-1, 1, 7):
        (said,) = turn.append(turn.step(ahead))
        assert (said.answer, said.code) == ("conflict", "version")


def test_an_event_id_is_used_once(turn: Turn) -> None:
    used = str(uuid4())
    turn.append(turn.step(event_id=used))
    (said,) = turn.append(turn.step(event_id=used))
    assert (said.answer, said.code) == ("conflict", "event_id_used")


MALFORMED: Final[dict[str, dict[str, Any]]] = {
    "malformed_event_id": {"event_id": "no-uuid"},
    "malformed_event_type": {"event_type": "stepTaken"},
    "malformed_event_version": {"event_version": 0},
    "malformed_stream": {"stream": "thread/ä"},
    "malformed_stream_version": {"stream_version": 0},
    "malformed_trace_id": {"trace_id": "F" * 32},
    "malformed_occurred_at": {"occurred_at": "2022-12-29 15:00"},
    "malformed_mono_ns": {"mono_ns": "soon"},
    "malformed_policy_decisions": {"policy_decisions": {}},
    "malformed_payload": {"payload": []},
    "no_right": {"event_type": "ProposalApproved"},
    "wrong_stream": {"stream": "proposal/x", "stream_version": 1},
}
BAD_DATES: Final = (
    "2022-02-30T00:00:00.000000Z",
    "2022-12-29T15:00:00Z",
    "2022-12-29T25:00:00.000000Z",
    None,
)


@pytest.mark.parametrize("code", MALFORMED)
def test_an_envelope_with_a_wrong_field_is_refused_by_its_name(shared_turn: Turn, code: str) -> None:
    (said,) = shared_turn.append(shared_turn.step(**MALFORMED[code]))
    assert (said.answer, said.code, said.seq) == ("refused", code, None)


@pytest.mark.parametrize("moment", BAD_DATES)
def test_a_time_that_does_not_exist_is_refused(shared_turn: Turn, moment: Any) -> None:
    (said,) = shared_turn.append(shared_turn.step(occurred_at=moment))
    assert said.code == "malformed_occurred_at"


Spelling = Callable[[dict[str, Any]], str]


def rfc(envelope: dict[str, Any], **changed: Any) -> str:
    return rfc8785.dumps({**envelope, **changed}).decode()


OTHER_SPELLINGS: Final[dict[str, Spelling]] = {
    "blanks": lambda e: json.dumps(e, sort_keys=True),
    "a newline at the end": lambda e: rfc(e) + "\n",
    "another order": lambda e: json.dumps(dict(reversed(e.items())), separators=(",", ":")),
    "an escape that is not needed": lambda e: rfc(e).replace('"planner"', '"\\u0070lanner"'),
    "a slash escaped": lambda e: rfc(e).replace("thread/", "thread\\/"),
    "a key twice": lambda e: rfc(e)[:-1] + f',"trace_id":"{e["trace_id"]}"}}',
    "a key twice inside": lambda e: rfc(e).replace('"agent":', '"agent":"x","agent":'),
    "a key of nobody's": lambda e: rfc(e, zebra="1"),
    "an id in capitals": lambda e: rfc(e, event_id=e["event_id"].upper().replace("0", "A")),
    "an id in braces": lambda e: rfc(e, event_id="{" + e["event_id"] + "}"),
    "an id without dashes": lambda e: rfc(e, event_id=e["event_id"].replace("-", "")),
    "a leap second": lambda e: rfc(e, occurred_at="2022-12-29T23:59:60.000000Z"),
    "midnight as 24 o'clock": lambda e: rfc(e, occurred_at="2022-12-29T24:00:00.000000Z"),
    "a version in quotes": lambda e: rfc(e, stream_version=str(e["stream_version"])),
    "a fraction": lambda e: rfc(e, payload={**e["payload"], "took_ms": 1.5}),
    "an exponent": lambda e: rfc(e).replace('"model":"m"', '"model":"m","took_ms":1e2'),
    "a number beyond what a double holds": lambda e: rfc(e).replace(
        '"model":"m"', '"model":"m","n":' + "9" * 20
    ),
    "a trace that is a number": lambda e: rfc(e, trace_id="1" * 32).replace('"' + "1" * 32 + '"', "1" * 32),
    "a key that is not ASCII": lambda e: rfc(e, payload={**e["payload"], "é": "1"}),
}


@pytest.mark.parametrize("spelling", OTHER_SPELLINGS)
def test_only_the_one_text_of_an_envelope_is_taken(shared_turn: Turn, spelling: str) -> None:
    """What is in the journal must read back the same for everyone: no login may leave a stumbling block."""
    text = OTHER_SPELLINGS[spelling](shared_turn.envelope())
    assert text != rfc(shared_turn.envelope())
    (said,) = shared_turn.append({"text": text, "ticket": shared_turn.ticket})
    assert (said.answer, said.code) == ("refused", "not_canonical")


def test_only_the_version_of_a_kind_that_is_written_now_is_taken(shared_turn: Turn) -> None:
    (said,) = shared_turn.append(shared_turn.step(event_version=KINDS["StepTaken"].VERSION + 1))
    assert (said.answer, said.code) == ("refused", "malformed_event_version")


def test_a_text_nested_deeper_than_the_stack_is_refused_and_its_neighbours_are_not(turn: Turn) -> None:
    text = rfc(turn.envelope()).replace('"model":"m"', '"model":"m","x":' + "[" * 60_000 + "]" * 60_000)
    said = turn.append(turn.step(), {"text": text, "ticket": turn.ticket}, turn.step(1))
    assert [one.answer for one in said] == ["ok", "refused", "ok"]
    assert said[1].code == "malformed"


def test_a_key_too_long_to_be_kept_is_refused_and_its_neighbours_are_not(turn: Turn) -> None:
    said = turn.append(turn.step(), turn.step(1, key=os.urandom(8_000).hex()), turn.step(1))
    assert [one.answer for one in said] == ["ok", "refused", "ok"]
    assert said[1].code == "malformed_key"


@pytest.mark.parametrize(("kibibytes", "code"), [(255, None), (300, "too_large")])
def test_a_text_has_its_most(turn: Turn, kibibytes: int, code: str | None) -> None:
    payload = {**turn.envelope()["payload"], "model": "é" * (kibibytes * 512)}
    (said,) = turn.append(turn.step(payload=payload))
    assert said.code == code
    assert turn.firm.verified().ok


@pytest.mark.parametrize(
    "text", [None, "", "null", "[]", "7", '"text"', "{}", "{", "\\u0000", '{"a":"\\ud800"}']
)
def test_what_is_no_envelope_is_refused(shared_turn: Turn, text: str | None) -> None:
    (said,) = shared_turn.append({"text": text, "ticket": shared_turn.ticket})
    assert said.answer == "refused"
    assert said.code in ("malformed", "malformed_event_id")


def test_a_bad_entry_never_aborts_its_neighbours(turn: Turn) -> None:
    before = turn.length()
    bad: list[dict[str, Any]] = [turn.step(**changed) for changed in MALFORMED.values()]
    bad += [{"text": "{"}, {}, {"text": rfc(turn.envelope()), "ticket": "a stranger's"}]
    items = [item for one in bad for item in (one, None)]
    ahead = iter(range(len(bad)))
    said = turn.append(*(item if item is not None else turn.step(next(ahead)) for item in items))
    assert [one.answer for one in said] == ["refused", "ok"] * len(bad)
    assert turn.length() == before + 2 * len(bad)  # each refusal is an entry of its own
    assert turn.firm.verified().ok


def test_only_what_is_ok_or_refused_consumes_a_sequence(turn: Turn) -> None:
    (first,) = turn.append(turn.step(key="k"))
    before = turn.length()
    turn.append(turn.step(key="k"))  # duplicate
    turn.append(turn.step(9))  # conflict
    assert turn.length() == before == first.seq


def test_a_refusal_names_who_tried_what_and_why(turn: Turn) -> None:
    turn.append(turn.step(event_type="OrderReleased"))
    row = turn.firm.ask("superuser", "select * from gatehouse.journal order by seq desc limit 1")[0]
    payload = json.loads(row["text"])["payload"]
    assert (row["role"], row["actor"], row["event_type"]) == (AGENT, "adv-1", "AttemptRefused")
    assert (payload["attempted"], payload["code"]) == ("OrderReleased", "no_right")


def test_a_group_is_all_or_nothing(turn: Turn) -> None:
    before = turn.length()
    good = [turn.step(n, group="g") for n in range(3)]
    said = turn.append(*good, turn.step(3, group="g", event_type="OrderReleased"))
    assert [(one.answer, one.seq) for one in said] == [("refused", None)] * 4
    assert [one.code for one in said] == ["group", "group", "group", "no_right"]
    assert turn.length() == before + 1  # the refusal alone
    assert [one.answer for one in turn.append(*good)] == ["ok"] * 3


def test_a_group_with_a_conflict_leaves_nothing_and_neighbours_go_on(turn: Turn) -> None:
    said = turn.append(
        turn.step(), turn.step(1, group="g"), turn.step(7, group="g"), turn.step(1), turn.step(2)
    )
    assert [one.answer for one in said] == ["ok", "conflict", "conflict", "ok", "ok"]
    assert [one.code for one in said[1:3]] == ["group", "version"]


def test_two_groups_side_by_side_are_two(turn: Turn) -> None:
    said = turn.append(
        turn.step(0, group="a"),
        turn.step(1, group="a"),
        turn.step(2, group="b"),
        turn.step(3, group="b", event_type="OrderReleased"),
        turn.step(2),
    )
    assert [one.answer for one in said] == ["ok", "ok", "refused", "refused", "ok"]


def test_a_group_made_again_answers_duplicates(turn: Turn) -> None:
    first = turn.append(turn.step(0, group="g", key="a"), turn.step(1, group="g", key="b"))
    again = turn.append(turn.step(0, group="g", key="a"), turn.step(1, group="g", key="b"))
    assert [one.answer for one in again] == ["duplicate", "duplicate"]
    assert [one.seq for one in again] == [one.seq for one in first]


def test_an_empty_call_answers_nothing(shared_turn: Turn) -> None:
    assert shared_turn.append() == []


def own_connection(firm: Firm) -> psycopg.Connection[Any]:
    return psycopg.connect(conninfo(firm.database.agent, name="test"), autocommit=True)


def test_a_transaction_that_did_something_before_is_refused(turn: Turn) -> None:
    before = turn.length()
    with own_connection(turn.firm) as hostile:
        hostile.execute("begin")
        hostile.execute("select pg_current_xact_id()")
        with pytest.raises(psycopg.errors.InvalidTransactionState):
            hostile.execute("select * from gatehouse.append(%s::jsonb)", [json.dumps([turn.step()])])
    assert turn.length() == before


def test_a_transaction_that_was_opened_a_while_ago_is_refused(turn: Turn) -> None:
    with own_connection(turn.firm) as hostile:
        hostile.execute("begin")
        hostile.execute("select pg_sleep(0.3)")
        with pytest.raises(psycopg.errors.InvalidTransactionState):
            hostile.execute("select * from gatehouse.append(%s::jsonb)", [json.dumps([turn.step()])])


def test_whoever_keeps_the_head_after_an_append_is_ended_and_nothing_of_it_happened(turn: Turn) -> None:
    """A fresh transaction cannot be told from none; the worker's watchdog ends it. This plays the worker."""
    before = turn.length()
    with own_connection(turn.firm) as hostile:
        hostile.execute("begin")
        hostile.execute("select * from gatehouse.append(%s::jsonb)", [json.dumps([turn.step()])])
        holder = turn.firm.value("gh_gate", "select gatehouse.head_holder()")
        assert holder is not None
        assert turn.firm.value("gh_gate", "select gatehouse.end_head_holder(%s)", holder) is not None
        ended = time.monotonic() + 5
        while turn.firm.value("gh_gate", "select gatehouse.head_holder()") is not None:
            assert time.monotonic() < ended
        with pytest.raises(psycopg.OperationalError):
            hostile.execute("commit")
    assert turn.length() == before
    assert turn.append(turn.step())[0].ok


def test_an_honest_backend_is_not_ended_for_an_old_holder(turn: Turn) -> None:
    assert turn.firm.value("gh_gate", "select gatehouse.head_holder()") is None
    assert turn.firm.value("gh_gate", "select gatehouse.end_head_holder(1)") is None


def test_the_recorded_time_never_runs_backwards(turn: Turn) -> None:
    turn.firm.ask(
        "superuser", "update gatehouse.head set recorded_at = recorded_at + interval '1 hour' returning 1"
    )
    first, second = turn.append(turn.step(), turn.step(1))
    rows = turn.firm.ask(
        "superuser",
        "select recorded_at from gatehouse.journal where seq in (%s, %s) order by seq",
        first.seq,
        second.seq,
    )
    assert rows[0]["recorded_at"] == rows[1]["recorded_at"]
    assert turn.firm.verified().ok


def naughty() -> list[str]:
    words: list[str] = json.loads((VECTORS / "naughty_strings.json").read_text(encoding="utf-8"))
    return words


def json_files() -> Iterator[tuple[str, bytes]]:
    with tarfile.open(VECTORS / "json_parsing.tar.gz") as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            if file is not None:
                yield member.name.rpartition("/")[2], file.read()


@needs_vectors
def test_naughty_strings_are_words_like_any_other(turn: Turn) -> None:
    """The big list of naughty strings: each is taken whole, or refused without touching its neighbours."""
    strings = [word for word in naughty() if "\x00" not in word]
    assert len(strings) > 500
    base = turn.envelope()["payload"]
    said = turn.append(*(turn.step(n, payload={**base, "model": w}) for n, w in enumerate(strings)))
    assert [one.answer for one in said] == ["ok"] * len(strings)
    rows = turn.firm.ask(
        "superuser", "select text from gatehouse.journal where seq >= %s order by seq", said[0].seq
    )
    assert [json.loads(row["text"])["payload"]["model"] for row in rows] == strings
    assert turn.firm.verified().ok


@needs_vectors
def test_no_file_of_the_json_suite_becomes_an_entry_or_stops_the_append(turn: Turn) -> None:
    texts = [body.decode("utf-8", errors="replace").replace("\x00", "") for _, body in json_files()]
    assert len(texts) > 300
    before = turn.length()
    said = turn.append(*({"text": text, "ticket": turn.ticket} for text in texts))
    assert {one.answer for one in said} == {"refused"}
    assert turn.length() == before + len(texts)
    assert turn.firm.verified().ok


@needs_vectors
def test_what_the_json_suite_says_must_be_refused_is_refused_as_a_payload_too(turn: Turn) -> None:
    wrapped = rfc(turn.envelope()).replace('"model":"m"', '"model":"m","x":%s')
    bad = {name: body for name, body in json_files() if name.startswith("n_")}
    texts = {
        name: wrapped.replace("%s", body.decode("utf-8", errors="replace").replace("\x00", ""))
        for name, body in bad.items()
    }
    said = turn.append(*({"text": text, "ticket": turn.ticket} for text in texts.values()))
    taken = [name for name, one in zip(texts, said, strict=True) if one.ok]
    assert taken == []
