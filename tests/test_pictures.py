"""Pictures in notebooks and files, and what notebooks show of values: escaped, and the same each time."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

import reltype
from reltype import cli
from reltype.errors import UsageError
from reltype.reporting.plots import converting
from reltype.simulate import simulate

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '<script>alert(1)</script>" onload="x'


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A small result with a hostile id, read of a file."""
    import pyarrow as pa
    import pyarrow.csv as pc

    log = simulate("coffee bar", customers=40).interactions
    ids = log.column("customer_id").to_pylist()
    log = log.set_column(0, "customer_id", pa.array([EVIL if i == ids[0] else i for i in ids]))
    path = tmp_path_factory.mktemp("log") / "log.csv"
    pc.write_csv(log, path)
    return reltype.classify(path)


@pytest.fixture(scope="module")
def log(found):
    return found.run.inputs.files[0]


@pytest.fixture(scope="module")
def stored(found, tmp_path_factory):
    path = tmp_path_factory.mktemp("stored") / "result.parquet"
    found.write(path)
    return path


@pytest.fixture(scope="module")
def track(log):
    return reltype.track(log, every="quarter")


class Tags(HTMLParser):
    """The tags and attributes of a text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.words = set(), set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.words.append(data)


def test_what_notebooks_show_holds_no_script_no_style_and_strangers_texts_as_texts(found, track):
    shown = {
        "relationships": found._repr_html_(),
        "relationship": found[EVIL]._repr_html_(),
        "explanation": found.explain(EVIL)._repr_html_(),
        "track": track._repr_html_(),
    }
    for name, text in shown.items():
        tags = Tags(text)
        assert not tags.tags & {"script", "style", "iframe", "img", "a", "link"}, name
        assert not {a for a in tags.attributes if a.startswith("on") or a in {"style", "href"}}
        assert "alert(1)" not in text or EVIL in "".join(tags.words), name
    assert EVIL in "".join(Tags(shown["relationship"]).words)
    assert "currentcolor" in shown["relationships"].lower()
    assert "#ffffff" not in shown["relationships"].split("<path")[0]


def test_a_notebook_shows_of_an_explanation_all_that_adds_up(found):
    one = found.explain(EVIL)
    rows = re.findall(r'<th scope="row">([+-][\d.]+)</th><td>([^<]*)</td>', one._repr_html_())
    likely = max((a for a in one.scores if a != "unclassified"), key=one.posterior.get)
    count = len(one.of(likely))
    assert sum(float(amount) for amount, _ in rows[:count]) == pytest.approx(
        float(rows[count][0]), abs=0.005 * (count + 1)
    )
    assert rows[count][1] == "in all"


def pictures(found, track):
    return {
        "mix": found.plot.mix(),
        "slide": found.plot.mix(slide=True, title="Ours"),
        "map": found.plot.map(),
        "profile": found.plot.profile("fling"),
        "profile of one": found.plot.profile(EVIL),
        "waterfall": found.plot.waterfall(EVIL),
        "timeline": found.plot.timeline(EVIL),
        "flow": track.flow(),
    }


def test_every_picture_is_shown_in_the_pages_colours_and_saved_on_a_sheet(found, track, tmp_path):
    for name, picture in pictures(found, track).items():
        assert ET.fromstring(picture._repr_svg_()).attrib["color"] == "#1b1b1b", name
        assert "color" not in ET.fromstring(picture._repr_html_()).attrib, name
        picture.save(tmp_path / "x.svg")
        assert (tmp_path / "x.svg").read_text(encoding="utf-8") == picture.svg
        assert "<script" not in picture.svg


def test_png_and_pdf_are_the_same_bytes_each_time_and_hold_the_picture(found, track, tmp_path):
    pytest.importorskip("resvg_py")
    pytest.importorskip("svglib")
    for name, picture in pictures(found, track).items():
        for ending, begin in ((".png", b"\x89PNG"), (".pdf", b"%PDF")):
            picture.save(tmp_path / f"a{ending}")
            picture.save(tmp_path / f"b{ending}")
            made = (tmp_path / f"a{ending}").read_bytes()
            assert made.startswith(begin), name
            assert made == (tmp_path / f"b{ending}").read_bytes(), name
    found.plot.mix(slide=True).save(tmp_path / "slide.png")
    head = (tmp_path / "slide.png").read_bytes()[16:24]
    assert (int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")) == (1920, 1080)


def test_letters_that_the_shipped_face_lacks_are_drawn_with_those_of_the_machine(found):
    pytest.importorskip("svglib")
    assert not converting._lacking(found.plot.mix().svg)
    svg = found.plot.mix(title="顧客との関係").svg
    assert converting._lacking(svg)
    assert converting.converted(svg, ".pdf").startswith(b"%PDF")


@pytest.mark.parametrize(("ending", "module"), [(".png", "resvg_py"), (".pdf", "svglib")])
def test_what_is_missing_is_told_with_what_to_install(found, ending, module, monkeypatch, tmp_path):
    converting._registered.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=r"pip install 'reltype\[report\]', or write it as \.svg"):
        found.plot.mix().save(tmp_path / f"x{ending}")
    assert not list(tmp_path.iterdir())


def test_a_waterfall_of_a_run_ends_at_the_score_and_one_of_a_stored_result_at_the_lead(
    found, stored, tmp_path
):
    one = found.explain(EVIL)
    likely = max((a for a in one.scores if a != "unclassified"), key=one.posterior.get)
    told = ET.fromstring(found.plot.waterfall(EVIL).svg).find(f"{SVG}desc").text
    assert f"score of {likely}: {one.scores[likely]:+.2f}" in told
    out = tmp_path / "w.svg"
    assert cli.run(["plot", "waterfall", str(stored), "-c", EVIL, "-o", str(out)]) == 0
    assert " over " in ET.fromstring(out.read_text(encoding="utf-8")).find(f"{SVG}desc").text


def test_a_flow_holds_whoever_was_there_at_both_ends_of_its_steps(track):
    told = ET.fromstring(track.flow(steps=1).svg).find(f"{SVG}desc").text
    stay, of = map(int, re.search(r": (\d+) of (\d+) stay", told).groups())
    last = [row for row in track.table.to_pylist() if row["as_of"] == track.days[-1]]
    both = [row for row in last if row["previous"] is not None]
    assert of == len(both)
    assert stay == sum(row["previous"] == row["archetype"] for row in both)


def test_the_dimensions_of_a_map_can_be_chosen(found):
    told = ET.fromstring(found.plot.map("affect", "volition").svg).find(f"{SVG}desc").text
    assert "To the right affect" in told
    assert "upwards volition" in told
    with pytest.raises(UsageError, match="Did you mean 'affect'"):
        found.plot.map("afect")


@pytest.mark.parametrize(
    "args",
    [
        ["mix"],
        ["mix", "--slide", "--alias", "--title", "Ours"],
        ["map"],
        ["profile", "--archetype", "fling"],
        ["profile", "-c", EVIL],
    ],
)
def test_the_command_draws_the_same_of_data_and_of_a_stored_result(args, found, stored, tmp_path):
    out = tmp_path / "x.svg"
    assert cli.run(["plot", args[0], str(stored), *args[1:], "-o", str(out)]) == 0
    title = ET.fromstring(out.read_text(encoding="utf-8")).find(f"{SVG}title").text
    assert title
    if args == ["map"]:
        assert out.read_text(encoding="utf-8") == found.plot.map().svg


def test_the_command_draws_a_flow_of_a_track_that_was_written(track, tmp_path):
    for ending in ("csv", "parquet"):
        track.write(tmp_path / f"track.{ending}")
        out = tmp_path / f"{ending}.svg"
        assert cli.run(["plot", "flow", str(tmp_path / f"track.{ending}"), "-o", str(out)]) == 0
        assert out.read_text(encoding="utf-8") == track.flow().svg


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["mux", "-o", "x.svg"], "Did you mean 'mix'"),
        (["mix", "-o", "x.jpg"], "a picture is written as .svg, .png, .pdf"),
        (["mix", "-c", "a", "-o", "x.svg"], "--customer is for"),
        (["waterfall", "-o", "x.svg"], "say --customer ID"),
        (["profile", "-o", "x.svg"], "say --archetype NAME or --customer ID"),
        (["profile", "--archetype", "flung", "-o", "x.svg"], "Did you mean 'fling'"),
        (["timeline", "-c", "C-1", "-o", "x.svg"], "needs the log"),
        (["waterfall", "-c", "nobody", "-o", "x.svg"], "There is no customer 'nobody'"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_a_sentence(
    args, told, stored, capfd, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert cli.run(["plot", args[0], str(stored), *args[1:]]) == 2
    assert told in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_plain_install_needs_nothing_of_what_draws_png_and_pdf():
    names = ("reportlab", "resvg_py", "svglib", "jinja2")
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({names!r})); "
        "import reltype.relationships, reltype.cli.plot, reltype.reporting.pictures"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
