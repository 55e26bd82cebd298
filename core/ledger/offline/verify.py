"""Verifies an exported package of a Gatehouse journal. Needs Python 3.9 and the library `cryptography`.

    python -I verify.py [--head HEX] [--key ID] [--processes N] [--json]

It reads the folder that it lies in. Exit code 0: it holds. 1: it does not, and each fault is named by its
entry. 2: it could not be checked.

Rule 1: a leaf is sha256(0x00, u64 seq, u64 recorded_us, then role, actor and text, each behind its u32
    length); an entry's digest is sha256(the digest before it, its leaf); the first one follows 32 zero bytes.
Rule 2: the leaves make a Merkle tree (RFC 6962 section 2.1); a node is sha256(0x01, left, right). A head is
    signed with Ed25519 over its RFC 8785 text: it says the chain's digest and, as version 2, the tree's root.
Rule 3: a whole journal is proved by its chain and by every head that is here; a selection by the nodes that
    lead from one signed root down to each of its entries.
Rule 4: nothing that the manifest says is believed: it is compared, or named as not proved.
"""

from __future__ import annotations

import argparse
import base64
import gc
import json
import os
import struct
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from functools import lru_cache, partial, reduce
from hashlib import sha256
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    sys.stderr.write("verify.py needs the library `cryptography`: python -m pip install cryptography\n")
    raise SystemExit(2) from None

FORMAT = "gatehouse-export/1"
CHUNK = 1 << 17  # bytes that are looked at together: with all that is made of them they fit into a cache
LONGEST = 1 << 21  # bytes of a line; an entry's text has at most 256 KiB
MOST = 100  # faults that are named
NO_PACKAGE = (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError)
length, begun = struct.Struct(">I").pack, sha256(b"\x01").copy
Edge = list[tuple[int, bytes]]  # a tree's right edge: sizes and roots of complete subtrees, the largest first


class Faults(list):  # type: ignore[type-arg]
    """What is wrong, and at which entry. 0: at no single one."""

    def note(self, seq: int, says: str) -> None:
        if len(self) < MOST:
            self.append({"seq": seq, "says": says})


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def grown(peaks: Edge, roots: Sequence[bytes], size: int = 1) -> Edge:
    """The tree with these complete subtrees of that size at its right edge too."""
    left, edge, row = list(peaks), [], list(roots)
    while row:
        if left and left[-1][0] == size:
            row.insert(0, left.pop()[1])
        if len(row) & 1:
            edge.append((size, row.pop()))
        above = []
        for each, beside in zip(row[::2], row[1::2]):  # noqa: B905 - Python 3.9 has no `strict`
            made = begun()  # `node`, in less time
            made.update(each + beside)
            above.append(made.digest())
        row, size = above, size * 2
    return left + edge[::-1]


class Descent:
    """From a signed root down to leaves, in their order. `read(64)` gives the next two children."""

    def __init__(self, root: bytes, size: int, read: Any) -> None:
        if len(root) != 32:
            raise ValueError("the signed root is no hash")
        self.read, self.trusted = read, [(root, 0, size)]

    def leaf(self, index: int) -> bytes:
        """What the signed root has at that place. Raises ValueError where nothing leads there."""
        while self.trusted:
            root, start, size = self.trusted.pop()
            if index >= start + size:
                continue  # no entry of this part is in the package
            if size == 1:
                return root
            pair = self.read(64)
            if len(pair) != 64 or node(pair[:32], pair[32:]) != root:
                break
            half = 1 << (size - 1).bit_length() - 1
            self.trusted += [(pair[32:], start + half, size - half), (pair[:32], start, half)]
        raise ValueError("the proof does not lead from the signed root to it")


@lru_cache(maxsize=4096)
def front(role: bytes, actor: bytes) -> Any:
    """What packs that which stands in front of a text in its leaf, and the part of it that says who."""
    who = length(len(role)) + role + length(len(actor)) + actor
    return struct.Struct(f">xqq{len(who)}sI").pack, who  # x: the 0x00 in front of a leaf


def read(line: bytes) -> tuple[int, int, bytes, bytes]:
    """Sequence, time, stated digest and leaf. Raises ValueError or struct.error for what is no entry."""
    number, when, role, actor, stated, text = line.split(b"\t", 5)
    seq, at = int(number), int(when)
    if b"%d\t%d" % (seq, at) != number + b"\t" + when:
        raise ValueError("one of its numbers is not as numbers are written")
    pack, who = front(role, actor)
    return seq, at, stated, sha256(pack(seq, at, who, len(text) - 1) + text[:-1]).digest()


def read_together(lines: Sequence[bytes], seq: int) -> tuple[list[int], Sequence[bytes], list[bytes]]:
    """As `read`, of entries that follow each other from `seq` on. Raises as that does where they do not."""
    numbers, written, roles, actors, stated, texts = zip(*[line.split(b"\t", 5) for line in lines])  # noqa: B905
    times, figures = list(map(int, written)), b"".join(written)
    plain = times[0] >= 10**15 and len(figures) == 16 * len(times) and figures.isdigit()  # sixteen each
    if not plain and b"\t".join(written) != "\t".join(map(str, times)).encode():
        raise ValueError("one of their times is not as numbers are written")
    in_turn = "\t".join(map(str, range(seq, seq + len(lines)))).encode()
    if b"\t".join(numbers) != in_turn or times != sorted(times):
        raise ValueError("they do not follow each other")
    leaves = []
    for at, (pack, who), text in zip(times, map(front, roles, actors), texts):  # noqa: B905 - Python 3.9
        leaf = sha256(pack(seq, at, who, len(text) - 1))
        leaf.update(text[:-1])
        leaves.append(leaf.digest())
        seq += 1
    return times, stated, leaves


def blocks(path: Path, summed: Any) -> Iterator[list[bytes]]:
    """The lines of a file with their ends, some at a time. Its bytes go into `summed`."""
    rest = b""
    with path.open("rb", buffering=0) as file:
        for chunk in iter(partial(file.read, CHUNK), b""):
            summed.update(chunk)
            lines = BytesIO(rest + chunk).readlines()
            rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
            if len(rest) > LONGEST:
                raise ValueError("a line is longer than an entry can be")
            if lines:
                yield lines
    if rest:
        raise ValueError("its last line is not whole")


def chained(folder: Path, wanted: bytes, job: tuple[str, int, str, set[int]]) -> dict[str, Any]:
    """What one file of consecutive entries shows by itself, and what joins it to its neighbours."""
    name, seq, before, ends = job
    faults, summed, digest, at = Faults(), sha256(), bytes.fromhex(before), 0
    peaks: Edge = []
    found: dict[str, Any] = {"faults": faults, "marks": {}, "known": False, "first_at": None}
    try:
        for block in blocks(folder / name, summed):
            try:
                times, stated, leaves = read_together(block, seq)
                now, until = digest, seq + len(leaves)
                digests = [now := sha256(now + leaf).digest() for leaf in leaves]
                if at > times[0] or b"".join(digests).hex("\t", 32).encode() != b"\t".join(stated):
                    raise ValueError("they do not follow from the one in front of them")
            except (ValueError, struct.error):
                seq, digest, at = named(block, seq, digest, at, faults)
                continue
            found["first_at"] = times[0] if found["first_at"] is None else found["first_at"]
            found["known"] |= wanted in stated
            for end in ends and ends.intersection(range(seq, until)):
                found["marks"][end] = (digests[end - seq].hex(), grown(peaks, leaves[: end - seq + 1]))
            peaks = grown(peaks, leaves)
            seq, digest, at = until, now, times[-1]
    except (OSError, ValueError) as bad:
        faults.note(seq, f"from here on {name} cannot be read: {bad}")
    return {**found, "sum": summed.hexdigest(), "peaks": peaks, "end": (seq, digest.hex(), at)}


def named(block: Sequence[bytes], seq: int, digest: bytes, at: int, faults: Faults) -> tuple[int, bytes, int]:
    """Line by line, to name what is wrong. Goes on from what each line says of itself."""
    for line in block:
        try:
            number, when, stated, leaf = read(line)
            digest, before = bytes.fromhex(stated.decode("ascii")), digest
        except (ValueError, struct.error):
            faults.note(seq, "its line is not that of an entry")
            seq, digest = seq + 1, b""
            continue
        if number != seq:
            faults.note(number, f"it stands where entry {seq} should")
        if sha256(before + leaf).hexdigest().encode() != stated:
            faults.note(number, "its digest does not follow from its text and the entry in front of it")
        if when < at:
            faults.note(number, "it was recorded before the entry in front of it")
        seq, at = number + 1, when
    return seq, digest, at


def whole(folder: Path, manifest: Any, heads: Any, wanted: str, processes: int, faults: Faults) -> bool:
    """Chain and tree, and every head against both. Answers whether an entry has the digest `wanted`.

    Each file but the last has the same power of two of entries, and so is a complete subtree.
    """
    jobs = []
    for part in manifest["parts"]:
        ends = {head["seq"] for head in heads if 0 <= head["seq"] - part["first"] < part["entries"]}
        jobs.append((part["file"], part["first"], part["before"], ends))
    run = partial(chained, folder, wanted.encode())
    if processes == 1 or len(jobs) == 1:
        return joined(manifest, heads, map(run, jobs), faults)
    with ProcessPoolExecutor(min(processes, len(jobs))) as pool:
        return joined(manifest, heads, pool.map(run, jobs), faults)


def joined(manifest: Any, heads: Sequence[Any], found: Iterator[Any], faults: Faults) -> bool:
    """One file behind the other."""
    seq, digest, at, known, met = 1, bytes(32).hex(), 0, False, 0
    peaks: Edge = []
    for part, shown in zip(manifest["parts"], found):  # noqa: B905 - Python 3.9 has no `strict`
        for fault in shown["faults"]:
            faults.note(**fault)
        check_sum(part["file"], shown["sum"], manifest, faults)
        if (part["first"], part["before"]) != (seq, digest) or (shown["first_at"] or at) < at:
            faults.note(part["first"], f"{part['file']} does not follow from the entries in front of it")
        for head in (head for head in heads if head["seq"] in shown["marks"]):
            met += 1
            signed, edge = shown["marks"][head["seq"]]
            roots = [root for _, root in reversed([*peaks, *edge])]
            root = reduce(lambda right, left: node(left, right), roots).hex()
            if head["digest"] != signed or (head.get("root", root) != root and not faults):
                faults.note(head["seq"], "the entries up to it are not those that were signed")
        for size, root_here in shown["peaks"]:
            peaks = grown(peaks, [root_here], size)
        (seq, digest, at), known = shown["end"], known or shown["known"]
    if manifest["first"] != 1 or {manifest["entries"], manifest["last"], heads[-1]["seq"]} != {seq - 1}:
        faults.note(seq - 1, f"the entries end here, and the last head is that of entry {heads[-1]['seq']}")
    if met != len(heads) and not faults:
        faults.note(0, f"of {len(heads)} heads only {met} are of entries that the manifest names")
    return known


def selected(folder: Path, manifest: Any, head: Any, faults: Faults) -> None:
    """Each entry against the root of that head."""
    first, seq, at, count = 0, 0, 0, 0
    with (folder / "proof.bin").open("rb") as proof:
        descent = Descent(bytes.fromhex(head["root"]), head["seq"], proof.read)
        for part in manifest["parts"]:
            summed = sha256()
            for line in chain.from_iterable(blocks(folder / part["file"], summed)):
                try:
                    number, when, stated, leaf = read(line)
                except (ValueError, struct.error):
                    faults.note(seq, "the line behind it is not that of an entry")
                    continue
                if number <= seq or when < at or stated:
                    faults.note(number, "it stands out of turn")
                    continue
                try:
                    if descent.leaf(number - 1) != leaf:
                        faults.note(number, "it is not the entry that was signed")
                except ValueError as bad:
                    faults.note(number, str(bad))
                    return
                first, seq, at, count = first or number, number, when, count + 1
            check_sum(part["file"], summed.hexdigest(), manifest, faults)
        if proof.read(1):
            faults.note(seq, "entries are missing behind it: the proof goes on")
    if (count, first, seq) != tuple(manifest[name] for name in ("entries", "first", "last")):
        faults.note(seq, f"there are {count} entries up to here, and the manifest names others")


def sum_of(path: Path) -> str:
    summed = sha256()
    with path.open("rb") as file:
        for chunk in iter(partial(file.read, CHUNK), b""):
            summed.update(chunk)
    return summed.hexdigest()


def check_sum(name: str, found: str, manifest: Any, faults: Faults) -> None:
    if found != manifest["files"][name]:
        faults.note(0, f"{name} is not the file that the manifest names")


def signed_heads(folder: Path, faults: Faults) -> list[Any]:
    """The heads, each signed by the key that the one in front of it names."""
    public = [bytes.fromhex(line) for line in (folder / "keys.txt").read_text().split()]
    keys = {sha256(key).hexdigest(): key for key in public}
    heads: list[Any] = []
    for line in (folder / "heads.jsonl").read_bytes().splitlines(keepends=True):
        head = json.loads(line)
        if json.dumps(head, sort_keys=True).encode() + b"\n" != line:
            raise ValueError("a line of heads.jsonl is not as a head is written")
        said = {name: value for name, value in head.items() if name != "signature"}
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))  # its RFC 8785 text: all is ASCII
        try:
            key = Ed25519PublicKey.from_public_bytes(keys[head["key"]])
            key.verify(base64.b64decode(head["signature"], validate=True), text.encode())
        except (InvalidSignature, KeyError):
            faults.note(head["seq"], "the signature of its head does not hold")
        if heads and head["key"] != (heads[-1].get("next_key") or heads[-1]["key"]):
            faults.note(head["seq"], "its head is signed by a key that the head in front of it does not name")
        if heads and head["seq"] < heads[-1]["seq"]:
            faults.note(head["seq"], "its head stands behind that of a later entry")
        heads.append(head)
    return heads


def read_manifest(folder: Path, faults: Faults) -> Any:
    """The manifest, when it and the names of the files are as they were written."""
    raw = (folder / "manifest.json").read_bytes()
    if (folder / "manifest.sha256").read_text() != f"{sha256(raw).hexdigest()}  manifest.json\n":
        faults.note(0, "manifest.json is not the file that manifest.sha256 names")
    manifest = json.loads(raw)
    if manifest["format"] != FORMAT:
        raise ValueError(f"its format is {manifest['format']!r}, and this file verifies {FORMAT!r}")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    for name in there ^ {*manifest["files"], "manifest.json", "manifest.sha256"}:
        faults.note(0, f"{name} is missing, or is no part of the package")
    return manifest


def verify(folder: Path, *, processes: int = 1, head: str = "", key: str = "") -> dict[str, Any]:
    """What the package proves and what it does not; `faults` is empty where it holds."""
    faults = Faults()
    told: dict[str, Any] = {"proved": [], "not_proved": [], "faults": faults}
    try:
        manifest = read_manifest(folder, faults)
        heads = signed_heads(folder, faults)
        if manifest["head"] != heads[-1]:
            faults.note(heads[-1]["seq"], "its head is not the one that the manifest ends in")
        for name in set(manifest["files"]) - {part["file"] for part in manifest["parts"]}:
            check_sum(name, sum_of(folder / name), manifest, faults)
        known = head in {each.get(name) for each in heads for name in ("root", "digest")}
        if manifest["whole"]:
            known |= whole(folder, manifest, heads, head, processes, faults)
        else:
            selected(folder, manifest, heads[-1], faults)
        if head and not known:
            faults.note(0, f"nothing here has the root or digest {head}")
        if key and key not in {each["key"] for each in heads}:
            faults.note(0, f"no head here is signed by the key {key}")
        told.update({name: manifest[name] for name in ("entries", "selection")})
        told.update(heads=len(heads), head=heads[-1])
        if not faults:
            told["proved"], told["not_proved"] = claims(manifest, heads[-1], head or key)
    except NO_PACKAGE as bad:
        faults.note(0, f"from here on the package cannot be read: {type(bad).__name__} {bad}")
    return {**told, "ok": not faults}


def claims(manifest: Any, last: Any, anchor: str) -> tuple[list[str], list[str]]:
    """In plain words: what was proved, and what nothing here can prove."""
    proved = ["each entry here stands, as it is, in the journal that was signed"]
    unproved = ["that the selection is complete, or chosen as the manifest says: no selection can show that"]
    if manifest["whole"]:
        proved, unproved = [f"entries 1 to {last['seq']} are all here, in order, as they were signed"], []
    proved.append(f"entry {last['seq']} was signed for at {last['signed_at']} with the key {last['key']}")
    if not anchor:
        unproved.append("that this key is the firm's: compare it, or a head, with what you got elsewhere")
    unproved.append(f"anything about entries behind {last['seq']}")
    unproved.append("that what an entry says is true: only that nobody changed it since")
    unproved.append("that entries.parquet says what the lines say: it is for analysis, they are the record")
    return proved, unproved


def in_words(told: dict[str, Any]) -> str:
    lines = [f"entry {fault['seq']}: {fault['says']}" for fault in told["faults"]]
    lines += [f"proved: {claim}" for claim in told["proved"]]
    lines += [f"not proved: {claim}" for claim in told["not_proved"]]
    return "\n".join([*lines, "it holds" if told["ok"] else "it does not hold"])


def main(words: Sequence[str]) -> int:
    asks = argparse.ArgumentParser(description="Verify a package: that which this file lies in, or another.")
    asks.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent, help="default: its own")
    asks.add_argument("--head", default="", metavar="HEX", help="a root or digest that you got elsewhere")
    asks.add_argument("--key", default="", metavar="ID", help="the id of a key that you got elsewhere")
    asks.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="default: one a core")
    asks.add_argument("--json", action="store_true", help="print one JSON object")
    asked = asks.parse_args(words)
    gc.disable()  # nothing here refers to itself
    bytes(1 << 24)  # glibc keeps what a block frees for the next one, once so much was freed together
    folder, processes = asked.folder.resolve(), max(asked.processes, 1)
    try:
        told = verify(folder, processes=processes, head=asked.head.lower(), key=asked.key.lower())
    except BrokenProcessPool:
        sys.stderr.write("a process was ended from outside: try again, or with --processes 1\n")
        return 2
    sys.stdout.write((json.dumps(told) if asked.json else in_words(told)) + "\n")
    return 0 if told["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
