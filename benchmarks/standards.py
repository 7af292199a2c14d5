"""How often a standard that is kept is called missed, and an effect that is none is found.

python benchmarks/standards.py            # all
python benchmarks/standards.py reviews    # false alarms of `reltype review` on static populations
python benchmarks/standards.py outcomes   # `reltype outcome` without an effect, and with one of known size

Reviews: one large population is read once; samples of its customers are held against standards that
are just kept, in that the value of the whole population is the limit, and, for moves, 2 % where
nobody moves. Eight standards are looked at in each review.
"""

import sys

import numpy as np
from attrs import evolve

import reltype
from reltype.analyses.everybody import everybody, needing
from reltype.analyses.outcome import compared
from reltype.analyses.outcome.measures import Measure as Looked
from reltype.analyses.outcome.planned import Planned
from reltype.analyses.standards import measure as measuring
from reltype.analyses.standards.days import days_of
from reltype.api import open_inputs
from reltype.definitions.standards import standards
from reltype.learning import intervals
from reltype.simulate import simulate

BUSINESSES = ("coffee bar", "software subscription")
ASKED = [
    {"name": "partners", "share": "committed partnership", "at_least": 0.0},
    {"name": "not too convenient", "share": "marriage of convenience", "at_most": 1.0},
    {"name": "old friends", "share": "casual friendship", "where": "age_days > 365", "at_least": 0.0},
    {"name": "stay", "moves": ["committed partnership", "marriage of convenience"], "at_most": 0.02},
    {"name": "stay friends", "moves": ["casual friendship", "committed partnership"], "at_most": 0.02},
    {"name": "warm", "mean": "affect", "at_least": 0.0},
    {"name": "spend", "mean": "spend", "at_least": 0.0},
    {"name": "lively", "mean": "purchases", "at_most": 0.0},
]  # fmt: skip
CUSTOMERS, REVIEWS = 6000, 300


def reviews():
    print("business                customers  standards missed  reviews with any missed")
    for business in BUSINESSES:
        log = simulate(business, customers=CUSTOMERS, seed=5).interactions
        asked = standards(ASKED)
        opened = needing(open_inputs(log), [("", "age_days"), ("", "spend"), ("", "purchases")])
        run = opened.run()
        level = 1 - (1 - measuring.LEVEL) / len(asked)
        with everybody(run, days_of(asked, run.scales, log=True)) as people:
            whole = measuring.Measure.of(people, asked, level)
        day = run.scales.as_of
        kept = [just_kept(one, whole.at(one, day).value) for one in asked]
        for count in (60, 300, 1000):
            rng = np.random.default_rng(count)
            missed = np.zeros(len(kept))
            alarms = 0
            for _ in range(REVIEWS if count < 1000 else REVIEWS // 3):
                sample = rng.choice(len(whole.days[day].ids), count, replace=False)
                some = within(whole, day, sample)
                told = [
                    measuring.verdict(one, whole.at(one, day, within=some(one))) == "missed"
                    if one.kind != "moves"
                    else measuring.verdict(one, moves(whole, one, day, some)) == "missed"
                    for one in kept
                ]
                missed += told
                alarms += any(told)
            times = REVIEWS if count < 1000 else REVIEWS // 3
            each = ", ".join(f"{m / times:.1%}" for m in missed)
            print(f"{business:22} {count:10}  {each}  {alarms / times:.1%}", flush=True)


def just_kept(one, value):
    if one.kind == "moves":
        return one
    return evolve(one, **{"at_least" if one.at_least is not None else "at_most": value})


def within(whole, day, sample):
    """Standard → who of everybody at the day it is measured at is in the sample."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from reltype.analyses.standards.days import step_back
    from reltype.arrow import doubles

    ids = whole.days[day].ids.take(pa.array(sample))

    def of(one):
        at = whole.days[step_back(one, day) if one.kind == "moves" else day]
        return doubles(pc.is_in(at.ids, ids)) == 1

    return of


def moves(whole, one, day, some):
    """As `review` measures moves, with the correction for errors, of the sample alone."""
    from reltype.analyses.standards.days import step_back

    first = whole.days[step_back(one, day)]
    only = evolve(first, members={**first.members, one.name: some(one)})
    return evolve(whole, days={**whole.days, step_back(one, day): only}).at(one, day)


def outcomes():
    rng = np.random.default_rng(1)
    print("acted on  held out   something found without effect   effect of the size told found")
    for acted, aside in ((36, 4), (90, 10), (200, 60), (500, 500)):
        count, times = acted + aside, 2000
        made = Planned(
            None,
            tuple(map(str, range(count))),
            tuple("xyz"[i % 3] for i in range(count)),
            np.arange(count) >= acted,
            np.zeros(count, bool),
        )
        rise = intervals.detectable(0.4, acted, aside, level=0.97)
        false = found = 0
        for _ in range(times):
            looked = [
                Looked("came back", True, (rng.random(count) < 0.4).astype(float), ""),
                Looked("spend", False, rng.lognormal(3, 1.3, count), ""),
                Looked("complaints", False, rng.poisson(0.1, count).astype(float), ""),
                Looked("answered", True, (rng.random(count) < 0.2).astype(float), ""),
                Looked("reading", False, rng.normal(0, 0.1, count), ""),
                Looked("label", True, (rng.random(count) < 0.08).astype(float), ""),
            ]
            false += bool(compared(made, looked, None).found)
            if rise is not None:
                share = 0.4 + np.where(made.held_out, 0.0, rise)
                more = [Looked("came back", True, (rng.random(count) < share).astype(float), "")]
                found += compared(made, more, None).comparisons[0].verdict == "more"
        told = "none would be" if rise is None else f"{rise:+.0%}: {found / times:.1%}"
        print(f"{acted:8} {aside:9} {false / times:20.1%} {told:>40}", flush=True)


if __name__ == "__main__":
    assert reltype.review
    for name in sys.argv[1:] or ["reviews", "outcomes"]:
        {"reviews": reviews, "outcomes": outcomes}[name]()
