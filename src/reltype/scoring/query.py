"""Query: mapping, features, signals and rules as SQL text, for an engine to run.

Three statements, one inside the other: *facts* groups the interactions by customer; *features*
joins the customer table and computes what follows from the facts; *evidence* turns features into
readings and conditions. Only scales need a look at all customers in between, so they are filled in
as numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce

from reltype.definitions.dimensions import Sentence
from reltype.definitions.features import Scale
from reltype.expressions import Expression, literal, quote
from reltype.mapping.canonical import INTERACTIONS, LEFT_OUT
from reltype.mapping.kinds import KINDS, OTHER
from reltype.mapping.orders import LINES
from reltype.mapping.states import UNPAID
from reltype.scoring import columns as col
from reltype.scoring.nulls import Nulls
from reltype.scoring.plan import Plan
from reltype.scoring.reliability import trusts

NO_NULLS = Nulls()

INORGANIC = ("renewal", "cancellation", "outreach", "resolution", "refund")
"""Kinds in which we, the calendar or a contract took the step, not the customer's wish."""

PAID = ("purchase", "renewal")
"""Kinds in which the customer paid, whether they decided to or a contract did."""

_PREVIOUS = {"gap_days": ("organic", "previous"), "payment_gap_days": ("paid", "previous_paid")}
"""What costs a sort: the days since the customer's previous row of the same sort."""

GRID = 1 << 20
"""Amounts are kept to 1/GRID, so that sums are exact in doubles and equal in any order."""


_ADDED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "day": (("day",), "CAST(day AS DOUBLE)"),
    "weekday": (("day",), "CAST((day % 7 + 10) % 7 + 1 AS DOUBLE)"),
    "hour": (("hour",), "CAST(hour AS DOUBLE)"),
    "kind": (("kind",), "CAST(kind AS VARCHAR)"),
    "customer_initiated": (("organic",), "organic"),
    "gap_days": (
        ("day", "organic"),
        "CASE WHEN organic AND day > previous THEN CAST(day - previous AS DOUBLE) END",
    ),
    "payment_gap_days": (
        ("day", "kind"),
        "CASE WHEN paid AND day > previous_paid THEN CAST(day - previous_paid AS DOUBLE) END",
    ),
    "amount_log": (
        ("kind", "value"),
        "CASE WHEN kind = 'purchase' AND value > 0 THEN round(ln(value) * 4096) / 4096 END",
    ),
    "payment_log": (
        ("kind", "value"),
        (
            "CASE WHEN kind IN ('purchase', 'renewal') AND value > 0"
            " THEN round(ln(value) * 4096) / 4096 END"
        ),
    ),
    **{
        name: ((name,), f"CAST(floor(epoch({name}) / 86400) AS DOUBLE)")
        for name in ("began", "ended")
    },
    **{
        name: ((name,), f"round({name} * {GRID}) / {GRID}")
        for name in ("value", "refunded_amount", "sentiment", "rating", "discount")
    },
}
"""What aggregates get that is no canonical column as it is: from which it is made, and how."""

_KIND = f"ENUM ({', '.join(map(literal, sorted((*KINDS, OTHER))))})"
_CARRIED = {
    "hour": "CAST(extract(hour FROM timestamp) AS TINYINT)",
    # A cast of the column would look each word up; most are the first of these.
    "kind": "CASE kind "
    + " ".join(f"WHEN {literal(k)} THEN CAST({literal(k)} AS {_KIND})" for k in (*KINDS, OTHER))
    + " END",
}
"""What is made narrower than it is, or than what it is made from, before the sort."""


def interactions(
    selects: Sequence[str],
    columns: Collection[str],
    *,
    until: str | None,
    absent: Collection[str] = (),
    orders: bool = False,
    one_in: int = 1,
) -> str:
    """All logs as one relation with the columns that aggregates may speak of.

    The rows are sorted by customer and day for gaps, so they are kept narrow until then:
    what follows from other columns is worked out afterwards.

    Args:
        selects: One SELECT of canonical columns for each log, as a mapping writes it.
        columns: The columns that are asked for; gaps cost a sort each, so they are left
            out where nobody asks.
        until: The last day that is used, as SQL of a date; None for all.
        absent: Columns that are null in all logs: they are not sorted along, and the engine sums
            up what is null everywhere without looking.
        orders: The selects have a row per order, with the columns `orders.LINES`, which are passed
            through.
        one_in: Of how many customers one is looked at, by a hash of the id.
    """
    late = f"timestamp >= {until} + INTERVAL 1 DAY" if until else "false"
    asked = sorted({*columns, "day"} - {"customer_id", "organic"})
    needed = {need for name in asked for need in _ADDED.get(name, ((name,), ""))[0]}
    carried = "".join(
        f", {_CARRIED.get(name, name)} AS {name}"
        for name in sorted(needed - {"day", "organic"} - set(absent))
    )
    lines = "".join(f", {name}" for name in LINES if orders)
    carried += lines
    rows = f"""/*log*/
        SELECT CASE WHEN reject IS NULL AND NOT ({late}) THEN customer_id END AS customer_id,
          reject IS NOT NULL AND NOT starts_with(reject, '{LEFT_OUT}') AS is_reject,
          coalesce(starts_with(reject, '{LEFT_OUT}'), false) AS is_left_out,
          coalesce({late}, false) AS is_late,
          unread IS NOT NULL AS is_unread, CAST(floor(epoch(timestamp) / 86400) AS INTEGER) AS day,
          kind NOT IN ({", ".join(map(literal, INORGANIC))})
            AND coalesce(direction, '') <> 'outbound'{_placed(absent)} AS organic{carried}
        FROM (/*canonical_log*/ {" UNION ALL ".join(selects)})"""
    if one_in > 1:
        rows += f" WHERE hash(customer_id) % {one_in} = 0"
    if "payment_gap_days" in asked:
        rows = f"/*log*/ SELECT *, kind IN ({', '.join(map(literal, PAID))}) AS paid FROM ({rows})"
    for name, (row, previous) in _PREVIOUS.items():
        if name in asked:
            lag = f"lag(day) OVER (PARTITION BY customer_id, {row} ORDER BY day)"
            rows = f"/*previous*/ SELECT *, {lag} AS {previous} FROM ({rows})"
    nulls = {name: f"CAST(NULL AS {INTERACTIONS[name]})" for name in sorted(needed & set(absent))}
    rows = nest(rows, [nulls] if nulls else [])
    given = ", ".join(f"{_ADDED[name][1]} AS {name}" if name in _ADDED else name for name in asked)
    return (
        "/*interactions*/ SELECT customer_id, is_reject, is_left_out, is_late, is_unread, organic,"
        f" {given}{lines} FROM ({rows})"
    )


def _placed(absent: Collection[str]) -> str:
    """SQL that holds for all but orders that were never paid: they are no step of the customer's."""
    if "state" in absent:
        return ""
    unpaid = ", ".join(map(literal, UNPAID))
    return f" AND NOT (kind = '{OTHER}' AND coalesce(state, '') IN ({unpaid}))"


def facts(
    plan: Plan,
    selects: Sequence[str],
    *,
    until: str | None,
    absent: Collection[str] = (),
    orders: bool = False,
    nulls: Nulls = NO_NULLS,
    kept: int = 0,
) -> str:
    """One row per customer with every fact that the log can give, sorted by customer.

    The row of the null customer counts what was not used: `is_reject` and `is_late` rows.

    Args:
        plan: What is asked.
        selects: One SELECT of canonical columns for each log.
        until: The last day that is used, as SQL of a date; None for all.
        absent: Columns that are null in all logs.
        orders: The selects have a row per order. `log_orders` then counts those of several rows,
            `log_scattered` those among them whose rows lie days apart, `log_varying` those that
            contradict themselves.
        nulls: What is null everywhere, and is not computed.
        kept: Of how many customers one keeps the rows themselves, as a list `log_kept`; 0: none.
    """
    asked = aggregates(plan, nulls)
    needs = {name for expression in asked.values() for name in expression.needs}
    measured = "".join(f", {e.sql()} AS {quote(col.fact(name))}" for name, e in asked.items())
    count = _rows if orders else _count
    several = "order_rows > 1 AND NOT is_reject"
    looked = {
        "log_orders": several,
        "log_scattered": f"{several} AND order_days > 1",
        "log_varying": f"{several} AND order_varies",
    }
    if not orders:
        looked = dict.fromkeys(looked, "false")
    back = "coalesce(kind, '') = 'refund'", "kind = 'purchase' AND refunded_amount > 0"
    if {"refunded_amount", "state"} <= set(absent):
        back = "false", "false"
    else:
        needs |= {"kind", "refunded_amount"}
    looked |= dict(zip(("log_back_rows", "log_back_states"), back, strict=True))
    if "direction" not in absent:
        needs |= {"direction"}
        looked["log_outbound"] = "direction = 'outbound'"
    looks = "".join(f", {_count(sql)} AS {name}" for name, sql in looked.items())
    rows = interactions(selects, needs, until=until, absent=absent, orders=orders)
    if kept:
        fields = ", ".join(f"{name} := {name}" for name in sorted({*needs, "day", "organic"}))
        chosen = f"hash(customer_id) % {kept} = 0"
        looks += f", list(struct_pack({fields})) FILTER ({chosen}) AS log_kept"
    return f"""
        SELECT customer_id, {"CAST(sum(order_rows) AS BIGINT)" if orders else "count(*)"} AS log_rows,
          min(day) AS log_first_day, max(day) AS log_last_day, {count("is_reject")} AS log_rejects,
          {count("is_left_out")} AS log_left_out,
          {count("is_late AND NOT is_reject AND NOT is_left_out")} AS log_late,
          {count("is_unread")} AS log_unread{looks}{measured}
        FROM ({rows})
        GROUP BY customer_id ORDER BY customer_id"""


def aggregates(plan: Plan, nulls: Nulls = NO_NULLS) -> dict[str, Expression]:
    """Feature → what sums up its rows, for every fact that is asked and not null everywhere."""
    return {
        feature.name: expression.without(nulls.columns)
        for feature in plan.features
        if feature.name not in nulls.features
        and (expression := plan.feature(feature)) is not None
        and expression.aggregate
    }


def halves(plan: Plan, rows: str, nulls: Nulls) -> str:
    """Two rows for each customer of *rows*, `half` 0 and 1, with every fact and `log_rows`.

    Each day of the log falls to one half as if by a coin, the same for everybody.

    Args:
        plan: What is asked.
        rows: SQL of interactions, or of what `facts` kept of them (`unkept`).
        nulls: What is null everywhere, and is not computed.
    """
    asked = aggregates(plan, nulls)
    measured = "".join(f", {e.sql()} AS {quote(col.fact(name))}" for name, e in asked.items())
    return f"""
        SELECT customer_id, {_HALF} AS half, count(*) AS log_rows{measured} FROM ({rows})
        WHERE customer_id IS NOT NULL GROUP BY customer_id, half"""


def unkept(facts: str) -> str:
    """The interactions that `facts` kept in the table *facts*."""
    return (
        f"SELECT customer_id, unnest(log_kept, recursive := true) FROM {facts}"
        " WHERE customer_id IS NOT NULL AND log_kept IS NOT NULL"
    )


_HALF = "CAST(CAST(day AS BIGINT) * (CAST(day AS BIGINT) * 7919 + 104729) % 1009 % 2 AS TINYINT)"
"""A coin for each day, quadratic in it: no rhythm of days, weeks or months falls to one side."""


def _count(condition: str) -> str:
    return f"count(CASE WHEN {condition} THEN 1 END)"


def _rows(condition: str) -> str:
    return f"CAST(sum(CASE WHEN {condition} THEN order_rows ELSE 0 END) AS BIGINT)"


def customers(selects: Sequence[str], given: Collection[str], *, today: str | None = None) -> str:
    """One row per customer of the customer tables, each given feature as `given_NAME`.

    A customer who stands in several rows gets the largest value of each, and is counted.

    Args:
        selects: One SELECT of canonical rows for each customer table.
        given: The features that they give.
        today: SQL of a date: nobody is with us since a day after it, which would move the as-of
            day of everybody; the cell counts as unread. None: any day.
    """
    since, unread = "since", "unread"
    if today and "since_day" in given:
        since = f"CASE WHEN since < {today} + INTERVAL 2 DAY THEN since END"
        unread = f"CASE WHEN unread IS NOT NULL OR since >= {today} + INTERVAL 2 DAY THEN 1 END"
    as_day = {"since_day": f"floor(epoch({since}) / 86400)"}
    # Who stands there twice has left when both rows say so.
    last = "floor(epoch(CASE WHEN count(*) = count(ended) THEN max(ended) END) / 86400)"
    merged = "".join(
        f", {last if n == 'left_day' else f'max({as_day.get(n, quote(n))})'}"
        f" AS {quote(col.given(n))}"
        for n in sorted(given)
    )
    union = " UNION ALL BY NAME ".join(selects)
    return f"""
        SELECT CASE WHEN reject IS NULL THEN customer_id END AS customer_id,
          count(*) AS table_rows,
          count(CASE WHEN starts_with(reject, '{LEFT_OUT}') THEN 1 END) AS table_left_out,
          count({unread}) AS table_unread{merged}
        FROM (/*canonical_customers*/ {union}) GROUP BY 1 ORDER BY 1"""


def features(
    plan: Plan,
    relation: str,
    *,
    given: Collection[str],
    measured: bool,
    constants: Mapping[str, float],
    nulls: Nulls = NO_NULLS,
    known: Mapping[str, str] | None = None,
    varying: Collection[str] = (),
) -> str:
    """Features of each customer in *relation*, as far as *constants* (scales, days) allow.

    Args:
        plan: What is asked.
        relation: SQL of the facts, the customer table or their join.
        given: Features that a customer table gives (as `given_NAME`), which go first.
        measured: Whether the relation holds facts from a log.
        constants: Known scales and days, by name.
        nulls: What is null for everybody.
        known: SQL of the constants, where they do not stand in it as numbers.
        varying: Days that are a column of the relation, in place of a constant.
    """
    levels: list[dict[str, str]] = []
    known = known or {name: literal(value) for name, value in constants.items()}
    ready = {*constants, *varying}
    base = []
    for feature in plan.features:
        expression = None if feature.name in nulls.features else plan.feature(feature)
        if expression is None or expression.aggregate:
            fact = quote(col.fact(feature.name)) if expression is not None and measured else "NULL"
            base.append((feature.name, _first(feature.name, given, fact)))
            ready.add(feature.name)
    levels.append(dict(base))
    for level in plan.levels:
        step: dict[str, str] = {}
        for definition in level:
            if isinstance(definition, Scale) or definition.name in ready:
                continue
            expression = plan.feature(definition)
            if expression is not None and expression.needs <= ready:
                step[definition.name] = _first(
                    definition.name, given, expression.sql(columns=known)
                )
        ready |= set(step)
        if step:
            levels.append(step)
    return nest(relation, levels, ["features"] * len(levels))


def _first(name: str, given: Collection[str], sql: str) -> str:
    if name not in given:
        return sql if sql != "NULL" else "CAST(NULL AS DOUBLE)"
    return quote(col.given(name)) if sql == "NULL" else f"coalesce({quote(col.given(name))}, {sql})"


def ready_scales(plan: Plan, constants: Mapping[str, float]) -> dict[str, Expression]:
    """The scales that are not known yet, and can be taken from features that are."""
    ready = set(constants)
    for feature in plan.features:
        expression = plan.feature(feature)
        if expression is None or expression.aggregate or expression.needs <= ready:
            ready.add(feature.name)
    unknown = {s.name: plan.scale(s) for s in plan.scales if s.name not in constants}
    return {name: expression for name, expression in unknown.items() if expression.needs <= ready}


def evidence(
    plan: Plan,
    relation: str,
    constants: Mapping[str, float],
    nulls: Nulls = NO_NULLS,
    reliability: Mapping[str, float] | None = None,
    known: Mapping[str, str] | None = None,
) -> str:
    """Readings `d_…`, evidence `e_…` and every condition, beside the features of *relation*.

    d_k = Σ w_s seen_s x_s / Σ w_s seen_s over the signals that are not null; e_k = Σ w_s seen_s /
    Σ w_s, at most 1, where seen_s = n_s / (n_s + half_at_s), or 1 for a fact seen in full, times
    how far it can be trusted here (`trust` of its reliability), and the sum below is over what the
    typology itself asks (`Plan.asked`). Where it asks nothing, the sum below is over the signals
    that are not null.
    """
    known = known or {name: literal(value) for name, value in constants.items()}
    raw: dict[str, str] = {}
    signals: dict[str, str] = {}
    trusted_of = trusts(plan.signals, reliability or {})
    for i, signal in enumerate(plan.signals):
        trusted = trusted_of[signal.name]
        expression = plan.signal(signal)
        if expression.null_without(nulls.features) or (signal.alike and not trusted):
            signals[col.signal(i)] = "CAST(NULL AS DOUBLE)"
            continue
        raw[col.raw(i)] = expression.sql(columns=known)
        clamped = (
            f"CASE WHEN {col.raw(i)} IS NOT NULL THEN least(greatest({col.raw(i)}, 0.0), 1.0) END"
        )
        signals[col.signal(i)] = col.raw(i) if expression.share else clamped
        observed = plan.observed(signal)
        if observed is None:
            signals[col.seen(i)] = repr(trusted)
        else:
            raw[col.observed(i)] = f"greatest(coalesce({observed.sql(columns=known)}, 0), 0)"
            half = signal.half_at
            seen = (
                f"{col.observed(i)} / ({col.observed(i)} + {half!r})"
                if half
                else f"CAST({col.observed(i)} > 0 AS DOUBLE)"
            )
            signals[col.seen(i)] = seen if trusted == 1 else f"{trusted!r} * ({seen})"
    amounts: dict[str, str] = {}
    readings: dict[str, str] = {
        col.mass(i): f"CASE WHEN {col.signal(i)} IS NOT NULL THEN {s.weight!r} * {col.seen(i)} END"
        if col.raw(i) in raw
        else "CAST(NULL AS DOUBLE)"
        for i, s in enumerate(plan.signals)
    }
    for dimension in plan.dimensions:
        mine = [
            (i, s)
            for i, s in enumerate(plan.signals)
            if s.dimension == dimension.name and col.raw(i) in raw
        ]
        value = " + ".join(
            _where_seen(i, f"{s.weight!r} * {col.seen(i)} * {col.signal(i)}") for i, s in mine
        )
        amount = " + ".join(_where_seen(i, f"{s.weight!r} * {col.seen(i)}") for i, s in mine) or "0"
        mass = quote(col.amount(dimension.name))
        amounts[col.amount(dimension.name)] = amount
        readings[col.reading(dimension.name)] = (
            f"({value}) / nullif({mass}, 0)" if value else "CAST(NULL AS DOUBLE)"
        )
        total = plan.asked(dimension)
        weight = " + ".join(_where_seen(i, repr(s.weight)) for i, s in mine) or "0"
        share = f"{mass} / {total!r}" if total else f"coalesce({mass} / nullif({weight}, 0), 0)"
        more = sum(signal.weight for _, signal in mine) > total > 0
        readings[col.evidence(dimension.name)] = f"least({share}, 1.0)" if more else share
    as_readings = {d.name: quote(col.reading(d.name)) for d in plan.dimensions}
    conditions = {
        name: "CAST(NULL AS BOOLEAN)"
        if condition.null_without(nulls.features)
        else condition.sql(columns={**known, **as_readings})
        for name, condition in plan.conditions.items()
    }
    says = {
        col.says(i): _which(i, parts, {**known, **as_readings}, nulls)
        for i, parts in plan.sentences.items()
    }
    levels = [raw, signals, amounts, readings, {**conditions, **says}]
    return nest(relation, levels, ["raw_signals", "signals", "amounts", "readings", "conditions"])


def _which(
    i: int,
    parts: Sequence[tuple[Sentence, Expression | None]],
    columns: Mapping[str, str],
    nulls: Nulls,
) -> str:
    """Which sentence tells what signal *i* saw: its place among them, null where none does."""
    cases = []
    for place, (said, condition) in enumerate(parts):
        if nulls.features & set(said.mentions) or nulls.unscaled & said.rated:
            continue
        if condition is not None and condition.null_without(nulls.features):
            continue
        asked = {"low": [f"{col.signal(i)} < 0.5"], "high": [f"{col.signal(i)} >= 0.5"]}.get(
            said.pole, []
        )
        asked += [] if condition is None else [f"({condition.sql(columns=columns)})"]
        asked += [f"{quote(n)} IS NOT NULL" for n in said.mentions if n not in columns]
        cases.append(f"WHEN {' AND '.join(asked or ['true'])} THEN {place}")
    if not cases:
        return "CAST(NULL AS TINYINT)"
    return f"CAST(CASE WHEN {col.signal(i)} IS NULL THEN NULL {' '.join(cases)} END AS TINYINT)"


def _where_seen(i: int, amount: str) -> str:
    return f"CASE WHEN {col.signal(i)} IS NULL THEN 0.0 ELSE {amount} END"


def answer(
    plan: Plan,
    relation: str,
    *,
    seen: bool = False,
    nulls: Nulls = NO_NULLS,
    varying: Collection[str] = (),
) -> str:
    """The columns of *relation* that the classifiers and the result need, and no others.

    Args:
        plan: What is asked.
        relation: SQL of `evidence`, or of what this gave of it.
        seen: Whether to add `saw_i`, that signal i is not null, for `overview`.
        nulls: What is null for everybody: no reason speaks of it.
        varying: Days that are a column of the relation.
    """
    signals = range(len(plan.signals))
    told = [
        i
        for i, signal in enumerate(plan.signals)
        if not plan.signal(signal).null_without(nulls.features)
    ]
    mentioned = [name for name in plan.mentioned if name not in nulls.features]
    columns = [
        "customer_id",
        *(col.reading(d.name) for d in plan.dimensions),
        *(col.evidence(d.name) for d in plan.dimensions),
        *plan.conditions,
        *(col.signal(i) for i in signals if plan.extra_features),
        *(col.says(i) for i in told if i in plan.sentences),
        *dict.fromkeys([*mentioned, *plan.extra_features, *varying]),
    ]
    added = [f"{col.signal(i)} IS NOT NULL AS {col.saw(i)}" for i in signals if seen]
    # To hand a reading down to its signals seven digits are enough, at half the memory.
    added += [f"CAST({col.mass(i)} AS FLOAT) AS {col.mass(i)}" for i in told]
    added += [
        f"CAST({col.signal(i)} AS FLOAT) AS {col.signal(i)}"
        for i in told
        if not plan.extra_features
    ]
    return f"SELECT {', '.join([*map(quote, columns), *added])} FROM ({relation})"


def nest(
    relation: str, levels: Sequence[Mapping[str, str]], names: Sequence[str] = ("rows",)
) -> str:
    """*relation* with each level's columns added; a level may speak of those before it.

    The names, one for each level, stand in comments: see `compiled`.
    """

    def wrap(inner: str, level: tuple[str, Mapping[str, str]]) -> str:
        added = "".join(f", {sql} AS {quote(name)}" for name, sql in level[1].items())
        return f"/*{level[0]}*/ SELECT *{added} FROM ({inner})"

    return reduce(wrap, zip(names, levels, strict=False), relation)


def overview(plan: Plan, relation: str) -> str:
    """One row of counts over customers in *relation*, the `answer` with what was seen.

    Columns `n`; `s_i`: customers whose signal i is not null; `e_k`: mean evidence of dimension k; `k_k`: the same
    over those whom no flag withholds; `r_i`: customers under base rate i.
    """
    counts = ["count(*) AS n"]
    counts += [f"count_if({col.saw(i)}) AS {col.signals_seen(i)}" for i in range(len(plan.signals))]
    counts += [
        f"avg({quote(col.evidence(d.name))}) AS {col.mean_evidence(k)}"
        for k, d in enumerate(plan.dimensions)
    ]
    counts += [
        f"count_if({col.rate(i)}) AS {col.rates_held(i)}"
        for i in range(len(plan.typology.base_rates))
    ]
    return f"SELECT {', '.join(counts)} FROM ({relation})"
