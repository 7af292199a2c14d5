"""A SELECT that somebody wrote, checked in the engine's own tree and written anew from it.

The engine parses the text; what it understood, not what we think it would, is walked: tables by
the scope they stand in, functions by allow-list, everything else by the kinds of nodes listed here.
The engine then writes the tree as SQL, in which a table is called by a name that only this process
knows. What was written is never run.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import duckdb
from attrs import define, frozen

from reltype.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from duckdb import DuckDBPyConnection

MAX_LENGTH = 20_000
MAX_WRITTEN = 400_000
MAX_DEPTH = 100
MAX_LISTS = 3
"""Lists, structs and maps inside one another: each cast of one to text doubles its quotes."""
MAX_TEXT = 1 << 15
"""Bytes of a text that a function makes longer than what it was given; null beyond."""

_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE"})
_TABLES = frozenset(
    {"BASE_TABLE", "JOIN", "SUBQUERY", "EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION"}
)
_MODIFIERS = frozenset({"ORDER_MODIFIER", "LIMIT_MODIFIER", "DISTINCT_MODIFIER"})
_CLASSES = frozenset(
    [
        "BETWEEN",
        "CASE",
        "CAST",
        "COLLATE",
        "COLUMN_REF",
        "COMPARISON",
        "CONJUNCTION",
        "CONSTANT",
        "FUNCTION",
        "LAMBDA",
        "OPERATOR",
        "POSITIONAL_REFERENCE",
        "STAR",
        "SUBQUERY",
        "TYPE",
        "WINDOW",
    ]
)
_CLOCKS = frozenset(
    [
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        "current_localtime",
        "current_localtimestamp",
        "get_current_time",
        "get_current_timestamp",
        "now",
        "today",
    ]
)

FUNCTIONS = frozenset(
    [
        "!~~",
        "!~~*",
        "%",
        "&",
        "*",
        "**",
        "+",
        "-",
        "->",
        "->>",
        "/",
        "//",
        "<",
        "<=",
        "<>",
        "=",
        "==",
        "!=",
        ">",
        ">=",
        "^",
        "^@",
        "|",
        "||",
        "~~",
        "~~*",
        "~~~",
        "<<",
        ">>",
        "abs",
        "acos",
        "acosh",
        "add",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "cbrt",
        "ceil",
        "ceiling",
        "cos",
        "cosh",
        "cot",
        "degrees",
        "divide",
        "even",
        "exp",
        "factorial",
        "fdiv",
        "floor",
        "fmod",
        "gamma",
        "gcd",
        "greatest",
        "greatest_common_divisor",
        "isfinite",
        "isinf",
        "isnan",
        "lcm",
        "least",
        "least_common_multiple",
        "lgamma",
        "ln",
        "log",
        "log10",
        "log2",
        "mod",
        "multiply",
        "nextafter",
        "pi",
        "pow",
        "power",
        "radians",
        "round",
        "round_even",
        "roundbankers",
        "sign",
        "signbit",
        "sin",
        "sinh",
        "sqrt",
        "subtract",
        "tan",
        "tanh",
        "trunc",
        "xor",
        "bit_count",
        "ascii",
        "bit_length",
        "char_length",
        "character_length",
        "chr",
        "concat",
        "concat_ws",
        "contains",
        "damerau_levenshtein",
        "editdist3",
        "ends_with",
        "hamming",
        "ilike_escape",
        "instr",
        "jaccard",
        "jaro_similarity",
        "jaro_winkler_similarity",
        "lcase",
        "left",
        "left_grapheme",
        "len",
        "length",
        "length_grapheme",
        "levenshtein",
        "like_escape",
        "lower",
        "ltrim",
        "md5",
        "mismatches",
        "nfc_normalize",
        "not_ilike_escape",
        "not_like_escape",
        "octet_length",
        "ord",
        "position",
        "prefix",
        "regexp_extract",
        "regexp_extract_all",
        "regexp_full_match",
        "regexp_matches",
        "regexp_replace",
        "regexp_split_to_array",
        "replace",
        "reverse",
        "right",
        "right_grapheme",
        "rtrim",
        "sha1",
        "sha256",
        "split",
        "split_part",
        "starts_with",
        "str_split",
        "str_split_regex",
        "string_split",
        "string_split_regex",
        "string_to_array",
        "strip_accents",
        "strlen",
        "strpos",
        "substr",
        "substring",
        "substring_grapheme",
        "suffix",
        "translate",
        "trim",
        "ucase",
        "unicode",
        "upper",
        "hash",
        "century",
        "date_add",
        "date_diff",
        "date_part",
        "date_sub",
        "date_trunc",
        "datediff",
        "datepart",
        "datesub",
        "datetrunc",
        "day",
        "dayname",
        "dayofmonth",
        "dayofweek",
        "dayofyear",
        "days_in_month",
        "decade",
        "epoch",
        "epoch_ms",
        "epoch_ns",
        "epoch_us",
        "era",
        "hour",
        "isodow",
        "isoyear",
        "julian",
        "last_day",
        "make_date",
        "make_time",
        "make_timestamp",
        "make_timestamp_ms",
        "make_timestamp_ns",
        "make_timestamptz",
        "microsecond",
        "millennium",
        "millisecond",
        "minute",
        "month",
        "monthname",
        "nanosecond",
        "quarter",
        "second",
        "strftime",
        "strptime",
        "time_bucket",
        "timezone",
        "timezone_hour",
        "timezone_minute",
        "to_centuries",
        "to_days",
        "to_decades",
        "to_hours",
        "to_microseconds",
        "to_millennia",
        "to_milliseconds",
        "to_minutes",
        "to_months",
        "to_quarters",
        "to_seconds",
        "to_timestamp",
        "to_weeks",
        "to_years",
        "try_strptime",
        "week",
        "weekday",
        "weekofyear",
        "year",
        "yearweek",
        "coalesce",
        "if",
        "ifnull",
        "nullif",
        "constant_or_null",
        "array_contains",
        "array_distinct",
        "array_extract",
        "array_filter",
        "array_has",
        "array_has_all",
        "array_has_any",
        "array_indexof",
        "array_length",
        "array_position",
        "array_slice",
        "array_sort",
        "array_transform",
        "array_unique",
        "array_value",
        "cardinality",
        "element_at",
        "flatten",
        "list_apply",
        "list_avg",
        "list_contains",
        "list_count",
        "list_distinct",
        "list_element",
        "list_extract",
        "list_filter",
        "list_has",
        "list_has_all",
        "list_has_any",
        "list_indexof",
        "list_max",
        "list_median",
        "list_min",
        "list_position",
        "list_reverse_sort",
        "list_slice",
        "list_sort",
        "list_sum",
        "list_transform",
        "list_unique",
        "list_value",
        "map",
        "map_contains",
        "map_extract",
        "map_extract_value",
        "map_keys",
        "map_values",
        "row",
        "struct_extract",
        "struct_extract_at",
        "struct_pack",
        "unnest",
        "json_array_length",
        "json_exists",
        "json_extract",
        "json_extract_path",
        "json_extract_path_text",
        "json_extract_string",
        "json_keys",
        "json_type",
        "json_valid",
        "json_value",
        "arg_max",
        "arg_min",
        "argmax",
        "argmin",
        "avg",
        "bit_and",
        "bit_or",
        "bit_xor",
        "bool_and",
        "bool_or",
        "corr",
        "count",
        "count_if",
        "count_star",
        "countif",
        "covar_pop",
        "covar_samp",
        "entropy",
        "favg",
        "fsum",
        "geomean",
        "kahan_sum",
        "kurtosis",
        "kurtosis_pop",
        "mad",
        "max",
        "max_by",
        "mean",
        "median",
        "min",
        "min_by",
        "product",
        "quantile",
        "quantile_cont",
        "quantile_disc",
        "regr_avgx",
        "regr_avgy",
        "regr_count",
        "regr_intercept",
        "regr_r2",
        "regr_slope",
        "regr_sxx",
        "regr_sxy",
        "regr_syy",
        "sem",
        "skewness",
        "stddev",
        "stddev_pop",
        "stddev_samp",
        "sum",
        "sum_no_overflow",
        "sumkahan",
        "var_pop",
        "var_samp",
        "variance",
        "wavg",
        "weighted_avg",
        "cume_dist",
        "dense_rank",
        "first_value",
        "lag",
        "last_value",
        "lead",
        "nth_value",
        "ntile",
        "percent_rank",
        "rank",
        "rank_dense",
        "row_number",
        "first",
        "last",
        "any_value",
    ]
)
"""What may be called: it gives the same for the same rows, looks at nothing but its arguments, and
makes of them no more than they are. A function that a future engine brings is not among them."""

_JOINING = frozenset({"||", "concat", "concat_ws"})
_REPLACING = frozenset({"replace", "regexp_replace"})
MAX_LONGER = 4
"""Functions that make a text longer, inside one another: each asks how long what it is given is."""
_LISTS = frozenset({"list_value", "array_value", "struct_pack", "row", "map"})


@frozen
class Finder:
    """What a SELECT may read from.

    Attributes:
        shown: The names, for complaints.
        find: The parts of a name, as written → what the connection calls the table; None: it is
            none of those that may be read.
    """

    shown: Collection[str]
    find: Callable[[Sequence[str]], str | None]

    @classmethod
    def of(cls, tables: Mapping[str, str]) -> Finder:
        """One that knows *tables* by their names, in whatever case."""
        known = {name.casefold(): table for name, table in tables.items()}
        return cls(
            tuple(tables),
            lambda path: known.get(path[0].casefold()) if len(path) == 1 else None,
        )


class UnsafeError(ValueError):
    """The text cannot be read, or does more than read its tables; the text says what."""


def checked(sql: str, tables: Finder | Mapping[str, str]) -> str:
    """SQL of the same rows, written by the engine from its own tree of *sql*.

    Args:
        sql: One SELECT, as somebody wrote it.
        tables: The names that it may read from → the name of the table or view of the connection;
            upper and lower case are one. Or what finds them.

    Raises:
        UnsafeError: It is no SELECT, or reads, calls or holds something else.
    """
    if len(sql) > MAX_LENGTH:
        raise UnsafeError(f"has more than {MAX_LENGTH:,} letters")
    tree = _tree(sql)
    statements = tree.get("statements", [])
    if len(statements) != 1:
        raise UnsafeError("must be one SELECT")
    walk = _Walk(tables if isinstance(tables, Finder) else Finder.of(tables))
    made = walk.query(statements[0]["node"], frozenset())
    statements[0]["node"] = made
    text = _asked("SELECT json_deserialize_sql($1::JSON)", json.dumps(tree))
    if len(text) > MAX_WRITTEN:
        raise UnsafeError("is nested too deeply")
    return text


def body(sql: str) -> str:
    """The SELECT of a `CREATE VIEW … AS SELECT …`, as the engine's catalogue keeps it.

    Raises:
        UnsafeError: There is none.
    """
    depth = 0
    for start, kind in duckdb.tokenize(sql):
        if kind == duckdb.token_type.operator and sql[start] in "()":
            depth += 1 if sql[start] == "(" else -1
        word = sql[start : start + 2].lower()
        if depth == 0 and kind == duckdb.token_type.keyword and word == "as":
            return sql[start + 2 :].strip().rstrip(";")
    raise UnsafeError("cannot be read")


@define
class _Walk:
    """Walks a tree and changes it: tables get their names here, texts their bounds."""

    tables: Finder
    depth: int = 0
    lists: int = 0
    longest: int = 0

    def query(self, node: dict[str, Any], seen: frozenset[str]) -> dict[str, Any]:
        """A query node, in which the common tables *seen* can be read."""
        if node.get("type") not in _NODES:
            raise UnsafeError("may not be recursive, nor anything but a SELECT")
        if node.get("sample") is not None:
            raise UnsafeError("may not sample: it would differ from day to day")
        for entry in node["cte_map"]["map"]:
            entry["value"]["query_node"] = self.query(entry["value"]["query_node"], seen)
            if entry["value"].get("key_targets"):
                raise UnsafeError("may not be recursive")
            seen |= {entry["key"].casefold()}
        return {
            key: held if key == "cte_map" else self.any(held, seen) for key, held in node.items()
        }

    def any(self, held: Any, seen: frozenset[str]) -> Any:  # noqa: ANN401
        """Whatever stands in a tree."""
        if isinstance(held, list):
            return [self.any(one, seen) for one in held]
        if not isinstance(held, dict):
            return held
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnsafeError("is nested too deeply")
        try:
            if "class" in held:
                return self.expression(held, seen)
            kind = held.get("type") if isinstance(held.get("type"), str) else None
            if kind in _NODES or "cte_map" in held:
                return self.query(held, seen)
            if kind in _TABLES and ("alias" in held or "sample" in held):
                return self.table(held, seen)
            ordered = isinstance(kind, str) and kind.startswith("ORDER_")
            if not (kind is None or kind in _MODIFIERS or ordered):
                raise UnsafeError(f"holds {_said(kind)}, which is not allowed")
            return {key: self.any(one, seen) for key, one in held.items()}
        finally:
            self.depth -= 1

    def table(self, held: dict[str, Any], seen: frozenset[str]) -> dict[str, Any]:
        """What stands behind FROM."""
        if held.get("sample") is not None:
            raise UnsafeError("may not sample: it would differ from day to day")
        if held["type"] == "TABLE_FUNCTION":
            name = str(held["function"]["function_name"])
            if name.casefold() != "unnest":
                raise UnsafeError(f"reads from {name}(), which is not among its tables")
        if held["type"] == "BASE_TABLE":
            return self.base(held, seen)
        return {key: self.any(one, seen) for key, one in held.items()}

    def base(self, held: dict[str, Any], seen: frozenset[str]) -> dict[str, Any]:
        """A table by its name."""
        name = str(held["table_name"])
        path = [*map(str, (held.get("qualified_name") or {}).get("path", [name]))]
        whole = ".".join(path)
        if held.get("at_clause") is not None:
            raise UnsafeError("may not read a table as it was")
        plain = len(path) == 1 and not (held["schema_name"] or held["catalog_name"])
        if plain and name.casefold() in seen:
            return held
        if not plain and len(path) == 1:
            path = [one for one in (held["catalog_name"], held["schema_name"], name) if one]
        table = self.tables.find(path)
        if table is None:
            near = did_you_mean(whole, self.tables.shown)
            raise UnsafeError(f"reads {whole!r}, which is not among its tables.{near}".rstrip("."))
        return {
            **held,
            "alias": held["alias"] or name,
            "table_name": table,
            "schema_name": "",
            "catalog_name": "",
            "qualified_name": {"path": [table]},
        }

    def expression(self, held: dict[str, Any], seen: frozenset[str]) -> dict[str, Any]:
        """An expression."""
        if held["class"] not in _CLASSES:
            raise UnsafeError(f"holds {_said(held['class'])}, which is not allowed")
        if held["class"] == "COLUMN_REF":
            names = held.get("column_names", [])
            if len(names) == 1 and str(names[0]).casefold() in _CLOCKS:
                raise UnsafeError(f"calls {names[0]}, which differs from day to day")
            return held
        if held["class"] == "SUBQUERY":
            inner = {**held, "subquery": {**held["subquery"]}}
            inner["subquery"]["node"] = self.query(held["subquery"]["node"], seen)
            rest = {k: self.any(v, seen) for k, v in held.items() if k != "subquery"}
            return {**rest, "subquery": inner["subquery"]}
        name = self.called(held)
        if name in _JOINING | _REPLACING and not _shortens(name, held):
            return self.longer(name, held, seen)
        many = name in _LISTS or held.get("type") == "ARRAY_CONSTRUCTOR"
        self.lists += many
        if self.lists > MAX_LISTS:
            raise UnsafeError(f"holds more than {MAX_LISTS} lists inside one another")
        made = {key: self.any(one, seen) for key, one in held.items()}
        self.lists -= many
        return made

    def longer(self, name: str, held: dict[str, Any], seen: frozenset[str]) -> dict[str, Any]:
        """A call whose text may be longer than what it is given; null where it would be too long."""
        self.longest += 1
        if self.longest > MAX_LONGER:
            raise UnsafeError(f"makes texts longer more than {MAX_LONGER} times inside one another")
        parts = _chain(held) if name == "||" else [one["expression"] for one in held["arguments"]]
        parts = [self.any({**one, "alias": ""}, seen) for one in parts]
        self.longest -= 1
        slots = [f"_{i}" for i in range(len(parts))]
        sizes = [f"coalesce(strlen(CAST({slot} AS VARCHAR)), 0)" for slot in slots]
        if name == "||":
            call, size = " || ".join(slots), " + ".join(sizes)
        else:
            call = f"{name}({', '.join(slots)})"
            size = {
                "concat": " + ".join(sizes),
                "concat_ws": f"{len(slots)} * {sizes[0]} + {' + '.join(sizes)}",
            }.get(name, f"({sizes[0]} + 1) * ({sizes[2 % len(sizes)]} + 1)")
        guard = _template(f"CASE WHEN {size} <= {MAX_TEXT} THEN {call} END")
        made = _filled(json.loads(guard), dict(zip(slots, parts, strict=True)))
        return {**made, "alias": held.get("alias", "")}

    @staticmethod
    def called(held: dict[str, Any]) -> str:
        """The function that an expression calls, if any, once it has been found in the list."""
        if held["class"] not in {"FUNCTION", "WINDOW"}:
            return ""
        name = str(held.get("function_name", "")).casefold()
        path = (held.get("qualified_name") or {}).get("path", [name])
        if held.get("schema") or held.get("catalog") or len(path) != 1:
            raise UnsafeError(f"calls {'.'.join(map(str, path))}(); write {path[-1]}(…)")
        if name not in FUNCTIONS and not (held["class"] == "WINDOW" and not name):
            near = did_you_mean(name, FUNCTIONS)
            near = near if near.startswith(" Did") else ""
            raise UnsafeError(f"calls {name}(), which is not allowed.{near}".rstrip("."))
        return name


def _chain(held: dict[str, Any]) -> list[dict[str, Any]]:
    """What is joined by `||`, from left to right."""
    if held.get("class") != "FUNCTION" or held.get("function_name") != "||":
        return [held]
    return [part for one in held["arguments"] for part in _chain(one["expression"])]


def _shortens(name: str, held: dict[str, Any]) -> bool:
    """Whether a call puts a text that is written out in place of one that is no shorter."""
    if name not in _REPLACING or len(held["arguments"]) < 3:
        return False
    old, new = (_written(one["expression"]) for one in held["arguments"][1:3])
    if new is None or old is None:
        return False
    return not new or (name == "replace" and 0 < len(new.encode()) <= len(old.encode()))


def _written(held: dict[str, Any]) -> str | None:
    """The text of a literal; None of anything else."""
    literal = held.get("literal") if held.get("class") == "CONSTANT" else None
    return str(literal["text"]) if literal and literal.get("kind") == "STRING" else None


def _filled(held: Any, names: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """A template's tree with other trees in place of its columns."""
    if isinstance(held, list):
        return [_filled(one, names) for one in held]
    if not isinstance(held, dict):
        return held
    if held.get("class") == "COLUMN_REF" and held["column_names"][0] in names:
        return names[held["column_names"][0]]
    return {key: _filled(one, names) for key, one in held.items()}


@lru_cache(maxsize=64)
def _template(sql: str) -> str:
    """The engine's tree of an expression, as JSON."""
    return json.dumps(_tree(f"SELECT {sql}")["statements"][0]["node"]["select_list"][0])


def _tree(sql: str) -> dict[str, Any]:
    text = _asked("SELECT json_serialize_sql($1::VARCHAR)", sql)
    try:
        tree: dict[str, Any] = json.loads(text)
    except RecursionError:
        raise UnsafeError("is nested too deeply") from None
    if tree.get("error"):
        told = str(tree.get("error_message", "")).split("\n", 1)[0]
        if "Only SELECT" in told:
            raise UnsafeError("must be one SELECT")
        raise UnsafeError(f"cannot be read: {told.rstrip('.')}")
    return tree


def _asked(sql: str, given: str) -> str:
    """What an engine of its own, which can reach nothing, makes of a text."""
    try:
        row = _parser().cursor().execute(sql, [given]).fetchone()
    except duckdb.Error as error:
        raise UnsafeError(f"cannot be read: {str(error).splitlines()[0]}") from error
    return str(row[0]) if row else ""


@lru_cache(maxsize=1)
def _parser() -> DuckDBPyConnection:
    return duckdb.connect(
        config={
            "enable_external_access": "false",
            "lock_configuration": "true",
            "threads": "1",
            "memory_limit": "512MB",
        }
    )


def _said(kind: object) -> str:
    return str(kind).replace("_", " ").lower()
