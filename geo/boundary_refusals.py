"""Refusals of boundaries in words a clerk understands: whose ground, how much of it, where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from geo.coverage import BoundaryFault, Fault, FaultKind, Key
from geo.errors import Refusal
from geo.language import Language, Text
from geo.positions import MAX_VERTICES

NameOf = Callable[[Key], str]

ONE: dict[FaultKind, Text] = {
    FaultKind.OVERLAP: Text(
        "{one} chồng lên tổ dân phố bên cạnh khoảng {metres} m².",
        "{one} overlaps its neighbour by some {metres} m².",
    ),
    FaultKind.GAP: Text(
        "Cạnh {one} còn một khe hở khoảng {metres} m².", "A gap of some {metres} m² is left beside {one}."
    ),
    FaultKind.OUTSIDE_WARD: Text(
        "{one} vượt ra ngoài ranh giới phường khoảng {metres} m².",
        "{one} reaches beyond the ward's outline by some {metres} m².",
    ),
    FaultKind.SELF_INTERSECTION: Text(
        "Đường ranh giới của {one} tự cắt hoặc tự chạm chính nó.", "The boundary of {one} crosses or touches itself."
    ),
    FaultKind.TOO_MANY_VERTICES: Text(
        "{one} có quá nhiều đỉnh (nhiều nhất {most}).", "{one} has too many vertices ({most} at most)."
    ),
}
"""What is said of one area."""

TWO: dict[FaultKind, Text] = {
    FaultKind.OVERLAP: Text(
        "{one} chồng lên {other} khoảng {metres} m².", "{one} overlaps {other} by some {metres} m²."
    ),
    FaultKind.GAP: Text(
        "Giữa {one} và {other} còn một khe hở khoảng {metres} m².",
        "A gap of some {metres} m² is left between {one} and {other}.",
    ),
}
"""What is said of two."""

SLIVERS: dict[FaultKind, Text] = {
    FaultKind.OVERLAP: Text(
        "Đã bỏ phần chồng lấn rất hẹp {metres} m² giữa {names}.",
        "A very narrow overlap of {metres} m² between {names} was closed.",
    ),
    FaultKind.GAP: Text(
        "Đã khép khe hở rất hẹp {metres} m² cạnh {names}.",
        "A very narrow gap of {metres} m² beside {names} was closed.",
    ),
    FaultKind.OUTSIDE_WARD: Text(
        "Đã bỏ phần rất hẹp {metres} m² của {names} nằm ngoài ranh giới phường.",
        "A very narrow part of {names} outside the ward, {metres} m², was left out.",
    ),
}
SHAPE = Text("Hình vẽ", "The shape")


def number(value: float, language: Language) -> str:
    """A quantity as it is written in the language: whole where it is 10 or more, else with one decimal."""
    text = f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
    return text.translate(str.maketrans(",.", ".,")) if language is Language.VI else text


def fault_text(fault: Fault, name_of: NameOf, language: Language) -> str:
    """What stands against a draft, in words."""
    names = [name_of(key) for key in fault.keys] or [SHAPE.to(language)]
    metres = number(fault.square_metres, language)
    texts = TWO if len(names) > 1 and fault.kind in TWO else ONE
    other = names[1] if len(names) > 1 else ""
    return texts[fault.kind].to(language, one=names[0], other=other, metres=metres, most=number(MAX_VERTICES, language))


def sliver_text(kind: FaultKind, square_metres: float, names: Sequence[str], language: Language) -> str:
    """What was closed, in words."""
    text = SLIVERS.get(kind, SLIVERS[FaultKind.GAP])
    told = ", ".join(names) or SHAPE.to(language)
    return text.to(language, metres=number(square_metres, language), names=told)


class BoundaryProblem(Refusal):
    """Shapes that cannot stand: with all that stands against them, the largest first."""

    def __init__(
        self,
        fault: BoundaryFault,
        name_of: NameOf,
        path_of: Callable[[Key], tuple[str, ...]],
        ward_code: str | None = None,
    ) -> None:
        self.faults = fault.faults
        self.ward_code = ward_code
        self.name_of = name_of
        first = self.faults[0].keys
        super().__init__(path=path_of(first[0]) if first else ())

    def message(self, language: Language) -> str:
        return self.detail(self.faults[0], language)

    def detail(self, fault: Fault, language: Language) -> str:
        """What is said of one of them."""
        return fault_text(fault, self.name_of, language)

    def ids_of(self, fault: Fault) -> list[UUID]:
        """The neighbourhoods that it is about; not the new ones, which have no id yet."""
        return [key for key in fault.keys if isinstance(key, UUID)]
