"""Converting: a picture as SVG, PNG or PDF, the same bytes for the same picture.

PNG is drawn by resvg, PDF by svglib and ReportLab, both with the letters that ReportLab ships (Vera):
what a machine has installed changes nothing, but for letters that Vera lacks. `reltype[report]` has them;
the plain install has not, so each is imported by the function that needs it.
"""

from __future__ import annotations

import io
import logging
import re
from functools import cache
from html import unescape
from pathlib import Path

from reltype.errors import UsageError, did_you_mean
from reltype.reporting.plots.drawing import INK

ENDINGS = (".svg", ".png", ".pdf")

SHARPNESS = 2.0
"""Pixels of a PNG for each of the picture's; a slide has 1.5, which makes it 1,920 wide."""

_FONTS = {"normal": "Vera.ttf", "bold": "VeraBd.ttf"}
_FAMILY = "Bitstream Vera Sans"


def ending_of(path: str | Path) -> str:
    """The ending of a file that a picture can be written to.

    Raises:
        UsageError: It is none of `ENDINGS`.
    """
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        hint = did_you_mean(ending, ENDINGS)
        raise UsageError(f"{path}: a picture is written as {', '.join(ENDINGS)}.{hint}")
    return ending


def converted(svg: str, ending: str) -> bytes:
    """A picture with a sheet of its own, as the bytes of a file.

    Args:
        svg: As `Drawing.svg(paper=True)` gives it.
        ending: One of `ENDINGS`.

    Raises:
        UsageError: What makes PNG or PDF is not installed.
    """
    if ending == ".svg":
        return svg.encode()
    try:
        return _png(svg) if ending == ".png" else _pdf(svg)
    except ImportError as error:
        raise UsageError(
            f"a picture as {ending[1:].upper()} needs {error.name}: pip install 'reltype[report]', "
            "or write it as .svg."
        ) from error


def _png(svg: str, zoom: float | None = None) -> bytes:
    import resvg_py

    wide = float(re.search(r' width="([\d.]+)"', svg)[1])  # type: ignore[index]
    made = resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=zoom or (1.5 if wide > 1000 else SHARPNESS),
        skip_system_fonts=not _lacking(svg),
        font_files=[str(_font(name)) for name in _FONTS],
        font_family=_FAMILY,
        sans_serif_family=_FAMILY,
    )
    return bytes(made)


def _pdf(svg: str) -> bytes:
    from reportlab.graphics import renderPDF
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    wide, high = (
        float(re.search(rf' {side}="([\d.]+)"', svg)[1])  # type: ignore[index]
        for side in ("width", "height")
    )
    points = 0.75  # of a pixel
    held = io.BytesIO()
    sheet = Canvas(held, (wide * points, high * points), invariant=1)
    title = re.search(r"<title[^>]*>([^<]*)</title>", svg)
    sheet.setTitle(unescape(title[1]) if title else "")
    if _lacking(svg):  # the system's letters are in the picture that resvg draws
        image = ImageReader(io.BytesIO(_png(svg, 3.0)))
        sheet.drawImage(image, 0, 0, wide * points, high * points)
    else:
        drawing = _reportlab(svg)
        drawing.scale(wide * points / drawing.width, high * points / drawing.height)
        renderPDF.draw(drawing, sheet, 0, 0)
    sheet.save()
    return held.getvalue()


def _reportlab(svg: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  a Drawing of ReportLab's
    from svglib import svglib

    _registered()
    plain = svg.replace('"currentColor"', f'"{INK}"')
    plain = re.sub(r' font-family="[^"]*"', f' font-family="{_FAMILY}"', plain, count=1)
    # A title within a shape is for hovering, which paper does not know.
    plain = re.sub(r"(<(?:rect|path)[^>]*)><title>[^<]*</title></(?:rect|path)>", r"\1/>", plain)
    logging.getLogger("svglib").setLevel(logging.ERROR)
    made = svglib.svg2rlg(io.BytesIO(plain.encode()))
    assert made is not None  # noqa: S101  it is our own drawing
    return made


@cache
def _registered() -> None:
    from svglib.svglib import register_font

    for weight in _FONTS:
        register_font(_FAMILY, str(_font(weight)), weight=weight)


def _font(weight: str) -> Path:
    import reportlab

    return Path(reportlab.__file__).parent / "fonts" / _FONTS[weight]


def _lacking(svg: str) -> bool:
    """Whether a text of the picture has a letter that Vera has not."""
    shown = "".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))
    return not {ord(letter) for letter in unescape(shown)} <= _letters()


@cache
def _letters() -> frozenset[int]:
    from reportlab.pdfbase.ttfonts import TTFontFace

    return frozenset(TTFontFace(str(_font("normal"))).charToGlyph)
