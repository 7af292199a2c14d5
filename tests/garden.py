"""A small typology over a customer table, for tests that look at every number: quick to score."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

import reltype

PACK = """
[[features]]
name = "sap"
unit = "1"
summary = "What they say of us, 0 to 1."
change = "having {after:.2f} sap instead of {before:.2f}"

[[features]]
name = "wind"
unit = "1"
summary = "How easily they could leave, 0 to 1."
change = "standing in {after:percent} wind instead of {before:percent}"

[[features]]
name = "blooms"
unit = "count"
summary = "Gifts."
change = "blooming {after:times} instead of {before:times}"

[[features]]
name = "rings"
unit = "count"
summary = "Years that have passed: nobody can change them."
changeable = false

[[dimensions]]
name = "glow"
low = "cold"
high = "warm"
summary = "How warm it is."
source = "ours"
weight = 1.5

[[dimensions]]
name = "grip"
low = "loose"
high = "tight"
summary = "What holds them."
source = "ours"

[[signals]]
name = "sap rises"
dimension = "glow"
of = "sap"
weight = 2.0
observations = ""
summary = "Who is sappy is warm."
source = "ours"

[[signals]]
name = "blooms often"
dimension = "glow"
of = "blooms / (blooms + 2.0)"
weight = 1.0
observations = "blooms"
half_at = 2.0
summary = "Who gives is warm."
source = "ours"

[[signals]]
name = "old wood"
dimension = "grip"
of = "rings / (rings + 5.0)"
weight = 1.0
observations = ""
summary = "Who stayed is held."
source = "ours"

[[signals]]
name = "out of the wind"
dimension = "grip"
of = "1 - wind"
weight = 3.0
observations = ""
summary = "Who cannot leave is held."
source = "ours"

[[typologies]]
name = "garden"
summary = "Plants."
dimensions = ["glow", "grip"]
temperature = 1.25
warming = 0.4
unclassified_prior = 0.2
contamination = 0.03
min_confidence = 0.45
tell_apart = 0.3

[[typologies.certainty]]
name = "tentative"
at_least = 0.0

[[typologies.certainty]]
name = "likely"
at_least = 0.6

[[typologies.certainty]]
name = "sure"
at_least = 0.85

[[typologies.unclassified_when]]
name = "nothing known"
when = "glow is null and grip is null"
because = "nobody asked"

[[typologies.unclassified_when]]
name = "too new"
when = "rings < 1"
because = "planted {rings:.0f} rings ago"

[[typologies.base_rates]]
name = "free"
when = "wind > 0.8"
rates = { daisy = 2.0, ivy = 0.5 }
because = "nothing binds"

[[typologies.status]]
name = "growing"
when = "rings <= 10"

[[typologies.status]]
name = "old"
when = "rings > 5"

[[typologies.alarms]]
name = "withers"
when = "sap < 0.2"
because = "is sappy little"

[[typologies.alarms]]
name = "tangled"
when = "wind < 0.2 and sap < 0.5"
because = "bound and cold"

[[archetypes]]
name = "red rose"
typology = "garden"
summary = "Warm and held."
source = "ours"
prior = 1.4
[archetypes.prototype]
glow = { value = 0.8, tolerance = 0.2, target = 0.95 }
grip = { value = 0.75, tolerance = 0.25, open = "above" }

[[archetypes]]
name = "ivy"
typology = "garden"
summary = "Cold and held."
source = "ours"
[archetypes.prototype]
glow = { value = 0.25, tolerance = 0.2, target = 0.5 }
grip = { value = 0.8, tolerance = 0.2 }

[[archetypes]]
name = "daisy"
typology = "garden"
summary = "Warm and free."
source = "ours"
needs = "blooms is not null"
otherwise = "no bloom was counted"
[archetypes.prototype]
glow = { value = 0.65, tolerance = 0.3 }
grip = { value = 0.2, tolerance = 0.2, target = 0.4 }

[[rules]]
name = "gives and is sappy"
when = "sap > 0.7 and blooms >= 3"
archetype = "red rose"
weight = 1.2
because = "gave {blooms:.0f} blooms"

[[rules]]
name = "gives much"
when = "blooms >= 5"
archetype = "red rose"
weight = 0.8
because = "gave {blooms:.0f} blooms, which is much"

[[rules]]
name = "bound and cold"
when = "wind < 0.3 and sap < 0.4 and rings > 2"
archetype = "ivy"
weight = 1.0
because = "is sappy {sap:.2f}"

[[benefits]]
name = "water"
definition = "Care."
source = "ours"
raises = { glow = 0.6 }
suits = { "red rose" = 0.9, ivy = 0.5, daisy = 0.7 }
actions = ["Water."]
questions = ["Dry?"]
role = "service"
horizon = "short-term win"

[[benefits]]
name = "trellis"
definition = "Support."
source = "ours"
raises = { grip = 0.8, glow = 0.2 }
suits = { "red rose" = 0.6, daisy = 0.8 }
not_for = { ivy = "it has no need of more to hold on to" }
actions = ["Build."]
questions = ["Falls?"]
role = "consultation"
horizon = "long-term win"

[[benefits]]
name = "sun"
definition = "Light."
source = "ours"
raises = { glow = 0.4 }
suits = { ivy = 0.8, daisy = 0.3 }
actions = ["Prune."]
questions = ["Dark?"]
role = "advisory"
horizon = "new approach"

[[benefits]]
name = "first aid"
definition = "What is broken is mended."
source = "ours"
raises = { glow = 0.1 }
suits = { "red rose" = 0.2, ivy = 0.2, daisy = 0.2 }
not_for = { daisy = "it heals by itself" }
when = "sap < 0.3"
because = "it withers"
gate = true
actions = ["Mend."]
questions = ["Ill?"]
role = "service"
horizon = "short-term win"
"""


def plants(number=80, seed=1, holes=0.15):
    """A customer table: a row per plant, some cells null."""
    draw = np.random.default_rng(seed)
    columns = {
        "sap": np.round(draw.random(number), 2),
        "wind": np.round(draw.random(number), 2),
        "blooms": draw.integers(0, 9, number).astype(float),
        "rings": draw.integers(0, 20, number).astype(float),
    }
    made = {"customer_id": [f"p{i:03}" for i in range(number)]}
    for name, values in columns.items():
        empty = draw.random(number) < holes
        made[name] = [None if e else float(v) for v, e in zip(values, empty, strict=True)]
    return pa.table(made)


def hedge():
    """Plants that are much alike: of some, one change makes another; of some, two; of some, none."""
    draw = np.random.default_rng(3)
    sap, wind = np.round(draw.uniform(0.3, 0.6, (2, 30)), 2).tolist()
    blooms, rings = draw.integers(0, 5, 30).tolist(), draw.integers(1, 20, 30).tolist()
    sap[28:], wind[29:] = [None, None], [None]
    return pa.table(
        {
            "customer_id": [f"h{i:02}" for i in range(30)],
            "sap": sap,
            "wind": wind,
            "blooms": [float(v) for v in blooms],
            "rings": [float(v) for v in rings],
        }
    )


def read(table, **options):
    """The relationships of a table of plants."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "garden.toml"
        path.write_text(PACK)
        return reltype.classify(table, rules=[path], typology="garden", **options)


@cache
def judged():
    """A run over `plants()`, and its batches as the engine gave them: made once in a process."""
    run = read(plants()).run
    return run, tuple(run.population.batches())
