"""What a person reads of a run: at most forty lines of eighty columns, whatever was found."""

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import reltype
from reltype import cli
from reltype.cli.print_summary import print_guesses, print_summary
from reltype.formats.printing import columns, cut, folded, padded
from reltype.reporting.attention import Watched
from reltype.reporting.summary import Advice, Help, Pair, Summary
from reltype.reporting.summary_text import details, text

EXAMPLE = Path(__file__).parents[1] / "examples" / "coffee-bar.csv"

words = st.text(
    st.sampled_from("abcdefghij ABC,.;:()-名前é\u0301\x1b\u202e\n\t|<&"), min_size=0, max_size=120
)
shares = st.floats(0, 1)


@st.composite
def summaries(draw) -> Summary:
    """Whatever a run may find: many archetypes, endless names, hundreds of warnings."""
    names = [f"{draw(words)} {i}" for i in range(draw(st.integers(1, 18)))]
    weights = [draw(shares) + 1e-6 for _ in names]
    archetypes = {n: w / sum(weights) for n, w in zip(names, weights, strict=True)}
    levels = ("sure", "likely", "tentative")[: draw(st.integers(0, 3))]
    certainty = {n: {lv: archetypes[n] / len(levels) for lv in levels} for n in names if levels}
    many = draw(st.integers(0, 30))
    word = draw(words)
    return Summary(
        customers=draw(st.integers(0, 10**9)),
        as_of=draw(st.dates(dt.date(1970, 1, 1), dt.date(2200, 1, 1))),
        archetypes={**archetypes, "unclassified": draw(shares)},
        unclassified={f"{word} {i}": 0.01 for i in range(many)},
        statuses={},
        alarms={f"{word} {i}": i for i in range(many)},
        rows={"read": 10**9, "used": 10**9, "rejected": 10**8, "left_out": 10**7, "late": 10**7},
        signals={f"{word} {i}": 0.0 for i in range(many)},
        scales={f"scale_{i}": 1.0 for i in range(many)},
        alike=tuple(Pair(word, word, 1.0) for _ in range(many)),
        helps=tuple(Help(word, (word,), 1.0, (word, word)) for _ in range(many)),
        warnings=tuple(f"{word} {i}" for i in range(many)),
        findings=tuple(f"{word} {i}" for i in range(many)),
        certainty=certainty,
        intervals=dict.fromkeys(archetypes, (0.0, 1.0)),
        standing={n: {"active": 10, "lapsing": 5, word or "x": 3} for n in names},
        alarm_means={f"{word} {i}": word for i in range(many)},
        first=tuple(
            Watched(word, word, "sure", word, (word,) * 5, word, word, word) for _ in range(8)
        ),
        advice=tuple(Advice(word, word, 10**7, word) for _ in range(many)),
    )


@given(summaries(), st.lists(words, max_size=9))
def test_all_that_is_printed_has_at_most_forty_lines_of_eighty_columns(capfd_lines, found, files):
    lines = capfd_lines(found, files)
    assert len(lines) <= 40
    assert max(map(columns, lines)) <= 80
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", "".join(lines))


@pytest.fixture(scope="module")
def capfd_lines():
    """What is printed of a summary on both streams, as lines."""
    import click
    from click.testing import CliRunner

    def lines(found, files):
        @click.command()
        def command():
            used = print_guesses(files)
            print_summary(found, err=False, used=used + 1)

        result = CliRunner().invoke(command, [])
        assert result.exception is None, result.exception
        return result.output.splitlines()

    return lines


@given(words, st.integers(10, 80))
def test_folded_lines_fit_and_lose_no_letter(text_, width):
    lines = folded(text_, width, indent="  ", after="    ")
    assert all(columns(line) <= width + 2 for line in lines)
    assert "".join("".join(lines).split()) == "".join(
        "".join(c if c.isprintable() else "�" for c in " ".join(text_.split())).split()
    )


@given(words, st.integers(2, 60))
def test_a_cell_that_is_cut_and_filled_has_its_width(text_, width):
    assert columns(padded(cut(text_, width), width)) == width


@pytest.fixture(scope="module")
def found():
    return reltype.classify(EXAMPLE)


def test_verbose_tells_all_and_a_default_never_as_if_it_were_measured(found):
    told = " ".join(" ".join(details(found.summary())).split())
    measured, assumed = told.split("Scales that nothing here tells, and what is taken instead:")
    assert "typical_gap_days 4.418" in measured
    assert "usual_nps" not in measured
    assert "usual_nps 7" in assumed


def test_what_is_assumed_is_what_has_no_measurement_whatever_its_value():
    rows = [
        {"customer_id": f"c{i}", "date": f"2024-{m:02d}-03", "nps": 7} for i in range(9)
        for m in range(1, 12)
    ]  # fmt: skip
    summary = reltype.classify(rows).summary()
    assert "usual_response" in summary.assumed
    customers = [{"customer_id": f"c{i}", "nps": 7} for i in range(9)]
    asked = reltype.classify(rows, customers=customers).summary()
    assert asked.scales["usual_nps"] == 7
    assert "usual_nps" not in asked.assumed


def test_the_mix_tells_certainty_intervals_and_reasons(found):
    page = text(found.summary())
    assert "casual friendship" in "\n".join(page[:6])
    assert re.search(
        r"casual friendship +\d+\.\d% +\d+–\d+ % +█+▓+▒+$", "\n".join(page), re.MULTILINE
    )
    assert "Of the names, " in "\n".join(page)
    assert len(page) <= 40


def test_shares_stand_in_one_column_however_long_the_names_are(found):
    summary = found.summary()
    long = {f"{'n' * k}": 1 / 40 for k in (1, 20, 40, 80)}
    page = text(evolve(summary, archetypes={**long, "unclassified": 0.9}))
    rows = [line for line in page if line.startswith("  n") and "%" in line]
    assert len(rows) == 4
    assert len({line.index("%") for line in rows}) == 1


def test_alarms_then_who_lapses_then_priority_decide_who_is_looked_at_first(found):
    first = found.summary().first
    ranks = [(not one.alarms, one.status != "lapsing", one.status == "dormant") for one in first]
    assert ranks == sorted(ranks)
    assert first[0].alarms
    assert len({one.status for one in first}) > 1


def test_whoever_has_left_is_never_looked_at_first():
    import pyarrow as pa

    from reltype.reporting.attention import order

    rows = {
        "status": ["ended", "dormant", "active", "lapsing", "lapsing"],
        "certainty": ["sure", "sure", None, "tentative", "likely"],
        "alarms": [["hostage"], [], [], [], []],
        "benefits": [[{"name": "a", "priority": 1.0, "because": ""}]] * 2 + [[]] * 3,
    }
    kind = pa.list_(
        pa.struct([("name", pa.string()), ("priority", pa.float64()), ("because", pa.string())])
    )
    table = pa.table({**rows, "benefits": pa.array(rows["benefits"], kind)})
    assert order(table).tolist() == [4, 2, 3, 1, 0]
    assert order(table.slice(1)).tolist() == [3, 1, 2, 0]


def test_a_summary_counted_in_batches_is_that_of_the_whole(found):
    from reltype.reporting.summary import Tally, summarise

    whole, parts = Tally(), Tally()
    batch = found.table.combine_chunks().to_batches()[0]
    whole.add(batch)
    for start in range(0, len(found), 17):
        parts.add(batch.slice(start, 17))
    assert summarise(found.run, whole) == summarise(found.run, parts)


@pytest.mark.parametrize("more", [[], ["-q"]])
def test_without_a_format_people_read_a_page_piped_or_not(more, capfd):
    assert cli.run(["classify", str(EXAMPLE), *more]) == 0
    out, err = capfd.readouterr()
    assert "What to do" in out
    assert "customer_id,archetype" not in out
    assert len((out + err).splitlines()) <= 40
    assert bool(err) == (not more)


@pytest.mark.parametrize("more", [["-o", "-"], ["--format", "csv"]])
def test_asked_for_a_format_programs_get_rows_and_words_go_to_standard_error(more, capfd):
    assert cli.run(["classify", str(EXAMPLE), *more]) == 0
    out, err = capfd.readouterr()
    assert out.startswith("customer_id,archetype,")
    assert len(out.splitlines()) == 121
    assert "What to do" in err
    assert len(err.splitlines()) <= 40


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_on_a_terminal_no_bar_shares_a_line_with_a_row():
    import os
    import pty

    host, guest = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "reltype", "classify", EXAMPLE, "-f", "table"],
        stdout=guest,
        stderr=guest,
        stdin=subprocess.DEVNULL,
    ) as process:
        os.close(guest)
        seen = b""
        while True:
            try:
                block = os.read(host, 1 << 16)
            except OSError:
                break
            if not block:
                break
            seen += block
    os.close(host)
    assert process.returncode == 0
    assert b"customer_id" in seen
    assert b"%customer_id" not in seen
    assert b"[####" not in seen
