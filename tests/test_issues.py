"""Issues: what crops up in texts, whom it concerns, and what people said of it before."""

import csv
import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import reltype
from reltype.analyses.issues.course import difference, trend
from reltype.analyses.issues.grouping import group
from reltype.analyses.issues.names import Named, Names
from reltype.analyses.issues.personal import masked
from reltype.cli import cli
from reltype.errors import ConfigError, InputError

INTENTS = {
    "delivery": ["my {n} parcel has not been delivered", "where is my parcel, delivery is late",
                 "the courier never delivered the {n} parcel", "delivery of my parcel took {n} days"],
    "refund": ["I want my money refunded for the {n} shoes", "when will the refund be paid back",
               "refund of {n} euros is missing", "please refund the money I paid"],
    "login": ["cannot log in, password reset fails", "the password {n} is not accepted at login",
              "login page says wrong password", "reset my login password {n} please"],
    "praise": ["great coffee and lovely staff in shop {n}", "lovely staff, the coffee was great",
               "the staff in shop {n} are lovely", "what great coffee you have"],
}  # fmt: skip
FILLERS = ["hello", "today", "again", "sorry", "since monday", "honestly", "as usual", "somehow"]


def tickets(count, seed=0, intents=tuple(INTENTS)):
    """(texts, intents) of *count* tickets, worded by chance."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(intents, count)
    said = [
        f"{rng.choice(FILLERS)} {rng.choice(INTENTS[t]).format(n=rng.integers(2, 99))} "
        f"{rng.choice(FILLERS)}"
        for t in truth
    ]
    return said, truth


def alike(one, other):
    """Normalised mutual information of two groupings."""
    from sklearn.metrics import normalized_mutual_info_score

    return normalized_mutual_info_score(one, other)


def rows(found):
    return found.tickets.column("issue").to_pylist()


def test_tickets_of_one_intent_are_found_together_without_the_number_given():
    said, truth = tickets(300)
    assert alike(truth, group(said).labels) > 0.6


@pytest.mark.parametrize("share", [0.9, 0.95])
def test_a_tenth_of_new_tickets_leaves_the_others_where_they_were(share):
    said, _ = tickets(440)
    before, after = group(said[: int(440 * share)]).labels, group(said).labels[: int(440 * share)]
    kept = sum(np.bincount(after[before == i] + 1).max() for i in np.unique(before)) / len(before)
    assert kept >= 0.95


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 39), min_size=30, max_size=80))
def test_texts_that_are_equal_but_for_case_and_blanks_are_always_together(picked):
    said, _ = tickets(40)
    texts = [said[i] if k % 2 else f"  {said[i].upper()} " for k, i in enumerate(picked)]
    labels = group(texts).labels
    for i in set(picked):
        assert len({labels[k] for k, p in enumerate(picked) if p == i}) == 1


def test_words_dealt_by_chance_hold_no_issue():
    rng = np.random.default_rng(1)
    words = ["".join(rng.choice(list("abcdefghijklmnop"), 5)) for _ in range(500)]
    assert (group([" ".join(rng.choice(words, 8)) for _ in range(300)]).labels == -1).all()


def test_a_template_that_repeats_word_for_word_is_an_issue_however_odd():
    said, _ = tickets(200)
    labels = group([*said, *["zyx wvu tsr qpo"] * 4]).labels
    assert len(set(labels[-4:])) == 1
    assert labels[-1] >= 0


def test_the_same_texts_give_the_same_groups_in_any_process_and_vectors_may_be_given():
    said, truth = tickets(200)
    assert (group(said).labels == group(list(said)).labels).all()
    place = {t: i for i, t in enumerate(INTENTS)}
    known = dict(zip((" ".join(s.casefold().split()) for s in said), truth, strict=True))

    def vectors(texts):
        jitter = np.random.default_rng(0).normal(0, 0.05, (len(texts), 4))
        return np.eye(4)[[place[known[t]] for t in texts]] + jitter

    assert alike(truth, group(said, vectors).labels) > 0.8


@pytest.mark.parametrize("few", [0, 1, 5])
def test_a_handful_of_tickets_is_told_to_be_too_few(few):
    found = reltype.issues(
        [{"text": s} for s in tickets(few)[0]] or pa.table({"text": pa.array([], pa.string())}),
        text="text",
    )
    assert found.found == ()
    assert rows(found) == [""] * few
    assert any("too few" in note for note in found.notes)


def test_every_row_is_in_the_file_and_what_we_wrote_or_nobody_did_is_of_no_issue():
    said, _ = tickets(120)
    data = [
        {"customer_id": f"C{i % 40}", "timestamp": f"2024-0{1 + i % 6}-10", "kind": "message",
         "direction": "outbound" if i == 3 else "inbound", "body": None if i == 5 else text}
        for i, text in enumerate(said)
    ]  # fmt: skip
    found = reltype.issues(data, text="body")
    assert found.tickets.column("row").to_pylist() == list(range(1, 121))
    assert rows(found)[3] == rows(found)[5] == ""
    assert found.written == 118
    assert found.customers == 40
    assert sum(issue.tickets for issue in found.found) + found.alone == 118
    assert sum(issue.share for issue in found.found) == pytest.approx(1 - found.alone / 118)


def test_what_people_renamed_merged_and_moved_holds_next_month(tmp_path):
    said, _truth = tickets(300)
    first = reltype.issues([{"text": s} for s in said], text="text")
    biggest, second = first.found[0].name, first.found[1].name
    edited = Names(
        tuple(
            Named("renamed", i.like) if i.name == biggest
            else Named(i.name, i.like, "renamed") if i.name == second else i
            for i in first.names.issues
        ),
        {said[7]: "renamed"},
    )  # fmt: skip
    path = tmp_path / "names.toml"
    path.write_text(edited.text(), encoding="utf-8")
    assert Names.read(path) == edited
    more, _ = tickets(60, seed=9)
    again = reltype.issues([{"text": s} for s in [*said, *more]], text="text", names=path)
    was = np.array(rows(first))
    now = np.array(rows(again))[:300]
    for name in (biggest, second):
        assert (now[was == name] == "renamed").mean() >= 0.95
    assert now[7] == "renamed"
    assert second not in now
    assert {i.name for i in edited.issues} <= {i.name for i in again.names.issues}


@pytest.mark.parametrize(
    "text",
    [
        "issues = 3",
        "[[issues]]\nlike = []",
        '[[issues]]\nname = "a"\nlike = []\n[[issues]]\nname = "a"\nlike = []',
        '[[issues]]\nname = "a"\ninto = "b"\nlike = []',
        '[[issues]]\nname = "a"\ninto = "b"\nlike = []\n[[issues]]\nname = "b"\ninto = "a"\nlike = []',
        '[[issues]]\nname = "a"\nlike = []\n[[moves]]\ntext = "x"\nto = "y"',
        "not toml",
    ],
)  # fmt: skip
def test_a_file_of_names_that_cannot_hold_is_refused_by_its_name(tmp_path, text):
    path = tmp_path / "names.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"names\.toml|circle"):
        Names.read(path)


@pytest.mark.parametrize(
    ("columns", "word"), [(["bodi"], "body"), (["nothing like it"], "There are")]
)
def test_a_column_that_is_not_there_is_named_with_those_that_are(columns, word):
    with pytest.raises(InputError, match=word):
        reltype.issues([{"body": "a b c d", "id": "x"}], text=columns)


def test_a_column_is_found_whatever_its_case_and_by_its_look_if_nobody_names_it():
    said, _ = tickets(60)
    data = [{"Ref": i, "Body": s} for i, s in enumerate(said)]
    named, seen = reltype.issues(data, text="body"), reltype.issues(data)
    assert rows(named) == rows(seen)
    assert any("'Body'" in note for note in seen.notes)


# What followed


def log(seed=0):
    """Tickets of 80 customers, half of whom write of delivery and never come back."""
    rng = np.random.default_rng(seed)
    data = []
    for c in range(80):
        gone = c % 2 == 0
        intent = "delivery" if gone else "praise"
        text = f"{rng.choice(INTENTS[intent]).format(n=c)} {rng.choice(FILLERS)}"
        start = dt.date(2024, 1, 1) + dt.timedelta(days=int(rng.integers(0, 100)))
        base = {"customer_id": f"C{c}", "kind": "purchase", "rating": 3, "body": None,
                "status": None, "closed_at": None}  # fmt: skip
        data += [{**base, "timestamp": str(start - dt.timedelta(days=10 * k))} for k in (1, 2, 3)]
        done = start + dt.timedelta(days=3)
        data.append({**base, "kind": "message", "rating": None, "body": text,
                     "timestamp": str(start), "status": "closed" if c % 4 else "open",
                     "closed_at": str(done) if c % 4 else None})  # fmt: skip
        if not gone:
            data += [
                {**base, "timestamp": str(start + dt.timedelta(days=20 * k)), "rating": 5}
                for k in (1, 2)
            ]
    data.append({**data[0], "customer_id": "last", "timestamp": "2024-12-31"})
    return data


def test_silence_and_resolution_after_an_issue_are_those_that_a_person_counts():
    found = reltype.issues(log(), text="body")
    late = [i for i in found.found if "parcel" in " ".join(i.examples)]
    glad = [i for i in found.found if "parcel" not in " ".join(i.examples)]
    assert late
    assert glad
    assert all(i.silence.here == 1 for i in late if i.silence)
    assert any(i.silence.says == "more" for i in late if i.silence)
    assert all(i.silence.says == "less" for i in glad if i.silence)
    done = [row["status"] == "closed" for row, name in zip(log(), rows(found), strict=True) if name]
    assert sum(i.resolved * i.tickets for i in found.found) == pytest.approx(sum(done))
    assert {i.days for i in found.found if i.days is not None} == {3.0}


def test_shares_by_archetype_come_from_a_result_that_is_given(tmp_path):
    data = log()
    result = pa.table(
        {
            "customer_id": [f"C{c}" for c in range(80)],
            "archetype": ["fling" if c % 2 == 0 else "casual friendship" for c in range(80)],
        }
    )
    found = reltype.issues(data, text="body", relationships=result)
    for issue in found.found:
        late = "parcel" in " ".join(issue.examples)
        assert issue.archetypes["fling"] == pytest.approx((float(late), 0.5))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000))
def test_a_difference_is_that_of_customers_not_of_tickets(seed):
    rng = np.random.default_rng(seed)
    who = rng.integers(0, 60, 200)
    value = rng.normal(size=200)
    mine = rng.random(200) < 0.3
    found = difference(value, mine, who)
    inside = set(who[mine].tolist())
    here = [value[(who == c) & mine].mean() for c in inside]
    there = [value[who == c].mean() for c in set(who.tolist()) - inside]
    if min(len(here), len(there)) < 10:
        assert found is None
    else:
        assert found.here == pytest.approx(np.mean(here))
        assert found.elsewhere == pytest.approx(np.mean(there))


@pytest.mark.parametrize(("factor", "says"), [(1.15, "rising"), (0.85, "falling"), (1.0, None)])
def test_a_trend_is_told_where_its_interval_leaves_no_doubt(factor, says):
    rng = np.random.default_rng(3)
    month = np.repeat(np.arange(12), 400)
    mine = rng.random(len(month)) < 0.08 * factor**month
    found = trend(mine, month * 30.4375 + 15, "month")
    assert found.low < factor < found.high
    assert says is None or found.says == says
    assert sum(count for _, count, _ in found.counts) == mine.sum()


def test_a_trend_of_static_shares_is_seldom_called_one():
    rng = np.random.default_rng(4)
    month = np.repeat(np.arange(10), 60)
    called = [trend(rng.random(600) < 0.1, month * 30.4375 + 15, "month").says for _ in range(200)]
    assert sum(says in ("rising", "falling") for says in called) <= 20


# Personal data


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("write to jo.doe+x@mail.example.co.uk now", "write to [email] now"),
        ("see https://x.example/a?b=c or www.y.example", "see [link] or [link]"),
        ("@shop where is it", "[handle] where is it"),
        ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN [account] please"),
        ("card 4111 1111 1111 1111", "card [number]"),
        ("call +49 (0) 30 1234567", "call [number]"),
        ("order 10012345", "order [number]"),
        ("my name is Ada Lovelace and", "my name is [name] and"),
        ("Dear Mrs. Miller, hello", "Dear Mrs. [name], hello"),
        ("Kind regards,\nAda Lovelace", "Kind regards,\n[signature]"),
        ("I paid 20.50 on 2024-01-05 for 3 items", "I paid 20.50 on 2024-01-05 for 3 items"),
        ("on 01/02/2024 it cost 1,200", "on 01/02/2024 it cost 1,200"),
        (None, None),
    ],
)
def test_what_names_a_person_is_masked_and_nothing_else(text, wanted):
    assert masked(pa.array([text], pa.string())).to_pylist() == [wanted]


def test_no_text_can_make_masking_hang():
    long = pa.array(["1 " * 200_000, "a@" * 100_000, "my name is " * 50_000])
    assert len(masked(long)) == 3


# The command


def test_the_command_writes_every_ticket_and_shows_a_page_of_forty_lines(tmp_path):
    said, _ = tickets(300)
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["subject", "body"])
        out.writerows([s.split(" ", 1) for s in said])
    made = tmp_path / "issues.csv"
    names = tmp_path / "names.toml"
    done = CliRunner().invoke(
        cli, ["issues", str(path), "--text", "subject,body", "-o", str(made), "--names", str(names)]
    )
    assert done.exit_code == 0, done.output
    assert len(done.stdout.splitlines()) <= 40
    assert max(map(len, done.stdout.splitlines()[1:])) <= 80
    with made.open() as stream:
        found = list(csv.DictReader(stream))
    assert [r["row"] for r in found] == [str(i + 1) for i in range(300)]
    assert set(found[0]) == {"row", "issue"}
    assert Names.read(names).issues


def test_the_json_form_holds_what_the_contract_names(tmp_path):
    said, _ = tickets(120)
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([["text"], *([s] for s in said)])
    done = CliRunner().invoke(cli, ["issues", str(path), "--text", "text", "--format", "json"])
    found = json.loads(done.stdout)["issues"]
    assert found
    assert {"name", "tickets", "customers", "trend", "resolved", "examples"} <= set(found[0])
    assert len(found[0]["examples"]) == 3
