"""What labels teach, on simulated logs whose truth is known, or on your own.

python benchmarks/learning.py curve  [LOG TRUTH]…   macro-F1 and calibration by number of labels
python benchmarks/learning.py choice [LOG TRUTH]…   40 customers that `label` chooses against 40 random ones
python benchmarks/learning.py rates  [LOG TRUTH]…   base rates learned without labels, and whether two halves agree
python benchmarks/learning.py time                  fit of 100,000 customers with 1,000 labels
"""

import sys
import time
import warnings

import numpy as np
from attrs import evolve

from reltype.api import fit, open_run
from reltype.learning import metrics
from reltype.learning.evaluation.labels import Labels
from reltype.learning.fitting import asking, fit_run, learnable
from reltype.learning.labelling import Labelling
from reltype.learning.model import Model
from reltype.scoring.plan import Plan
from reltype.simulate import random_world, simulate

SEEDS = 10
WORLDS = 6


class Known:
    """A log whose truth is known, grouped once: fits and scores share its batch."""

    def __init__(self, name, log, truth, customers=None):
        self.name = name
        run = open_run(log, customers=customers)
        self.run = run.asking(asking(run.plan, learnable(run.plan)))
        plan = self.run.plan
        batches = list(self.run.population.batches())
        assert len(batches) == 1, "a benchmark of small logs"
        self.batch = batches[0]
        object.__setattr__(self.run.population, "batches", lambda: iter(batches))
        archetypes = [a.name for a in plan.archetypes]
        self.ids = self.batch.table.column("customer_id").to_pylist()
        said = Labels.of(truth, plan.archetypes)
        known = dict(zip(said.customers, said.classes.tolist(), strict=True))
        self.truth = np.array([known[c] for c in self.ids])
        self.classes = len(archetypes)

    def random(self, count, seed):
        return np.random.default_rng(seed).choice(len(self.ids), count, replace=False)

    def chosen(self, count):
        questions = Labelling(self.run)
        place = {c: i for i, c in enumerate(self.ids)}
        while len(questions.labels) < count:
            customer = questions.next()
            questions.labels[customer] = int(self.truth[place[customer]])
        return np.array([place[c] for c in questions.labels])

    def fitted(self, rows):
        return fit_run(self.run, Labels(tuple(self.ids[i] for i in rows), self.truth[rows]))

    def measured(self, model, unseen):
        """Macro-F1, calibration error and coverage of customers *unseen*; None: without labels."""
        model = model or Model.of(self.run)
        catalogue = model.apply(self.run.knowledge.catalogue)
        plan = Plan(catalogue, catalogue.typology(model.typology), self.run.plan.extra_features)
        recipes = self.run.knowledge.recipes(plan.typology)
        learned = [*self.run.learned, *model.classifiers(plan, recipes)]
        population = self.run.population.asking(plan)
        run = evolve(self.run, population=population, learned=learned)
        pooled = run.score_batch(self.batch)
        named = run.result.named(pooled)[unseen]
        truth = self.truth[unseen]
        told = named < self.classes
        stated = np.take_along_axis(pooled.posterior[unseen], named[:, None], 1)[:, 0]
        f1 = metrics.macro(metrics.scores(metrics.confusion(truth, named, self.classes))[2])
        off = metrics.calibration_error(stated[told], (named == truth)[told])
        return float(f1), off, float(told.mean())


def worlds(given):
    """Known logs: pairs of files, or simulated businesses with varied numbers."""
    if given:
        for log, truth in zip(given[::2], given[1::2], strict=True):
            yield Known(log, log, truth)
        return
    for seed in range(1, WORLDS + 1):
        business = random_world(seed)
        made = simulate(business, customers=3000, seed=seed)
        yield Known(business.name, made.interactions, made.truth, made.customers)


def curve(given):
    counts = (8, 20, 40, 100, 300, 1000)
    rows = {count: [] for count in counts}
    print("| log | without | " + " | ".join(f"{c} labels" for c in counts) + " |")
    print("|---|---|" + "---|" * len(counts))
    for known in worlds(given):
        everybody = np.arange(len(known.ids))
        cells = [f"{known.measured(None, everybody)[0]:.3f}"]
        for count in counts:
            mine = []
            for seed in range(SEEDS if count <= 100 else 3):
                rows_ = known.random(count, seed)
                unseen = np.setdiff1d(everybody, rows_)
                before = known.measured(None, unseen)
                after = known.measured(known.fitted(rows_), unseen)
                mine.append((before[0], after[0], before[1], after[1]))
            rows[count] += mine
            f1 = [m[1] for m in mine]
            cells.append(f"{np.mean(f1):.3f} ({min(f1):.3f} … {max(f1):.3f})")
        print(f"| {known.name} | " + " | ".join(cells) + " |", flush=True)
    print("\n| labels | without | with | least gain | worse by > 0.005 | ECE without | ECE with |")
    print("|---|---|---|---|---|---|---|")
    for count, made in rows.items():
        without, with_, off, off_with = np.array(made).T
        gain = with_ - without
        print(
            f"| {count} | {without.mean():.3f} | {with_.mean():.3f} | {gain.min():+.3f} | "
            f"{(gain < -0.005).mean():.0%} | {off.mean():.3f} | {off_with.mean():.3f} |"
        )


def choice(given):
    print("| log | without labels | 40 random (mean of 10) | 40 chosen | random beaten |")
    print("|---|---|---|---|---|")
    found = []
    for known in worlds(given):
        everybody = np.arange(len(known.ids))
        plain = known.measured(None, everybody)[0]
        random = [
            known.measured(known.fitted(known.random(40, seed)), everybody)[0]
            for seed in range(SEEDS)
        ]
        chosen = known.measured(known.fitted(known.chosen(40)), everybody)[0]
        beaten = sum(chosen > r for r in random)
        found.append((plain, np.mean(random), chosen))
        print(
            f"| {known.name} | {plain:.3f} | {np.mean(random):.3f} "
            f"({min(random):.3f} … {max(random):.3f}) | {chosen:.3f} | {beaten} of {SEEDS} |",
            flush=True,
        )
    print("| **mean** | {:.3f} | {:.3f} | {:.3f} | |".format(*np.mean(found, axis=0)))


def rates(given):
    print("| log | flat rates | learned rates | change | halves differ by | off the truth by |")
    print("|---|---|---|---|---|---|")
    for known in worlds(given):
        pooled = known.run.score_batch(known.batch)
        seen = pooled.withheld < 0
        scores, truth = pooled.scores[:, :-1], known.truth
        half = np.random.default_rng(0).random(len(scores)) < 0.5
        learned = base_rates(scores[seen])
        differ = np.abs(base_rates(scores[seen & half]) - base_rates(scores[seen & ~half])).max()
        off = np.abs(learned - np.bincount(truth, minlength=known.classes) / len(truth)).max()
        f1 = []
        for moved in (scores, scores + np.log(learned)):
            named = np.where(seen, moved.argmax(axis=1), known.classes)
            counted = metrics.confusion(truth, named, known.classes)
            f1.append(float(metrics.macro(metrics.scores(counted)[2])))
        print(
            f"| {known.name} | {f1[0]:.3f} | {f1[1]:.3f} | {f1[1] - f1[0]:+.3f} | {differ:.3f} | {off:.3f} |",
            flush=True,
        )


def base_rates(scores, rounds=200, beforehand=20):
    """EM for the base rates alone (Saerens, Latinne & Decaestecker 2002), held a little to equal ones."""
    rate = np.full(scores.shape[1], 1 / scores.shape[1])
    for _ in range(rounds):
        odds = np.exp(scores - scores.max(axis=1, keepdims=True)) * rate
        share = odds / odds.sum(axis=1, keepdims=True)
        rate = (share.sum(axis=0) + beforehand) / (len(scores) + beforehand * len(rate))
    return rate


def timed(given):
    del given
    made = simulate("coffee bar", customers=100_000, seed=1)
    rows = np.random.default_rng(0).choice(100_000, 1000, replace=False)
    labels = made.truth.take(rows)
    started = time.perf_counter()
    model = fit(made.interactions, labels=labels)
    seconds = time.perf_counter() - started
    size = len(model.to_bytes())
    print(f"{made.interactions.num_rows:,} interactions: fitted in {seconds:.1f} s, {size:,} bytes")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    commands = {"curve": curve, "choice": choice, "rates": rates, "time": timed}
    commands[sys.argv[1]](sys.argv[2:])
