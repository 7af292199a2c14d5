"""Columns of a list of ties, a log of messages or a list of people: which is which, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from attrs import frozen

from reltype.analyses.table import Table
from reltype.errors import InputError
from reltype.mapping.kinds import plain

_WHO = (
    r"(id|ids|no|nr|number|key|name|names|person|people|user|email|e ?mail|address|addresses"
    r"|node|employee|member|person id|user id|employee id|email address)"
)


def _named(*words: str) -> re.Pattern[str]:
    """One of *words*, also with what it holds said before or after it: `sender_id`, `from name`."""
    stems = "|".join(words)
    return re.compile(rf"({stems})|({stems}) {_WHO}|{_WHO} ({stems})")


SENDER = _named(
    *("from", "source", "src", "sender", "sent by", "sender s", "originator", "author", "caller"),
    *(
        "initiator",
        "ego",
        "who",
        "asker",
        "giver",
        "actor",
        "head node",
        "node 1",
        "node1",
        "node a",
    ),
    *("person 1", "person1", "person a", "persona", "user 1", "user1", "user a", "name 1", "a"),
    *("employee 1", "employee a", "id 1", "id1", "vertex 1", "v1", "u", "i", "first", "respondent"),
    *("von", "absender", "sender in", "de", "expediteur", "emetteur", "remitente", "mittente"),
    *(
        "van",
        "afzender",
        "from node",
        "source node",
        "x1",
        "origin",
        "nominator",
        "rater",
        "mail from",
    ),
    *("from address", "stakeholder", "x from", "ruler", "left"),
)
RECIPIENT = _named(
    *("to", "target", "tgt", "dst", "dest", "destination", "recipient", "recipients", "receiver"),
    *(
        "receivers",
        "addressee",
        "addressees",
        "sent to",
        "callee",
        "called",
        "alter",
        "whom",
        "asked",
    ),
    *("to whom", "taker", "node 2", "node2", "node b", "person 2", "person2", "person b", "user 2"),
    *(
        "user2",
        "user b",
        "name 2",
        "b",
        "employee 2",
        "employee b",
        "id 2",
        "id2",
        "vertex 2",
        "v2",
    ),
    *("v", "j", "second", "an", "empfanger", "destinataire", "destinatario", "aan", "ontvanger"),
    *("ties", "tied to", "tie", "connected to", "connections", "contacts", "links", "linked to"),
    *("knows", "works with", "relates to", "nominee", "ratee", "x2", "to node", "target node"),
    *("rcpt", "rcpt to", "mail to", "mailto", "to address", "to addresses", "x to", "right"),
)
COPY = _named("cc", "bcc", "copy", "copied", "carbon copy", "kopie", "x cc", "x bcc")
WEIGHT = re.compile(
    r"weights?|strength|ties? strength|frequency|freq|counts?|n|times?|number of (\w+)|nr|messages?"
    r"|mails?|emails?|calls?|meetings?|contacts|value|gewicht|poids|peso|intensity|closeness|minutes"
    r"|duration|volume|interactions?|total"
)
KIND = re.compile(r"kind|type|relation(ship)?|tie|label|how|what|art|verb|edge type|relation type")
TIME = re.compile(
    r"(.* )?(date|time|timestamp|datetime|sent|sent (at|on)|day|when|datum|ts|created|created at)"
)
MESSAGE = re.compile(r"(message|mail|email|msg|meeting|event|call|post)( id| uid| no| key)|mid")
PERSON = _named(
    *("who", "person", "people", "stakeholder", "employee", "user", "member", "node", "actor"),
    *("contact", "participant", "email", "id", "name", "vertex", "individual", "party"),
)
NAME = re.compile(
    r"name|full name|display name|(person|employee|user|stakeholder|contact|member) name|label|who"
)
GROUP = re.compile(
    r"departments?|dept|team|unit|business unit|division|group|organi[sz]ation|org|company|section"
    r"|function|faculty|office|abteilung|service|afdeling|community|site|location"
)
ROLE = re.compile(r"role|kind|type|stakeholder (type|kind|role)|position|rolle|category")
LETTERS = {"b": "a", "v": "u", "j": "i"}
"""A letter for whom a tie goes to → the one for whom it comes from."""
CUSTOMERS = frozenset(
    {
        *(
            "customer",
            "client",
            "citizen",
            "patient",
            "service user",
            "user",
            "end user",
            "resident",
        ),
        *("guest", "passenger", "beneficiary", "consumer", "student", "pupil", "tenant", "buyer"),
        *("kunde", "kundin", "klant", "cliente", "account"),
    }
)
"""What a role is called of somebody whose outcome the others work for, in plain form."""


@frozen
class Columns:
    """Which column of the ties is which.

    Attributes:
        sender: Whom a tie comes from.
        recipients: Whom it goes to; several where there are copies.
        weight: How strong it is; None: each row counts one.
        kind: What it is.
        time: When it was.
        message: Which message a row belongs to.
        guessed: Whether sender and recipients were told by place, not by name.
    """

    sender: str
    recipients: tuple[str, ...]
    weight: str | None = None
    kind: str | None = None
    time: str | None = None
    message: str | None = None
    guessed: bool = False


def columns(
    table: Table,
    sender: str | None = None,
    recipients: Iterable[str] = (),
    weight: str | None = None,
) -> Columns:
    """Which column of *table* is which: as said, else by its name.

    Raises:
        InputError: Nothing tells who is tied to whom.
    """
    names = {name: plain(name) for name in table.columns}
    said = [table.column(name) for name in recipients]
    of = None if sender is None else table.column(sender)
    guessed = False
    if of is None:
        of = _ranked(names, SENDER, said)
    to = said or _recipients(names, of)
    if of is not None and not said and to and LETTERS.get(names[to[0]], names[of]) != names[of]:
        to = []  # b is whom it goes to beside a; beside anything else it is a column of its own
    if of is None or not to:
        pair = _by_place(table, of, said)
        if pair is None:
            raise InputError(
                f"{table.name}: no column says who is tied to whom. There are: "
                f"{', '.join(list(table.columns)[:12])}. Name them with --from COLUMN --to COLUMN."
            )
        of, to, guessed = pair[0], [pair[1]], True
    left = {n: p for n, p in names.items() if n not in {of, *to}}
    strong = table.column(weight) if weight is not None else _weight(table, left)
    rest = {n: p for n, p in left.items() if n != strong}
    return Columns(
        of,
        tuple(to),
        strong,
        _first(rest, KIND),
        _first(rest, TIME),
        _first(rest, MESSAGE),
        guessed,
    )


def _first(names: Mapping[str, str], pattern: re.Pattern[str]) -> str | None:
    return next((name for name, words in names.items() if pattern.fullmatch(words)), None)


def _ranked(names: Mapping[str, str], pattern: re.Pattern[str], taken: Iterable[str]) -> str | None:
    """The column whose name *pattern* knows; an id or an address before a name."""
    found = [n for n, p in names.items() if n not in set(taken) and pattern.fullmatch(p)]
    if not found:
        return None
    return min(found, key=lambda name: (_worth(names[name]), found.index(name)))


def _worth(words: str) -> int:
    """Ids tell people apart best, names worst."""
    if re.search(r"\b(id|no|nr|key|number)\b", words):
        return 0
    if re.search(r"\b(e ?mail|address|addresses)\b", words):
        return 1
    return 3 if re.search(r"\bnames?\b", words) else 2


def _recipients(names: Mapping[str, str], of: str | None) -> list[str]:
    """The column of recipients that goes with the sender's, and its copies."""
    found = [n for n, p in names.items() if n != of and RECIPIENT.fullmatch(p)]
    if not found:
        return []
    worth = 2 if of is None else _worth(names[of])
    to = min(found, key=lambda n: (abs(_worth(names[n]) - worth), found.index(n)))
    copies = [n for n, p in names.items() if COPY.fullmatch(p) and n not in {of, to}]
    best = {_worth(names[n]) for n in copies}
    same = [n for n in copies if _worth(names[n]) == min(best, key=lambda w: abs(w - worth))]
    return [to, *same]


def _by_place(table: Table, of: str | None, to: list[str]) -> tuple[str, str] | None:
    """The first two columns, where they hold the same sort of thing, or there are no others."""
    names = [name for name in table.columns if name not in {of, *to}]
    needed = (of is None) + (not to)
    if len(names) < needed:
        return None
    pair = (of or names[0], to[0] if to else names[needed - 1])
    if len(table.columns) <= 2:
        return pair
    one, two = (set(column.cells) for column in table.profiles(pair))
    alike = len(one & two) >= 0.2 * min(len(one), len(two)) and one & two
    return pair if alike else None


def _weight(table: Table, names: Mapping[str, str]) -> str | None:
    """A column of numbers that is called a weight; where no column is, a third of a list without names."""
    called = [n for n, p in names.items() if WEIGHT.fullmatch(p)]
    if not called and all(re.fullmatch(r"column \d+", p) for p in map(plain, table.columns)):
        called = list(names)[:1]
    for column in table.profiles(called):
        if column.numbers is not None and column.clock is None and column.numbers.share >= 0.5:
            return column.name
    return None
