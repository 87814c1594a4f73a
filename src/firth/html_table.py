"""Tables as notebooks show them. They name no color, so that they are readable on any ground."""

from __future__ import annotations

import itertools
import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MOST_ROWS = 50
"""Rows of a table that are shown; how many more there are is said below."""
LONGEST_CELL = 300
"""Characters of a cell that are shown."""
LEFT = ' style="text-align: left"'
"""What text has, and what is above it: in a notebook, cells are aligned to the right, as numbers want it."""


def html_table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]], *, rows_in_all: int = 0) -> str:
    """A table with a title, in HTML: numbers with a fraction have four digits, and what is not there is empty.

    Where `rows` are only the first ones, `rows_in_all` says how many there are.
    """
    rest = iter(rows)
    shown = list(itertools.islice(rest, MOST_ROWS))
    more = (rows_in_all or len(shown) + sum(1 for _ in rest)) - len(shown)
    is_text = [any(isinstance(row[i], str) for row in shown) for i in range(len(header))]
    lines = ["".join(_cell_in_html(name, "th", is_left=left) for name, left in zip(header, is_text, strict=True))]
    lines += ["".join(_cell_in_html(value, "td", is_left=isinstance(value, str)) for value in row) for row in shown]
    if more > 0:
        lines.append(f'<td colspan="{len(header)}"{LEFT}>… and {more:,} more</td>')
    return _titled(title, lines)


def facts_table(title: str, facts: Mapping[str, object]) -> str:
    """A title and named facts below each other, in HTML; of a list, each on a line of its own."""
    lines = []
    for name, fact in facts.items():
        values = fact if isinstance(fact, list) else [fact]
        told = "<br>".join(_escaped(cell(value)) for value in values)
        lines.append(f"<th{LEFT}>{_escaped(name)}</th><td{LEFT}>{told}</td>")
    return _titled(title, lines)


def of_words(rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Rows that begin with a word, which is text also where it is a number: the digits of an id are not grouped."""
    return [(str(word), *others) for word, *others in rows]


def cell(value: object) -> str:
    """A value as tables show it: a fraction with four digits, or its power of ten; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    if isinstance(value, numbers.Real):
        number = float(value)
        return f"{number:.1e}" if 0 < abs(number) < 1e-4 else f"{number:.4f}"
    return str(value)


def _titled(title: str, lines: Sequence[str]) -> str:
    table = f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
    return f"<b>{_escaped(title)}</b>{table}" if title else table


def _cell_in_html(value: object, tag: str, *, is_left: bool) -> str:
    text = cell(value)
    shown = text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
    return f"<{tag}{LEFT if is_left else ''}>{_escaped(shown)}</{tag}>"


def _escaped(text: str) -> str:
    """A text as HTML. A half of a pair of surrogates, which no message to a notebook can hold, becomes a "?"."""
    import html  # only a notebook needs it

    return html.escape(text).encode("utf-8", "replace").decode("utf-8")
