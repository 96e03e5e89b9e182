"""``rulec build``: compile rules to a Python module."""

from pathlib import Path
from typing import Any

import click

from rulec.cli import BAD_INPUT
from rulec.commands.options import compiled, paths, quiet_option, report_warnings, strategy
from rulec.runtime.rendering import counted


@click.command(short_help="Compile rules to a Python module.")
@paths()
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to write the module: FILE.py, FILE.pyc for bytecode, or - for standard output.",
)
@strategy
@quiet_option
def command(paths: tuple[Path, ...], output: Path, quiet: bool, **options: Any) -> None:
    """Compile the rules in PATH... to one Python module.

    The module needs only rulec.runtime. The same rules give the same bytes,
    wherever they are, so it can be checked in and compared.

    \b
    rulec build rules/ -o compiled.py
    python -c 'from compiled import ruleset; print(ruleset.match(event, source="k8s_audit"))'
    """
    if output.suffix not in (".py", ".pyc") and str(output) != "-":
        raise click.BadParameter("name a .py or a .pyc file, or -", param_hint="'-o'")
    built = compiled(paths, **options)
    if not quiet:
        report_warnings(built.warnings)
    content = built.code.encode()
    if output.suffix == ".pyc":
        from rulec.runtime.loading import to_bytecode

        content = to_bytecode(built.code)
    try:
        with click.open_file(str(output), "wb", atomic=str(output) != "-") as stream:
            stream.write(content)
    except BrokenPipeError:
        raise
    except OSError as error:
        click.echo(f"rulec build: cannot write {output}: {error.strerror}", err=True)
        raise click.exceptions.Exit(BAD_INPUT) from None
    if str(output) != "-" and not quiet:
        size = f"{counted(built.rules, 'rule')}, {counted(len(content), 'byte')}"
        click.echo(f"{output}: {size}", err=True)
