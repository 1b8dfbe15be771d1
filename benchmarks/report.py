"""What was found: the same tables for the terminal and for docs/performance.md, each goal beside its figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.cases import CASES
from benchmarks.contenders import FLOOR, OURS, PLAIN
from benchmarks.rounds import Measured

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
MOST_MEMORY = 200.0
MOST_GROWTH = 1.3
SMALL, LARGE = "ward", "nation"


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal, what was found, and whether it was met; None where it was not measured."""

    text: str
    found: str
    met: bool | None

    @property
    def verdict(self) -> str:
        return "not measured" if self.met is None else "met" if self.met else "missed"


@dataclass
class Report:
    """Everything that a run found."""

    facts: dict[str, str]
    cases: dict[str, Measured] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    memory: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Megabytes of the servers: at the end, and at most."""
    grown: dict[str, Measured] = field(default_factory=dict)
    """The cases measured on a small and on a large database, the sides labelled `SMALL` and `LARGE`."""
    plans: str = ""


Header = Sequence[str]
Rows = list[tuple[str, ...]]

_HEADER = ("at a time", "who", "requests/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms database", "CPU ms process")


def rows(measured: Measured) -> Rows:
    """A line for each concurrency and contender."""
    made = []
    for concurrency, label in measured.rounds:
        delays = (1000 * measured.percentile(concurrency, label, share) for share in (0.5, 0.95, 0.99))
        busy = (1000 * seconds for seconds in measured.processor(concurrency, label))
        rate = measured.rate(concurrency, label)
        figures = (f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}", *map(_short, delays), *map(_short, busy))
        made.append((str(concurrency), label, *figures))
    return sorted(made, key=lambda row: (int(row[0]), (OURS, FLOOR, PLAIN, SMALL, LARGE).index(row[1])))


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _ratios(measured: Measured, other: str, least: float) -> tuple[str, bool | None]:
    concurrencies = sorted({concurrency for concurrency, _ in measured.rounds})
    found = [(concurrency, measured.ratio(concurrency, OURS, other)) for concurrency in concurrencies]
    known = [(concurrency, ratio) for concurrency, ratio in found if ratio is not None]
    text = ", ".join(f"{ratio:.2f} at {concurrency}" for concurrency, ratio in known)
    return text, all(ratio >= least for _, ratio in known) if known else None


def goals(report: Report) -> list[Goal]:
    """Each goal with its figure. A goal of throughput is met when it is met at every concurrency."""
    made = []
    for name, case in CASES.items():
        for other, least in case.goals.items():
            text = f"{case.title}: at least {least:g} times the throughput of {other}"
            if name not in report.cases:
                made.append(Goal(text, "", None))
                continue
            made.append(Goal(text, *_ratios(report.cases[name], other, least)))
    for name in ("intake", "locate"):
        text = f"{CASES[name].title}: p95 at nation size at most {MOST_GROWTH} times that at ward size"
        if name not in report.grown:
            made.append(Goal(text, "", None))
            continue
        measured = report.grown[name]
        growth = {
            concurrency: measured.percentile(concurrency, LARGE, 0.95) / measured.percentile(concurrency, SMALL, 0.95)
            for concurrency in sorted({concurrency for concurrency, _ in measured.rounds})
        }
        found = ", ".join(f"{ratio:.2f} at {concurrency}" for concurrency, ratio in growth.items())
        made.append(Goal(text, found, all(ratio <= MOST_GROWTH for ratio in growth.values())))
    if OURS in report.memory:
        most = report.memory[OURS][1]
        made.append(Goal(f"the server's memory below {MOST_MEMORY:g} MB", f"{most:.0f} MB at most", most < MOST_MEMORY))
    return made


def compared(report: Report) -> Rows:
    """For every case throughput in proportion, and processor time: how often ours fits into the other's."""
    made = []
    for name, measured in report.cases.items():
        for concurrency in sorted({concurrency for concurrency, _ in measured.rounds}):
            own = sum(measured.processor(concurrency, OURS))
            shown = []
            for other in (FLOOR, PLAIN):
                ratio = measured.ratio(concurrency, OURS, other)
                if ratio is None:
                    shown += ["", ""]
                else:
                    shown += [f"{ratio:.2f}", f"{sum(measured.processor(concurrency, other)) / max(own, 1e-6):.2f}"]
            made.append((CASES[name].title, str(concurrency), *shown))
    return made


_COMPARED = ("case", "at a time", "of the floor", "by processor time", "of plain", "by processor time")


def show(report: Report, console: Console) -> None:
    """To the terminal."""
    for what, fact in report.facts.items():
        console.print(f"{what}: {fact}")
    for name, measured in report.cases.items():
        console.print(_table(f"{name}: {CASES[name].title}", _HEADER, rows(measured)))
    for name, measured in report.grown.items():
        console.print(_table(f"{name}, by size: {CASES[name].title}", _HEADER, rows(measured)))
    console.print(_table("in proportion", _COMPARED, compared(report)))
    console.print(_table("goals", ("goal", "found", ""), _goal_rows(report)))
    for line in _notes(report):
        console.print(line)


def _table(title: str, header: Header, lines: Iterable[tuple[str, ...]]) -> Table:
    table = Table(title=title, title_justify="left")
    for number, name in enumerate(header):
        table.add_column(name, justify="left" if number < 2 else "right")
    for line in lines:
        table.add_row(*line)
    return table


def _goal_rows(report: Report) -> Rows:
    return [(goal.text, goal.found, goal.verdict) for goal in goals(report)]


def _notes(report: Report) -> list[str]:
    made = [f"Not measured, for the server answers 404: {CASES[name].title}." for name in report.missing]
    made += [
        f"Memory of {name}: {now:.0f} MB at the end, {most:.0f} MB at most."
        for name, (now, most) in report.memory.items()
    ]
    return made


def _markdown(header: Header, lines: Iterable[tuple[str, ...]], left: int) -> list[str]:
    rule = ["---" if number < left else "---:" for number in range(len(header))]
    return ["| " + " | ".join(cells) + " |" for cells in (header, rule, *lines)]


def markdown(report: Report) -> str:
    """The part of docs/performance.md between its marks."""
    parts = ["## The run", "", *_markdown(("", ""), report.facts.items(), 2), ""]
    parts += ["## Goals", "", *_markdown(("goal", "found", ""), _goal_rows(report), 3), ""]
    parts += [*(f"- {line}" for line in _notes(report)), ""]
    parts += ["## In proportion", "", *_markdown(_COMPARED, compared(report), 1), "", "## Figures", ""]
    for name, measured in report.cases.items():
        parts += [f"### `{name}`: {CASES[name].title}", "", *_markdown(_HEADER, rows(measured), 2), ""]
    for name, measured in report.grown.items():
        parts += [f"### `{name}` by size of the database", "", *_markdown(_HEADER, rows(measured), 2), ""]
    return "\n".join(parts)


def write(report: Report, path: Path) -> None:
    """Put the figures between the marks of a document; the words around them stay."""
    before, _, rest = path.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n\n{markdown(report)}\n{END}{after}")


def facts(machine: Mapping[str, str], database: Mapping[str, str], how: Mapping[str, str]) -> dict[str, str]:
    """What a reader needs to know to weigh the figures."""
    return {**how, **machine, **database}
