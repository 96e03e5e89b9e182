"""Run scenarios, at length or in short, and print what they found."""

import argparse
import platform
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from soak.scenarios import SCENARIOS
from soak.serving import cores


def main() -> int:
    """Return 0 if everything holds."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument(
        "scenarios", nargs="*", metavar="SCENARIO", help=f"of: {', '.join(SCENARIOS)}"
    )
    parser.add_argument("--short", action="store_true", help="some seconds each, as in the tests")
    parser.add_argument("--folder", type=Path, help="where to work, and to leave what was made")
    arguments = parser.parse_args()
    if unknown := set(arguments.scenarios) - SCENARIOS.keys():
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    # Whoever ends this ends the servers as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    failed = 0
    now = datetime.now(UTC)
    print(f"Python {platform.python_version()}, {cores()} cores, {now:%Y-%m-%d %H:%M} UTC\n")
    for name in arguments.scenarios or SCENARIOS:
        forms = SCENARIOS[name]
        scenario = forms.short if arguments.short else forms.long
        print(f"{name} ...", file=sys.stderr, flush=True)
        begun = time.monotonic()
        with TemporaryDirectory(prefix=f"soak-{name}-", dir=arguments.folder) as folder:
            report = scenario.run(Path(folder))
        print(report.markdown(), end="\n\n", flush=True)
        failures = report.failures(timed=not arguments.short)
        failed += len(failures)
        seconds = time.monotonic() - begun
        print(f"{name}: {seconds:.0f} s, {len(failures)} failed", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
