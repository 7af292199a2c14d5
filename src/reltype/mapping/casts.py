"""Casts: a column of a source, or an expression over its columns, as SQL of one of our types.

Text files come as text, so every cast takes text. Plain columns get the cheapest cast that is
right: a time without an offset goes the short way, an identifier is trimmed only if it needs it.
"""

from __future__ import annotations

from collections import abc
from typing import TYPE_CHECKING

from attrs import field, frozen

from reltype.errors import ConfigError, did_you_mean
from reltype.expressions import Expression, literal, parse, quote, words

if TYPE_CHECKING:
    from reltype.expressions.functions import Kind

BLANKS = words.blanks()
"""What stands in exports for nothing, in lower case."""

_LONGEST_BLANK = max(map(len, BLANKS))
_VALUE_KINDS: dict[str, Kind] = {
    "VARCHAR": "text",
    "DOUBLE": "number",
    "TIMESTAMP": "time",
    "BOOLEAN": "bool",
}


_CALENDAR = "DATE '0001-01-01' AND DATE '9999-12-31'"
_ZONED = _CALENDAR.replace("DATE", "TIMESTAMPTZ")


def blank(text: str) -> str:
    """SQL: whether a text that is not null stands for nothing."""
    # A constant MAP is asked row by row where it is needed; IN would become a join of all rows.
    return (
        f"(MAP {{{', '.join(f'{literal(word)}: 1' for word in BLANKS)}}})[lower(trim({text}))] = 1"
    )


@frozen
class Cells:
    """The columns that expressions may speak of.

    Attributes:
        types: Column → its SQL type.
        place: Where the expressions were written, for errors.
    """

    types: abc.Mapping[str, str]
    place: str = field(default="mapping")

    @classmethod
    def of(cls, columns: abc.Collection[str] | abc.Mapping[str, str], place: str) -> Cells:
        """The source with these columns; without types, all are text."""
        if isinstance(columns, abc.Mapping):
            return cls({name: str(type_).upper() for name, type_ in columns.items()}, place)
        return cls(dict.fromkeys(columns, "VARCHAR"), place)

    def column(self, text: str) -> str | None:
        """The column of this name, quoted or not, or the only one that differs in case and blanks.

        None if the text is no column's name, and must be an expression.
        """
        if text in self.types:
            return text
        name = text.strip()
        if len(name) > 1 and name[0] == name[-1] == '"':
            name = name[1:-1].replace('""', '"')
            if name in self.types:
                return name
        folded = name.strip().casefold()
        near = [column for column in self.types if column.strip().casefold() == folded]
        return near[0] if len(near) == 1 else None

    def parsed(self, text: str, where: str, gives: Kind = "any") -> Expression:
        """The expression, checked.

        Raises:
            ConfigError: It cannot be parsed, or speaks of a column that is not there.
        """
        name = self.column(text)
        written = quote(name) if name is not None else text
        place = f"{self.place} {where}"
        kinds = {column: _VALUE_KINDS.get(type_, "any") for column, type_ in self.types.items()}
        try:
            return parse(written, where=place, columns=kinds, gives=gives)
        except ConfigError as error:
            if " " not in text.strip() or any(sign in text for sign in "'\"("):
                raise
            hint = did_you_mean(text, self.types)
            raise ConfigError(f"{error} Nor is there a column {text!r}.{hint}") from error

    def needs(self, text: str, where: str) -> tuple[str, ...]:
        """The columns that a column's name or an expression reads, in the order of the source."""
        name = self.column(text)
        if name is not None:
            return (name,)
        needed = self.parsed(text, where).needs
        return tuple(column for column in self.types if column in needed)

    def written(self, text: str, where: str) -> str:
        """SQL of the cells that an expression reads, as one text; null where one of them is."""
        cells = [f"CAST({quote(name)} AS VARCHAR)" for name in self.needs(text, where)]
        if not cells:
            return "CAST(NULL AS VARCHAR)"
        return " || ' ' || ".join(cells)

    def type_of(self, text: str) -> str | None:
        """The SQL type of a plain column; None for an expression."""
        name = self.column(text)
        return None if name is None else self.types[name]

    def cast(self, text: str, to: str, where: str) -> str:
        """SQL of a column or an expression as a canonical type; null where it cannot be read."""
        name, type_ = self.column(text), self.type_of(text)
        if name is None or to == "BOOLEAN":
            return "(" + self.parsed(text, where, _VALUE_KINDS[to]).sql() + ")"
        sql = quote(name)
        if to == "VARCHAR":
            return sql if type_ == "VARCHAR" else f"CAST({sql} AS VARCHAR)"
        if to == "DOUBLE":
            return f"TRY_CAST({sql} AS DOUBLE)"
        return self._time(sql, type_, where)

    def _time(self, sql: str, type_: str | None, where: str) -> str:
        name = type_ or ""
        if name.startswith("TIMESTAMP") and ("ZONE" in name or "TZ" in name):
            # Far and infinite days have no place in a TIMESTAMP, or in sums of days.
            zoned = f"CAST({sql} AS TIMESTAMPTZ)"
            known = f"isfinite({zoned})" if "NS" in name else f"{sql} BETWEEN {_ZONED}"
            return f"CASE WHEN {known} THEN make_timestamp(epoch_us({zoned})) END"
        if name == "DATE" or name.startswith("TIMESTAMP"):
            local = f"CAST({sql} AS TIMESTAMP)"
            known = f"isfinite({local})" if "NS" in name else f"{sql} BETWEEN {_CALENDAR}"
            return f"CASE WHEN {known} THEN {local} END"
        rest = self.parsed(f"to_time({sql})", where, "time").sql()
        if type_ != "VARCHAR":
            return f"({rest})"
        # A cast to TIMESTAMP passes over an offset: the short way is for what has none.
        plain = " OR ".join(
            f"{sql} LIKE '{form}'" for form in ("____-__-_____:__:__", "____-__-__")
        )
        return f"CASE WHEN {plain} THEN TRY_CAST({sql} AS TIMESTAMP) ELSE {rest} END"

    def identifier(self, text: str, where: str) -> str:
        """SQL of a trimmed identifier, null where blank; a whole number has no `.0`."""
        name, type_ = self.column(text), self.type_of(text)
        sql = quote(name) if name is not None else f"({self.parsed(text, where, 'text').sql()})"
        if type_ in {"DOUBLE", "FLOAT"}:
            whole = f"CAST(TRY_CAST({sql} AS HUGEINT) AS VARCHAR)"
            exact = f"{sql} = floor({sql}) AND abs({sql}) < 1e18"
            number = f"CASE WHEN {exact} THEN {whole} ELSE CAST({sql} AS VARCHAR) END"
            return f"CASE WHEN isfinite({sql}) THEN {number} END"
        if type_ is not None and type_.startswith("DECIMAL"):
            return f"regexp_replace(CAST({sql} AS VARCHAR), '\\.0+$', '')"
        if type_ is not None and type_ != "VARCHAR":
            return f"CAST({sql} AS VARCHAR)"
        full = f"strlen({sql}) > {_LONGEST_BLANK} AND {sql} >= '!' OR {sql}[1] BETWEEN '0' AND '9'"
        clean = f"({full}) AND NOT suffix({sql}, ' ')"
        return f"CASE WHEN {clean} THEN {sql} WHEN {blank(sql)} THEN NULL ELSE trim({sql}) END"


def may_be_null_on_purpose(text: str) -> bool:
    """Whether it chooses (CASE …) or divides, so that its null is no sign of a bad cell."""
    upper = text.upper()
    return any(word in upper for word in ("CASE ", "NULLIF", "IF(", "COALESCE", "/"))
