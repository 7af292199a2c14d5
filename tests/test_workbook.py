"""A result as a workbook for people, and the columns of the customer table that go along."""

import csv
import io
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import reltype
from reltype import cli
from reltype.errors import UsageError
from reltype.reporting.layout import PEOPLE, split

EXAMPLES = Path(__file__).parents[1] / "examples"
HOSTILE = '=HYPERLINK("http://x","<script>alert(1)</script>")'


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The customer table with more columns: a clash, codes, formulas."""
    rows = list(csv.reader(io.StringIO((EXAMPLES / "software-customers.csv").read_text())))
    path = tmp_path_factory.mktemp("table") / "accounts.csv"
    with path.open("w", newline="") as out:
        write = csv.writer(out)
        write.writerow([*rows[0], "Region", "status", "code"])
        for i, row in enumerate(rows[1:-5]):
            more = ["North" if i % 2 else HOSTILE, "gold", f"00{i}"]
            write.writerow([*row, *more])
        write.writerow([*rows[1], "South", "gold", "000"])  # the first once more
    return path


@pytest.fixture(scope="module")
def found(table):
    return reltype.classify(EXAMPLES / "software.csv", customers=table)


@pytest.fixture(scope="module")
def book(found, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "result.xlsx"
    found.write(path, carry=["region", "code"])
    return openpyxl.load_workbook(path)


def test_a_workbook_has_a_summary_customers_a_list_for_each_team_and_definitions(book, found):
    teams = list(dict.fromkeys(benefit.role for benefit in found.run.plan.benefits))
    assert book.sheetnames == ["summary", "customers", *teams, "definitions"]
    told = [row[0] for row in book["summary"].iter_rows(values_only=True)]
    assert told[1].startswith("120 customers as of ")
    assert "What stands out" in told
    shares = {row[0]: row[1] for row in book["summary"].iter_rows(values_only=True)}
    assert shares["fling"] == found.summary().archetypes["fling"]


def test_the_customers_sheet_holds_what_people_read_and_heads_that_stay_and_filter(book):
    sheet = book["customers"]
    head, first = list(sheet.iter_rows(values_only=True))[:2]
    assert head == ("customer_id", "Region", "code", *PEOPLE[1:])
    assert first[2] == "000"
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:L121"
    confidence = sheet.cell(2, head.index("confidence") + 1)
    assert confidence.number_format == "0%"
    assert 0 < confidence.value <= 1
    coloured = {
        rule.formula[0]
        for rules in sheet.conditional_formatting
        for rule in rules.rules
        if rule.dxf.fill is not None
    }
    assert coloured == {'"sure"', '"likely"', '"tentative"'}


def test_names_in_the_workbook_lead_to_their_definitions(book):
    sheet, defined = book["customers"], book["definitions"]
    head = [cell.value for cell in sheet[1]]
    for name in ("archetype", "benefits"):
        for row in (2, 60, 121):
            cell = sheet.cell(row, head.index(name) + 1)
            place = cell.hyperlink.location.split("!")[1]
            assert defined[place].value == cell.value.split("; ")[0]
    team = book["service"]
    names = [cell.value for cell in team[1]]
    benefit = team.cell(2, names.index("benefit") + 1)
    assert defined[benefit.hyperlink.location.split("!")[1]].value == benefit.value


def test_a_team_gets_those_whose_first_benefit_it_owns_in_order(book, found):
    owners = {benefit.name: benefit.role for benefit in found.run.plan.benefits}
    firsts = {
        one.customer_id: one.benefits[0].name
        for one in found
        if one.benefits and (one.archetype != "unclassified" or one.alarms)
    }
    for role in set(owners.values()):
        rows = list(book[role].iter_rows(min_row=2, values_only=True))
        head = [cell.value for cell in book[role][1]]
        mine = {row[1]: row[head.index("benefit")] for row in rows if row[0] is not None}
        assert mine == {i: name for i, name in firsts.items() if owners[name] == role}
        assert [row[0] for row in rows if row[0]] == list(range(1, len(mine) + 1))


def test_a_list_is_as_long_as_a_week_and_says_how_many_more_there_are(found, monkeypatch, tmp_path):
    from reltype.reporting import workbook

    monkeypatch.setattr(workbook, "MONDAY", 3)
    found.write(tmp_path / "x.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "x.xlsx")["service"].iter_rows(values_only=True))
    assert len(rows) == 5
    assert "more, in the sheet customers" in rows[-1][1]


def test_no_cell_of_the_workbook_is_a_formula_and_strangers_texts_stay_texts(book):
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    region = {row[1] for row in book["customers"].iter_rows(min_row=2, values_only=True)}
    assert "'" + HOSTILE in region


def test_an_equal_result_gives_an_equal_workbook(found, tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        found.write(tmp_path / name, carry="region")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_columns_are_chosen_for_every_format(found, tmp_path):
    every = found.table.column_names
    for ending, usual in (("csv", every), ("parquet", every), ("xlsx", list(PEOPLE))):
        for choice, wanted in ((None, usual), ("all", every), ("people", list(PEOPLE))):
            path = tmp_path / f"x.{ending}"
            found.write(path, columns=choice)
            assert _names(path) == wanted, (ending, choice)
    with pytest.raises(UsageError, match="Did you mean 'people'"):
        found.write(tmp_path / "x.csv", columns="peple")


def _names(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return pq.read_schema(path).names
    if path.suffix == ".csv":
        return next(csv.reader(io.StringIO(path.read_text())))
    book = openpyxl.load_workbook(path)
    sheet = book["customers"] if "customers" in book.sheetnames else book.worksheets[0]
    return [cell.value for cell in sheet[1]]


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "json", "xlsx", "md"])
def test_columns_of_the_customer_table_are_carried_into_every_format(found, ending, tmp_path):
    found.write(tmp_path / f"x.{ending}", carry=["Region"])
    told = (tmp_path / f"x.{ending}").read_bytes()
    if ending == "parquet":
        assert pq.read_table(tmp_path / "x.parquet").column_names[:2] == ["customer_id", "Region"]
    elif ending == "xlsx":
        assert _names(tmp_path / "x.xlsx")[:2] == ["customer_id", "Region"]
    elif ending != "md":  # which shows the main columns
        assert b"North" in told


def test_a_column_that_the_result_has_is_carried_by_another_name(found):
    made = found.carrying("status", "code", "REGION")
    assert made.column_names[:4] == ["customer_id", "status_given", "code", "Region"]
    assert set(made.column("status_given").drop_null().to_pylist()) == {"gold"}
    assert made.column("status").equals(found.table.column("status"))
    assert made.column("code").to_pylist()[:3] == ["000", "001", "002"]


def test_whom_no_table_knows_has_nothing_to_carry_and_who_stands_there_twice_has_one(found):
    made = found.carrying("Region")
    assert made.column("customer_id").equals(found.table.column("customer_id"))
    assert made.column("Region").to_pylist()[-5:] == [None] * 5
    assert made.column("Region").to_pylist()[0] in {"South", HOSTILE}


def test_columns_that_cannot_be_carried_are_told_with_the_nearest(found):
    with pytest.raises(UsageError, match="Did you mean 'Region'"):
        found.carrying("Regoin")


def test_a_fact_that_the_table_gives_is_carried_as_it_was_written(found):
    assert set(found.carrying("contract_days").column("contract_days").to_pylist()[:9]) <= {
        "0",
        "30",
        "90",
        "360",
        "720",
        "1080",
    }


def test_names_are_taken_apart_at_commas_and_each_once():
    assert split("a, b,a") == split(["a,b", "b"]) == ("a", "b")


def test_values_stand_beside_their_customers_in_whatever_order_batches_come(found):
    from reltype.reporting.layout import Carried, Layout

    schema = found.run.result.schema
    layout = Layout(schema, "people", Carried.of(found.run, "code", schema.names))
    batch = found.table.combine_chunks().to_batches()[0]
    backwards = batch.take(pa.array(range(len(found) - 1, -1, -1)))
    made = pa.Table.from_batches(layout.batches([backwards.slice(0, 50), backwards.slice(50)]))
    wanted = dict(zip(*(found.carrying("code").column(c).to_pylist() for c in (0, 1)), strict=True))
    for row in made.to_pylist():
        assert row["code"] == wanted[row["customer_id"]]


def test_the_command_line_carries_and_tells_what_it_renamed(table, tmp_path, capfd):
    out = tmp_path / "x.csv"
    args = ["classify", str(EXAMPLES / "software.csv"), "--customers", str(table)]
    args += ["--carry", "region,status", "--columns", "people", "-o", str(out)]
    assert cli.run(args) == 0
    assert _names(out)[:3] == ["customer_id", "Region", "status_given"]
    words = " ".join(capfd.readouterr().err.split())
    assert "'status' is a column of the result: the table's is 'status_given'." in words
    assert cli.run([*args[:4], "--carry", "region"]) == 2
    assert "say -o FILE or --format" in capfd.readouterr().err
