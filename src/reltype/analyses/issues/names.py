"""Names: what people called, merged and moved, kept in a file and applied to the next export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from reltype.errors import ConfigError
from reltype.formats.toml import load, quoted

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEAD = """\
# The issues of your tickets, as `reltype issues --names` found them last. Yours to edit:
#   name      call an issue as you like
#   into      the name of another issue, which takes this one in
#   [[moves]] text = "…" and to = "…": tickets of just these words belong to that issue
# `like` holds a few tickets by which the issue is found again in the next export; leave it as it is.
"""


@frozen
class Named:
    """An issue as a person knows it.

    Attributes:
        name: What it is called.
        like: Masked texts by which it is found again.
        into: Another issue's name, which takes this one in; empty for none.
    """

    name: str
    like: tuple[str, ...]
    into: str = ""


@frozen
class Names:
    """All that people said of the issues.

    Attributes:
        issues: Every issue that was ever found.
        moves: Masked text → the name of the issue that it belongs to.
    """

    issues: tuple[Named, ...] = ()
    moves: Mapping[str, str] = field(factory=dict)

    @classmethod
    def read(cls, path: str | Path) -> Names:
        """What *path* holds; nothing where it is not there.

        Raises:
            ConfigError: It is no such file, or names an issue twice, or one that is not there.
        """
        place = Path(path)
        if not place.exists():
            return cls()
        found = load(place)
        try:
            issues = tuple(
                Named(str(i["name"]), tuple(map(str, i.get("like", ()))), str(i.get("into", "")))
                for i in found.get("issues", ())
            )
            moves = {str(m["text"]): str(m["to"]) for m in found.get("moves", ())}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"{path}: not a file of `reltype issues --names` ({error})."
            ) from error
        known = [issue.name for issue in issues]
        for name in known:
            if known.count(name) > 1:
                raise ConfigError(f"{path}: two issues are called {name!r}: give one `into`.")
        for name in [*(i.into for i in issues if i.into), *moves.values()]:
            if name not in known:
                raise ConfigError(f"{path}: no issue is called {name!r}.")
        made = cls(issues, moves)
        for issue in issues:
            made.final(issue.name)
        return made

    def final(self, name: str) -> str:
        """Where merges lead from *name*. Raises ConfigError where they go in a circle."""
        into = {issue.name: issue.into for issue in self.issues if issue.into}
        seen = [name]
        while seen[-1] in into:
            if into[seen[-1]] in seen:
                raise ConfigError(f"issues are merged in a circle: {' → '.join(seen)}.")
            seen.append(into[seen[-1]])
        return seen[-1]

    def text(self) -> str:
        """The file."""
        parts = [_HEAD]
        for issue in self.issues:
            like = "".join(f"  {quoted(text)},\n" for text in issue.like)
            into = f"into = {quoted(issue.into)}\n" if issue.into else ""
            parts.append(f"\n[[issues]]\nname = {quoted(issue.name)}\n{into}like = [\n{like}]\n")
        for text, name in self.moves.items():
            parts.append(f"\n[[moves]]\ntext = {quoted(text)}\nto = {quoted(name)}\n")
        return "".join(parts)

    def matched(self, texts: Sequence[str], labels: NDArray[np.int64], count: int) -> list[str]:
        """For each of *count* issues found, the name of the known one that it is; empty for none.

        An issue is a known one where most of the tickets that stand for the known one, and at
        least two of them, were grouped into it. Each known issue is found once.

        Args:
            texts: Those that were grouped, those of `like` among them.
            labels: (texts,) the issue of each, −1 for none.
            count: How many issues there are.
        """
        where: dict[str, int] = {}
        for text, label in zip(texts, labels.tolist(), strict=True):
            where.setdefault(text, label)
        votes = np.zeros((len(self.issues), count))
        for i, issue in enumerate(self.issues):
            for text in issue.like:
                label = where.get(text, -1)
                if label >= 0:
                    votes[i, label] += 1
        given = [""] * count
        for i in np.argsort(-votes.max(axis=1, initial=0), kind="stable") if count else []:
            best = int(votes[i].argmax())
            # Where two known issues are one now, the one with more of its tickets keeps the name.
            if votes[i, best] * 2 >= max(len(self.issues[i].like), 1) and not given[best]:
                given[best] = self.issues[i].name
        return given
