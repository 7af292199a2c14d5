"""Numbers: what people write for numbers and money, read in SQL and in Python by the same steps.

Currencies before or behind, blanks, thousands, lakh and crore, `(20.00)`, `20-`, `12.-`, `$ -`,
`DR` and `CR`, `%`. The words are data in `builtin/words.toml`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from reltype.expressions import steps, words
from reltype.expressions.steps import Replace, Step, one_of
from reltype.expressions.values import text_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNS = (".", ",")
"""Decimal signs."""

_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+")


@cache
def money() -> tuple[str, str]:
    """Patterns of what may stand before a number, its blank included, and of what may stand behind."""
    said, known = words.table("money"), words.table("cldr", "money")
    signs = sorted({sign for sign in known["signs"] if not sign.isdigit()} | {"$", "€", "£", "¥"})
    touching = [*words.currency_codes(), *signs, *said["touching"]]
    behind = [*touching, *said["behind"]]
    parted = list(said["parted"])
    for word in known["letters"]:
        if _LATIN.match(word) is None:
            touching.append(word)
            behind.append(word)
        elif word not in said["touching"] and len(word) > 1:
            parted.append(word)
            behind += [word] if len(word) > 2 else []
    # Money with pence, as in R120.00, has no need of a blank behind a single letter.
    before = rf"(?:{one_of(touching)})[.]? ?|(?:{one_of(parted)})[.]? "
    return before, rf"(?:{one_of(behind)})[.]?"


def pattern(sign: str) -> str:
    """What a number looks like once everything else is taken off: groups of digits, then decimals."""
    group = "," if sign == "." else "[.]"
    decimal = "[.]" if sign == "." else ","
    three = "|".join(f"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+" for mark in (group, "'", " ", "_"))
    lakh = f"[0-9]{{1,2}}(?:{group}[0-9]{{2}})+{group}[0-9]{{3}}"
    return rf"^[-+]?(?:(?:{three}|{lakh}|[0-9]+)(?:{decimal}[0-9]*)?|{decimal}[0-9]+)(?:[eE][-+]?[0-9]+)?$"


@cache
def taken_off(minus: str = "CR") -> tuple[Step, ...]:
    """The steps that leave nothing but signs, digits and what groups them.

    Args:
        minus: Which of `DR` and `CR` makes a number negative.
    """
    return tuple(_taken_off(minus))


def _taken_off(minus: str) -> Iterator[Step]:
    before, behind = money()
    yield steps.TYPED
    yield from steps.ONE_BLANK
    # An accountant's zero: $ -
    yield Replace(rf"^\(?(?:{before})-+\)?$", "0")
    yield Replace(rf"^-+ ?(?:{behind})$", "0")
    yield Replace(rf"^([-+(]? ?)(?:{before}){{1,2}}([-+(]? ?[.,]?[0-9(].*)$", r"\1\2")
    yield Replace(r"^([-+(]?)[KLMPQRSN]([0-9][0-9 ,.]*[.,][0-9]{2}[)]?)$", r"\1\2")
    said = words.table("money")
    turned = {"DR": said["debit"], "CR": said["credit"]}
    for which, listed in turned.items():
        to = "-" if which == minus else ""
        yield Replace(
            rf"^\(?([0-9][0-9.,' ]*?) ?(?:{behind})? ?(?:{one_of(listed)})\)?$", rf"{to}\1"
        )
        yield Replace(rf"^(?:{one_of(listed)})[.:]? ?(?:{before})?([0-9][0-9.,' ]*)$", rf"{to}\1")
    yield Replace(rf"^(.*[0-9.,:)=-]) ?(?:{behind}) ?([)-]*)$", r"\1\2")
    yield Replace("^(.*[0-9)]) ?%([)]?)$", r"\1\2")
    yield Replace("^% ?", "")
    # 12.- 12,-- 12:-
    yield Replace("^([-+(]?[0-9.,' ]*[0-9])[.,:] ?(?:-{1,2}|=)([)]?)$", r"\1\2")
    yield Replace("^[(] ?[-+]?([^-+()]*?) ?[)]$", r"-\1")
    yield Replace("^([0-9.,' ]+?) ?-$", r"-\1")
    yield Replace("^([0-9.,' ]+?) ?[+]$", r"\1")
    yield Replace("^([-+]) ", r"\1")


def number_sql(cell: str, sign: str = ".", minus: str = "CR") -> str:
    """SQL of the number that the text *cell* holds; null where it holds none."""
    text = steps.sql(cell, taken_off(minus))
    text = f"REGEXP_EXTRACT({text}, {text_literal(pattern(sign))})"
    for mark in (",", "'", " ", "_") if sign == "." else (".", "'", " ", "_"):
        text = f"REPLACE({text}, {text_literal(mark)}, '')"
    text = text if sign == "." else f"REPLACE({text}, ',', '.')"
    return f"TRY_CAST({text} AS DOUBLE)"


_BARE = re.compile(r"-?[0-9]+(?:[.][0-9]+)?")
_NOTHING = re.compile(rf"[^0-9{steps.DIGITS}\-−–—‐‑‒―﹣－]*")


def _left(cell: str, minus: str) -> str:
    """A cell when all but signs, digits and what groups them is taken off.

    A bare number stays as it is, and where there is neither digit nor dash no step makes a number.
    Most cells are one or the other, and are spared patterns that take a tenth of a start to compile.
    """
    if _BARE.fullmatch(cell) or _NOTHING.fullmatch(cell):
        return cell
    return steps.applied(cell, taken_off(minus))


def digits_of(cell: str, minus: str = "CR") -> str | None:
    """What is left of a number as written when all else is taken off, or None if it is none."""
    text = _left(cell, minus)
    return text if any(steps.whole(pattern(sign), text) for sign in SIGNS) else None


def number_of(cell: str, sign: str = ".", minus: str = "CR") -> float | None:
    """The number that a cell holds, read as `number_sql` does; None where it holds none."""
    text = _left(cell, minus)
    if not steps.whole(pattern(sign), text):
        return None
    kept = text.replace("." if sign == "," else ",", "")
    for mark in "' _":
        kept = kept.replace(mark, "")
    return float(kept.replace(",", "."))


@cache
def _booked() -> tuple[re.Pattern[str], re.Pattern[str]]:
    said = words.table("money")
    return tuple(  # type: ignore[return-value]
        re.compile(rf"(?:^|[0-9).,\s])(?:{one_of(said[name])})(?:[\s.:]|$)")
        for name in ("debit", "credit")
    )


def booked(cell: str) -> str | None:
    """`DR` or `CR`, where a cell says that it is a debit or a credit."""
    debit, credit = _booked()
    return "DR" if debit.search(cell) else "CR" if credit.search(cell) else None
