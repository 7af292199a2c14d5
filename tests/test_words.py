"""What strangers write: what is guessed can be read, and what can be read is guessed."""

from datetime import datetime

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reltype.expressions import numbers, parse, steps, words
from reltype.expressions.numbers import (
    digits_of,
    money,
    number_of,
    number_sql,
    pattern,
    taken_off,
)
from reltype.expressions.times import ORDERS, time_of, time_sql
from reltype.mapping.guess import guess
from reltype.mapping.kinds import plain
from reltype.mapping.vocabulary import Name, header_names

IDS = [f"k{i % 4}" for i in range(12)]


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def asked(engine, sql, cells):
    engine.register("cells", pa.table({"cell": pa.array(cells, pa.string())}))
    return [row[0] for row in engine.execute(f"SELECT {sql} FROM cells").fetchall()]


def read(engine, ours, cells, name, **columns):
    """What a log with this column gives of it, and what was assumed."""
    table = pa.table(
        {"Customer": IDS, **columns, name: [cells[i % len(cells)] for i in range(len(IDS))]}
    )
    made = guess("log.csv", table.column_names, ["VARCHAR"] * table.num_columns, table)
    engine.register("source", table)
    sql = made.mapping.select("source", table.column_names)
    rows = engine.execute(f"SELECT {ours} FROM ({sql})").fetchall()
    return [row[0] for row in rows][: len(cells)], made


DATED = {"Date": [f"2024-01-{i + 1:02d}" for i in range(12)]}


def values(engine, cells, name="Amount", **columns):
    return read(engine, "value", cells, name, **(columns or DATED))


def every_tenth(of):
    """Slices that hold each once: looking at many columns of one file costs little more than one."""
    return [of[i::10] for i in range(10)]


@pytest.mark.parametrize("codes", every_tenth(words.currency_codes()))
def test_every_currency_may_stand_on_either_side_of_an_amount(engine, codes):
    cells = [text for code in codes for text in (f"{code} 10.50", f"12.25 {code}", f"({code}3.75)")]
    assert asked(engine, number_sql("cell"), cells) == [10.5, 12.25, -3.75] * len(codes)
    assert [number_of(cell) for cell in cells] == [10.5, 12.25, -3.75] * len(codes)


@pytest.mark.parametrize("code", words.currency_codes()[::23])
def test_a_currency_in_cells_or_in_the_columns_name_makes_it_money(engine, code):
    assert values(engine, [f"{code} 10.50", f"{code}3.75"])[0] == [10.5, 3.75]
    assert values(engine, ["10.50", "9.25"], f"Sales {code}")[0] == [10.5, 9.25]


@pytest.mark.parametrize("code", words.currency_codes())
def test_a_currency_in_a_columns_name_changes_nothing(code):
    sales = header_names()["value"].worth(Name.of("Sales"))
    assert header_names()["value"].worth(Name.of(f"Sales {code}")) == sales
    assert header_names()["value"].worth(Name.of(f"Sales ({code})")) == sales


SIGNS = sorted(
    {*words.table("cldr", "money")["signs"], *words.table("money")["touching"]}
    - {"$ HK", "$ SU", "$ ZN"}
)


@pytest.mark.parametrize("signs", every_tenth(SIGNS))
def test_every_sign_may_stand_on_either_side_of_an_amount(engine, signs):
    written = {}
    for sign in signs:
        written |= {f"{sign} 1,210.50": 1210.5, f"{sign}7.25": 7.25, f"-{sign}4.25": -4.25}
        written |= {f"12.25 {sign}": 12.25, f"12.75{sign}": 12.75}
        written |= {f"{sign} -": 0, f"{sign} (20.00)": -20, f"({sign}5)": -5}
    assert asked(engine, number_sql("cell"), list(written)) == list(written.values())
    assert [number_of(cell) for cell in written] == list(written.values())


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["12.-", "7.50", "9.--"], [12, 7.5, 9]),
        (["12,-", "7,50", "1.250,-"], [12, 7.5, 1250]),
        (["12,— €", "7,50 €"], [12, 7.5]),
        (["CHF 1'200.50", "CHF 12.-"], [1200.5, 12]),
        (["1 200 Ft", "900 Ft"], [1200, 900]),
        (["12.990 CLP", "9.990 CLP"], [12990, 9990]),
        (["1.234 KWD", "10.500 KWD"], [1.234, 10.5]),
        (["Rs. 1,20,000.50", "Rs. 999"], [120000.5, 999]),
        (["1,200円", "900円"], [1200, 900]),
        (["１２００円", "９００円"], [1200, 900]),
        (["kr 1.200,00", "kr 99,50"], [1200, 99.5]),
        (["R$ 1.234,56", "R$ 9,90"], [1234.56, 9.9]),
        (["R 120.00", "R120.50"], [120, 120.5]),
        (["20.00-", "35.00", "+4.00"], [-20, 35, 4]),
        (["$1,200", "$950"], [1200, 950]),
        (["$(1,200.00)", "$ 950.00", "$ -"], [-1200, 950, 0]),
        (["1\u202f234,50", "12,00"], [1234.5, 12]),
        (["−5.00", "8.00"], [-5, 8]),
        (["10 US$", "12 US$"], [10, 12]),
        (["12:-", "99:-"], [12, 99]),
    ],
)
def test_an_amount_is_read_as_it_is_written(engine, cells, expected):
    assert values(engine, cells)[0] == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["120.00 DR", "80.00 DR", "20.00 CR"], [120, 80, -20]),
        (["120.00 Cr", "80.00 Cr", "20.00 Dr"], [120, 80, -20]),
        (["120.00", "80.00", "20.00 CR"], [120, 80, -20]),
        (["DR 120.00", "DR 80.00", "CR 20.00"], [120, 80, -20]),
    ],
)
def test_the_rarer_of_debit_and_credit_was_paid_back_which_is_told(engine, cells, expected):
    found, made = values(engine, cells)
    assert found == expected
    assert any("to_number(" in doubt and "DR and CR" in doubt for doubt in made.doubts)


def test_thousands_without_decimals_are_known_by_the_rest_of_the_file(engine):
    german = {"Bestelldatum": [f"{i + 1:02d}.01.2024" for i in range(12)]}
    assert values(engine, ["1.200", "2.345"], "Betrag", **german)[0] == [1200, 2345]
    assert values(engine, ["1.200", "900", "750"], "x amount", **DATED)[0] == [1200, 900, 750]
    other = {**DATED, "Fee": ["1,50", "2,75"] * 6}
    assert values(engine, ["1.234", "2.345"], "Total", **other)[0] == [1234, 2345]
    assert values(engine, ["12.990", "9.990"], "Sales CLP", **DATED)[0] == [12990, 9990]
    american = {"Date": [f"01/{i + 13:02d}/2024" for i in range(12)]}
    assert values(engine, ["1,200", "2,345"], "Amount", **american)[0] == [1200, 2345]


@pytest.mark.parametrize(("cells", "other"), [(["1.234", "2.345"], ","), (["1,234", "2,345"], ",")])
def test_thousands_that_nothing_decides_are_told_with_the_line_to_write(engine, cells, other):
    columns = {"when": DATED["Date"]}
    _, made = values(engine, cells, "value", **columns)
    assert any(f"to_number(\"value\", '{other}')" in doubt for doubt in made.doubts)


NUMBERS = st.builds(
    lambda sign, currency, number, dash: f"{sign}{currency}{number}{dash}",
    st.sampled_from(["", "-", "(", "- ", "+"]),
    st.sampled_from(["", "$", "EUR ", "kr ", "R", "Rs.", "zł", "12", " "]),
    st.from_regex(r"[0-9]{1,4}([.,' ][0-9]{2,3}){0,3}", fullmatch=True),
    st.sampled_from(
        ["", "-", ")", " CR", "Dr.", ".-", ",--", "%", " %", " €", "円", "USD", " Ft."]
    ),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(NUMBERS | st.text(max_size=12), min_size=1, max_size=40),
    st.sampled_from(",."),
    st.sampled_from(["DR", "CR"]),
)
def test_the_engine_reads_every_number_as_the_guesser_does(cells, sign, minus):
    with duckdb.connect() as connection:
        cells = [cell.replace("\0", "") for cell in cells]
        cells = [cell for cell in cells if cell.isprintable()]
        assert asked(connection, number_sql("cell", sign, minus), cells) == [
            number_of(cell, sign, minus) for cell in cells
        ]


DAY = datetime(2023, 9, 27)  # noqa: DTZ001
NIGHT = datetime(2023, 9, 27, 0, 5, 7)  # noqa: DTZ001
NOON = datetime(2023, 9, 27, 14, 5)  # noqa: DTZ001

FORMS = [
    ("Sep 27, 2023 12:05:07\u202fAM PDT", NIGHT),
    ("Sep 27, 2023 12:05:07 AM PST", NIGHT),
    ("27/09/2023 12:05:07\u00a0a.\u00a0m.", NIGHT),
    ("27.09.2023 2:05 p.m.", NOON),
    ("Wed, 27 Sep 2023 00:05:07 GMT", NIGHT),
    ("Wednesday, 27-Sep-23 00:05:07 GMT", NIGHT),
    ("Wed Sep 27 2023 00:05:07 GMT-0700 (Pacific Daylight Time)", NIGHT),
    ("Wed Sep 27 00:05:07 PDT 2023", NIGHT),
    ("2023-09-27T00:05:07+02:00[Europe/Berlin]", NIGHT),
    ("2023-09-27 00:05:07 America/Los_Angeles", NIGHT),
    ("2023-09-27 00:05:07 CEST", NIGHT),
    ("Sept. 27, 2023", DAY),
    ("27th Sep 2023", DAY),
    ("27th of September, 2023 at 2:05pm", NOON),
    ("Wednesday, September 27, 2023", DAY),
    ("Mi., 27.09.2023 14:05", NOON),
    ("2023. 09. 27.", DAY),
    ("27. 9. 2023", DAY),
    ("2023年9月27日", DAY),
    ("2023年9月27日(水) 午後2:05", NOON),
    ("2023년 9월 27일 오후 2:05", NOON),
    ("2023-09-27 00:05:07,123", NIGHT),
    ("20230927T000507Z", NIGHT),
    ("20230927T000507.123+0200", NIGHT),
    ("2023-W39-3", DAY),
    ("27-SEP-23 12.05.07.000000000 AM", NIGHT),
    ("27-SEP-23 12.05.07.000000 AM -07:00", NIGHT),
    ("27-SEP-2023", DAY),
    ("27/Sep/2023:00:05:07 -0700", NIGHT),
    ("2023:09:27 00:05:07", NIGHT),
    ("2023-09-27-00.05.07.123456", NIGHT),
    ("mer. 27 sept. 2023 à 14h05", NOON),
    ("27 de septiembre de 2023, 2:05 p. m.", NOON),
    ("27 settembre 2023 ore 14:05", NOON),
    ("27 sep. 2023 kl. 14.05", NOON),
    ("27.9.2023 klo 14.05", NOON),
    ("śr., 27 wrz 2023, 14:05", NOON),
    ("27 сентября 2023 г.", DAY),
    ("2023. szeptember 27.", DAY),
    ("27 Eylül 2023 Çarşamba 14:05", NOON),
    ("27. September 2023 um 14:05 Uhr", NOON),
    ("14:05 27.09.2023", NOON),
    ("9/27/2023, 12:05:07\u202fAM", NIGHT),
    ("27 Sep '23", DAY),
    ("2023-09-27 14:05 PM", NOON),
    ("09/2023", datetime(2023, 9, 1)),  # noqa: DTZ001
    ("2023Q3", datetime(2023, 7, 1)),  # noqa: DTZ001
    ("2023-09-25/2023-10-01", datetime(2023, 9, 25)),  # noqa: DTZ001
]


def times(engine, cells):
    return read(engine, "timestamp", cells, "Date", Amount=["1.50", "2.50"] * 6)


@pytest.mark.parametrize(("cell", "time"), FORMS)
def test_a_time_is_read_as_it_is_written(engine, cell, time):
    found, made = times(engine, [cell, cell.replace("27", "28").replace("Q3", "Q2")])
    assert [found[0].replace(microsecond=0)] == [time]
    assert found[1] is not None
    assert not made.problems


@pytest.mark.parametrize("number", range(1, 13))
def test_every_months_name_is_read(engine, number):
    names = [name for name, month in words.months().items() if month == number]
    written = [
        text
        for name in names
        for text in (
            f"27. {name}. 2023",
            f"27 {name.upper()} 2023 14:00",
            f"{name.title()} 27, 2023",
        )
    ]
    expected = [datetime(2023, number, 27, hour) for _ in names for hour in (0, 14, 0)]  # noqa: DTZ001
    assert asked(engine, time_sql("cell"), written) == expected
    assert [time_of(cell) for cell in written] == expected


def test_every_weekdays_name_is_passed_over(engine):
    days = sorted(day for day in words.weekdays() if len(day) > 1)
    cells = [text for day in days for text in (f"{day}, 27.09.2023", f"{day} 27 sep 2023")]
    assert asked(engine, time_sql("cell"), cells) == [DAY] * len(cells)


def test_the_letters_of_every_zone_are_passed_over(engine):
    zones = words.table("cldr", "zones")["letters"]
    forms = ("2023-09-27 00:05:07 {}", "Sep 27, 2023 12:05:07 AM {}", "27.09.2023 00:05:07{}")
    cells = [form.format(zone) for zone in zones for form in forms]
    assert asked(engine, time_sql("cell"), cells) == [NIGHT] * len(cells)


TIMES = st.builds(
    lambda *parts: "".join(parts),
    st.sampled_from(["", "Mon ", "mar. ", "śr., ", "14:05 "]),
    st.sampled_from(["27", "03", "2023", "1er", "5th"]),
    st.sampled_from(["/", "-", ".", " ", ". ", " de ", "年"]),
    st.sampled_from(["09", "13", "Sep", "août", "May", "9", "मई", "październik"]),
    st.sampled_from(["/", "-", ".", " ", ", ", "月", " '"]),
    st.sampled_from(["2023", "23", "31", "27"]),
    st.sampled_from(
        ["", " 14:05", "T00:05:07Z", " 12.05.07 AM", " 2 pm", " à 14h05", " 0:05 am CEST"]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(TIMES | st.text(max_size=20), min_size=1, max_size=40), st.sampled_from(ORDERS))
def test_what_the_guesser_reads_as_a_time_the_engine_reads_alike(cells, order):
    cells = [cell for cell in cells if cell.isprintable()]
    with duckdb.connect() as connection:
        found = asked(connection, time_sql("cell", order), cells)
    for cell, time in zip(cells, found, strict=True):
        expected = time_of(cell, order)
        assert expected is None or time == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["23-01-05", "23-02-14", "23-03-02", "23-04-17", "23-05-13", "23-06-21"], "2023-01-05"),
        (["05.01.23", "14.02.23", "02.03.23", "17.04.23", "13.05.23", "21.06.23"], "2023-01-05"),
        (["01/05/23", "02/14/23", "03/02/23", "04/17/23", "05/13/23", "06/21/23"], "2023-01-05"),
        (["21/11/30", "21/12/15", "22/01/09", "22/02/28", "22/03/11", "22/04/05"], "2021-11-30"),
    ],
)
def test_of_two_digit_numbers_the_year_is_the_one_that_hardly_varies(engine, cells, expected):
    found, made = times(engine, cells)
    assert str(found[0])[:10] == expected
    assert not any("no cell decides" in doubt for doubt in made.doubts)


@pytest.mark.parametrize(
    "cells", [["01/02/2023", "03/04/2023"], ["01/02/03", "02/03/04"], ["1.2.2023", "3.4.2023"]]
)
def test_an_order_that_no_cell_decides_is_told_with_the_line_to_write(engine, cells):
    _, made = times(engine, cells)
    assert any("no cell decides" in doubt and "to_time(" in doubt for doubt in made.doubts)


def test_every_word_for_yes_and_no_is_read(engine):
    sql = parse("to_bool(cell)", where="test", columns={"cell": "text"}).sql()
    cells = [text for word in words.truths() for text in (word, f" {word} ")]
    assert asked(engine, sql, cells) == [words.truths()[cell.strip()] for cell in cells]


def test_no_blank_is_longer_than_those_that_are_looked_at():
    assert max(map(len, words.blanks())) <= 7
    assert all(word == word.lower() for word in words.blanks())


def test_the_words_of_the_file_are_in_the_form_in_which_they_are_compared():
    assert all(word == plain(word) for word in words.table("money")["comma_headers"])
    assert all(name == words.bare(name) for name in words.months())
    assert money()[0]


SIGNS_AND_WORDS = st.lists(
    st.one_of(
        st.sampled_from("0123456789.,'-+()% $€ \u00a0٣५−–CRDRUSDeE:=_/"),
        st.sampled_from(["USD", "CR", "DR", "Rs", "zł", "kr", "-", "--", ".-", "minus", "nil"]),
        st.text(max_size=3),
    ),
    max_size=6,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(SIGNS_AND_WORDS, st.sampled_from(["DR", "CR"]))
def test_cells_that_are_spared_the_steps_would_have_come_out_the_same(cell, minus):
    """A bare number is left as it is, and of no digit and no dash the steps make no number."""
    whole = steps.applied(cell, taken_off(minus))
    numeric = [steps.whole(pattern(sign), whole) for sign in numbers.SIGNS]
    assert digits_of(cell, minus) == (whole if any(numeric) else None)
    if numbers._BARE.fullmatch(cell):
        assert whole == cell


@given(st.from_regex(numbers._BARE, fullmatch=True), st.sampled_from(["DR", "CR"]))
def test_a_bare_number_passes_the_steps_unchanged(cell, minus):
    assert steps.applied(cell, taken_off(minus)) == cell
