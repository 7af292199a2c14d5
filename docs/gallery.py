"""Makes the pictures of docs/report.md: what a report of the coffee bar's log holds.

python docs/gallery.py [FOLDER]     # into docs/gallery, or elsewhere

The drawings are cut out of the page as they are, on a white sheet of their own. The views of the page
itself need chromium and playwright, and are left as they are without.
"""

import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import reltype

HERE = Path(__file__).parent
LOG = HERE.parent / "examples" / "coffee-bar.csv"
DRAWINGS = {"mix": 0, "map": 0, "profile": 1}
"""Kind of drawing → which of those in the page: the second profile is that of a partnership."""

VIEWS = {
    "report-wide": {"width": 1400, "height": 900, "scheme": "light", "at": ""},
    "report-person": {"width": 1400, "height": 1000, "scheme": "light", "at": "C-000000"},
    "report-phone": {"width": 390, "height": 900, "scheme": "dark", "at": "C-000004"},
}


def main(folder=HERE / "gallery"):
    """Write the pictures into *folder*."""
    chromium = shutil.which("chromium")
    with TemporaryDirectory() as temporary:
        page = Path(temporary, "report.html")
        reltype.classify(LOG).report(page)
        for kind, place in DRAWINGS.items():
            (folder / f"report-{kind}.svg").write_text(
                drawing(page.read_text("utf-8"), kind, place)
            )
        if chromium is not None:
            views(page, folder, chromium)


def drawing(html, kind, place):
    """One of the page's drawings, on a white sheet."""
    svg = re.findall(rf'<svg [^>]*class="plot plot-{kind}".*?</svg>', html, re.DOTALL)[place]
    _, _, width, height = re.search(r'viewBox="([^"]+)"', svg)[1].split()
    sheet = f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    return svg.replace("</desc>", f"</desc>\n{sheet}", 1).replace(
        "<svg ", '<svg color="#1b1b1b" ', 1
    )


def views(page, folder, chromium):
    """What a browser shows of the page."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  not everybody has it

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, view in VIEWS.items():
            tab = browser.new_page(
                viewport={"width": view["width"], "height": view["height"]},
                color_scheme=view["scheme"],
                reduced_motion="reduce",
            )
            tab.goto(page.as_uri())
            tab.wait_for_selector("html[data-ready]")
            if view["at"]:
                tab.fill("#q", view["at"])
                tab.locator("#list tbody button").first.click()
            tab.screenshot(path=folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
