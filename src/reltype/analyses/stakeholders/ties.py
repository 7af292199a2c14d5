"""Ties: who is tied to whom, how strongly, read from a list or a log, without what is no tie.

Left out by rule, and counted: mail to oneself, messages to more than `BROADCAST` recipients, robots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, field, frozen

from reltype.analyses.stakeholders.columns import Columns, columns
from reltype.arrow import doubles
from reltype.errors import InputError, UsageError
from reltype.expressions import literal, quote
from reltype.formats.printing import printable
from reltype.mapping.casts import Cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reltype.analyses.table import Table
    from reltype.arrow import Floats, Ints

BROADCAST = 10
"""Recipients up to whom a message is from somebody to somebody."""
SILENT = 20
"""Different recipients from whom on a sender whom nobody ever answers is taken for a machine."""

ROBOT = (
    r"(.*[-_.+ ])?(no|do ?not|don t|dont|never)[-_. ]?reply([-_.+ ].*)?|mailer[-_.]?daemon|daemon"
    r"|postmaster|(.*[-_.])?bounces?([-_.+].*)?|(.*[-_. ])?notifications?|(.*[-_. ])?alerts?"
    r"|(.*[-_. ])?newsletters?|(.*[-_. ])?mailings?|(.*[-_. ])?bot|bot[-_. ].*|(.*[-_. ])?robot"
    r"|auto[-_. ]?(reply|responder|mailer|mated)|system|cron|root|jira|listserv|majordomo"
)
"""What a robot is called: before the `@`, or as a whole; RE2."""


@frozen
class LeftOut:
    """What was no tie.

    Attributes:
        rule: In words.
        rows: Ties (a message to one person) that fell to it.
        people: Who sent them, counted.
    """

    rule: str
    rows: int
    people: int


@frozen(eq=False)
class Ties:
    """Who is tied to whom.

    Attributes:
        names: (n,) how each person is written, sorted; a tie speaks of their places.
        source: (m,) whom each tie comes from; no tie goes to its own source or is there twice.
        target: (m,) whom it goes to.
        weight: (m,) how strong it is, above 0: the sum of its rows.
        rows: Rows or messages to one person each that make them up.
        log: Whether it is a log of messages rather than a list that somebody wrote.
        undirected: Whether ties mean no direction.
        listed: Whether each row is a person with their ties, so that it lists the people too.
        left_out: What was no tie, by rule.
        notes: Sentences for people.
    """

    names: tuple[str, ...] = field(repr=False)
    source: Ints = field(repr=False)
    target: Ints = field(repr=False)
    weight: Floats = field(repr=False)
    rows: int
    log: bool
    listed: bool
    undirected: bool = False
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


def read(
    table: Table,
    *,
    sender: str | None = None,
    recipients: Iterable[str] = (),
    weight: str | None = None,
    undirected: bool = False,
    keep_all: bool = False,
    broadcast: int = BROADCAST,
) -> Ties:
    """The ties in *table*.

    Args:
        table: A row a tie, a message, or a person with a list of ties.
        sender: The column of whom a tie comes from; None: by its name.
        recipients: Columns of whom it goes to; empty: by their names.
        weight: The column of how strong it is; None: by its name, else rows are counted.
        undirected: Each tie goes both ways.
        keep_all: Broadcasts and robots are ties too.
        broadcast: Recipients up to whom a message is none to everybody.

    Raises:
        InputError: Nothing tells who is tied to whom, or nobody is.
    """
    if broadcast < 1:
        raise UsageError(f"broadcast = {broadcast}: use a number from 1.")
    which = columns(table, sender, recipients, weight)
    table, headed = _with_header(table, which)
    engine = table.engine
    listed = {name: _separators(table, name, which.sender) for name in which.recipients}
    log = _is_log(table, which, listed)
    first = engine.materialise(_rows(table, which, listed, log=log), "ties_rows")
    odd = engine.rows(
        "SELECT count(*) FILTER (w IS NULL AND b IS NOT NULL), "
        "count(*) FILTER (NOT (w > 0 AND isfinite(w))), "
        "count(*) FILTER (a IS NULL AND b IS NOT NULL OR b IS NULL AND first) "
        f"FROM {first}"
    )[0]
    left = [
        LeftOut("nobody stands at one of its ends", 0 if any(listed.values()) else odd[2], 0),
        LeftOut("a weight that is no number above 0", odd[1], 0),
    ]
    sound = engine.materialise(
        f"SELECT message, a, b, ka, kb, coalesce(w, 1) AS w FROM {first} "
        "WHERE a IS NOT NULL AND b IS NOT NULL AND coalesce(w > 0 AND isfinite(w), true)",
        "ties_sound",
    )
    rules = _rules(log=log, keep_all=keep_all, broadcast=broadcast)
    kept, found = _without(table, sound, rules)
    made = engine.table(
        f"SELECT ka, kb, sum(w) AS w, count(*) AS n FROM {kept} GROUP BY ka, kb ORDER BY ka, kb"
    )
    if made.num_rows == 0:
        told = "; ".join(f"{one.rows:,}: {one.rule}" for one in [*left, *found] if one.rows)
        raise InputError(f"{table.name}: nobody is tied to anybody{f' ({told})' if told else ''}.")
    spelt = engine.rows(
        f"SELECT k, arg_min(s, (-n, s)) FROM (SELECT k, s, count(*) AS n FROM ("
        f"SELECT ka AS k, a AS s FROM {kept} UNION ALL SELECT kb, b FROM {kept}) GROUP BY k, s) "
        "GROUP BY k"
    )
    for name in {first, sound, kept}:
        engine.drop(name)
    names = sorted(printable(str(s)) for _, s in spelt)
    place = {k: i for i, (_, k) in enumerate(sorted((printable(str(s)), k) for k, s in spelt))}
    source = np.array([place[k] for k in made.column("ka").to_pylist()], np.int64)
    target = np.array([place[k] for k in made.column("kb").to_pylist()], np.int64)
    strength = doubles(made.column("w"))
    notes = [*table.notes, *headed, *_told(table, which, odd[0])]
    if undirected:
        source, target, strength = _both_ways(source, target, strength, len(names))
    elif len(source) >= 10 and not _any_mutual(source, target, len(names)):
        notes.append(
            "No tie goes both ways. If nobody meant a direction, say --undirected: reciprocity "
            "tells nothing then."
        )
    rows = int(doubles(made.column("n")).sum())
    out = tuple(one for one in [*left, *found] if one.rows)
    listing = not log and any(listed.values())
    return Ties(
        tuple(names), source, target, strength, rows, log, listing, undirected, out, tuple(notes)
    )


def _with_header(table: Table, which: Columns) -> tuple[Table, list[str]]:
    """The table with its header as a row, where its names are those of people in it."""
    to = which.recipients[0]
    if not which.guessed or len(which.recipients) > 1:
        return table, []
    held = {cell for column in table.profiles([which.sender, to]) for cell in column.cells}
    if not {which.sender, to} <= held:
        return table, []
    given = [
        f"{literal(name)} AS {quote(name)}"
        if name in {which.sender, to}
        else f"NULL AS {quote(name)}"
        for name in table.columns
    ]
    relation = f"(SELECT * FROM {table.relation} UNION ALL SELECT {', '.join(given)})"
    told = (
        f"{which.sender}, {to}: the first row names people of the others, so it was read as a tie."
    )
    return evolve(table, relation=relation), [told]


def _rows(table: Table, which: Columns, listed: Mapping[str, str], *, log: bool) -> str:
    """SQL of message, sender, recipient and weight: `a`, `b` as written, `ka`, `kb` as they are told apart."""
    weight = "NULL"
    if which.weight is not None:
        column = table.profiles([which.weight])[0]
        written = column.numbers.expression(quote(which.weight)) if column.numbers else "NULL"

        weight = Cells.of(table.columns, table.name).cast(written, "DOUBLE", which.weight)
        filled = f"nullif(trim(CAST({quote(which.weight)} AS VARCHAR)), '') IS NOT NULL"
        weight = f"CASE WHEN {filled} THEN coalesce({weight}, -1) END"
    message = _message(which, table)
    every = " UNION ALL ".join(
        f"SELECT {message} AS message, {_cleaned(_text(quote(which.sender)))} AS a, {i == 0} AS first, "
        f"unnest({_parts(table, name, listed[name])}) AS part, {weight} AS w FROM {table.relation}"
        for i, name in enumerate(which.recipients)
    )
    part, strength = "part", "w"
    if not log and any(listed.values()) and which.weight is None:
        # In a list that somebody wrote: Sam (8), Sam: 8.
        own = literal(r"^(.*\S)\s*[(:=×]\s*([0-9]+([.][0-9]+)?)\s*[)]?\s*$")
        part = f"coalesce(nullif(regexp_extract(part, {own}, 1), ''), part)"
        strength = f"TRY_CAST(nullif(regexp_extract(part, {own}, 2), '') AS DOUBLE)"
    cells = f"SELECT message, a, first, {_cleaned(part)} AS b, {strength} AS w FROM ({every})"
    return f"SELECT *, {_key('a')} AS ka, {_key('b')} AS kb FROM ({cells})"


def _is_log(table: Table, which: Columns, listed: Mapping[str, str]) -> bool:
    """Whether it is a log of messages; a list that somebody wrote has no time, and each person once."""
    if which.time is not None or which.message is not None:
        return True
    lists = any(listed.values()) or any(table.columns[n].endswith("[]") for n in which.recipients)
    if not lists or which.weight is not None:
        return False
    rows, senders = table.engine.rows(
        f"SELECT count(*), count(DISTINCT {quote(which.sender)}) FROM {table.relation}"
    )[0]
    return bool(senders < rows)


def _message(which: Columns, table: Table) -> str:
    """SQL of which message a row is: its id; else its sender and its time, where it has a clock."""
    if which.message is not None:
        return f"hash({quote(which.message)})"
    if which.time is not None:
        cells = table.profiles([which.time])[0].cells
        clock = sum(":" in cell for cell in cells) > len(cells) / 2 and any(
            not cell.split(":", 1)[1].startswith("00") for cell in cells if ":" in cell
        )
        if clock:
            return f"hash({quote(which.sender)}, {quote(which.time)})"
    shown = ", ".join(quote(name) for name in (which.sender, *which.recipients))
    return f"hash({shown}, row_number() OVER ())"


def _text(sql: str) -> str:
    return f"CAST({sql} AS VARCHAR)"


def _parts(table: Table, name: str, separators: str) -> str:
    """SQL of the list of recipients in a cell."""
    quoted = quote(name)
    if table.columns[name].endswith("[]") and "STRUCT" not in table.columns[name]:
        return f"CAST({quoted} AS VARCHAR[])"
    if table.columns[name] != "VARCHAR" and "STRUCT" in table.columns[name]:
        return f"regexp_extract_all({_text(quoted)}, {literal(_ADDRESS)})"
    if not separators:
        return f"[{_text(quoted)}]"
    # A name before an address may hold a comma of its own; a list may be written as a program does.
    bare = f"regexp_replace({_text(quoted)}, '\"[^\"]*\"\\s*<', '<', 'g')"
    program = r"^\s*(frozenset\()?\s*[\[{(].*[\]})]\s*\)?\s*$"
    unwrapped = (
        f"CASE WHEN regexp_matches({bare}, {literal(program)}) "
        f"THEN regexp_replace({bare}, {literal(_WRAPPERS)}, '', 'g') "
        f"ELSE {bare} END"
    )
    split = f"regexp_split_to_array({unwrapped}, {literal(f'[{separators}]')})"
    addresses = f"regexp_extract_all({bare}, {literal(_ADDRESS)})"
    parts = f"CASE WHEN regexp_matches({bare}, '[{{].*@') THEN {addresses} ELSE {split} END"
    addressed = f"len(list_filter({parts}, lambda p: contains(p, '<'))) > 0"
    return (
        f"CASE WHEN {addressed} THEN list_filter({parts}, lambda p: contains(p, '@')) "
        f"ELSE {parts} END"
    )


_ADDRESS = r"""[^\s,;:<>"'()\[\]{}]+@[^\s,;:<>"'()\[\]{}]+"""
_WRAPPERS = r"""frozenset\(|[\[\]{}()'"]"""


def _cleaned(sql: str) -> str:
    """SQL of a person as written, without blanks around or repeated; of `Name <address>` the address."""
    address = f"nullif(regexp_extract({sql}, '<\\s*([^<>@\\s]+@[^<>\\s]+)\\s*>', 1), '')"
    inside = f"CASE WHEN regexp_matches({sql}, '[{{].*@') THEN regexp_extract({sql}, {literal(_ADDRESS)}) END"
    bare = (
        f"trim(regexp_replace(coalesce({address}, {inside}, {sql}), '[\\s\\x{{a0}}]+', ' ', 'g'))"
    )
    plain = f"nullif(trim({bare}, ' ,;'), '')"
    spelt = f"nfc_normalize(CASE WHEN contains({plain}, '@') THEN lower({plain}) ELSE {plain} END)"
    nobody = "('nan', 'null', 'none', 'n/a', 'na', '-', '?', 'unknown')"
    return f"CASE WHEN lower({plain}) NOT IN {nobody} THEN {spelt} END"


def _key(sql: str) -> str:
    """SQL of what two spellings of one person share: an address, or a name without digits, in any case."""
    folded = f"contains({sql}, '@') OR NOT regexp_matches({sql}, '[0-9]')"
    return f"CASE WHEN {folded} THEN lower({sql}) ELSE {sql} END"


def _separators(table: Table, name: str, sender: str) -> str:
    """The signs that part the recipients in the cells of a column; empty where each holds one."""
    if table.columns[name] != "VARCHAR":
        return ""
    column, senders = table.profiles([name, sender])
    known = {cell.casefold() for cell in senders.cells}
    known |= {cell.casefold() for cell in column.cells}
    found = []
    for sign in (";", ",", "|", "\n"):
        cells = [cell for cell in column.cells if sign in cell]
        parts = [p.strip(" []{}()'\"").casefold() for cell in cells for p in cell.split(sign)]
        parts = [part for part in parts if part]
        if not parts:
            continue
        told = sum(part in known or "@" in part for part in parts)
        if sign in ";\n" or told >= 0.3 * len(parts):
            found.append("\\n" if sign == "\n" else sign)
    return "".join(found)


@frozen
class _Rule:
    """What is left out, and the condition on a row of it.

    Attributes:
        words: For people.
        where: SQL over the rows that are there still, which `{rows}` stands for.
    """

    words: str
    where: str


def _rules(*, log: bool, keep_all: bool, broadcast: int) -> list[_Rule]:
    rules = [_Rule("to oneself", "ka = kb")]
    if keep_all or not log:
        return rules
    robots = "regexp_full_match(lower(split_part({k}, '@', 1)), " + literal(ROBOT) + ")"
    rules.append(
        _Rule(
            f"broadcasts: a message to more than {broadcast} recipients",
            "message IN (SELECT message FROM {rows} GROUP BY message "
            f"HAVING count(DISTINCT kb) > {broadcast})",
        )
    )
    rules.append(
        _Rule(
            "robots by their names: no-reply, newsletter, bounce …",
            f"{robots.replace('{k}', 'ka')} OR {robots.replace('{k}', 'kb')}",
        )
    )
    rules.append(
        _Rule(
            f"machines: {SILENT} recipients or more, none of whom ever writes back",
            "ka IN (SELECT x.ka FROM {rows} x GROUP BY x.ka "
            f"HAVING count(DISTINCT x.kb) >= {SILENT} AND x.ka NOT IN (SELECT y.kb FROM {{rows}} y))",
        )
    )
    return rules


def _without(table: Table, rows: str, rules: Sequence[_Rule]) -> tuple[str, list[LeftOut]]:
    """The rows that no rule leaves out, and what each did, one after another."""
    engine, found, kept = table.engine, [], rows
    for rule in rules:
        where = rule.where.replace("{rows}", kept)
        count, people = engine.rows(
            f"SELECT count(*), count(DISTINCT ka) FROM {kept} WHERE {where}"
        )[0]
        found.append(LeftOut(rule.words, count, people))
        if count:
            less = engine.materialise(f"SELECT * FROM {kept} WHERE NOT ({where})", "ties_kept")
            if kept != rows:
                engine.drop(kept)
            kept = less
    return kept, found


def _told(table: Table, which: Columns, unweighted: int) -> list[str]:
    notes = []
    if which.guessed:
        notes.append(
            f"{which.sender!r} was taken for whom a tie comes from and {which.recipients[0]!r} for "
            "whom it goes to, by their place; --from and --to say otherwise."
        )
    if which.weight is not None and unweighted:
        notes.append(f"{unweighted:,} ties without {which.weight!r} count 1.")
    if which.weight is not None:
        doubt = table.profiles([which.weight])[0].numbers
        if doubt is not None and (words := doubt.doubt(which.weight, quote(which.weight))):
            notes.append(f"{words}.")
    return notes


def _both_ways(
    source: Ints, target: Ints, weight: Floats, people: int
) -> tuple[Ints, Ints, Floats]:
    """Each tie in both directions, as strong as both together."""
    key = np.concatenate([source * people + target, target * people + source])
    keys, place = np.unique(key, return_inverse=True)
    summed = np.bincount(place, np.concatenate([weight, weight]), len(keys)).astype(np.float64)
    return keys // people, keys % people, summed


def _any_mutual(source: NDArray[np.int64], target: NDArray[np.int64], people: int) -> bool:
    return bool(np.isin(target * people + source, source * people + target).any())
