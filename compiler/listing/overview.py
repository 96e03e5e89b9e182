"""The list of rules: the rules of each event source, two lines each."""

import re
from collections.abc import Iterator
from textwrap import shorten
from typing import Final

from rulec.diagnostics import printable
from rulec.listing.layout import WIDTH
from rulec.listing.ruleset import Described, Listing, where

_PRIORITY: Final = len("Informational")


def overview(listing: Listing) -> Iterator[str]:
    """Yield the lines of the list."""
    rules = listing.described()["rules"]
    for source in dict.fromkeys(rule["info"]["source"] for rule in rules):
        yield f"{source}:"
        for rule in rules:
            if rule["info"]["source"] == source:
                yield from _entry(rule["info"])


def _entry(info: Described) -> Iterator[str]:
    margin = " " * (_PRIORITY + 4)
    tags = f" [{', '.join(info['tags'])}]" if info["tags"] else ""
    disabled = "" if info["enabled"] else " (disabled)"
    yield printable(f"  {info['priority']:{_PRIORITY}}  {info['name']}{disabled}{tags}")
    sentence, *_ = re.split(r"(?<=[.!?])\s", info["description"].strip(), maxsplit=1)
    description = shorten(sentence, WIDTH - len(margin), placeholder=" ...")
    yield printable(margin + description)


def unused(listing: Listing) -> Iterator[str]:
    """Yield a line for each macro and list that no rule uses."""
    dependencies = listing.dependencies
    for item in dependencies.unused():
        yield printable(f"{item.kind.value} {item.name} ({where(dependencies.place(item))})")
