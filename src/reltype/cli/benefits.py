"""`reltype benefits`: what can be cultivated, and for whom."""

from __future__ import annotations

import click

from reltype.cli import options


@click.command(name="benefits")
@click.argument("name", required=False)
@click.option(
    "--for",
    "archetype",
    metavar="ARCHETYPE",
    help="Only those that suit this archetype, the best first.",
)
@options.knowledge
@options.output
def command(
    name: str | None,
    archetype: str | None,
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
    """
    plan = options.plan(typology, rules, no_plugin, config)
    chosen = list(plan.benefits)
    if archetype is not None:
        known = options.one("archetype", archetype, {a.name: a for a in plan.archetypes}).name
        chosen = [b for b in chosen if b.suits.get(known) and known not in b.not_for]
        chosen.sort(key=lambda b: -b.suits[known])
    if name is None:
        listed = [
            {
                "benefit": b.name,
                "definition": b.definition,
                "suits": ", ".join(sorted(b.suits, key=lambda a: -b.suits[a])),
                "owner": b.role,
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
    told += [("owner", benefit.role), ("horizon", benefit.horizon)]
    told += [("comes first when", benefit.when)] if benefit.when else []
    options.emit(options.rows([{"what": k, benefit.name: v} for k, v in told]), output, format_)
