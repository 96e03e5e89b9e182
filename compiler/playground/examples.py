"""What the menu offers: rules that come with rulec, and events to try them on.

The rules are cut out of the shipped files, so they are what they are there. The events are
some of those in ``docs/samples``; system calls as the values of the fields that the rules name.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from rulec.playground.excerpt import excerpt
from rulec.playground.model import GivenFile, Preset
from rulec.text import File


@dataclass(frozen=True, slots=True)
class Example:
    """An entry of the menu: ``name`` is for programs, ``title`` and ``about`` for people.

    ``rules`` names rules in one of the shipped ``file``s, or nothing: then ``file`` itself is in
    the folder ``samples``, as ``event`` is, and ``source_file`` if there is one.
    """

    name: str
    title: str
    about: str
    event: str
    file: str
    rules: tuple[str, ...] = ()
    source_file: str = ""


EXAMPLES: Final = (
    Example(
        "pods",
        "Pods",
        "Kubernetes: a privileged pod, one that mounts a path of its node, and a harmless one",
        "pods.json",
        "pods.yaml",
    ),
    Example(
        "secrets",
        "Secrets",
        "Kubernetes: a secret that is read, one that may not be read, and a list of secrets",
        "secrets.json",
        "k8s_audit.yaml",
        ("K8s Secret Get Successfully", "K8s Secret Get Unsuccessfully Tried"),
    ),
    Example(
        "roles",
        "Roles",
        "Kubernetes: a role with a wildcard, and one that is a test away from an alert",
        "roles.json",
        "k8s_audit.yaml",
        ("ClusterRole With Wildcard Created", "ClusterRole With Write Privileges Created"),
    ),
    Example(
        "reverse-shell",
        "Reverse shell",
        "System calls: a web server starts a shell, which talks to a stranger",
        "reverse_shell.json",
        "syscall.yaml",
        ("Reverse Shell Command", "Shell Connected to Network"),
    ),
    Example(
        "terminal",
        "Shell in a container",
        "System calls: somebody sits at a shell in a container",
        "terminal.json",
        "syscall.yaml",
        ("Shell at Terminal in Container",),
    ),
    Example(
        "cloudtrail",
        "A source of your own",
        "CloudTrail: the description of its events, rules for them, and some events",
        "cloudtrail.json",
        "cloudtrail_rules.yaml",
        source_file="cloudtrail_source.yaml",
    ),
)


@cache
def preset_of(example: Example) -> Preset:
    """Return what the editors begin with when an example is chosen."""
    if example.rules:
        shipped = (files("rulec.rules") / example.file).read_text(encoding="utf-8")
        rules = excerpt(File(example.file, shipped), example.rules)
    else:
        rules = _text(example.file)
    given = [GivenFile("rules.yaml", rules)]
    if example.source_file:
        given.append(GivenFile("source.yaml", _text(example.source_file), "source"))
    return Preset(tuple(given), _text(example.event))


def _text(name: str) -> str:
    return (files("rulec.playground.samples") / name).read_text(encoding="utf-8")
