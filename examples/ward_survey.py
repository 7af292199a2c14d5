"""Writes ward-survey.csv: 300 made patients, whose rating follows respect first, then waiting, then pain."""

import csv
from pathlib import Path

import numpy as np

ROWS = 300
rng = np.random.default_rng(4)
mood = rng.normal(size=ROWS)  # colours every answer of one patient, so that answers go together


def item(level: float, own: float) -> np.ndarray:
    """Answers from 1 to 7 about *level*."""
    return np.clip(np.rint(level + 0.6 * mood + own * rng.normal(size=ROWS)), 1, 7).astype(int)


answers = {
    "treated_with_respect": item(4.2, 1.2),
    "waiting_time": item(5.0, 1.2),
    "cleanliness": item(5.6, 1.0),
    "pain_control": item(4.6, 1.2),
    "food": item(5.2, 1.3),
}
follows = 0.5 * answers["treated_with_respect"] + 0.25 * answers["waiting_time"]
follows = 0.2 + follows + 0.15 * answers["pain_control"] + 0.8 * rng.normal(size=ROWS)
overall = np.clip(np.rint(follows), 1, 7).astype(int)
ward = np.where(rng.random(ROWS) < 0.5, "surgery", "medicine")

rows = []
for i in range(ROWS):
    row = {"patient": f"P{i + 1:03}", "ward": str(ward[i])}
    row |= {name: int(values[i]) for name, values in answers.items()}
    row |= {"overall": int(overall[i]), "weight": float(rng.choice([0.8, 1.0, 1.4]))}
    for name in ("waiting_time", "pain_control", "food"):
        if rng.random() < 0.04:
            row[name] = ""
    if rng.random() < 0.03:
        row["food"] = 99  # what this ward writes for "did not eat here"
    rows.append(row)

with Path(__file__).with_name("ward-survey.csv").open("w", newline="", encoding="utf-8") as file:
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
