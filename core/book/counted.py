"""What was counted already, so that a second copy changes nothing: a set that only grows.

Rule 1: a value: nobody who holds one sees it change.
Rule 2: adding costs the same however many there are. Versions share one record of names and each sees as much
    of it as it had; only an older version that is added to again makes a record of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from itertools import islice


class Counted(Set[str]):
    """Names, in the order in which they were first counted."""

    __slots__ = ("_places", "_size")

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._places: dict[str, int] = {}
        for name in names:
            self._places.setdefault(name, len(self._places))
        self._size = len(self._places)

    def __contains__(self, name: object) -> bool:
        return self._places.get(name, self._size) < self._size  # type: ignore[call-overload, no-any-return]

    def __iter__(self) -> Iterator[str]:
        return islice(self._places, self._size)

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return f"Counted({list(self)!r})"

    def adding(self, name: str) -> Counted:
        """These and that one."""
        places, size = self._places, self._size
        if len(places) != size:
            if name in self:
                return self
            places = dict(islice(places.items(), size))
        if places.setdefault(name, size) < size:
            return self
        after = Counted.__new__(Counted)
        after._places = places
        after._size = size + 1
        return after


NONE_COUNTED = Counted()
