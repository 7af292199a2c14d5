"""Functions that expressions may call, as data, and why others are missing.

A function's `sql` is its meaning in DuckDB's SQL, with `_0`, `_1` … for its arguments. It keeps one
promise: for no value of any argument does it raise or give an infinity or NaN that gets out.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Protocol

from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Kind = str
"""`number` (a DOUBLE, or a whole number), `text`, `time` (no zone), `bool`, `interval`, `any`."""

VALUE_KINDS = ("any", "number", "text", "time", "bool")
"""Kinds that a column may have."""

LITERALS = (
    "group",
    "digits",
    "place",
    "length",
    "probability",
    "pattern",
    "replacement",
    "format",
    "unit",
    "part",
    "sign",
    "booking",
    "order",
    "zone",
)
"""Arguments that must be written out, so that they are checked once and not per customer."""

UNITS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
PARTS = (*UNITS, "isodow", "doy", "epoch")

FINITE = "CASE WHEN ABS(_0) <= 1e300 THEN _0 END"
"""A number, or null where it is infinite, NaN or beyond what sums can hold."""

IN_CALENDAR = "CASE WHEN _0 BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31' THEN _0 END"
"""A time to which any interval that we allow can be added."""


@frozen
class Function:
    """What may be called, with what, and what comes back.

    Attributes:
        takes: Kind of each argument; `?` marks one that may be left out, `*` the last, repeated.
        gives: Kind of the result; `same`: that of the arguments; `first`: that of the first.
        sql: Its meaning; by number of arguments where that differs, or made from the literals and
            the kind of the first argument. Empty: the function itself.
        group: Heading in the docs.
        note: What a reader should know: nulls, domain.
        aggregate: It sums up many rows.
        bound: What its numbers are at most, `inf` where they may be infinite or NaN and the caller
            guards them; None: what its largest argument may be, the first left out if `plain`.
        positive: Its numbers are never below 0.
        plain: Its meaning where the numbers behind the first are written out, ascending, the last
            above 0, so that nothing need be asked of them; it sees to a first that is not finite.
        loose: `sql` sees to that, too: the caller need not guard the first argument.
    """

    takes: tuple[str, ...]
    gives: Kind
    sql: str | Mapping[int, str] | Callable[[Sequence[str], Kind], str] = ""
    group: str = "numbers"
    note: str = ""
    aggregate: bool = False
    bound: float | None = None
    positive: bool = False
    plain: str | Callable[[Sequence[float]], str] = ""
    loose: bool = False


class Signature(Protocol):
    """What a plugin's function takes and gives; hashable."""

    @property
    def takes(self) -> tuple[Kind, ...]:
        """Kind of each argument."""

    @property
    def gives(self) -> Kind:
        """Kind of the result, whose numbers are never infinite or NaN."""


def _group(name: str, /, **functions: Function) -> dict[str, Function]:
    return {
        word: evolve(function, group=name, aggregate=name == "aggregates")
        for word, function in functions.items()
    }


_N, _T = ("number",), ("text",)
_LOG = "LOG(10, CASE WHEN _0 > 0 THEN _0 END)"
_LOG2 = "LOG(_0, CASE WHEN _1 > 0 AND _0 > 0 AND _0 <> 1 THEN _1 END)"

_POWER = "POWER(CASE WHEN _0 BETWEEN 0 AND 1e300 THEN _0 END, _1)"

NUMBERS = _group(
    "numbers",
    abs=Function(_N, "number"),
    sign=Function(_N, "number"),
    round=Function(("number", "digits?"), "number", note="halves away from zero"),
    floor=Function(_N, "number"),
    ceil=Function(_N, "number"),
    trunc=Function(_N, "number"),
    sqrt=Function(
        _N,
        "number",
        "SQRT(CASE WHEN _0 BETWEEN 0 AND 1e300 THEN _0 END)",
        note="null below 0",
        bound=1e150,
        loose=True,
    ),
    ln=Function(
        _N,
        "number",
        "LN(CASE WHEN _0 > 0 AND _0 <= 1e300 THEN _0 END)",
        note="null at 0 and below",
        bound=1e3,
        loose=True,
    ),
    log10=Function(_N, "number", _LOG, note="null at 0 and below"),
    log=Function(
        ("number", "number?"),
        "number",
        {1: _LOG, 2: _LOG2},
        note="base 10, or `log(base, x)`; null at 0 and below",
        bound=inf,
    ),
    exp=Function(_N, "number", note="null where it overflows", bound=inf),
    power=Function(
        ("number", "number"),
        "number",
        "POWER(CASE WHEN _0 > 0 OR (_0 < 0 AND _1 = FLOOR(_1)) OR (_0 = 0 AND _1 >= 0) "
        "THEN _0 END, _1)",
        note="also `x ** y`; null where it is no real number or overflows",
        bound=inf,
        plain=lambda numbers: "POWER(_0, _1)" if numbers[0].is_integer() else _POWER,
    ),
    mod=Function(
        ("number", "number"),
        "number",
        "_0 % NULLIF(_1, 0)",
        note="also `x % y`; sign of x; null by 0",
        bound=inf,
        plain="_0 % _1",
        loose=True,
    ),
    greatest=Function(
        ("any", "any*"), "same", note="null if any is null (DuckDB alone would pass over them)"
    ),
    least=Function(
        ("any", "any*"), "same", note="null if any is null (DuckDB alone would pass over them)"
    ),
)

MACROS = _group(
    "ours",
    share=Function(
        ("number", "number"),
        "number",
        "_0 / NULLIF(_1, 0)",
        note="a / b; null by 0",
        bound=inf,
        plain="_0 / _1",
        loose=True,
    ),
    sat=Function(
        ("number", "number"),
        "number",
        "CASE WHEN _0 BETWEEN 0 AND 1e300 AND _1 > 0 THEN _0 / (_0 + _1) END",
        plain="CASE WHEN _0 BETWEEN 0 AND 1e300 THEN _0 / (_0 + _1) END",
        bound=1.0,
        positive=True,
        loose=True,
        note="x / (x + h), 0…1, one half at h; null where x < 0 or h ≤ 0",
    ),
    half=Function(
        ("number", "number"),
        "number",
        "CASE WHEN _0 BETWEEN 0 AND 1e300 AND _1 > 0 THEN 1 - POWER(2, -(_0 / _1)) END",
        plain="CASE WHEN _0 BETWEEN 0 AND 1e300 THEN 1 - POWER(2, -(_0 / _1)) END",
        bound=1.0,
        positive=True,
        loose=True,
        note="1 − 2^(−x/h), 0…1, one half at h; null where x < 0 or h ≤ 0",
    ),
    clamp=Function(
        ("number", "number", "number"),
        "number",
        "CASE WHEN _1 > _2 THEN NULL WHEN _0 < _1 AND _2 IS NOT NULL THEN _1 "
        "WHEN _0 > _2 AND _1 IS NOT NULL THEN _2 WHEN _1 <= _2 THEN _0 END",
        plain="CASE WHEN ABS(_0) <= 1e300 THEN LEAST(GREATEST(_0, _1), _2) END",
        note="x, no less than lo and no more than hi; null if any is null or lo > hi",
    ),
    scale=Function(
        ("number", "number", "number"),
        "number",
        "CASE WHEN (_0 BETWEEN _1 AND _2 OR _0 BETWEEN _2 AND _1) AND _1 <> _2 "
        "THEN 2 * ((_0 - _1) / (_2 - _1)) - 1 END",
        bound=1.0,
        loose=True,
        note="lo…hi to −1…1; null outside; lo > hi turns it round (1 is best, 6 is worst)",
    ),
    days=Function(
        ("time", "time"),
        "number",
        "(EPOCH(_1) - EPOCH(_0)) / 86400",
        note="days from a to b, with fractions; negative where b is earlier",
        bound=inf,
    ),
)

CHOICE = _group(
    "choice",
    coalesce=Function(("any", "any*"), "same", note="the first that is not null"),
    nullif=Function(
        ("any", "any"),
        "first",
        "CASE WHEN _0 = _1 THEN NULL ELSE _0 END",
        note="null where both are equal, else the first",
    ),
)
CHOICE["if"] = Function(
    ("bool", "any", "any"),
    "same",
    "CASE WHEN _0 THEN _1 ELSE _2 END",
    group="choice",
    note="the third where unknown, as CASE",
)

TEXT = _group(
    "text",
    lower=Function(_T, "text"),
    upper=Function(_T, "text"),
    trim=Function(_T, "text"),
    ltrim=Function(_T, "text"),
    rtrim=Function(_T, "text"),
    length=Function(_T, "number", note="in characters"),
    left=Function(("text", "length"), "text"),
    right=Function(("text", "length"), "text"),
    substring=Function(("text", "place", "length?"), "text", note="from 1"),
    replace=Function(("text", "text", "text"), "text"),
    concat=Function(
        ("text", "text*"),
        "text",
        note="also `||`; null if any is null (DuckDB's CONCAT would pass over them)",
    ),
    starts_with=Function(("text", "text"), "bool"),
    ends_with=Function(("text", "text"), "bool"),
    contains=Function(("text", "text"), "bool"),
    strpos=Function(("text", "text"), "number", note="place of the second in the first, 0: absent"),
    split_part=Function(
        ("text", "text", "place"),
        "text",
        "NULLIF(SPLIT_PART(_0, _1, _2), '')",
        note="from 1; null where the part is absent or empty",
    ),
    regexp_matches=Function(("text", "pattern"), "bool", note="anywhere in the text; RE2"),
    regexp_extract=Function(
        ("text", "pattern", "group?"),
        "text",
        {
            2: "NULLIF(REGEXP_EXTRACT(_0, _1), '')",
            3: "NULLIF(REGEXP_EXTRACT(_0, _1, _2), '')",
        },
        note="null where nothing matches",
    ),
    regexp_replace=Function(
        ("text", "pattern", "replacement"),
        "text",
        "REGEXP_REPLACE(_0, _1, _2, 'g')",
        note="every match",
    ),
)

TIME = _group(
    "time",
    date_trunc=Function(("unit", "time"), "time", "CAST(DATE_TRUNC(_0, _1) AS TIMESTAMP)"),
    date_diff=Function(
        ("unit", "time", "time"),
        "number",
        note="boundaries crossed, as DuckDB counts them; `days` measures the time between",
    ),
    date_part=Function(("part", "time"), "number", note="also `EXTRACT(part FROM x)`"),
    epoch=Function(("time",), "number", note="seconds since 1970-01-01"),
    strftime=Function(("time", "format"), "text"),
    **{
        part: Function(("time",), "number", f"EXTRACT({part} FROM _0)")
        for part in ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
    },
)

_SQUARED = "CASE WHEN ABS(_0) <= 1e150 THEN _0 END"
_ARG = "ARG_{}(_0, CASE WHEN _0 IS NOT NULL AND _1 IS NOT NULL THEN ROW(_1, _0) END)"
AGGREGATES = _group(
    "aggregates",
    count=Function(
        ("any",), "number", note="`count(*)`, `count(x)`, `count(DISTINCT x)`; 0 of none"
    ),
    count_if=Function(("bool",), "number", "COUNT(CASE WHEN _0 THEN 1 END)"),
    sum=Function(_N, "number", note="null of none", bound=inf),
    avg=Function(_N, "number", bound=inf),
    min=Function(("any",), "same"),
    max=Function(("any",), "same"),
    stddev=Function(_N, "number", f"STDDEV_SAMP({_SQUARED})", note="of a sample", bound=inf),
    stddev_pop=Function(_N, "number", f"STDDEV_POP({_SQUARED})", bound=inf),
    variance=Function(_N, "number", f"VAR_SAMP({_SQUARED})", note="of a sample", bound=inf),
    var_pop=Function(_N, "number", f"VAR_POP({_SQUARED})", bound=inf),
    median=Function(_N, "number", bound=inf),
    quantile_cont=Function(("number", "probability"), "number", bound=inf),
    corr=Function(
        ("number", "number"),
        "number",
        f"CORR({_SQUARED}, {_SQUARED.replace('_0', '_1')})",
        note="null where one does not vary",
        bound=inf,
    ),
    arg_max=Function(
        ("any", "any"),
        "first",
        _ARG.format("MAX"),
        note="the x of the largest y (of equals the largest x)",
    ),
    arg_min=Function(
        ("any", "any"),
        "first",
        _ARG.format("MIN"),
        note="the x of the least y (of equals the least x)",
    ),
    bool_or=Function(("bool",), "bool"),
    bool_and=Function(("bool",), "bool"),
)

ALIASES = {
    "pow": "power",
    "ceiling": "ceil",
    "len": "length",
    "substr": "substring",
    "ifnull": "coalesce",
    "iff": "if",
    "datepart": "date_part",
    "datetrunc": "date_trunc",
    "datediff": "date_diff",
    "mean": "avg",
    "countif": "count_if",
    "stddev_samp": "stddev",
    "var_samp": "variance",
    "every": "bool_and",
    "max_by": "arg_max",
    "min_by": "arg_min",
}
"""Other names by which databases call the same thing."""

CHOOSING = ("coalesce", "ifnull", "nullif", "if", "iff", "greatest", "least", "min", "max")
"""What gives one of its arguments: a cast of the result is a cast of each."""

_CLOCK = "expressions give the same result every day: use the as-of day, which is a column"
_ORDER = "its result depends on the order of rows, which a database does not promise"
_FILES = "expressions read no files, tables or settings"
LEFT_OUT = {
    **dict.fromkeys(
        ("now", "current_date", "current_timestamp", "current_time", "today", "getdate", "age"),
        _CLOCK,
    ),
    **dict.fromkeys(("localtime", "localtimestamp", "get_current_timestamp"), _CLOCK),
    **dict.fromkeys(
        ("random", "rand", "setseed", "uuid", "gen_random_uuid", "uuidv7", "nextval", "currval"),
        "expressions are deterministic",
    ),
    **dict.fromkeys(
        ("read_csv", "read_csv_auto", "read_parquet", "parquet_scan", "read_json", "read_text"),
        _FILES,
    ),
    **dict.fromkeys(("read_blob", "glob", "getenv", "current_setting", "query"), _FILES),
    **dict.fromkeys(("query_table", "duckdb_secrets", "duckdb_settings", "pragma_version"), _FILES),
    **dict.fromkeys(
        ("first", "last", "any_value", "arbitrary", "mode", "list", "array_agg", "string_agg"),
        _ORDER,
    ),
    **dict.fromkeys(("group_concat", "listagg"), _ORDER),
    **dict.fromkeys(
        ("approx_count_distinct", "approx_quantile", "reservoir_quantile"),
        "its result may differ from run to run; the exact one is there",
    ),
    **dict.fromkeys(
        ("row_number", "rank", "dense_rank", "ntile", "lag", "lead", "first_value", "last_value"),
        "an expression sees one row, or sums up all; there are no windows",
    ),
    **dict.fromkeys(
        ("repeat", "lpad", "rpad", "range", "generate_series", "unnest", "printf", "format"),
        "one row could fill the memory",
    ),
    "concat_ws": "it passes over nulls; use `||`, with COALESCE where a null should be a word",
    "error": "one customer's value must not stop the run",
    "strptime": "use to_time(x, '%d/%m/%Y'), which is null where the text does not fit",
    "try_strptime": "use to_time(x, '%d/%m/%Y')",
    "to_timestamp": "use unix_time(x)",
    "isnan": "a number is never NaN here",
    "isinf": "a number is never infinite here",
}
"""Names that people will try, and why they are not there."""
