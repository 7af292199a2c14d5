"""Spellings: in how many ways exports write one id, and the expressions that undo each."""

from __future__ import annotations

from attrs import frozen


@frozen
class Spelling:
    """One way in which two exports differ about ids.

    Attributes:
        description: What differs, for people.
        template: An expression over `{id}` that makes both spellings equal; applied twice it does
            no more than once.
        safe: Ids that are equal then hardly are two customers'.
    """

    description: str
    template: str
    safe: bool = True

    def expression(self, text: str) -> str:
        """The expression over a column or another expression."""
        return self.template.format(id=text)


INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufe00-\ufe0f\ufeff"
)
"""Signs that nobody sees, as a class of a regular expression has them."""

BLANK = "\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""Blanks of all widths."""

SPELLINGS = (
    Spelling("a '.0' behind whole numbers", r"regexp_replace({id}, '[.]0+$', '')"),
    Spelling("upper and lower case", "lower({id})"),
    Spelling("zeros in front", "regexp_replace({id}, '^0+', '')", safe=False),
    Spelling("a '#' in front", "regexp_replace({id}, '^[#*]+', '')"),
    Spelling("CRM ids of 15 and of 18 characters", "left({id}, 15)", safe=False),
    Spelling("letters in front", "regexp_replace({id}, '^[A-Za-z]+[-_:/ ]*', '')", safe=False),
    Spelling("blanks, dots and dashes", "regexp_replace({id}, '[^0-9A-Za-z@]+', '')", safe=False),
    Spelling(
        "case, signs and zeros in front",
        "lower(regexp_replace(regexp_replace({id}, '[^0-9A-Za-z@]+', ''), '^0+', ''))",
        safe=False,
    ),
    Spelling(
        "letters and zeros in front",
        "regexp_replace({id}, '^[A-Za-z]*[-_:/# ]*0*', '')",
        safe=False,
    ),
)


def normalized(sql: str) -> str:
    """SQL of an id as one person may write it: composed, lower case, without what nobody sees."""
    seen = f"regexp_replace({sql}, '[{INVISIBLE}]', '', 'g')"
    blanks = f"regexp_replace({seen}, '[{BLANK}]+', ' ', 'g')"
    return f"trim(lower(nfc_normalize({blanks})))"
