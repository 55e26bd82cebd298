"""Exporting a real firm's journal: what the package holds, what it says, and what stops it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
import pytest

from core.clock import SetClock
from core.database.pools import async_pool, connect_async
from core.errors import BadInput, IntegrityLost, NotFound
from core.firm.people import PEOPLE
from core.ledger.archive import Exported, export
from core.ledger.chain import Sealing, leaf
from core.ledger.heads import HeadsFile, Signer
from core.ledger.package import Line, Lines
from core.ledger.seeds import Seeds
from core.ledger.selection import Selection
from core.ledger.tree import Frontier
from core.witness import Witness
from tests.core.gate.deal import MARIA, NEEDS_CONSENT, Deal
from tests.core.ledger.packages import OTHER, SEED, run
from tests.core.ledger.test_tamper_db import superuser
from tests.fixtures.firm import Firm, FirmTemplate
from tests.fixtures.heads import version_1

AT: Final = datetime(2022, 12, 29, 15, tzinfo=UTC)


def witnessed(firm: Firm, folder: Path) -> HeadsFile:
    """One head more, signed by the product's own witness."""
    heads = HeadsFile(folder / "heads")

    async def sign() -> None:
        async with async_pool(firm.database.witness, name="test", most=2) as pool:
            made = Witness(pool, Seeds(folder / "signing", SEED), heads, None, SetClock(AT))
            async with made:
                await made.begin()
                await made.step()

    asyncio.run(sign())
    return heads


def exported(firm: Firm, heads: HeadsFile, out: Path, **chosen: Any) -> Exported:
    async def go() -> Exported:
        async with await connect_async(firm.database.witness, name="test") as connection:
            return await export(connection, heads, out, Selection(**chosen), processes=1)

    return asyncio.run(go())


def lines_of(folder: Path) -> list[list[str]]:
    files = sorted((folder / "entries").iterdir())
    return [line.split("\t") for file in files for line in file.read_text().split("\n")[:-1]]


def seqs(folder: Path) -> set[int]:
    return {int(line[0]) for line in lines_of(folder)}


def every_byte(folder: Path) -> Mapping[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def journal(firm: Firm, where: str = "true") -> Sequence[Mapping[str, Any]]:
    return firm.ask("superuser", f"select * from gatehouse.journal where {where} order by seq")


@pytest.fixture(scope="module")
def heads(shared_firm: Firm, tmp_path_factory: pytest.TempPathFactory) -> HeadsFile:
    return witnessed(shared_firm, tmp_path_factory.mktemp("witness"))


@pytest.fixture(scope="module")
def whole(shared_firm: Firm, heads: HeadsFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "P"
    made = exported(shared_firm, heads, folder)
    assert (made.whole, made.uncovered, made.faults) == (True, 0, ())
    return folder


def test_the_whole_journal_goes_out_verbatim_and_proves_itself(shared_firm: Firm, whole: Path) -> None:
    rows = journal(shared_firm)
    expected = [
        [
            str(row["seq"]),
            str((row["recorded_at"] - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)),
            row["role"],
            row["actor"],
            row["digest"].hex(),
            row["text"],
        ]
        for row in rows
    ]
    assert lines_of(whole) == expected
    code, told = run(whole)
    assert (code, told["faults"], told["entries"]) == (0, [], len(rows))


def test_the_same_journal_makes_the_same_bytes(
    shared_firm: Firm, heads: HeadsFile, whole: Path, tmp_path: Path
) -> None:
    exported(shared_firm, heads, tmp_path / "again")
    assert every_byte(tmp_path / "again") == every_byte(whole)


def test_the_table_says_what_the_lines_say(shared_firm: Firm, whole: Path) -> None:
    table = pq.read_table(whole / "entries.parquet").to_pylist()
    rows = journal(shared_firm)
    assert len(table) == len(rows)
    for said, row, line in zip(table, rows, lines_of(whole), strict=True):
        envelope = json.loads(line[5])
        for name in (
            "seq",
            "recorded_at",
            "occurred_at",
            "event_type",
            "stream",
            "trace_id",
            "actor",
            "role",
        ):
            assert said[name] == row[name]
        assert said["digest"] == line[4]
        assert f'"payload":{said["payload"]},"policy_decisions"' in line[5]
        assert json.loads(said["payload"]) == envelope["payload"]
        by_payload = envelope["payload"].get("account")
        by_stream = row["stream"].removeprefix("account/") if row["stream"].startswith("account/") else None
        assert said["account"] == (by_payload or by_stream)


# Selections.


def settled(firm: Firm) -> Deal:
    """A sale from its draft to its trade, for one account of the household."""
    deal = Deal(firm).approved()
    assert deal.release().ok
    assert deal.route()[-1].ok
    assert deal.of_order("OrderSent", body_digest="0" * 64).ok
    assert deal.fill(0, "10", "100").ok
    sums = {"quantity": "10", "average_price": "100", "fees": "0", "account": deal.account, "symbol": "AAPL"}
    dates = {"side": "sell", "trade_date": "2022-12-29", "settles_on": "2023-01-03"}
    payload = {"order": deal.order(0), **sums, **dates}
    stream = f"trade/{deal.order(0)}/2022-12-29"
    (said,) = firm.append("gh_gate", firm.item("TradeAllocated", stream, payload))
    assert said.ok, said
    return deal


@dataclass(frozen=True)
class Busy:
    """A firm with two proposals, one of them settled, under one head."""

    firm: Firm
    heads: HeadsFile
    deal: Deal
    other: Deal

    def life(self, deal: Deal) -> set[int]:
        """The proposal's entries and those of its orders and trades, by their streams."""
        orders = [deal.order(0)] if deal.legs else []
        streams = [deal.stream, *(f"order/{order}" for order in orders)]
        streams += [f"trade/{order}/2022-12-29" for order in orders]
        return {row["seq"] for row in journal(self.firm) if row["stream"] in streams}

    def named(self, words: str) -> set[int]:
        return {row["seq"] for row in journal(self.firm) if words in row["text"]}

    def export(self, folder: Path, **chosen: Any) -> set[int]:
        """What the package holds, which its own verifier proves."""
        made = exported(self.firm, self.heads, folder, **chosen)
        code, told = run(folder)
        assert (code, told["faults"], made.faults, made.whole) == (0, [], (), False)
        assert json.loads((folder / "manifest.json").read_bytes())["selection"] == told["selection"]
        return seqs(folder)


@pytest.fixture(scope="module")
def busy(firm_template: FirmTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    folder = tmp_path_factory.mktemp("busy")
    with firm_template.cloned(folder / "keys") as firm:
        deal = settled(firm)
        other = Deal(firm, NEEDS_CONSENT, firm_advisor(firm, NEEDS_CONSENT))
        assert other.draft().ok
        yield Busy(firm, witnessed(firm, folder), deal, other)


def firm_advisor(firm: Firm, household: str) -> str:
    row = "select advisor from gatehouse.household where household = %s"
    person = firm.value("superuser", row, household)
    return str(next(each.login for each in PEOPLE if each.id == person))


def test_an_accounts_selection_has_all_that_names_it_and_the_whole_life_of_its_proposals(
    busy: Busy, tmp_path: Path
) -> None:
    account = busy.deal.account
    found = busy.export(tmp_path / "P", account=account)
    assert busy.named(f'"{account}"') | busy.life(busy.deal) <= found
    assert {row["event_type"] for row in journal(busy.firm) if row["seq"] in found} >= {
        *("AccountOpened", "LotReceived", "CashDeposited", "HouseholdOpened", "ProposalDrafted"),
        *(
            "ProposalAssessed",
            "ProposalApproved",
            "OrderReleased",
            "OrderSent",
            "OrderFilled",
            "TradeAllocated",
        ),
    }
    strangers = [
        row for row in journal(busy.firm) if row["stream"].startswith("account/") and row["seq"] in found
    ]
    assert {row["stream"] for row in strangers} == {f"account/{account}"}
    assert busy.life(busy.other).isdisjoint(found)


def test_a_proposals_selection_goes_from_the_draft_to_the_settlement(busy: Busy, tmp_path: Path) -> None:
    assert len(busy.life(busy.deal)) == 10
    assert busy.export(tmp_path / "P", proposal=busy.deal.proposal) == busy.life(busy.deal)


def test_an_advisors_selection_has_her_acts_and_her_books_proposals_and_orders(
    busy: Busy, tmp_path: Path
) -> None:
    person = next(each.id for each in PEOPLE if each.login == MARIA)
    found = busy.export(tmp_path / "P", advisor=person)
    hers = {row["seq"] for row in journal(busy.firm) if row["actor"] == person}
    assert hers
    assert hers | busy.life(busy.deal) | busy.named(f'"{person}"') == found
    stranger = next(each.id for each in PEOPLE if each.role == "advisor" and each.id != person)
    assert busy.life(busy.deal).isdisjoint(busy.export(tmp_path / "Q", advisor=stranger))


def test_an_advisor_is_named_by_her_id_and_not_by_her_login(busy: Busy, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=f"nobody here has the id '{MARIA}'"):
        busy.export(tmp_path / "P", advisor=MARIA)
    assert not (tmp_path / "P").exists()


def test_several_conditions_hold_together(busy: Busy, tmp_path: Path) -> None:
    found = busy.export(tmp_path / "P", account=busy.deal.account, proposal=busy.deal.proposal)
    assert found == busy.life(busy.deal)


def test_a_day_and_a_span_are_of_the_record_and_in_utc(busy: Busy, tmp_path: Path) -> None:
    rows = journal(busy.firm)
    times = {row["seq"]: row["recorded_at"] for row in rows}
    day = rows[-1]["recorded_at"].date()
    assert busy.export(tmp_path / "P", day=day) == {seq for seq, at in times.items() if at.date() == day}
    since, before = times[1_000], times[2_000]
    span = {seq for seq, at in times.items() if since <= at < before}
    assert busy.export(tmp_path / "Q", since=since, before=before) == span
    with pytest.raises(NotFound):
        busy.export(tmp_path / "R", day=date(1999, 1, 1))
    assert not (tmp_path / "R").exists()


def test_a_traces_selection_has_every_entry_with_it(busy: Busy, tmp_path: Path) -> None:
    trace = busy.deal.firm.value("superuser", "select trace_id from gatehouse.journal where seq = 5")
    expected = {row["seq"] for row in journal(busy.firm, f"trace_id = '{trace}'")}
    assert busy.export(tmp_path / "P", trace=trace) == expected


@pytest.mark.parametrize("name", ["account", "proposal", "trace", "advisor"])
@pytest.mark.parametrize("words", ["", 'x"', "../x", "x y", "é"])
def test_what_is_no_id_is_refused_by_its_name(name: str, words: str) -> None:
    with pytest.raises(BadInput) as no:
        Selection(**{name: words})  # type: ignore[arg-type]
    assert no.value.field == name


# What is not covered, what is in the way, and what does not hold.


def test_newer_entries_than_the_newest_head_are_left_out_and_counted(firm: Firm, tmp_path: Path) -> None:
    heads = witnessed(firm, tmp_path)
    end = firm.value("superuser", "select seq from gatehouse.head")
    firm.append("gh_agent", {"text": "no JSON"}, {"text": "nor this"})  # recorded as refusals
    made = exported(firm, heads, tmp_path / "P")
    assert (made.last, made.uncovered, made.faults) == (end, 2, ())
    assert run(tmp_path / "P")[0] == 0


def test_without_a_head_nothing_is_exported(shared_firm: Firm, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no signed head"):
        exported(shared_firm, HeadsFile(tmp_path / "none"), tmp_path / "P")


def test_a_head_of_version_one_carries_a_whole_journal_and_no_selection(
    shared_firm: Firm, tmp_path: Path
) -> None:
    heads = HeadsFile(tmp_path / "heads")
    row = journal(shared_firm)[-1]
    heads.keep_key(Signer(SEED).public)
    signed_at = "2022-12-29T15:00:00.000000Z"
    heads.append(version_1(SEED, seq=row["seq"], digest=row["digest"], signed_at=signed_at))
    assert exported(shared_firm, heads, tmp_path / "P").faults == ()
    assert run(tmp_path / "P")[0] == 0
    with pytest.raises(NotFound, match="no signed head"):
        exported(shared_firm, heads, tmp_path / "Q", proposal="prp-1")


def test_a_folder_with_something_in_it_stays_as_it_is(
    shared_firm: Firm, heads: HeadsFile, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    exported(shared_firm, heads, out / "P")
    before = every_byte(out)
    for target in (out, out / "P", out / "P" / "manifest.json"):
        with pytest.raises(BadInput, match="exists"):
            exported(shared_firm, heads, target)
    assert every_byte(out) == before


def test_an_empty_folder_is_filled_and_nothing_else_is_left_beside_it(
    shared_firm: Firm, heads: HeadsFile, tmp_path: Path
) -> None:
    (tmp_path / "P").mkdir()
    exported(shared_firm, heads, tmp_path / "P")
    assert [path.name for path in tmp_path.iterdir()] == ["P"]


def test_a_rewritten_entry_is_exported_and_said_not_to_hold(firm: Firm, tmp_path: Path) -> None:
    heads = witnessed(firm, tmp_path)
    superuser(firm, "update gatehouse.journal set actor = 'somebody' where seq = 7")
    for number, chosen in enumerate(({}, {"trace": journal(firm, "seq = 7")[0]["trace_id"]})):
        made = exported(firm, heads, tmp_path / f"P{number}", **chosen)
        assert [fault["seq"] for fault in made.faults] == [7]
        code, told = run(tmp_path / f"P{number}")
        assert (code, told["faults"][0]["seq"]) == (1, 7)


def test_a_journal_that_ends_before_its_newest_head_is_said_to(firm: Firm, tmp_path: Path) -> None:
    heads = witnessed(firm, tmp_path)
    superuser(firm, "delete from gatehouse.journal where seq > 3000")
    superuser(
        firm,
        "update gatehouse.head h set seq = j.seq, digest = j.digest"
        " from gatehouse.journal j where j.seq = 3000",
    )
    assert 3000 in {fault["seq"] for fault in exported(firm, heads, tmp_path / "P").faults}


@pytest.mark.parametrize("text", ["no envelope", "{}", '{"a":"\t"}'])
def test_a_text_that_cannot_be_an_entry_stops_the_export_by_its_name(
    firm: Firm, tmp_path: Path, text: str
) -> None:
    heads = witnessed(firm, tmp_path)
    superuser(firm, "update gatehouse.journal set text = %s where seq = 7", text)
    with pytest.raises(IntegrityLost, match="entry 7 "):
        exported(firm, heads, tmp_path / "P")
    assert not (tmp_path / "P").exists()


@pytest.mark.parametrize("words", [b"a\tb", b"a\nb"])
@pytest.mark.parametrize("field", ["role", "actor", "text"])
def test_what_cannot_be_one_line_is_refused_and_not_escaped(tmp_path: Path, field: str, words: bytes) -> None:
    said: dict[str, Any] = {"role": b"gh_gate", "actor": b"gh_gate", "text": b"{}", field: words}
    line = Line(seq=1, recorded_us=0, digest="00" * 32, **said)
    with pytest.raises(IntegrityLost, match="entry 1 "):
        Lines(tmp_path).add(line)


def test_of_very_many_heads_some_are_kept_and_always_those_that_matter(
    shared_firm: Firm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.ledger.archive.HEADS_AT_MOST", 10)
    heads = HeadsFile(tmp_path / "heads")
    first, second = Signer(SEED), Signer(OTHER)
    rows = journal(shared_firm)
    chain = Frontier()
    for public in (first.public, second.public):
        heads.keep_key(public)
    for row in rows:
        chain.add(leaf(Sealing(*(row[name] for name in ("seq", "recorded_at", "role", "actor", "text")))))
        if row["seq"] % 31 and row["seq"] != rows[-1]["seq"]:
            continue
        signer = first if row["seq"] <= 31 * 50 else second
        next_key = second.id if row["seq"] == 31 * 50 else ""
        said = {"seq": row["seq"], "digest": row["digest"], "root": chain.root(), "next_key": next_key}
        heads.append(signer.sign(signed_at="2022-12-29T15:00:00.000000Z", **said))
    assert exported(shared_firm, heads, tmp_path / "P").faults == ()
    kept = [json.loads(line)["seq"] for line in (tmp_path / "P" / "heads.jsonl").read_text().splitlines()]
    assert {31 * 50, 31 * 51, rows[-1]["seq"]} <= set(kept)
    assert 10 <= len(kept) <= 12
    assert run(tmp_path / "P", "--key", first.id)[0] == 0
