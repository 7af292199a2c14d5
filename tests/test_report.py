"""Report: a page that says what the result says, the same bytes for the same input, and no id where none may be."""

import json
import re
import sys
from collections import Counter
from html.parser import HTMLParser
from importlib.util import module_from_spec, spec_from_file_location
from math import log
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

import reltype
from reltype import cli
from reltype.analyses.sections import in_order, of_document, read
from reltype.definitions.sections import Section, section_of
from reltype.errors import InputError, UsageError
from reltype.reporting import stored
from reltype.reporting.carried import carried
from reltype.reporting.page import html as page_of
from reltype.reporting.page.gathering import of_run, of_stored
from reltype.reporting.page.groups import breakdown
from reltype.reporting.page.names import HIDDEN, Names
from reltype.reporting.page.packing import GAP, Pack, unpacked
from reltype.reporting.page.people import waterfall
from tests.pages import COFFEE, HOSTILE, hostile, hostile_sections, write


@pytest.fixture(scope="module")
def coffee():
    return reltype.classify(COFFEE)


@pytest.fixture(scope="module")
def page(coffee, tmp_path_factory):
    return write(coffee, tmp_path_factory.mktemp("report"), "page.html", by="channel").read_text()


@pytest.fixture(scope="module")
def strangers():
    return hostile()


def subject(found, **options):
    return of_run(found.run, found.table, found.summary(), **options)


class Outline(HTMLParser):
    """Tags, headings, attributes, and whether every tag is closed where it must be."""

    void = frozenset({"meta", "br", "input", "link"})

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts, self.headings = [], Counter(), [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another"

    def handle_data(self, data):
        if "script" not in self.open and "style" not in self.open:
            self.texts.append(data)
            if self.open and self.open[-1] == "h2":
                self.headings.append(data)


def data_of(html):
    return unpacked(re.search(r'id="data">([^<]+)<', html)[1])


def test_the_page_is_well_formed_and_its_sections_come_in_order(page):
    outline = Outline(page)
    assert not outline.open
    assert outline.headings[:4] == [
        "What this is, and how sure",
        "The mix",
        "The map",
        "Each kind of relationship",
    ]
    assert outline.headings[-1] == "One customer"
    ids = [value for _, name, value in outline.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = [v[1:] for t, n, v in outline.attributes if t == "a" and n == "href"]
    assert targets
    assert set(targets) <= set(ids)


def test_nothing_in_the_page_asks_for_anything_or_styles_itself(page):
    for tag, name, value in Outline(page).attributes:
        assert name != "style", tag
        assert not name.startswith("on"), (tag, name)
        assert name not in {"src", "srcset", "action", "formaction"}, (tag, name)
        if name == "href":
            assert value.startswith("#"), value
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert policy.count("'sha256-") == 2
    assert "http:" not in page.replace("http://www.w3.org/2000/svg", "")


def test_the_same_input_gives_the_same_bytes(coffee, tmp_path):
    first = write(coffee, tmp_path, "a.html").read_bytes()
    again = write(reltype.classify(COFFEE), tmp_path, "b.html").read_bytes()
    assert first == again


def test_the_shares_in_the_page_are_those_of_the_result(page, coffee):
    counts = Counter(coffee.table.column("archetype").to_pylist())
    text = re.sub(r"<[^>]+>", " ", page)
    for name, count in counts.items():
        assert re.search(rf"{name}\s+{count}\s+{count / 120:.0%}", text), name


def test_every_customer_is_in_the_data_with_what_the_result_says(page, coffee):
    head, columns = data_of(page)
    rows = coffee.table.to_pylist()
    assert head["texts"]["customers"] == [row["customer_id"] for row in rows]
    kinds = head["texts"]["kinds"]
    assert [kinds[i] for i in columns["kind"]] == [row["archetype"] for row in rows]
    assert columns["confidence"].tolist() == [round(row["confidence"] * 100) for row in rows]
    item = figure = 0
    figures = [head["texts"]["reasons.figures"][i] for i in columns["reasons.figures"]]
    for row, count in zip(rows, columns["reasons.count"], strict=True):
        told = []
        for _ in range(count):
            parts = head["texts"]["reasons"][columns["reasons"][item]].split(GAP)
            made = parts[0]
            for part in parts[1:]:
                made += figures[figure] + part
                figure += 1
            told.append(made)
            item += 1
        assert told == [reason["text"] for reason in row["reasons"]]


def test_every_waterfall_adds_up_to_the_odds_of_the_two_likeliest(coffee):
    one = subject(coffee)
    for place, row in enumerate(coffee.table.to_pylist()):
        made = waterfall(one, place, row)
        assert sum(step.amount for step in made.steps) == made.total.amount
        p = sorted(
            (row[c] for c in row if c.startswith("p_") and c != "p_unclassified"), reverse=True
        )
        assert made.total.amount == pytest.approx(100 * log(p[0] / p[1]), abs=0.51)
        assert all(0 <= s.begin <= 100 and s.begin + s.width <= 101 for s in made.steps)


def test_the_timeline_counts_every_row_of_the_log_once(page):
    import csv

    head, columns = data_of(page)
    with COFFEE.open() as file:
        rows = Counter(row["customer_id"] for row in csv.DictReader(file))
    size = len(head["texts"]["lanes"]) * (len(head["texts"]["edges"]) - 1)
    counted = columns["timeline"].reshape(-1, size).sum(axis=1)
    assert counted.tolist() == [rows[name] for name in head["texts"]["customers"]]


def test_texts_of_strangers_stay_text(strangers, tmp_path):
    html = write(
        strangers,
        tmp_path,
        "page.html",
        by="<i>region</i>",
        sections=hostile_sections(),
        title="<script>alert(1)</script>",
    ).read_text()
    outline = Outline(html)
    assert not outline.open
    assert outline.tags["script"] == 2
    assert not {"img", "b", "i", "u"} & {t for t in outline.tags if t != "i"} - {"i"}
    assert "\u202e" not in html
    assert "\x07" not in html
    assert "\x1b" not in html
    shown = "".join(outline.texts)
    assert "<img src=x onerror=window.hacked=1>" in shown
    assert "{{ 7 * 7 }}{% raw %}" in shown
    assert "<script>alert(1)</script>" in shown


def test_a_redacted_page_holds_no_id_anywhere(strangers, coffee, tmp_path):
    for found, extra in ((strangers, hostile_sections()), (coffee, [])):
        told = [
            *extra,
            Section(
                "Notes",
                "C-000003 called; so did 'C-000004', C-000005's brother and 007.",
                pa.table({"customer": ["C-000006", HOSTILE[3]], "n": ["5", "x C-000007 y"]}),
            ),
        ]
        html = write(found, tmp_path, "page.html", redact=True, sections=told).read_text()
        head, _ = data_of(html)
        everything = html + json.dumps(head["texts"], ensure_ascii=False)
        ids = [one for one in found.table["customer_id"].to_pylist() if len(one) > 3]
        assert not [one for one in ids if one in everything]
        width = len(str(len(found)))
        assert head["texts"]["customers"][0] == f"customer {1:0{width}}"


def test_a_redacted_page_lists_customers_in_another_order_than_that_of_their_ids(coffee):
    order = subject(coffee, redact=True).names.order
    assert sorted(order.tolist()) == list(range(120))
    assert order.tolist() != sorted(order.tolist())


def test_a_redacted_page_refuses_to_be_broken_down_by_who_they_are(coffee, tmp_path):
    with pytest.raises(UsageError, match="names the customers"):
        coffee.report(tmp_path / "page.html", by="customer_id", redact=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("abcABC019-_ .", min_size=1, max_size=8), min_size=1, max_size=6, unique=True),
    st.text(" ,.;:'", max_size=3),
)
def test_no_id_of_more_than_three_letters_is_left_in_a_redacted_text(ids, between):
    ids = [one.strip() or "x" for one in ids]
    names = Names(ids, redact=True)
    told = names.text(f"{between} ".join(["Of", *ids, "nobody"]))
    for one in ids:
        if len(one) > 3 and not one.replace(",", "").isdigit() and one not in HIDDEN:
            assert not re.search(rf"(?<!\w){re.escape(one)}(?!\w)", told), (one, told)


def test_neutral_names_stand_everywhere_in_place_of_the_metaphors(coffee, tmp_path):
    html = write(coffee, tmp_path, "page.html", alias=True).read_text()
    head, _ = data_of(html)
    everything = html + json.dumps(head["texts"])
    for archetype in coffee.run.plan.archetypes:
        assert archetype.name not in everything.lower(), archetype.name
        assert archetype.alias in everything
    assert "speaks for a short-intense relationship" in everything
    assert "speaks for an occasional relationship" in everything


def test_a_group_differs_only_by_more_than_chance_explains():
    rng = np.random.default_rng(4)
    found = _with_groups(np.where(rng.random(400) < 0.5, "a", "b"), np.zeros(400, int))
    assert found.differences == ()
    group = np.repeat(["a", "b"], 200)
    kind = np.concatenate([np.zeros(200, int), np.repeat([0, 1], [120, 80])])
    found = _with_groups(group, kind)
    assert {(d.group, d.kind) for d in found.differences} == {
        (g, k) for g in "ab" for k in ("casual friendship", "committed partnership")
    }
    assert all(d.chance < 0.001 for d in found.differences)


def test_groups_at_random_seldom_differ():
    rng = np.random.default_rng(11)
    wrong = 0
    for _ in range(100):
        group = rng.choice(["a", "b", "c", "d"], 150)
        wrong += bool(_with_groups(group, rng.choice(5, 150)).differences)
    assert wrong <= 9  # 5 expected at most; P(10 or more) of a binomial of 5 % is 0.03


def _with_groups(group, kind):
    kinds = ("casual friendship", "committed partnership", "fling", "marriage", "unclassified")
    groups = {"g": pa.array(group.tolist())}
    some = SimpleNamespace(groups=groups, named=np.asarray(kind, np.int64), kinds=kinds)
    return breakdown(some, "g")


def test_a_column_of_the_customers_or_of_the_log_is_carried_along(strangers, coffee):
    ids = strangers.table.column("customer_id").combine_chunks()
    found = carried(strangers.run, ["<i>region</i>", "rating"], ids).to_pydict()
    by_id = dict(zip(ids.to_pylist(), found["<i>region</i>"], strict=True))
    assert by_id["007"] == "=1+1"
    ids = coffee.table.column("customer_id").combine_chunks()
    assert set(carried(coffee.run, ["Channel"], ids)["Channel"].to_pylist()) <= {
        "store", "app", "web", "phone", "email", "mail", "chat"
    }  # fmt: skip
    with pytest.raises(UsageError, match="Did you mean 'channel'"):
        carried(coffee.run, ["chanel"], ids)


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl", "json"])
def test_a_stored_result_makes_a_page_without_its_data(coffee, tmp_path, ending, page):
    path = tmp_path / f"result.{ending}"
    coffee.write(path)
    assert stored.is_result([path])
    table = stored.read(path)
    assert stored.plan_of(table, coffee.run.knowledge.catalogue).typology.name == "customer"
    assert cli.run(["report", str(path), "-o", str(tmp_path / "page.html"), "-q"]) == 0
    html = (tmp_path / "page.html").read_text()
    head, columns = data_of(html)
    full, all_columns = data_of(page)
    for name in ("kind", "certainty", "confidence", "d.0", "odds"):
        assert (columns[name] == all_columns[name]).all(), name
    assert head["texts"]["customers"] == full["texts"]["customers"]
    assert ("reasons.adds" in columns) == (ending != "csv")
    assert "made from a stored result" in html


def test_data_are_no_stored_result(tmp_path):
    assert not stored.is_result([COFFEE])
    assert not stored.is_result([COFFEE, COFFEE])
    assert not stored.is_result(["nowhere.csv"])
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and no more")
    assert not stored.is_result([broken])


def test_a_result_of_archetypes_that_nobody_knows_is_refused(coffee, tmp_path):
    path = tmp_path / "result.csv"
    coffee.write(path)
    path.write_text(path.read_text().replace("p_fling", "p_romance"))
    with pytest.raises(InputError, match="no typology here does"):
        stored.plan_of(stored.read(path), coffee.run.knowledge.catalogue)


def test_columns_of_a_stored_result_that_are_not_ours_break_it_down(coffee, tmp_path):
    regions = pa.array(["north", "south"] * 60)
    path = tmp_path / "result.parquet"
    parquet.write_table(coffee.table.append_column("region", regions), path)
    out = tmp_path / "page.html"
    assert cli.run(["report", str(path), "--by", "region", "-o", str(out), "-q"]) == 0
    assert "By <bdi>region</bdi>" in out.read_text()
    assert cli.run(["report", str(path), "--by", "regoin", "-o", str(out)]) == 2


def test_the_command_says_what_is_missing_before_anything_is_counted(capsys, tmp_path, monkeypatch):
    out = str(tmp_path / "page.html")
    assert cli.run(["report", str(COFFEE)]) == 2
    assert cli.run(["report", str(COFFEE), "--by", "chanel", "-o", out]) == 2
    assert "Did you mean 'channel'" in capsys.readouterr().err
    assert cli.run(["report", str(COFFEE), "-o", str(COFFEE)]) == 2
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert cli.run(["report", str(COFFEE), "-o", out]) == 2
    assert "pip install 'reltype[report]'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def tracked():
    return reltype.track(str(COFFEE), every="180d")


ONE = [
    {"customer_id": "a", "timestamp": f"2024-01-{day:02d}", "value": 3.0} for day in (1, 8, 15, 22)
]
TABLE = [
    {"customer_id": "1", "since": "2020-01-01", "nps": 9},
    {"customer_id": "2", "since": "2023-01-01", "nps": 2},
]
SINGLE = """
[[typologies]]
name = "single"
summary = "One."
dimensions = ["affect"]
[[archetypes]]
name = "<friend> & 'co'"
typology = "single"
summary = "A friend."
source = "ours"
[archetypes.prototype]
affect = { value = 0.5, tolerance = 0.3 }
"""


@pytest.mark.parametrize(
    ("data", "options"),
    [(ONE, {}), (ONE[:1], {"redact": True}), (TABLE, {"by": "nps"}), (ONE, {"alias": True})],
)
def test_whatever_there_is_makes_a_page(data, options, tmp_path):
    html = write(reltype.classify(data), tmp_path, "page.html", **options).read_text()
    outline = Outline(html)
    assert not outline.open
    assert f"{len({row['customer_id'] for row in data})} customer" in html


def test_nobody_at_all_makes_a_page_and_so_does_a_typology_of_one(coffee, tmp_path):
    table = coffee.table.slice(0, 0)
    assert "0 customers" in page_of(of_stored(table, coffee.run.plan))
    pack = tmp_path / "single.toml"
    pack.write_text(SINGLE)
    rows = [{**row, "kind": "review", "rating": 4} for row in ONE]
    found = reltype.classify(rows, rules=[pack], typology="single")
    html = write(found, tmp_path, "page.html").read_text()
    assert not Outline(html).open
    assert "&lt;friend&gt; &amp; &#39;co&#39;" in html


def test_what_other_commands_found_becomes_a_section(tmp_path, coffee, tracked):
    (tmp_path / "track.json").write_text(json.dumps(tracked.to_dict()))
    review = {
        "as_of": "2024-12-31",
        "standards": [
            {
                "name": "partners stay partners", "verdict": "missed", "value": 0.25, "low": 0.18,
                "high": 0.33, "at_least": 0.4, "at_most": None, "customers": 120, "owner": "advisory",
                "actions": [{"benefit": "confidence"}],
            }
        ],
    }  # fmt: skip
    (tmp_path / "review.json").write_text(json.dumps(review))
    (tmp_path / "plan.csv").write_text(
        "role,rank,customer_id,benefit,action,why,question,certainty,held_out\n"
        "service,1,007,recovery,Call,complained,What would be fair?,sure,no\n"
    )
    sections = [read(tmp_path / name) for name in ("track.json", "review.json", "plan.csv")]
    assert [section.title for section in sections] == [
        "What changed", "Standards met and missed", "Plan",
    ]  # fmt: skip
    assert sections[1].table.to_pylist()[0]["Asked"] == "at least 0.4"
    assert sections[2].table.to_pylist()[0]["Customer"] == "007"
    html = write(coffee, tmp_path, "page.html", sections=sections).read_text()
    assert [h for h in Outline(html).headings if h in {s.title for s in sections}] == [
        section.title for section in sections
    ]


@pytest.mark.parametrize(
    "document",
    [{}, [], None, {"standards": "x"}, {"issues": [1]}, {"lmg": 1, "r2": 2, "rows": 3}, 7],
)
def test_a_file_that_nobody_here_wrote_is_no_section(tmp_path, document):
    path = tmp_path / "some.json"
    path.write_text(json.dumps(document))
    with pytest.raises((UsageError, InputError)):
        read(path)


def test_what_analyses_found_makes_its_own_section(coffee, tmp_path, tracked):
    section = section_of(tracked)
    assert section.title == of_document(tracked.to_dict()).title == "What changed"
    assert section.table.column_names[0] == "Customers who are"
    with pytest.raises(UsageError, match="is no section"):
        coffee.report(tmp_path / "page.html", sections=["words"])


def test_other_commands_write_forms_that_a_page_shows(tmp_path, measured):
    examples = COFFEE.parent
    made = {
        "plan.csv": ["plan", COFFEE, "--capacity", "service=2"],
        "issues.json": ["issues", examples / "software-tickets.csv", "--text", "subject"],
    }
    for name, command in made.items():
        form = ["--format", "json"] if name.endswith(".json") else []
        given = [*map(str, command), "-o", str(tmp_path / name), *form]
        assert cli.run(given) == 0
    sections = {name: read(tmp_path / name) for name in made}
    sections["drivers.json"] = read(measured)
    assert sections["plan.csv"].table.num_rows == 2
    assert sections["issues.json"].table.num_rows > 5
    drivers = sections["drivers.json"].table.to_pylist()
    assert drivers[0]["Driver"] == "treated_with_respect"
    assert drivers[0]["Told from noise"] == "yes"
    assert [s.title for s in in_order(list(sections.values()))] == ["Drivers", "Plan", "Issues"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What `drivers` measured of the ward's survey, as a file."""
    path = tmp_path_factory.mktemp("drivers") / "drivers.json"
    survey = str(COFFEE.parent / "ward-survey.csv")
    assert cli.run(["drivers", survey, "--outcome", "overall", "-f", "json", "-o", str(path)]) == 0
    return path


def test_what_reltype_toml_wants_and_what_drivers_measured_stand_in_the_page(tmp_path, measured):
    config = tmp_path / "reltype.toml"
    config.write_text(
        '[[standards]]\nname = "partners stay partners"\nshare = "committed partnership"\nat_least = 0.9\n'
    )
    given = ["--config", str(config), "--drivers", str(measured), "-o", str(tmp_path / "page.html")]
    assert cli.run(["report", str(COFFEE), *given, "-q"]) == 0
    html = (tmp_path / "page.html").read_text()
    headings = Outline(html).headings
    assert headings.index("Standards met and missed") + 1 == headings.index("Drivers")
    assert re.search(r"partners stay partners</bdi></td><td><bdi>missed", html)


def test_who_is_no_customer_is_called_none(coffee):
    names = Names(["007"], noun="employee", plural="employees", redact=True)
    assert names.text("2 customers in customers.csv") == "2 employees in customers.csv"
    assert names.customers.to_pylist() == ["employee 1"]
    assert names.cell("a customer wrote") == "a customer wrote"
    plan = coffee.run.plan
    other = evolve(plan, typology=evolve(plan.typology, noun="guest", plural="guests"))
    html = page_of(evolve(subject(coffee), plan=other))
    assert "Three typical guests" in html
    assert "120 guests as of" in html
    assert "<h1>Guest relationships</h1>" in html


def test_a_plugin_adds_a_section_under_its_name(tmp_path):
    from reltype import plugins
    from reltype.plugin import hookimpl
    from reltype.plugins.knowledge import Knowledge

    class Added:
        __name__ = "weather"

        @hookimpl
        def reltype_sections(self, relationships):
            return [Section("Weather", f"{len(relationships)} customers in the rain.")]

    known = Knowledge.of(plugins.load(Added()))
    assert [(s.title, s.plugin) for s in known.sections([1, 2])] == [("Weather", "weather")]


def test_more_customers_than_a_page_holds_are_sampled_and_that_is_said(
    coffee, tmp_path, monkeypatch
):
    from reltype.reporting.page import data as module

    monkeypatch.setattr(module, "MOST", 50)
    html = write(coffee, tmp_path, "page.html").read_text()
    head, columns = data_of(html)
    assert head["rows"] == len(columns["kind"]) == len(set(head["texts"]["customers"])) == 50
    assert "50 of 120 customers" in html
    assert "120 customers as of" in html


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(-(2**31), 2**32 - 1) | st.integers(-5, 300), max_size=30),
    st.lists(st.text(max_size=12) | st.none(), max_size=20),
)
def test_what_is_packed_is_what_is_unpacked(whole, texts):
    pack = Pack(0)
    fits = [n for n in whole if n >= 0] if any(n > 2**31 - 1 for n in whole) else whole
    pack.numbers("n", np.array(fits, np.int64))
    pack.texts("t", pa.array(texts, pa.string()))
    pack.sentences("s", pa.array(texts, pa.string()))
    head, columns = unpacked(pack.base64())
    assert columns["n"].tolist() == fits
    read_back = [head["texts"]["t"][i] for i in columns["t"]]
    expected = ["".join(c if c.isprintable() else "�" for c in text or "") for text in texts]
    assert read_back == expected
    figures = iter(columns["s.figures"])
    made = []
    for code in columns["s"]:
        parts = head["texts"]["s"][code].split(GAP)
        made.append(
            parts[0] + "".join(head["texts"]["s.figures"][next(figures)] + p for p in parts[1:])
        )
    assert made == expected


def test_every_fact_of_every_customer_can_be_read_as_python_holds_it(coffee):
    days = {f.name for f in coffee.run.plan.catalogue.features.values() if f.unit == "day"}
    assert days
    for row in coffee.facts().select(sorted(days)).to_pylist():
        assert all(day is None or 1900 < day.year < 2200 for day in row.values())


def test_the_pictures_of_the_docs_are_made_by_the_script_that_they_name(tmp_path, page):
    docs = COFFEE.parents[1] / "docs"
    linked = set(re.findall(r"\(gallery/([\w.-]+)\)", (docs / "report.md").read_text("utf-8")))
    there = {path.name for path in (docs / "gallery").iterdir() if path.name.startswith("report-")}
    assert linked == there
    spec = spec_from_file_location("gallery", docs / "gallery.py")
    gallery = module_from_spec(spec)
    spec.loader.exec_module(gallery)
    for kind, place in gallery.DRAWINGS.items():
        ET.fromstring(gallery.drawing(page, kind, place))
    made = {f"report-{kind}.svg" for kind in gallery.DRAWINGS} | {f"{v}.png" for v in gallery.VIEWS}
    assert made == linked
