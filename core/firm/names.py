"""The names of the demo firm's clients, all invented: one row a household.

Rule 1: a last name belongs to one household, so that "the Okafor household" is one. The one exception is
`SHARED_NAME`: two households of the same advisor, so that the name alone does not say which.
Rule 2: names do not depend on the seed; the story tells of the same people every time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SHARED_NAME: Final = "Nguyen"


@dataclass(frozen=True, slots=True)
class Family:
    """A last name and the first names of one or two clients."""

    last: str
    first: tuple[str, ...]

    @property
    def household(self) -> str:
        """What the household is called."""
        return f"{self.last} household"


_FAMILIES: Final = """
Okafor Chidi Amara | Lindgren Erik Astrid | Delgado Rosa Miguel | Whitfield Grace | Kowalski Piotr Ewa
Banerjee Arjun Leela | Moreau Claire Julien | Harrington Walter | Sato Kenji Yumi | Nguyen Minh Lan
Castellano Paolo Bianca | Feldman Aaron Susan | Abernathy Ruth | Haddad Omar Layla | Nguyen Tuan
O'Brien Fiona Declan | Mbeki Thandi | Rosenthal Miriam Saul | Gutierrez Carlos Ines | Petersen Lars
Adeleke Folake Tunde | Bergstrom Karin | Carvalho Luisa Rui | Donnelly Sean Maeve | Eriksen Ingrid
Fitzgerald Nora Patrick | Goldberg Esther | Hashemi Dariush Parisa | Ivanov Mikhail Olga | Jankowski Tomasz
Kapoor Neha Rohan | Laurent Sophie | MacLeod Ewan Isla | Navarro Teresa | Oyelaran Bisi Kola
Pappas Eleni Nikos | Quigley Martin | Ramirez Elena Jorge | Schneider Anke Dieter | Takahashi Hana
Underhill Margaret | Vasquez Diego Carmen | Wojcik Marta | Xu Wei Jing | Yamamoto Akira Emi
Zimmerman Paul Judith | Achterberg Joost | Beaumont Helene Luc | Cho Jin-ho Soo-min | Dvorak Jana
Ekwueme Ifeanyi Nneka | Fontaine Odette | Gallagher Brendan Una | Hollis Denise Marcus | Iyer Lakshmi Suresh
Jefferson Loretta | Kaminski Adam Zofia | Lombardi Franca | Mwangi Wanjiru Kamau | Nordstrom Sven Britta
"""


def families() -> tuple[Family, ...]:
    """Sixty households, twenty for each advisor in turn."""
    rows = _FAMILIES.replace("\n", "|").split("|")
    words = [row.split() for row in rows if row.strip()]
    return tuple(Family(last, tuple(first)) for last, *first in words)
