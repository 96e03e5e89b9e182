"""Draw the comparison as SVG."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import matplotlib as mpl

mpl.use("svg")

from compile_times import Compiling
from contenders import (
    ALERT_HEAVY,
    ALERTS,
    MATCHES,
    ORJSON,
    PLAIN,
    RULEC_EIGHT,
    TYPICAL,
    decoded_by,
    plain_by,
)
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from peers import PEERS, installed
from timing import Results

OURS: Final = "#0b7285"
THEIRS: Final = "#adb5bd"

# Text stays text, and the same figures give the same file.
_STYLE: Final = {
    "svg.fonttype": "none",
    "svg.hashsalt": "rulec",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(
    folder: Path, results: Results, rules: tuple[int, ...], compiling: Compiling
) -> Iterator[Path]:
    """Write the charts into a folder, and yield the path of each."""
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_STYLE):
        charts = {
            "engines.svg": _engines(results),
            "rules.svg": _rules(results, rules),
            "compiling.svg": _compiling(compiling),
        }
        for name, figure in charts.items():
            path = folder / name
            figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
            plt.close(figure)
            yield path


def _engines(results: Results) -> Figure:
    """Bars: what an event costs, from bytes with all rules, and decoded with eight."""
    figure, (above, below) = plt.subplots(2, figsize=(7.5, 6.5), height_ratios=(4, 8))
    _bars(
        above,
        results,
        (MATCHES, ALERTS, ORJSON, PLAIN),
        "From bytes, the 48 rules of k8s_audit.yaml",
    )
    peers = [name for name, distribution, _ in PEERS if installed(distribution)]
    _bars(below, results, (RULEC_EIGHT, *peers), "Decoded events, the same eight rules")
    below.set_xlabel("µs of CPU time per event, typical traffic")
    figure.tight_layout()
    return figure


def _bars(axes: Axes, results: Results, engines: tuple[str, ...], title: str) -> None:
    order = sorted(engines, key=lambda engine: -results[engine, TYPICAL].median)
    values = [results[engine, TYPICAL].median for engine in order]
    colours = [OURS if engine.startswith("rulec") else THEIRS for engine in order]
    bars = axes.barh(order, values, color=colours)
    axes.bar_label(bars, fmt="%.1f", padding=3)
    axes.set_title(title, loc="left")


def _rules(results: Results, rules: tuple[int, ...]) -> Figure:
    """Lines: what an event costs with more and more rules."""
    figure, axes = plt.subplots(figsize=(7.5, 4))
    lines = (
        ("a function for each rule", plain_by, TYPICAL, THEIRS, "-"),
        ("rulec, typical", decoded_by, TYPICAL, OURS, "-"),
        ("rulec, alert-heavy", decoded_by, ALERT_HEAVY, OURS, "--"),
    )
    for label, engine, workload, colour, style in lines:
        values = [results[engine(count), workload].median for count in rules]
        axes.plot(rules, values, style, marker="o", color=colour, label=label)
    axes.set(xscale="log", yscale="log", xlabel="rules", ylabel="µs of CPU time per decoded event")
    axes.set_xticks(rules, [f"{count:,}" for count in rules])
    axes.minorticks_off()
    axes.legend(frameon=False)
    return figure


def _compiling(compiling: Compiling) -> Figure:
    """A line: how long compiling takes, beside one that is proportional to the rules."""
    figure, axes = plt.subplots(figsize=(7.5, 4))
    rules, seconds = list(compiling.seconds), list(compiling.seconds.values())
    proportional = [seconds[-1] * count / rules[-1] for count in rules]
    axes.plot(rules, proportional, ":", color=THEIRS, label="proportional to the rules")
    axes.plot(rules, seconds, marker="o", color=OURS, label="compiling")
    axes.set(xlabel="rules", ylabel="seconds of CPU time", xlim=0, ylim=0)
    axes.legend(frameon=False)
    return figure
