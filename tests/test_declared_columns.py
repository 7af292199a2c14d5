"""Headers that a typology asks for by words of its own: which are found, and how they are read."""

from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reltype.definitions import packs
from reltype.definitions.columns import Columns
from reltype.definitions.features import Feature
from reltype.definitions.phrases import spoken_of
from reltype.errors import ConfigError
from reltype.expressions import parse
from reltype.mapping.declared import Declared
from reltype.mapping.guess import guess

ASKED = (
    Columns(
        "supported",
        "staff",
        ("manager|supervisor|boss support*|helps|cares|listens", "manager"),
        ("talks down", "micromanag*"),
        ("manager's name",),
        "agreement",
    ),
    Columns("pleased", "staff", ("job satisf*", "=satisfaction"), ("frustrat*",), (), "agreement"),
    Columns("overtime", "staff", ("=over time", "overtime"), (), (), "number"),
    Columns("role_days", "staff", ("years|months role",), (), (), "days"),
    Columns("customer_id", "staff", ("=emp id|no", "=emp name")),
    Columns("active", "staff", ("=still here",), ("=gone|attrition",)),
)
DECLARED = Declared.of(ASKED, [Feature(c.name, "1") for c in ASKED if c.reads])


def read(**columns):
    """What a table with these columns is read as: our name → expression."""
    table = pa.table({name: pa.array(map(str, cells)) for name, cells in columns.items()})
    made = guess(
        "people.csv",
        table.column_names,
        ["VARCHAR"] * table.num_columns,
        table,
        role="customers",
        features=[c.name for c in ASKED if c.reads],
        declared=DECLARED,
    )
    return made, table


def values(ours, **columns):
    """What the rows of a table give for one of ours."""
    made, people = read(**columns)
    if ours not in made.mapping.columns:
        return None
    sql = parse(made.mapping.columns[ours], where="here").sql()
    made = [row[0] for row in duckdb.from_arrow(people).project(sql).fetchall()]
    return [float(v) if isinstance(v, Decimal) else v for v in made]


@pytest.mark.parametrize(
    "header",
    [
        "ManagerSupport",
        "manager_support",
        "Q12. My supervisor is supportive of me",
        "My boss listens",
        "Supervisor cares about me (1-5)",
        "My manager",
    ],
)
def test_a_question_is_known_by_its_words_in_any_spelling(header):
    assert values("supported", **{header: [1, 3, 5]}) == [-1, 0, 1]


@pytest.mark.parametrize(
    "header",
    [
        "My manager does not support me",
        "My supervisor never listens to what I say",
        "Boss talks down",
    ],
)
def test_a_question_that_denies_or_speaks_against_is_turned_round(header):
    assert values("supported", **{header: [1, 3, 5]}) == [1, 0, -1]


def test_what_is_denied_in_one_clause_is_not_denied_in_the_next():
    header = "I would not change jobs because my manager supports me"
    assert values("supported", **{header: [1, 3, 5]}) == [-1, 0, 1]


@pytest.mark.parametrize(
    "header", ["ManagerID", "Manager's name", "Years with manager", "department", "cei1", "Q7", "x"]
)
def test_what_a_header_does_not_say_is_not_read(header):
    assert "supported" not in read(**{header: [1, 2, 3]})[0].mapping.columns


def test_of_two_facts_the_one_that_says_more_of_a_header_gets_it():
    made, _ = read(**{"job satisfaction with manager": [1, 2, 5]})
    assert list(made.mapping.columns) == ["pleased"]


def test_several_questions_count_by_the_mean_of_those_answered():
    answers = {"My manager helps me": [5, 5, ""], "My manager talks down to me": [1, 5, 3]}
    assert values("supported", **answers) == [1, 0, 0]


def test_answers_in_words_are_read_as_far_as_they_are_known():
    said = ["Strongly agree", "Disagree", "Neutral", "n/a", "Very Low"]
    assert values("pleased", **{"Job Satisfaction": said}) == pytest.approx([1, -0.6, 0, None, -1])


def test_answers_with_their_number_before_them_are_read_by_it():
    said = ["1 - Disagree", "2 - Neither", "3 - Agree"]
    assert values("pleased", **{"Job Satisfaction": said}) == [-1, 0, 1]


def test_a_battery_shows_a_step_that_nobody_took_in_one_of_its_questions():
    many = [1, 2, 3, 4, 5] * 60
    battery = {
        "My manager helps me": many,
        "My boss listens": many,
        "Job satisfaction": [min(4, n) for n in many],
    }
    assert max(values("pleased", **battery)) == 0.5


def test_a_battery_that_ends_at_six_is_read_on_one_to_six():
    up = [1, 2, 3, 4, 5, 6] * 20
    battery = {
        "emp id": range(120),
        "My manager helps me": up,
        "My boss listens": up,
        "Job satisfaction": up,
    }
    assert sorted(set(values("pleased", **battery))) == pytest.approx([-1, -0.6, -0.2, 0.2, 0.6, 1])


def test_a_question_that_runs_against_those_beside_it_is_told():
    up = [1, 2, 3, 4, 5] * 20
    made, _ = read(
        **{
            "emp id": range(100),
            "My manager helps me": up,
            "My boss listens": up,
            "My supervisor supports me": [6 - n for n in up],
        }
    )
    assert any("runs against" in doubt for doubt in made.doubts)


def test_yes_and_no_and_hours_are_both_numbers():
    assert values("overtime", OverTime=["Yes", "No", "Yes"]) == [1, 0, 1]
    assert values("overtime", overtime=[3, 12, 0]) == ["3", "12", "0"]


def test_years_in_a_role_are_years_up_to_fifty():
    assert values("role_days", **{"years in role": [1, 40]}) == [365, 14600]


def test_who_left_is_read_the_right_way_round():
    assert values("active", **{"emp id": [1, 2], "Attrition": ["Yes", "No"]}) == [False, True]


def test_an_id_that_is_named_first_goes_before_a_name():
    made, _ = read(**{"Emp Name": ["a", "b"], "EmpNo": [1, 2]})
    assert made.sources["customer_id"] == "EmpNo"


def test_a_file_of_such_facts_is_a_table_and_no_log():
    table = pa.table(
        {"emp id": ["1", "2"], "Job satisfaction": ["1", "5"], "overtime": ["Yes", "No"]}
    )
    made = guess(
        "x.csv",
        table.column_names,
        ["VARCHAR"] * 3,
        table,
        features=["pleased", "overtime"],
        declared=DECLARED,
    )
    assert made.role == "customers"


def test_one_such_fact_beside_an_id_is_enough_and_without_one_is_not():
    def role(**columns):
        table = pa.table(columns)
        names = table.column_names
        return guess(
            "x.csv", names, ["VARCHAR"] * len(names), table, features=["pleased"], declared=DECLARED
        )

    assert (
        role(**{"emp id": ["1", "2"], "Job satisfaction": ["1", "5"]}).sources["customer_id"]
        == "emp id"
    )
    assert "customer_id" not in role(**{"x": ["1", "2"], "Job satisfaction": ["1", "5"]}).sources


def test_where_such_a_table_names_nobody_each_row_is_one_and_that_is_told():
    table = pa.table({"Job satisfaction": ["1", "5"], "overtime": ["Yes", "No"]})
    made = guess(
        "x.csv",
        table.column_names,
        ["VARCHAR"] * 2,
        table,
        features=["pleased", "overtime"],
        declared=DECLARED,
    )
    assert made.sources["customer_id"] == "row number"
    assert any("each row is one" in doubt for doubt in made.doubts)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=4, unique=True))
def test_no_header_breaks_it(headers):
    table = {name or " ": ["1", "2"] for name in headers}
    read(**table)


@given(st.permutations(["My manager helps me", "Job satisfaction", "overtime", "Boss talks down"]))
def test_the_order_of_the_columns_says_nothing(order):
    made, _ = read(**{name: [1, 2, 5] for name in order})
    assert set(made.mapping.columns) == {"supported", "pleased", "overtime"}
    assert made.sources["pleased"] == "Job satisfaction"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[[columns]]\nname = "nps"\ntypology = "customer"\nheaders = ["score"]\nreads = "stars"',
            "reads",
        ),
        ('[[columns]]\nname = "nps"\ntypology = "customer"', "headers"),
        ('[[columns]]\nname = "nps"\ntypology = "customer"\nheaders = [" "]', "no word"),
        (
            '[[columns]]\nname = "nps"\ntypology = "customer"\nheaders = ["a"]\nagainst = ["b"]',
            "agreement",
        ),
    ],
)
def test_a_declaration_that_cannot_be_says_why(tmp_path, text, told):
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(ConfigError, match=told):
        packs.load(tmp_path / "p.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,470 customers.", "1,470 employees."),
        ("A customer left; Customers stay.", "An employee left; Employees stay."),
        ("customers.csv, --customers FILE, customer_id, [customers] and 'customer' stay",) * 2,
    ],
)
def test_sentences_on_customers_speak_of_whom_the_typology_is_about(text, said):
    assert spoken_of(text, "employee", "employees") == said
    assert spoken_of(text, "customer", "customers") == text
