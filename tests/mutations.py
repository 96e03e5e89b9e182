"""Rules files with something wrong in them: mutations of bytes, of structure, of conditions.

``mutant`` makes one from a few seeds. The same random numbers give the same
mutant, so that a failure can be made again from its number.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, TypeAlias

import yaml

LARGEST: Final = 200_000  # bytes of a mutant
DEEPEST: Final = 100  # levels of what is mutated by its structure


def mutant(seeds: Sequence[bytes], random: Random) -> bytes:
    """Return one of the seeds, or parts of two, with one to five mutations."""
    content = random.choice(seeds)
    if random.random() < 0.2:
        content = _spliced(content, random.choice(seeds), random)
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        mutate = random.choice((_bytes_mutated, _structure_mutated, _structure_mutated))
        content = mutate(content, random)[:LARGEST]
    return content


def _spliced(content: bytes, other: bytes, random: Random) -> bytes:
    if random.random() < 0.6:
        return content + random.choice((b"\n", b"\n---\n", b"")) + other
    return content[: random.randint(0, len(content))] + other[random.randint(0, len(other)) :]


# --- bytes --------------------------------------------------------------------------

ODD_TEXTS: Final = (
    *("\0", "\x01", "\x1b[31m", "\x7f", "\x85", "\r", "\v", "\f", "\u2028", "\u2029", "\ufeff"),
    *("\u202e", "\u2066", "\u200b", "\u061c", "e\u0301", "\U0001f600", "\U000e0041", "\ufffe"),
    *("'", '"', "\\", "`", "%", "%%", "#", " #", ": ", "- ", "? ", "!", "!!map ", "&a ", "*a"),
    *("|", ">", "|+9\n", "{", "}", "[", "]", ",", "---\n", "...\n", "%YAML 9.9\n", "<<: *a\n"),
    *("\t", "\n", "\r\n", "\n\n", " ", "  ", "(", ")", "=", "!=", "<NA>", "~", "null"),
    *("9" * 30, "-1", "0x" + "f" * 40, "1e999", "0" * 5000, "9" * 5000, '"\\ud800"', '"\\x"'),
    *("%ka.verb[", "%ka.uri.param[a", "%evt.time", "%-5ka.verb", "%999999999ka.verb", "\\"),
)
ODD_BYTES: Final = (
    *(text.encode("utf-8") for text in ODD_TEXTS),
    *(b"\x80", b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80"),
)
NESTED: Final = ("(", "[", "{", "{a: ", "- ", "? ", "not ", "not(", "tolower(", "len(", "((a) and ")


def _bytes_mutated(content: bytes, random: Random) -> bytes:
    return random.choice(_OF_BYTES)(content, random)


def _flip(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) or 1)
    return (
        content[:at]
        + bytes(b ^ 1 << random.randrange(8) for b in content[at : at + 1])
        + (content[at + 1 :])
    )


def _insert(content: bytes, random: Random) -> bytes:
    at = random.randint(0, len(content))
    return content[:at] + random.choice(ODD_BYTES) + content[at:]


def _delete(content: bytes, random: Random) -> bytes:
    start, end = _slice(content, random)
    return content[:start] + content[end:]


def _duplicate(content: bytes, random: Random) -> bytes:
    start, end = _slice(content, random)
    return content[:end] + content[start:end] + content[end:]


def _repeat(content: bytes, random: Random) -> bytes:
    start, end = _slice(content, random)
    return content[:end] + content[start:end] * random.choice((5, 50, 500, 5000)) + content[end:]


def _truncate(content: bytes, random: Random) -> bytes:
    return content[: random.randint(0, len(content))]


def _nest(content: bytes, random: Random) -> bytes:
    at = random.randint(0, len(content))
    return content[:at] + _deep(random).encode() + content[at:]


def _deep(random: Random) -> str:
    return random.choice(NESTED) * random.choice((3, 30, 70, 150, 1000, 20_000))


def _number(content: bytes, random: Random) -> bytes:
    found = list(re.finditer(rb"[0-9]+", content))
    if not found:
        return content
    match = random.choice(found)
    number = random.choice((b"0", b"-1", b"9" * 20, b"4294967296", b"1e9", b"0777", b"9" * 5000))
    return content[: match.start()] + number + content[match.end() :]


def _swap_lines(content: bytes, random: Random) -> bytes:
    lines = content.splitlines(keepends=True)
    if lines:
        one, other = random.randrange(len(lines)), random.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _other_blanks(content: bytes, random: Random) -> bytes:
    old, new = random.choice(
        ((b"\n", b"\r\n"), (b"\n", b"\r"), (b"  ", b"\t"), (b" ", b"\xc2\xa0"))
    )
    return content.replace(old, new, random.choice((-1, 1, 3)))


def _slice(content: bytes, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(content))
    return start, min(len(content), start + random.choice((1, 2, 5, 20, 100, 1000)))


_OF_BYTES: Final = (
    *(_flip, _insert, _insert, _delete, _duplicate, _repeat, _truncate, _nest, _number),
    *(_swap_lines, _other_blanks),
)


# --- structure ----------------------------------------------------------------------


@dataclass
class Pairs:
    """A mapping, in which keys can be anything and occur more than once."""

    pairs: list[list["Tree"]] = field(default_factory=list)


Tree: TypeAlias = "str | list[Tree] | Pairs"
Slot: TypeAlias = tuple[list[Any], int]  # where a node stands: in a list, or in a pair


def _structure_mutated(content: bytes, random: Random) -> bytes:
    try:
        documents = parsed(content.decode("utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError):
        return _bytes_mutated(content, random)
    for _ in range(random.choice((1, 1, 2))):
        if slots := list(slots_of(documents)):
            random.choice(_OF_STRUCTURE)(documents, slots, random)
    try:
        return written(documents, random).encode("utf-8", "surrogatepass")
    except (yaml.YAMLError, RecursionError):
        return _bytes_mutated(content, random)


def parsed(content: str) -> list[Tree]:
    """Return the documents of a YAML text; aliases are the same object again."""
    documents: list[Tree] = []
    open_nodes: list[tuple[list[Any], Tree | None]] = []
    anchors: dict[str, Tree] = {}
    for event in yaml.parse(content, Loader=yaml.SafeLoader):
        node: Tree
        match event:
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                open_nodes.append(([], event.anchor))
                if len(open_nodes) > DEEPEST:
                    raise ValueError("PyYAML needs very long for what is nested so deeply")
                continue
            case yaml.ScalarEvent():
                node, anchor = event.value, event.anchor
            case yaml.AliasEvent():
                node, anchor = anchors.get(event.anchor, ""), None
            case yaml.SequenceEndEvent():
                node, anchor = open_nodes.pop()
            case yaml.MappingEndEvent():
                flat, anchor = open_nodes.pop()
                node = Pairs([flat[at : at + 2] for at in range(0, len(flat), 2)])
            case _:
                continue
        if anchor:
            anchors[anchor] = node
        (open_nodes[-1][0] if open_nodes else documents).append(node)
    return documents


def written(documents: list[Tree], random: Random) -> str:
    """Return YAML for documents, in random styles; an object that is there twice is an alias."""

    def events() -> Iterator[yaml.Event]:
        yield yaml.StreamStartEvent()
        for document in documents:
            yield yaml.DocumentStartEvent(explicit=len(documents) > 1)
            yield from node_events(document, {}, random)
            yield yaml.DocumentEndEvent()
        yield yaml.StreamEndEvent()

    width = random.choice((20, 80, 10_000))
    text: str = yaml.emit(events(), Dumper=yaml.SafeDumper, allow_unicode=True, width=width)
    return text


def node_events(node: Tree, seen: dict[int, str], random: Random) -> Iterator[yaml.Event]:
    """Yield the events of YAML that stand for a node."""
    if isinstance(node, str):
        style = random.choice((None, None, None, "'", '"', "|", ">"))
        yield yaml.ScalarEvent(None, None, (True, True), node, style=style)
        return
    if id(node) in seen:
        yield yaml.AliasEvent(seen[id(node)])
        return
    seen[id(node)] = anchor = f"n{len(seen)}"
    flow = random.random() < 0.3
    if isinstance(node, list):
        yield yaml.SequenceStartEvent(anchor, None, True, flow_style=flow)
        for item in node:
            yield from node_events(item, seen, random)
        yield yaml.SequenceEndEvent()
    else:
        yield yaml.MappingStartEvent(anchor, None, True, flow_style=flow)
        for pair in node.pairs:
            for part in pair:
                yield from node_events(part, seen, random)
        yield yaml.MappingEndEvent()


def slots_of(documents: list[Tree]) -> Iterator[Slot]:
    """Yield the place of every node, keys included."""
    waiting: list[list[Any]] = [documents]
    seen: set[int] = set()
    while waiting:
        container = waiting.pop()
        if id(container) in seen:
            continue
        seen.add(id(container))
        for position, node in enumerate(container):
            yield container, position
            if isinstance(node, list):
                waiting.append(node)
            elif isinstance(node, Pairs):
                waiting += node.pairs


def _pick(slots: Sequence[Slot], random: Random) -> tuple[list[Any], int, Any]:
    container, position = random.choice(slots)
    position = min(position, len(container) - 1)
    return container, position, container[position]


def _containers(documents: list[Tree], slots: Sequence[Slot]) -> list[list[Any]]:
    """Return the lists of which nodes can be taken out: not the two halves of a pair."""
    nodes = [container[position] for container, position in slots]
    found = [node.pairs if isinstance(node, Pairs) else node for node in nodes]
    return [documents, *(node for node in found if isinstance(node, list) and node)]


def _drop(documents: list[Tree], slots: Sequence[Slot], random: Random) -> None:
    container = random.choice(_containers(documents, slots))
    del container[random.randrange(len(container))]


def _again(documents: list[Tree], slots: Sequence[Slot], random: Random) -> None:
    container = random.choice(_containers(documents, slots))
    copied = random.choice(container)
    copied = list(copied) if isinstance(copied, list) else copied
    container.insert(random.randint(0, len(container)), copied)


def _shuffle(documents: list[Tree], slots: Sequence[Slot], random: Random) -> None:
    random.shuffle(random.choice(_containers(documents, slots)))


def _swap(documents: list[Tree], slots: Sequence[Slot], random: Random) -> None:
    one, here, node = _pick(slots, random)
    other, there, another = _pick(slots, random)
    one[here], other[there] = another, node


def _share(documents: list[Tree], slots: Sequence[Slot], random: Random) -> None:
    container, position, _ = _pick(slots, random)
    container[position] = _pick(slots, random)[2]


def _move(documents: list[Tree], slots: Sequence[Slot], random: Random) -> None:
    lists = [c[p] for c, p in slots if isinstance(c[p], list) and c[p]] or [documents]
    moved, target = random.choice(lists), random.choice(lists)
    node = moved.pop(random.randrange(len(moved)))
    target.insert(random.randint(0, len(target)), node)


def _replace(documents: list[Tree], slots: Sequence[Slot], random: Random) -> None:
    container, position, node = _pick(slots, random)
    container[position] = random.choice(
        (
            *("", "~", "yes", "False", "1", "-1", "0x10", "9" * 30, "append", "replace", "a b"),
            *([], [""], ["a", ["b"]], [[node]], Pairs(), Pairs([["a", node]]), Pairs([["", "~"]])),
            *(random.choice(ODD_TEXTS), _deep(random), "x" * 300, "x" * 70_000),
        )
    )


def _rename_key(documents: list[Tree], slots: Sequence[Slot], random: Random) -> None:
    pairs = [pair for c, p in slots if isinstance(c[p], Pairs) for pair in c[p].pairs]
    if pairs:
        pair = random.choice(pairs)
        longer = f"{pair[0]}s" if isinstance(pair[0], str) else "s"
        pair[0] = random.choice((*KEYS, longer, random.choice(ODD_TEXTS)))


def _rename(documents: list[Tree], slots: Sequence[Slot], random: Random) -> None:
    """Call something by another name, in one place or everywhere."""
    names = names_of(slots) or ["a"]
    old, new = random.choice(names), random.choice([*names, "and", "not", "in", "exists", "x y"])
    texts = [(c, p) for c, p in slots if isinstance(c[p], str) and old in c[p]]
    if random.random() < 0.7:
        texts = random.sample(texts, min(1, len(texts)))
    for container, position in texts:
        container[position] = container[position].replace(old, new)[:100_000]


def names_of(slots: Sequence[Slot]) -> list[str]:
    """Return what macros, lists, rules, exceptions are called."""
    naming = ("macro", "list", "rule", "name", "source")
    pairs = (container for container, position in slots if position == 1 and len(container) == 2)
    return [p[1] for p in pairs if p[0] in naming and isinstance(p[1], str) and p[1]]


# --- conditions ---------------------------------------------------------------------

KEYS: Final = (
    *("rule", "macro", "list", "items", "condition", "output", "desc", "priority", "source"),
    *("enabled", "tags", "exceptions", "append", "override", "name", "fields", "comps", "values"),
    *("warn_evttypes", "skip-if-unknown-filter", "capture", "capture_duration", "version"),
    *("required_engine_version", "required_plugin_versions", "alternatives"),
)
WORDS: Final = (
    *("and", "or", "not", "(", ")", ",", "=", "==", "!=", "<", "<=", ">", ">=", "in", "exists"),
    *("contains", "icontains", "startswith", "endswith", "glob", "iglob", "regex", "pmatch"),
    *("intersects", "bcontains", "bstartswith", "oneof", "anyof", "allof", "val(", "tolower("),
    *("toupper(", "b64(", "basename(", "len(", "join(", "concat(", "getopt(", "[0]", "[a]", "()"),
    *(
        "ka.verb",
        "ka.user.groups",
        "ka.user.name",
        "ka.uri.param[a]",
        "ka.req.pod.volumes.hostpath",
    ),
    *("jevt.value[/a/0]", "evt.type", "evt.time", "evt.rawtime", "own.number", "own.list", "ka.no"),
    *(
        "own.address",
        "own.network",
        "own.flag",
        "own.bytes",
        "own.each[1]",
        "own.key[a]",
        "proc.name",
    ),
    *("<NA>", "1", "-1", "1.5", "0x10", "10.0.0.0/8", "::1", "true", '"a b"', "'x'", "^(a+)+$"),
    *('"\\x00"', "[", "*", "?", "a*b?[c]", "/etc", "256:300", '"', "'", "\\", "%", "#"),
)
_WORD: Final = re.compile(r"\s+|[()=!<>,]+|\"[^\"]*\"?|'[^']*'?|[^\s()=!<>,\"']+")


def _reword(documents: list[Tree], slots: Sequence[Slot], random: Random) -> None:
    """Change words of conditions, outputs and other long texts, or join two of them."""
    texts = [(c, p) for c, p in slots if isinstance(c[p], str) and " " in c[p]]
    if not texts:
        return
    container, position = random.choice(texts)
    words = _WORD.findall(container[position])[:2000]
    for _ in range(random.choice((1, 1, 2, 4))):
        start = random.randint(0, len(words))
        end = start + random.choice((0, 1, 1, 2, 5))
        other, there = random.choice(texts)
        others = _WORD.findall(other[there])[:2000] or [""]
        new = random.choice(
            (
                [],
                [" ", random.choice((*WORDS, *names_of(slots))), " "],
                words[start:end] * 2,
                [" ", random.choice(("and", "or", "and not")), " (", *others, ")"],
                others[random.randrange(len(others)) :][:9],
                [_deep(random)],
            )
        )
        words[start:end] = new
    container[position] = "".join(words)[:100_000]


def _grow(documents: list[Tree], slots: Sequence[Slot], random: Random) -> None:
    """Add macros or lists that go in circles, or double each other, and a use of them."""
    names = names_of(slots) or ["a"]
    count = random.choice((2, 5, 12, 20, 60))
    first, last = "grown_0", f"grown_{count}"
    form = random.choice(
        ("{m} and {m}", "({m} or not {m})", "not {m}", "{m}", "{m} or ka.verb=x{n}")
    )
    kind = random.choice(("macro", "list"))
    items: list[Tree] = []
    for n in range(count + 1):
        before = f"grown_{n - 1}" if n else random.choice((last, first, *names, "ka.verb = a"))
        if kind == "macro":
            body: Tree = form.format(m=before, n=n) if n else before
            items.append(Pairs([["macro", f"grown_{n}"], ["condition", body]]))
        else:
            items.append(
                Pairs([["list", f"grown_{n}"], ["items", [before] * random.choice((1, 2, 9))]])
            )
    order = random.choice((items, items[::-1], [*items, *items]))
    use = last if kind == "macro" else f"ka.verb in ({last})"
    rule = [["rule", "Grown"], ["desc", "d"], ["condition", use], ["output", "%ka.verb"]]
    root = next((node for node in documents if isinstance(node, list)), documents)
    root += [*order, Pairs([*rule, ["priority", "INFO"], ["source", "k8s_audit"]])]


_OF_STRUCTURE: Final[tuple[Callable[[list[Tree], Sequence[Slot], Random], None], ...]] = (
    *(_drop, _again, _shuffle, _swap, _share, _move, _replace, _replace, _rename_key, _rename),
    *(_reword, _reword, _reword, _reword, _grow),
)
