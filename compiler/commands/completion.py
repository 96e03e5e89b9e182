"""``rulec completion``: print what lets a shell complete command lines of rulec."""

import click


@click.command(short_help="Print a script that lets a shell complete command lines.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print a script for SHELL, which lets it complete commands, options, files and names.

    Names of rules, macros and lists are those in the rules that stand before them on the line.

    \b
    eval "$(rulec completion bash)"      in ~/.bashrc
    eval "$(rulec completion zsh)"       in ~/.zshrc, behind compinit
    rulec completion fish > ~/.config/fish/completions/rulec.fish
    """
    from rulec.completion import script

    click.echo(script(shell), nl=False)
