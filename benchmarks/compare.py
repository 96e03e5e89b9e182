"""Compare rulec with decoders, with plain functions and with other engines, in one run."""

import json
import platform
import sys
from pathlib import Path
from typing import Any

import click
from compile_times import Compiling, compile_all
from contenders import Contenders, DisagreementError, Logs
from peers import PEERS, installed
from report import Grid, asked, figures, missing_peers, requirements
from rich.console import Console
from rich.table import Table
from timing import Results, measure


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rounds", default=9, show_default=True, help="How often everything is measured.")
@click.option("--events", default=8_000, show_default=True, help="Events in each workload.")
@click.option("--svg", type=click.Path(path_type=Path), help="Draw charts into this folder.")
@click.option("--json", "data", type=click.Path(path_type=Path), help="Write all rounds here.")
@click.option("--markdown", is_flag=True, help="Print Markdown, for docs/performance.md.")
def main(rounds: int, events: int, svg: Path | None, data: Path | None, markdown: bool) -> None:
    """Compare rulec with decoders, with plain functions and with other engines.

    First all engines must agree, for every event, on the rules that match. If two do
    not, the event is shown and the exit status is 1. How fast they are never changes it.

    Then each engine matches the same events, in turns and in another order in each
    round. The table has the CPU time per event: of the middle round, of the best
    one, and as a multiple of what the group is compared with (the row with 1.00).
    Microseconds say something about the machine; only ratios within one run
    say something about the engines. What is asked of rulec comes last.

    \b
    typical      what a cluster logs on an ordinary day; 1.2 % raise an alert
    alert-heavy  larger events, of which 62 % raise one
    churn        typical, with a new user and a new object in each event

    Other engines are compared if they are installed:

    \b
    pip install -e '.[bench]'
    python benchmarks/compare.py
    python benchmarks/compare.py --rounds 3 --events 500    # a quick look
    """
    notes = Console(stderr=True)
    with notes.status("compiling rules ..."):
        rulesets, compiling = compile_all()
    with notes.status("comparing answers ..."):
        contenders = Contenders(Logs.make(events, rounds), rulesets)
        try:
            compared = contenders.check()
        except DisagreementError as error:
            raise click.ClickException(str(error)) from None
    notes.print(f"All engines agree on {compared:,} events.")
    for name in missing_peers():
        notes.print(f"{name}: not installed")
    with notes.status("measuring ...") as status:
        results = measure(
            contenders.all(), rounds, lambda done: status.update(f"round {done} of {rounds} ...")
        )
    rules = tuple(rulesets)
    found = requirements(results, compiling)
    for grid in (figures(results, rules), asked(found)):
        show(grid, markdown)
    if data is not None:
        data.write_text(json.dumps(record(results, compiling), indent=1) + "\n", "utf-8")
    if svg is not None:
        from charts import draw  # Only this needs matplotlib.

        for path in draw(svg, results, rules, compiling):
            notes.print(f"{path} written")


def show(grid: Grid, markdown: bool) -> None:
    """Print a table."""
    if markdown:
        click.echo(f"{grid.markdown()}\n")
        return
    table = Table(title=grid.title, title_justify="left")
    for number, heading in enumerate(grid.header):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    for row in grid.rows:
        table.add_row(*(cell.replace("**", "") for cell in row))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def record(results: Results, compiling: Compiling) -> dict[str, Any]:
    """Return everything that was measured, and with what, as JSON."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": {distribution: installed(distribution) for _, distribution, _ in PEERS},
        "microseconds": [
            {"engine": engine, "workload": workload, "rounds": found.rounds}
            for (engine, workload), found in results.items()
        ],
        "compile_seconds": compiling.seconds,
        "import_seconds": compiling.import_seconds,
    }


if __name__ == "__main__":
    main()
