"""A population over a small log and a small table: every number worked out again in plain Python."""

import datetime as dt
import gc
from functools import cache
from itertools import pairwise
from statistics import mean, median

import numpy as np
import pytest
from attrs import evolve

from reltype import plugins
from reltype.definitions.features import DAY_COLUMNS
from reltype.engines.duckdb import DuckDB
from reltype.errors import InputError
from reltype.mapping.canonical import INTERACTIONS
from reltype.plugins.knowledge import Knowledge
from reltype.scoring import population as populations
from reltype.scoring.plan import Plan
from reltype.scoring.population import EPOCH, Counts, Scales, grouped
from reltype.scoring.reliability import trust

PACK = """
[[features]]
name = "creek_steps"
unit = "count"
of = "count(*) filter (where organic)"
summary = "Steps."

[[features]]
name = "creek_money"
unit = "money"
of = "sum(value) filter (where kind = 'purchase')"
summary = "Money."

[[features]]
name = "creek_gap"
unit = "days"
of = "avg(gap_days)"
summary = "Days between steps."

[[features]]
name = "creek_last"
unit = "day"
of = "max(day)"
summary = "Last day."

[[features]]
name = "creek_silence"
unit = "days"
of = "as_of_day - creek_last"
summary = "Days since."

[[features]]
name = "creek_plans"
unit = "count"
summary = "Plans that they hold, from a customer table."

[[features]]
name = "creek_share"
unit = "1"
of = "creek_steps / (creek_steps + usual_creek_steps)"
summary = "Steps beside what is usual."

[[scales]]
name = "usual_creek_steps"
unit = "count"
of = "median(creek_steps)"
otherwise = 3.0
summary = "Usual steps."

[[scales]]
name = "usual_creek_share"
unit = "1"
of = "max(creek_share)"
otherwise = 0.25
summary = "The most of a share that is made with a scale."

[[dimensions]]
name = "flow"
low = "dry"
high = "wet"
summary = "Flow."
source = "ours"

[[signals]]
name = "it flows"
dimension = "flow"
of = "creek_share / usual_creek_share"
weight = 2.0
observations = "creek_steps"
half_at = 3.0
summary = "s"
source = "ours"

[[signals]]
name = "it is paid for"
dimension = "flow"
of = "creek_money / 10"
weight = 1.0
observations = ""
summary = "s"
source = "ours"

[[signals]]
name = "it is planned"
dimension = "flow"
of = "creek_plans / 4"
weight = 1.0
observations = ""
summary = "s"
source = "ours"

[[typologies]]
name = "creek"
summary = "Water."
dimensions = ["flow"]

[[typologies.unclassified_when]]
name = "silent"
when = "creek_silence > 40"

[[typologies.base_rates]]
name = "slow"
when = "creek_gap > 2"
rates = { brook = 2.0 }

[[archetypes]]
name = "brook"
typology = "creek"
summary = "s"
source = "ours"
prototype = { flow = { value = 0.8, tolerance = 0.2 } }

[[archetypes]]
name = "puddle"
typology = "creek"
summary = "s"
source = "ours"
prototype = { flow = { value = 0.2, tolerance = 0.2 } }

[[rules]]
name = "wet"
when = "creek_steps >= 2"
archetype = "brook"
weight = 1.0
because = "wet"

[[rules]]
name = "very wet"
when = "flow > 0.5"
archetype = "brook"
weight = 1.0
because = "very wet"
"""

DAY = dt.date(2024, 3, 1)
LOG = [  # who, days after DAY, kind, value, direction, reject, unread
    ("a", 0, "purchase", 2.0, None, None, None),
    ("a", 0, "visit", None, None, None, None),
    ("a", 5, "purchase", 4.5, None, None, "value"),
    ("a", 9, "outreach", None, "outbound", None, None),
    ("b", 2, "message", None, "inbound", None, None),
    ("b", 3, "visit", None, None, None, None),
    ("b", 3, "message", None, "outbound", None, None),
    ("b", 60, "visit", None, None, None, None),
    ("c", 1, "renewal", 9.0, None, None, None),
    ("d", 30, "purchase", 20.0, None, None, None),
    ("d", 31, "visit", None, None, None, None),
    ("d", 33, "visit", None, None, None, None),
    ("e", 70, "visit", None, None, None, None),
    ("x", 4, "visit", None, None, "no day", None),
    ("x", 90, "visit", None, None, "no id", None),
]
TABLE = [  # who, plans, reject, unread
    ("a", 1.0, None, None),
    ("a", 3.0, None, None),
    ("d", None, None, "plans"),
    ("t", 4.0, None, None),
    (None, 2.0, "no id", None),
]


def sql(value, kind):
    return "NULL" if value is None else f"CAST('{value}' AS {kind})"


def log(rows):
    made = []
    for who, day, kind, value, direction, reject, unread in rows:
        said = {
            "customer_id": sql(who, "VARCHAR"),
            "timestamp": f"TIMESTAMP '{DAY} 10:00:00' + INTERVAL {day} DAY",
            "kind": sql(kind, "VARCHAR"),
            "value": sql(value, "DOUBLE"),
            "direction": sql(direction, "VARCHAR"),
        }
        columns = {name: f"CAST(NULL AS {type_})" for name, type_ in INTERACTIONS.items()} | said
        columns |= {"reject": sql(reject, "VARCHAR"), "unread": sql(unread, "VARCHAR")}
        made.append("SELECT " + ", ".join(f"{text} AS {name}" for name, text in columns.items()))
    return " UNION ALL ".join(made)


def table(rows):
    made = [
        f"SELECT {sql(who, 'VARCHAR')} AS customer_id, {sql(plans, 'DOUBLE')} AS creek_plans,"
        f" {sql(reject, 'VARCHAR')} AS reject, {sql(unread, 'VARCHAR')} AS unread"
        for who, plans, reject, unread in rows
    ]
    return " UNION ALL ".join(made)


@pytest.fixture(scope="session")
def plan(tmp_path_factory):
    path = tmp_path_factory.mktemp("creek") / "creek.toml"
    path.write_text(PACK)
    return _plan(path)


@cache
def _plan(path):
    catalogue = Knowledge.of(plugins.load(only=()), [path]).catalogue
    return Plan(catalogue, catalogue.typology("creek"))


def population(plan, *, rows=LOG, people=TABLE, **options):
    """Of the log and the table, or of either."""
    return grouped(
        DuckDB.connect(threads=1),
        plan,
        logs=[log(rows)] if rows else (),
        tables=[table(people)] if people else (),
        given=("creek_plans",) if people else (),
        **options,
    )


INORGANIC = {"renewal", "outreach"}


def features(last=DAY + dt.timedelta(70), rows=LOG, people=TABLE):
    """Customer → feature → value, by the sentences that say what they are."""
    made = {}
    used = [r for r in rows if r[5] is None and DAY + dt.timedelta(r[1]) <= last]
    for who in sorted({r[0] for r in used} | {w for w, *_ in people if w}):
        mine = [r for r in used if r[0] == who]
        organic = [r for r in mine if r[2] not in INORGANIC and r[4] != "outbound"]
        days = sorted({r[1] for r in organic})
        gaps = [b - a for a, b in pairwise(days)]
        money = [r[3] for r in mine if r[2] == "purchase"]
        plans = [p for w, p, *_ in people if w == who and p is not None]
        made[who] = {
            "creek_steps": len(organic) if mine else None,
            "creek_money": sum(money) if money else None,
            "creek_gap": mean(gaps) if gaps else None,
            "creek_silence": (last - DAY).days - max(r[1] for r in mine) if mine else None,
            "creek_plans": max(plans, default=None),
        }
    steps = [f["creek_steps"] for f in made.values() if f["creek_steps"] is not None]
    usual = median(steps)
    for f in made.values():
        n = f["creek_steps"]
        f["creek_share"] = None if n is None or n + usual == 0 else n / (n + usual)
    return made, usual


def evidence(f, most):
    """Reading and evidence of the one dimension."""
    steps = f["creek_steps"]
    seen = []
    if f["creek_share"] is not None:
        seen.append((2.0, steps / (steps + 3.0), min(f["creek_share"] / most, 1.0)))
    if f["creek_money"] is not None:
        seen.append((1.0, 1.0, min(f["creek_money"] / 10, 1.0)))
    if f["creek_plans"] is not None:
        seen.append((1.0, 1.0, min(f["creek_plans"] / 4, 1.0)))
    mass = sum(w * n for w, n, _ in seen)
    return (sum(w * n * x for w, n, x in seen) / mass if mass else None), mass / 4.0


def test_every_row_is_counted_once_and_told_what_became_of_it(plan):
    assert population(plan).counts == Counts(
        rows=20, used=17, rejected=3, late=0, unread=2, repeated=1
    )
    assert population(plan, people=()).counts == Counts(rows=15, used=13, rejected=2, unread=1)
    assert population(plan, rows=()).counts == Counts(
        rows=5, used=4, rejected=1, unread=1, repeated=1
    )


@pytest.mark.parametrize(("days", "late"), [(0, 11), (5, 6), (33, 2), (69, 1), (70, 0)])
def test_rows_after_the_last_day_are_late_and_count_for_nobody(plan, days, late):
    last = DAY + dt.timedelta(days)
    for given in ({"as_of": last}, {"until": last}, {"as_of": last, "until": last}):
        made = population(plan, people=(), **given)
        assert made.counts == Counts(
            rows=15, used=13 - late, rejected=2, late=late, unread=made.counts.unread
        )
        assert made.last == f"DATE '{last}'"
    assert population(plan).last is None


@pytest.mark.parametrize("as_of", [None, DAY + dt.timedelta(33), DAY + dt.timedelta(80)])
def test_features_are_what_their_sentences_say(plan, as_of):
    made = population(plan, as_of=as_of)
    due, usual = features(as_of or DAY + dt.timedelta(70))
    assert made.size == len(due)
    assert made.usual.values["usual_creek_steps"] == usual
    found = made.engine.table(f"SELECT * FROM ({made.features()}) ORDER BY customer_id").to_pylist()
    assert [row["customer_id"] for row in found] == list(due)
    for row in found:
        for name, value in due[row["customer_id"]].items():
            assert row[name] == (None if value is None else pytest.approx(value)), name


def test_features_of_one_and_of_those_of_whom_a_condition_holds(plan):
    made = population(plan)
    due, _ = features()
    assert made.values(made.one("d"), ["creek_money", "creek_steps"]) == {
        "creek_money": 20.0,
        "creek_steps": due["d"]["creek_steps"],
    }
    assert made.values(made.one("d"), []) == {}
    many = made.engine.rows(f"SELECT customer_id FROM ({made.features('creek_steps >= 3')})")
    assert sorted(w for (w,) in many) == [w for w, f in due.items() if (f["creek_steps"] or 0) >= 3]


def test_scales_are_taken_from_these_customers_one_round_after_the_other(plan):
    made = population(plan)
    due, usual = features()
    most = max(f["creek_share"] for f in due.values() if f["creek_share"] is not None)
    assert made.usual == Scales(
        DAY + dt.timedelta(70),
        DAY,
        {
            "usual_creek_steps": pytest.approx(usual),
            "usual_creek_share": pytest.approx(most),
        },
    )
    assert made.usual.constants == {
        **made.usual.values,
        "as_of_day": float((DAY - EPOCH).days + 70),
        "log_start_day": float((DAY - EPOCH).days),
    }
    assert set(DAY_COLUMNS) == {"as_of_day", "log_start_day"}


def test_a_scale_that_nobody_gives_is_what_its_definition_says_otherwise(plan):
    made = population(plan, rows=())
    assert made.usual.values == {"usual_creek_steps": 3.0, "usual_creek_share": 0.25}
    assert made.usual.as_of == made.usual.log_start == EPOCH
    nobody = population(plan, rows=[("a", 1, "renewal", 1.0, None, None, None)], people=())
    assert nobody.usual.values == {"usual_creek_steps": 0.0, "usual_creek_share": 0.25}


@pytest.mark.parametrize("as_of", [None, dt.date(2025, 1, 2)])
def test_scales_of_a_model_are_kept_and_the_day_is_that_of_the_log_or_the_one_asked(plan, as_of):
    given = Scales(
        dt.date(2020, 1, 1),
        dt.date(2019, 1, 1),
        {"usual_creek_steps": 7.0, "usual_creek_share": 0.5},
        {"wet": {"very wet": 0.5}},
        {"it flows": 0.9},
        0.75,
    )
    made = population(plan, frozen=given, as_of=as_of)
    assert made.scales == evolve(given, as_of=as_of or DAY + dt.timedelta(70))
    assert made.reliability == {"it flows": 0.9}


@cache
def frozen(most):
    return Scales(EPOCH, DAY, {"usual_creek_steps": 2.0, "usual_creek_share": most})


def test_readings_evidence_and_conditions_are_what_the_docs_say(plan):
    made = population(plan, frozen=frozen(0.6))
    due, _ = features()
    for f in due.values():
        n = f["creek_steps"]
        f["creek_share"] = None if n is None else n / (n + 2.0)
    (batch,) = made.batches()
    assert batch.table.column("customer_id").to_pylist() == list(due)
    for i, f in enumerate(due.values()):
        reading, seen = evidence(f, 0.6)
        assert batch.readings[i, 0] == pytest.approx(
            reading if reading is not None else float("nan"), nan_ok=True
        )
        assert batch.evidence[i, 0] == pytest.approx(seen)
        steps = f["creek_steps"]
        wet = float("nan") if steps is None else float(steps >= 2)
        very = float("nan") if reading is None else float(reading > 0.5)
        assert batch.fired[i].tolist() == pytest.approx([wet, very], nan_ok=True)
        slow = f["creek_gap"]
        assert batch.holds("rate_0")[i] == pytest.approx(
            float("nan") if slow is None else float(slow > 2), nan_ok=True
        )
        quiet = f["creek_silence"]
        assert batch.holds("reason_0")[i] == pytest.approx(
            float("nan") if quiet is None else float(quiet > 40), nan_ok=True
        )


def test_an_overview_counts_what_the_batches_hold(plan):
    made = population(plan, frozen=frozen(0.6))
    (batch,) = made.batches()
    due, _ = features()
    told = made.overview
    n = len(batch)
    assert told["n"] == n
    for i, name in enumerate(("creek_steps", "creek_money", "creek_plans")):
        assert told[f"s_{i}"] == sum(f[name] is not None for f in due.values())
    assert told["e_0"] == pytest.approx(batch.evidence[:, 0].mean())
    assert told["r_0"] == (batch.holds("rate_0") == 1).sum()
    assert all(type(v) is float for v in told.values())


def test_scales_of_these_customers_hold_the_overlap_of_rules_and_what_is_known(plan):
    made = population(plan)
    (batch,) = made.batches()
    both = batch.fired == 1
    share = both.all(axis=1).sum() / both.any(axis=1).sum()
    assert made.scales.overlap == {"wet": {"very wet": share}, "very wet": {"wet": share}}
    due, _ = features()
    trusted = trust(made.reliability.get("it flows"))
    asked = {"creek_share": 2.0 * trusted, "creek_money": 1.0, "creek_plans": 1.0}
    seen = [sum(w for n, w in asked.items() if f[n] is not None) / 4.0 for f in due.values()]
    assert made.scales.known == pytest.approx(mean(seen), rel=1e-6)


@pytest.mark.parametrize("size", [1, 2, 4, 100])
def test_batches_are_of_the_size_asked_in_the_order_of_ids_and_the_same_as_judged_again(plan, size):
    made = population(plan)
    whole = [who for b in made.batches() for who in b.table.column("customer_id").to_pylist()]
    assert whole == sorted(whole)
    parts = list(made.batches(size))
    assert [len(b) for b in parts[:-1]] == [size] * (len(parts) - 1)
    assert 1 <= len(parts[-1]) <= size
    again = [b for who in whole for b in made.judge(made.one(who))]
    flat = [(b.readings[i], b.evidence[i]) for b in parts for i in range(len(b))]
    for judged, (reading, seen) in zip(again, flat, strict=True):
        assert judged.readings[0] == pytest.approx(reading, nan_ok=True)
        assert judged.evidence[0] == pytest.approx(seen)


@pytest.mark.parametrize("people", [(), TABLE])
def test_those_who_are_no_customers_are_left_out_and_their_rows_count_as_rejected(plan, people):
    made = population(plan, people=people)
    less = made.without(["a", "e"])
    assert made.without([]) is made
    due, _ = features(people=people)
    assert less.size == len(due) - 2
    assert less.left_out == ("a", "e")
    theirs = 5 + (2 if people else 0)
    assert less.counts.rows == made.counts.rows
    assert less.counts.rejected == made.counts.rejected
    assert less.counts.left_out == theirs
    assert less.counts.used == made.counts.used - theirs
    assert [b.table.column("customer_id").to_pylist() for b in less.batches()] == [
        [w for w in due if w not in ("a", "e")]
    ]


def test_another_plan_asks_the_same_customers_on_the_same_scales(plan):
    made = population(plan)
    again = made.asking(plan)
    assert again.frozen == made.scales
    assert again.facts == made.facts
    for one, other in zip(again.batches(), made.batches(), strict=True):
        assert one.readings == pytest.approx(other.readings, nan_ok=True)
    assert again.scales == made.scales


def test_all_that_is_known_is_measured_of_the_same_customers(plan):
    made = population(plan).without(["e"]).measuring_all
    names = made.engine.table(f"SELECT * FROM ({made.features()}) LIMIT 0").column_names
    assert {"creek_steps", "purchases", "spend", "tenure_days"} <= set(names)
    assert made.size == len(features()[0]) - 1


@pytest.mark.parametrize(
    ("rows", "options", "text"),
    [
        (
            [r for r in LOG if r[5]],
            {},
            "^None of the 2 rows of the log can be used: 2 were rejected and 0 lie after today .None.. See --rejects, --map and --as-of.$",
        ),
        (
            LOG,
            {"as_of": DAY - dt.timedelta(1)},
            f"2 were rejected and 13 lie after the as-of day {DAY - dt.timedelta(1)}",
        ),
        (
            LOG,
            {"until": DAY - dt.timedelta(1)},
            f"2 were rejected and 13 lie after today .{DAY - dt.timedelta(1)}",
        ),
    ],
)
def test_a_log_without_a_usable_row_is_an_error_that_says_why(plan, rows, options, text):
    with pytest.raises(InputError, match=text):
        _ = population(plan, rows=rows, people=(), **options).usual


def test_a_log_without_rows_is_an_error(plan):
    empty = f"SELECT * FROM ({log(LOG)}) WHERE false"
    made = grouped(DuckDB.connect(threads=1), plan, logs=[empty])
    with pytest.raises(InputError, match=r"^The log has no rows: there is nobody to classify\.$"):
        _ = made.usual


@pytest.mark.parametrize("repeats", [0.0, 0.3, 0.9])
def test_a_signal_counts_as_far_as_it_repeats_itself_here(plan, repeats):
    alone = [(w, None, *rest) for w, _, *rest in TABLE]
    made = population(
        plan, people=alone, frozen=evolve(frozen(0.6), reliability={"it flows": repeats})
    )
    sure = population(plan, people=alone, frozen=frozen(0.6))
    for one, other in zip(made.batches(), sure.batches(), strict=True):
        paid = [f["creek_money"] is not None for f in features(people=alone)[0].values()]
        without = np.where(paid, 0.25, 0.0)
        due = without + trust(repeats) * (other.evidence[:, 0] - without)
        assert one.evidence[:, 0] == pytest.approx(due)


DAYS = [DAY + dt.timedelta(n) for n in (6, 32, 45, 70)]


def told(batch):
    return dict(
        zip(
            batch.table.column("customer_id").to_pylist(),
            zip(batch.readings[:, 0], batch.evidence[:, 0], *batch.fired.T, strict=True),
            strict=True,
        )
    )


@pytest.mark.parametrize("people", [TABLE, ()])
def test_up_to_each_day_everybody_is_judged_as_by_a_run_as_of_that_day(plan, people):
    made = population(plan, people=people)
    held = made.scales
    with made.in_periods(DAYS) as history:
        found = {}
        for place, batch in history.judge(size=2):
            assert len(batch) <= 2
            found.setdefault(place, {}).update(told(batch))
        days = [row[0] for row in made.engine.rows(
            f"SELECT DISTINCT as_of_day FROM ({history.features()}) ORDER BY 1"
        )]  # fmt: skip
    assert list(found) == [0, 1, 2, 3]
    assert days == [(day - EPOCH).days for day in DAYS]
    for place, day in enumerate(DAYS):
        alone = population(plan, people=people, as_of=day, frozen=held)
        due = {who: one for batch in alone.batches() for who, one in told(batch).items()}
        assert found[place].keys() == due.keys()
        for who, one in due.items():
            assert found[place][who] == pytest.approx(one, nan_ok=True), (day, who)


def test_in_a_window_only_the_last_periods_count(plan):
    made = population(plan, people=())
    asked = "customer_id, as_of_day, creek_steps, creek_money"
    with made.in_periods(DAYS) as history:
        got = {
            (who, EPOCH + dt.timedelta(int(day))): values
            for who, day, *values in made.engine.rows(
                f"SELECT {asked} FROM ({history.features(window=1)})"
            )
        }
    due = {}
    for i, day in enumerate(DAYS):
        # What lies before the first day is the first period.
        mine = [r for r in LOG if i == 0 or DAY + dt.timedelta(r[1]) > DAYS[i - 1]]
        for who, f in features(last=day, rows=mine, people=())[0].items():
            due[who, day] = [f["creek_steps"], f["creek_money"]]
    assert got == due


def test_without_a_log_there_is_one_history_for_all_days(plan):
    made = population(plan, rows=(), as_of=DAY, frozen=frozen(0.6))
    with made.in_periods(DAYS[:2]) as history:
        places = [(place, len(batch)) for place, batch in history.judge()]
    assert places == [(0, 3), (1, 3)]


def since(rows):
    made = [
        f"SELECT {sql(who, 'VARCHAR')} AS customer_id, {sql(first, 'TIMESTAMP')} AS since,"
        f" {sql(left, 'TIMESTAMP')} AS ended, CAST(NULL AS DOUBLE) AS left_day,"
        " CAST(NULL AS VARCHAR) AS reject, CAST(NULL AS VARCHAR) AS unread"
        for who, first, left in rows
    ]
    return " UNION ALL ".join(made)


@pytest.mark.parametrize(
    ("given", "options", "due"),
    [
        (("since_day",), {}, (DAYS[0], DAYS[2])),
        (("since_day", "left_day"), {}, (DAYS[0], DAYS[3])),
        (("since_day", "left_day"), {"as_of": DAYS[1]}, (DAYS[0], DAYS[1])),
        (("since_day", "left_day"), {"until": DAYS[2]}, (DAYS[0], DAYS[2])),
        ((), {}, (EPOCH, EPOCH)),
        ((), {"as_of": DAYS[1]}, (DAYS[1], DAYS[1])),
    ],
)
def test_of_a_table_alone_the_first_and_last_day_that_it_speaks_of_hold(plan, given, options, due):
    people = [("a", DAYS[0], None), ("b", DAYS[2], DAYS[3]), ("c", DAYS[1], None)]
    made = grouped(DuckDB.connect(threads=1), plan, tables=[since(people)], given=given, **options)
    assert (made.usual.log_start, made.usual.as_of) == due


def drawn(made):
    rows = made._rows_to_halve(made.nulls)
    found = made.engine.rows(f"SELECT DISTINCT customer_id FROM ({rows}) ORDER BY 1")
    return rows, [row[0] for row in found if row[0] is not None]


def test_of_a_large_log_what_was_kept_is_halved_or_the_rows_of_some_customers(plan, monkeypatch):
    many = [(f"c{i}", i % 9, "visit", None, None, None, None) for i in range(160)]
    monkeypatch.setattr(populations, "SAMPLED_ROWS", 50)
    monkeypatch.setattr(populations, "SAMPLED_CUSTOMERS", 8)
    whole = population(plan, rows=many, people=())
    rows, some = drawn(whole)
    assert f"FROM {whole.facts}" in rows  # they were kept while the log was read
    assert 0 < len(some) < 40
    monkeypatch.setattr(populations, "SAMPLED_CUSTOMERS", 80)
    rows, others = drawn(whole)
    assert f"FROM {whole.facts}" not in rows  # too few were kept: 160 // 50 = 3, but 160 // 80 = 2
    assert "hash(customer_id) % 2 = 0" in rows
    assert 40 < len(others) < 120
    monkeypatch.setattr(populations, "SAMPLED_ROWS", 1000)
    rows, all_of_them = drawn(whole)
    assert len(all_of_them) == 160
    assert "rows_" in rows  # a small log is read once for several looks


def test_a_population_with_frozen_scales_keeps_no_rows(plan):
    assert population(plan).kept_rows
    kept = population(plan, frozen=frozen(0.6))
    assert not kept.kept_rows
    assert not made_columns(kept) & {"log_kept"}


def made_columns(made):
    return {row[0] for row in made.engine.rows(f"DESCRIBE {made.facts}")}


def test_interactions_are_the_rows_of_the_log_up_to_the_last_day(plan):
    made = population(plan, as_of=DAYS[1])
    rows = made.engine.rows(
        "SELECT customer_id, count(*), count(value) FROM"
        f" ({made.interactions(['customer_id', 'value'])}) GROUP BY ALL ORDER BY 1 NULLS LAST"
    )
    due = {}
    for who, day, _, value, _, reject, _ in LOG:
        key = who if reject is None and DAY + dt.timedelta(day) <= DAYS[1] else None
        n, v = due.get(key, (0, 0))
        due[key] = n + 1, v + (value is not None)
    assert {who: (n, v) for who, n, v in rows} == due


def test_what_is_looked_at_often_is_kept_once_and_dropped_with_the_population(plan):
    made = population(plan)
    (select,) = made.logs
    first = made.looked_at(select)
    assert first != select
    assert made.looked_at(select) == first
    assert sorted(made.engine.rows(first), key=str) == sorted(made.engine.rows(select), key=str)
    engine, name = made.engine, first.rpartition(" ")[2]
    del made
    gc.collect()
    assert (name,) not in engine.rows("SELECT table_name FROM duckdb_tables()")


def test_scales_are_kept_to_nine_digits(plan):
    made = population(plan, rows=[(*r[:3], r[3] and r[3] / 3, *r[4:]) for r in LOG])
    for value in made.scales.values.values():
        assert value == float(f"{value:.9g}")
