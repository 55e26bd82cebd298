"""The witness: what it signs, what stops it, how its key changes, what it does while the anchor is away."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from core.clock import SetClock
from core.database.pools import async_pool, connect_async
from core.errors import IntegrityLost, WorldFailed
from core.ledger.heads import Head, HeadsFile, Signer
from core.ledger.seeds import Seeds, hand_over
from core.ledger.tree import check_consistency, check_inclusion, consistency_path, inclusion_path
from core.ledger.tree_file import TreeReader, tree_folder
from core.ledger.verify import verify
from core.witness import Witness
from tests.fixtures.firm import Firm
from tests.fixtures.heads import version_1

pytestmark = pytest.mark.anyio
SEED: Final = "42" * 32
OTHER: Final = "43" * 32


class Post:
    """Where a witness stands in these tests: its folders, and the firm whose journal it reads."""

    def __init__(self, firm: Firm, folder: Path) -> None:
        self.firm = firm
        self.heads = HeadsFile(folder / "heads")
        self.signing = folder / "signing"
        self.anchor: HeadsFile | None = None

    @asynccontextmanager
    async def witness(self, seed: str = SEED) -> AsyncIterator[Witness]:
        """One that has begun, and stands still until it is stepped."""
        clock = SetClock(datetime(2022, 12, 29, 15, tzinfo=UTC))
        async with async_pool(self.firm.database.witness, name="test", most=2) as pool:
            made = Witness(pool, Seeds(self.signing, seed), self.heads, self.anchor, clock)
            async with made:
                await made.begin()
                yield made

    def signed(self) -> list[Head]:
        return list(self.heads.heads())

    async def holds(self) -> bool:
        """Whether everything that was signed proves true."""
        async with await connect_async(self.firm.database.witness, name="test") as connection:
            return (await verify(connection, self.heads)).faults == ()

    def entry(self) -> int:
        """One more entry, and its sequence."""
        (said,) = self.firm.append("gh_agent", {"text": "no JSON"})  # recorded as a refusal
        assert said.answer == "refused"
        return int(self.firm.value("superuser", "select seq from gatehouse.head"))


@pytest.fixture
def post(firm: Firm, tmp_path: Path) -> Post:
    return Post(firm, tmp_path)


async def test_it_signs_what_it_verified_and_keeps_a_tree_that_proves_every_head(post: Post) -> None:
    async with post.witness() as witness:
        await witness.step()
        await witness.step()  # nothing new: nothing signed
        last = post.entry()
        await witness.step()
    old, new = post.signed()
    assert (old.seq + 1, new.seq, new.version) == (last, last, 2)
    assert await post.holds()
    with TreeReader(tree_folder(post.heads.folder)) as tree:
        roots = bytes.fromhex(old.root), bytes.fromhex(new.root)
        check_consistency(old.seq, new.seq, *roots, consistency_path(tree, old.seq, new.seq))
        check_inclusion(tree.at(0, 6), 6, new.seq, inclusion_path(tree, 6, new.seq), roots[1])


async def test_it_goes_on_behind_heads_of_the_first_version(post: Post) -> None:
    digest = post.firm.value("superuser", "select digest from gatehouse.journal where seq = 1000")
    post.heads.keep_key(Signer(SEED).public)
    post.heads.append(version_1(SEED, seq=1000, digest=digest, signed_at="2022-12-29T15:00:00.000000Z"))
    async with post.witness() as witness:
        await witness.step()
    assert [head.version for head in post.signed()] == [1, 2]
    assert await post.holds()


async def test_a_head_that_a_kill_tore_is_cut_off_and_signed_again(post: Post) -> None:
    async with post.witness() as witness:
        await witness.step()
        post.entry()
        await witness.step()
    whole = post.heads.path.read_bytes()
    for torn in (whole[:-1], whole[:-200], whole[: whole.index(b"\n") + 2]):
        post.heads.path.write_bytes(torn)
        async with post.witness() as witness:
            await witness.step()
        assert post.heads.path.read_bytes() == whole


async def test_a_rewritten_past_stops_it_before_it_signs(post: Post) -> None:
    async with post.witness() as witness:
        await witness.step()
    with post.firm.connection("superuser").transaction():
        post.firm.ask("superuser", "set local session_replication_role = replica")
        post.firm.ask("superuser", "update gatehouse.journal set actor = 'x' where seq = 7")
    post.entry()
    with pytest.raises(IntegrityLost, match="entry 7"):
        async with post.witness():
            pass
    assert len(post.signed()) == 1


async def test_a_second_one_at_the_same_heads_is_refused(post: Post) -> None:
    async with post.witness():
        with pytest.raises(WorldFailed, match="another witness"):
            async with post.witness():
                pass


async def test_a_key_that_is_handed_over_while_it_runs_is_named_and_signs_from_then_on(post: Post) -> None:
    async with post.witness() as witness:
        await witness.step()
        fresh = hand_over(post.signing, OTHER, like=post.heads.folder)
        await witness.step()  # no new entry is needed
        post.entry()
        await witness.step()
    first, last = Signer(SEED).id, Signer(OTHER).id
    assert fresh == last
    assert [(head.key, head.next_key) for head in post.signed()] == [(first, ""), (first, last), (last, "")]
    assert await post.holds()
    assert {file.stem for file in post.heads.folder.glob("*.pub")} == {first, last}


async def test_a_key_that_is_handed_over_while_it_is_stopped_is_taken_at_the_start(post: Post) -> None:
    async with post.witness() as witness:
        await witness.step()
    hand_over(post.signing, OTHER, like=post.heads.folder)
    async with post.witness() as witness:
        await witness.step()
        hand_over(post.signing, "44" * 32, like=post.heads.folder)
        await witness.step()
    async with post.witness() as witness:
        post.entry()
        await witness.step()
    assert [head.key for head in post.signed()] == [Signer(s * 32).id for s in ("42", "42", "43", "44")]
    assert await post.holds()
    assert [file.stem for file in post.signing.glob("*.seed")] == [Signer("44" * 32).id]


async def test_killed_after_the_announcement_it_goes_on_with_the_new_key(post: Post) -> None:
    """The head that names the new key is on the disk, and nothing that comes after it happened."""
    async with post.witness() as witness:
        await witness.step()
        hand_over(post.signing, OTHER, like=post.heads.folder)
        kept = (post.signing / f"{Signer(OTHER).id}.seed").read_text()
        await witness.step()
    (post.signing / f"{Signer(OTHER).id}.seed").write_text(kept)
    (post.signing / f"{Signer(SEED).id}.seed").write_text(SEED)  # not yet deleted
    async with post.witness() as witness:
        post.entry()
        await witness.step()
    assert [head.key for head in post.signed()][-1] == Signer(OTHER).id
    assert await post.holds()


async def test_without_the_seed_that_signs_now_it_does_not_start(post: Post) -> None:
    async with post.witness() as witness:
        await witness.step()
        hand_over(post.signing, OTHER, like=post.heads.folder)
        await witness.step()
    shutil.rmtree(post.signing)
    with pytest.raises(IntegrityLost, match="its seed is not here"):
        async with post.witness():
            pass


async def anchored(witness: Witness) -> None:
    """Step, until the copy that the step began is done."""
    await witness.step()
    await witness.at_anchor()


async def test_the_anchor_gets_every_head_and_key_and_is_caught_up_with_after_it_was_away(
    post: Post, tmp_path: Path
) -> None:
    post.anchor = HeadsFile(tmp_path / "mount" / "anchor")
    (tmp_path / "mount").write_text("a file where the mount should be")
    async with post.witness() as witness:
        with pytest.raises(WorldFailed):
            await anchored(witness)
        post.entry()
        with pytest.raises(WorldFailed):
            await anchored(witness)
        assert len(post.signed()) == 2
        (tmp_path / "mount").unlink()
        await anchored(witness)
        assert post.anchor.path.read_bytes() == post.heads.path.read_bytes()
        hand_over(post.signing, OTHER, like=post.heads.folder)
        await anchored(witness)
    assert post.anchor.path.read_bytes() == post.heads.path.read_bytes()
    assert {file.name for file in post.anchor.folder.glob("*.pub")} == {
        file.name for file in post.heads.folder.glob("*.pub")
    }


async def test_an_anchor_that_says_something_else_stops_it(post: Post, tmp_path: Path) -> None:
    post.anchor = HeadsFile(tmp_path / "anchor")
    async with post.witness() as witness:
        await anchored(witness)
        post.entry()
        await anchored(witness)
    lines = post.heads.path.read_bytes().splitlines(keepends=True)
    post.heads.path.write_bytes(lines[0])  # the heads here were rolled back
    with pytest.raises(IntegrityLost, match="the anchor's reach"):
        async with post.witness():
            pass
