"""Writes software-tickets.csv: what the customers of software.csv might have written.

Each support request, message and complaint of the log gets a text from a few templates, so these
tickets are far cleaner than real ones. `python examples/make_tickets.py` writes the file anew.
"""

import csv
import datetime as dt
import random
from pathlib import Path

HERE = Path(__file__).parent
SAID = {
    "sync": ("Files do not sync", ["the {d} does not sync since the update",
             "sync has been stuck at {n} percent on my {d}", "files from the {d} are not synced",
             "sync error {n} keeps coming back"]),
    "invoice": ("Question about my invoice", ["the invoice of {m} shows a charge I do not know",
                "why was I billed twice in {m}", "please send me the invoice for {m}",
                "the amount on the {m} invoice is wrong"]),
    "login": ("Cannot sign in", ["the password reset mail never arrives",
              "I cannot sign in on my {d}", "my account is locked after {n} attempts",
              "two-factor code is not accepted when I sign in"]),
    "storage": ("Out of storage", ["my storage is full although I deleted {n} files",
                "how do I get more storage", "the quota says {n} GB but I pay for more storage",
                "storage full warning will not go away"]),
    "share": ("Sharing a folder", ["a colleague cannot open the folder I shared",
              "the shared link expired after {n} days", "how do I share a folder with a guest",
              "shared folder has disappeared for my team"]),
    "thanks": ("Thank you", ["the new {d} app is great, thank you",
               "thanks for the quick help in {m}", "love the new version, well done",
               "just wanted to say thank you to your team"]),
    "cancel": ("Leaving", ["how can I cancel my subscription", "please cancel my plan at the end of {m}",
               "I want to close my account and cancel", "your price rise makes me cancel"]),
}  # fmt: skip
OFTEN = {"support": [5, 2, 4, 3, 3, 0, 0], "message": [1, 3, 1, 2, 2, 5, 1],
         "complaint": [4, 4, 1, 1, 0, 0, 3]}  # fmt: skip
MONTHS = ["January", "March", "May", "June", "September", "November"]


def main() -> None:
    """Write the file."""
    chance = random.Random(7)  # noqa: S311  nothing is to be kept secret
    with (HERE / "software.csv").open() as stream:
        log = [row for row in csv.DictReader(stream) if row["kind"] in OFTEN]
    with (HERE / "software-tickets.csv").open("w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(
            ["ticket", "customer_id", "opened", "kind", "status", "closed", "subject", "body"]
        )
        for number, row in enumerate(log, 1):
            weights = OFTEN[row["kind"]].copy()
            weights[0] *= 1 + 2 * (row["timestamp"] > "2023-07")  # an update that went wrong
            about = chance.choices(list(SAID), weights)[0]
            subject, bodies = SAID[about]
            body = chance.choice(bodies).format(
                d=chance.choice(["phone", "laptop", "tablet"]),
                n=chance.randint(2, 99),
                m=chance.choice(MONTHS),
            )
            day = dt.datetime.fromisoformat(row["timestamp"]).date()
            done = chance.random() < {"cancel": 0.4, "sync": 0.6}.get(about, 0.9)
            closed = day + dt.timedelta(days=chance.randint(0, 9)) if done else ""
            status = "closed" if done else "open"
            out.writerow([f"T{number}", row["customer_id"], day, row["kind"], status, closed,
                          subject if chance.random() < 0.4 else "", body])  # fmt: skip


if __name__ == "__main__":
    main()
