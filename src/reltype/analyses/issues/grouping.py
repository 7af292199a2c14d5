"""Grouping: texts that are about the same thing, without anybody saying how many things there are.

Texts become tf-idf vectors of words and character n-grams, drawn together to a few dimensions (LSA);
Ward's tree joins what lies near. How far to cut is found from the data: the tree is grown on two
halves, and the finest cut is taken on which the halves agree (adjusted mutual information) as well
as on any. An issue that the halves do not find again is not settled, and says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

Vectors = Callable[[Sequence[str]], "NDArray[np.float64]"]
"""Texts → (texts, dimensions) vectors that a plugin brings."""

FOUNDERS = (100, 500, 2000)
"""How many texts found the issues: the most that there are, from the first text on. Beyond, as many
are taken evenly from the first 8,000, 32,000 … texts. A few more texts at the end so seldom found
anything anew, and last month's issues stay."""

FEWEST = 20
"""Different texts below which nothing can be said to crop up."""

AGAIN = 3
"""Times from which a text that is near no issue is one by itself: word for word is no accident."""

LEVELS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22, 27, 33, 40, 48, 58, 70, 85, 100, 120, 145, 175)
"""Numbers of issues that are tried."""

SLACK = 0.03
"""Agreement of the halves may lie this far below its best: of the cuts on that plateau the finest
is taken (Tibshirani's one-standard-error rule turned to detail: it splits at no loss of stability)."""

SETTLED = 0.5
"""Mean Jaccard overlap with its match in the halves from which an issue counts as found again
(Hennig 2007: below it a cluster has dissolved)."""

AGREED = 0.4
"""Adjusted mutual information of the halves below which the texts hold no issues at all."""

SPLITS = 4
DIMENSIONS = 50
NEAR = 0.05
"""Quantile of the founders' likeness to their own issue below which another text is not of it."""


@frozen(eq=False)
class Grouping:
    """Which issue each text belongs to.

    Attributes:
        labels: (texts,) index of the issue, −1 for one of its kind.
        likeness: (texts,) cosine to the issue's centre, 0…1; 0 for one of its kind.
        settled: (issues,) whether the issue was found again in halves of the data.
        overlap: (issues,) mean Jaccard overlap with its match in the halves, 0…1.
        agreement: Adjusted mutual information of the halves at the cut that was taken.
        terms: For each issue its most telling words, the most telling first.
    """

    labels: NDArray[np.int64]
    likeness: NDArray[np.float64]
    settled: NDArray[np.bool_]
    overlap: NDArray[np.float64]
    agreement: float
    terms: tuple[tuple[str, ...], ...]


def group(texts: Sequence[str], vectors: Vectors | None = None) -> Grouping:
    """Group *texts*, of which those that are equal always stay together.

    Args:
        texts: As they were written; the first ones found the issues.
        vectors: Gives vectors instead of tf-idf.
    """
    known: dict[str, int] = {}
    place = np.array([known.setdefault(_plain(text), len(known)) for text in texts], np.int64)
    distinct = list(known)
    often = np.bincount(place, minlength=len(distinct))
    if "" in known:  # nothing was written: it is no ticket
        often[known[""]] = 0
    labels = np.full(len(distinct), -1, np.int64)
    likeness = np.zeros(len(distinct))
    overlap: list[NDArray[np.float64]] = []
    terms: list[tuple[str, ...]] = []
    agreement, found = 0.0, 0
    left = np.nonzero(often)[0]
    while len(left) >= FEWEST:
        founders = _founders(left)
        space = Space.of([distinct[i] for i in founders], vectors)
        issues = _found(space, often[founders])
        if issues is None:
            break
        near, which = issues.assign(space.place([distinct[i] for i in left]))
        mine = which >= 0
        labels[left[mine]] = which[mine] + found
        likeness[left[mine]] = near[mine]
        overlap.append(issues.overlap)
        terms += space.terms(which[np.isin(left, founders)], len(issues.overlap))
        agreement = agreement if found else issues.agreement
        found += len(issues.overlap)
        rest = left[~mine]
        if len(rest) == len(left):
            break
        left = rest
    for i in left[often[left] >= AGAIN]:
        labels[i], likeness[i] = found, 1.0
        overlap.append(np.ones(1))
        terms.append(_unlike(_WORD.findall(distinct[i])))
        found += 1
    overlaps = np.concatenate([*overlap, np.empty(0)])
    return Grouping(
        labels[place], likeness[place], overlaps >= SETTLED, overlaps, agreement, tuple(terms)
    )


def _founders(left: NDArray[np.int64]) -> NDArray[np.int64]:
    count = max((n for n in FOUNDERS if n <= len(left)), default=len(left))
    reach = count
    while count == FOUNDERS[-1] and reach * 4 <= len(left):
        reach *= 4
    return left[: reach : reach // count]


@frozen(eq=False)
class Space:
    """Where texts lie: fitted on those that found the issues, for them and for any other.

    Attributes:
        places: (founders, dimensions) unit vectors.
        place: Places other texts likewise.
        words: Counts the telling words of texts: (texts, words), sparse.
        vocabulary: What those words are.
    """

    places: NDArray[np.float64]
    place: Callable[[Sequence[str]], NDArray[np.float64]]
    words: Any
    vocabulary: Sequence[str]

    @classmethod
    def of(cls, texts: Sequence[str], vectors: Vectors | None = None) -> Space:
        """The space that *texts* span, or that *vectors* give."""
        from scipy.sparse import hstack
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.preprocessing import normalize

        stop = stop_words(texts)
        least = 2 if len(texts) > FEWEST * 5 else 1

        def telling(text: str) -> str:
            return " ".join(word for word in _WORD.findall(text) if word not in stop)

        def tfidf(**how: Any) -> Any:  # noqa: ANN401
            return TfidfVectorizer(sublinear_tf=True, min_df=least, **how)

        words = tfidf(preprocessor=telling, ngram_range=(1, 2), token_pattern=_WORD.pattern)
        counted = _fitted(words, texts)
        if vectors is not None:
            places = normalize(vectors(texts))
            return cls(places, lambda more: normalize(vectors(more)), counted, _names(words))
        pieces = {"analyzer": "char_wb", "ngram_range": (3, 5)}
        readers = [words, tfidf(preprocessor=telling, **pieces), tfidf(max_df=0.5, **pieces)]
        rows = hstack([counted, *(_fitted(reader, texts) for reader in readers[1:])]).tocsr()
        most = min(DIMENSIONS, max(5, len(texts) // 8), min(rows.shape) - 1)
        drawn = TruncatedSVD(most, random_state=0).fit(rows)

        def place(more: Sequence[str]) -> NDArray[np.float64]:
            read = hstack([_read(reader, more) for reader in readers]).tocsr()
            return np.asarray(normalize(drawn.transform(read)))

        return cls(np.asarray(normalize(drawn.transform(rows))), place, counted, _names(words))

    def terms(self, which: NDArray[np.int64], issues: int) -> list[tuple[str, ...]]:
        """The words that tell each issue from all others (class-based tf-idf), best first."""
        from scipy.sparse import csr_matrix

        mine = np.nonzero(which >= 0)[0]
        members = csr_matrix((np.ones(len(mine)), (which[mine], mine)), (issues, len(which)))
        total = np.asarray((members @ self.words).todense())
        share = total / np.maximum(total.sum(axis=1, keepdims=True), 1e-12)
        usual = total.sum(axis=0) / max(total.sum(), 1e-12)
        worth = share * np.log1p(share / np.maximum(usual, 1e-12))
        ranked = np.argsort(-worth, axis=1, kind="stable")[:, :12]
        return [
            _unlike([self.vocabulary[j] for j in row if worth[i, j] > 0])
            for i, row in enumerate(ranked)
        ]


@frozen(eq=False)
class Issues:
    """What the founders were grouped into.

    Attributes:
        centres: (issues, dimensions) unit vectors.
        least: Cosine to the nearest centre below which a text is of no issue.
        overlap: (issues,) see `Grouping`.
        agreement: See `Grouping`.
    """

    centres: NDArray[np.float64]
    least: float
    overlap: NDArray[np.float64]
    agreement: float

    def assign(self, places: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The likeness to, and the index of, the nearest issue; −1 where none is near."""
        near, which = nearest(places, self.centres)
        return near, np.where(near >= self.least, which, -1)


def _found(space: Space, often: NDArray[np.int64]) -> Issues | None:
    """Cut the tree where two halves of the founders agree; None where they never do."""
    from scipy.cluster.hierarchy import ward
    from sklearn.metrics import adjusted_mutual_info_score

    places = space.places
    levels = [k for k in LEVELS if k <= max(len(places) // 8, 2)]
    halves = []
    agreement = np.zeros(len(levels))
    for split in range(SPLITS):
        order = np.random.default_rng(split).permutation(len(places))
        sides = []
        for side in (order[::2], order[1::2]):
            tree = ward(places[side])
            sides.append([nearest(places, cut(places[side], tree, k))[1] for k in levels])
        for level, (one, other) in enumerate(zip(*sides, strict=True)):
            agreement[level] += adjusted_mutual_info_score(one, other) / SPLITS
        halves += sides
    if agreement.max() < AGREED:
        return None
    level = int(np.nonzero(agreement >= agreement.max() - SLACK)[0][-1])
    centres = cut(places, ward(places), levels[level])
    near, which = nearest(places, centres)
    size = np.bincount(which, weights=often, minlength=len(centres))
    centres = centres[size > 1]
    near, which = nearest(places, centres)
    overlap = np.mean([_overlap(which, half[level], len(centres)) for half in halves], axis=0)
    return Issues(centres, float(np.quantile(near, NEAR)), overlap, float(agreement[level]))


def cut(places: NDArray[np.float64], tree: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The centres of *count* branches of a tree, as unit vectors."""
    from scipy.cluster.hierarchy import fcluster
    from scipy.sparse import csr_matrix
    from sklearn.preprocessing import normalize

    branch = fcluster(tree, count, "maxclust") - 1
    members = csr_matrix((np.ones(len(branch)), (branch, np.arange(len(branch)))))
    return np.asarray(normalize(members @ places))


def nearest(
    places: NDArray[np.float64], centres: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(n,) cosine to the nearest centre, and which it is."""
    likeness = places @ centres.T
    which = likeness.argmax(axis=1)
    return np.take_along_axis(likeness, which[:, None], 1)[:, 0], which


def _overlap(mine: NDArray[np.int64], other: NDArray[np.int64], issues: int) -> NDArray[np.float64]:
    """(issues,) the Jaccard overlap of each issue with its best match in *other*."""
    from scipy.sparse import csr_matrix

    both = csr_matrix((np.ones(len(mine)), (mine, other)), (issues, other.max() + 1)).toarray()
    union = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    return np.asarray((both / np.maximum(union, 1)).max(axis=1))


_WORD = re.compile(r"(?u)\b\w[\w'’-]*\b")


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _fitted(reader: Any, texts: Sequence[str]) -> Any:  # noqa: ANN401
    """Counts of *texts*; none where they hold nothing that could be counted."""
    from scipy.sparse import csr_matrix

    try:
        return reader.fit_transform(texts)
    except ValueError:  # an empty vocabulary
        return csr_matrix((len(texts), 0))


def _read(reader: Any, texts: Sequence[str]) -> Any:  # noqa: ANN401
    from scipy.sparse import csr_matrix

    fitted = hasattr(reader, "vocabulary_")
    return reader.transform(texts) if fitted else csr_matrix((len(texts), 0))


def _names(reader: Any) -> Sequence[str]:  # noqa: ANN401
    return list(reader.get_feature_names_out()) if hasattr(reader, "vocabulary_") else []


def _unlike(terms: Sequence[str], most: int = 3) -> tuple[str, ...]:
    """The first terms that do not say again what one before them says."""
    kept: list[str] = []
    for term in terms:
        if not any(set(term.split()) & set(other.split()) for other in kept):
            kept.append(term)
    return tuple(kept[:most])


def stop_words(texts: Sequence[str]) -> frozenset[str]:
    """The words that say nothing by themselves, of the language that *texts* are mostly in."""
    from stop_words import AVAILABLE_LANGUAGES, get_stop_words

    sample = [word for text in texts[:500] for word in _WORD.findall(text)]
    lists = {name: frozenset(get_stop_words(name)) for name in sorted(AVAILABLE_LANGUAGES)}
    counted = {name: sum(word in words for word in sample) for name, words in lists.items()}
    best = max(counted, key=lambda name: counted[name], default="")
    return lists[best] if best and counted[best] > len(sample) / 10 else frozenset()
