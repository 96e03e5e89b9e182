"""Every event source, one entry each.

A source is a folder below this one with two modules: ``fields`` has the
catalogue ``FIELDS``, and ``documents`` a function ``read`` from a document to
its events. They are loaded when they are first needed: a built module needs
no catalogue.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from rulec.runtime.fields import Catalogue


@dataclass(frozen=True, slots=True)
class EventSource:
    """A stream of events that rules can be about.

    ``lenient`` sources accept what older rules for them rely on: ``<NA>`` as
    a constant for "no value", ``A:B`` for a range of integers, and scalar
    operators on list fields.
    """

    name: str
    doc: str
    package: str
    lenient: bool = False

    @property
    def fields(self) -> Catalogue:
        """The fields of the source's events, by name."""
        found: Catalogue = import_module(f"{self.package}.fields").FIELDS
        return found

    @property
    def read(self) -> Callable[[Any], Any]:
        """The function from a document to its events and to what was rejected."""
        found: Callable[[Any], Any] = import_module(f"{self.package}.documents").read
        return found


SOURCES: Final[Mapping[str, EventSource]] = {
    source.name: source
    for source in (
        EventSource(
            "k8s_audit",
            "Kubernetes audit events, as kube-apiserver logs and posts them.",
            f"{__name__}.k8s_audit",
            lenient=True,
        ),
    )
}
