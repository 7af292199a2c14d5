"""Feature: a measured fact per customer. Scale: what is usual among all customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from attrs import field, frozen

from reltype.definitions.norms import QUESTIONS
from reltype.expressions import Expression, parse
from reltype.expressions.functions import Kind

INTERACTION_COLUMNS: Mapping[str, Kind] = {
    "customer_id": "text",
    "timestamp": "time",
    "kind": "text",
    "order_id": "text",
    "state": "text",
    "value": "number",
    "refunded_amount": "number",
    "began": "number",
    "ended": "number",
    "sentiment": "number",
    "rating": "number",
    "discount": "number",
    "channel": "text",
    "category": "text",
    "direction": "text",
    "text": "text",
    "day": "number",
    "weekday": "number",
    "hour": "number",
    "customer_initiated": "bool",
    "organic": "bool",
    "gap_days": "number",
    "payment_gap_days": "number",
    "amount_log": "number",
    "payment_log": "number",
}
"""What an aggregate may speak of: the canonical columns, and nine that the query adds.

`day` is whole days since 1970-01-01; `weekday` 1 (Monday) … 7 (Sunday); `hour` the hour of the day,
0…23; `customer_initiated`, of which `organic` is the old name, is true where the customer took the
step (not a bill, a renewal or a mailing of ours); `gap_days` is the days since the same customer's previous organic day, null on the first and
on a second interaction of one day; `payment_gap_days` the same for days with a payment (a purchase
or a renewal); `amount_log` is the natural logarithm of what a purchase cost, kept to 1/4096 so that sums are exact
in any order, null for what is no purchase or cost nothing.
"""

DAY_COLUMNS = ("as_of_day", "log_start_day")
"""Days since 1970-01-01 of the as-of day and of the log's first day: constants of a run."""


AFTER, BEFORE = "after", "before"
"""What a change calls the new and the present value of its feature."""


@frozen
class Feature:
    """A measured fact per customer, with its unit.

    Attributes:
        name: Lower-case with underscores; what signals, rules and other features call it.
        unit: For people: `days`, `1/month`, `money`, `share`, `count`, `-1…1`.
        of: SQL. An aggregate over the interactions (`count(*) filter (where kind = 'visit')`), or a
            scalar over other features and scales. Empty for a fact that only a customer table
            can give. Where a customer table has a column of this name, its value goes first.
        summary: One sentence.
        source: Where the idea comes from, or empty.
        changeable: False where nobody can change it (time that has passed): a counterfactual
            never proposes to.
        change: What a counterfactual says, as in `coming every {after:every} instead of every
            {before:every}`; other names are the customer's features. Empty: it is never proposed.
        moves: What changes along, and how: another feature → SQL over features and `after`, the
            new value. Empty: the feature itself alone.
    """

    name: str
    unit: str
    of: str = ""
    summary: str = ""
    source: str = ""
    changeable: bool = True
    change: str = ""
    moves: Mapping[str, str] = field(factory=dict)

    def moved(self, functions: Collection[str] = ()) -> dict[str, Expression]:
        """Of each feature that changes along, what it becomes. Raises ConfigError."""
        where = f"feature {self.name!r}, moves"
        asked = self.moves or {self.name: AFTER}
        return {n: parse(sql, where=where, functions=functions) for n, sql in asked.items()}

    def expression(
        self,
        functions: Collection[str] = (),
        columns: Mapping[str, Kind] | None = None,
    ) -> Expression | None:
        """The parsed `of`; None for a given fact.

        Args:
            functions: Plugins' functions that it may call.
            columns: The kinds of other features and scales, where they are known: they make
                plainer SQL.

        Raises:
            ConfigError: It cannot be used.
        """
        if not self.of:
            return None
        where = f"feature {self.name!r}"
        parsed = parse(self.of, where=where, aggregates=True, functions=functions)
        known = INTERACTION_COLUMNS if parsed.aggregate else columns
        if known is None or not parsed.needs <= set(known):
            return parsed
        return parse(self.of, where=where, aggregates=True, functions=functions, columns=known)


@frozen
class Scale:
    """What is *often*, *much*, *long* in this business: one number over all customers.

    Attributes:
        name: What features and signals call it.
        unit: As a feature's.
        of: SQL: an aggregate over features, such as `median(gap_mean_days)`.
        otherwise: The value where the population shows none (all null).
        summary: One sentence.
        by_norm: SQL over norms: the value where somebody who knows said what it speaks of.
    """

    name: str
    unit: str
    of: str
    otherwise: float
    summary: str = ""
    by_norm: str = ""

    def normed(self) -> Expression | None:
        """The parsed `by_norm`; None where no norm speaks of it.

        Raises:
            ConfigError: It cannot be used.
        """
        if not self.by_norm:
            return None
        known: Mapping[str, Kind] = dict.fromkeys(QUESTIONS, "number")
        return parse(self.by_norm, where=f"scale {self.name!r}, by_norm", columns=known)

    def expression(
        self,
        functions: Collection[str] = (),
        columns: Mapping[str, Kind] | None = None,
    ) -> Expression:
        """The parsed `of`; *columns*: as a feature's. Raises ConfigError if it cannot be used."""
        where = f"scale {self.name!r}"
        return parse(self.of, where=where, aggregates=True, functions=functions, columns=columns)
