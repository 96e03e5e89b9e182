"""From a DataFrame of documents to a DataFrame of alerts."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rulec.runtime.arrow import Shipped, alert_schema, match_batches
from rulec.runtime.ruleset import Ruleset

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, Observation
    from pyspark.sql.types import StructType


def alerts(
    documents: "DataFrame",
    ruleset: Ruleset,
    *,
    source: str,
    column: str = "value",
    keep: Sequence[str] = (),
) -> "DataFrame":
    """Match the document in each row; return the alerts, and what was rejected.

    ``documents`` may be a batch or a stream. Their ``column`` is text or
    bytes; the columns to ``keep`` (such as the name of the file) are handed
    on with each result. ``rulec.runtime.arrow.alert_schema`` describes the
    other columns: a row is an alert where ``rejected`` is null.

    The ruleset is sent to the workers as its code. Nothing is compiled there.

    :raises KeyError: if there is no such source.
    :raises TypeError: if the column holds neither text nor bytes.
    :raises ValueError: if a column to keep is called as one of an alert.
    :raises pyspark.errors.AnalysisException: if there is no such column.
    """
    from pyspark.sql.functions import col
    from pyspark.sql.types import BinaryType, StringType

    ruleset.matcher(source)  # fails now, not in a worker
    shipped = Shipped(ruleset)
    kept = tuple(dict.fromkeys(keep))

    def match(batches: Iterator["pa.RecordBatch"]) -> Iterator["pa.RecordBatch"]:
        return match_batches(batches, shipped, source=source, column=column, keep=kept)

    # Spark takes names in upper or lower case; Arrow is to have them as they were given.
    needed = documents.select(*(col(name).alias(name) for name in dict.fromkeys((column, *kept))))
    if not isinstance(kind := needed.schema[column].dataType, BinaryType | StringType):
        raise TypeError(
            f"column {column!r} holds {kind.simpleString()}: documents are text or bytes"
        )
    return needed.mapInArrow(match, _schema(needed, kept))


def _schema(documents: "DataFrame", kept: Sequence[str]) -> "StructType":
    from pyspark.sql.types import StructType

    results = documents.sparkSession.createDataFrame(alert_schema().empty_table()).schema
    for name in kept:
        if name.lower() in results.names:
            raise ValueError(f"cannot keep column {name!r}: results have a column of that name")
    return StructType([*results.fields, *(documents.schema[name] for name in kept)])


def observed(results: "DataFrame") -> "tuple[DataFrame, Observation]":
    """Count the alerts and what was rejected, while ``results`` are computed.

    The observation has ``alerts`` and ``rejected`` after the first action on
    the DataFrame that is returned.
    """
    from pyspark.sql import Observation
    from pyspark.sql.functions import col, count, count_if

    counts = Observation()
    rejected = count("rejected").alias("rejected")
    found = count_if(col("rejected").isNull()).alias("alerts")
    return results.observe(counts, found, rejected), counts
