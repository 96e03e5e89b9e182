"""Match the documents in Arrow record batches: what Spark, Dask and Ray have in common.

Every document is matched by itself, so what comes out depends on the document
alone, not on how an engine cuts its data into batches and partitions, nor on
how often it tries again. PyArrow is imported when a function is called.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rulec.runtime.alert import Alert
from rulec.runtime.encoding import sanitised
from rulec.runtime.ruleset import Ruleset

if TYPE_CHECKING:
    import pyarrow as pa

# A batch of results is handed on when it has so many rows: a document can hold
# thousands of events.
BATCH_ROWS: Final = 4096

# The rulesets that a process keeps. One job has one; a notebook may have some.
_KEPT_RULESETS: Final = 8

_Row = tuple[Any, ...]
_NO_ALERT: Final = (None,) * 8


class Shipped:
    """A ruleset on its way to other processes, as a callable that returns it.

    Engines send a function with everything it refers to along with each task.
    The code of this ruleset runs once in a process, however many tasks the
    process is given.
    """

    def __init__(self, ruleset: Ruleset) -> None:
        self._pickled = pickle.dumps(ruleset)

    def __call__(self) -> Ruleset:
        """Return the ruleset."""
        return _unpickled(self._pickled)


@lru_cache(_KEPT_RULESETS)
def _unpickled(pickled: bytes) -> Ruleset:
    ruleset: Ruleset = pickle.loads(pickled)  # noqa: S301 - it was pickled above
    return ruleset


def alert_schema(kept: Iterable["pa.Field"] = ()) -> "pa.Schema":
    """Return the schema of what ``match_batches`` yields.

    A row is an alert, or something that is no event. Then ``rejected`` is a
    short stable reason such as ``not_json``, ``detail`` says in a sentence what
    is wrong, and the columns of an alert are null. ``time`` is in nanoseconds
    since 1970, or null if 64 bits cannot hold it (beyond 1677 to 2262);
    ``output`` has the time in UTC, and ``output_fields`` is JSON. The ``kept``
    columns come last.
    """
    import pyarrow as pa

    text = pa.string()
    columns = [
        ("time", pa.int64()),
        ("rule", text),
        ("priority", text),
        ("source", text),
        ("tags", pa.list_(text)),
        ("hostname", text),
        ("output", text),
        ("output_fields", text),
        ("rejected", text),
        ("detail", text),
    ]
    return pa.schema([*(pa.field(name, kind) for name, kind in columns), *kept])


def match_batches(
    batches: Iterable["pa.RecordBatch"],
    ruleset: Ruleset | Callable[[], Ruleset],
    *,
    source: str,
    column: str,
    keep: Sequence[str] = (),
) -> Iterator["pa.RecordBatch"]:
    """Match the document in each row; yield batches of alerts and of what was rejected.

    ``ruleset`` is a ruleset, or a function that returns it (see ``Shipped``).
    ``column`` holds the documents, as text or bytes; blank ones are skipped.
    The columns to ``keep`` are handed on with each result of a row.
    ``alert_schema`` describes the batches that come out; none is empty. Events
    are numbered within their document, as by ``Ruleset.match``.

    :raises KeyError: if there is no such source or column.
    :raises TypeError: if the column holds neither text nor bytes.
    :raises ValueError: if a column to keep is called as one of an alert.
    """
    found = ruleset if isinstance(ruleset, Ruleset) else ruleset()
    found.matcher(source)  # fails now if there is no such source
    for batch in batches:
        schema = _result_schema(batch.schema, keep)
        places: list[int] = []
        rows: list[_Row] = []
        for place, document in enumerate(_documents(batch, column)):
            for row in _results(found, source, document):
                places.append(place)
                rows.append(row)
                if len(rows) == BATCH_ROWS:
                    yield _result_batch(schema, batch, places, rows)
                    places, rows = [], []
        if rows:
            yield _result_batch(schema, batch, places, rows)


def match_table(
    table: "pa.Table",
    ruleset: Ruleset | Callable[[], Ruleset],
    *,
    source: str,
    column: str,
    keep: Sequence[str] = (),
) -> "pa.Table":
    """Match the document in each row of a table; return a table of the results.

    The arguments and what is raised are those of ``match_batches``.
    """
    import pyarrow as pa

    batches = match_batches(table.to_batches(), ruleset, source=source, column=column, keep=keep)
    return pa.Table.from_batches(batches, _result_schema(table.schema, keep))


def _result_schema(schema: "pa.Schema", keep: Sequence[str]) -> "pa.Schema":
    taken = alert_schema().names
    for name in keep:
        if name in taken:
            raise ValueError(f"cannot keep column {name!r}: results have a column of that name")
        if name not in schema.names:
            raise KeyError(f"no column {name!r}; there are: {', '.join(schema.names)}")
    return alert_schema(schema.field(name) for name in dict.fromkeys(keep))


def _documents(batch: "pa.RecordBatch", column: str) -> list[bytes | None]:
    import pyarrow as pa

    if column not in batch.schema.names:
        raise KeyError(f"no column {column!r}; there are: {', '.join(batch.schema.names)}")
    values = batch.column(column)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if values.type not in (pa.binary(), pa.large_binary(), pa.string(), pa.large_string()):
        raise TypeError(f"column {column!r} holds {values.type}: documents are text or bytes")
    # As bytes, because engines do not check that what they call text is UTF-8.
    documents: list[bytes | None] = values.cast(pa.large_binary()).to_pylist()
    return documents


def _results(ruleset: Ruleset, source: str, document: bytes | None) -> list[_Row]:
    """Return a row for each alert of a document, then for each part that is no event."""
    if document is None:
        return [_rejection("null", "there is no document")]
    if not document or document.isspace():
        return []
    rejected: list[_Row] = []

    def reject(_: int, reason: str, detail: str) -> None:
        rejected.append(_rejection(reason, detail))

    matches = ruleset.match_many((document,), source=source, rejected=reject)
    return [_alert(alert) for _, alert in matches] + rejected


class _Reported(msgspec.Struct):
    """The part of an alert's JSON that has no column of its own."""

    output_fields: msgspec.Raw


_REPORTED: Final = msgspec.json.Decoder(_Reported)


def _alert(alert: Alert) -> _Row:
    # With the time in UTC: the local time of a worker means nothing to anybody.
    alert = msgspec.structs.replace(alert, iso8601=True)
    reported = _REPORTED.decode(alert.json(include_output=False, include_tags=False))
    return (
        alert.time if -(2**63) <= alert.time < 2**63 else None,
        alert.rule,
        alert.priority,
        alert.source,
        alert.tags,
        alert.hostname,
        alert.output,
        bytes(reported.output_fields).decode(),
        None,
        None,
    )


def _rejection(reason: str, detail: str) -> _Row:
    return (*_NO_ALERT, reason, sanitised(detail))


def _result_batch(
    schema: "pa.Schema", batch: "pa.RecordBatch", places: list[int], rows: list[_Row]
) -> "pa.RecordBatch":
    import pyarrow as pa

    results = list(zip(*rows, strict=True))
    columns = [pa.array(values, schema.field(i).type) for i, values in enumerate(results)]
    taken = pa.array(places, pa.int64())
    kept = [batch.column(name).take(taken) for name in schema.names[len(results) :]]
    return pa.RecordBatch.from_arrays([*columns, *kept], schema=schema)
