"""Flaw: something wrong with a rule that can be seen without any customer."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from reltype.engines.duckdb import DuckDB
from reltype.errors import did_you_mean
from reltype.expressions import literal, quote
from reltype.reporting.regions import Range, ranges, relation, thresholds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reltype.definitions.rules import Example, Rule
    from reltype.engines import Engine
    from reltype.expressions import Expression
    from reltype.plugins.knowledge import Knowledge


@frozen
class Flaw:
    """What is wrong, and where.

    Attributes:
        who: The file or the plugin that the rule is from.
        rule: Its name.
        key: Which of its keys: `when`, `examples[0]`.
        text: In words.
        wrong: False where the rule does what it says, and somebody should look at it all the same.
        table: Which table of a pack it is about.
    """

    who: str
    rule: str
    key: str
    text: str
    wrong: bool = True
    table: str = "rules"

    def __str__(self) -> str:
        return f"{self.who}: [[{self.table}]] {self.rule!r}, {self.key}: {self.text}"


def flaws(knowledge: Knowledge) -> tuple[Flaw, ...]:
    """Everything wrong with the rules, in their order; the examples are evaluated by the engine.

    Looked for: examples that fail or give what the condition does not read; conditions that never
    hold or always do; thresholds outside an input's range; rules that fire exactly where another
    does, or only where another does. Ranges are known for readings and for features whose unit says
    so. Conditions that do more than compare inputs with numbers are tried by their examples alone.
    """
    engine = DuckDB.connect()
    engine.register(knowledge.functions, knowledge.plugins)
    engine.lock([])
    look = _Look(knowledge, engine)
    found = [flaw for rule in knowledge.catalogue.rules.values() for flaw in look.at(rule)]
    return (*found, *look.at_pairs(), *_silent(knowledge))


def _silent(knowledge: Knowledge) -> Iterator[Flaw]:
    """Archetypes for which there is nothing to cultivate, and signals that no reason can tell of."""
    catalogue = knowledge.catalogue
    for of, name in catalogue.archetypes:
        offered = [b for b in catalogue.benefits_of(of) if b.suits.get(name, 0) > 0]
        if not offered:
            who = catalogue.owners.get(("archetype", str((of, name))), "")
            text = (
                "no benefit suits it: whoever is named so is offered nothing. Add one, or override"
            )
            text += " the `suits` of one that is there"
            yield Flaw(who, name, "benefits", text, wrong=False, table="archetypes")
    for signal in catalogue.signals.values():
        poles = {said.pole for said in signal.says}
        if not {"low", "high"} <= poles:
            who = catalogue.owners.get(("signal", signal.name), "")
            lacking = " and ".join(p for p in ("low", "high") if p not in poles)
            text = f"it has no sentence for {lacking}: no reason can be told of it there"
            yield Flaw(who, signal.name, "says", text, wrong=False, table="signals")


@define
class _Look:
    """Looks at rules with the help of an engine."""

    knowledge: Knowledge
    engine: Engine
    known: Mapping[str, Range] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.known = ranges(self.knowledge.catalogue)

    def at(self, rule: Rule) -> Iterator[Flaw]:
        for number, example in enumerate(rule.examples):
            for text in self._example(rule, example):
                yield self._flaw(rule, f"examples[{number}]", text)
        if not rule.examples:
            text = "none is given; one that fires and one that does not would show what is meant"
            yield self._flaw(rule, "examples", text, wrong=False)
        yield from (self._flaw(rule, "when", text) for text in self._condition(rule))

    def at_pairs(self) -> Iterator[Flaw]:
        """Rules that fire where another does."""
        rules = list(self.knowledge.catalogue.rules.values())
        bounds = {rule.name: thresholds(self._parsed(rule)) for rule in rules}
        for first, second in combinations(rules, 2):
            if first.typology and second.typology and first.typology != second.typology:
                continue
            both = (bounds[first.name], bounds[second.name])
            if None not in both and set(both[0] or ()) & set(both[1] or ()):
                yield from self._pair(first, second, both)  # type: ignore[arg-type]
            elif self._parsed(first).sql() == self._parsed(second).sql():
                yield from self._disagreement(first, second, 0, 0, 1)

    def _pair(
        self, first: Rule, second: Rule, bounds: tuple[dict[str, set[float]], dict[str, set[float]]]
    ) -> Iterator[Flaw]:
        points = relation(bounds, self.known)
        if points is None:
            return
        a, b = (f"coalesce({self._parsed(r).sql()}, false)" for r in (first, second))
        asked = (f"{a} AND NOT {b}", f"{b} AND NOT {a}", f"{a} AND {b}")
        yield from self._disagreement(first, second, *self._counts(asked, points))

    def _disagreement(
        self, first: Rule, second: Rule, only: int, other: int, both: int
    ) -> Iterator[Flaw]:
        if not both or (only and other):
            return
        alike = first.archetype == second.archetype
        whose = self._who(first)
        if not only and not other:
            text = f"it holds exactly where that of {first.name!r} ({whose}) does"
            text += "; keep one" if alike else f", which speaks for {first.archetype!r}"
            yield self._flaw(second, "when", text, wrong=alike)
        elif alike:
            narrow, wide = (first, second) if not only else (second, first)
            text = f"wherever it holds, {wide.name!r} ({self._who(wide)}) holds too"
            yield self._flaw(narrow, "when", text, wrong=False)

    def _condition(self, rule: Rule) -> Iterator[str]:
        clauses = [clause.expression for clause in self._parsed(rule).clauses()]
        simple = [(c, bounds) for c in clauses if (bounds := thresholds(c)) is not None]
        dead = False
        for clause, bounds in simple:
            holds, fails = self._tried([clause], [bounds])
            if fails and not holds:
                dead = True
                yield f"`{clause.text}` never holds{self._because(bounds)}, so the rule never fires"
            elif holds and not fails and any(bounds.values()):
                yield f"`{clause.text}` always holds{self._because(bounds)}"
        if not simple or dead:
            return
        holds, fails = self._tried([c for c, _ in simple], [b for _, b in simple])
        if fails and not holds:
            yield "its parts contradict each other, so the rule never fires"
        elif holds and not fails and len(simple) == len(clauses) == 1 and not clauses[0].needs:
            yield "it always holds"

    def _tried(
        self, clauses: list[Expression], bounds: list[dict[str, set[float]]]
    ) -> tuple[int, int]:
        """At how many points they all hold, and at how many not."""
        points = relation(bounds, self.known)
        if points is None:
            return 1, 1
        sql = " AND ".join(f"({c.sql()})" for c in clauses)
        holds, fails = self._counts((sql, f"NOT ({sql})"), points)
        return holds, fails

    def _counts(self, asked: tuple[str, ...], points: str) -> tuple[int, ...]:
        counted = ", ".join(f"count_if({sql})" for sql in asked)
        row: tuple[int, ...] = self.engine.rows(f"SELECT {counted} FROM ({points})")[0]
        return row

    def _because(self, bounds: Mapping[str, set[float]]) -> str:
        told = [f"{c} is {self.known[c]}" for c in bounds if self.known.get(c, Range()) != Range()]
        return f" ({', '.join(told)})" if told else ""

    def _example(self, rule: Rule, example: Example) -> Iterator[str]:
        expression = self._parsed(rule)
        for name in example.given:
            if name not in expression.needs:
                hint = did_you_mean(name, expression.needs).rstrip(".")
                yield f"it gives {name!r}, which the condition does not read.{hint}"
                return
        columns = ", ".join(
            f"CAST({_typed(example.given.get(name))}) AS {quote(name)}" for name in expression.needs
        )
        got = self.engine.rows(f"SELECT {expression.sql()} FROM (SELECT {columns or '1'})")[0][0]
        if got is not example.fires:
            silent = sorted(n for n in expression.needs if example.given.get(n) is None)
            why = f" ({', '.join(silent)} not given)" if got is None and silent else ""
            yield f"the condition is {_word(got)}{why}, and `fires` says {_word(example.fires)}"

    def _parsed(self, rule: Rule) -> Expression:
        return rule.expression(self.knowledge.catalogue.functions)

    def _who(self, rule: Rule) -> str:
        return self.knowledge.catalogue.owners.get(("rule", rule.name), "")

    def _flaw(self, rule: Rule, key: str, text: str, *, wrong: bool = True) -> Flaw:
        return Flaw(self._who(rule), rule.name, key, text, wrong)


def _typed(value: float | bool | str | None) -> str:
    if isinstance(value, (bool, str)):
        return f"{literal(value)} AS {'BOOLEAN' if isinstance(value, bool) else 'VARCHAR'}"
    return f"{literal(None if value is None else float(value))} AS DOUBLE"


def _word(value: bool | None) -> str:
    return "unknown" if value is None else str(value).lower()
