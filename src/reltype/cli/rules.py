"""`reltype rules`: the rules, what is wrong with them, and what they do on given customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reltype.cli import options

if TYPE_CHECKING:
    from reltype.reporting.rules import RuleReport
    from reltype.scoring.plan import Plan

BAD_PACK = 3


@click.command(name="rules")
@click.argument("data", type=options.FILE, nargs=-1)
@click.option(
    "--check", is_flag=True, help="Look for rules that cannot be right; exit 3 if there are any."
)
@click.option(
    "--labels",
    metavar="FILE",
    help="With DATA: what some customers are, to count how often rules are right.",
)
@options.data
@options.knowledge
@options.output
def command(
    data: tuple[str, ...],
    check: bool,
    labels: str | None,
    output: str | None,
    format_: str | None,
    **given: Any,  # noqa: ANN401
) -> int:
    """List the rules; with DATA, say on whom they fire; with --check, what is wrong with them.

    \b
    reltype rules
    reltype rules --check --rules my.toml
    reltype rules orders.csv --labels labels.csv

    With DATA the columns are: coverage, the share of customers on whom the rule fires; unknown,
    the share of whom an input was not seen; overlap, the share on whom another rule fires too;
    conflict, the share on whom a rule for another archetype fires too; counts, the share of its
    weight that it adds after others that fire have been heard; accuracy, the share of labelled
    customers that are what it says.
    """
    if check and (data or labels):
        raise click.UsageError("--check looks at rules alone: leave out DATA and --labels.")
    if labels and not data:
        raise click.UsageError("--labels goes with DATA.")
    if check:
        return _check(given)
    if data:
        made = [_row(report) for report in _reports(data, labels, given)]
    else:
        made = _listed(
            options.plan(*(given[k] for k in ("typology", "rules", "no_plugin", "config")))
        )
    options.emit(options.rows(made), output, format_)
    return 0


def _check(given: dict[str, Any]) -> int:
    from reltype.reporting.flaws import flaws

    known = options.known(given["rules"], given["no_plugin"], given["config"], strict=True)
    found = flaws(known)
    wrong = [flaw for flaw in found if flaw.wrong]
    for changed in known.catalogue.overrides:
        click.echo(f"Changed: {changed.text}", err=True)
    for flaw in wrong:
        click.echo(f"Error: {flaw}", err=True)
    options.tell(str(flaw) for flaw in found if not flaw.wrong)
    rules = known.catalogue.rules.values()
    examples = sum(len(rule.examples) for rule in rules)
    click.echo(
        f"{len(rules)} rules and {examples} examples checked: {len(wrong)} wrong, "
        f"{len(found) - len(wrong)} to look at.",
        err=True,
    )
    return BAD_PACK if wrong else 0


def _listed(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "rule": rule.name,
            "archetype": rule.archetype,
            "weight": f"{rule.weight:g}",
            "when": " ".join(rule.when.split()),
            "source": rule.source,
            "from": plan.catalogue.owners.get(("rule", rule.name), ""),
        }
        for rule in plan.rules
    ]


def _reports(
    data: tuple[str, ...], labels: str | None, given: dict[str, Any]
) -> tuple[RuleReport, ...]:
    from reltype.learning.evaluation.labels import Labels
    from reltype.reporting.rules import rule_reports

    run = options.run(data=data, **given)
    said = None if labels is None else Labels.of(labels, run.plan.archetypes)
    return rule_reports(run, said)


def _row(report: RuleReport) -> dict[str, str]:
    def share(part: float | None) -> str:
        return "" if part is None else f"{part:.3f}"

    return {
        "rule": report.rule,
        "archetype": report.archetype,
        "coverage": share(report.coverage),
        "unknown": share(report.unknown),
        "overlap": share(report.overlap),
        "conflict": share(report.conflict),
        "weight": f"{report.weight:g}",
        "counts": share(report.counts),
        "labelled": str(report.labelled),
        "accuracy": share(report.accuracy),
    }
