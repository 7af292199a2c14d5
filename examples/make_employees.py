"""Writes employees.csv: 160 made-up employees who answered twelve questions. Nobody in it is real.

Each has a wish to stay, a cost of leaving, a sense of duty and a superior, drawn at random, and answers follow from
these with noise: it shows what a page looks like, and proves nothing.
"""

import csv
from pathlib import Path

import numpy as np

QUESTIONS = {
    "I know what is expected of me at work": (0.5, 0.0, 0.0, 0.3),
    "I have the tools I need to do my work": (0.3, 0.0, 0.0, 0.2),
    "My supervisor supports me": (0.3, 0.0, 0.0, 0.9),
    "My supervisor talks down to me": (-0.2, 0.0, 0.0, -0.8),
    "Other departments answer when we need them": (0.4, 0.0, 0.0, 0.0),
    "Good work is recognised here": (0.6, 0.0, 0.0, 0.5),
    "My opinion counts": (0.6, 0.0, 0.0, 0.6),
    "I feel worn out by my work": (-0.2, 0.2, 0.1, -0.4),
    "I feel a strong sense of belonging to the company": (1.1, 0.0, 0.3, 0.0),
    "I often think about quitting": (-1.0, -0.3, -0.3, -0.2),
    "It would be hard for me to leave the company now": (0.2, 1.1, 0.1, 0.0),
    "I would feel guilty if I left the company": (0.3, 0.1, 1.0, 0.0),
}
DEPARTMENTS = ("Warehouse", "Service desk", "Accounts", "Shops")


def main() -> None:
    """Write the file beside this one."""
    rng = np.random.default_rng(7)
    count = 160
    wish, cost, duty, superior = rng.normal(0, 1, (4, count))
    years = np.maximum(0, np.round(rng.gamma(1.6, 4, count) * np.exp(0.35 * cost)).astype(int))
    department = rng.integers(0, 4, count)
    superior -= 0.8 * (department == 0)
    answers = {}
    for text, weights in QUESTIONS.items():
        felt = sum(w * x for w, x in zip(weights, (wish, cost, duty, superior), strict=True))
        answers[text] = np.clip(np.round(3.2 + felt + rng.normal(0, 0.6, count)), 1, 5).astype(int)
    with Path(__file__).with_name("employees.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["Employee ID", "Department", "Years at company", "Overtime", *QUESTIONS])
        for i in range(count):
            overtime = "Yes" if rng.random() < 0.25 + 0.15 * (department[i] == 0) else "No"
            row = [answers[text][i] if rng.random() > 0.04 else "" for text in QUESTIONS]
            out.writerow([f"E{100 + i}", DEPARTMENTS[department[i]], years[i], overtime, *row])


if __name__ == "__main__":
    main()
