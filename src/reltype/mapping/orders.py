"""Orders: the rows of a log that are lines or states of orders, as SQL of one row per order.

What was placed counts once: lines of one order are summed, and a state says what of its money
stayed. Everything here is text around a mapping's SELECT; nothing looks at the data.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reltype.expressions import literal
from reltype.mapping.canonical import INTERACTIONS
from reltype.mapping.states import PARTLY, REFUNDED, UNPAID

GRID = 1 << 20
"""Amounts are kept to 1/GRID before they are summed, so that sums are equal in any order."""

LINES = ("order_rows", "order_days", "order_varies")
"""What a row per order has beside the canonical columns: how many rows it had, how many days lie
between them, and whether amounts that stand for the whole order differed between its rows."""

_PAID_FOR = ("purchase", "refund", "renewal")
_UNPAID = ", ".join(map(literal, UNPAID))


def apply_states(rows: str, columns: Collection[str], passed: str = "") -> str:
    """*rows* with what their state makes of kind, value and refunded amount.

    An order that was never paid is no purchase (`other`) and has no value; of one whose money went
    back, the value is what stayed, and `refunded_amount` what went.

    Args:
        rows: SQL of canonical rows, `reject` and `unread`.
        columns: The canonical columns that are mapped.
        passed: SQL of further columns to pass through, each with a comma before it.
    """
    if not {"state", "refunded_amount"} & set(columns):
        return rows
    back = "coalesce(refunded_amount, 0)"
    never = f"(state IN ({_UNPAID}) AND {back} = 0)" if "state" in columns else "false"
    whole = f"(state = {literal(REFUNDED)} AND {back} = 0)" if "state" in columns else "false"
    made = {
        "kind": f"CASE WHEN kind = 'purchase' AND {never} THEN 'other' ELSE kind END",
        "value": f"""CASE WHEN kind <> 'purchase' THEN value WHEN {never} THEN NULL
            WHEN {whole} AND value IS NOT NULL THEN 0
            WHEN {back} > 0 AND value IS NOT NULL THEN greatest(value - {back}, 0) ELSE value END""",
        "refunded_amount": f"""CASE WHEN kind = 'purchase' THEN CASE WHEN {whole} THEN value
            WHEN {back} > 0 THEN refunded_amount END END""",
    }
    listed = ", ".join(f"{made.get(n, n)} AS {n}" for n in (*INTERACTIONS, "reject", "unread"))
    return f"SELECT {listed}{passed} FROM ({rows})"


def as_orders(
    rows: str, columns: Collection[str], per_order: Collection[str] = (), *, grouped: bool = True
) -> str:
    """A row for each order, and each other row as it is, with the columns `LINES`.

    Rows of one customer with the same order id and kind are one order: its money is summed (an
    amount that each line repeats for the whole order is taken once), its discount is that of its
    money, sentiments and ratings are means, and it was placed when its first line was. A customer of
    whom any order is of several categories has none.

    Args:
        rows: SQL of canonical rows, `reject` and `unread`; their states are not applied yet.
        columns: The canonical columns that are mapped.
        per_order: Those that stand for the whole order in each of its lines.
        grouped: False: rows are no lines; they only get the further columns.
    """
    if not grouped or "order_id" not in columns:
        alone = ", ".join(f"{value} AS {name}" for name, value in _ALONE.items())
        return f"SELECT *, {alone} FROM ({apply_states(rows, columns)})"
    aggregates: dict[str, str] = {name: f"min({name})" for name in INTERACTIONS}
    for name in ("value", "refunded_amount"):
        exact = f"round({name} * {GRID}) / {GRID}"
        whole = f"arg_max({name}, abs({name}))" if name in per_order else f"sum({exact})"
        aggregates[name] = whole
    aggregates |= {"began": "min(began)", "ended": "max(ended)"}
    if "category" in columns:
        # An order of several kinds is of none alone, and whoever placed one took of more kinds than
        # their other orders say.
        several = "bool_or(min(category) <> max(category)) OVER (PARTITION BY customer_id)"
        aggregates["category"] = f"CASE WHEN {several} IS NOT TRUE THEN min(category) END"
    for name in ("sentiment", "rating"):
        aggregates[name] = f"avg(round({name} * {GRID}) / {GRID})"
    if {"discount", "value"} <= set(columns) and "discount" not in per_order:
        paid = f"round(value * {GRID}) / {GRID}"
        full = f"round(value / (1 - discount) * {GRID}) / {GRID}"
        known = "FILTER (WHERE discount < 1 AND value IS NOT NULL)"
        share = f"1 - sum({paid}) {known} / nullif(sum({full}) {known}, 0)"
        aggregates["discount"] = (
            f"coalesce(least(greatest({share}, 0), 1), avg(round(discount * {GRID}) / {GRID}))"
        )
    # Of the states of one order's rows, that which says most: paid, then refunded.
    ranks = " ".join(f"WHEN {literal(s)} THEN {i}" for i, s in enumerate(_BY_WEIGHT))
    aggregates["state"] = f"arg_max(state, CASE state {ranks} END)"
    aggregates |= {"kind": "kind", "customer_id": "customer_id"}
    varied = [name for name in ("value", "refunded_amount") if name in per_order]
    lines = {
        "order_rows": "count(*)",
        "order_days": "date_diff('day', min(timestamp), max(timestamp))",
        "order_varies": " OR ".join(f"min({n}) <> max({n})" for n in varied) or "false",
    }
    listed = ", ".join(f"{aggregates[name]} AS {name}" for name in INTERACTIONS)
    counted = ", ".join(f"{sql} AS {name}" for name, sql in lines.items())
    kinds = ", ".join(map(literal, _PAID_FOR))
    # A row without an order id, and what no order is made of, is a row of its own.
    key = f"CASE WHEN kind IN ({kinds}) AND reject IS NULL THEN order_id END"
    apart = f"CASE WHEN {key} IS NULL THEN uuid() END"
    group = "customer_id, kind, reject, order_key, order_apart"
    keyed = f"SELECT *, {key} AS order_key, {apart} AS order_apart FROM ({rows})"
    orders = (
        f"SELECT {listed}, reject, min(unread) AS unread, {counted} FROM ({keyed}) GROUP BY {group}"
    )
    return apply_states(orders, columns, "".join(f", {name}" for name in LINES))


_ALONE: Mapping[str, str] = {"order_rows": "1", "order_days": "0", "order_varies": "false"}
_BY_WEIGHT = ("pending", "void", "cancelled", "failed", "paid", PARTLY, REFUNDED)
