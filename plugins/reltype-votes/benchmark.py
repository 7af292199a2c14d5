"""VoteModel against majority vote and Dawid-Skene, on real votes and on simulated ones.

    python benchmark.py FOLDER            # the folders votes-* below FOLDER
    python benchmark.py --simulate 10     # ten seeds of each regime
    python benchmark.py --families 40     # forty sets of votes drawn from each family, against a majority

Accuracy and F1 (of class 1) in percent. Majority vote breaks ties at random: its accuracy is the
expectation, its F1 the mean of 50 draws, ± their standard deviation. Dawid-Skene stands twice:
`missing` does not look at abstentions, `symbol` takes them for one more thing to say.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
from tabulate import tabulate

from reltype_votes import VoteModel

TIE_BREAKS = 50


def majority_accuracy(votes, truth, classes):
    counts = np.stack([(votes == c).sum(axis=1) for c in range(classes)], axis=1)
    most = counts == counts.max(axis=1, keepdims=True)
    return (most[np.arange(len(truth)), truth] / most.sum(axis=1)).mean()


def majority_draws(votes, classes):
    draw = np.random.default_rng(0)
    counts = np.stack([(votes == c).sum(axis=1) for c in range(classes)], axis=1)
    for _ in range(TIE_BREAKS):
        yield (counts + 0.5 * draw.random(counts.shape)).argmax(axis=1)


def dawid_skene(votes, new, classes, symbol, rounds=100):
    """Maximum likelihood by expectation-maximisation, started at the vote shares."""
    says = range(-1 if symbol else 0, classes)
    counts = np.stack([(votes == c).sum(axis=1) for c in range(classes)], axis=1)
    cast = counts.sum(axis=1, keepdims=True)
    posterior = np.where(cast > 0, counts / np.maximum(cast, 1), 1 / classes)
    seen = [(votes == s).astype(float) for s in says]

    def expect(chosen, tables, balance):
        logits = np.log(balance) + sum(x @ tables[:, :, s] for s, x in enumerate(chosen))
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    for _ in range(rounds):
        before = posterior
        balance = (posterior.sum(axis=0) + 0.01) / (len(votes) + 0.01 * classes)
        tables = np.stack([x.T @ posterior for x in seen], axis=2) + 0.01
        tables = np.log(tables / tables.sum(axis=2, keepdims=True))
        posterior = expect(seen, tables, balance)
        if np.abs(posterior - before).max() < 1e-6:
            break
    return expect([(new == s).astype(float) for s in says], tables, balance).argmax(axis=1)


def f1(truth, answer):
    hits = ((truth == 1) & (answer == 1)).sum()
    return 2 * hits / max(1, (truth == 1).sum() + (answer == 1).sum())


def crowd(folder):
    with (folder / "truth.csv").open() as file:
        truth = {row["question"]: int(row["truth"]) for row in csv.DictReader(file)}
    with (folder / "answer.csv").open() as file:
        answers = list(csv.DictReader(file))
    question = {name: at for at, name in enumerate(truth)}
    worker = {name: at for at, name in enumerate(sorted({row["worker"] for row in answers}))}
    votes = np.full((len(question), len(worker)), -1)
    for row in answers:
        votes[question[row["question"]], worker[row["worker"]]] = int(row["answer"])
    return votes, np.array(list(truth.values()))


def rule_votes(path):
    with path.open() as file:
        rows = np.array([line[1:] for line in list(csv.reader(file))[1:]], dtype=int)
    return rows[:, 1:], rows[:, 0]


def tasks(folder):
    """Name, votes to learn from, votes to answer, truth."""
    for name in ("votes-crowd-product", "votes-crowd-duck"):
        votes, truth = crowd(folder / name)
        yield name, votes, votes, truth
    for name in ("votes-youtube", "votes-sms"):
        votes, _ = rule_votes(folder / name / "train.csv")
        for part in ("train", "valid", "test"):
            yield f"{name} {part}", votes, *rule_votes(folder / name / f"{part}.csv")


def association(votes, truth):
    """Share of 2,000 shuffles of the truth that go with the votes as well as the truth does."""
    draw = np.random.default_rng(0)
    lead = (votes == 1).sum(axis=1) - (votes == 0).sum(axis=1)
    found = abs(np.corrcoef(lead, truth)[0, 1])
    chance = [abs(np.corrcoef(lead, draw.permutation(truth))[0, 1]) for _ in range(2000)]
    return np.mean(np.array(chance) >= found)


def real(folder):
    table = []
    for name, votes, new, truth in tasks(folder):
        start = time.perf_counter()
        model = VoteModel(2).fit(votes)
        seconds = time.perf_counter() - start
        draws = list(majority_draws(new, 2))
        rates = [(answer == truth).mean() for answer in draws]
        spread = [f1(truth, answer) for answer in draws]
        answers = {
            "missing": dawid_skene(votes, new, 2, symbol=False),
            "symbol": dawid_skene(votes, new, 2, symbol=True),
            "ours": model.predict(new),
        }
        row = [name, f"{100 * majority_accuracy(new, truth, 2):.1f} ± {100 * np.std(rates):.1f}"]
        row += [f"{100 * (answer == truth).mean():.1f}" for answer in answers.values()]
        row += [f"{100 * np.mean(spread):.1f} ± {100 * np.std(spread):.1f}"]
        row += [f"{100 * f1(truth, answer):.1f}" for answer in answers.values()]
        row += [model.method_, f"{association(new, truth):.3f}", f"{seconds:.1f}"]
        table.append(row)
    heads = ["votes", "MV acc", "DS missing", "DS symbol", "VoteModel"]
    heads += ["MV F1", "DS missing F1", "DS symbol F1", "VoteModel F1", "chosen", "p", "s"]
    print(tabulate(table, heads, tablefmt="github", disable_numparse=True))


def draw_from(draw, shares):
    """One class a row of shares (n, classes)."""
    above = draw.random((*shares.shape[:-1], 1)) > shares.cumsum(axis=-1)
    return above.sum(axis=-1).clip(0, shares.shape[-1] - 1)


def balance_of(draw, classes, uneven):
    shares = draw.dirichlet(np.full(classes, 1.5)) if uneven else np.ones(classes)
    shares = np.maximum(shares / shares.sum(), 0.03)
    return shares / shares.sum()


def workers(
    seed,
    n,
    classes,
    rules,
    mean=0.72,
    spread=0.12,
    *,
    each=None,
    uneven=False,
    bias=0.0,
    spammers=0.0,
    adversaries=0.0,
    hard=False,
    copies=0,
    rate=0.9,
    source="worst",
):
    """Workers with a table each; `each` votes a row, by a few busy ones; some copy another."""
    draw = np.random.default_rng(seed)
    truth = draw_from(draw, np.tile(balance_of(draw, classes, uneven), (n, 1)))
    skill = np.clip(draw.normal(mean, spread, rules), 1 / classes + 0.02, 0.98)
    tables = np.empty((rules, classes, classes))
    for j in range(rules):
        for c in range(classes):
            right = np.clip(skill[j] + draw.normal(0, bias), 0.05, 0.98)
            wrong = draw.dirichlet(np.full(classes - 1, 0.7 if bias else 50.0))
            tables[j, c] = np.insert(wrong * (1 - right), c, right)
        kind = draw.random()
        if kind < spammers:
            tables[j] = draw.dirichlet(np.full(classes, 0.5))
        elif kind < spammers + adversaries:
            tables[j] = np.where(np.eye(classes) > 0, 0.25, 0.75 / (classes - 1))
    says = tables[:, truth].transpose(1, 0, 2)
    if hard:
        guess = draw.beta(1.2, 2.5, n)[:, None, None]
        says = (1 - guess) * says + guess / classes
    votes = draw_from(draw, says)
    if copies:
        order = np.argsort((votes == truth[:, None]).mean(axis=0))
        of = order[{"worst": 0, "middle": rules // 2, "best": -1}[source]]
        for j in draw.choice(np.setdiff1d(np.arange(rules), of), copies, replace=False):
            copied = draw.random(n) < rate
            votes[copied, j] = votes[copied, of]
    if each:
        busy = np.log(draw.pareto(1.1, rules) + 0.2) + draw.gumbel(size=(n, rules))
        silent = np.argsort(np.argsort(-busy, axis=1), axis=1) >= each
        votes[silent] = -1
    return votes, truth, classes


def keywords(
    seed, n, classes, rules, coverage, precision, *, uneven=False, topics=0.6, two_sided=0.0
):
    """Rules that name one class each, by topics within the classes, so that they err together."""
    draw = np.random.default_rng(seed)
    balance = balance_of(draw, classes, uneven)
    truth = draw_from(draw, np.tile(balance, (n, 1)))
    share = draw.dirichlet(np.ones(6), classes)
    topic = draw_from(draw, share[truth])
    votes = np.full((n, rules), -1)
    side = np.concatenate([np.arange(classes), draw.integers(0, classes, rules)])[:rules]
    for j, named in enumerate(side):
        often = np.clip(coverage * np.exp(draw.normal(0, 0.8)), 0.002, 0.8)
        right = np.clip(draw.normal(precision, 0.12), 0.35, 0.99)
        fires = np.full(classes, often * (1 - right) / (1 - balance[named]))
        fires[named] = often * right / balance[named]
        liking = np.exp(draw.normal(0, 1.2 * topics, (classes, 6)))
        liking /= (liking * share).sum(axis=1, keepdims=True)
        votes[draw.random(n) < np.clip(fires[truth] * liking[truth, topic], 0, 0.97), j] = named
        if draw.random() < two_sided:
            other = (votes[:, j] < 0) & (draw.random(n) < 0.5)
            knows = draw.random(n) < right
            votes[other, j] = np.where(knows, truth, draw.integers(0, classes, n))[other]
    return votes, truth, classes


REGIMES = {
    "10 workers, 2 classes": lambda s: workers(s, 300, 2, 10),
    "10 workers, 4 classes": lambda s: workers(s, 300, 4, 10),
    "20 biased workers": lambda s: workers(s, 300, 2, 20, 0.65, bias=0.15),
    "39 biased workers, 108 hard rows": lambda s: workers(
        s, 108, 2, 39, 0.62, bias=0.15, hard=True
    ),
    "15 biased workers, 8 classes": lambda s: workers(s, 500, 8, 15, 0.5, 0.15, bias=0.15),
    "3 workers, 2 classes": lambda s: workers(s, 400, 2, 3, 0.75),
    "3 workers, 4 uneven classes": lambda s: workers(s, 400, 4, 3, 0.7, uneven=True),
    "5 workers, 3 uneven classes": lambda s: workers(s, 1000, 3, 5, 0.7, uneven=True),
    "20 rows": lambda s: workers(s, 20, 2, 5, 0.7),
    "100 rows": lambda s: workers(s, 100, 3, 6, 0.65),
    "3 of 100 each": lambda s: workers(s, 1500, 2, 100, 0.75, each=3),
    "3 of 150 each, uneven, biased": lambda s: workers(
        s, 5000, 2, 150, 0.8, each=3, uneven=True, bias=0.15, spammers=0.1
    ),
    "10 of 160 each, spammers": lambda s: workers(s, 800, 2, 160, 0.8, each=10, spammers=0.15),
    "10 of 100 each, 4 classes": lambda s: workers(s, 800, 4, 100, 0.65, each=10, bias=0.15),
    "6 of 170 each, 5 classes, hard": lambda s: workers(
        s, 2600, 5, 170, 0.5, 0.18, each=6, uneven=True, bias=0.15, spammers=0.1, hard=True
    ),
    "5 of 80 each, 10 classes": lambda s: workers(
        s, 1000, 10, 80, 0.6, each=5, uneven=True, bias=0.15
    ),
    "5 of 100 each, hard": lambda s: workers(s, 1000, 2, 100, 0.75, each=5, uneven=True, hard=True),
    "20,000 rows, 15 workers": lambda s: workers(s, 20_000, 3, 15, 0.6, each=5, bias=0.15),
    "a fifth are adversaries": lambda s: workers(s, 500, 2, 15, 0.75, adversaries=0.2),
    "a third are spammers": lambda s: workers(s, 500, 3, 15, 0.7, spammers=0.3),
    "3 of 8 copy the worst": lambda s: workers(s, 400, 4, 8, 0.7, 0.1, copies=3, rate=0.85),
    "3 of 8 copy the middle": lambda s: workers(
        s, 400, 4, 8, 0.7, 0.1, copies=3, rate=0.85, source="middle"
    ),
    "3 of 8 copy the best": lambda s: workers(
        s, 400, 4, 8, 0.7, 0.1, copies=3, rate=0.85, source="best"
    ),
    "3 of 8 copy the worst, 40%": lambda s: workers(s, 400, 4, 8, 0.7, 0.1, copies=3, rate=0.4),
    "6 of 20 copy the worst": lambda s: workers(s, 1000, 2, 20, 0.7, copies=6, rate=0.9),
    "10 one-sided rules": lambda s: keywords(s, 1700, 2, 10, 0.17, 0.8),
    "10 one-sided rules, independent": lambda s: keywords(s, 2000, 2, 10, 0.17, 0.8, topics=0.0),
    "20 one-sided rules, very dependent": lambda s: keywords(s, 2000, 3, 20, 0.15, 0.7, topics=1.5),
    "5 one-sided rules": lambda s: keywords(s, 5000, 2, 5, 0.3, 0.7),
    "9 one-sided rules, uneven": lambda s: keywords(s, 5000, 2, 9, 0.06, 0.7, uneven=True),
    "9 one-sided rules, 4 classes": lambda s: keywords(s, 5000, 4, 9, 0.12, 0.78),
    "26 one-sided rules, 10 classes": lambda s: keywords(s, 5000, 10, 26, 0.06, 0.6, uneven=True),
    "33 one-sided rules, uneven": lambda s: keywords(s, 6000, 2, 33, 0.06, 0.72, uneven=True),
    "68 one-sided rules, 6 classes": lambda s: keywords(s, 4000, 6, 68, 0.03, 0.75, uneven=True),
    "73 rare rules": lambda s: keywords(s, 4500, 2, 73, 0.008, 0.93, uneven=True),
    "83 one-sided rules, dependent": lambda s: keywords(
        s, 6000, 2, 83, 0.055, 0.75, uneven=True, topics=1.0
    ),
    "160 rare rules, 9 classes": lambda s: keywords(s, 1700, 9, 160, 0.006, 0.85, uneven=True),
    "8 rules, some two-sided": lambda s: keywords(s, 5000, 2, 8, 0.2, 0.72, two_sided=0.2),
    "4 rules, most two-sided": lambda s: keywords(
        s, 6000, 2, 4, 0.45, 0.8, uneven=True, two_sided=0.7
    ),
}


def skewed(draw, n, rules):
    """Workers with a sensitivity and a specificity each; few rows are of class 1."""
    truth = (draw.random(n) < draw.uniform(0.02, 0.15)).astype(int)
    sensitive, specific = draw.uniform(0.4, 0.9, rules), draw.uniform(0.6, 0.97, rules)
    heads = draw.random((n, rules))
    votes = np.where(truth[:, None] == 1, heads < sensitive, heads > specific).astype(int)
    votes[draw.random(votes.shape) < draw.uniform(0, 0.5)] = -1
    return votes, truth, 2


def one_rule_a_class(draw, n, classes):
    """Each class has one rule; classes are uneven, and rules fire on other classes too."""
    truth = draw.choice(classes, n, p=draw.dirichlet(np.full(classes, 2.0)))
    votes = np.full((n, classes), -1)
    for named in range(classes):
        own, other = draw.uniform(0.3, 0.9), draw.uniform(0.02, 0.25)
        votes[draw.random(n) < np.where(truth == named, own, other), named] = named
    return votes, truth, classes


def contrary(draw, made, share):
    """Some voters name the next class instead."""
    votes, truth, classes = made
    rules = votes.shape[1]
    bad = draw.choice(rules, max(1, int(rules * share)), replace=False)
    votes[:, bad] = np.where(votes[:, bad] >= 0, (votes[:, bad] + 1) % classes, -1)
    return votes, truth, classes


def doubled(draw, made):
    """Some rules stand there again, or fire on a part of the rows of another."""
    votes, truth, classes = made
    for _ in range(draw.integers(2, 9)):
        of = votes[:, draw.integers(votes.shape[1])]
        again = np.where(draw.random(len(votes)) < draw.uniform(0.5, 1), of, -1)
        votes = np.column_stack([votes, again])
    return votes, truth, classes


def family(name, seed):
    """Votes, truth and number of classes: one set of votes of a family, all else drawn at random."""
    draw = np.random.default_rng([seed, sum(map(ord, name))])
    within, whole = draw.uniform, lambda a, b: int(draw.integers(a, b + 1))
    again, k = whole(0, 10**6), int(draw.choice([2, 2, 3, 4, 6]))
    rows = int(np.exp(within(np.log(150), np.log(3000))))
    uneven = bool(draw.random() < 0.5)
    some = {
        "workers": lambda: workers(
            again, rows, k, whole(3, 20), within(0.5, 0.85), within(0.02, 0.2),
            bias=within(0, 0.2), uneven=uneven),
        "equal workers": lambda: workers(again, rows, k, whole(3, 15), within(0.6, 0.85), 0.001),
        "sparse workers": lambda: workers(
            again, rows, k, whole(20, 120), within(0.55, 0.8), within(0.02, 0.2),
            each=whole(2, 6), bias=within(0, 0.2), uneven=uneven, spammers=within(0, 0.3)),
        "copies": lambda: workers(
            again, rows, k, 16, within(0.55, 0.8), within(0.05, 0.15), copies=whole(2, 8),
            rate=within(0.3, 0.95), source=str(draw.choice(["worst", "middle", "best"]))),
        "copies among few": lambda: workers(
            again, rows, k, 7, within(0.55, 0.8), within(0.05, 0.15), copies=whole(1, 3),
            rate=within(0.3, 0.95), source=str(draw.choice(["worst", "middle", "best"]))),
        "adversaries": lambda: workers(
            again, rows, k, whole(5, 20), within(0.6, 0.8), 0.1, adversaries=within(0.1, 0.4),
            uneven=uneven),
        "worse than chance": lambda: contrary(
            draw, workers(again, rows, k, whole(4, 12), within(0.55, 0.75)), within(0.3, 0.6)),
        "few rows": lambda: workers(
            again, whole(10, 80), k, whole(3, 10), within(0.55, 0.85), within(0.02, 0.2),
            bias=within(0, 0.15), uneven=uneven),
        "hard rows": lambda: workers(
            again, rows, k, whole(5, 25), within(0.6, 0.8), hard=True, bias=within(0, 0.15),
            uneven=uneven),
        "skewed workers": lambda: skewed(draw, rows, whole(3, 15)),
        "rules": lambda: keywords(
            again, rows, k, whole(2 * k, 40), within(0.03, 0.25), within(0.6, 0.9), uneven=uneven,
            topics=within(0, 1.5)),
        "rare rules": lambda: keywords(
            again, rows, k, whole(20, 90), within(0.005, 0.03), within(0.6, 0.95), uneven=uneven,
            topics=within(0, 1.5)),
        "one rule a class": lambda: one_rule_a_class(draw, rows, whole(3, 8)),
        "some two-sided": lambda: keywords(
            again, rows, k, whole(4, 20), within(0.05, 0.4), within(0.6, 0.85), uneven=uneven,
            two_sided=within(0.1, 0.9), topics=within(0, 1.5)),
        "redundant rules": lambda: doubled(draw, keywords(
            again, rows, k, whole(2 * k, 14), within(0.05, 0.3), within(0.6, 0.9),
            topics=within(0, 1))),
        "bad rules": lambda: contrary(draw, keywords(
            again, rows, k, whole(2 * k, 16), within(0.05, 0.3), within(0.55, 0.85),
            topics=within(0, 1)), 0.25),
    }  # fmt: skip
    return some[name]()


FAMILIES = (
    "workers", "equal workers", "sparse workers", "copies", "copies among few", "adversaries",
    "worse than chance", "few rows", "hard rows", "skewed workers", "rules", "rare rules",
    "one rule a class", "some two-sided", "redundant rules", "bad rules",
)  # fmt: skip


def against_majority(votes, truth, classes):
    """Points won on a plain majority vote in the rows that have votes, and what was used.

    Ties go to the first class, as scikit-learn's VotingClassifier breaks them, or to each class alike.
    """
    counts = np.stack([(votes == c).sum(axis=1) for c in range(classes)], axis=1)
    most = counts == counts.max(axis=1, keepdims=True)
    voted = counts.any(axis=1)
    model = VoteModel(classes).fit(votes)
    right = (model.predict(votes) == truth)[voted].mean()
    first = (counts.argmax(axis=1) == truth)[voted].mean()
    alike = (most[np.arange(len(truth)), truth] / most.sum(axis=1))[voted].mean()
    used = [model.method_ != "majority", model.ties_ != "class balance", (model.weights_ < 1).any()]
    return [100 * (right - first), 100 * (right - alike), *used]


def families(seeds, begin):
    table, every = [], []
    for name in FAMILIES:
        found = np.array(
            [against_majority(*family(name, seed)) for seed in range(begin, begin + seeds)]
        )
        every.append(found)
        table.append([name, *spread(found)])
        print(table[-1], flush=True)
    table.append(["**all**", *spread(np.concatenate(every))])
    heads = ["family", "overrules", "breaks ties", "weighs"]
    for way in ("ties to the first", "ties alike"):
        heads += [f"{way}: mean", "5 % below", "least", "lost > ½"]
    print(tabulate(table, heads, tablefmt="github", disable_numparse=True))


def spread(found):
    """How often each is used, then of the gains: mean, 5 % quantile, least, how many below −½."""
    cells = [f"{100 * share:.0f} %" for share in found[:, 2:].mean(axis=0)]
    for gain in found[:, :2].T:
        low = np.quantile(gain, 0.05)
        cells += [f"{gain.mean():+.2f}", f"{low:+.1f}", f"{gain.min():+.1f}"]
        cells += [f"{(gain < -0.5).sum()} of {len(gain)}"]
    return cells


def clamped(votes, answer):
    """Dawid-Skene's answer where voters differ or are silent, theirs where they agree."""
    highest = votes.max(axis=1)
    agreed = (highest >= 0) & ((votes == highest[:, None]) | (votes < 0)).all(axis=1)
    return np.where(agreed, highest, answer)


def simulate(seeds):
    table = []
    for name, regime in REGIMES.items():
        rates = []
        for seed in range(seeds):
            votes, truth, classes = regime(seed)
            missing = dawid_skene(votes, votes, classes, symbol=False)
            symbol = dawid_skene(votes, votes, classes, symbol=True)
            answers = [missing, symbol, clamped(votes, symbol)]
            answers.append(VoteModel(classes).fit(votes).predict(votes))
            shares = [(answer == truth).mean() for answer in answers]
            rates.append([majority_accuracy(votes, truth, classes), *shares])
        found = 100 * np.array(rates)
        table.append([name, *(f"{mean:.1f}" for mean in found.mean(axis=0))])
        for rival in (found[:, 0], found[:, 1:3].max(axis=1), found[:, [0, 1, 3]].max(axis=1)):
            gain = found[:, 4] - rival
            table[-1].append(f"{(gain > 0.5).sum()}/{(gain < -0.5).sum()}, {gain.min():+.1f}")
        print(table[-1], flush=True)
    heads = ["regime", "MV", "DS missing", "DS symbol", "DS symbol, unanimity kept", "VoteModel"]
    heads += ["against MV", "against the better DS", "against the best that keeps unanimity"]
    print(tabulate(table, heads, tablefmt="github", disable_numparse=True))
    means = np.array([[float(cell) for cell in row[1:6]] for row in table]).mean(axis=0)
    print("mean of regimes:", dict(zip(heads[1:6], means.round(1).tolist(), strict=True)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="the folder that holds votes-*")
    parser.add_argument("--simulate", type=int, metavar="SEEDS", help="seeds of each regime")
    parser.add_argument("--families", type=int, metavar="SETS", help="sets drawn of each family")
    parser.add_argument("--begin", type=int, default=0, metavar="SEED", help="the first of them")
    options = parser.parse_args()
    if options.folder:
        real(options.folder)
    if options.simulate:
        simulate(options.simulate)
    if options.families:
        families(options.families, options.begin)
