"""Write a stream of alerts to files, each exactly once, whatever is killed in between."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeAlias

from rulec.spark.alerts import observed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming import StreamingQuery

# What is told of each batch: its number, and how many rows are alerts and rejected.
Progress: TypeAlias = Callable[[int, int, int], object]


def write_stream(
    results: "DataFrame",
    *,
    output: str,
    checkpoint: str,
    form: str = "parquet",
    every: str | None = None,
    progress: Progress = lambda number, alerts, rejected: None,
) -> "StreamingQuery":
    """Write what ``alerts`` makes of a stream to files, and return the running query.

    ``checkpoint`` is the directory that remembers how far the stream was read:
    a stream that is started again with it goes on where it ended, or was
    killed. ``form`` is a format of Spark's, such as ``parquet`` or ``json``.
    ``every`` is the time between batches (``10 seconds``); without it, what is
    there now is processed, batch by batch, and then the query ends.
    ``progress`` is told the number of each batch, and how many alerts and how
    many rejected rows it had.

    A batch is written to ``output/query=ID/batch=NUMBER``. If it was
    interrupted, Spark repeats it with the same documents and number, and the
    directory is replaced. The ID belongs to the checkpoint, so what was written
    with another one is never overwritten.

    What goes wrong later ends the query; its ``awaitTermination`` raises it.
    """
    started: Future[str] = Future()

    def write(batch: "DataFrame", number: int) -> None:
        rows, counts = observed(batch)
        target = f"{output}/query={started.result()}/batch={number}"
        # There are few alerts, so join what many tasks found into few files.
        rows.hint("rebalance").write.format(form).mode("overwrite").save(target)
        progress(number, counts.get["alerts"], counts.get["rejected"])

    trigger: dict[str, Any] = {"processingTime": every} if every else {"availableNow": True}
    writer = results.writeStream.foreachBatch(write).trigger(**trigger)
    query = writer.option("checkpointLocation", checkpoint).start()
    started.set_result(query.id)
    return query
