"""Spark on this machine: the same alerts as one process finds, and none lost or twice after a kill."""

import gzip
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest
from alert_rows import Row, comparable, found_by_one_process
from events import ALERTING, make
from installed_engines import needed
from rule_sets import SHIPPED as RULES

from rulec import compile_ruleset
from rulec.runtime.ruleset import Ruleset
from rulec.spark import alerts, write_stream
from rulec.spark.inputs import Files, Kafka
from rulec.spark.job import command, main

pytestmark = [
    pytest.mark.spark,
    # Spark 4.0 leaves sockets to the garbage collector when rows are collected.
    pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning"),
]

_, pa = needed("pyspark", "pyarrow")

BAD = b'{"kind": "Event", "auditID"'

# Seconds that a busy machine may take to start Spark and get to the awaited state.
PATIENCE = 120


@pytest.fixture(scope="module")
def ruleset() -> Ruleset:
    return compile_ruleset(RULES)


@pytest.fixture(scope="module", autouse=True)
def environment() -> Iterator[None]:
    """Let alerts have the same host name everywhere, and workers this Python."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FALCO_HOSTNAME", "lake")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        yield


@pytest.fixture(scope="module")
def spark(environment: None) -> Iterator[Any]:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    # Java may have been started before, with another environment.
    session = builder.config("spark.executorEnv.FALCO_HOSTNAME", "lake").getOrCreate()
    yield session
    session.stop()


def rows_of(frame: Any, *more: str) -> Counter[Row]:
    return Counter(comparable(row.asDict(), *more) for row in frame.collect())


# --- batches ---------------------------------------------------------------------------


def test_text_files(spark: Any, ruleset: Ruleset, tmp_path: Path) -> None:
    lines = [*make(4_000, ALERTING), BAD, b"", b"\xff\xfe", b"[1]"]
    parts = {f"{n}.jsonl": lines[n::3] for n in range(2)} | {"2.jsonl.gz": lines[2::3]}
    for name, part in parts.items():
        content = b"\n".join(part)
        (tmp_path / name).write_bytes(gzip.compress(content) if ".gz" in name else content)
    documents = Files([str(tmp_path)]).read(spark)
    found = alerts(documents, ruleset, source="k8s_audit", keep=["input_file"])
    expected = found_by_one_process(
        ruleset,
        "k8s_audit",
        [(line, (name,)) for name, part in parts.items() for line in part if line],
    )
    assert rows_of(found, "input_file") == expected
    assert sum(row[-2] is not None for row in expected.elements()) == 3


@pytest.mark.parametrize("kind", ["binary", "string"])
def test_parquet(spark: Any, ruleset: Ruleset, tmp_path: Path, kind: str) -> None:
    import pyarrow.parquet

    lines = [*make(1_000, ALERTING), BAD]
    values = [line if kind == "binary" else line.decode() for line in lines]
    content = {"audit": values, "day": [n % 7 for n in range(len(lines))]}
    pyarrow.parquet.write_table(pa.table(content), tmp_path / "log.parquet", row_group_size=100)
    documents = Files([str(tmp_path)], "parquet").read(spark)
    found = alerts(documents, ruleset, source="k8s_audit", column="audit", keep=["day", "audit"])
    expected = found_by_one_process(
        ruleset, "k8s_audit", [(line, (n % 7, values[n])) for n, line in enumerate(lines)]
    )
    assert rows_of(found, "day", "audit") == expected


def test_whole_files(spark: Any, ruleset: Ruleset, tmp_path: Path) -> None:
    lines = list(make(50, ALERTING))
    (tmp_path / "array.json").write_bytes(b"[\n" + b",\n".join(lines) + b"\n]\n")
    found = alerts(Files([str(tmp_path)], "whole").read(spark), ruleset, source="k8s_audit")
    assert rows_of(found) == found_by_one_process(ruleset, "k8s_audit", [(x, ()) for x in lines])


def test_the_schema_is_that_of_arrow(spark: Any, ruleset: Ruleset) -> None:
    documents = spark.createDataFrame([("{}", 1)], "value string, n int")
    found = alerts(documents, ruleset, source="k8s_audit", keep=["n"])
    assert found.schema.simpleString() == (
        "struct<time:bigint,rule:string,priority:string,source:string,tags:array<string>,"
        "hostname:string,output:string,output_fields:string,rejected:string,detail:string,n:int>"
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"source": "nosuch"}, KeyError, "no event source"),
        ({"column": "n"}, TypeError, "column 'n' holds int: documents are text or bytes"),
        ({"keep": ["rule"]}, ValueError, "cannot keep column 'rule'"),
    ],
)
def test_mistakes_are_told_before_anything_runs(
    spark: Any,
    ruleset: Ruleset,
    arguments: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    documents = spark.createDataFrame([("{}", 1, "x")], "value string, n int, rule string")
    with pytest.raises(error, match=message):
        alerts(documents, ruleset, **{"source": "k8s_audit"} | arguments)


def test_names_in_another_case(spark: Any, ruleset: Ruleset) -> None:
    documents = spark.createDataFrame([("{", 1)], "Value string, N int")
    (row,) = alerts(documents, ruleset, source="k8s_audit", keep=["n", "n"]).collect()
    assert (row["rejected"], row["n"]) == ("not_json", 1)


def test_streams_of_parquet_with_two_checkpoints(
    spark: Any, ruleset: Ruleset, tmp_path: Path
) -> None:
    import pyarrow.parquet

    lines = [*make(100, ALERTING), BAD]
    (tmp_path / "in").mkdir()
    pyarrow.parquet.write_table(pa.table({"audit": lines}), tmp_path / "in/log.parquet")
    expected = found_by_one_process(ruleset, "k8s_audit", [(line, ()) for line in lines])
    told: list[tuple[int, int, int]] = []
    for checkpoint in ("one", "two"):
        documents = Files([str(tmp_path / "in")], "parquet").follow(spark)
        write_stream(
            alerts(documents, ruleset, source="k8s_audit", column="audit"),
            output=str(tmp_path / "out"),
            checkpoint=str(tmp_path / checkpoint),
            form="json",
            progress=lambda *counts: told.append(counts),
        ).awaitTermination()
    assert told == [(0, expected.total() - 1, 1)] * 2
    queries = list((tmp_path / "out").iterdir())
    assert len(queries) == 2, "a new checkpoint overwrites nothing"
    for query in queries:
        schema = alerts(documents, ruleset, source="k8s_audit", column="audit").schema
        assert rows_of(spark.read.schema(schema).json(str(query))) == expected


# --- what is told to the readers ---------------------------------------------------------


def test_options_for_kafka() -> None:
    kafka = Kafka("a:9092,b:9092", "audit", 500, {"kafka.security.protocol": "SSL"})
    always = {
        "kafka.bootstrap.servers": "a:9092,b:9092",
        "subscribe": "audit",
        "startingOffsets": "earliest",
        "kafka.security.protocol": "SSL",
    }
    assert kafka.reader_options() == always
    assert kafka.stream_options() == always | {"maxOffsetsPerTrigger": "500"}
    latest = Kafka("a:9092", "audit", options={"startingOffsets": "latest"})
    assert latest.stream_options()["startingOffsets"] == "latest"


class Recorder:
    """Stands for a session of Spark, and remembers what its reader was told."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}

    @property
    def readStream(self) -> "Recorder":  # noqa: N802 - as Spark calls it
        return self

    read = readStream

    def format(self, name: str) -> "Recorder":
        self.told["format"] = name
        return self

    def options(self, **options: str) -> "Recorder":
        self.told["options"] = options
        return self

    def load(self) -> "Recorder":
        return self

    def select(self, *columns: str) -> "Recorder":
        self.told["columns"] = columns
        return self


@pytest.mark.parametrize("stream", [True, False])
def test_the_options_reach_the_reader(stream: bool) -> None:
    kafka, session = Kafka("a:9092", "audit", 500), Recorder()
    _ = (kafka.follow if stream else kafka.read)(session)  # type: ignore[arg-type]
    assert session.told == {
        "format": "kafka",
        "options": kafka.stream_options() if stream else kafka.reader_options(),
        "columns": ("value", "topic", "partition", "offset"),
    }


def test_options_for_files() -> None:
    files = Files(["in"], at_most=3, options={"latestFirst": "true"})
    assert files.stream_options() == {"maxFilesPerTrigger": "3", "latestFirst": "true"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--output o", "give either --input, or --kafka and --topic"),
        ("--output o --kafka a:1", "give either --input, or --kafka and --topic"),
        ("--output o --input i --kafka a:1 --topic t", "give either --input"),
        ("--output o --input i --option x", "write x=VALUE"),
        ("--output o --input i --stream", "--stream needs a --checkpoint"),
        ("--output o --input i --checkpoint c", "are for --stream"),
        ("--output o --input i --source nosuch", "there are rules for k8s_audit"),
        ("--input i", "Missing option '--output'"),
    ],
)
def test_wrong_usage(arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--rules", str(RULES), *arguments.split()])
    assert left.value.code == 3
    assert message in capsys.readouterr().err


def test_the_page_describes_every_option_and_no_other() -> None:
    page = (Path(__file__).parent.parent / "docs/spark.md").read_text("utf-8")
    table = page[page.index("| option |") :].partition("\n\n")[0]
    described = {
        word
        for row in table.splitlines()[2:]
        for word in re.findall(r"`(-[\w-]*)", row.split(" | ")[0])
    }
    params = command.get_params(click.Context(command, help_option_names=["-h", "--help"]))
    assert described == {word for each in params for word in each.opts}


def test_wrong_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wrong.yaml").write_text("- rule: r\n")
    with pytest.raises(SystemExit) as left:
        main(["--rules", str(tmp_path / "wrong.yaml"), "--input", "i", "--output", "o"])
    assert left.value.code == 2
    assert "wrong.yaml" in capsys.readouterr().err


# --- streams, killed ----------------------------------------------------------------------

FILES = 9
JOB = [sys.executable, "-m", "rulec.spark"]


class Stream:
    """A job over a directory into which files appear, and what it has to find there."""

    def __init__(self, folder: Path, ruleset: Ruleset) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"
        self.incoming.mkdir()
        assert isinstance(ruleset.code, str)
        self.module = folder / "compiled.py"
        self.module.write_text(ruleset.code)
        lines = list(make(FILES * 400, ALERTING))
        self.parts = [[*lines[n::FILES], BAD] for n in range(FILES)]
        documents = [
            (line, (line.decode(), f"{n}.jsonl"))
            for n, part in enumerate(self.parts)
            for line in part
        ]
        self.expected = found_by_one_process(ruleset, "k8s_audit", documents)

    def appear(self, numbers: range) -> None:
        """Let files appear, each at once."""
        for n in numbers:
            hidden = self.folder / "hidden"
            hidden.write_bytes(b"\n".join(self.parts[n]) + b"\n")
            hidden.rename(self.incoming / f"{n}.jsonl")

    def arguments(self) -> list[str]:
        places = {"--input": "incoming", "--output": "output", "--checkpoint": "checkpoint"}
        options = [
            word for name, place in places.items() for word in (name, str(self.folder / place))
        ]
        options += ["--rules", str(self.module), "--keep", "value", "--at-most", "1", "--stream"]
        return options

    def entries(self, log: str) -> set[str]:
        """Return the batches in a log of the checkpoint: planned in offsets, done in commits."""
        with suppress(FileNotFoundError):
            entries = (self.folder / "checkpoint" / log).iterdir()
            return {entry.name for entry in entries if entry.name.isdigit()}
        return set()

    def found(self) -> Counter[Row]:
        """Return what stands in the output, for a reader that knows nothing of Spark."""
        import pyarrow.dataset

        kept = ("value", "input_file")
        table = pyarrow.dataset.dataset(self.folder / "output", format="parquet").to_table()
        return Counter(comparable(row, *kept) for row in table.to_pylist())

    def finish(self) -> None:
        """Start the job again, and let it end when everything was processed."""
        done = subprocess.run(
            [*JOB, *self.arguments(), "--available-now"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture
def stream(tmp_path: Path, ruleset: Ruleset) -> Stream:
    return Stream(tmp_path, ruleset)


def session_of(process: int) -> int | None:
    try:
        state = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    return int(state.rpartition(")")[2].split()[3])


def kill_all(leader: int) -> int:
    """Kill every process of a session with SIGKILL; return how many there were.

    Spark's Python workers have a process group of their own, but not a session.
    """
    members = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and session_of(int(entry.name)) == leader
    ]
    for member in members:
        with suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    return len(members)


def wait_until(reached: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert process.poll() is None, "the job ended by itself"
        assert time.monotonic() < deadline, "the job made no progress"
        time.sleep(0.002)


def test_killed_in_the_middle_of_a_batch(stream: Stream) -> None:
    stream.appear(range(3))
    with (stream.folder / "log").open("wb") as log:
        job = subprocess.Popen(
            [*JOB, *stream.arguments(), "--every", "0 seconds"],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_until(lambda: len(stream.entries("commits")) >= 2, job)
            stream.appear(range(3, 7))
            done = len(stream.entries("commits")) + 1
            wait_until(
                lambda: done <= len(stream.entries("commits")) < len(stream.entries("offsets")), job
            )
        finally:
            killed = kill_all(job.pid)
            job.wait()
    assert killed >= 3, "Python, Java and a worker"
    assert stream.entries("offsets") - stream.entries("commits"), "a batch was under way"
    assert 0 < stream.found().total() < stream.expected.total()
    stream.appear(range(7, FILES))
    stream.finish()
    assert stream.found() == stream.expected


def test_killed_between_writing_a_batch_and_remembering_it(stream: Stream) -> None:
    stream.appear(range(5))
    program = stream.folder / "program.py"
    program.write_text(
        "import os, sys\n"
        "import test_spark\n"
        "from rulec.spark import job\n"
        "tell = job._tell\n"
        "def tell_and_die(where, *counts):\n"
        "    if where == 'batch 3: ':\n"
        "        test_spark.kill_all(os.getpid())\n"
        "    tell(where, *counts)\n"
        "job._tell = tell_and_die\n"
        "job.main()\n"
    )
    done = subprocess.run(
        [sys.executable, str(program), *stream.arguments(), "--every", "0 seconds"],
        capture_output=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-3000:].decode()
    assert stream.entries("offsets") - stream.entries("commits") == {"3"}
    assert list(stream.folder.glob("output/query=*/batch=3/_SUCCESS")), "the batch was written"
    stream.appear(range(5, FILES))
    stream.finish()
    assert stream.found() == stream.expected
    assert len(list(stream.folder.glob("output/query=*/batch=*"))) == FILES
