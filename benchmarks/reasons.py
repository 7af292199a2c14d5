"""Whether the numbers in reasons are true: sentences are parsed back and compared with the raw rows.

    python benchmarks/reasons.py [--sentences 100000] [--customers 4000]

Simulated logs of every kind of business are classified until enough sentences were told, with all facts
and with purchases alone. Every number in a reason (for or against) is counted once more from the rows
of the log and the customer table, by plain Python that shares no code with the package, and compared as
far as the sentence shows it. A sentence that no pattern here understands is an error, unless it holds
no digit. So are a share between 0 and 1, and a dimension's name.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import math
import re
import statistics
import sys
from collections import Counter, defaultdict

import reltype
from reltype.simulate import BUSINESSES, simulate

DUR = r"(?:\d[\d,.]* (?:day|week|month|year)s?)"
EVERY = rf"(?:{DUR}|day|week|month|year)"
N = r"(?:\d[\d,]*(?:\.\d+)?)"
TIMES = rf"(?:never|once|twice|{N} times)"
PCT = r"(?:less than 1 %|\d+ %)"
DATE = r"(?:\d+ [A-Z][a-z]+ \d{4})"
MONEY = r"(?:-?[£$€¥₹]?\d[\d,]*(?:\.\d+)?)"
COUNT = r"(?:no|\d[\d,]*)"
RATING = r"(?:-?\d+(?:\.\d)? of \d+)"
KINDS = {
    "D": DUR,
    "E": EVERY,
    "N": N,
    "T": TIMES,
    "P": PCT,
    "A": DATE,
    "M": MONEY,
    "C": COUNT,
    "R": RATING,
}
KINDS["S"] = r"(?:-?\d+(?:\.\d)?)"

PATTERNS = [
    "came for {D:span} (here {D:typical_span} is usual)",
    "has come for {D:span} (here {D:typical_span} is usual)",
    "has come for {D:span}, about as long as is usual here",
    "(?:has )?paid for {D:span} (here {D:typical_span} is usual)",
    "has paid for {D:span}, about as long as is usual here",
    "last paid {D:silence} ago",
    "a customer for {D:held} (here {D:typical_span} is usual)",
    "a customer for {D:held}, about as long as is usual here",
    "left on {A:ended}",
    "silent for {D:silence}, after coming every {E:gap_mean}",
    "silent for {D:silence} (here people come every {E:typical_gap})",
    "silent for {D:silence}, after coming on {C:organic_days} days? within {D:span}",
    "last came {D:silence} ago",
    "came for {D:span} of the {D:age} since the first time",
    "came on {C:organic_days} days?, all within {D:span}",
    "came on {C:organic_days} days? in {D:span}",
    "came on {C:organic_days} days? in all",
    "came mostly at the start: on average {D:centre} after the first time, of {D:span}",
    "came more and more: on average {D:centre} after the first time, of {D:span}",
    "came as much in the end as at the start, in {D:span}",
    "came by fits and starts: {N:gap_min} to {N:gap_max} days apart",
    "came by fits and starts: {N:gap_min} to {N:gap_max} days apart, and no habit after it",
    "came evenly: {N:gap_min} to {N:gap_max} days apart",
    "came like a clock: {D:gap_min} apart each time",
    "came {N:gap_min} to {N:gap_max} days apart, {D:gap_mean} on average",
    "came again once, after {D:gap_max}",
    "paid by fits and starts: {N:pay_min} to {N:pay_max} days apart",
    "paid evenly: {N:pay_min} to {N:pay_max} days apart",
    "paid like a clock: {D:pay_min} apart each time",
    "paid {N:pay_min} to {N:pay_max} days apart, {D:pay_mean} on average",
    "(?:came|bought)(?: only)? every {E:gap_mean} (here {D:typical_gap} is usual)",
    "paid(?: only)? every {E:pay_mean} (here {D:typical_pay} is usual)",
    "paid {T:payment_days} in all",
    "comes every {E:gap_mean} or so (here {D:typical_gap} is usual), without a rhythm and without a grudge",
    "seldom here (every {E:gap_mean}) and with few words, yet pleased",
    "comes evenly, every {E:gap_mean}, and for long, and never more than needed",
    "spent {M:spend} in all (here {M:usual_spend} is usual)",
    "spent {M:spend} within {D:span}",
    "spent {M:spend} in all",
    "spent {M:value_mean} a time (here {M:typical_value} is usual)",
    "judged us {R:sentiment} on average, {C:sentiments} times? (here {S:usual_sentiment} is usual)",
    "judged us {R:sentiment} (here {S:usual_sentiment} is usual)",
    "spoke ill of us {N:ill} of {C:sentiments} times? (here {P:usual_ill} is usual)",
    "spoke well of us {N:good} of {C:sentiments} times? (here {P:usual_good} is usual)",
    "spoke well of us {N:good} of {C:sentiments} times?, and ill {N:ill}",
    "spoke of us once, and ill (here {P:usual_ill} of what is said is)",
    "spoke of us once, and well (here {P:usual_good} of what is said is)",
    "would recommend us {N:nps} of 10 (here {N:usual_nps} is usual)",
    "{N:trouble} of {C:contacts} contacts? about trouble (here {P:usual_trouble} is usual)",
    "{N:trouble} of {C:contacts} contacts? were about trouble, and they are still here",
    "none of {C:contacts} contacts? was about trouble (here {P:usual_trouble} are)",
    "never looked in without buying, in {D:held} (here {T:yearly_visits} a year is usual)",
    "looked in without buying {T:visits} in {D:held} (here {T:yearly_visits} a year is usual)",
    "looked in without buying {T:visits}",
    "never wrote of their own accord, in {D:held} (here {T:yearly_messages} a year is usual)",
    "wrote of their own accord {T:messages} in {D:held} (here {T:yearly_messages} a year is usual)",
    "wrote of their own accord {T:messages}",
    "{N:renewals} of {C:payments} payments? came by themselves, by contract (here {P:usual_renewal} do)",
    "{N:purchases} of {C:payments} payments? decided on, not brought by a contract",
    "{C:renewals} renewals?, an even rhythm, and little that is given back",
    "paid {M:value_max} each time",
    "paid about the same each time: from {M:value_min} to {M:value_max}",
    "paid now more, now less: from {M:value_min} to {M:value_max}",
    "paid from {M:value_min} to {M:value_max} a time",
    "came on a weekend {N:weekend} of {C:interactions} times? (here {P:usual_weekend} is usual)",
    "bound by a contract of {D:contract}(?: that renews by itself)?",
    "bound for {D:contract} only",
    "a contract of {D:contract}",
    "{N:discounted} of {C:priced} purchases? at a reduced price (here {P:usual_discounted} is usual)",
    "none of {C:priced} purchases? was at a reduced price (here {P:usual_discounted} are)",
    "buys at a reduced price more than others: {N:discounted} of {C:priced} purchases? (here {P:usual_discounted} is usual)",
    "spends {P:wallet} of such money here",
    "took of {C:categories} kinds? of goods (here {N:usual_categories} is usual)",
    "bought nothing by decision in {D:held} (here {T:yearly_purchases} a year is usual)",
    "bought {T:purchases} by decision in {D:held} (here {T:yearly_purchases} a year is usual)",
    "bought {T:purchases} by decision",
    "complained {T:complaints} in {D:held} (here {T:yearly_complaints} a year is usual)",
    "complained {T:complaints} in {D:held}",
    "never complained, in {D:held} (here {T:yearly_complaints} a year is usual)",
    "never complained, in {D:held}",
    "has {C:products} products? of ours (here {N:usual_products} is usual)",
    "bought nothing beside {C:renewals} payments? by contract",
    "bought {T:purchases} beside {C:renewals} payments? by contract",
    "what they pay fell by {P:fall} from first to last, by its trend",
    "what they pay rose by {P:rise} from first to last, by its trend",
    "never cancelled, in {D:held}",
    "cancelled {T:cancellations}",
    "stayed away for {D:gap_max} once (here people come every {E:typical_gap})",
    "never stayed away for more than {D:gap_max} (here people come every {E:typical_gap})",
    "stayed away for {D:gap_max} at the longest (here people come every {E:typical_gap})",
    "brought nobody along and wrote no review in {D:held}",
    "brought {C:referrals} others? along",
    "wrote {C:reviews} reviews?(?:, and brought nobody along)?",
    "brought {C:referrals} others? along and wrote {C:reviews} reviews?",
    "answered {N:responses} of {C:outreaches} letters? (here {P:usual_response} is usual)",
    "answered {T:responses}, and gives as well as takes",
    "complained on {A:complained}, and has not come since",
    "complained on {A:complained}, and came for {D:stayed} more",
    "complained {T:complaints}, stayed long after, and is pleased all the same",
    "has been coming for {D:span}, often and gladly: too long for a fling",
    "with us for {D:held}, and rarely pleased",
    "with us for {D:held}, no more than content, and gives nothing back",
    "left after {D:held} (here {D:typical_span} is usual)",
    "bought on {C:payment_days} days?, every {E:pay_mean}, as everybody here does",
    "bought for {D:span} without a break, as everybody here does",
    "only {C:signs} (?:step or payment|steps and payments), on {C:live_days} days?",
]
OURS = {"renewal", "cancellation", "outreach", "resolution", "refund"}
FORBIDDEN = re.compile(
    r"\b(endurance|regularity|intensity|affect|volition|exclusivity|reciprocity|resilience)\b|neither|\b0\.\d"
)
SPEAKS = re.compile(r": speaks for an? [\w ]+$")


def compiled():
    """Each pattern as an expression, and what its groups hold."""
    made = []
    for written in PATTERNS:
        pattern = re.sub("^paid", "(?:paid|bought)", written)
        names = re.findall(r"\{(\w):(\w+)\}", pattern)
        text = re.sub(r" \((here|every)", r" \\(\1", pattern)
        text = (
            re.sub(r"(is usual|are|do|is|\{\w:\w+\})\)(?!\?)", r"\1\\)", text)
            if r"\(" in text
            else text
        )
        text = re.sub(r"\{(\w):\w+\}", lambda m: f"({KINDS[m[1]]})", text)
        made.append((re.compile(text), names))
    return made


def numbers(rows, table, as_of):
    """Customer → what is counted from their rows; and what is usual over all of them."""
    log = defaultdict(list)
    for row in rows:
        log[row["customer_id"]].append(row)
    people = {c: one(log.get(c, []), table.get(c, {}), as_of) for c in {*log, *table}}
    return people, usual(list(people.values()))


def one(rows, given, as_of):
    """What one customer's rows hold; None for what they do not."""
    kinds = Counter(r["kind"] for r in rows)
    steps = [r for r in rows if r["kind"] not in OURS and r.get("direction") != "outbound"]
    days = sorted({r["day"] for r in steps})
    alive = sorted([r["day"] for r in steps] + [r["day"] for r in rows if r["kind"] == "renewal"])
    paid = sorted({r["day"] for r in rows if r["kind"] in {"purchase", "renewal"}})
    gaps = [b - a for a, b in itertools.pairwise(days)]
    pays = [b - a for a, b in itertools.pairwise(paid)]
    values = [r["value"] for r in rows if r["kind"] == "purchase" and r["value"] is not None]
    money = [
        r["value"]
        for r in rows
        if r["kind"] in {"purchase", "renewal", "refund"} and r["value"] is not None
    ]
    said = [r["opinion"] for r in rows if r["opinion"] is not None]
    priced = [r["discount"] for r in rows if r["kind"] == "purchase" and r["discount"] is not None]
    complaints = [r["day"] for r in rows if r["kind"] == "complaint"]
    cancelled = [r["day"] for r in rows if r["kind"] == "cancellation"]
    span = alive[-1] - alive[0] if alive else None
    tenure = as_of - given["since"] if given.get("since") is not None else None
    trouble = kinds["complaint"] + kinds["support"]
    talk = trouble + kinds["message"] + kinds["referral"] + kinds["review"] + kinds["survey"]
    return {
        **trend(rows, span),
        "cancellations": kinds["cancellation"],
        "span": span,
        "held": span if span is not None else tenure,
        "age": as_of - alive[0] if alive else None,
        "silence": as_of - alive[-1] if alive else None,
        "ended": max(cancelled) if cancelled else None,
        "centre": sum(alive) / len(alive) - alive[0] if alive else None,
        "organic_days": len(days),
        "payment_days": len(paid),
        "live_days": max(len(days), len(paid)),
        "live_gaps": max(len(gaps), len(pays)),
        "signs": len(steps) + kinds["renewal"],
        "interactions": len(steps),
        "gap_min": min(gaps, default=None),
        "gap_max": max(gaps, default=None),
        "gap_mean": sum(gaps) / len(gaps) if gaps else None,
        "pay_min": min(pays, default=None),
        "pay_max": max(pays, default=None),
        "pay_mean": sum(pays) / len(pays) if pays else None,
        "pays": pays,
        "spend": sum(money) if money else None,
        "value_mean": sum(values) / len(values) if values else None,
        "value_min": min((v for v in values if v > 0), default=None),
        "value_max": max((v for v in values if v > 0), default=None),
        "sentiments": len(said),
        "sentiment": sum(said) / len(said) if said else None,
        "good": sum(s > 0 for s in said),
        "ill": sum(s < 0 for s in said),
        "trouble": trouble,
        "contacts": talk + kinds["response"],
        "visits": kinds["visit"] + kinds["event"],
        "messages": kinds["message"],
        "renewals": kinds["renewal"],
        "purchases": kinds["purchase"],
        "payments": kinds["renewal"] + kinds["purchase"],
        "weekend": sum(dt.date.fromordinal(r["day"]).isoweekday() >= 6 for r in steps),
        "discounted": sum(d > 0 for d in priced),
        "priced": len(priced),
        "referrals": kinds["referral"],
        "reviews": kinds["review"] + kinds["survey"],
        "responses": kinds["response"],
        "outreaches": kinds["outreach"],
        "complaints": len(complaints),
        "complained": min(complaints, default=None),
        "stayed": alive[-1] - min(complaints) if complaints and alive else None,
        "contract": given.get("contract_days"),
        "nps": given.get("nps"),
        "wallet": given.get("share_of_wallet"),
        "products": given.get("products"),
        "categories": len(
            {
                row["category"]
                for row in rows
                if row["kind"] in {"purchase", "renewal"} and row.get("category") is not None
            }
        )
        or None,
    }


def trend(rows, span):
    """By which part payments rose or fell: a straight line through the logarithms of what was paid."""
    paid = [
        (r["day"], round(math.log(r["value"]) * 4096) / 4096)
        for r in rows
        if r["kind"] in {"purchase", "renewal"} and r["value"] is not None and r["value"] > 0
    ]
    if len(paid) < 2 or not span:
        return {"rise": None, "fall": None}
    day = sum(d for d, _ in paid) / len(paid)
    log = sum(v for _, v in paid) / len(paid)
    slope = sum((d - day) * (v - log) for d, v in paid) / len(paid) / span * 12
    return {"rise": math.exp(slope) - 1, "fall": 1 - math.exp(slope)}


def usual(people):
    """What is usual here."""

    def total(name):
        return sum(p[name] or 0 for p in people)

    def share(part, whole):
        return total(part) / total(whole) if total(whole) else None

    def middle(name):
        found = [p[name] for p in people if p[name] is not None]
        return statistics.median(found) if found else None

    def mean(found):
        return sum(found) / len(found) if found else None

    pays = [gap for p in people for gap in p["pays"]]
    stayed = [
        p["held"]
        for p in people
        if p["held"] is not None and (p["span"] is None or p["live_gaps"] > 1)
    ]
    opinions = [
        p["sentiment"] if p["sentiment"] is not None else p["nps"] / 5 - 1
        for p in people
        if p["sentiment"] is not None or p["nps"] is not None
    ]
    return {
        "typical_span": mean(stayed),
        "typical_gap": share("span", "live_gaps"),
        "typical_pay": mean(pays),
        "typical_value": middle("value_mean"),
        "usual_spend": middle("spend"),
        "usual_sentiment": mean(opinions),
        "usual_good": share("good", "sentiments"),
        "usual_ill": share("ill", "sentiments"),
        "usual_trouble": share("trouble", "contacts"),
        "usual_renewal": share("renewals", "payments"),
        "usual_weekend": share("weekend", "interactions"),
        "usual_discounted": share("discounted", "priced"),
        "usual_response": share("responses", "outreaches"),
        "usual_nps": mean([p["nps"] for p in people if p["nps"] is not None]),
        "usual_products": mean([p["products"] for p in people if p["products"] is not None]),
        "usual_categories": mean(
            [p["categories"] for p in people if p["payments"] >= 2 and p["categories"] is not None]
        ),
        "yearly_purchases": 365.25 * total("purchases") / total("held") if total("held") else None,
        "yearly_complaints": 365.25 * total("complaints") / total("held")
        if total("held")
        else None,
        "yearly_visits": 365.25 * total("visits") / total("held") if total("held") else None,
        "yearly_messages": 365.25 * total("messages") / total("held") if total("held") else None,
    }


LENGTH = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}


def agrees(kind, told, value, bounds=(1.0, 5.0)):
    """Whether what was *told* is *value*, as far as it is shown."""
    return value is not None and COMPARE.get(kind, plainly)(told, value, bounds)


def lasts(told, value, _):
    number, _, unit = told.rpartition(" ")
    unit = unit.removesuffix("s")
    fine = unit == "year" or (unit == "day" and value < 9.95)
    shown = float(number.replace(",", "") or 1)
    return abs(shown - value / LENGTH[unit]) <= (0.05 if fine else 0.5) + 1e-6


def on_day(told, value, _):
    return dt.datetime.strptime(told, "%d %B %Y").date().toordinal() == value  # noqa: DTZ007


def per_cent(told, value, _):
    if told == "less than 1 %":
        return 0 < value < 0.005 + 1e-9
    return abs(float(told[:-2]) - 100 * value) <= 0.5 + 1e-6


def so_often(told, value, _):
    words = {"never": 0, "once": 1, "twice": 2}
    shown = words[told] if told in words else float(told.split()[0].replace(",", ""))
    return abs(shown - value) <= 0.5 + 1e-9


def counted(told, value, _):
    return (0 if told == "no" else int(told.replace(",", ""))) == value


def rated(told, value, bounds):
    low, high = bounds
    return abs(float(told.split()[0]) - (low + (value + 1) / 2 * (high - low))) <= 0.05 + 1e-6


def plainly(told, value, _):
    text = told.lstrip("£$€¥₹").replace(",", "")
    places = len(text.partition(".")[2])
    return abs(float(text) - value) <= 0.5 * 10**-places + 1e-6


COMPARE = {
    "D": lasts,
    "E": lasts,
    "A": on_day,
    "P": per_cent,
    "T": so_often,
    "C": counted,
    "R": rated,
    "S": rated,
}


def rows_of(table):
    """The log's rows with what a day and an opinion are."""
    for row in table.to_pylist():
        opinion = row.get("sentiment")
        opinion = row.get("rating_") if opinion is None else opinion
        yield {
            **row,
            "day": row["timestamp"].date().toordinal(),
            "value": row.get("value"),
            "discount": row.get("discount"),
            "opinion": opinion,
        }


def told_of(business, customers, seed, facts):
    """Every sentence of one simulated log, with what its numbers should be: (sentence, customer's)."""
    world = simulate(business, customers=customers, seed=seed, facts=facts)
    log = world.interactions
    table = world.customers if facts == "all" else None
    found = reltype.classify(log, customers=table, no_plugin=[])
    as_of = found.run.scales.as_of.toordinal()
    rows = list(rows_of(log))
    if "rating" in log.column_names:
        read_as = next(found.run.inputs.with_role("interactions")).guess.mapping.columns["rating"]
        scale = re.search(r"scale\(.*, *(-?[\d.]+), *(-?[\d.]+)\)", read_as)
        bounds = (float(scale[1]), float(scale[2])) if scale else (-1.0, 1.0)
        for row in rows:
            if row["opinion"] is None and row.get("rating") is not None:
                low, high = bounds
                if low <= row["rating"] <= high:  # else the cell is told of, and not used
                    row["opinion"] = 2 * (row["rating"] - low) / (high - low) - 1
    given = {}
    for row in table.to_pylist() if table is not None else ():
        since = row.get("since")
        day = since.toordinal() if since is not None else None
        given[row["customer_id"]] = {**row, "since": day}
    people, everyone = numbers(rows, given, as_of)
    for row in found.to_arrow().to_pylist():
        for reason in (*row["reasons"], *row["against"]):
            yield reason["text"], {**everyone, **people[row["customer_id"]]}


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--sentences", type=int, default=100_000)
    asked.add_argument("--customers", type=int, default=4000)
    given = asked.parse_args()
    patterns = compiled()
    counts, wrong, plain = Counter(), [], Counter()
    total = seed = 0
    while total < given.sentences:
        seed += 1
        for business in BUSINESSES:
            facts = "purchases" if seed % 3 == 0 else "all"
            for text, values in told_of(business, given.customers, seed, facts):
                total += 1
                bare = SPEAKS.sub("", text)
                if FORBIDDEN.search(bare):
                    wrong.append((business, text, "a reading"))
                elif not re.search(r"\d", bare):
                    plain[bare] += 1
                else:
                    check(patterns, business, bare, values, counts, wrong)
            if total >= given.sentences:
                break
    numbers_checked = sum(counts.values())
    print(f"{total:,} sentences, {sum(plain.values()):,} of them without a number")
    print(f"{numbers_checked:,} numbers compared with the rows: {len(wrong)} wrong")
    for business, text, why in wrong[:20]:
        print(f"  {business}: {text} ({why})")
    return 1 if wrong else 0


def check(patterns, business, text, values, counts, wrong):
    """Compare each number of *text*; where two patterns understand it, either may be meant."""
    failed = []
    for pattern, names in patterns:
        found = pattern.fullmatch(text)
        if found:
            told = list(zip(found.groups(), names, strict=True))
            off = [n for number, (kind, n) in told if not agrees(kind, number, values[n])]
            if not off:
                counts.update(name for _, name in names)
                return
            failed.append(", ".join(f"{n} is {values[n]}" for n in off))
    wrong.append((business, text, " or ".join(failed) or "not understood"))


if __name__ == "__main__":
    sys.exit(main())
