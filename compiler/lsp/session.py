"""What the server knows at a time: settings, rule sets, and what came of checking them."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from lsprotocol.types import Position, PositionEncodingKind, TextEdit

from rulec.diagnostics import RulesError
from rulec.event_sources import known_sources
from rulec.lsp.checking import EMPTY, Snapshot, check, is_safe, linted
from rulec.lsp.navigation import Target, list_names, target
from rulec.lsp.positions import Lines
from rulec.lsp.proposals import Client
from rulec.lsp.reports import Pages, Remark, edits_of
from rulec.lsp.rule_sets import RuleSets, name_of
from rulec.lsp.settings import Settings, read_settings
from rulec.lsp.vocabulary import Scope
from rulec.runtime.sources import EventSource
from rulec.runtime.sources.json_source import JsonSource
from rulec.text import File

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file that is open: the file, its lines, and how many characters come before."""

    file: File
    lines: Lines
    offset: int


@dataclass
class Session:
    """Everything that requests are answered from. Positions are in ``encoding``."""

    encoding: PositionEncodingKind | str = PositionEncodingKind.Utf16
    client: Client = field(default_factory=Client)
    settings: Settings = field(default_factory=Settings)
    initial: Settings = field(default_factory=Settings)
    sets: RuleSets = field(default_factory=RuleSets)
    known: Mapping[str, EventSource] = field(default_factory=known_sources)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    remarks: dict[str, list[Remark]] = field(default_factory=dict)
    pages: Pages = field(default_factory=lambda: Pages.at(""))

    # --- settings -------------------------------------------------------------------

    def begin(self, given: object) -> list[str]:
        """Take the settings over that hold unless later ones say otherwise."""
        self.initial, _ = read_settings(given)
        return self.configure(given)

    def configure(self, given: object) -> list[str]:
        """Take settings over; return what is wrong with those that are left out."""
        self.settings, complaints = read_settings(given, self.initial)
        self.sets.paths = self.settings.paths
        missing = [path for path in self.sets.configured_paths() if not path.exists()]
        complaints += [f"there is no file {str(path)!r}" for path in missing]
        self.pages = Pages.at(self.settings.documentation)
        own = []
        base = self.sets.folders[0] if self.sets.folders else Path.cwd()
        for path in self.settings.source_files:
            try:
                own.append(JsonSource.from_yaml(base / Path(path).expanduser()))
            except (RulesError, OSError) as error:
                complaints.append(str(error).partition("\n")[0])
        self.known = known_sources(own, strict=self.settings.strict)
        unknown = [name for name in self.settings.sources if name not in self.known]
        complaints += [f"no event source {name!r}" for name in unknown]
        return complaints

    @property
    def scope(self) -> Scope:
        """What can be said about the event sources of an item."""
        return Scope(self.known, self.settings.sources)

    # --- files ----------------------------------------------------------------------

    def lines(self, file: File) -> Lines:
        """Return the lines of a file."""
        return _lines(file.content, self.encoding)

    def lines_of(self, name: str) -> Lines | None:
        """Return the lines of a file as it is now; None if there is no such file."""
        file = self.sets.file(name)
        return self.lines(file) if file is not None else None

    def spot(self, uri: str, position: Position) -> Spot | None:
        """Return a place in a file; None if there is no such file."""
        file = self.sets.file(name_of(uri))
        if file is None:
            return None
        lines = self.lines(file)
        return Spot(file, lines, lines.offset(position))

    def files(self, name: str) -> tuple[File, ...]:
        """Return the files that are loaded together with one, as they are now."""
        found = self.sets.files(self.sets.key(name))
        if any(file.name == name for file in found):
            return found
        alone = self.sets.file(name)
        return (alone,) if alone is not None else ()

    def target(self, spot: Spot) -> tuple[Target | None, tuple[File, ...]]:
        """Return what the word at a place names, and the files in which it can stand."""
        files = self.files(spot.file.name)
        return target(spot.file, spot.offset, list_names(files)), files

    # --- checks ---------------------------------------------------------------------

    def snapshot(self, name: str) -> Snapshot:
        """Return what is known of the rule set of a file."""
        return self.snapshots.get(self.sets.key(name), EMPTY)

    def checked(self, key: str) -> Snapshot:
        """Check a rule set. This takes a while, and changes nothing."""
        before = self.snapshots.get(key, EMPTY)
        files = self.sets.files(key) if self.sets.is_wanted(key) else ()
        try:
            return check(files, self.known, before)
        except Exception:  # one mistake here must not take the editor's help away
            logger.exception("rules could not be checked")
            return before

    def linted(self, snapshot: Snapshot) -> Snapshot:
        """Look for what is doubtful in a rule set. This takes longer, and changes nothing."""
        try:
            return linted(snapshot, self.known)
        except Exception:  # what was checked can be shown all the same
            logger.exception("rules could not be linted")
            return snapshot

    def remarks_on(self, name: str) -> Iterator[Remark]:
        """Yield what there is to say about a file, if it is still as it was checked."""
        current = self.sets.file(name)
        for remark in self.remarks.get(name, ()):
            if remark.file == current:
                yield remark

    def edits(self, remark: Remark) -> dict[str, list[TextEdit]] | None:
        """Return the edits of a remark, by URI; None if they cannot be made, or not safely."""
        finding = remark.finding
        if finding is not None:
            files = self.snapshot(remark.file.name).files
            if not is_safe(finding, files, self.known):
                return None
        found = edits_of(remark, self.lines_of)
        if found is None:
            return None
        return {self.sets.uri(name): edits for name, edits in found.items()}


@lru_cache(maxsize=16)
def _lines(content: str, encoding: PositionEncodingKind | str) -> Lines:
    return Lines(content, encoding)
