"""How the archetypes order commitment that people said themselves: python commitment.py SURVEY.csv.

SURVEY.csv is Bergami & Bagozzi's (2000) survey of 305 employees, as in the R package cSEM: `cei1`…`cei8` on the
organisation's prestige, `ma1`…`ma6` on identification with it, `orgcmt…` on affective commitment, each from 1 to 5. The answers on
commitment are left out of what is classified, and only compared with afterwards. No label is used. `orgcmt5`, `6` and `8`
deny (`I do not feel …`, in Allen & Meyer's scale), and go against the others here (r = -.14 to -.39): they are turned round.
"""

import sys

import numpy as np
import pyarrow.csv as pc
import reltype
from scipy.stats import spearmanr

DENY = ("orgcmt5", "orgcmt6", "orgcmt8")
DRAWS = 2000


def mean(names):
    """The expression of the mean of some items that run from 1 to 5."""
    return f"({' + '.join(f'scale({name}, 1, 5)' for name in names)}) / {len(names)}"


def main(path):
    survey = pc.read_csv(path)
    said = [name for name in survey.column_names if name.startswith("orgcmt")]
    answers = {name: survey.column(name).to_numpy().astype(float) for name in said}
    turned = [6 - a if name in DENY else a for name, a in answers.items()]
    commitment = np.mean(turned, axis=0)
    shown = survey.drop_columns([*said, "gender"])
    identification, prestige = (
        [n for n in shown.column_names if n.startswith(b)] for b in ("ma", "cei")
    )
    for title, given in (
        (
            "identification and prestige",
            {"engaged": mean(identification), "surroundings": mean(prestige)},
        ),
        ("identification", {"engaged": mean(identification)}),
        ("prestige", {"surroundings": mean(prestige)}),
    ):
        found = reltype.classify(shown, map=given, typology="employee", id_from_row=True)
        table = found.to_arrow()
        row = table.column("customer_id").cast("int64").to_numpy() - 1
        show(title, table, commitment[row])


def show(title, table, commitment):
    print(f"\nRead from {title}:")
    names = np.array(table.column("archetype").to_pylist())
    rng = np.random.default_rng(0)
    for name in sorted(set(names), key=lambda n: -commitment[names == n].mean()):
        mine = commitment[names == name]
        drawn = rng.choice(mine, (DRAWS, len(mine))).mean(axis=1)
        low, high = np.quantile(drawn, (0.025, 0.975))
        print(
            f"  {name:24}{len(mine):5}   commitment {mine.mean():.2f} ({low:.2f} to {high:.2f}) of 5"
        )
    for what in (
        "d_attachment",
        "p_owner",
        "p_professional",
        "p_stayer_by_circumstance",
        "p_passing_through",
    ):
        value = table.column(what).to_numpy()
        rho = spearmanr(value, commitment)[0]
        index = rng.integers(0, len(value), (DRAWS // 4, len(value)))
        drawn = [spearmanr(value[i], commitment[i])[0] for i in index]
        low, high = np.quantile(drawn, (0.025, 0.975))
        print(f"  {what:26} Spearman {rho:+.2f} ({low:+.2f} to {high:+.2f})")


if __name__ == "__main__":
    main(*sys.argv[1:])
