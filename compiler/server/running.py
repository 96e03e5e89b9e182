"""The life of the server: from the first request to a clean end."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rulec.runtime.ruleset import Ruleset
from rulec.runtime.sinks import Outputs, Sink
from rulec.server.app import App
from rulec.server.listener import Listener
from rulec.server.metrics import Metrics
from rulec.server.rulebook import Rulebook
from rulec.server.service import Service
from rulec.server.settings import Limits, Listen


@dataclass(frozen=True)
class Setup:
    """What a server is made of.

    It begins with ``ruleset``, whose rules are about ``source``; ``load`` makes it anew
    from ``paths``, or raises ``RefusedRulesError``. ``tried`` is the fingerprint of these
    files from before they were read; ``watched`` says that they are read anew when they
    change. ``folder`` is for the journal.
    """

    ruleset: Ruleset
    source: str
    load: Callable[[], Ruleset]
    paths: tuple[Path, ...]
    tried: bytes
    watched: bool
    folder: Path
    sinks: Sequence[Sink]
    listen: Listen
    limits: Limits


class Running:
    """A server that runs until a signal ends it, or something that it cannot do without.

    ``notice`` is told in lines what an operator should know. To be made in an event loop.

    :raises OutputError: if an output cannot be opened.
    :raises JournalError: if another server has the folder.
    :raises OSError: if the folder cannot be used.
    :raises ListenError: if nothing can listen where it was wanted.
    """

    def __init__(self, setup: Setup, notice: Callable[[str], object]) -> None:
        self._setup = setup
        self._notice = notice
        self._failure: str | None = None
        self._end = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._reloads: set[asyncio.Future[bool]] = set()
        self._metrics = Metrics()
        self._listener = Listener(setup.listen, setup.limits, notice)
        self._outputs = Outputs(setup.sinks, notice)
        self.rulebook = Rulebook(
            setup.ruleset,
            setup.source,
            any(sink.identifies for sink in setup.sinks),
            setup.load,
            setup.paths,
            setup.tried,
            self._loaded,
            notice,
        )
        try:
            self._service = Service(
                setup.folder,
                setup.limits,
                self._outputs,
                lambda: self.rulebook.current,
                self._metrics,
                notice,
                self._failed,
            )
        except BaseException:
            self._outputs.close(0)
            raise
        self._app = App(self._service, setup.listen.endpoint, setup.listen.tokens)

    async def run(self, ready: Callable[[], object]) -> str | None:
        """Serve until the end; return what went wrong, or None.

        ``ready`` is called when clients are answered from then on.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._end.set)
        self._loop.add_signal_handler(signal.SIGHUP, self._reload)
        self._service.start()
        serving = asyncio.ensure_future(self._listener.serve(self._app))
        serving.add_done_callback(lambda _: self._end.set())
        watching = asyncio.ensure_future(self._watch())
        opening = asyncio.ensure_future(self._listener.opened())
        opening.add_done_callback(lambda opened: opened.cancelled() or ready())
        await self._end.wait()
        self._app.closing = True
        watching.cancel()
        opening.cancel()
        if serving.done():
            self._failure = self._failure or f"the listener ended: {serving.exception()}"
        else:
            self._listener.stop()
            # Who is slow has as much time as always.
            await asyncio.wait((serving,), timeout=self._setup.limits.timeout)
        finished = await asyncio.to_thread(self._service.stop, self._setup.limits.grace)
        if not finished and self._failure is None:
            self._notice("what is not finished stays in the journal")
        return self._failure

    async def _watch(self) -> None:
        if self._setup.watched:
            await self.rulebook.watch()

    def _reload(self) -> None:
        """Do what the signal SIGHUP asks for."""
        self._outputs.reopen()
        if len(self._reloads) > 1:  # one that has begun, perhaps, and one that has not
            return
        self._reloads.add(task := asyncio.ensure_future(self.rulebook.reload()))
        task.add_done_callback(self._reloads.discard)

    def _loaded(self, good: bool) -> None:
        self._metrics.reloads.labels("ok" if good else "refused").inc()
        self._service.note_rules()

    def _failed(self, message: str) -> None:
        """End, because of something that went wrong in another thread."""
        self._failure = message
        with suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._end.set)
