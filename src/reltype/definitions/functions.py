"""ScalarFunction: a plugin's function over Arrow arrays, which expressions may call by its name.

TextVectors: where a plugin places texts, so that those of one meaning lie near each other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import Attribute, field, frozen, validators

from reltype.expressions.calls import FUNCTIONS
from reltype.expressions.functions import ALIASES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from reltype.expressions.functions import Kind

RESULT_KINDS = ("number", "text", "bool", "time")
"""Kinds that a function may take and give."""

_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def _free_name(_: object, __: Attribute[str], name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"a function's name is written like `word_count`, not {name!r}")
    if name in FUNCTIONS or name in ALIASES:
        raise ValueError(f"expressions have a function {name}() already")


@frozen
class ScalarFunction:
    """A function that gives one value per row.

    Attributes:
        name: As expressions call it: lower-case letters, digits, `_`.
        call: Takes one Arrow array per argument, all of one length, and returns an array of that
            length; null is "not seen", so null in, null out. Same input, same output, whatever
            the other rows are. Numbers are finite.
        takes: Kind of each argument: `number` (float64), `text`, `bool` or `time` (no zone).
        gives: Kind of the result.
        summary: One sentence.
    """

    name: str = field(validator=_free_name)
    call: Callable[..., Any] = field(repr=False)
    takes: tuple[Kind, ...] = field(
        converter=tuple,
        validator=[
            validators.min_len(1),
            validators.deep_iterable(validators.in_(RESULT_KINDS)),
        ],
    )
    gives: Kind = field(validator=validators.in_(RESULT_KINDS))
    summary: str

    def __call__(self, *columns: pa.Array | pa.ChunkedArray) -> pa.Array:
        """What `call` gives for these columns, as an array of the kind that was promised.

        Raises:
            ValueError: It is of another length or type, or holds an infinity or NaN.
        """
        import pyarrow as pa

        whole = [c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c for c in columns]
        made = self.call(*whole)
        if isinstance(made, pa.ChunkedArray):
            made = made.combine_chunks()
        if not isinstance(made, pa.Array):
            raise ValueError(f"it returned a {type(made).__name__}, not an Arrow array")  # noqa: TRY004
        if len(made) != len(whole[0]):
            raise ValueError(f"it returned {len(made)} values for {len(whole[0])} rows")
        return _of_kind(made, self.gives)


def _of_kind(made: pa.Array, kind: Kind) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    is_of = {
        "number": lambda t: pa.types.is_floating(t) or pa.types.is_integer(t),
        "text": lambda t: pa.types.is_string(t) or pa.types.is_large_string(t),
        "bool": pa.types.is_boolean,
        "time": lambda t: pa.types.is_timestamp(t) and t.tz is None,
    }
    wanted = {"number": pa.float64(), "text": pa.string(), "bool": pa.bool_()}
    target = wanted.get(kind, pa.timestamp("us"))
    if not (pa.types.is_null(made.type) or is_of[kind](made.type)):
        raise ValueError(f"it returned {made.type}, not {target} as promised (gives={kind!r})")
    made = made.cast(target, safe=False)
    if kind == "number" and pc.all(pc.is_finite(made)).as_py() is False:
        raise ValueError("it returned NaN or an infinity; return null for what is not known")
    return made


@frozen
class TextVectors:
    """Where texts lie by what they mean: what `reltype issues` groups by in place of words alone.

    Attributes:
        name: As `--vectors` takes it: lower-case letters, digits, `_`.
        call: Takes texts and returns an array (texts, dimensions) of finite numbers. A text's vector
            does not depend on what stands beside it. Import heavy things, and load a model, here.
        summary: One sentence.
    """

    name: str = field(validator=validators.matches_re(_NAME))
    call: Callable[[Sequence[str]], Any] = field(repr=False)
    summary: str

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """(texts, dimensions) what `call` gives.

        Raises:
            ValueError: It is of another length or shape, or holds an infinity or NaN.
        """
        made = np.asarray(self.call(list(texts)), np.float64)
        if made.ndim != 2 or len(made) != len(texts) or not made.shape[1]:
            raise ValueError(f"it returned an array {made.shape} for {len(texts)} texts")
        if not np.isfinite(made).all():
            raise ValueError("it returned NaN or an infinity")
        return made
