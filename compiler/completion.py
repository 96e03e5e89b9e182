"""Completion of command lines: what a shell is told when somebody presses the tab key.

Names of commands, options and choices come from click. What is added are names that only the
files on the command line know, and files wherever nothing else can be said.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
)

from rulec.cli import COMPLETE, cli
from rulec.items import ListItem, MacroItem, Rule
from rulec.runtime.sources import SOURCES

Items = list[CompletionItem[str]]

_PROGRAM: Final = "rulec"
_SUFFIXES: Final = (".yaml", ".yml")
# More rules than this are not read while somebody waits.
_MOST_BYTES: Final = 4_000_000

# That of click leaves names with blanks in them as they are, and expands stars in them. Here they
# are quoted as the word that was begun; names that cannot stand between its quotes are left out.
_BASH: Final = """\
%(complete_func)s() {
    local IFS=$'\\n' response type value quote=${COMP_WORDS[COMP_CWORD]:0:1}
    response=$(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
    COMPREPLY=()
    while IFS=, read -r type value; do
        if [[ $type == dir ]]; then
            compopt -o dirnames 2>/dev/null
        elif [[ $type == file ]]; then
            compopt -o default 2>/dev/null
        elif [[ $type == plain && $quote == \\' ]]; then
            [[ $value == *\\'* ]] || COMPREPLY+=("$value")
            compopt -o filenames 2>/dev/null
        elif [[ $type == plain && $quote == \\" ]]; then
            [[ $value == *[\\"\\$\\`\\\\!]* ]] || COMPREPLY+=("$value")
            compopt -o filenames 2>/dev/null
        elif [[ $type == plain ]]; then
            printf -v value %%q "$value"
            COMPREPLY+=("$value")
        fi
    done <<< "$response"
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class _Names(ShellComplete):
    """Completes what click knows nothing of."""

    def get_completions(self, args: list[str], incomplete: str) -> Items:
        try:
            found = self._found(args, incomplete)
        except Exception:
            return []  # whatever is wrong, nobody wants to read it in the middle of a line
        return [item for item in found if item.type != "plain" or item.value.isprintable()]

    def _found(self, args: list[str], incomplete: str) -> Items:
        last = args[-1] if args else ""
        if find := COMPLETED.get(last):
            names = dict.fromkeys(find(args))
            return [CompletionItem(name) for name in names if name.startswith(incomplete)]
        if args == ["fields"] and not incomplete.startswith("-"):
            return [CompletionItem(name) for name in SOURCES if name.startswith(incomplete)]
        found = super().get_completions(args, incomplete)
        if not found and args and not incomplete.startswith("-"):
            return [CompletionItem(incomplete, type="file")]
        return found


class _Bash(_Names, BashComplete):
    source_template = _BASH

    def source(self) -> str:
        # Without running bash to look at its version.
        return ShellComplete.source(self)


class _Zsh(_Names, ZshComplete):
    pass


class _Fish(_Names, FishComplete):
    pass


# The shells whose lines can be completed, one entry each.
SHELLS: Final[Mapping[str, type[ShellComplete]]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def script(shell: str) -> str:
    """Return what a shell has to run to complete the command lines of rulec."""
    return _of(shell).source()


def answer(instruction: str) -> str:
    """Return what a shell that was given such a script has asked for.

    The line is in the variables of the environment that the script sets.
    """
    shell, _, wanted = instruction.partition("_")
    if shell not in SHELLS or wanted not in ("source", "complete"):
        return ""
    return script(shell) if wanted == "source" else _of(shell).complete()


def _of(shell: str) -> ShellComplete:
    return SHELLS[shell](cli, {}, _PROGRAM, COMPLETE)


# --- names in files ------------------------------------------------------------------------


def _defined(kind: type[Rule] | type[MacroItem] | type[ListItem]) -> "Find":
    """Return what finds the names of all items of a kind in the rules on a command line."""

    def find(args: Sequence[str]) -> Iterator[str]:
        from rulec.documents import read_rules_file
        from rulec.files import collect

        for file in collect(_rules_files(args)):
            for reading in read_rules_file(file).readings:
                if isinstance(reading.item, kind):
                    yield reading.item.name

    return find


def _rules_files(args: Sequence[str]) -> Iterator[Path]:
    """Yield the rules files among the words of a command line, as long as they are not too large.

    Modules are left out: they would have to be run to be read.
    """
    from rulec.files import rules_files

    size = 0
    for word in args[1:]:  # behind the name of the command
        name = word.partition("=")[2] if word.startswith("--") else word
        path = Path(os.path.expanduser(name))  # noqa: PTH111 - a name that is unknown stays
        if not name or not (path.is_dir() or path.suffix in _SUFFIXES):
            continue
        for file in rules_files(path):
            if file.is_file() and (size := size + file.stat().st_size) <= _MOST_BYTES:
                yield file


def _sources(args: Sequence[str]) -> Iterator[str]:
    """Yield the event sources that come with rulec, and those of the user's on a command line."""
    from rulec.runtime.sources.json_source import JsonSource

    yield from SOURCES
    for option, value in pairwise(args):
        if option == "--source-file":
            yield JsonSource.from_yaml(value).name


Find = Callable[[Sequence[str]], Iterable[str]]

# The options whose values are such names, of whatever command, one entry each.
COMPLETED: Final[Mapping[str, Find]] = {
    "--rule": _defined(Rule),
    "--macro": _defined(MacroItem),
    "--list": _defined(ListItem),
    "--source": _sources,
}
