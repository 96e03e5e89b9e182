"""The life of the server: from the first request to a clean end."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from rulec.server.app import App
from rulec.server.listener import Listener
from rulec.server.rulebook import Rulebook
from rulec.server.service import Service
from rulec.server.settings import Limits, Listen


class Running:
    """A server that runs until a signal ends it, or something that it cannot do without."""

    def __init__(self, limits: Limits, notice: Callable[[str], object]) -> None:
        self._limits = limits
        self._notice = notice
        self._failure: str | None = None
        self._end = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def failed(self, message: str) -> None:
        """End, because of something that went wrong; may be called by any thread."""
        self._failure = message
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._end.set)

    async def run(
        self,
        listen: Listen,
        service: Service,
        rulebook: Rulebook,
        outputs: Any,
        watched: bool,
        ready: Callable[[], object],
    ) -> str | None:
        """Serve until the end; return what went wrong, or None.

        ``watched`` says that rules are loaded anew when their files change.

        :raises ListenError: if nothing can listen where it was wanted.
        """
        self._loop = loop = asyncio.get_running_loop()
        app = App(service, listen.endpoint, listen.tokens)
        listener = Listener(app, listen, self._limits, self._notice)
        tasks = set()

        def reload() -> None:
            outputs.reopen()
            tasks.add(task := asyncio.ensure_future(rulebook.reload()))
            task.add_done_callback(tasks.discard)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end.set)
        loop.add_signal_handler(signal.SIGHUP, reload)
        if self._failure is not None:
            self._end.set()
        service.start()
        serving = asyncio.ensure_future(listener.serve())
        serving.add_done_callback(lambda _: self._end.set())
        watching = asyncio.ensure_future(rulebook.watch()) if watched else None
        ready()
        await self._end.wait()

        app.closing = True
        if watching is not None:
            watching.cancel()
        if serving.done():
            self._failure = self._failure or f"the listener ended: {serving.exception()}"
        else:
            listener.stop()
            # Who is slow had the same time as always.
            await asyncio.wait((serving,), timeout=self._limits.timeout)
        finished = await asyncio.to_thread(service.stop, self._limits.grace)
        if not finished and self._failure is None:
            self._notice("what is not finished stays in the journal")
        return self._failure
