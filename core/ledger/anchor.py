"""The anchor: a second place for the signed heads, out of reach of whoever holds this machine's disk.

Rule 1: a head is signed into the file here first, and then copied, byte for byte: the anchor is never ahead.
    One that is ahead shows that the heads here were rolled back.
Rule 2: an anchor that cannot be reached stops nobody. It is caught up with as soon as it can be.
Rule 3: what the anchor holds is never changed here, only continued. Where it does not begin as the file here
    does, one of them was rewritten.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from core.errors import IntegrityLost, WorldFailed
from core.ledger.heads import HeadsFile, unwritable, write_through
from core.ledger.signed import Signed
from core.ledger.succession import Faults

CHUNK: Final = 1 << 20
OVERLAP: Final = 4096  # how much of what the anchor has is compared before it is continued


def anchored(here: Signed, there: Signed | None, folder: Path | None, faults: Faults) -> str:
    """Where the newest head outside lies, of two places that were both held against the journal.

    `folder` is the anchor's, where one is set; `there` is None where it cannot be reached.
    """
    newest = here.succession.newest
    until = 0 if newest is None else newest.seq
    if folder is None:
        return "none" if newest is None else f"local only, to entry {until}"
    if there is None:
        return f"local only, to entry {until}: {folder} cannot be reached"
    outside = there.succession.newest
    if outside is None:
        return f"local only, to entry {until}: {folder} holds nothing"
    if outside.seq > until:
        faults.note(until, f"the heads here end with it, and the anchor's reach entry {outside.seq}")
    if here.succession.first_key not in ("", there.succession.first_key):
        faults.note(0, "the anchor's first key is not the first key here")
    if _same_disk(folder, here.succession.file.folder):
        return f"local only, to entry {outside.seq}: {folder} lies on the same disk"
    return f"{folder}, to entry {outside.seq}"


def reach(anchor: HeadsFile | None, faults: Faults) -> Signed | None:
    """What the anchor holds now. None: there is none, or it cannot be reached."""
    try:
        return None if anchor is None else Signed(anchor, faults)
    except WorldFailed:
        return None  # said by `anchored`


def catch_up(heads: HeadsFile, anchor: HeadsFile) -> int:
    """Continue the anchor with what it has not. Answers how many bytes were new; durable when this returns.

    Raises:
        IntegrityLost: it holds something else than the heads here, or more.
        WorldFailed: it cannot be reached or written.
    """
    try:
        anchor.folder.mkdir(parents=True, exist_ok=True)
        whole = heads.whole_bytes()  # first: the keys of all these heads are kept by then
        for key in sorted(heads.folder.glob("*.pub")):
            anchor.keep_key(bytes.fromhex(key.read_text(encoding="ascii")))
        anchor.mend()
        have = anchor.whole_bytes()
        _compare(heads.path, anchor.path, have, whole)
        _copy(heads.path, anchor.path, have, whole)
    except (OSError, ValueError) as bad:
        raise unwritable(bad if isinstance(bad, OSError) else OSError(str(bad))) from bad
    return whole - have


def _compare(ours: Path, theirs: Path, have: int, whole: int) -> None:
    begin = max(have - OVERLAP, 0)
    if have and (have > whole or _read(ours, begin, have) != _read(theirs, begin, have)):
        raise IntegrityLost(
            f"the anchor in {str(theirs.parent)!r} does not hold the heads that stand here",
            fix="keep both as they are; one of them was rewritten or rolled back",
        )


def _copy(ours: Path, theirs: Path, have: int, whole: int) -> None:
    while have < whole:
        until = min(have + CHUNK, whole)
        write_through(theirs, _read(ours, have, until), os.O_APPEND)
        have = until


def _read(path: Path, begin: int, end: int) -> bytes:
    with path.open("rb") as file:
        file.seek(begin)
        return file.read(end - begin)


def _same_disk(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_dev == other.stat().st_dev
    except OSError:
        return False
