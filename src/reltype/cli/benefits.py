"""`reltype benefits`: what can be cultivated, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from attrs import evolve

from reltype.cli import options
from reltype.definitions.benefits import ROLES, Cut

if TYPE_CHECKING:
    from reltype.scoring.plan import Plan


@click.command(name="benefits")
@click.argument("name", required=False)
@click.option(
    "--for",
    "archetype",
    metavar="ARCHETYPE",
    help="Only those that suit this archetype, the best first.",
)
@click.option(
    "--matrix",
    "shown",
    flag_value="matrix",
    help="Which roles each archetype needs together, and how much of it is whose.",
)
@click.option(
    "--hand-overs",
    "shown",
    flag_value="hand-overs",
    help="Who hands over to whom: what builds on what, for --for ARCHETYPE or for each.",
)
@options.cut
@options.knowledge
@options.output
def command(
    name: str | None,
    archetype: str | None,
    shown: str | None,
    role: tuple[str, ...],
    focus: str | None,
    horizon: tuple[str, ...],
    typology: str | None,
    rules: tuple[str, ...],
    no_plugin: tuple[str, ...],
    config: str | None,
    output: str | None,
    format_: str | None,
) -> None:
    """List the relational benefits; with NAME, one in full: actions, questions, owner, cautions.

    \b
    reltype benefits
    reltype benefits --for "marriage of convenience"
    reltype benefits "trusted guide"
    reltype benefits --role service --horizon short
    reltype benefits --matrix
    reltype benefits --hand-overs --for "committed partnership"
    """
    plan = options.plan(typology, rules, no_plugin, config)
    plan = evolve(plan, cut=Cut.of(role, focus, horizon))
    chosen = list(plan.benefits)
    if archetype is not None:
        known = options.one("archetype", archetype, {a.name: a for a in plan.archetypes}).name
        chosen = [b for b in chosen if b.suits.get(known) and known not in b.not_for]
        chosen.sort(key=lambda b: -b.suits[known])
    if shown is not None:
        if archetype is not None:
            archetype = options.one(
                "archetype", archetype, {a.name: a for a in plan.archetypes}
            ).name
        listed = _matrix(plan, archetype) if shown == "matrix" else _hand_overs(plan, archetype)
        options.emit(options.rows(listed), output, format_)
        return
    if name is None:
        listed = [
            {
                "benefit": b.name,
                "definition": b.definition,
                "suits": ", ".join(sorted(b.suits, key=lambda a: -b.suits[a])),
                "owner": b.role,
                "focus": b.focus,
                "horizon": b.horizon,
            }
            for b in chosen
        ]
        options.emit(options.rows(listed), output, format_)
        return
    benefit = options.one("benefit", name, {b.name: b for b in plan.benefits})
    told = [("definition", benefit.definition), ("source", benefit.source)]
    told += [("suits", f"{a} ({share:g})") for a, share in benefit.suits.items()]
    told += [("raises", f"{d} ({share:g})") for d, share in benefit.raises.items()]
    told += [("not for", f"{a}: {why}") for a, why in benefit.not_for.items()]
    told += [("action", text) for text in benefit.actions]
    told += [("question", text) for text in benefit.questions]
    told += [("owner", benefit.role), ("focus", benefit.focus), ("horizon", benefit.horizon)]
    told += [("comes first when", benefit.when)] if benefit.when else []
    options.emit(options.rows([{"what": k, benefit.name: v} for k, v in told]), output, format_)


def _matrix(plan: Plan, archetype: str | None) -> list[dict[str, str]]:
    """A row an archetype: how much of what suits it is each role's, and who carries most."""
    from reltype.reporting.roles import matrix

    parts = matrix(plan)
    made = []
    for one in plan.archetypes:
        own = {part.role: part for part in parts if part.archetype == one.name}
        if not own or archetype not in {None, one.name}:
            continue
        lead = max(own.values(), key=lambda part: part.share)
        shares = {role: f"{own[role].share:.0%}" if role in own else "" for role in ROLES}
        made.append({"archetype": one.name, **shares, "leads": f"{lead.role}: {lead.benefits[0]}"})
    return made


def _hand_overs(plan: Plan, archetype: str | None) -> list[dict[str, str]]:
    """A row a benefit: whose it is, after whom, and why."""
    from reltype.reporting.roles import hand_overs

    return [
        {
            "archetype": one.archetype,
            "stage": one.stage,
            "role": one.role,
            "benefit": one.benefit,
            "takes over from": one.takes_over_from,
            "after": one.after,
            "both raise": ", ".join(one.dimensions),
        }
        for known in plan.archetypes
        if archetype in {None, known.name}
        for one in hand_overs(plan, known.name)
    ]
