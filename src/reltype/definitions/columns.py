"""Columns: by which words a table's headers are known for the facts that a typology asks for."""

from __future__ import annotations

from attrs import field, frozen, validators

WAYS = ("", "agreement", "number", "days", "yes or no", "share")
"""How cells may be read; empty: as our own column of that name is."""


@frozen
class Columns:
    """Headers under which people keep one fact, and how its cells are read.

    An entry of `headers` is a few words that must all stand in the header, in any order:
    `manager|supervisor support*` is met by `My supervisor is supportive` and by `ManagerSupport`. `a|b`
    is either word, `word*` any word that begins so, and an entry that begins with `=` is the whole
    header. Of several facts that claim a header, the one with the longest entry gets it.

    Attributes:
        name: The feature that is read so, or one of our own columns of a customer table
            (`customer_id`, `since`, `active` …).
        typology: The typology that asks.
        headers: Entries, as above.
        against: Entries of headers whose high end speaks against the fact: `thinks of leaving` against
            `wants to stay`. Only where cells are read as agreement, and of `active`.
        never: Entries that rule a header out.
        reads: `agreement` is a scale that people answer on, whatever its steps, in numbers or words,
            as -1…1; of several such columns the mean of those answered counts, and a sentence that
            denies (`I do not feel …`) is turned round. `number` takes numbers as they stand, `days`
            durations in whatever unit, `share` 0…1 or per cent, `yes or no` gives 1 or 0. Empty: one
            of our own columns, which is read as it always is.
    """

    name: str
    typology: str
    headers: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    reads: str = field(default="", validator=validators.in_(WAYS))

    def __attrs_post_init__(self) -> None:
        """Raise ValueError where nothing could be found, or an entry is empty."""
        for entry in (*self.headers, *self.against, *self.never):
            if not entry.strip("=*| "):
                raise ValueError(f"{entry!r} is no word to look for")
        if not self.headers and not self.against:
            raise ValueError("it names no headers")
        if self.against and self.reads != "agreement" and self.name != "active":
            raise ValueError('against goes with reads = "agreement"')
