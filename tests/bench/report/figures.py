"""Figures, their targets, and the table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, written as a person would."""

    value: float
    unit: str

    def __str__(self) -> str:
        if self.unit == "":
            return f"{self.value:.2f}"
        if self.value >= 1000:
            return f"{self.value:,.0f} {self.unit}"
        return f"{self.value:.3g} {self.unit}"


@dataclass(frozen=True)
class Figure:
    """One line of the table. `beside` is what it is compared with, in the same unit. The target is the highest value
    that will do: of the ratio where there is one, of the measured value otherwise. Without a target it is for
    information."""

    name: str
    measured: Quantity
    beside: Quantity | None = None
    beside_what: str = ""
    target: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.measured.value / self.beside.value if self.beside else None

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        compared = self.measured.value if self.ratio is None else self.ratio
        return "ok" if compared <= self.target else "MISSED"

    def cells(self) -> list[str]:
        target = ""
        if self.target is not None:
            target = f"<= {Quantity(self.target, '' if self.beside else self.measured.unit)}"
        beside = f"{self.beside} {self.beside_what}" if self.beside else ""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return [self.name, str(self.measured), beside, ratio, target, self.verdict]


@dataclass(frozen=True)
class Note:
    """A remark below the table: what could not be measured here, and why."""

    text: str


HEADINGS = ["figure", "connectord", "beside", "ratio", "target", ""]
RIGHT_ALIGNED = {1, 3}


def row(cells: list[str], widths: list[int]) -> str:
    aligned = [cell.rjust(width) if i in RIGHT_ALIGNED else cell.ljust(width)
               for i, (cell, width) in enumerate(zip(cells, widths))]
    return "| " + " | ".join(aligned) + " |"


def table(lines: list[Figure | Note]) -> str:
    """A table that is also one in Markdown, then the notes, then how many targets were met."""
    figures = [line for line in lines if isinstance(line, Figure)]
    rows = [HEADINGS] + [figure.cells() for figure in figures]
    widths = [max(map(len, column)) for column in zip(*rows)]
    rule = ["-" * (width - 1) + ":" if i in RIGHT_ALIGNED else "-" * width for i, width in enumerate(widths)]
    text = [row(cells, widths) for cells in (rows[0], rule, *rows[1:])]
    text += [""] + [line.text for line in lines if isinstance(line, Note)]
    missed = [figure.name for figure in figures if figure.verdict == "MISSED"]
    aimed_at = [figure for figure in figures if figure.target is not None]
    text.append(f"{len(aimed_at) - len(missed)} of {len(aimed_at)} targets met"
                + (f"; MISSED: {'; '.join(missed)}" if missed else ""))
    return "\n".join(text)
