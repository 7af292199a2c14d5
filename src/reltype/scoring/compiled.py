"""Compiled: the whole query of a run as text that a person can read, and another database run.

The text is what the engine runs, from the file to the readings, evidence and conditions that the
classifiers get: each SELECT inside another becomes a named common table expression, each column
stands on a line of its own with what it is. Scales are measured once and stand in it as numbers.

Reading a stranger's columns is DuckDB's work. In another dialect the text therefore begins at two
tables with our own columns, `interactions` and `customers`, and every function in it is one that is
known to mean the same there; what is not is refused, never written wrong.
"""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import sqlglot
from attrs import define, evolve, field
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError, UnsupportedError

from reltype.errors import ConfigError, UsageError, did_you_mean
from reltype.expressions import quote
from reltype.mapping.canonical import CUSTOMERS, INTERACTIONS
from reltype.scoring import columns as names
from reltype.scoring import query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reltype.expressions.functions import Kind
    from reltype.scoring.plan import Plan
    from reltype.scoring.population import Population

DIALECTS = ("duckdb", "postgres", "spark")
"""Dialects in which the text was run, and gave what DuckDB gives."""

SAME: Mapping[str, frozenset[str]] = {
    dialect: frozenset(
        [
            "ABS",
            "AVG",
            "CAST",
            "CEIL",
            "COALESCE",
            "CONCAT",
            "CORR",
            "COUNT",
            "DATEDIFF",
            "EXP",
            "EXTRACT",
            "FLOOR",
            "GREATEST",
            "LAG",
            "LEAST",
            "LENGTH",
            "LN",
            "LOWER",
            "MAX",
            "MIN",
            "MOD",
            "NULLIF",
            "POWER",
            "ROUND",
            "SIGN",
            "SQRT",
            "STDDEV_POP",
            "STDDEV_SAMP",
            "SUM",
            "TRIM",
            "TRUNC",
            "UPPER",
            "VAR_POP",
            "VARIANCE",
        ]
    )
    | more
    for dialect, more in {
        "postgres": frozenset({"BOOL_OR", "BOOL_AND", "PERCENTILE_CONT", "STARTS_WITH"}),
        "spark": frozenset(
            {"BOOL_OR", "BOOL_AND", "MEDIAN", "MAX_BY", "MIN_BY", "STARTSWITH", "TO_DATE"}
        ),
    }.items()
}
"""Functions, as each dialect calls them, that mean there what they mean in DuckDB."""

TAKEN = frozenset({"interactions", "customers", "scales", "facts", "log", "features", "signals"})
"""Names of steps that no file's gets."""

_TYPES: Mapping[str, Kind] = {
    "DOUBLE": "number",
    "VARCHAR": "text",
    "BOOLEAN": "bool",
    "TIMESTAMP": "time",
}
_PRIVATE = re.compile(r"reltype[-_]\w+")
_NOTED = re.compile(r"store_rejects = true, rejects_table = '\w+', rejects_scan = '\w+'")
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|/\*.*?\*/|\w+|\s+|.", re.DOTALL)
_ALIAS = re.compile(r'\bAS\s+("(?:[^"]|"")*"|\w+)\s*$', re.IGNORECASE)
_WIDTH = 96
_NULL = "CAST(NULL AS DOUBLE)"


def text(population: Population, sources: Mapping[str, str], dialect: str = "duckdb") -> str:
    """The query of *population*, ending with a line break.

    Args:
        population: Gives the plan, the scales and the SELECTs.
        sources: SQL of each relation that the SELECTs read → the name that it gets.
        dialect: One of `DIALECTS`.

    Raises:
        UsageError: There is no such dialect, or an input has no name that another program could use.
        ConfigError: The dialect cannot express something; the text says what.
    """
    check_dialect(dialect)
    own = dialect == "duckdb"
    asked = population if own else _canonical(population)
    steps = _Steps(_comments(asked.plan), _WIDTH if own else 10_000)
    if own:
        for relation, name in sources.items():
            steps.add(name, f"SELECT * FROM {_plain(relation, name)}")
    scales = ", ".join(
        f"CAST({value!r} AS DOUBLE) AS {quote(name)}"
        for name, value in asked.usual.constants.items()
    )
    steps.add("scales", f"SELECT {scales}")
    last = steps.unnested(_nested(asked, {} if not own else sources))
    made = steps.written(last)
    return _headed(asked, made) if own else _headed(asked, _transpiled(made, dialect, asked))


def check_dialect(dialect: str) -> None:
    """Raise UsageError if there is no such dialect."""
    if dialect not in DIALECTS:
        hint = did_you_mean(dialect, DIALECTS)
        raise UsageError(f"reltype sql writes no dialect called {dialect!r}.{hint}")


def _headed(population: Population, made: str) -> str:
    plan = population.plan
    return (
        f"-- {plan.typology.name}: readings (d_), evidence (e_) and conditions of every customer,"
        f" as of {population.usual.as_of}.\n{made}\n"
    )


def _nested(population: Population, sources: Mapping[str, str]) -> str:
    """The whole query, one SELECT inside another, with scales by their names."""
    plan, nulls = population.plan, population.nulls
    known = {name: quote(name) for name in population.usual.constants}
    known |= {name: _NULL for name in nulls.features if name not in population.given}
    logs = [_named(select, sources) for select in population.logs]
    tables = [_named(select, sources) for select in population.tables]
    facts = query.facts(
        plan,
        logs,
        until=population.last,
        absent=population.absent,
        nulls=nulls,
        orders=population.orders,
    ).replace(" ORDER BY customer_id", "")
    today = f"DATE '{population.until}'" if population.until else None
    people = query.customers(tables, population.given, today=today).replace(" ORDER BY 1", "")
    joined = population.joined(f"(/*facts*/ {facts})", f"(/*customer_facts*/ {people})")
    base = f"SELECT * FROM (/*everybody*/ {joined.replace('ORDER BY 1', '')}) CROSS JOIN scales"
    constants = population.usual.constants
    features = query.features(
        plan,
        f"/*with_scales*/ {base}",
        given=population.given,
        measured=bool(population.logs),
        constants=constants,
        nulls=nulls,
        known=known,
    )
    judged = query.evidence(plan, features, constants, nulls, population.reliability, known=known)
    return f"{query.answer(plan, judged, nulls=nulls)} ORDER BY customer_id"


def _named(select: str, sources: Mapping[str, str]) -> str:
    for relation, name in sources.items():
        select = select.replace(f"FROM {relation}", f"FROM {quote(name)}")
    return select


def _plain(relation: str, name: str) -> str:
    """A relation without what serves this process alone."""
    relation = _NOTED.sub("ignore_errors = true", relation)
    if private := _PRIVATE.search(re.sub(r"read_csv\(\['[^']*'\]", "", relation)) or (
        re.search(r"/reltype-[^/']*/", relation)
    ):
        raise UsageError(
            f"{name}: reltype reads a copy of it ({private[0]}), which no other program can name. "
            "Give a CSV, Parquet or JSON file that is neither packed nor piped, or ask for "
            "--dialect spark or postgres, whose text begins at tables of ours."
        )
    return relation


def _canonical(population: Population) -> Population:
    """The same over tables that hold our columns, of known types."""
    made = "CAST(NULL AS VARCHAR) AS reject, CAST(NULL AS VARCHAR) AS unread"
    plan = population.plan
    given: dict[str, Kind] = {
        name: _TYPES[CUSTOMERS.get(name, "DOUBLE")] for name in population.given
    }
    known = dict(given)
    functions = plan.catalogue.functions
    for feature in plan.features:
        kinds = {**plan.kinds, **known}
        expression = feature.expression(functions, kinds)
        known.setdefault(feature.name, "any" if expression is None else expression.kind)
    return evolve(
        population,
        plan=evolve(plan, known=known),
        logs=[f"SELECT *, {made} FROM interactions"] if population.logs else [],
        tables=[f"SELECT *, {made} FROM customers"] if population.tables else [],
        frozen=population.scales,
        orders=False,
    )


def _comments(plan: Plan) -> dict[str, str]:
    """Column → what it is, in one line."""
    made: dict[str, str] = {}
    for feature in plan.features:
        unit = f" ({feature.unit})" if feature.unit else ""
        told = f"{feature.name}{unit}: {feature.summary}"
        made |= dict.fromkeys(
            (feature.name, names.fact(feature.name), names.given(feature.name)), told
        )
    for scale in plan.scales:
        made[scale.name] = f"{scale.name} ({scale.unit}), {scale.of}: {scale.summary}"
    for i, signal in enumerate(plan.signals):
        told = f"signal {signal.name!r} of {signal.dimension}: {signal.summary}"
        made |= {names.raw(i): told, names.signal(i): f"signal {signal.name!r}, 0…1"}
        made |= {names.seen(i): f"signal {signal.name!r}: how far it was seen, 0…1"}
        made |= {names.observed(i): f"signal {signal.name!r}: observations behind it"}
    for dimension in plan.dimensions:
        poles = f"0 {dimension.low}, 1 {dimension.high}"
        made[names.reading(dimension.name)] = f"reading of {dimension.name}: {poles}"
        made[names.evidence(dimension.name)] = f"evidence of {dimension.name}, 0…1"
    for i, rule in enumerate(plan.rules):
        made[names.rule(i)] = f"rule {rule.name!r} for {rule.archetype!r}"
    typology = plan.typology
    for kind, flags in (
        ("reason", typology.unclassified_when),
        ("status", typology.status),
        ("alarm", typology.alarms),
    ):
        made |= {names.flag(kind, i): f"{kind} {flag.name!r}" for i, flag in enumerate(flags)}
    for i, benefit in enumerate(plan.benefits):
        made[names.broken(i)] = f"benefit {benefit.name!r} comes first"
    return made


@define
class _Steps:
    """Named common table expressions, in the order in which one reads another.

    Attributes:
        comments: Column → what it is.
        width: Letters in a line of a remark.
        made: Name → SELECT.
    """

    comments: Mapping[str, str]
    width: int = _WIDTH
    made: dict[str, str] = field(factory=dict)

    def add(self, name: str, sql: str) -> str:
        """Keep a SELECT under *name*, or one like it; gives the name."""
        number, chosen = 1, name
        while chosen in self.made:
            number += 1
            chosen = f"{name}_{number}"
        self.made[chosen] = sql
        return chosen

    def unnested(self, sql: str) -> str:
        """*sql* with the name of a step in place of each SELECT behind FROM or JOIN."""
        tokens = _TOKEN.findall(sql)
        return "".join(self._unnested(tokens, 0, len(tokens)))

    def _unnested(self, tokens: Sequence[str], start: int, end: int) -> Iterator[str]:
        before, i = "", start
        while i < end:
            part = tokens[i]
            if part == "(":
                close = _closing(tokens, i)
                words = [t for t in tokens[i + 1 : close] if not t.isspace()]
                name = words[0][2:-2] if words[0].startswith("/*") else "cells"
                inner = "".join(self._unnested(tokens, i + 1, close))
                first = next((w for w in words if not w.startswith("/*")), "")
                if before in {"FROM", "JOIN"} and first.upper() == "SELECT":
                    inner = re.sub(r"^\s*/\*\w+\*/\s*", "", inner)
                    yield quote(self.add(name, inner))
                else:
                    yield f"({inner})"
                i = close
            else:
                yield part
            if not part.isspace():
                before = part.upper()
            i += 1

    def written(self, last: str) -> str:
        """The text: WITH each step AS its SELECT, then *last*."""
        steps = ",\n".join(
            f"{quote(name)} AS (\n{self._laid_out(sql, '  ')}\n)" for name, sql in self.made.items()
        )
        return f"WITH {steps}\n{self._laid_out(last, '')}"

    def _laid_out(self, sql: str, indent: str) -> str:
        lines: list[str] = []
        for keyword, body in _clauses(sql):
            if keyword != "SELECT":
                lines.append(_wrapped(f"{keyword} {_joined(body)}".rstrip(), indent))
                continue
            lines.append(f"{indent}SELECT")
            items = list(_items(body))
            for number, item in enumerate(items):
                comma = "," if number < len(items) - 1 else ""
                found = _ALIAS.search(item) or re.fullmatch(r'\s*("[^"]*"|\w+)\s*', item)
                comment = self.comments.get(found[1].strip('"')) if found else None
                if comment:
                    told = " ".join(comment.replace("*/", "* /").split())
                    lines += wrap(
                        told,
                        self.width,
                        initial_indent=f"{indent}  -- ",
                        subsequent_indent=f"{indent}  --   ",
                    )
                lines.append(f"{_wrapped(_joined(item), indent + '  ')}{comma}")
        return "\n".join(lines)


def _closing(tokens: Sequence[str], start: int) -> int:
    depth = 0
    for i in range(start, len(tokens)):
        depth += (tokens[i] == "(") - (tokens[i] == ")")
        if not depth:
            return i
    raise ValueError("a parenthesis is not closed")


_CLAUSES = re.compile(r"SELECT|FROM|WHERE|GROUP|ORDER|UNION|FULL|CROSS", re.IGNORECASE)


def _clauses(sql: str) -> Iterator[tuple[str, str]]:
    """(keyword, what follows it) for each clause outside of parentheses."""
    depth, keyword, body = 0, "", list[str]()
    for part in _TOKEN.findall(sql):
        depth += (part in "([{") - (part in ")]}") if len(part) == 1 else 0
        if not depth and _CLAUSES.fullmatch(part):
            if keyword or "".join(body).strip():
                yield keyword, "".join(body)
            keyword, body = part.upper(), []
        else:
            body.append(part)
    yield keyword, "".join(body)


def _items(body: str) -> Iterator[str]:
    """The columns of a SELECT."""
    depth, item = 0, list[str]()
    for part in _TOKEN.findall(body):
        depth += (part in "([{") - (part in ")]}") if len(part) == 1 else 0
        if part == "," and not depth:
            yield "".join(item)
            item = []
        else:
            item.append(part)
    yield "".join(item)


def _joined(sql: str) -> str:
    """*sql* on one line: blanks between its words are one, those within quotes stay."""
    return "".join(" " if part.isspace() else part for part in _TOKEN.findall(sql)).strip()


def _wrapped(sql: str, indent: str) -> str:
    """A long expression, broken before the words of its CASEs and conjunctions, and in lists."""
    if len(indent) + len(sql) <= _WIDTH:
        return indent + sql
    made, depth, line = list[str](), 0, ""
    for part in _TOKEN.findall(sql):
        word = part.upper()
        depth -= part == ")" or word == "END"
        if word in {"WHEN", "ELSE", "END", "AND", "OR"} and len(line) > _WIDTH // 2:
            made.append(line.rstrip())
            line = "  " * (min(depth, 12) + (word != "END"))
        line += part
        depth += part == "(" or word == "CASE"
        if part == "," and len(line) > _WIDTH:
            made.append(line)
            line = "  " * (min(depth, 12) + 1)
    return "\n".join(indent + one for one in [*made, line])


def _transpiled(made: str, dialect: str, population: Population) -> str:
    """The text in another dialect.

    Raises:
        ConfigError: It cannot be said there.
    """
    read: exp.Expr = sqlglot.parse_one(made, dialect="duckdb")
    tree: exp.Expr = read.transform(_said_there, dialect=dialect)
    if dialect == "postgres":  # it would put one step into the other until planning takes hours
        for step in tree.find_all(exp.CTE):
            step.set("materialized", True)
    try:
        sql = str(tree.sql(dialect, pretty=True, identify=True, unsupported_level=ErrorLevel.RAISE))
    except UnsupportedError as error:
        raise ConfigError(f"{dialect} cannot express this query: {error}") from error
    except SqlglotError as error:
        raise ConfigError(f"{dialect}: the query cannot be written: {error}") from error
    for called, where in _calls(sqlglot.parse_one(sql, dialect=dialect), dialect):
        if called not in SAME[dialect]:
            raise ConfigError(
                f"{called.lower()}() is not known to mean in {dialect} what it means in DuckDB"
                f"{where}: leave that definition out, or write it with other functions."
            )
    columns = "".join(
        f"-- {table}: {', '.join(listed)}\n"
        for table, listed in (
            ("interactions", _columns(INTERACTIONS, population.logs)),
            ("customers", _columns(CUSTOMERS, population.tables, population.given)),
        )
        if listed
    )
    return f"-- It reads tables with our columns:\n{columns}{sql}"


def _columns(
    types: Mapping[str, str], there: Sequence[str], given: Iterable[str] | None = None
) -> list[str]:
    if not there:
        return []
    names = types if given is None else ["customer_id", *sorted(given)]
    listed = ["since" if n == "since_day" else n for n in names if n != "kind_as_written"]
    return [f"{name} {types.get(name, 'DOUBLE').lower()}" for name in listed]


def _said_there(node: exp.Expr, dialect: str) -> Any:  # noqa: ANN401  sqlglot is half typed
    """A node that only DuckDB has, as others say it."""
    if isinstance(node, exp.Cast) and node.to.this == exp.DType.ENUM:
        return node.this
    if isinstance(node, exp.Floor) and (moment := node.find(exp.TimeToUnix)):
        # The day of a time, which is without a zone; seconds of it would be of somebody's zone.
        first, day = (exp.cast(x, "date") for x in (exp.Literal.string("1970-01-01"), moment.this))
        return exp.DateDiff(this=day, expression=first, unit=exp.var("DAY"))
    if isinstance(node, exp.TryCast) and node.this.unnest().sql("duckdb") == _NULL:
        return exp.Cast(this=exp.Null(), to=node.to)
    if isinstance(node, exp.TryCast) and dialect == "postgres":
        raise ConfigError(
            "postgres has no cast that gives null where it fails: leave out "
            f"{node.sql('duckdb')}, or give the column as what it is."
        )
    if isinstance(node, exp.Literal) and dialect == "spark" and not node.is_string:
        # There, 0.5 is a decimal, and sums of decimals are rounded.
        return exp.Literal.number(f"{node.this}e0") if "." in node.this else node
    if isinstance(node, exp.Max) and dialect == "postgres" and node.find(exp.Column) in _truths():
        return exp.LogicalOr(this=node.this)
    return node


def _truths() -> list[exp.Expr]:
    names = [name for name, type_ in CUSTOMERS.items() if type_ == "BOOLEAN"]
    return [exp.column(exp.to_identifier(name, quoted=True)) for name in names]


def _calls(tree: exp.Expr, dialect: str) -> Iterator[tuple[str, str]]:
    """(function as the dialect calls it, in which column) for each call."""
    for call in tree.find_all(exp.Func):
        if isinstance(call, (exp.Case, exp.If, exp.And, exp.Or, exp.Cast)):
            continue
        name = call.name if isinstance(call, exp.Anonymous) else call.sql(dialect).partition("(")[0]
        alias = call.find_ancestor(exp.Alias)
        yield name.strip().upper(), f" (in {alias.alias})" if alias is not None else ""
