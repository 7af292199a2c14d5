"""Engines: what any must keep to, and that nothing knows DuckDB but what should."""

import ast
from pathlib import Path

import attrs
import pyarrow as pa
import pytest

import reltype
from reltype import plugins
from reltype.api import open_inputs
from reltype.engines import Engine, EngineError, first
from reltype.engines.duckdb import DuckDB
from reltype.explaining.customer import explain
from reltype.learning.fitting import asking, learnable
from reltype.plugins.knowledge import Knowledge
from reltype.scoring.population import grouped
from reltype.simulate import simulate

SOURCE = Path(reltype.__file__).parent
ENGINES = sorted(Knowledge.of(plugins.load()).engines())


@pytest.fixture(params=ENGINES)
def engine(request):
    return Knowledge.of(plugins.load()).engine(request.param, 1, None)


def test_it_is_an_engine(engine):
    assert isinstance(engine, Engine)


def test_rows_come_in_the_order_of_the_query(engine):
    assert engine.rows("SELECT x FROM (VALUES (3), (1), (2)) t(x) ORDER BY x") == [(1,), (2,), (3,)]
    assert first(engine, "SELECT 1 AS a, 'b' AS c") == {"a": 1, "c": "b"}
    assert first(engine, "SELECT 1 AS a WHERE false") == {}


@pytest.mark.parametrize("size", [1, 7, 100])
def test_batches_hold_at_most_so_many_rows_and_none_is_empty(engine, size):
    sql = "SELECT x FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) t(x) ORDER BY x"
    batches = list(engine.batches(sql, size))
    assert all(0 < batch.num_rows <= size for batch in batches)
    assert [x for batch in batches for x in batch.column(0).to_pylist()] == list(range(1, 11))
    assert list(engine.batches("SELECT 1 AS x WHERE false", size)) == []


def test_queries_may_be_run_between_batches(engine):
    name = engine.materialise("SELECT unnest(range(300000)) AS x", "many")
    seen = 0
    for batch in engine.batches(f"SELECT x FROM {name}", 1000):
        seen += batch.num_rows
        if seen < 5000:
            assert engine.rows("SELECT 42") == [(42,)]
    assert seen == 300_000


def test_a_table_has_a_name_of_its_own_whatever_it_is_called(engine):
    names = [engine.materialise(f"SELECT {i} AS x", "facts") for i in range(3)]
    names.append(engine.materialise(pa.table({"x": [3]}), "facts"))
    assert len(set(names)) == 4
    assert all(name.startswith("facts") for name in names)
    assert [engine.rows(f"SELECT x FROM {name}") for name in names] == [[(i,)] for i in range(4)]
    engine.drop(names[0])
    with pytest.raises(EngineError):
        engine.rows(f"SELECT x FROM {names[0]}")
    assert engine.rows(f"SELECT x FROM {names[1]}") == [(1,)]


def test_two_engines_over_one_connection_take_no_name_twice():
    one = DuckDB.connect()
    other = DuckDB(one.reader)
    assert one.materialise("SELECT 1 AS x", "t") != other.materialise("SELECT 2 AS x", "t")


@pytest.mark.parametrize("ask", ["rows", "table", "batches", "materialise"])
def test_a_query_that_cannot_be_run_is_an_engine_error(engine, ask):
    with pytest.raises(EngineError, match="no_such_table"):
        getattr(engine, ask)(
            "SELECT * FROM no_such_table", *(["x"] if ask == "materialise" else [])
        )


def test_locked_it_reads_no_file_but_keeps_on_materialising(engine, tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    engine.lock([])
    with pytest.raises(EngineError):
        engine.rows(f"SELECT * FROM read_csv('{tmp_path / 'a.csv'}')")
    assert engine.rows(f"SELECT x FROM {engine.materialise('SELECT 1 AS x', 't')}") == [(1,)]


@pytest.fixture(scope="module")
def opened():
    return open_inputs(simulate("coffee bar", customers=60, seed=8).interactions)


def group(opened, plan=None, **changed):
    inputs = opened.inputs
    given = {"logs": inputs.logs, "tables": inputs.tables, "absent": inputs.absent,
             "given": inputs.given, **changed}  # fmt: skip
    return grouped(opened.engine, plan or opened.plan, **given)


def content(population):
    return pa.Table.from_batches([batch.table for batch in population.batches()])


def test_two_populations_on_one_connection_leave_each_other_as_they_were(opened):
    import datetime as dt

    alone = group(opened)
    expected, counts, scales = content(alone), alone.counts, alone.scales
    first_one = group(opened)
    second = group(opened, as_of=dt.date(2024, 6, 1))
    assert content(second).num_rows < expected.num_rows or second.scales != scales
    assert content(first_one).equals(expected)
    assert (first_one.counts, first_one.scales) == (counts, scales)
    assert first_one.overview != second.overview
    third = group(opened, plan=opened.knowledge.plan("customer"))
    assert content(second).equals(content(group(opened, as_of=dt.date(2024, 6, 1))))
    assert content(third).equals(expected)


def test_batches_of_two_populations_can_be_read_in_turns(opened):
    one, other = group(opened), group(opened)
    for mine, theirs in zip(one.batches(7), other.batches(7), strict=True):
        assert mine.table.equals(theirs.table)


def test_a_population_is_frozen_and_another_plan_is_another_population(opened):
    population = group(opened)
    before = content(population)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        population.plan = opened.plan
    plan = asking(opened.plan, learnable(opened.plan))
    asked = population.asking(plan)
    assert content(asked).num_columns > before.num_columns
    assert asked.scales == population.scales
    assert content(population).equals(before)
    assert population.plan is opened.plan


def test_explaining_leaves_no_tables_behind(opened):
    run = opened.run()
    customer = content(run.population)["customer_id"][0].as_py()
    explain(run, customer)
    before = set(opened.engine.rows("SELECT table_name FROM duckdb_tables()"))
    explain(run, customer)
    assert set(opened.engine.rows("SELECT table_name FROM duckdb_tables()")) == before


MAY_CALL = {"engines", "sources"}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_nobody_else_imports_duckdb():
    for path in sorted(SOURCE.rglob("*.py")):
        room = path.relative_to(SOURCE).parts[0]
        if room not in MAY_CALL:
            assert not {m for m in imports(path) if m.split(".")[0] == "duckdb"}, path


def test_a_stranger_sees_at_most_23_rooms():
    """Beside what Python itself wants to be called so."""
    own = {"__init__.py", "__main__.py", "py.typed", "__pycache__"}
    names = {path.name for path in SOURCE.iterdir()} - own
    assert len(names) <= 23, sorted(names)


def test_the_map_of_rooms_names_every_room():
    page = (SOURCE.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {p.name for p in SOURCE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    for room in rooms - {"__init__.py", "__main__.py"}:
        assert f"`{room}`" in page or f"`{room}/`" in page, room
