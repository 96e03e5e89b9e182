"""``rulec fmt``: lay rules files out for reading."""

import errno
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from tempfile import NamedTemporaryFile

import click

from rulec.cli import BAD_INPUT, BAD_RULES, FOUND
from rulec.commands.options import quiet_option
from rulec.diagnostics import Diagnostic, RulesError
from rulec.files import LONGEST_FILE, decode, read_file, rules_files, shown, unreadable
from rulec.formatting import format_text
from rulec.runtime.rendering import counted
from rulec.text import File

_STDIN = Path("-")
# Other characters that end lines elsewhere are part of a line here.
_LINE = re.compile("[^\n]*\n|[^\n]+")


@click.command(short_help="Lay rules files out for reading.")
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, readable=False),  # what is not is reported with the rest
    metavar="PATH...",
)
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 if a file is not formatted."
)
@click.option("--diff", is_flag=True, help="Like --check, and print what formatting would change.")
@click.option(
    "--stdin-filename",
    default="<stdin>",
    metavar="NAME",
    help="What standard input is called in messages.",
)
@quiet_option
def command(
    paths: tuple[Path, ...], check: bool, diff: bool, stdin_filename: str, quiet: bool
) -> None:
    """Format the rules files in PATH... (files, and directories of them) in place.

    With - as the only PATH, standard input is formatted to standard output.
    What rules mean stays the same, and so does every comment. A file of which
    that cannot be shown is left as it is, and reported.

    \b
    rulec fmt rules/                    format them
    rulec fmt --check rules/            in CI: tell which files are not formatted

    The exit status is 0 if all is well, 1 if --check or --diff found something
    to format, 2 if a file holds no rules, 4 if a file cannot be written.
    """
    if _STDIN in paths and len(paths) > 1:
        raise click.UsageError("- stands for standard input, and can only be the one PATH")
    run = _Run(writes=not (check or diff), diff=diff)
    if _STDIN in paths:
        run.stream(stdin_filename)
    else:
        for path in paths:
            run.files(path)
        if not quiet:
            click.echo(run.summary(paths), err=True)
    raise click.exceptions.Exit(run.status)


@dataclass
class _Run:
    """What is done with files, and what has come of it so far."""

    writes: bool
    diff: bool
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    unwritten: int = 0

    @property
    def status(self) -> int:
        if self.refused:
            return BAD_RULES
        if self.unwritten:
            return BAD_INPUT
        return FOUND if self.changed and not self.writes else 0

    def summary(self, paths: Iterable[Path]) -> str:
        """Say in a line how many files there were, and what became of them."""
        parts = [
            f"{counted(self.changed, 'file')} {'formatted' if self.writes else 'to format'}",
            f"{self.unchanged} left as {'it is' if self.unchanged == 1 else 'they are'}",
        ]
        if not (self.changed or self.unchanged or self.refused or self.unwritten):
            return f"no .yaml or .yml files in {', '.join(map(str, paths))}"
        if self.refused:
            parts.append(f"{self.refused} refused")
        return ", ".join(parts)

    def stream(self, name: str) -> None:
        """Format standard input."""
        text = decode(sys.stdin.buffer.read(LONGEST_FILE))
        new = self._formatted(name, text)
        if new is None:
            return
        if self.writes:
            sys.stdout.buffer.write(new.encode())
        elif new != text:
            self._tell(name, text, new)

    def files(self, path: Path) -> None:
        """Format the files that a path stands for."""
        try:
            found = list(rules_files(path))
        except OSError as error:
            self._refuse([unreadable(shown(path), error.strerror or "cannot be read")])
            return
        for file in found:
            self._file(file)

    def _file(self, path: Path) -> None:
        try:
            file: File = read_file(path)
        except OSError as error:
            self._refuse([unreadable(shown(path), error.strerror or "cannot be read")])
            return
        new = self._formatted(file.name, file.content)
        if new is None:
            return
        if new == file.content:
            self.unchanged += 1
        elif not self.writes:
            self._tell(file.name, file.content, new)
        else:
            self._write(path, file.name, new)

    def _formatted(self, name: str, text: str) -> str | None:
        try:
            return format_text(text, name)
        except RulesError as error:
            self._refuse(error.diagnostics)
            return None

    def _refuse(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.refused += 1
        for diagnostic in diagnostics:
            click.echo(str(diagnostic), err=True)

    def _tell(self, name: str, old: str, new: str) -> None:
        self.changed += 1
        if self.diff:
            click.echo("".join(_diff(name, old, new)), nl=False)
        else:
            click.echo(name)

    def _write(self, path: Path, name: str, new: str) -> None:
        try:
            _replace(path.resolve(), new.encode())
        except OSError as error:
            self.unwritten += 1
            click.echo(f"rulec fmt: cannot write {name}: {error.strerror}", err=True)
            return
        self.changed += 1
        click.echo(name)


def _replace(path: Path, content: bytes) -> None:
    """Replace a file by another one at once: whoever reads it sees the old or the new one."""
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    old = path.stat()
    with NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
        new = Path(stream.name)
        try:
            stream.write(content)
            stream.flush()
            with suppress(OSError):  # only root may give files away
                os.chown(new, old.st_uid, old.st_gid)
            new.chmod(stat.S_IMODE(old.st_mode))
            new.replace(path)
        except BaseException:
            new.unlink()
            raise


def _diff(name: str, old: str, new: str) -> Iterator[str]:
    for line in unified_diff(
        _LINE.findall(old),
        _LINE.findall(new),
        name,
        f"{name} (formatted)",
    ):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
