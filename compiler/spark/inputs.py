"""Where documents come from: files in a lake, or the records of Kafka topics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# What a file holds, and how Spark is told to read it: the format and its options.
FORMATS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "lines": ("text", {}),
    "whole": ("text", {"wholetext": "true"}),
    "parquet": ("parquet", {}),
}

# The columns of a Kafka record that say which it is.
_RECORD: Final = ("topic", "partition", "offset")


@dataclass(frozen=True, slots=True)
class Files:
    """Documents in files: paths or patterns of them, on any file system that Spark reads.

    ``form`` is an entry of ``FORMATS``: a document in each line, a document
    in each file, or documents in a column of Parquet files. ``at_most`` bounds the
    files in a batch of a stream. ``options`` are for Spark's reader.
    """

    paths: Sequence[str]
    form: str = "lines"
    at_most: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    # What tells where a result comes from.
    origin = ("input_file",)

    def read(self, spark: "SparkSession") -> "DataFrame":
        """Return the documents that are there now, and the ``input_file`` of each."""
        kind, options = FORMATS[self.form]
        reader = spark.read.format(kind).options(**{**options, **self.options})
        return _with_file(reader.load(list(self.paths)))

    def follow(self, spark: "SparkSession") -> "DataFrame":
        """Return the stream of the documents in files that are there or will be.

        :raises ValueError: if there are several paths: a stream has one.
        """
        if len(self.paths) != 1:
            raise ValueError("a stream reads one directory (or pattern), not several")
        kind, options = FORMATS[self.form]
        reader = spark.readStream.format(kind).options(**{**options, **self.stream_options()})
        if kind == "parquet":
            # A stream cannot look at its files before it starts, so look at those that are there.
            reader = reader.schema(spark.read.parquet(*self.paths).schema)
        return _with_file(reader.load(self.paths[0]))

    def stream_options(self) -> dict[str, str]:
        """Return the options for Spark's reader of file streams."""
        bound = {} if self.at_most is None else {"maxFilesPerTrigger": str(self.at_most)}
        return bound | dict(self.options)


@dataclass(frozen=True, slots=True)
class Kafka:
    """Documents in the values of Kafka records.

    ``servers`` is a comma-separated list of ``host:port``, ``topics`` one of
    names. The first run starts at the earliest record that is there unless the
    ``options`` say otherwise. ``at_most`` bounds the records in a batch of a
    stream. ``options`` are for Spark's reader, such as ``kafka.security.protocol``.
    """

    servers: str
    topics: str
    at_most: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    # What tells where a result comes from.
    origin = _RECORD

    def read(self, spark: "SparkSession") -> "DataFrame":
        """Return the records that are there now."""
        reader = spark.read.format("kafka").options(**self.reader_options())
        return reader.load().select("value", *_RECORD)

    def follow(self, spark: "SparkSession") -> "DataFrame":
        """Return the stream of records."""
        reader = spark.readStream.format("kafka").options(**self.stream_options())
        return reader.load().select("value", *_RECORD)

    def reader_options(self) -> dict[str, str]:
        """Return the options for Spark's reader of Kafka."""
        options = {
            "kafka.bootstrap.servers": self.servers,
            "subscribe": self.topics,
            "startingOffsets": "earliest",
        }
        return options | dict(self.options)

    def stream_options(self) -> dict[str, str]:
        """Return the options for Spark's reader of streams from Kafka."""
        bound = {} if self.at_most is None else {"maxOffsetsPerTrigger": str(self.at_most)}
        return bound | self.reader_options()


def _with_file(documents: "DataFrame") -> "DataFrame":
    from pyspark.sql.functions import col

    return documents.withColumn("input_file", col("_metadata.file_path"))
