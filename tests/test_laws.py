"""Laws of a whole run: what must hold whatever the log and whatever the knowledge."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import reltype
from reltype.simulate import simulate

slow = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
businesses = st.sampled_from(["coffee bar", "software subscription", "insurer", "charity"])
facts = st.sampled_from(["all", "purchases"])


@pytest.fixture(scope="module")
def made():
    return simulate("coffee bar", customers=150, seed=3)


@pytest.fixture(scope="module")
def found(made):
    return reltype.classify(made.interactions)


@pytest.fixture(scope="module")
def frozen(made):
    return reltype.fit(made.interactions)


def numbers(table, prefix):
    names = [n for n in table.schema.names if n.startswith(prefix)]
    return np.column_stack([table.column(n).to_numpy(zero_copy_only=False) for n in names])


@slow
@given(businesses, facts, st.integers(0, 1000))
def test_probabilities_sum_to_one_for_any_log(business, facts, seed):
    log = simulate(business, customers=40, seed=seed, facts=facts).interactions
    table = reltype.classify(log).to_arrow()
    assert numbers(table, "p_").sum(axis=1) == pytest.approx(np.ones(table.num_rows))
    for prefix in ("d_", "e_"):
        seen = numbers(table, prefix)
        assert ((seen >= 0) & (seen <= 1) | np.isnan(seen)).all()


@slow
@given(st.integers(0, 149))
def test_contributions_add_up_to_the_score(found, row):
    customer = found.to_arrow()["customer_id"][row].as_py()
    why = found.explain(customer)
    for archetype, score in why.scores.items():
        assert sum(c.amount for c in why.of(archetype)) == pytest.approx(score, abs=1e-9)
    assert why.posterior == pytest.approx(dict(found[customer].scores))
    assert why.archetype == found[customer].archetype


@slow
@given(st.permutations(range(60)))
def test_the_order_of_rows_changes_nothing(made, order):
    log = made.interactions.slice(0, 60)
    shuffled = log.take(pa.array(order))
    assert reltype.classify(shuffled).to_arrow().equals(reltype.classify(log).to_arrow())


def test_the_size_of_batches_changes_nothing(found):
    whole = found.to_arrow()
    for size in (1, 7, 64):
        batches = [
            found.run.result.batch(b, found.run.score_batch(b))
            for b in found.run.population.batches(size)
        ]
        assert pa.Table.from_batches(batches).equals(whole)


@slow
@given(st.integers(0, 149))
def test_given_the_same_scales_nobody_depends_on_anybody_else(made, found, frozen, row):
    customer = found.to_arrow()["customer_id"][row]
    alone = made.interactions.filter(pa.compute.equal(made.interactions["customer_id"], customer))
    mine = reltype.classify(alone, model=frozen, as_of=found.run.scales.as_of).to_arrow()
    theirs = found.to_arrow().slice(row, 1)
    for name in theirs.schema.names:
        if name.startswith(("p_", "d_", "e_")) or name in ("archetype", "status"):
            assert mine[name].to_pylist() == pytest.approx(theirs[name].to_pylist(), nan_ok=True), (
                name
            )


@pytest.mark.parametrize("column", ["sentiment", "discount", "value"])
def test_a_null_column_counts_as_not_there_and_never_as_nought(made, column):
    log = made.interactions
    nulled = log.set_column(
        log.schema.get_field_index(column), column, pa.nulls(log.num_rows, pa.float64())
    )
    without = reltype.classify(log.drop_columns([column])).to_arrow()
    assert reltype.classify(nulled).to_arrow().equals(without)


def test_the_input_is_not_modified(made):
    log = made.interactions.to_pandas()
    before = log.copy(deep=True)
    reltype.classify(log)
    assert log.equals(before)


def test_the_same_input_gives_the_same_bytes(made):
    def written():
        stream = io.BytesIO()
        pq.write_table(reltype.classify(made.interactions).to_arrow(), stream)
        return stream.getvalue()

    assert written() == written()


def test_results_are_sorted_by_customer(found):
    ids = found.to_arrow()["customer_id"].to_pylist()
    assert ids == sorted(ids)


def test_one_purchase_or_one_message_is_too_little(made):
    day = made.interactions["timestamp"][500].as_py()
    rows = [
        {"customer_id": "buyer", "timestamp": day, "kind": "purchase", "value": 5.0},
        {"customer_id": "writer", "timestamp": day, "kind": "message", "sentiment": 1.0},
    ]
    log = pa.concat_tables(
        [made.interactions, pa.Table.from_pylist(rows)], promote_options="permissive"
    )
    found = reltype.classify(log)
    for customer in ("buyer", "writer"):
        assert found[customer].archetype == "unclassified"
        assert found[customer].unclassified_because == "too little seen"


def test_every_row_of_the_log_is_accounted_for(made):
    rows = reltype.classify(made.interactions, as_of="2024-06-30").summary().rows
    assert (
        rows["read"] == made.interactions.num_rows == rows["used"] + rows["rejected"] + rows["late"]
    )
    assert rows["late"] > 0
