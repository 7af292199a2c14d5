"""The map of stakeholders: what is read, what is measured, what chance gives, what is drawn."""

import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import reltype
from reltype.analyses.stakeholders import measures
from reltype.analyses.stakeholders.chance import rewired
from reltype.analyses.stakeholders.communities import communities
from reltype.cli import cli
from reltype.errors import InputError, UsageError
from reltype.learning.intervals import benjamini_hochberg, holm

nx = pytest.importorskip("networkx")

EXAMPLES = Path(__file__).parents[1] / "examples"
EMAIL = Path(__file__).parents[2] / "shared" / "data" / "email-departments"


def mapped(rows, **options):
    return reltype.stakeholders(rows, **options)


def ends(found):
    names = found.ties.names
    return {
        (names[a], names[b]): w
        for a, b, w in zip(
            found.ties.source.tolist(),
            found.ties.target.tolist(),
            found.ties.weight.tolist(),
            strict=True,
        )
    }


@pytest.fixture(scope="module")
def city():
    return reltype.stakeholders(
        EXAMPLES / "homeless-network-ties.csv",
        people=EXAMPLES / "homeless-network.csv",
        groups="focus",
    )


@pytest.fixture(scope="module")
def pairs():
    rng = np.random.default_rng(5)
    a, b = rng.integers(0, 60, (2, 130))
    keep = a != b
    return measures.Pairs.of(a[keep], b[keep], rng.integers(1, 9, keep.sum()).astype(float), 63)


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("sender", "recipient"),
    [
        ("from", "to"),
        ("From", "To"),
        ("source", "target"),
        ("Source_ID", "Target_ID"),
        ("sender", "recipient"),
        ("senderEmail", "recipientEmail"),
        ("sender_name", "receiver_name"),
        ("src", "dst"),
        ("node1", "node2"),
        ("ego", "alter"),
        ("person_a", "person_b"),
        ("id_1", "id_2"),
        ("caller", "callee"),
        ("Von", "An"),
        ("u", "v"),
        ("Absender", "Empfänger"),
        ("expéditeur", "destinataire"),
    ],
)
def test_columns_are_known_by_many_names(sender, recipient):
    found = mapped([{"note": "x", recipient: "b", sender: "a"}, {sender: "b", recipient: "c"}])
    assert ends(found) == {("a", "b"): 1, ("b", "c"): 1}


def test_columns_without_a_header_are_told_by_their_place(tmp_path):
    (tmp_path / "edges.txt").write_text("0 1\n1 2\n2 0\n0 3\n")
    found = mapped(tmp_path / "edges.txt")
    assert ends(found) == {("0", "1"): 1, ("1", "2"): 1, ("2", "0"): 1, ("0", "3"): 1}
    assert any("by their place" in note for note in found.notes)


def test_a_first_row_of_people_is_a_tie_and_no_header(tmp_path):
    (tmp_path / "edges.csv").write_text("Ann,Bob\nBob,Cy\nCy,Ann\nAnn,Cy\nDi,Ann\n")
    found = mapped(tmp_path / "edges.csv")
    assert ("Ann", "Bob") in ends(found)
    assert any("read as a tie" in note for note in found.notes)


def test_a_letter_is_a_column_of_ties_only_beside_its_other():
    assert set(ends(mapped([{"a": "x", "b": "y"}, {"a": "y", "b": "z"}]))) == {
        ("x", "y"),
        ("y", "z"),
    }
    with pytest.raises(InputError, match="--from COLUMN --to COLUMN"):  # a matrix is no list
        mapped([{"who": "a", "a": 0, "b": 1, "c": 0}, {"who": "b", "a": 1, "b": 0, "c": 2}])


def test_messages_as_programs_keep_them_are_read(tmp_path):
    (tmp_path / "mail.jsonl").write_text(
        '{"id":"m1","from":{"name":"Ann","email":"ann@x.org"},"to":[{"name":"Bo","email":"bo@x.org"}],'
        '"sent":"2024-01-01T10:00:00Z"}\n'
        '{"id":"m2","from":{"name":"Bo","email":"bo@x.org"},"to":[{"name":"Ann","email":"ann@x.org"},'
        '{"name":"Cy","email":"cy@x.org"}],"sent":"2024-01-01T11:00:00Z"}\n'
    )
    assert set(ends(mapped(tmp_path / "mail.jsonl"))) == {
        ("ann@x.org", "bo@x.org"), ("bo@x.org", "ann@x.org"), ("bo@x.org", "cy@x.org"),
    }  # fmt: skip


def test_who_meant_no_direction_is_told_of_no_reciprocity():
    found = mapped([{"from": "a", "to": "b"}, {"from": "b", "to": "c"}], undirected=True)
    assert set(ends(found)) == {("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")}
    assert found.to_dict()["reciprocity"] is None
    assert "answered" not in found.text()


def test_ids_are_taken_before_names_so_that_two_namesakes_stay_two():
    rows = [
        {"from_name": "Kim", "from_id": 1, "to_name": "Kim", "to_id": 2},
        {"from_name": "Kim", "from_id": 2, "to_name": "Lee", "to_id": 3},
    ]
    assert ends(mapped(rows)) == {("1", "2"): 1, ("2", "3"): 1}


def test_weights_add_up_and_what_is_none_is_left_out_and_told():
    rows = [{"from": "a", "to": "b", "weight": w} for w in ("2", "3.5", "0", "-1", "many", "")] + [
        {"from": "b", "to": "c", "weight": "1"}
    ]
    found = mapped(rows)
    assert ends(found) == {("a", "b"): 6.5, ("b", "c"): 1}
    assert [one.rows for one in found.ties.left_out] == [3]
    assert any("count 1" in note for note in found.notes)


@pytest.mark.parametrize(
    "cell",
    [
        "b@x.org; c@x.org",
        "b@x.org,c@x.org",
        '"Doe, B" <B@x.org>; Carl <c@x.org>',
        "Doe, B <b@x.org>, Roe, C <c@x.org>",
        "['b@x.org', 'c@x.org']",
        "frozenset({'c@x.org', 'b@x.org'})",
        '["b@x.org","c@x.org"]',
    ],
)
def test_a_message_to_several_is_a_tie_to_each(cell):
    rows = [
        {"date": "2024-01-01 10:00", "from": "Ann <A@x.org>", "to": cell},
        {"date": "2024-01-01 10:01", "from": "b@x.org", "to": "a@x.org"},
    ]
    assert set(ends(mapped(rows))) == {
        ("a@x.org", "b@x.org"),
        ("a@x.org", "c@x.org"),
        ("b@x.org", "a@x.org"),
    }


def test_typed_lists_and_copies_are_recipients_too():
    rows = [
        {"sender_id": 1, "recipients": [2, 3], "cc": None, "sent_at": "2024-01-01 10:00"},
        {"sender_id": 2, "recipients": [1], "cc": "4", "sent_at": "2024-01-01 11:00"},
    ]
    assert set(ends(mapped(rows))) == {("1", "2"), ("1", "3"), ("2", "1"), ("2", "4")}


def test_a_comma_in_a_name_parts_nobody():
    rows = [{"from": "Sam", "to": "Roe, Jane"}, {"from": "Roe, Jane", "to": "Sam"}]
    assert set(ends(mapped(rows))) == {("Sam", "Roe, Jane"), ("Roe, Jane", "Sam")}


def test_a_list_of_people_with_their_ties_in_a_cell_is_a_map():
    rows = [
        {"who": "Sam", "role": "customer", "stake": "a home", "ties": "Nurse (4); Ann: 2"},
        {"who": "Nurse", "role": "service", "stake": "fewer wounds", "ties": "sam"},
        {"who": "Ann", "role": "liaison", "stake": "a brother", "ties": ""},
        {"who": "Bo", "role": "audit", "stake": "figures", "ties": ""},
    ]
    found = mapped(rows)
    assert ends(found) == {("Sam", "Nurse"): 4, ("Sam", "Ann"): 2, ("Nurse", "Sam"): 1}
    assert found.customers == ("Sam",)
    assert [row["person"] for row in found.cut_off] == ["Bo"]
    assert found.people.column("stake").to_pylist()[2] == "fewer wounds"


def log():
    """Five people who write to each other, one to all, a robot and a machine."""
    staff = [f"p{i}@x.org" for i in range(25)]
    rows = []

    def said(who, to):
        when = f"2024-03-01 {9 + len(rows) // 60:02}:{len(rows) % 60:02}:07"
        rows.append({"Date": when, "From": who, "To": to})

    for i in range(25):
        said(staff[i], staff[(i + 1) % 25])
        said(staff[(i + 1) % 25], staff[i])
        said("reports@x.org", staff[i])
    said(staff[0], "; ".join(staff[1:20]))
    said("no-reply@shop.org", staff[3])
    said(staff[3], "no-reply@shop.org")
    said(staff[4], staff[4])
    return rows


def test_broadcasts_robots_machines_and_mail_to_oneself_are_left_out_and_counted():
    found = mapped(log())
    left = {one.rule.split(":")[0].split(" by")[0]: one.rows for one in found.ties.left_out}
    assert left == {"to oneself": 1, "broadcasts": 19, "robots": 2, "machines": 25}
    assert len(found.ties.source) == 50
    kept = mapped(log(), keep_all=True)
    assert [one.rule for one in kept.ties.left_out] == ["to oneself"]


def test_a_row_a_recipient_is_one_message_by_sender_and_time():
    rows = [
        {"time": "2024-03-01 09:00:01", "sender": "a", "recipient": f"p{i}"} for i in range(12)
    ] + [
        {"time": "2024-03-01 09:00:02", "sender": "a", "recipient": "p1"},
        {"time": "2024-03-01 09:07:00", "sender": "p1", "recipient": "a"},
    ]
    assert ends(mapped(rows)) == {("a", "p1"): 1, ("p1", "a"): 1}


def test_nobody_robots_are_looked_for_in_a_list_that_somebody_wrote():
    assert set(ends(mapped([{"from": "System", "to": "Newsletter"}]))) == {("System", "Newsletter")}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"colour": "red", "size": "3", "shape": "x"}], "--from COLUMN --to COLUMN"),
        ([{"from": "a", "to": "a"}], "nobody is tied to anybody"),
        ([{"from": "", "to": None}], "nobody is tied to anybody"),
    ],
)
def test_what_is_no_map_is_told_in_a_sentence(rows, told):
    with pytest.raises(InputError, match=told):
        mapped(rows)


def test_people_are_joined_by_whichever_column_holds_them():
    ties = [{"from": "Ann Lee", "to": "Bo Ek"}, {"from": "bo ek", "to": "Cy Fox"}]
    people = [
        {"id": 7, "name": "ann lee", "department": "x"},
        {"id": 8, "name": "Bo Ek", "department": "x"},
        {"id": 9, "name": "Di Gum", "department": "x"},
    ]
    found = mapped(ties, people=people)
    assert found.who.ids == ("Ann Lee", "Bo Ek", "Cy Fox", "Di Gum")
    by_id = mapped([{"from_id": 7, "to_id": 8}], people=people)
    assert by_id.who.names == ("ann lee", "Bo Ek", "Di Gum")
    with pytest.raises(InputError, match="no column holds the people"):
        mapped([{"from": "p", "to": "q"}], people=people)


def test_groups_under_five_are_told_together_and_no_remainder_stands_out():
    ties = [
        {"from": f"{g}{i}", "to": f"{g}{(i + 1) % n}"}
        for g, n in (("a", 9), ("b", 6), ("c", 2))
        for i in range(n)
    ]
    people = [
        {"person": f"{g}{i}", "team": g}
        for g, n in (("a", 9), ("b", 6), ("c", 2))
        for i in range(n)
    ]
    found = mapped(ties, people=people, groups="team")
    assert found.who.groups == ("a", "smaller groups")  # c alone would still be two people
    assert min(silo.people for silo in found.silos) >= 5


def test_a_customer_who_is_not_there_is_told_with_the_nearest_name():
    with pytest.raises(UsageError, match="Did you mean 'Sam'"):
        mapped([{"from": "Sam", "to": "Ann"}], customers="Sma")


# ---------------------------------------------------------------- measures, against networkx


def test_betweenness_and_constraint_are_those_of_networkx(pairs):
    whole = measures.graph(pairs)
    known = nx.betweenness_centrality(whole)
    np.testing.assert_allclose(
        measures.betweenness(pairs), [known[i] for i in range(63)], atol=1e-12
    )
    held = nx.constraint(whole, weight="weight")
    np.testing.assert_allclose(
        measures.constraint(pairs), [held[i] for i in range(63)], rtol=1e-9, equal_nan=True
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), min_size=1, max_size=22))
def test_who_is_needed_is_who_cuts_others_off_when_they_are_gone(ties):
    ties = [(a, b) for a, b in ties if a != b] or [(0, 1)]
    a, b = np.array(ties).T
    pairs = measures.Pairs.of(a, b, np.ones(len(a)), 12)
    whole = measures.graph(pairs)
    for customers in ((), (0,), (0, 5)):
        needed = measures.needed_by(pairs, customers)
        for node in range(12):
            part = nx.node_connected_component(whole, node) - {node}
            less = whole.subgraph(set(range(12)) - {node})
            if customers:
                before = set().union(*(nx.node_connected_component(whole, c) for c in customers))
                left = [c for c in customers if c != node]
                after = set().union(*(nx.node_connected_component(less, c) for c in left), set())
                lost = 0 if node in customers else len(before - after - {node})
            else:
                largest = max((len(p & part) for p in nx.connected_components(less)), default=0)
                lost = len(part) - largest
            assert needed[node] == lost


@pytest.mark.parametrize("directed", [True, False])
def test_a_map_of_chance_leaves_everybody_as_many_ties_and_none_twice(directed):
    rng = np.random.default_rng(1)
    key = np.unique(rng.integers(0, 40 * 40, 300))
    a, b = key // 40, key % 40
    keep = a < b if not directed else a != b
    a, b = a[keep], b[keep]
    before = np.bincount(a, minlength=40), np.bincount(b, minlength=40)
    moved = 0
    for x, y in rewired(a, b, 40, 5, rng, directed=directed):
        ordered = (x, y) if directed else (np.minimum(x, y), np.maximum(x, y))
        keys = ordered[0] * 40 + ordered[1]
        assert (x != y).all()
        assert len(np.unique(keys)) == len(keys)
        after = np.bincount(x, minlength=40), np.bincount(y, minlength=40)
        if directed:
            np.testing.assert_array_equal(before, after)
        else:
            np.testing.assert_array_equal(sum(before), sum(after))
        moved += (keys != a * 40 + b).mean()
    assert moved / 5 > 0.7


def test_corrections_are_those_of_scipy_and_of_the_book():
    from scipy.stats import false_discovery_control

    p = np.array([0.01, 0.04, 0.03, 0.005, 0.5])
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p))
    np.testing.assert_allclose(holm(p), [0.04, 0.09, 0.09, 0.025, 0.5])


def test_groups_by_the_toss_of_a_coin_are_as_open_as_chance():
    """Of 40 maps without any silo at most a few may be told to have one: the 5 % are kept."""
    wrong = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        a, b = rng.integers(0, 60, (2, 240))
        keep = a != b
        groups = np.arange(60) % 4
        found = measures.openness(a[keep], b[keep], groups, 4, rng, draws=200)
        wrong += bool((found.p < 0.05).any())
    assert wrong <= 6


def test_on_maps_at_random_hardly_anybody_is_a_broker():
    wrong = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        key = np.unique(rng.integers(0, 1600, 120))
        a, b = key // 40, key % 40
        pairs = measures.Pairs.of(a[a != b], b[a != b], np.ones((a != b).sum()), 40)
        wrong += bool((measures.brokers(pairs, rng, 30).p < 0.05).any())
    assert wrong <= 5


def test_two_cliques_and_a_bridge_are_two_communities_and_the_bridge_is_critical():
    rows = [
        {"from": f"{g}{i}", "to": f"{g}{j}"}
        for g in "ab"
        for i in range(6)
        for j in range(6)
        if i != j
    ] + [{"from": "a0", "to": "m"}, {"from": "m", "to": "b0"}]
    found = mapped(rows)
    names = dict(
        zip(found.people["person"].to_pylist(), found.people["community"].to_pylist(), strict=True)
    )
    assert len({names[f"a{i}"] for i in range(6)}) == 1
    assert names["a1"] != names["b1"]
    assert {row["person"]: row["needed_by"] for row in found.critical} == {"a0": 5, "b0": 5, "m": 6}
    assert found.communities.agreement > 0.8


def test_people_between_two_communities_are_not_settled():
    """A ring has no seams: where it is cut is each run's own affair."""
    n = 60
    a = np.arange(n)
    ring = measures.Pairs.of(a, (a + 1) % n, np.ones(n), n)
    found = communities(ring, np.random.default_rng(0), 25)
    assert found.not_settled.mean() > 0.3


# ---------------------------------------------------------------- the published figures


@pytest.mark.skipif(not EMAIL.exists(), reason="the shared data is not here")
def test_departments_look_open_and_are_strongly_siloed(tmp_path):
    from reltype.analyses.stakeholders import people, ties
    from reltype.analyses.table import Table

    read = ties.read(Table.opened(EMAIL / "edges.txt"))
    listed = people.read(read.names, Table.opened(EMAIL / "departments.txt"), groups="department")
    at = np.array([listed.ids.index(name) for name in read.names])
    source, target = at[read.source], at[read.target]
    assert (len(listed.ids), len(source), listed.merged) == (1005, 24929, 7)
    rng = np.random.default_rng(0)
    found = measures.openness(source, target, listed.group, len(listed.groups), rng)
    assert found.ei.observed == pytest.approx(0.306, abs=5e-4)
    assert found.ei.expected == pytest.approx(0.906, abs=1e-3)
    assert found.ei.sd == pytest.approx(0.006, abs=5e-4)
    assert np.isin(target * 1005 + source, source * 1005 + target).mean() == pytest.approx(
        0.711, abs=5e-4
    )


# ---------------------------------------------------------------- what is written


def test_the_example_says_whom_the_map_needs(city):
    assert city.customers == ("Sam",)
    assert [row["name"] for row in city.critical] == ["Housing association"]
    words = city.text()
    assert "Housing association" in words
    assert max(map(len, words.splitlines())) <= 80
    assert len(words.splitlines()) <= 40


def test_the_same_seed_gives_the_same_bytes_and_another_other_draws(city):
    again = reltype.stakeholders(
        EXAMPLES / "homeless-network-ties.csv",
        people=EXAMPLES / "homeless-network.csv",
        groups="focus",
    )
    assert json.dumps(again.to_dict()) == json.dumps(city.to_dict())
    assert again.svg() == city.svg()
    assert again.graphml() == city.graphml()


def test_json_has_the_fixed_form(city):
    made = city.to_dict()
    assert {"observed", "expected", "sd"} <= set(made["ei"])
    assert isinstance(made["reciprocity"], float)
    assert {"person", "strength", "reciprocity", "critical", "broker", "connected"} <= set(
        made["people"][0]
    )
    assert {"group", "ei", "expected", "sd", "silo"} <= set(made["silos"][0])
    assert [row["person"] for row in made["people"]] == sorted(r["person"] for r in made["people"])


def test_graphml_is_read_back_with_everybody_and_every_tie(city, tmp_path):
    city.write(tmp_path / "map.graphml")
    back = nx.read_graphml(tmp_path / "map.graphml")
    assert back.number_of_nodes() == 25
    assert back.number_of_edges() == 62
    assert back.nodes["Sam"]["role"] == "customer"


def boxes(svg):
    """The rectangle of each name on a drawing, as wide as a browser would have it."""
    from reltype.reporting.plots.drawing import width_of

    made = []
    for one in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        if one.get("class") != "name":
            continue
        x, y, wide = float(one.get("x")), float(one.get("y")), width_of(one.text, 11)
        left = {"end": x - wide, "middle": x - wide / 2}.get(one.get("text-anchor"), x)
        made.append((left, y - 9, left + wide, y + 2))
    return np.array(made)


@pytest.mark.parametrize(("people", "named"), [(40, 40), (400, 120)])
def test_names_on_a_drawing_do_not_overlap(people, named):
    from reltype.analyses.stakeholders.picture import Mark, draw

    rng = np.random.default_rng(people)
    a, b = rng.integers(0, people, (2, people * 2))
    keep = a != b
    pairs = measures.Pairs.of(a[keep], b[keep], rng.random(keep.sum()) + 0.1, people)
    names = [f"Somebody Called {i}" for i in range(people)]
    none = np.zeros(people)
    mark = Mark(
        pairs,
        names,
        names,
        np.arange(people) % 3,
        ["x", "y", "z"],
        rng.random(people),
        none > 0,
        none,
    )
    svg = draw(mark, title="t", description="d", notes=[], paper=True)
    held = boxes(svg)
    assert len(held) >= named
    x1, y1, x2, y2 = held.T
    over = (x1[:, None] < x2) & (x1 < x2[:, None]) & (y1[:, None] < y2) & (y1 < y2[:, None])
    assert over.sum() == len(held)  # each with itself
    assert svg == draw(mark, title="t", description="d", notes=[], paper=True)


HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e=cmd|' /C calc'!A0 & \"q\" ]]>"


def test_strangers_texts_stay_texts(tmp_path):
    rows = [
        {"who": HOSTILE, "role": "customer", "stake": HOSTILE, "ties": "B; C"},
        {"who": "B", "role": HOSTILE, "stake": "", "ties": "C"},
    ]
    found = mapped(rows)
    svg = found.svg(paper=True)
    assert "<script" not in svg
    assert "\x1b" not in svg + found.text() + found.graphml()
    assert "\u202e" not in svg + found.text()
    ET.fromstring(svg)
    ET.fromstring(found.graphml())
    found.write(tmp_path / "people.csv")
    cells = (tmp_path / "people.csv").read_text().splitlines()[1:]
    assert not any(re.search(r'(^|,)"?[=+@]', line) for line in cells)


def test_the_section_of_the_report_names_nobody_but_who_is_critical(city):
    section = city.section()
    assert section.title == "Stakeholders"
    assert section.table.to_pylist()[0]["Critical"] == "Housing association"
    assert section.table.num_rows == 1
    assert "Private landlord" not in section.text


# ---------------------------------------------------------------- the command


def test_the_command_prints_writes_and_notes(tmp_path):
    given = [
        "stakeholders",
        str(EXAMPLES / "homeless-network-ties.csv"),
        "--people",
        str(EXAMPLES / "homeless-network.csv"),
        "--groups",
        "focus",
    ]
    made = CliRunner().invoke(cli, [*given, "-o", str(tmp_path / "map.svg")])
    assert made.exit_code == 0, made.output
    assert "around Sam" in made.stdout
    assert (tmp_path / "map.svg").read_text().startswith("<svg")
    printed = CliRunner().invoke(cli, [*given, "--format", "json", "-q"])
    assert json.loads(printed.stdout)["critical"] == ["Housing association"]


def test_in_a_log_nobody_who_is_cut_off_is_named_unasked():
    rows = [*log(), {"Date": "2024-03-02 10:00:09", "From": "q1@x.org", "To": "q2@x.org"}]
    found = mapped(rows)
    assert "q1@x.org" not in found.text()
    assert "q1@x.org" in found.text(names=True)


def test_without_networkx_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(UsageError, match=r"pip install 'reltype\[stakeholders\]'"):
        mapped([{"from": "a", "to": "b"}])
