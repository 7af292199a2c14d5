"""Casts: a column of a source, or an expression over its columns, as SQL of one of our types.

Text files come as text, so every cast takes text. Plain columns get the cheapest cast that is
right: a time without an offset goes the short way, an identifier is trimmed only if it needs it.
"""

from __future__ import annotations

from collections import abc

from attrs import field, frozen

from reltype.errors import ConfigError, did_you_mean
from reltype.expressions import literal, parse, quote

BLANKS = (
    "",
    "n/a",
    "na",
    "#n/a",
    "null",
    "none",
    "nil",
    "nan",
    "nat",
    "-",
    "--",
    "?",
    "(blank)",
)
"""What stands in exports for nothing, in lower case."""

_LONGEST_BLANK = max(map(len, BLANKS))
_NUMERIC = (
    "Mul",
    "Div",
    "IntDiv",
    "Mod",
    "Add",
    "Sub",
    "Neg",
    "Abs",
    "Round",
    "Ceil",
    "Floor",
    "Sqrt",
    "Ln",
    "Log",
)
_COMPARED = ("GT", "GTE", "LT", "LTE", "EQ", "NEQ", "Between")


def blank(text: str) -> str:
    """SQL: whether a text that is not null stands for nothing."""
    # A constant MAP is asked row by row where it is needed; IN would become a join of all rows.
    return (
        f"(MAP {{{', '.join(f'{literal(word)}: 1' for word in BLANKS)}}})[lower(trim({text}))] = 1"
    )


@frozen
class Source:
    """The columns that expressions may speak of.

    Attributes:
        types: Column → its SQL type.
        place: Where the expressions were written, for errors.
    """

    types: abc.Mapping[str, str]
    place: str = field(default="mapping")

    @classmethod
    def of(cls, columns: abc.Collection[str] | abc.Mapping[str, str], place: str) -> Source:
        """The source with these columns; without types, all are text."""
        if isinstance(columns, abc.Mapping):
            return cls({name: str(type_).upper() for name, type_ in columns.items()}, place)
        return cls(dict.fromkeys(columns, "VARCHAR"), place)

    def column(self, name: str) -> str | None:
        """The column of this name; failing that, the only one that differs in case and blanks."""
        if name in self.types:
            return name
        near = [
            column for column in self.types if column.strip().casefold() == name.strip().casefold()
        ]
        return near[0] if len(near) == 1 else None

    def needs(self, text: str, where: str) -> tuple[str, ...]:
        """The columns that an expression speaks of, in the order of the source.

        Raises:
            ConfigError: It cannot be parsed, or speaks of a column that is not there.
        """
        name = self.column(text)
        if name is not None:
            return (name,)
        place = f"{self.place} {where}"
        try:
            needed = parse(text, where=place).needs
        except ConfigError as error:
            if " " not in text.strip() or "'" in text or "(" in text:
                raise
            raise ConfigError(
                f"{error} Nor is there a column {text!r}.{did_you_mean(text, self.types)}"
            ) from error
        found = {name: self.column(name) for name in needed}
        for missing in sorted(name for name, column in found.items() if column is None):
            known = did_you_mean(missing, self.types)
            raise ConfigError(f"{place}: there is no column {missing!r} in {text!r}.{known}")
        return tuple(name for name in self.types if name in found.values())

    def sql(self, text: str, where: str) -> str:
        """SQL of a column or an expression.

        Text columns that stand where a number must (`Quantity * UnitPrice`, `Total > 0`) are read
        as numbers.

        Raises:
            ConfigError: As `needs`.
        """
        needed = self.needs(text, where)
        if self.column(text) is not None:
            return quote(needed[0])
        texts = {name for name in needed if self.types[name] == "VARCHAR"}
        written = _numbers(text, texts) if texts else text
        return (
            "("
            + parse(written, where=f"{self.place} {where}").sql(
                columns={n: quote(n) for n in needed}
            )
            + ")"
        )

    def written(self, text: str, where: str) -> str:
        """SQL of the cells that an expression reads, as one text; null where all of them are."""
        cells = [f"CAST({quote(name)} AS VARCHAR)" for name in self.needs(text, where)]
        if not cells:
            return "CAST(NULL AS VARCHAR)"
        return cells[0] if len(cells) == 1 else f"nullif(concat_ws(' ', {', '.join(cells)}), '')"

    def type_of(self, text: str) -> str | None:
        """The SQL type of a plain column; None for an expression."""
        name = self.column(text)
        return None if name is None else self.types[name]

    def cast(self, text: str, to: str, where: str) -> str:
        """SQL of a column or an expression as a canonical type; null where it cannot be read."""
        sql, type_ = self.sql(text, where), self.type_of(text)
        if to == "TIMESTAMP":
            return _time(sql, type_, text)
        if to == "DOUBLE":
            return _number(sql, type_)
        if to == "BOOLEAN":
            return sql if type_ == "BOOLEAN" else f"to_bool({sql})"
        return sql if type_ == "VARCHAR" else f"CAST({sql} AS VARCHAR)"

    def identifier(self, text: str, where: str) -> str:
        """SQL of a trimmed identifier, null where blank; a whole number has no `.0`."""
        sql, type_ = self.sql(text, where), self.type_of(text)
        if type_ in {"DOUBLE", "FLOAT"}:
            whole = f"CAST(CAST({sql} AS HUGEINT) AS VARCHAR)"
            number = f"CASE WHEN {sql} = floor({sql}) THEN {whole} ELSE CAST({sql} AS VARCHAR) END"
            return f"CASE WHEN isfinite({sql}) THEN {number} END"
        if type_ is not None and type_ != "VARCHAR":
            return f"CAST({sql} AS VARCHAR)"
        cell = sql if type_ else f"CAST({sql} AS VARCHAR)"
        full = (
            f"strlen({cell}) > {_LONGEST_BLANK} AND {cell} >= '!' OR {cell}[1] BETWEEN '0' AND '9'"
        )
        clean = f"({full}) AND NOT suffix({cell}, ' ')"
        rest = f"WHEN {blank(cell)} THEN NULL ELSE trim({cell})"
        return f"CASE WHEN {clean} THEN {cell} {rest} END"


def _time(sql: str, type_: str | None, text: str) -> str:
    if type_ == "VARCHAR":
        # A cast to TIMESTAMP passes over an offset: the short way is for what has none.
        short = f"strlen({sql}) = 19 AND {sql}[17] = ':'"
        return f"CASE WHEN {short} THEN TRY_CAST({sql} AS TIMESTAMP) ELSE to_time({sql}) END"
    if type_ in {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"}:
        return f"make_timestamp(epoch_us({sql}))"
    if type_ is not None:
        return (
            f"CAST({sql} AS TIMESTAMP)"
            if type_.startswith(("TIMESTAMP", "DATE"))
            else f"to_time({sql})"
        )
    return (
        sql
        if text.lstrip("( ").startswith(("to_time(", "unix_time(", "excel_time("))
        else f"to_time({sql})"
    )


def _number(sql: str, type_: str | None) -> str:
    if type_ == "VARCHAR":
        return f"coalesce(TRY_CAST({sql} AS DOUBLE), to_number({sql}))"
    return f"TRY_CAST({sql} AS DOUBLE)"


def _numbers(text: str, columns: abc.Set[str]) -> str:
    """The expression with *columns* read as numbers where an operator or a function wants one."""
    import sqlglot
    from sqlglot import exp

    numeric = tuple(getattr(exp, name) for name in _NUMERIC)
    compared = tuple(getattr(exp, name) for name in _COMPARED)

    def is_number(node: exp.Expression) -> bool:
        literal_ = isinstance(node.unnest(), exp.Literal) and not node.unnest().is_string
        return literal_ or isinstance(node.unnest(), numeric)

    def read(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Column) or node.name not in columns or node.parent is None:
            return node
        parent = node.parent
        others = [child for child in parent.iter_expressions() if child is not node]
        if isinstance(parent, numeric) or (
            isinstance(parent, compared) and any(map(is_number, others))
        ):
            return exp.TryCast(this=node.copy(), to=exp.DataType.build("DOUBLE"))
        return node

    return sqlglot.parse_one(text, dialect="duckdb").transform(read).sql(dialect="duckdb")


def may_be_null_on_purpose(text: str) -> bool:
    """Whether an expression chooses (CASE, NULLIF …), so that its null is no sign of a bad cell."""
    upper = text.upper()
    return any(word in upper for word in ("CASE ", "NULLIF", "IF(", "COALESCE"))
