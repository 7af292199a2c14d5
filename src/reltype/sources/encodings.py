"""What the bytes of a text file mean: encoding, byte-order mark, line ends.

`survey` decides over the whole file in one pass (about 2 GB/s on plain ASCII) and never holds more
than a block; `transcode` writes what the engine cannot read as it is into UTF-8 beside it, in a
private folder.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from reltype.errors import InputError, UsageError
from reltype.expressions.words import table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 1 << 20

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark is its beginning
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}

_UNDEFINED_IN_CP1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)


@frozen
class Text:
    """What one look through a text file found.

    Attributes:
        encoding: Python's name of it.
        mark: Bytes of byte-order mark to skip, repeated marks included.
        newline: How its lines end; `mixed` where with and without a carriage return, as where cells
            hold line ends of their own; `any` for other mixtures.
        quotes: A double quote stands somewhere in it.
        nuls: How many NUL characters it holds.
        invalid: How many bytes are not valid in the encoding; their rows are rejected.
    """

    encoding: str = "utf-8"
    mark: int = 0
    newline: str = "\n"
    quotes: bool = False
    nuls: int = 0
    invalid: int = 0

    @property
    def as_it_is(self) -> bool:
        """The engine can read the file without a copy."""
        return self.encoding == "utf-8" and self.mark in (0, 3) and not self.nuls


def blocks(path: Path, start: int = 0) -> Iterator[bytes]:
    """The file's bytes from `start`, a block at a time."""
    with path.open("rb") as stream:
        stream.seek(start)
        while block := stream.read(BLOCK):
            yield block


def survey(path: Path, encoding: str | None = None) -> Text:
    """Look through a whole text file once and say how to read it.

    Args:
        path: An uncompressed file.
        encoding: What the user says it is; decided from the bytes where None.

    Raises:
        UsageError: There is no such encoding.
    """
    with path.open("rb") as stream:
        head = stream.read(1 << 16)
    marked, mark = _mark(head)
    name = _known(encoding) if encoding else marked or _unmarked(head)
    if name.startswith(("utf-16", "utf-32")):
        return Text(_with_order(name, head), mark, newline="mixed", quotes=True)
    if encoding and name not in ("utf-8", "ascii"):
        return _eight_bit(path, name, 0)
    return _eight_bit(path, "utf-8", mark)


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise UsageError(
            f"there is no encoding {encoding!r}. "
            "Usual ones are utf-8, utf-16, cp1252, cp1251 and shift_jis."
        ) from None


def _with_order(name: str, head: bytes) -> str:
    return (_unmarked(head) if name in ("utf-16", "utf-32") else name).replace("_", "-")


def _mark(head: bytes) -> tuple[str | None, int]:
    """The encoding that a byte-order mark tells, and the length of the mark and its repetitions."""
    for mark, name in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            length = len(mark)
            while head.startswith(mark, length):
                length += len(mark)
            return name, length
    return None, 0


def _unmarked(head: bytes) -> str:
    """UTF-16 and UTF-32 without a mark show by where their zero bytes stand."""
    head = head[: len(head) // 4 * 4]
    if len(head) < 8:
        return "utf-8"
    zero = [head[place::4].count(0) / (len(head) // 4) for place in range(4)]
    often, rare = 0.7, 0.3
    if min(zero[1:]) > often > zero[0]:
        return "utf-32-le"
    if min(zero[:3]) > often > zero[3]:
        return "utf-32-be"
    if min(zero[1], zero[3]) > often and max(zero[0], zero[2]) < rare:
        return "utf-16-le"
    if min(zero[0], zero[2]) > often and max(zero[1], zero[3]) < rare:
        return "utf-16-be"
    return "utf-8"


def _eight_bit(path: Path, encoding: str, mark: int) -> Text:
    nuls, quotes, valid, last = 0, False, True, b""
    line_feeds = returns = both = 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    for block in blocks(path, mark):
        quotes = quotes or b'"' in block
        nuls += block.count(0) if b"\0" in block else 0
        if returns or b"\r" in block:
            returns += block.count(b"\r")
            both += block.count(b"\r\n") + (last == b"\r" and block[:1] == b"\n")
            line_feeds += block.count(b"\n")
        else:  # one says as much as all of them: not every line feed follows a return
            line_feeds += b"\n" in block
        last = block[-1:]
        valid = valid and _decodes(decoder, block)
    valid = valid and _decodes(decoder, b"", final=True)
    text = Text(encoding, mark, _newline(line_feeds, returns, both), quotes, nuls)
    return text if valid or encoding != "utf-8" else _not_utf8(path, text)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    if block.isascii() and not final and decoder.getstate()[0] == b"":
        return True
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _newline(line_feeds: int, returns: int, both: int) -> str:
    if returns == 0:
        return "\n"
    if returns == both == line_feeds:
        return "\r\n"
    if line_feeds == 0:
        return "\r"
    return "mixed" if returns == both else "any"


def _not_utf8(path: Path, text: Text) -> Text:
    """Which eight-bit encoding a file has that is not valid UTF-8.

    Where well-formed multi-byte characters outnumber the broken bytes it is UTF-8 with damage;
    text in another encoding almost never holds them by chance.
    """
    broken = whole = 0
    undefined = False
    sample = bytearray()
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for block in blocks(path, text.mark):
        if block.isascii():
            continue
        if len(sample) < _SAMPLE:
            sample += b"\n".join(line for line in block.splitlines() if not line.isascii())
        undefined = undefined or any(byte in block for byte in _UNDEFINED_IN_CP1252)
        characters = decoder.decode(block)
        broken += len(re.findall("[\udc80-\udcff]", characters))
        whole += len(re.findall("[^\x00-\x7f\udc80-\udcff]", characters))
    if whole > broken or text.mark:
        return evolve(text, invalid=max(broken, 1))
    found = eight_bit(bytes(sample[:_SAMPLE]))
    return evolve(text, encoding=found or ("latin-1" if undefined else "cp1252"))


_SAMPLE = 1 << 16
_MULTIPLE = ("shift_jis", "cp932", "euc_jp", "gb18030", "big5", "cp949")
_FEW = 3
_SURE, _PERHAPS, _CLEARLY = 0.9, 0.6, 0.02


def eight_bit(sample: bytes) -> str | None:
    """The encoding in which the letters of *sample* are those of one language; None if in none.

    Which language that is tells encodings apart that a look at letters alone does not: charset-normalizer
    took four of five short files in western languages for cp1250. It decides where characters have
    several bytes, and where no alphabet fits.

    Args:
        sample: Lines that hold bytes beyond ASCII.
    """
    beyond = _beyond(sample, "cp1252")
    if len(beyond) < _FEW or _PUNCTUATION.issuperset(beyond):
        return None
    found: dict[str, float] = {}
    for language in table("alphabets").values():
        for encoding in language["encodings"]:
            fit = _fit(sample, encoding, frozenset(language["letters"]))
            found[encoding] = max(fit, found.get(encoding, 0.0))
    best = max(found.values(), default=0.0)
    alike = [e for e, fit in found.items() if fit >= best - _CLEARLY and best > _PERHAPS]
    if best >= _SURE and _is_latin(sample, alike[0]):
        return alike[0]
    import charset_normalizer

    guess = charset_normalizer.from_bytes(sample, cp_isolation=[*_MULTIPLE, *alike]).best()
    if guess is not None and (
        guess.encoding in alike or best < _SURE or not _is_latin(sample, alike[0])
    ):
        return str(guess.encoding)
    return alike[0] if alike else None


def _beyond(sample: bytes, encoding: str) -> list[str]:
    return [letter for letter in sample.decode(encoding, "replace") if not letter.isascii()]


def _is_latin(sample: bytes, encoding: str) -> bool:
    letters = [letter for letter in _beyond(sample, encoding) if letter.isalpha()]
    return all("LATIN" in unicodedata.name(letter, "") for letter in letters)


def _fit(sample: bytes, encoding: str, letters: frozenset[str]) -> float:
    """The share of characters beyond ASCII that are *letters*, 0…1; signs count inside words only."""
    text = sample.decode(encoding, "replace")
    good = bad = 0
    for i, letter in enumerate(text):
        if letter.isascii():
            continue
        before, after = text[i - 1 : i], text[i + 1 : i + 2]
        inside = before.isalpha() or after.islower()
        if letter.isalpha() or unicodedata.category(letter)[0] == "M":
            # dÊje: the case is the wrong way round
            odd = letter.isupper() and (before.islower() or (before.isalpha() and after.islower()))
            fits = letter in letters or letter.lower() in letters
            good, bad = (good + 1, bad) if fits and not odd else (good, bad + 1)
        elif letter not in _PUNCTUATION:
            bad += inside or unicodedata.category(letter)[0] == "C"
        else:
            bad += before.isalpha() and after.islower() and letter not in "’‘–—·"
    return good / (good + bad) if good else 0.0


_PUNCTUATION = frozenset("’‘“”„–—…«»°·•€£¥§®©™ ")
"""What may touch a letter in any language."""


def characters(name: str, path: Path, text: Text) -> Iterator[str]:
    """The file's text without mark and NULs, a block at a time.

    Bytes that are not valid UTF-8 become lone surrogates.

    Raises:
        InputError: UTF-16 or UTF-32 that is not what its mark says.
    """
    errors = "surrogateescape" if text.encoding == "utf-8" else "strict"
    decoder = codecs.getincrementaldecoder(text.encoding)(errors)
    wide = text.encoding.startswith("utf-")
    try:
        for number, block in enumerate(blocks(path, text.mark)):
            piece = decoder.decode(block)
            if wide and number == 0 and piece.count("\0") > len(piece) // 10:
                raise _contradiction(name, text)
            yield piece.replace("\0", "").removeprefix("\ufeff" if number == 0 else "")
        yield decoder.decode(b"", True)
    except UnicodeDecodeError as error:
        raise _contradiction(name, text) from error


def shown(encoding: str) -> str:
    """An encoding's name as people know it."""
    return encoding.upper()[:6] if encoding.startswith(("utf-16", "utf-32")) else encoding


def notes(text: Text, told: str | None = None) -> list[str]:
    """What the user should know of how a file was read, given what they told of its encoding."""
    found = []
    if text.encoding != "utf-8" and not text.encoding.startswith("utf-") and told is None:
        found.append(f"is not UTF-8: read as {text.encoding}")
    elif text.encoding != "utf-8":
        found.append(f"read as {shown(text.encoding)}")
    if text.mark > 4 or (text.encoding.startswith("utf-16") and text.mark > 2):
        found.append("begins with more than one byte-order mark")
    if text.nuls:
        found.append(f"{text.nuls} NUL character{'s' * (text.nuls > 1)} left out")
    if text.invalid:
        found.append(
            f"{text.invalid} byte{'s' * (text.invalid > 1)} of it are not valid UTF-8; "
            "their rows are rejected"
        )
    return found


def _contradiction(name: str, text: Text) -> InputError:
    encoding = shown(text.encoding)
    if not encoding.startswith("UTF"):
        return InputError(f"{name}: its bytes are not {encoding} text. Save it as UTF-8.")
    by = "its byte-order mark says" if text.mark else "it looks like"
    return InputError(
        f"{name}: {by} {encoding}, but its bytes are not {encoding} text. Save it as UTF-8."
    )


def transcode(name: str, path: Path, text: Text, target: Path) -> None:
    """Write the file as UTF-8 without mark and NULs, its line ends as they are.

    Bytes that are not valid stay as they were, for the rows that hold them to be rejected.
    """
    with target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as out:
        for piece in characters(name, path, text):
            out.write(piece)


def same_line_ends(path: Path, target: Path) -> None:
    r"""Write a UTF-8 file with `\n` for every kind of line end."""
    with (
        path.open(encoding="utf-8", errors="surrogateescape", newline=None) as source,
        target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as out,
    ):
        while piece := source.read(BLOCK):
            out.write(piece)
