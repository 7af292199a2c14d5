"""Totals: rows of a report that sum up, where others name a customer. They buy nothing."""

from __future__ import annotations

import re
from functools import cache

from reltype.expressions import literal
from reltype.expressions.words import table
from reltype.mapping.kinds import plain


def _folded(text: str) -> str:
    """SQL of a text in lower case without accents, signs as blanks."""
    signs = "'[^\\p{L}\\p{N}]+'"
    return f"trim(regexp_replace(strip_accents(lower({text})), {signs}, ' ', 'g'))"


@cache
def _sums() -> tuple[str, str, str]:
    """Patterns of folded text: those that are sums whatever follows, the others, all at the beginning."""
    sure, others = (
        "|".join(word.replace(" ", " ?") for word in table("totals")[key])
        for key in ("sure", "others")
    )
    return sure, others, f"^({sure}|{others})( |$)"


def begins_as_sum(customer: str) -> bool:
    """Whether an id begins as a report's sum does: `Summe Meier`."""
    return re.match(_sums()[2], plain(customer)) is not None


def sum_sql(customer: str) -> str:
    """SQL: whether an id begins as a report's sum does; asked of rows without a time."""
    return f"regexp_matches({_folded(customer)}, {literal(_sums()[2])})"


def totals_sql(ids: str) -> str:
    """A SELECT of those customers of *ids* that are no customers, but sums of others.

    Args:
        ids: SQL of a relation with the column `customer_id`, each once.
    """
    sure, others, pattern = _sums()
    begins = literal(pattern)
    wholly = literal(f"^({sure})( |$)|^({others})$")
    rest = f"regexp_replace(folded, {literal(f'^({others}) ')}, '')"
    return f"""WITH ids AS (SELECT customer_id FROM {ids} WHERE customer_id IS NOT NULL),
        named AS (SELECT customer_id, {_folded("customer_id")} AS folded FROM ids
          WHERE strip_accents(lower(customer_id)) SIMILAR TO {literal(_first_letters())}),
        begun AS (SELECT * FROM named WHERE regexp_matches(folded, {begins}))
        SELECT customer_id FROM begun WHERE regexp_matches(folded, {wholly})
          OR {rest} IN (SELECT {_folded("customer_id")} FROM ids)
        ORDER BY 1"""


def _first_letters() -> str:
    """A pattern of what such a row may begin with: nearly all ids fall out by their first letter."""
    firsts = sorted({word[0] for words in table("totals").values() for word in words})
    return f"[^a-z]*[{''.join(firsts)}].*"
