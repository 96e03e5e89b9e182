"""A whole job for Spark: ``python -m rulec.spark``, or a line of Python for ``spark-submit``."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rulec.cli import BAD_INPUT, BAD_USAGE, complain
from rulec.commands.options import refuse, report_warnings
from rulec.runtime.loading import LoadError, load
from rulec.runtime.rendering import counted
from rulec.runtime.ruleset import Ruleset
from rulec.spark.alerts import alerts, observed
from rulec.spark.inputs import FORMATS, Files, Kafka
from rulec.spark.stream import write_stream

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--rules",
    multiple=True,
    required=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Rules: a YAML file, a directory of them, or a module from 'rulec build' (repeatable).",
)
@click.option("--source", metavar="NAME", help="The event source; needed if rules are about more.")
@click.option(
    "--input", "inputs", multiple=True, metavar="PATH", help="Files to read (repeatable)."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="lines",
    show_default=True,
    help="A document in each line, in each whole file, or in each row of Parquet files.",
)
@click.option("--kafka", metavar="SERVERS", help="Read from Kafka instead: HOST:PORT,...")
@click.option("--topic", "topics", metavar="NAMES", help="The topics to read from Kafka.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="An option of Spark's reader of files or of Kafka (repeatable).",
)
@click.option(
    "--column",
    default="value",
    show_default=True,
    metavar="NAME",
    help="The column of Parquet files that holds the documents.",
)
@click.option(
    "--keep",
    multiple=True,
    metavar="COLUMN",
    help="A column to hand on, such as 'value' for the document itself (repeatable).",
)
@click.option("--output", required=True, metavar="DIR", help="Where the alerts are written.")
@click.option(
    "--output-format",
    type=click.Choice(["parquet", "json"]),
    default="parquet",
    show_default=True,
    help="How the alerts are written.",
)
@click.option("--stream", is_flag=True, help="Go on reading, and write each alert exactly once.")
@click.option("--checkpoint", metavar="DIR", help="Where a stream remembers how far it got.")
@click.option(
    "--every",
    default="10 seconds",
    show_default=True,
    metavar="TIME",
    help="The time between two batches of a stream.",
)
@click.option(
    "--available-now", is_flag=True, help="End the stream when all that is there was processed."
)
@click.option(
    "--at-most",
    type=click.IntRange(min=1),
    metavar="COUNT",
    help="The files, or records of Kafka, in a batch of a stream.",
)
def command(
    rules: tuple[Path, ...],
    source: str | None,
    column: str,
    keep: tuple[str, ...],
    output: str,
    output_format: str,
    stream: bool,
    checkpoint: str | None,
    every: str,
    available_now: bool,
    inputs: tuple[str, ...],
    form: str,
    kafka: str | None,
    topics: str | None,
    options: tuple[str, ...],
    at_most: int | None,
) -> None:
    """Match events with Spark, and write the alerts to files.

    The rules are compiled once, here, and sent to the workers as Python code.
    Each row of the output is an alert, or an event that could not be read:
    then its column 'rejected' is not null.

    \b
    python -m rulec.spark --rules rules/ --input 'logs/*.gz' --output alerts
    python -m rulec.spark --rules rules/ --input incoming --output alerts \\
        --stream --checkpoint checkpoint
    """
    documents = _documents(inputs, form, kafka, topics, options, at_most)
    if stream and checkpoint is None:
        raise click.UsageError("--stream needs a --checkpoint")
    if not stream and (checkpoint is not None or available_now or at_most is not None):
        raise click.UsageError("--checkpoint, --available-now and --at-most are for --stream")
    ruleset = _ruleset(rules)
    source = _source(ruleset, source)
    keep = tuple(dict.fromkeys((*documents.origin, *keep)))
    with _session() as spark:
        try:
            rows = documents.follow(spark) if stream else documents.read(spark)
            results = alerts(rows, ruleset, source=source, column=column, keep=keep)
        except (TypeError, ValueError) as error:
            raise click.UsageError(str(error)) from None
        if checkpoint is None:
            results, counts = observed(results)
            results.hint("rebalance").write.format(output_format).save(output)
            _tell("", counts.get["alerts"], counts.get["rejected"])
            return
        query = write_stream(
            results,
            output=output,
            checkpoint=checkpoint,
            form=output_format,
            every=None if available_now else every,
            progress=lambda number, *counts: _tell(f"batch {number}: ", *counts),
        )
        query.awaitTermination()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the job that the arguments (of the command line, by default) describe, and leave.

    The exit status is that of the commands of ``rulec``: 2 if the rules are
    wrong, 3 if the arguments are, 4 if something cannot be read or written.
    """
    try:
        name = "python -m rulec.spark"
        sys.exit(command.main(arguments, prog_name=name, standalone_mode=False))
    except click.ClickException as error:
        complain(error.format_message(), error)
        sys.exit(BAD_USAGE)
    except click.Abort:
        sys.exit(130)


def _documents(
    inputs: tuple[str, ...],
    form: str,
    kafka: str | None,
    topics: str | None,
    options: tuple[str, ...],
    at_most: int | None,
) -> Files | Kafka:
    """Return where the documents come from."""
    pairs = dict(_pair(option) for option in options)
    if kafka is None and topics is None and inputs:
        return Files(inputs, form, at_most, pairs)
    if kafka is not None and topics is not None and not inputs:
        return Kafka(kafka, topics, at_most, pairs)
    raise click.UsageError("give either --input, or --kafka and --topic")


def _pair(option: str) -> tuple[str, str]:
    key, separator, value = option.partition("=")
    if not separator:
        raise click.BadParameter(f"write {option}=VALUE", param_hint="'--option'")
    return key, value


def _ruleset(rules: tuple[Path, ...]) -> Ruleset:
    """Compile the rules, or load the module that they were compiled to."""
    if any(path.suffix in (".py", ".pyc") for path in rules):
        if len(rules) > 1:
            raise click.UsageError("a compiled module is a whole ruleset: give it alone")
        try:
            return load(rules[0])
        except (LoadError, OSError) as error:
            refuse(str(error))
    from rulec.api import compile_ruleset
    from rulec.diagnostics import RulesError

    try:
        ruleset = compile_ruleset(rules)
    except RulesError as error:
        refuse(str(error))
    report_warnings(ruleset.warnings)
    return ruleset


def _source(ruleset: Ruleset, name: str | None) -> str:
    """Return the event source that the documents belong to."""
    found = ruleset.sources
    if name is None and len(found) == 1:
        return found[0]
    if name not in found:
        message = f"there are rules for {', '.join(found) or 'no source'}: choose one with --source"
        raise click.UsageError(message)
    return name


@contextmanager
def _session() -> Iterator["SparkSession"]:
    """Open the session that ``spark-submit`` set up, or a new one on this machine.

    What Spark cannot do ends the job with one message.
    """
    try:
        from py4j.protocol import Py4JJavaError
        from pyspark import SparkConf
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise click.UsageError("PySpark is missing: pip install 'rulec[spark]'") from None
    conf = SparkConf()
    conf.setIfMissing("spark.master", "local[*]")
    conf.setIfMissing("spark.app.name", "rulec")
    if str(conf.get("spark.master")).startswith("local"):
        # Workers on this machine need what is installed for this Python.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.config(conf=conf).getOrCreate()
    try:
        yield spark
    except (PySparkException, Py4JJavaError) as error:
        reason = getattr(error, "java_exception", error)  # without what Java was doing
        click.echo(f"rulec.spark: {reason}", err=True)
        raise click.exceptions.Exit(BAD_INPUT) from None
    finally:
        spark.stop()


def _tell(where: str, found: int, rejected: int) -> None:
    click.echo(f"{where}{counted(found, 'alert')}, {rejected:,} rejected", err=True)
