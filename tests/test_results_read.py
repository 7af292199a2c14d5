"""A result, or labels, that are read again: one way for all, and nothing else may be read by it."""

import pytest

import reltype
from reltype.analyses.results import named_customers
from reltype.errors import InputError, ReltypeError
from reltype.learning.evaluation.labels import Labels
from reltype.simulate import simulate
from reltype.sources.kept import as_texts


@pytest.fixture(scope="module")
def found():
    return reltype.classify(simulate("coffee bar", customers=10, seed=1).interactions)


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_a_result_is_read_again_as_it_was(found, ending, tmp_path):
    path = tmp_path / f"result.{ending}"
    found.write(path)
    again = named_customers(str(path))
    assert again.equals(named_customers(found))


def test_what_is_no_result_is_told(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("customer_id,archtype\na,fling\n")
    with pytest.raises(InputError, match=r"other\.csv: no result .* 'archetype'.*'archtype'"):
        named_customers(str(path))


def test_a_view_in_a_table_that_is_read_beside_the_data_reads_no_other_file(tmp_path):
    """As the inputs are: a database's views may hold what their maker wants to be run."""
    import duckdb

    (tmp_path / "secret.csv").write_text("customer_id,archetype\na,fling\n")
    with duckdb.connect(str(tmp_path / "made.duckdb")) as made:
        made.execute(f"CREATE VIEW labels AS SELECT * FROM read_csv('{tmp_path}/secret.csv')")
    with pytest.raises(ReltypeError):
        as_texts(str(tmp_path / "made.duckdb"), table="labels")
    with pytest.raises(ReltypeError):
        Labels.of(str(tmp_path / "made.duckdb"), ())
