"""ArchetypeClassifier against naive Bayes and logistic regression: log-loss, mean ± sd over splits.

python benchmarks/estimator.py
"""

import numpy as np
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_classification,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedShuffleSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tabulate import tabulate

from reltype.learning.estimators import ArchetypeClassifier


def mean_imputed(*steps):
    return make_pipeline(SimpleImputer(keep_empty_features=True), *steps)


MODELS = {
    "ArchetypeClassifier": ArchetypeClassifier(),
    "… damping=0": ArchetypeClassifier(damping=0),
    "GaussianNB": mean_imputed(GaussianNB()),
    "LogisticRegression": mean_imputed(StandardScaler(), LogisticRegression(max_iter=2000)),
}
SPLITS = {
    "4/5 of the rows learned, 3 x 5 folds": RepeatedStratifiedKFold(
        n_splits=5, n_repeats=3, random_state=0
    ),
    "40 rows learned, 10 draws": StratifiedShuffleSplit(
        10, train_size=40, test_size=100, random_state=0
    ),
}


def datasets():
    whole = {
        "iris": load_iris(return_X_y=True),
        "wine": load_wine(return_X_y=True),
        "breast cancer": load_breast_cancer(return_X_y=True),
        "digits": load_digits(return_X_y=True),
        "synthetic": make_classification(
            800, 12, n_informative=6, n_redundant=3, n_classes=4, random_state=0
        ),
    }
    for name, (values, labels) in whole.items():
        yield name, values, labels
    for name in ("wine", "breast cancer", "synthetic"):
        values, labels = whole[name]
        gaps = np.random.default_rng(0).random(values.shape) < 0.3
        yield f"{name}, 30% gaps", np.where(gaps, np.nan, values), labels


def loss(model, values, labels, learn, rest):
    found = clone(model).fit(values[learn], labels[learn]).predict_proba(values[rest])
    found = found.clip(1e-15, 1)
    return log_loss(labels[rest], found / found.sum(axis=1, keepdims=True))


def main():
    for title, splits in SPLITS.items():
        rows, means = [], []
        for name, values, labels in datasets():
            losses = np.array(
                [
                    [loss(model, values, labels, *split) for split in splits.split(values, labels)]
                    for model in MODELS.values()
                ]
            )
            means.append(losses.mean(axis=1))
            told = zip(losses.mean(axis=1), losses.std(axis=1), strict=True)
            rows.append([name, *(f"{mean:.3f} ± {sd:.3f}" for mean, sd in told)])
        rows.append(["mean", *(f"{mean:.3f}" for mean in np.mean(means, axis=0))])
        print(f"\n{title}\n\n{tabulate(rows, ['', *MODELS], 'github', disable_numparse=True)}")


if __name__ == "__main__":
    main()
