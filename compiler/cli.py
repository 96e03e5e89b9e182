"""The command line: what the commands are called, and what their failures mean.

Each command is a module of its own, imported when it is called, so that
``rulec --version`` and ``--help`` answer at once.
"""

import gc
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

# Every command, one entry each: its module and its line in the list of commands.
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "build": ("rulec.commands.build", "Compile rules to a Python module."),
    "check": ("rulec.commands.check", "Tell what is wrong with rules."),
    "completion": (
        "rulec.commands.completion",
        "Print a script that lets a shell complete command lines.",
    ),
    "diff": ("rulec.commands.diff", "Tell what two rulesets say differently."),
    "explain": ("rulec.commands.explain", "Tell why a rule fires on an event, or does not."),
    "fields": ("rulec.commands.fields", "List the fields that rules can use."),
    "fmt": ("rulec.commands.fmt", "Lay rules files out for reading."),
    "k8s": ("rulec.commands.k8s", "Have a cluster log and send what the rules need."),
    "lsp": ("rulec.commands.lsp", "Help an editor with rules files."),
    "playground": ("rulec.commands.playground", "Try rules on events in the browser."),
    "profile": ("rulec.commands.profile", "Tell what rules cost on a log, and what would help."),
    "rules": ("rulec.commands.rules", "List and describe rules, macros and lists."),
    "run": ("rulec.commands.run", "Match events and print the alerts."),
    "scenario": ("rulec.commands.scenario", "Make a capture of a scenario, or list its events."),
    "serve": ("rulec.commands.serve", "Take audit events over HTTP and print the alerts."),
    "test": ("rulec.commands.test", "Run tests of rules."),
}

# Exit statuses, the same for every command.
FOUND: Final = 1
BAD_RULES: Final = 2
BAD_USAGE: Final = 3
BAD_INPUT: Final = 4

# The variable by which a shell asks how a command line may go on.
COMPLETE: Final = "_RULEC_COMPLETE"


class _Commands(click.Group):
    """A group that imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            from difflib import get_close_matches  # nobody else needs it

            near = get_close_matches(cmd_name, COMMANDS, n=1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"there is no command {cmd_name!r}{hint}")
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from rulec.version import version

        click.echo(f"rulec {version()}")
        ctx.exit()


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 fine, 1 findings, 2 rules cannot be loaded, 3 wrong usage, "
    "4 input unreadable.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Print the version.",
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Compile Falco rules to Python, and match security events with them.

    \b
    rulec run -r rules/ audit.log           print the alerts of a log
    rulec build rules/ -o compiled.py       write the rules as a Python module
    rulec check rules/                      tell what is wrong with them
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit status."""
    _open_missing_streams()
    # Compiling makes many objects, and few rings of them that somebody would have to look for.
    gc.set_threshold(100_000)
    if instruction := os.environ.get(COMPLETE):
        from rulec.completion import answer

        click.echo(answer(instruction))
        sys.exit(0)
    try:
        status = _run(sys.argv[1:] if arguments is None else arguments)
        gc.freeze()  # all of it is let go now: no need to look for rings in it first
        sys.exit(status)
    except BrokenPipeError:
        # Whoever read our output has seen enough: say nothing more, and let
        # nothing be said when Python ends, either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        click.echo(f"rulec: cannot write: {error.strerror}", err=True)
        sys.exit(BAD_INPUT)


def _run(arguments: list[str]) -> int:
    try:
        with cli.make_context("rulec", list(arguments)) as ctx:
            cli.invoke(ctx)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        sys.stdout.flush()
        return error.exit_code
    except click.ClickException as error:
        complain(error.format_message(), error)
        return BAD_USAGE
    except (click.Abort, KeyboardInterrupt):
        return 130
    return 0


def _open_missing_streams() -> None:
    """Give a process that was started without standard streams some that lead nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def complain(message: str, error: click.ClickException | None = None) -> None:
    """Print one line about what is wrong with the call."""
    ctx = getattr(error, "ctx", None)
    command = ctx.command_path if ctx else "rulec"
    line = " ".join(message.split())
    click.echo(f"{command}: {line} (try '{command} --help')", err=True)
