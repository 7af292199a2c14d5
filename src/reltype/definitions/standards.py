"""Standard: what somebody wants to be true of their customers' relationships, and who owns it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, get_args

from attrs import evolve, field, frozen

from reltype.definitions.benefits import HORIZONS, ROLES
from reltype.errors import ConfigError, did_you_mean

Kind: TypeAlias = Literal["share", "moves", "mean", "none"]
KINDS: tuple[Kind, ...] = get_args(Kind)
KEYS = (
    "name",
    *KINDS,
    "where",
    "at_least",
    "at_most",
    "every",
    "older_than",
    "owner",
    "horizon",
    "tell",
)
"""What may stand in `[[standards]]`."""

Line: TypeAlias = Callable[[str], str]
"""A key → where it stands, such as `reltype.toml, line 12`."""
Complaint: TypeAlias = Callable[[str, str], ConfigError]
"""(key, what is wrong with it) → the error that tells where."""


def nowhere(_key: str) -> str:
    """The place of what stands in no file."""
    return ""


@frozen
class Standard:
    """One standard.

    Attributes:
        name: As people call it; no other has it.
        kind: `share` (of customers who are something), `moves` (share of those who were one thing
            and are another a step later), `mean` (of a reading or an expression), `none` (nobody
            is something for longer than so many days).
        what: An archetype, status or alarm (`share`, `none`), two archetypes (`moves`), or an
            expression (`mean`).
        where: A condition that says of whom it speaks; empty: of everybody.
        at_least: What the value must reach; None: it has no lower limit.
        at_most: What it must not exceed; None: it has no upper limit.
        every: The step of `moves`: week, month, quarter, year, or days such as `90d`.
        days: `none`: for how many days somebody may be it.
        owner: Whose it is: one of the roles of managed relationships.
        horizon: When what is done about it pays.
        tell: Who must be told of a deviation.
        at: A key → where it is written, for complaints.
    """

    name: str
    kind: Kind
    what: tuple[str, ...]
    where: str = ""
    at_least: float | None = None
    at_most: float | None = None
    every: str = "quarter"
    days: int = 0
    owner: str = ""
    horizon: str = ""
    tell: tuple[str, ...] = ()
    at: Line = field(default=nowhere, eq=False, repr=False)

    @property
    def limits(self) -> str:
        """What is asked, in words: `at least 40 %`."""
        if self.kind == "none":
            return f"nobody for more than {self.days} days"
        shown = percent if self.kind in ("share", "moves") else plain
        low, high = (None if n is None else shown(n) for n in (self.at_least, self.at_most))
        if low and high:
            return f"{low} to {high}"
        return f"at least {low}" if low else f"at most {high}"

    def complain(self, key: str, problem: str) -> ConfigError:
        """The error that says where *key* is written, and what is wrong with it."""
        place = self.at(key)
        return ConfigError(f"{f'{place}: ' if place else ''}standard {self.name!r}: {problem}")


def percent(value: float) -> str:
    """A share as people write it: `40 %`, `2.5 %`."""
    return f"{value * 100:.3g} %"


def plain(value: float) -> str:
    """A number with up to four digits."""
    return f"{value:.4g}"


def standard(table: Any, number: int, at: Line = nowhere) -> Standard:  # noqa: ANN401
    """The standard that a table says.

    Args:
        table: `[[standards]]`, as TOML was read.
        number: Which of them it is, counted from 1.
        at: Where a key stands; an empty key: the table.

    Raises:
        ConfigError: A key is unknown or missing, or its value is none.
    """

    def error(key: str, problem: str) -> ConfigError:
        place = at(key)
        return ConfigError(f"{f'{place}: ' if place else ''}[[standards]] no. {number}: {problem}")

    if not isinstance(table, Mapping):
        raise error("", "must be a table.")
    for key in table:
        if key not in KEYS:
            raise error(str(key), f"{key!r} is not known.{did_you_mean(str(key), KEYS)}")
    kind = _kind(table, error)
    low, high = _limits(table, kind, error)
    for key, owner in (("every", "moves"), ("older_than", "none")):
        if key in table and kind != owner:
            raise error(key, f"{key} belongs to {owner}, not to {kind}.")
    for key in ("name", "where", "every"):
        if key in table and not (isinstance(table[key], str) and table[key].strip()):
            raise error(key, f"{key} must be a text, not {table[key]!r}.")
    tell = _texts(table.get("tell", []))
    if tell is None:
        raise error("tell", "tell must be a text, or a list of texts.")
    made = Standard(
        name=table.get("name", ""),
        kind=kind,
        what=_what(table, kind, error),
        where=table.get("where", ""),
        at_least=low,
        at_most=high,
        every=table.get("every", "quarter"),
        days=_days(table.get("older_than", 0), error),
        owner=_one_of(table, "owner", ROLES, error),
        horizon=_one_of(table, "horizon", HORIZONS, error),
        tell=tell,
        at=at,
    )
    return made if made.name else _named(made)


def _kind(table: Mapping[str, Any], error: Complaint) -> Kind:
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        said = "says " + " and ".join(kinds) if kinds else "says nothing of what is measured"
        raise error(kinds[-1] if kinds else "", f"{said}; write one of {', '.join(KINDS)}.")
    return kinds[0]


_FORMS = {
    "moves": 'two archetypes, such as ["committed partnership", "marriage of convenience"]',
    "mean": 'a reading or an expression, such as "affect"',
    "share": 'an archetype, status or alarm, such as "committed partnership"',
    "none": 'an archetype, status or alarm, such as "hostage"',
}


def _what(table: Mapping[str, Any], kind: Kind, error: Complaint) -> tuple[str, ...]:
    what = _texts(table[kind])
    wanted = {"moves": 2, "mean": 1}.get(kind)
    if not what or (wanted is not None and len(what) != wanted) or len(set(what)) < len(what):
        raise error(kind, f"{kind} must be {_FORMS[kind]}.")
    return what


def _limits(
    table: Mapping[str, Any], kind: Kind, error: Complaint
) -> tuple[float | None, float | None]:
    low, high = (_limit(table, key, kind, error) for key in ("at_least", "at_most"))
    if kind == "none":
        for key in ("at_least", "at_most"):
            if key in table:
                raise error(key, f"{key} says nothing of none: nobody is nobody.")
    elif low is None and high is None:
        raise error("", "write at_least, at_most, or both.")
    if low is not None and high is not None and low > high:
        raise error("at_most", f"at_least = {low:g} is more than at_most = {high:g}.")
    return low, high


def _named(made: Standard) -> Standard:
    """The same with a name that says what it asks."""
    what = (" to " if made.kind == "moves" else " or ").join(made.what)
    start = {
        "share": f"share of {what}",
        "moves": f"from {what}",
        "mean": f"mean {what}",
        "none": "",
    }
    name = f"{start[made.kind]}, {made.limits}"
    if made.kind == "none":
        name = f"no {' or '.join(made.what)} for more than {made.days} days"
    return evolve(made, name=name if not made.where else f"{name} where {made.where}")


def _texts(value: Any) -> tuple[str, ...] | None:  # noqa: ANN401
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple):
        return None
    if not all(isinstance(one, str) and one.strip() for one in listed):
        return None
    return tuple(listed)


def _limit(table: Mapping[str, Any], key: str, kind: Kind, error: Complaint) -> float | None:
    if key not in table:
        return None
    said = table[key]
    value = said
    if isinstance(said, str) and (match := re.fullmatch(r"\s*([\d.]+)\s*%\s*", said)):
        try:
            value = float(match[1]) / 100
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise error(key, f"{key} must be a number, not {said!r}.")
    if kind in ("share", "moves") and not 0 <= value <= 1:
        hint = f" Write {value / 100:g} for {value:g} %." if 1 < value <= 100 else ""
        raise error(key, f"{key} of a {kind} is a share from 0 to 1, not {said!r}.{hint}")
    return float(value)


def _days(said: Any, error: Complaint) -> int:  # noqa: ANN401
    if isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= 36_500:
        return said
    if isinstance(said, str) and (match := re.fullmatch(r"\s*(\d{1,5})\s*d(?:ays?)?\s*", said)):
        return int(match[1])
    raise error("older_than", f"older_than must be days, such as 60 or '60d', not {said!r}.")


def _one_of(
    table: Mapping[str, Any],
    key: str,
    known: tuple[str, ...],
    error: Complaint,
) -> str:
    said = table.get(key, "")
    if said == "" and key not in table:
        return ""
    if said not in known:
        raise error(key, f"{key} = {said!r} is none of ours.{did_you_mean(str(said), known)}")
    return str(said)


def standards(tables: Any, at: Callable[[int], Line] = lambda _: nowhere) -> tuple[Standard, ...]:  # noqa: ANN401
    """All standards of a document; *at* gives the lines of the one with a number, from 1.

    Raises:
        ConfigError: One is none, or two have one name.
    """
    listed = tables if isinstance(tables, list | tuple) else [tables]
    made: dict[str, Standard] = {}
    for number, table in enumerate(listed, 1):
        one = table if isinstance(table, Standard) else standard(table, number, at(number))
        if one.name in made:
            raise one.complain("name", "another standard is called so; name them apart.")
        made[one.name] = one
    return tuple(made.values())


def lines(text: str, file: str, number: int) -> Line:
    """Where the keys of the standard with a *number*, from 1, stand in a TOML *text*.

    Tables that are written in one line have no lines of their own: then the file is told.
    """
    heads = [
        place
        for place, line in enumerate(text.splitlines())
        if re.match(r"\s*\[\[\s*(?:tool\s*\.\s*reltype\s*\.\s*)?standards\s*\]\]", line)
    ]

    def at(key: str) -> str:
        if number > len(heads):
            return file
        begin = heads[number - 1]
        if not key:
            return f"{file}, line {begin + 1}"
        key_re = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
        for place, line in enumerate(text.splitlines()[begin + 1 :], begin + 1):
            if re.match(r"\s*\[", line):
                break
            if key_re.match(line):
                return f"{file}, line {place + 1}"
        return f"{file}, line {begin + 1}"

    return at
