"""Who uses what, as a graph in the language of Graphviz."""

from collections.abc import Iterator

from rulec.dependencies import Dependencies, Item, Kind

_SHAPES = {Kind.RULE: "box", Kind.MACRO: "ellipse", Kind.LIST: "note"}


def graph(dependencies: Dependencies, item: Item | None = None) -> Iterator[str]:
    """Yield the lines of the graph of all items, or of those that have to do with one."""
    kept = list(_about(dependencies, item))
    yield "digraph rules {"
    yield "  rankdir=LR;"
    for each in kept:
        yield f"  {_id(each)} [label={_quoted(each.name)}, shape={_SHAPES[each.kind]}];"
    for each in kept:
        for use in dependencies.uses(each):
            if use.item in kept:
                yield f"  {_id(each)} -> {_id(use.item)};"
    yield "}"


def _about(dependencies: Dependencies, item: Item | None) -> Iterator[Item]:
    every = (each for kind in Kind for each in dependencies.items(kind))
    if item is None:
        yield from every
        return
    below = {item, *dependencies.everything(item)}
    for each in every:
        if each in below or item in dependencies.everything(each):
            yield each


def _id(item: Item) -> str:
    return _quoted(f"{item.kind.value} {item.name}")


def _quoted(text: str) -> str:
    r"""Return a text as a quoted string of Graphviz, on one line.

    >>> print(_quoted('a "b"\n'))
    "a \"b\"\n"
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + "".join(c if c.isprintable() else "\ufffd" for c in escaped) + '"'
