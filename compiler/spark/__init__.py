"""Match events with Apache Spark: hunts through lakes of logs, and streams that survive a crash.

PySpark is imported when a function is called. The workers need
``rulec.runtime``, but not the compiler: they are sent the generated code.
"""

from rulec.spark.alerts import alerts
from rulec.spark.stream import write_stream

__all__ = ["alerts", "write_stream"]
