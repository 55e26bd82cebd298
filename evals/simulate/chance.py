"""Chance from one seed. Each subject draws from a stream of its own: what one draws changes no other's."""

from __future__ import annotations

from random import Random
from typing import TypeVar

One = TypeVar("One")


class Chance:
    def __init__(self, seed: int, *about: str | int) -> None:
        self._named = (seed, *about)
        self._random = Random("/".join(map(str, self._named)))  # noqa: S311 - a simulation, no secret

    def under(self, *about: str | int) -> Chance:
        """Another stream, which starts anew."""
        seed, *before = self._named
        return Chance(int(seed), *before, *about)

    def ms(self, least: float, most: float) -> float:
        """Seconds, between so many milliseconds. Short ones are more likely than long ones."""
        return (least + (most - least) * self._random.random() ** 3) / 1_000

    def percent(self, likely: float) -> bool:
        return self._random.random() * 100 < likely

    def count(self, least: int, most: int) -> int:
        return self._random.randint(least, most)

    def pick(self, among: list[One] | tuple[One, ...]) -> One:
        return among[self._random.randrange(len(among))]

    def bytes(self, number: int) -> bytes:
        return self._random.randbytes(number)
