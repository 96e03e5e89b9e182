"""What is said of a change that was found, and what else there is to know."""

from collections.abc import Iterator

from rulec.explain.atoms import Atom
from rulec.explain.changes import Nothing, Turner, Turning
from rulec.explain.results import Change, Part, Setting, Why
from rulec.explain.seeing import name_of, plain
from rulec.explain.sentences import how
from rulec.references import shape


def changes(turner: Turner, turning: Turning | Nothing) -> tuple[Change, ...]:
    """Return the changes that turn a verdict, in the order of writing."""
    if isinstance(turning, Nothing):
        return ()
    atoms = [turner.whatif.atoms[number] for number in sorted(turning.flips)]
    return tuple(_change(atom, turner, turning) for atom in atoms)


def _change(atom: Atom, turner: Turner, turning: Turning) -> Change:
    now = turner.now[atom.number]
    settings = []
    for name in atom.variables if atom.number not in turning.unfound else ():
        if name in turning.settings:
            loaded, value = turner.whatif.atoms.variables[name], turning.settings[name]
            shown = plain(value, loaded.field)
            settings.append(Setting(name_of(loaded), shown, loaded, value))
    is_list = any(shape(test.value).is_list for test in atom.tests)
    sentence = how(atom.part.written, not now, is_list=is_list)
    return Change(atom.part, now, not now, sentence, tuple(settings))


def notes(root: Part, turning: Turning | Nothing, holds: bool) -> Iterator[str]:
    """Yield what else there is to know of a verdict, in sentences."""
    yield from _unknowable(root)
    match turning:
        case Nothing(certain=True):
            yield f"no event could make it {'false' if holds else 'true'}"
        case Nothing():
            yield f"no change was found that would make it {'false' if holds else 'true'}"
        case Turning(certain=False):
            yield "the condition is large: fewer changes may do"
        case Turning():
            pass


def _unknowable(root: Part) -> Iterator[str]:
    """Yield why fields cannot be known that the verdict depends on."""
    reasons: dict[str, dict[str, None]] = {}
    for part in root.walk():
        if part.decisive and part.why is Why.UNKNOWABLE:
            for seen in part.seen:
                if seen.value is None and seen.absent_because:
                    reasons.setdefault(seen.absent_because, {})[seen.field] = None
    for reason, fields in reasons.items():
        names = ", ".join(fields)
        yield f"nobody can know {names}: {reason}"
