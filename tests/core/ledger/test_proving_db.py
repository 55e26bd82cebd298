"""Proofs about a real journal: right ones from a whole or a broken index, and none of what is not so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import pytest
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from core.database.pools import connect_async
from core.errors import BadInput, IntegrityLost, NotFound
from core.ledger.anchor import catch_up
from core.ledger.following import Chain
from core.ledger.heads import Head, HeadsFile, Signer
from core.ledger.proving import consistent, prove
from core.ledger.tree_file import TreeWriter, level_file, tree_folder
from core.ledger.verify import Verified, follow_chain, verify
from tests.fixtures.firm import Firm

SIGNER: Final = Signer("42" * 32)
T = TypeVar("T")


@dataclass
class Proofs:
    firm: Firm
    heads: HeadsFile

    def ask(self, question: Callable[[AsyncConnection[DictRow]], Awaitable[T]]) -> T:
        async def look() -> T:
            async with await connect_async(self.firm.database.witness, name="test") as connection:
                return await question(connection)

        return asyncio.run(look())

    def sign(self) -> Head:
        """As the witness does: the tree, then a head over it."""

        async def whole(connection: AsyncConnection[DictRow]) -> Chain:
            with TreeWriter(tree_folder(self.heads.folder)) as writer:
                chain = Chain(keep=writer.put)
                await follow_chain(connection, chain)
            return chain

        chain = self.ask(whole)
        head = SIGNER.sign(
            seq=chain.seq,
            digest=chain.digest,
            root=chain.tree.root(),
            signed_at="2022-12-29T15:00:00.000000Z",
            next_key="",
        )
        self.heads.keep_key(SIGNER.public)
        self.heads.append(head)
        return head

    def verified(self, anchor: HeadsFile | None = None) -> Verified:
        return self.ask(lambda connection: verify(connection, self.heads, anchor=anchor))

    def superuser(self, statement: str) -> None:
        with self.firm.connection("superuser").transaction():
            self.firm.ask("superuser", "set local session_replication_role = replica")
            self.firm.ask("superuser", statement)


@pytest.fixture
def proofs(firm: Firm, tmp_path: Path) -> Proofs:
    return Proofs(firm, HeadsFile(tmp_path / "heads"))


def test_an_entry_is_proved_by_its_sequence_and_by_its_event(proofs: Proofs) -> None:
    head = proofs.sign()
    by_seq = proofs.ask(lambda connection: prove(connection, proofs.heads, "1234"))
    assert (by_seq.seq, by_seq.index, by_seq.size, by_seq.head) == (1234, 1233, head.seq, head)
    by_event = proofs.ask(lambda connection: prove(connection, proofs.heads, by_seq.event_id))
    assert by_event == by_seq
    with pytest.raises(IntegrityLost):
        replace(by_seq, index=1232).check()


def test_an_entry_that_no_head_covers_yet_is_not_proved(proofs: Proofs) -> None:
    with pytest.raises(NotFound, match="no signed head"):
        proofs.ask(lambda connection: prove(connection, proofs.heads, "7"))
    proofs.sign()
    proofs.firm.append("gh_agent", {"text": "no JSON"})
    last = str(proofs.firm.value("superuser", "select seq from gatehouse.head"))
    with pytest.raises(NotFound, match="no signed head"):
        proofs.ask(lambda connection: prove(connection, proofs.heads, last))


@pytest.mark.parametrize("damage", ["gone", "short", "wrong"])
def test_a_broken_index_is_not_believed_and_not_needed(proofs: Proofs, damage: str) -> None:
    proofs.sign()
    whole = proofs.ask(lambda connection: prove(connection, proofs.heads, "7"))
    file = level_file(tree_folder(proofs.heads.folder), 1)
    raw = file.read_bytes()
    file.unlink()
    if damage != "gone":
        file.write_bytes(raw[:64] if damage == "short" else bytes(len(raw)))
    assert proofs.ask(lambda connection: prove(connection, proofs.heads, "7")) == whole


def test_an_entry_that_was_changed_since_is_not_proved(proofs: Proofs) -> None:
    proofs.sign()
    proofs.superuser("update gatehouse.journal set actor = 'adv-2' where seq = 7")
    with pytest.raises(IntegrityLost):
        proofs.ask(lambda connection: prove(connection, proofs.heads, "7"))


@pytest.mark.parametrize(("wanted", "error"), [("0", NotFound), ("99999999", NotFound), ("x", BadInput)])
def test_what_is_no_entry_is_said(proofs: Proofs, wanted: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        proofs.ask(lambda connection: prove(connection, proofs.heads, wanted))


def test_a_later_head_is_proved_to_continue_an_earlier_one(proofs: Proofs) -> None:
    old = proofs.sign()
    for _ in range(5):
        proofs.firm.append("gh_agent", {"text": "no JSON"})
    new = proofs.sign()
    proof = proofs.ask(lambda connection: consistent(connection, proofs.heads, old.seq, new.seq))
    assert (proof.old, proof.new) == (old, new)
    with pytest.raises(BadInput, match="older head first"):
        proofs.ask(lambda connection: consistent(connection, proofs.heads, new.seq, old.seq))
    with pytest.raises(NotFound, match="no signed head"):
        proofs.ask(lambda connection: consistent(connection, proofs.heads, 1, new.seq))


def test_a_root_that_is_not_the_trees_is_found_at_its_entry(proofs: Proofs) -> None:
    head = proofs.sign()
    assert proofs.verified().ok
    lying = SIGNER.sign(
        seq=head.seq,
        digest=bytes.fromhex(head.digest),
        root=bytes(32),
        signed_at=head.signed_at,
        next_key="",
    )
    proofs.heads.path.unlink()
    proofs.heads.append(lying)
    assert [(fault.seq, fault.says[:8]) for fault in proofs.verified().faults] == [(head.seq, "the tree")]


def test_journal_and_heads_rolled_back_together_are_found_by_the_anchor(
    proofs: Proofs, tmp_path: Path
) -> None:
    anchor = HeadsFile(tmp_path / "anchor")
    old = proofs.sign()
    before = proofs.heads.path.read_bytes()
    proofs.firm.append("gh_agent", {"text": "no JSON"})
    new = proofs.sign()
    catch_up(proofs.heads, anchor)
    assert proofs.verified(anchor).ok
    proofs.superuser(f"delete from gatehouse.journal where seq > {old.seq}")
    proofs.superuser(
        "update gatehouse.head h set seq = j.seq, digest = j.digest from gatehouse.journal j"
        f" where j.seq = {old.seq}"
    )
    proofs.superuser("delete from gatehouse.stream_head where stream = 'refused/gh_agent'")
    proofs.heads.path.write_bytes(before)
    assert proofs.verified().ok  # from here alone nobody could tell
    found = proofs.verified(anchor)
    assert {fault.seq for fault in found.faults} == {old.seq}
    assert f"the anchor's reach entry {new.seq}" in found.faults[-1].says


def test_a_wholly_rewritten_line_of_heads_is_found_by_the_anchor(proofs: Proofs, tmp_path: Path) -> None:
    """Another first key signs the same journal: here it all fits, and the anchor trusts another key."""
    anchor = HeadsFile(tmp_path / "anchor")
    head = proofs.sign()
    catch_up(proofs.heads, anchor)
    stranger = Signer("99" * 32)
    proofs.heads.keep_key(stranger.public)
    proofs.heads.path.unlink()
    proofs.heads.append(
        stranger.sign(
            seq=head.seq,
            digest=bytes.fromhex(head.digest),
            root=bytes.fromhex(head.root),
            signed_at=head.signed_at,
            next_key="",
        )
    )
    assert proofs.verified().ok
    assert [fault.says[:22] for fault in proofs.verified(anchor).faults] == ["the anchor's first key"]
    with pytest.raises(IntegrityLost, match="does not hold the heads"):
        catch_up(proofs.heads, anchor)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (None, "local only, to entry {seq}"),
        ("nowhere", "local only, to entry {seq}: {anchor} holds nothing"),
        ("a file", "local only, to entry {seq}: {anchor} cannot be reached"),
        ("same disk", "local only, to entry {seq}: {anchor} lies on the same disk"),
    ],
)
def test_it_says_where_the_newest_head_outside_lies(
    proofs: Proofs, tmp_path: Path, make: str | None, says: str
) -> None:
    head = proofs.sign()
    folder = tmp_path / "mount" / "anchor"
    if make == "a file":
        (tmp_path / "mount").write_text("")
    elif make == "same disk":
        catch_up(proofs.heads, HeadsFile(folder))
    found = proofs.verified(None if make is None else HeadsFile(folder))
    assert (found.ok, found.anchor) == (True, says.format(seq=head.seq, anchor=folder))


def test_an_anchor_on_another_disk_is_outside(proofs: Proofs) -> None:
    other = Path("/dev/shm") / f"gatehouse-anchor-{proofs.firm.database.name}"
    if not other.parent.is_dir() or other.parent.stat().st_dev == proofs.heads.folder.parent.stat().st_dev:
        pytest.skip("there is no second file system here")
    anchor = HeadsFile(other)
    head = proofs.sign()
    try:
        catch_up(proofs.heads, anchor)
        assert proofs.verified(anchor).anchor == f"{other}, to entry {head.seq}"
    finally:
        for file in other.iterdir():
            file.unlink()
        other.rmdir()


def test_a_streams_head_row_that_was_moved_or_removed_is_found(proofs: Proofs) -> None:
    seq, stream = proofs.firm.ask(
        "superuser", "select seq, stream from gatehouse.journal order by seq desc limit 1"
    )[0].values()
    proofs.superuser(f"update gatehouse.stream_head set version = version + 1 where stream = '{stream}'")
    assert [(fault.seq, stream in fault.says) for fault in proofs.verified().faults] == [(seq, True)]
    proofs.superuser(f"delete from gatehouse.stream_head where stream = '{stream}'")
    assert [fault.says for fault in proofs.verified().faults] == ["1 streams have no head row"]
