"""What a person or an agent may ask for: Cedar policies over typed entities. They narrow, and no more.

Rule 1: what the record accepts is SQL in the append, which knows nothing of this.
Rule 2: no decision is a denial: an error, an empty answer, a policy that cannot be evaluated.
Rule 3: the policies are read once and checked against their schema; one that does not fit stops the process.
Rule 4: an answer names the policies that made it and the digest of the whole set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import cedarpy

from core.errors import IntegrityLost
from core.fact import PolicyDecision
from core.ids import Digest

POLICIES: Final = Path(__file__).with_name("policies")
SCHEMA: Final = "gatehouse.cedarschema"
Uid = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Allowed:
    """`decisions` are for the entry that follows: each policy that allowed, with the set's fingerprint."""

    decisions: tuple[PolicyDecision, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """`policies` forbade it; empty where none allowed it. `code` is the refusal that one of them names."""

    policies: tuple[str, ...]
    code: str | None
    policy_set: Digest


@dataclass(frozen=True, slots=True)
class Ask:
    """`entities` hold what is known of who asks and of what: type, id and attributes."""

    principal: Uid
    action: str
    resource: Uid
    entities: Sequence[Mapping[str, Any]]
    context: Mapping[str, Any] = field(default_factory=dict)


class Permits:
    """A set of policies with its schema, parsed."""

    def __init__(self, policies: str, schema: str) -> None:
        self.digest = Digest(sha256(f"{schema}\n{policies}".encode()).hexdigest())
        try:
            self._schema = cedarpy.Schema.from_str(schema)
            self._policies = cedarpy.PolicySet.from_str(policies)
            found = cedarpy.validate_policies(policies, self._schema)
        except ValueError as bad:
            raise _unfit(str(bad)) from bad
        if not found.validation_passed:
            raise _unfit("; ".join(str(one) for one in found.errors))
        self._codes = _codes(policies)

    def ask(self, asked: Ask) -> Allowed | Denied:
        """Whether that may be asked for."""
        request = {
            "principal": dict(asked.principal),
            "action": {"type": "Action", "id": asked.action},
            "resource": dict(asked.resource),
            "context": dict(asked.context),
        }
        said = cedarpy.is_authorized(
            request, self._policies, [dict(one) for one in asked.entities], self._schema
        )
        named = said.diagnostics.id_annotations_by_reason
        policies = tuple(sorted(named.get(one, one) for one in said.diagnostics.reasons))
        if said.decision is cedarpy.Decision.Allow and policies and not said.diagnostics.errors:
            told = (f"{one}@{self.digest[:12]}" for one in policies)
            return Allowed(tuple(PolicyDecision(one, "pass") for one in told))
        forbidding = policies if said.decision is cedarpy.Decision.Deny else ()
        code = next((self._codes[one] for one in forbidding if one in self._codes), None)
        return Denied(forbidding, code, self.digest)


@cache
def permits() -> Permits:
    """The product's own policies. Every file of the folder is one set.

    Raises:
        IntegrityLost: a file is missing or does not fit the schema.
    """
    files = sorted(POLICIES.glob("*.cedar"))
    try:
        return Permits("\n".join(_text(file) for file in files), _text(POLICIES / SCHEMA))
    except OSError as bad:
        raise _unfit(str(bad)) from bad


def entity(kind: str, name: str, **attributes: Any) -> Mapping[str, Any]:
    """One entity. An attribute that is None is left out."""
    known = {key: value for key, value in attributes.items() if value is not None}
    return {"uid": uid(kind, name), "attrs": known, "parents": []}


def uid(kind: str, name: str) -> Uid:
    return {"type": kind, "id": name}


def reference(kind: str, name: str) -> Mapping[str, Uid]:
    """An attribute that names another entity."""
    return {"__entity": uid(kind, name)}


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _codes(policies: str) -> Mapping[str, str]:
    """The `@code` of each policy, by its `@id`."""
    found = {}
    name = ""
    for line in policies.splitlines():
        if line.startswith('@id("'):
            name = line.removeprefix('@id("').removesuffix('")')
        elif line.startswith('@code("'):
            found[name] = line.removeprefix('@code("').removesuffix('")')
    return found


def _unfit(why: str) -> IntegrityLost:
    return IntegrityLost(
        f"the policies cannot be used: {why}", fix="restore core/people/policies from the repository"
    )
