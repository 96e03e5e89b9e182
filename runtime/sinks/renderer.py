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
    ``Alert.json``); ``iso8601`` the form of the time.
    """

    json: bool = False
    iso8601: bool = False
    include: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, alert: Alert) -> str:
        """Return an alert as a line, without its end."""
        alert = self._timed(alert)
        return alert.json(**self.include) if self.json else alert.text()

    def document(self, alert: Alert, uuid: str) -> bytes:
        """Return an alert as falcosidekick takes it: JSON, with its fields and perhaps its name."""
        wanted: dict[str, Any] = {**self.include, "include_output_fields": True, "uuid": uuid}
        return self._timed(alert).json(**wanted).encode()

    def _timed(self, alert: Alert) -> Alert:
        return msgspec.structs.replace(alert, iso8601=True) if self.iso8601 else alert
