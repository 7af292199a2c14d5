"""Plots: SVG that says in words what it shows, is the same each time, and holds no stranger's markup."""

import datetime as dt
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reltype.reporting import plots
from reltype.reporting.plots.drawing import COLOURS, GREY, PATTERNS, cut, pattern, shape, width_of

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "&lt;b&gt; & ]]>",
    "\x1b[31mred\x07\u202eevil",
    "=cmd()|x",
    "x" * 4000,
    "名前" * 30,
    "",
]


def drawings(word: str) -> dict[str, str]:
    """Every picture, with *word* wherever it takes a text."""
    names, axes = [word, f"{word} 2", "unclassified"], (word, word, word)
    day = dt.date(2024, 5, 1)
    return {
        "mix": plots.mix(
            names,
            [0.5, 0.3, 0.2],
            low=[0.4, 0.2, 0.1],
            high=[0.6, 0.4, 0.3],
            certainty={"sure": [0.2, 0.1, 0], "tentative": [0.3, 0.2, 0]},
            title=word,
            subtitle=word,
            note=word,
        ),
        "map": plots.map(
            [0.1, 0.9, np.nan],
            [0.5, 0.6, 0.1],
            [0, 1, 2],
            names,
            x_axis=axes,
            y_axis=axes,
            title=word,
            note=word,
        ),
        "profile": plots.profile(
            [word, "b"],
            [0.4, None],
            poles=[(word, word)] * 2,
            low=[0.2, None],
            high=[0.6, None],
            usual=[0.5, 0.5],
            usual_word=word or "usual",
            title=word,
            note=word,
        ),
        "flow": plots.flow(names, [word, word], [np.ones((3, 3))], title=word, note=word),
        "waterfall": plots.waterfall([word, "b"], [2.0, -0.5], total=word, title=word, note=word),
        "timeline": plots.timeline(
            [day, day], [word, "b"], marks={word: day}, title=word, note=word
        ),
    }


@pytest.mark.parametrize("word", HOSTILE)
def test_every_picture_is_well_formed_and_holds_only_shapes_and_texts(word):
    for kind, drawn in drawings(word).items():
        tree = ET.fromstring(drawn)
        tags = {element.tag.removeprefix(SVG) for element in tree.iter()}
        assert tags <= {"svg", "title", "desc", "rect", "path", "line", "text"}, kind
        attributes = {name for element in tree.iter() for name in element.attrib}
        assert not {a for a in attributes if a == "style" or a.startswith("on") or "href" in a}
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", drawn), kind
        assert "nan" not in re.sub(">[^<]*<", "><", drawn), kind


@pytest.mark.parametrize("kind", drawings("a"))
def test_a_picture_has_a_name_and_a_description_that_holds_its_figures(kind):
    tree = ET.fromstring(drawings("friends")[kind])
    key = tree.attrib["aria-labelledby"], tree.attrib["aria-describedby"]
    title, description = tree.find(f"{SVG}title"), tree.find(f"{SVG}desc")
    assert tree.attrib["role"] == "img"
    assert (title.attrib["id"], description.attrib["id"]) == key
    assert title.text == "friends"
    assert "friends" in description.text
    assert re.search(r"\d", description.text)


def test_equal_figures_give_equal_bytes_and_other_figures_other_ids():
    assert drawings("friends") == drawings("friends")
    ids = [re.search('id="t-([0-9a-f]+)"', drawn)[1] for drawn in drawings("friends").values()]
    assert len(set(ids)) == len(ids)


def test_on_paper_a_picture_brings_its_sheet_and_ink_and_else_the_colour_of_the_text_around():
    inline, alone = (plots.mix(["a"], [1.0], paper=paper) for paper in (False, True))
    assert 'fill="currentColor"' in inline
    assert "#ffffff" not in inline.split("<desc")[0]
    assert 'color="#1b1b1b"' in alone
    assert '<rect width="760"' in alone


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [*COLOURS, GREY])
def test_a_colour_has_a_contrast_of_three_to_white_and_to_a_dark_page(colour):
    own, dark = _luminance(colour), _luminance("#1e1e1e")
    assert 1.05 / (own + 0.05) >= 3
    assert (own + 0.05) / (dark + 0.05) >= 3


def test_no_two_of_64_archetypes_share_both_colour_and_pattern_or_colour_and_shape():
    size = len(COLOURS)
    assert len(PATTERNS) == size
    assert len({(i % size, pattern(i)) for i in range(64)}) == 64
    assert len({(i % size, shape(i)) for i in range(64)}) == 64


@given(st.text(max_size=60), st.floats(20, 400))
def test_a_text_that_is_cut_fits_its_room(text, room):
    assert width_of(cut(text, room, 13), 13) <= max(room, width_of("…", 13))


def test_a_mix_tells_shares_their_interval_and_how_sure_the_names_are():
    drawn = plots.mix(
        ["friends", "unclassified"],
        [0.625, 0.375],
        low=[0.5, 0.25],
        high=[0.75, 0.5],
        certainty={"sure": [0.5, 0], "tentative": [0.125, 0]},
    )
    told = ET.fromstring(drawn).find(f"{SVG}desc").text
    assert "friends 62% (50–75%): sure 50%, tentative 12%; unclassified 38% (25–50%)." in told


def test_a_slide_is_16_by_9_and_its_smallest_rows_beyond_twelve_are_one():
    names = [f"kind {i}" for i in range(30)]
    drawn = plots.mix(names, [1 / 30] * 30, slide=True)
    tree = ET.fromstring(drawn)
    assert tree.attrib["viewBox"] == "0 0 1280 720"
    assert "19 others 63%" in tree.find(f"{SVG}desc").text
    heights = [float(text.attrib["y"]) for text in tree.iter(f"{SVG}text")]
    assert max(heights) < 720


def test_where_there_are_many_customers_marks_stand_for_those_of_a_square():
    generator = np.random.default_rng(1)
    axes = {"x_axis": ("affect", "low", "high"), "y_axis": ("volition", "low", "high")}
    few, many = (
        plots.map(
            generator.random(n), generator.random(n), generator.integers(0, 3, n), "abc", **axes
        )
        for n in (500, 100_000)
    )
    assert "the larger a mark" not in few
    assert "100,000 customers: the larger a mark, the more are there" in many
    assert len(many) < 60_000


def test_customers_who_share_few_places_are_drawn_as_squares_too():
    axes = {"x_axis": ("affect", "low", "high"), "y_axis": ("volition", "low", "high")}
    drawn = plots.map([0.2, 0.8] * 50, [0.3] * 100, [0, 1] * 50, ["a", "b"], **axes)
    assert "100 customers: the larger a mark" in drawn


def test_customers_of_whom_a_dimension_was_not_seen_are_counted_beside_the_map():
    axes = {"x_axis": ("affect", "low", "high"), "y_axis": ("volition", "low", "high")}
    drawn = plots.map([0.2, np.nan], [0.3, 0.4], [0, 0], ["a"], **axes)
    assert "1 are not drawn: affect or volition was not seen of them." in drawn


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=40))
def test_a_waterfall_ends_at_the_sum_of_what_it_was_given(amounts):
    drawn = plots.waterfall([f"fact {i}" for i in range(len(amounts))], amounts)
    told = ET.fromstring(drawn).find(f"{SVG}desc").text
    total = float(re.search(r"in all: ([+-][\d.]+)", told)[1])
    assert total == pytest.approx(sum(amounts), abs=0.006)
    shown = [float(amount) for amount in re.findall(r": ([+-][\d.]+)(?=;|\. in all)", told)]
    assert sum(shown) == pytest.approx(total, abs=0.006 * (len(shown) + 1))


def test_a_flow_tells_every_way_and_who_stays():
    drawn = plots.flow(["new", "old"], ["May", "June"], [[[1, 2], [0, 4]]])
    told = ET.fromstring(drawn).find(f"{SVG}desc").text
    assert told == "May to June: 5 of 7 stay; 2 of 3 from new to old."


def test_a_timeline_of_no_contacts_or_of_thousands_is_drawn():
    assert "no contacts" in plots.timeline([], [])
    days = [dt.date(2020, 1, 1) + dt.timedelta(i) for i in range(4000)]
    drawn = plots.timeline(days, ["paid"] * 4000)
    assert "4,000 in all" in drawn
    assert len(drawn) < 15_000


def test_a_dimension_that_was_not_seen_is_said_to_be_so_and_has_no_dot():
    drawn = plots.profile(["affect"], [None], poles=[("negative", "positive")])
    assert "affect not seen" in drawn
    assert "<path" not in drawn
