"""`reltype sql`: the printed query is the one that is run, can be read, and never is wrong text."""

import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import sqlglot

from reltype import cli
from reltype.api import open_inputs
from reltype.engines.duckdb import DuckDB
from reltype.errors import ConfigError, UsageError
from reltype.reporting.sql import sql
from reltype.simulate import simulate
from tests.zoo import computes, install

EXAMPLES = Path(__file__).parents[1] / "examples"
INPUTS = {
    "log": ["coffee-bar.csv"],
    "both": ["software.csv", "software-customers.csv"],
    "customers": ["software-customers.csv"],
}


@pytest.fixture(params=INPUTS)
def files(request):
    return [str(EXAMPLES / name) for name in INPUTS[request.param]]


def answers(opened):
    return pa.Table.from_batches([batch.table for batch in opened.population().batches()])


def test_it_gives_in_a_duckdb_of_ones_own_what_is_worked_out_here(files):
    opened = open_inputs(files)
    got = duckdb.connect().sql(sql(opened)).to_arrow_table()
    expected = answers(opened)
    assert got.column_names == expected.column_names
    for name in expected.column_names:
        assert got.column(name).to_pylist() == expected.column(name).to_pylist(), name


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "csv"])
def test_it_runs_on_every_format_that_duckdb_reads_and_on_names_with_quotes(tmp_path, ending):
    log = simulate("coffee bar", customers=30, seed=4).interactions
    path = tmp_path / f'ann\'s "log" 1.{ending}'
    quoted = str(path).replace("'", "''")
    engine = DuckDB.connect()
    name = engine.materialise(log, "log")
    form = "JSON" if ending == "jsonl" else ending.upper()
    engine.reader.execute(f"COPY {name} TO '{quoted}' (FORMAT {form})")
    opened = open_inputs([str(path)])
    got = duckdb.connect().sql(sql(opened)).to_arrow_table()
    assert (
        got.column("customer_id").to_pylist() == answers(opened).column("customer_id").to_pylist()
    )


def test_scales_of_a_model_stand_in_it(tmp_path, capsys):
    model = str(tmp_path / "m.reltype")
    log = str(EXAMPLES / "coffee-bar.csv")
    assert cli.run(["fit", log, "-o", model, "-q"]) == 0
    assert cli.run(["sql", log, "--model", model]) == 0
    opened = open_inputs([log], model=model)
    got = duckdb.connect().sql(capsys.readouterr().out).to_arrow_table()
    assert got.column("d_affect").to_pylist() == answers(opened).column("d_affect").to_pylist()


def test_every_step_has_a_name_and_every_definition_a_remark(files):
    opened = open_inputs(files)
    text = sql(opened)
    steps = re.findall(r'^"(\w+)" AS \(|^WITH "(\w+)" AS \(', text, re.MULTILINE)
    assert {"scales", "features", "signals", "readings", "conditions"} <= {a or b for a, b in steps}
    told = " ".join(re.sub(r"\n\s*--   ", " ", text).split())
    for feature in opened.plan.features:
        assert f"-- {feature.name}" in told
    for signal in opened.plan.signals:
        assert f"signal {signal.name!r}" in told
    for rule in opened.plan.rules:
        assert f"rule {rule.name!r} for {rule.archetype!r}" in told
    assert max(map(len, re.sub(r"'[^']*'", "", text).splitlines())) < 4000
    assert "(SELECT" not in re.sub(r"read_json.*", "", text)


@pytest.mark.parametrize("dialect", ["postgres", "spark"])
def test_another_dialect_reads_tables_of_ours_and_lists_their_columns(files, dialect):
    text = sql(open_inputs(files), dialect)
    tree = sqlglot.parse_one(text, dialect=dialect)
    made = {step.alias for step in tree.find_all(sqlglot.exp.CTE)}
    read = {table.name for table in tree.find_all(sqlglot.exp.Table)} - made
    assert read <= {"interactions", "customers"}
    assert "csv" not in text
    for table in read:
        assert f"-- {table}: customer_id varchar" in text


PACKS = {
    "postgres": {
        "arg_max(channel, day)": "arg_max",
        "strftime(max(timestamp), '%Y')": None,
        "max(try_cast(channel as double))": "no cast that gives null",
    },
    "spark": {"corr(value, day)": None, "max(regexp_extract(channel, '[0-9]+'))": "regexp_extract"},
}


@pytest.mark.parametrize(
    ("dialect", "of", "complaint"),
    [(d, of, c) for d, cases in PACKS.items() for of, c in cases.items() if c],
)
def test_what_a_dialect_cannot_express_is_an_error_never_text(tmp_path, dialect, of, complaint):
    pack = tmp_path / "pack.toml"
    pack.write_text(
        f'[[features]]\nname = "odd"\nunit = "1"\nof = "{of}"\nsummary = "s"\n'
        '[[rules]]\nname = "odd one"\nwhen = "odd is not null"\narchetype = "fling"\n'
        'weight = 0.1\nbecause = "odd {odd}"\n'
    )
    opened = open_inputs([str(EXAMPLES / "software.csv")], rules=[str(pack)])
    with pytest.raises(ConfigError, match=complaint):
        sql(opened, dialect)
    assert duckdb.connect().sql(sql(opened)).to_arrow_table().num_rows == 120


def test_a_function_of_a_plugin_is_not_in_another_database(site):
    install(site, "zoo", computes("return pc.cast(pc.utf8_length(texts), pa.float64())"))
    opened = open_inputs([str(EXAMPLES / "coffee-bar.csv")])
    with pytest.raises(ConfigError, match=r"mood\(\)"):
        sql(opened, "spark")


def test_an_unknown_dialect_is_refused_with_those_that_there_are(capfd):
    assert cli.run(["sql", str(EXAMPLES / "coffee-bar.csv"), "--dialect", "postgre"]) == 2
    assert "Did you mean 'postgres'?" in capfd.readouterr().err


def test_a_packed_file_cannot_be_named_by_another_program(tmp_path):
    import gzip

    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress((EXAMPLES / "coffee-bar.csv").read_bytes()))
    with pytest.raises(UsageError, match="no other program can name"):
        sql(open_inputs([str(path)]))
    assert "interactions" in sql(open_inputs([str(path)]), "spark")


def test_it_is_written_whole_to_a_file(tmp_path, capsys):
    out = tmp_path / "q.sql"
    assert cli.run(["sql", str(EXAMPLES / "coffee-bar.csv"), "-o", str(out)]) == 0
    assert capsys.readouterr().out == ""
    assert duckdb.connect().sql(out.read_text()).to_arrow_table().num_rows == 120
