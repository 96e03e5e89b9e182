"""Who uses what, as trees of lines."""

from collections.abc import Callable, Iterator, Sequence

from rulec.dependencies import Dependencies, Item, Kind, Use
from rulec.listing.ruleset import where
from rulec.runtime.rendering import counted


def uses(item: Item, dependencies: Dependencies) -> Iterator[str]:
    """Yield what an item uses, and below that what that uses, with where it is defined."""

    def below(item: Item) -> Sequence[Use]:
        return [Use(use.item, dependencies.place(use.item)) for use in dependencies.uses(item)]

    yield from _tree(item, below, dependencies)


def users(item: Item, dependencies: Dependencies) -> Iterator[str]:
    """Yield what uses an item, and below that what uses that, with the places where."""
    yield from _tree(item, dependencies.users, dependencies)


def _tree(
    item: Item, below: Callable[[Item], Sequence[Use]], dependencies: Dependencies
) -> Iterator[str]:
    shown = {item}
    pending = [(use, 0) for use in reversed(below(item))]
    while pending:
        use, level = pending.pop()
        children = below(use.item)
        again = use.item in shown and bool(children)
        more = ", see above" if again else _size(use.item, dependencies)
        yield f"{'  ' * level}{use.item.kind.value} {use.item.name} ({where(use.span)}{more})"
        if not again:
            shown.add(use.item)
            pending += [(child, level + 1) for child in reversed(children)]


def _size(item: Item, dependencies: Dependencies) -> str:
    if item.kind is not Kind.LIST:
        return ""
    return f", {counted(len(dependencies.definitions.lists[item.name].items), 'item')}"
