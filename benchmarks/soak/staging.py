"""A server, what sends to it, and what takes its alerts: what all scenarios begin with."""

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

from soak.certificates import Certificates
from soak.checking import Comparison, compared
from soak.falcosidekick import Arrived, Falcosidekick, arrived
from soak.kube_apiserver import KubeApiserver, Sent, Task
from soak.rules import compiled, write_rules
from soak.serving import Served
from soak.traffic import Expected, Traffic


@dataclass(frozen=True)
class Stage:
    """A server that is ready, and a receiver of its alerts, which keeps them in ``file``."""

    served: Served
    receiver: Falcosidekick
    file: Path
    rules: tuple[Path, ...]
    traffic: Traffic
    expected: Expected
    certificates: Certificates | None

    def client(self, rate: float, **more: Any) -> KubeApiserver:
        """Return a client that sends so many events a second; ``more`` is for its ``Task``."""
        traffic = self.traffic
        made_of = {each.name: getattr(traffic, each.name) for each in fields(traffic) if each.init}
        ca = certificate = None
        if self.certificates is not None:
            ca, certificate = str(self.certificates.ca), str(self.certificates.client)
        batches = rate / traffic.size
        return KubeApiserver(Task(self.served.url, ca, certificate, made_of, batches, **more))

    def arrived(self) -> Arrived:
        """Return what has arrived at the receiver."""
        return arrived(self.file)

    def compared(self, batches: Iterable[Sent], but: Container[int] = ()) -> Comparison:
        """Compare what has arrived with what is expected of batches; see ``compared``."""
        return compared(self.arrived(), batches, self.expected, but)


@dataclass(frozen=True)
class Staging:
    """How to set a stage.

    With ``tls`` clients need a certificate; with ``names`` also the right name in it.
    With ``every_event`` there is an alert for each event. ``silent_every`` is about the receiver.
    """

    traffic: Traffic
    tls: bool = True
    names: bool = True
    every_event: bool = False
    silent_every: int = 0

    @contextmanager
    def set(
        self,
        folder: Path,
        *options: str,
        disk: Path | None = None,
        output: tuple[str, ...] | None = None,
    ) -> Iterator[Stage]:
        """Set it in an empty folder, and clear everything away at the end of the block.

        ``options`` are for the server. Its journal and its spool are on ``disk``, if that is given.
        ``output`` is where alerts go instead of to the receiver.
        """
        rules = write_rules(folder, every_event=self.every_event)
        matching = "all" if self.every_event else "first"
        expected = self.traffic.expected(compiled(rules, matching))
        certificates = Certificates.made(folder, names=self.names) if self.tls else None
        file, disk = folder / "received", disk or folder
        with Falcosidekick(file, silent_every=self.silent_every) as receiver:
            to_receiver = ("--output", f"http:{receiver.url}", "--spool", str(disk / "spool"))
            make = partial(Served, folder, rules, "--rule-matching", matching)
            with make(
                *(output or to_receiver),
                *options,
                certificates=certificates,
                journal=disk / "journal",
            ) as served:
                served.start()
                served.await_ready()
                yield Stage(served, receiver, file, rules, self.traffic, expected, certificates)
