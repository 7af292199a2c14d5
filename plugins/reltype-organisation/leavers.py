"""How often employees of each archetype had left, by a column that is only a status: python leavers.py TABLE.csv."""

import sys

import reltype
from reltype.learning.intervals import wilson


def main(path):
    table = reltype.classify(path, typology="employee").to_pandas()
    for name, mine in sorted(table.groupby("archetype")):
        left, count = int((mine["status"] == "ended").sum()), len(mine)
        low, high = wilson(left, count, 0.95)
        print(f"| {name} | {count} | {left / count:.1%} ({low:.1%} to {high:.1%}) |")


if __name__ == "__main__":
    main(*sys.argv[1:])
