"""Tables as notebooks show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def html_table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with a title, in HTML: numbers with a fraction have four digits, and what is not there is empty."""
    import html  # only a notebook needs it

    lines = [[f"<th>{html.escape(name)}</th>" for name in header]]
    lines += [[f"<td>{html.escape(cell(value))}</td>" for value in row] for row in rows]
    return f"{html.escape(title)}<table>{''.join('<tr>' + ''.join(line) + '</tr>' for line in lines)}</table>"


def of_words(rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Rows that begin with a word, which is text also where it is a number: the digits of an id are not grouped."""
    return [(str(word), *others) for word, *others in rows]


def cell(value: object) -> str:
    """A value as tables show it: a fraction with four digits, or its power of ten; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.1e}" if 0 < abs(value) < 1e-4 else f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
