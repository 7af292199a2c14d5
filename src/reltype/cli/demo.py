"""`reltype demo`: a simulated log whose truth is known, classified before your eyes."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="demo")
@click.option(
    "--business",
    default="coffee bar",
    show_default=True,
    metavar="NAME",
    help="Whose log to simulate.",
)
@click.option(
    "--customers",
    default=2000,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="How many customers.",
)
@click.option("--seed", default=1, show_default=True, metavar="N", help="Which run.")
@click.option(
    "--purchases-only", is_flag=True, help="A log that holds nothing but purchases and amounts."
)
@click.option(
    "-d",
    "--directory",
    default="reltype-demo",
    show_default=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where to write the log, the truth and the result.",
)
def command(
    business: str, customers: int, seed: int, purchases_only: bool, directory: Path
) -> None:
    """Simulate a log with known truth, classify it, and say how often that was right.

    It writes interactions.csv, truth.csv and relationships.csv (and customers.csv where the
    business has a customer table), so that you can try every other command on them.
    """
    import pyarrow.csv as pc

    from reltype.api import classify
    from reltype.cli.print_summary import print_summary
    from reltype.learning.evaluation import agreement
    from reltype.simulate import simulate

    made = simulate(
        business, customers=customers, seed=seed, facts="purchases" if purchases_only else "all"
    )
    directory.mkdir(parents=True, exist_ok=True)
    files = {"interactions": made.interactions, "customers": made.customers, "truth": made.truth}
    for name, table in files.items():
        if table is not None:
            pc.write_csv(table, directory / f"{name}.csv")
    log, accounts = directory / "interactions.csv", directory / "customers.csv"
    tables = accounts if made.customers is not None else None
    found = classify(log, customers=tables)
    found.write(directory / "relationships.csv")
    print_summary(found.summary(), err=False)
    click.echo(f"\nAgainst the truth that the simulator knows ({directory / 'truth.csv'}):\n")
    click.echo(agreement(found.to_arrow(), made.truth).text())
    more = f" --customers {accounts}" if tables else ""
    click.echo(
        f"\nNext:  reltype classify {log}{more}\n       reltype explain {log}{more} --customer {found.to_arrow()['customer_id'][0]}"
    )
