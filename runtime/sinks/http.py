"""Alerts for an HTTP server, such as falcosidekick: one request for each.

With a folder for it, alerts go through a spool on disk: they are safe there
at once, and a second thread posts them. Without, they wait in memory.
"""

from functools import partial
from hashlib import blake2b
from pathlib import Path
from re import sub
from threading import Condition, Thread
from time import monotonic

from rulec.runtime.rendering import counted
from rulec.runtime.sinks.attempts import Attempts, Backoff
from rulec.runtime.sinks.client import Client
from rulec.runtime.sinks.renderer import Renderer
from rulec.runtime.sinks.sink import Counters, Delivery, GoneError, Settings, Sink, reason
from rulec.runtime.sinks.spool import Spool


class Http(Sink):
    """An HTTP server. An alert is safe when it was answered with success."""

    identifies = True
    batch = 1  # each is safe when it was written

    def __init__(self, name: str, client: Client, render: Renderer) -> None:
        super().__init__(name)
        self._client = client
        self._render = render

    def write(self, delivery: Delivery) -> None:
        self._client.post(self._render.document(delivery.alert, delivery.id))

    def abort(self) -> None:
        self._client.abort()

    def close(self, timeout: float) -> bool:
        self._client.close()
        return True


class SpooledHttp(Sink):
    """An HTTP server with a spool before it. An alert is safe when it is in the spool."""

    identifies = True
    longest_pause = 2.0

    def __init__(
        self,
        name: str,
        client: Client,
        render: Renderer,
        spool: Spool,
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(name)
        self._client = client
        self._render = render
        self._spool = spool
        self._backoff = backoff or Backoff()
        self._posted = 0
        self._changed = Condition()
        self._closing = False

    def open(self) -> None:
        self._spool.open()
        self._attempts = Attempts(self.name, self.notice, self._backoff)
        self._thread = Thread(target=self._post_all, name=f"rulec {self.name} post", daemon=True)
        if self._spool.cut:
            left = counted(self._spool.cut, "byte")
            self.notice(f"{self.name}: {left} cut off from the spool: they are no whole alert")
        if self._spool.count:
            self.notice(f"{self.name}: {counted(self._spool.count, 'alert')} left in the spool")
        self._thread.start()

    def write(self, delivery: Delivery) -> None:
        if not self._thread.is_alive():
            raise GoneError("nothing is posted any more")
        self._spool.append(self._render.document(delivery.alert, delivery.id))

    def flush(self) -> None:
        self._spool.sync()
        with self._changed:
            self._changed.notify_all()

    @property
    def folder(self) -> Path:
        """The folder of the spool."""
        return self._spool.folder

    # --- the thread that posts ----------------------------------------------------------

    def _post_all(self) -> None:
        try:
            while self._wait():
                if not self._post_next():
                    break
        except Exception as error:  # an error of ours; the spool has the alerts
            self.notice(f"{self.name}: {type(error).__name__}: {reason(error)}")
        finally:
            self._client.close()
            self._spool.close()

    def _wait(self) -> bool:
        """Wait for something in the spool; return whether there is anything to be done."""
        with self._changed:
            self._changed.wait_for(lambda: self._spool.count or self._closing)
            return self._spool.count > 0 and not self._attempts.given_up

    def _post_next(self) -> bool:
        """Post the first alert in the spool; return whether it is worth going on."""
        damaged = self._spool.damaged
        found: list[bytes | None] = []
        if not self._attempts.until_done(lambda: found.append(self._spool.first())):
            return False
        if self._spool.damaged > damaged:
            self.notice(f"{self.name}: the spool is damaged; what cannot be read is dropped")
        (document,) = found
        if document is None:
            return True
        dropped = self._attempts.dropped
        if not self._attempts.until_done(partial(self._client.post, document)):
            return False
        self._posted += self._attempts.dropped == dropped
        self._spool.remove()
        return True

    # --- the end ------------------------------------------------------------------------

    def close(self, timeout: float) -> bool:
        deadline = monotonic() + timeout
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._attempts.hurry()
        self._thread.join(timeout)
        if self._thread.is_alive():
            self._attempts.give_up()
            self._client.abort()
            self._thread.join(max(0.0, deadline - monotonic()) + 1)
        return not self._spool.count

    def count(self, counters: Counters) -> Counters:
        return Counters(
            delivered=self._posted,
            failed=counters.failed + self._attempts.failed,
            spooled=self._spool.count,
            waiting=counters.waiting,
            dropped=counters.dropped + self._attempts.dropped + self._spool.damaged,
        )

    @property
    def error(self) -> str:
        return self._attempts.error


def made(name: str, argument: str, settings: Settings) -> Http | SpooledHttp:
    """Return the sink that was asked for.

    :raises ValueError: if there is no URL, or it cannot be used.
    """
    try:
        client = Client(argument, ca_file=settings.ca_file, certificate=settings.certificate)
    except OSError as error:
        raise ValueError(f"cannot read the certificates: {reason(error)}") from None
    if settings.spool is None:
        return Http(name, client, settings.render)
    spool = Spool(settings.spool / _folder_name(argument), settings.spool_limit)
    return SpooledHttp(name, client, settings.render, spool)


def _folder_name(url: str) -> str:
    """Return a name for a folder that people recognise and no other URL has."""
    readable = sub(r"[^A-Za-z0-9.]+", "-", url).strip("-.")[:60]
    return f"{readable}-{blake2b(url.encode(), digest_size=4).hexdigest()}"
