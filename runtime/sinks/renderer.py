"""The forms of alerts: a line of text, or Falco's JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rulec.runtime.alert import Alert


@dataclass(frozen=True, slots=True)
class Renderer:
    """The form of alerts, as a function that gives one line for each.

    ``json`` chooses Falco's JSON, of which ``include`` leaves parts out (see
    ``Alert.json``); ``iso8601`` the form of the time. ``named`` says that JSON has the
    names of alerts, for who may get the same one twice.
    """

    json: bool = False
    iso8601: bool = False
    include: Mapping[str, Any] = field(default_factory=dict)
    named: bool = False

    @property
    def names(self) -> bool:
        """Whether there are names in lines."""
        return self.json and self.named

    def __call__(self, alert: Alert, uuid: str = "") -> str:
        """Return an alert as a line, without its end; ``uuid`` is its name."""
        alert = self._timed(alert)
        if not self.json:
            return alert.text()
        return alert.json(**self.include, uuid=uuid if self.named else "")

    def document(self, alert: Alert, uuid: str) -> bytes:
        """Return an alert as falcosidekick takes it: JSON, with its fields and perhaps its name."""
        wanted: dict[str, Any] = {**self.include, "include_output_fields": True, "uuid": uuid}
        return self._timed(alert).json(**wanted).encode()

    def _timed(self, alert: Alert) -> Alert:
        return msgspec.structs.replace(alert, iso8601=True) if self.iso8601 else alert
