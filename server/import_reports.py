"""What the command line says of an import, in Vietnamese and in English."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from geo.importing.cleaning import SPOT_NAMES, Cleaning, SpotKind, State
from geo.importing.troubles import Report
from geo.language import Language
from geo.language import Text as Words
from server.console import console, tell

_MOST_TROUBLES = 5_000


def show_cleaning(cleaning: Cleaning) -> None:
    """What snapping moved, feature by feature, and what remains between the areas, with its size."""
    if cleaning.metres is not None:
        table = Table(
            "#", "Đối tượng / Feature", "Đỉnh dời / Vertices", "Xa nhất / Furthest", "Diện tích / Area",
            box=None, header_style="bold",
        )  # fmt: skip
        for one in cleaning.moved:
            far, change = f"{one.metres:.3f} m", f"{one.square_metres:+.2f} m²"
            table.add_row(str(one.feature), Text(one.label), str(one.vertices), far, change)
        if cleaning.moved:
            console.print(table)
        before = cleaning.before
        tell(f"Khớp trong / Snapped within {cleaning.metres:g} m.")
        tell(f"Trước / Before: {_state(before, Language.VI)} / {_state(before, Language.EN)}")
    tell(f"Hiện có / Now: {_state(cleaning.after, Language.VI)} / {_state(cleaning.after, Language.EN)}")
    for spot in cleaning.after.spots[:_MOST_TROUBLES]:
        name, where = SPOT_NAMES[spot.kind], spot.shape.representative_point()
        tell(
            f"{name.vi} / {name.en}: {spot.square_metres:.4g} m², {where.x:.6f}, {where.y:.6f} "
            f"({'; '.join(spot.labels)})"
        )


def _state(state: State, language: Language) -> str:
    sizes = [
        f"{SPOT_NAMES[kind].to(language).lower()} {sum(spot.kind is kind for spot in state.spots)} "
        f"({state.total(kind):.4g} m²)"
        for kind in SpotKind
    ]
    unmatched = Words(
        f"{state.unmatched} đối tượng chưa khớp cạnh", f"{state.unmatched} features with edges that do not match"
    )
    return ", ".join([unmatched.to(language), *sizes])


def show(report: Report) -> None:
    """What came of an import: what is wrong and where, and how many were added, changed and left out."""
    if report.troubles:
        table = Table("#", "Đối tượng / Feature", "Vấn đề / Trouble", box=None, header_style="bold")
        for trouble in report.troubles[:_MOST_TROUBLES]:
            # As Text, for a file's own words are never markup.
            vietnamese, english = trouble.message(Language.VI), trouble.message(Language.EN)
            said = Text.assemble(vietnamese, "\n", (english, "dim"))
            table.add_row(str(trouble.feature), Text(trouble.label), said)
        console.print(table)
        if len(report.troubles) > _MOST_TROUBLES:
            tell(f"… và {len(report.troubles) - _MOST_TROUBLES} vấn đề khác / and more")
    for note in report.notes:
        tell(f"{note.vi} / {note.en}")
    if report.troubles and not report.stored:
        tell(
            f"Không nhập gì cả: {report.skipped} trên {report.features} đối tượng có vấn đề. "
            f"/ Nothing was imported: {report.skipped} of {report.features} features are wrong. "
            "--skip-invalid imports the rest."
        )
        return
    tell(
        f"Thêm {report.added}, đổi {report.changed}, giữ nguyên {report.unchanged}, bỏ qua {report.skipped}. "
        f"/ {report.added} added, {report.changed} changed, {report.unchanged} unchanged, {report.skipped} left out."
    )
