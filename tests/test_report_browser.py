"""Report in a real browser: Debian's chromium by playwright, and axe-core for what everybody can read.

Where one of them is absent, the tests are skipped with a word: `apt-get install chromium`, and
`pip install -e '.[dev]'`.
"""

import importlib.util
import math
import re
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import reltype
from reltype.reporting.page import html as page_of
from reltype.reporting.page.gathering import of_stored
from tests.pages import COFFEE, HOSTILE, hostile, hostile_sections, write

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
WIDTHS = (390, 1400)

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def coffee():
    return reltype.classify(COFFEE)


@pytest.fixture(scope="module")
def folder(coffee, tmp_path_factory):
    made = tmp_path_factory.mktemp("pages")
    write(coffee, made, "coffee.html", by="channel")
    grouped = coffee.table.append_column("group", coffee.table.column("archetype"))
    stored = of_stored(grouped, coffee.run.plan, by=["group"])
    (made / "stored.html").write_text(page_of(stored), encoding="utf-8")
    write(
        hostile(),
        made,
        "hostile.html",
        by="<i>region</i>",
        sections=hostile_sections(),
        title="<script>window.hacked=1</script>",
    )
    return made


@pytest.fixture(scope="module")
def axe():
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe-core is not installed: pip install axe-playwright-python")
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def opened(browser, folder):
    """Open a page; what it printed and asked for is looked at in the end."""
    contexts, said, asked = [], [], []

    def open_(name="coffee.html", *, width=1400, ready=True, url=None, **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, reduced_motion="reduce", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(url or (folder / name).as_uri())
        if ready:
            page.wait_for_selector("html[data-ready]", timeout=10_000)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert said == []
    assert len(asked) == len(contexts), asked


@pytest.mark.parametrize("name", ["coffee.html", "hostile.html", "stored.html"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_opens_without_a_word_a_request_or_a_second_scroll_bar(opened, name, width):
    page = opened(name, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("window.hacked") is None
    assert page.locator("#list tbody tr").count() == (
        len(HOSTILE) if name == "hostile.html" else 50
    )


def test_a_page_asks_a_server_for_nothing_but_itself(opened, folder):
    handler = partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        page = opened(url=f"http://127.0.0.1:{server.server_port}/coffee.html")
        page.locator("#list tbody button").first.click()
        page.wait_for_timeout(200)
    finally:
        server.shutdown()
        server.server_close()
    assert _Quiet.paths == ["/coffee.html"]


class _Quiet(SimpleHTTPRequestHandler):
    paths = []  # noqa: RUF012

    def log_message(self, *_):
        _Quiet.paths.append(self.path)


def test_the_policy_stops_scripts_and_styles_that_are_not_the_pages_own(opened, browser, folder):
    context = browser.new_context()
    page = context.new_page()
    page.goto((folder / "coffee.html").as_uri())
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.hacked = 1";
          document.body.append(script);
          document.body.innerHTML += '<p id="p" style="position:fixed" onclick="window.hacked=2">x</p>';
          document.getElementById("p").click();
          const image = new Image();
          image.src = "http://127.0.0.1:9/x.png";
          document.body.append(image);
        }"""
    )
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("getComputedStyle(document.getElementById('p')).position") == "static"
    context.close()


def test_what_differs_beyond_chance_is_marked_and_said(opened):
    page = opened("stored.html", width=390)
    marks = page.locator(".groups .beyond").all_inner_texts()
    assert any("▲" in mark and "more than elsewhere" in mark for mark in marks)
    assert any("▼" in mark and "less than elsewhere" in mark for mark in marks)
    assert "100% casual friendship, more than elsewhere (0%)" in page.locator("#by-1").inner_text()


def test_searching_filtering_and_sorting_show_what_they_say(opened, coffee):
    page = opened()
    rows = coffee.table.to_pylist()
    found = page.locator("#found")
    assert found.inner_text() == "120 customers, 1 to 50 shown"
    page.fill("#q", "c-00011")
    ids = [row["customer_id"] for row in rows if "c-00011" in row["customer_id"].lower()]
    assert _names(page) == ids
    assert found.inner_text() == f"{len(ids)} customers"
    page.fill("#q", "nobody is called so")
    assert found.inner_text() == "No customer is like that."
    page.fill("#q", "")
    page.select_option("#f-kind", label="fling")
    flings = [row for row in rows if row["archetype"] == "fling"]
    assert _names(page) == [row["customer_id"] for row in flings]
    page.get_by_role("button", name="Probability").click()
    ranked = sorted(flings, key=lambda row: -round(row["confidence"] * 100))
    assert _names(page) == [row["customer_id"] for row in ranked]
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("Probability")
    page.get_by_role("button", name="Probability").click()
    assert page.locator("th[aria-sort=descending]").count() == 1
    shares = page.locator("#list tbody td.figure").all_inner_texts()
    assert shares == sorted(shares, key=lambda text: int(text.rstrip("%")))
    page.select_option("#f-kind", "")
    page.check("#f-alarm")
    assert set(_names(page)) == {row["customer_id"] for row in rows if row["alarms"]}


def _names(page):
    return page.locator("#list tbody th button").all_inner_texts()


def test_all_pages_together_show_every_customer_once(opened, coffee):
    page = opened()
    seen = _names(page)
    while page.locator("#after").is_enabled():
        page.click("#after")
        seen += _names(page)
    assert seen == coffee.table.column("customer_id").to_pylist()


def test_one_customer_is_shown_with_a_waterfall_that_adds_up(opened, coffee):
    page = opened()
    log = COFFEE.read_text()
    for row in coffee.table.to_pylist()[::17]:
        page.fill("#q", row["customer_id"])
        page.locator("#list tbody button").click()
        one = page.locator("#one")
        assert one.locator("h3").inner_text() == row["customer_id"]
        assert row["archetype"] in one.inner_text()
        for reason in [*row["reasons"], *row["against"]]:
            assert reason["text"] in one.inner_text()
        amounts = [_number(t) for t in one.locator(".why tbody .figure").all_inner_texts()]
        total = _number(one.locator(".why tfoot .figure").inner_text())
        assert sum(amounts) == pytest.approx(total, abs=1e-9)
        p = sorted((row[n] for n in row if n[:2] == "p_" and n != "p_unclassified"), reverse=True)
        assert total == pytest.approx(math.log(p[0] / p[1]), abs=0.0051)
        counted = one.locator(".course .lanes tbody .figure").all_inner_texts()
        assert sum(map(int, counted)) == log.count(f'"{row["customer_id"]}"')
        assert one.get_by_text("What was counted").count()


def _number(text):
    return float(text.replace("−", "-"))


def test_what_the_script_shows_of_a_typical_customer_is_what_stands_in_the_page(opened):
    page = opened()
    card = page.locator(".card").first
    waterfall, course = ".why :is(tbody, tfoot) .figure", ".course .lanes tbody .figure"
    amounts = card.locator(waterfall).all_inner_texts()
    counts = card.locator(course).all_inner_texts()
    assert len(amounts) > 2
    assert counts
    card.locator(".who button").click()
    assert page.locator(f"#one {waterfall}").all_inner_texts() == amounts
    assert page.locator(f"#one {course}").all_inner_texts() == counts


def test_everything_can_be_done_with_the_keyboard(opened):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#q")
    page.keyboard.type("c-000012")
    page.keyboard.press("Enter")
    assert page.locator("#one h3").inner_text() == "C-000012"
    assert page.evaluate("document.activeElement.id") == "one"
    page.keyboard.press("Escape")
    assert page.locator("#one").is_hidden()
    assert page.evaluate("document.activeElement.id") == "q"
    page.fill("#q", "")
    reached = set()
    page.focus("#q")
    for _ in range(25):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.id || document.activeElement.textContent")
        )
    assert {"f-kind", "f-level", "f-status", "f-alarm", "Certainty", "C-000000"} <= reached
    page.locator("#list thead button").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort]").count() == 1


def test_without_scripts_the_page_and_the_first_customers_can_be_read(browser, folder, coffee):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "coffee.html").as_uri())
    assert page.locator("#search").is_hidden()
    assert page.locator("noscript").inner_text().startswith("The first 50 customers.")
    names = page.locator("#list tbody th").all_inner_texts()
    assert names == coffee.table.column("customer_id").to_pylist()[:50]
    first = coffee.table.slice(0, 1).to_pylist()[0]
    assert first["reasons"][0]["text"] in page.locator("#list tbody tr").first.inner_text()
    for heading in ("The mix", "The map", "Each kind of relationship", "Whom to talk to first"):
        assert page.get_by_role("heading", name=heading).is_visible()
    context.close()


def test_texts_of_strangers_stay_text_wherever_they_are_shown(opened):
    page = opened("hostile.html")
    assert page.locator("img, iframe, object, embed").count() == 0
    assert page.locator("h1").inner_text() == "<script>window.hacked=1</script>"
    shown = _names(page)
    assert "<img src=x onerror=window.hacked=1>" in shown
    assert "=cmd|' /C calc'!A0" in shown
    assert "\ufffdgpj.exe" in shown
    for place in range(len(HOSTILE)):
        page.locator("#list tbody button").nth(place).click()
    assert page.evaluate("window.hacked") is None
    assert page.locator("section h2", has_text="<h1>Found</h1>").count() == 1
    assert page.locator(".groups tbody th", has_text="</table>").count() == 0  # fewer than five
    assert page.locator("#list tbody tr").count() == len(HOSTILE)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("look", ["light", "dark", "print"])
def test_everybody_can_read_it_by_the_rules_of_wcag_2_2_aa(opened, axe, look, width):
    page = opened(width=width, color_scheme="dark" if look == "dark" else "light")
    page.locator("#list tbody button").first.click()
    if (look, width) == ("light", 1400):
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.fill("#q", "c-00000")  # a tenth of the rows says as much
    if look == "print":
        page.emulate_media(media="print")
    page.evaluate(axe)
    options = {"runOnly": {"type": "tag", "values": list(AXE)}, "resultTypes": ["violations"]}
    found = page.evaluate("(options) => axe.run(options)", options)
    told = [(v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in found["violations"]]
    assert told == []


def test_a_page_of_strangers_breaks_no_rule_either(opened, axe):
    page = opened("hostile.html", width=390)
    page.evaluate(axe)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    told = [(v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in found["violations"]]
    assert told == []


def test_every_drawing_is_told_in_words_and_its_figures_stand_in_a_table(opened):
    page = opened()
    for svg in page.locator("svg[role=img]").all():
        name = svg.get_attribute("aria-label") or svg.locator("title").first.text_content()
        assert len(name or "") > 4
    for figure in page.locator("figure").all():
        near = figure.evaluate(
            "(one) => { const next = one.nextElementSibling; return next.querySelector('table') !== null; }"
        )
        assert near


def test_it_prints_on_a4_without_what_only_a_screen_can_do(opened):
    page = opened()
    pdf = page.pdf(prefer_css_page_size=True)
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox ?\[([^\]]+)\]", pdf)}
    assert {(round(box[2]), round(box[3])) for box in boxes} == {(595, 842)}
    assert pdf.startswith(b"%PDF")
    page.emulate_media(media="print")
    for hidden in ("#search", "#pages", ".skip", "header nav"):
        assert page.locator(hidden).is_hidden()
    assert page.locator("#mix svg").first.is_visible()
