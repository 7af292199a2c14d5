"""Votes as they are given: tables of any labels, in which null and one label of choice abstain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from reltype.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from reltype_votes.ballots import Floats, Ints

LISTED = 8  # labels that an error lists


def table_of(votes: ArrayLike) -> NDArray[Any]:
    """Votes as a table (rows, voters): numbers with NaN, booleans, or objects with None for null.

    Raises:
        UsageError: It is no table of two dimensions, or sparse.
    """
    if hasattr(votes, "tocsr"):
        raise UsageError(
            "The votes are a sparse matrix, in which what is left out would be a vote of 0: "
            "give a dense table with null for no vote."
        )
    masked = np.ma.getmaskarray(votes) if isinstance(votes, np.ma.MaskedArray) else None
    table = _array_of(votes)
    if table.ndim != 2:
        raise UsageError(
            f"votes must be a table (rows, voters), but has {table.ndim} dimension(s). Reshape your "
            "data: votes.reshape(-1, 1) for one voter, votes.reshape(1, -1) for one row."
        )
    if table.dtype.kind == "c":
        raise UsageError("Complex data not supported: a vote is a label, not a complex number.")
    if masked is not None and masked.any():
        table = table.astype(object)
        table[masked] = None
    if table.dtype.kind in "biuf":
        return table
    return table.astype(object)


def _array_of(votes: ArrayLike) -> NDArray[Any]:
    """An array; of frames whose columns differ in type, one of objects."""
    columns = getattr(votes, "dtypes", None)
    if hasattr(votes, "columns") and columns is not None and hasattr(votes, "to_numpy"):
        kinds = {getattr(kind, "kind", "O") for kind in columns}
        plain = len(kinds) == 1 and kinds <= set("biuf") and not _extended(columns)
        if hasattr(votes, "get_columns"):  # polars: whole numbers with nulls become floats
            return np.asarray(votes.to_numpy())
        return np.asarray(votes.to_numpy() if plain else votes.to_numpy(dtype=object))
    if isinstance(votes, list | tuple):
        return _array_of_lists(votes)
    return np.asarray(votes)


def _extended(columns: Any) -> bool:  # noqa: ANN401 - a pandas series of types
    """Whether a frame has types of pandas' own, whose nulls numpy does not know."""
    return any(not isinstance(kind, np.dtype) for kind in columns)


def _array_of_lists(votes: Sequence[Any]) -> NDArray[Any]:
    """An array of lists; of text and null among each other, one of objects."""
    try:
        table = np.asarray(votes)
    except ValueError:
        raise UsageError(
            "votes must be a table, but its rows are of different lengths: "
            "write null for a voter who does not vote."
        ) from None
    if table.dtype.kind in "US":  # numpy makes text of numbers, and of NaN
        return np.asarray(votes, dtype=object)
    return table


def is_null(cells: NDArray[Any]) -> NDArray[np.bool_]:
    """Where cells are NaN, None, NaT or pandas' NA."""
    if cells.dtype.kind == "f":
        return np.isnan(cells)
    if cells.dtype.kind != "O":
        return np.zeros(cells.shape, bool)
    found = np.fromiter((_null(cell) for cell in cells.ravel()), bool, count=cells.size)
    return found.reshape(cells.shape)


def _null(cell: object) -> bool:
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(cell, float | np.floating | np.datetime64 | np.timedelta64) and cell != cell  # noqa: PLR0124


def labels_in(table: NDArray[Any], abstain: object) -> list[Any]:
    """The labels in a table of votes, without null and the label that abstains, unordered."""
    if table.dtype.kind == "O":
        labels = list(dict.fromkeys(table.ravel()[~is_null(table).ravel()].tolist()))
    else:
        unique = np.unique(table)
        labels = unique[~is_null(unique)].tolist()
    return [label for label in labels if not means_abstention(label, abstain)]


def means_abstention(label: object, abstain: object) -> bool:
    """Whether a label is the one that abstains; True is not 1, as a label."""
    if abstain is None or isinstance(label, bool) != isinstance(abstain, bool):
        return False
    return not _null(label) and bool(label == abstain)


def classes_of(
    given: object, table: NDArray[Any], named: NDArray[Any] | None, abstain: object
) -> NDArray[Any]:
    """The classes (k,): those given; or those in the votes and in y, in order.

    Args:
        given: A number k for 0 … k − 1, a sequence of labels, or None.
        table: (rows, voters) votes.
        named: The labels in y, or None.
        abstain: The label that means no vote.

    Raises:
        UsageError: They are no classes, fewer than two, or one of them means no vote.
    """
    if given is not None:
        classes = _classes_given(given)
    else:
        found = labels_in(table, abstain)
        found += [] if named is None else [v for v in named.tolist() if v not in set(found)]
        classes = _in_order(found)
    clash = [c for c in classes.tolist() if means_abstention(c, abstain)]
    if clash:
        raise UsageError(
            f"{abstain!r} is one of the classes, but means that a voter abstains: give "
            "abstain=None if it is a class (null abstains nevertheless), or leave it out of the "
            "classes and of y."
        )
    if len(classes) < 2:
        only = f"one class only, {classes.tolist()[0]!r}" if len(classes) else "no class"
        hint = "" if abstain is None else f"; {abstain!r} is taken for no vote, unless abstain=None"
        raise UsageError(
            f"The votes name {only}{hint}: name at least two classes, "
            "as in VoteModel(classes=['ham', 'spam'])."
        )
    return classes


def _classes_given(given: Any) -> NDArray[Any]:  # noqa: ANN401 - it is checked here
    if isinstance(given, int | np.integer) and not isinstance(given, bool) and given >= 2:
        return np.arange(int(given))
    labels = given.tolist() if isinstance(given, np.ndarray) else given
    if not isinstance(labels, list | tuple | range) or not 2 <= len(labels) == len(set(labels)):
        raise UsageError(
            "classes must be a whole number of at least 2, or at least 2 different labels, "
            f"not {given!r}."
        )
    return _array_of_labels(list(labels))


def _in_order(labels: list[Any]) -> NDArray[Any]:
    try:
        return _array_of_labels(sorted(labels))
    except TypeError:
        kinds = sorted({type(label).__name__ for label in labels})
        raise UsageError(
            f"The votes mix labels of different types ({', '.join(kinds)}): give labels of one type."
        ) from None


def _array_of_labels(labels: list[Any]) -> NDArray[Any]:
    """As numpy writes them; whole floats of tables with NaN are whole numbers."""
    if labels and all(isinstance(v, float) and v.is_integer() for v in labels):
        labels = [int(v) for v in labels]
    made = np.asarray(labels)
    if made.ndim != 1 or (made.dtype.kind in "US" and not all(isinstance(v, str) for v in labels)):
        made = np.empty(len(labels), dtype=object)
        made[:] = labels
    return made


def coded(table: NDArray[Any], classes: NDArray[Any], abstain: object) -> Ints:
    """Votes as places among the classes (rows, voters), −1 where a voter abstains.

    Raises:
        UsageError: A vote is none of the classes; it names the cell.
    """
    if table.dtype.kind != "O" and classes.dtype.kind in "biuf":
        order = np.argsort(classes, kind="stable")
        place = np.searchsorted(classes, table, sorter=order).clip(0, len(classes) - 1)
        codes: Ints = order[place].astype(np.int64)
        wrong = classes[codes] != table
        silent = is_null(table)
        if isinstance(abstain, int | float) and not isinstance(abstain, bool):
            silent |= table == abstain
    else:
        place_of = {label: at for at, label in enumerate(classes.tolist())}
        cells = table.ravel().tolist()
        try:
            codes = np.fromiter((place_of.get(v, -1) for v in cells), np.int64, count=len(cells))
        except TypeError:
            raise UsageError("A vote must be a label: a number, a text or null.") from None
        silent = is_null(table).ravel()
        silent |= np.fromiter((means_abstention(v, abstain) for v in cells), bool, len(cells))
        codes, silent = codes.reshape(table.shape), silent.reshape(table.shape)
        wrong = codes < 0
    wrong &= ~silent
    if wrong.any():
        row, voter = (int(places[0]) for places in np.nonzero(wrong))
        cell = table[row, voter]
        listed = [*map(repr, classes[:LISTED].tolist()), *(["…"] if len(classes) > LISTED else [])]
        means = "null" if abstain is None else f"null or {abstain!r}"
        raise UsageError(
            f"votes[{row}, {voter}] is {getattr(cell, 'item', lambda: cell)()!r}, but a vote is one "
            f"of {', '.join(listed)}, or {means} to abstain ({int(wrong.sum())} such cells). "
            "Classes that the votes learned from do not name can be given: VoteModel(classes=…)."
        )
    codes[silent] = -1
    return codes


def balance_of(given: object, classes: NDArray[Any]) -> Floats | None:
    """The class balance (k,) as an array that sums to 1, in the order of the classes, or None.

    Args:
        given: k numbers in the order of `classes`, or a number for each label.
        classes: The classes.

    Raises:
        UsageError: It is no class balance.
    """
    if given is None:
        return None
    k = len(classes)
    try:
        numbers = [given[label] for label in classes.tolist()] if isinstance(given, dict) else given
        balance = np.asarray(numbers, dtype=float)
    except (TypeError, ValueError, KeyError):
        raise UsageError(
            f"class_balance must be {k} numbers, one per class, not {given!r}."
        ) from None
    if balance.shape != (k,) or not (balance > 0).all() or abs(balance.sum() - 1) > 1e-6:
        raise UsageError(
            f"class_balance must be {k} positive numbers, one per class, that sum to 1, "
            f"not {given!r}."
        )
    shares: Floats = balance / balance.sum()
    return shares
