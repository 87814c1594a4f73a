"""The page of a map: its template, style, script and data as one HTML file that asks for nothing from outside.

The words are data, and never markup: they stand in a JSON block and are shown as text. The page's own policy allows no
other script or style than these two, by their hashes, and no connection.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import webbrowser
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from firth.storage.files import atomic_file

FRAME_HEIGHT = 640
"""Of a map in a notebook, in CSS pixels."""


@dataclass(frozen=True)
class Page:
    """One HTML file. A notebook shows it in place.

    Parameters
    ----------
    html : str
        All of the file.
    """

    html: str

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the file, all or nothing; return its path.

        Parameters
        ----------
        path
            Where to.
        overwrite
            Whether to replace a file that is there.

        Raises
        ------
        OutputExistsError
            If the file exists, unless `overwrite` is set.
        """
        path = Path(path)
        with atomic_file(path, overwrite=overwrite) as temporary:
            temporary.write_text(self.html, "utf-8", newline="\n")
        return path

    def _repr_html_(self) -> str:
        frame = 'style="width: 100%; border: 1px solid #ccc" sandbox="allow-scripts"'
        return f'<iframe {frame} height="{FRAME_HEIGHT}" srcdoc="{html.escape(self.html)}"></iframe>'


def show(path: Path) -> bool:
    """Open a page in the user's browser; whether one could be found."""
    return webbrowser.open(path.absolute().as_uri())


def assemble(title: str, data: dict[str, Any]) -> Page:
    """The page with this data, as the script wants it."""
    parts = {name: _part(f"page.{name}") for name in ("html", "css", "js")}
    # "<" may not stand in a script block: "</script>" would end it. In JSON it is as good as \u003c
    content = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    values = {
        "title": html.escape(title),
        "style": parts["css"],
        "style_hash": _hash(parts["css"]),
        "script": parts["js"],
        "script_hash": _hash(parts["js"]),
        "data": content.encode("utf-8", "replace").decode("utf-8"),
    }
    pieces = parts["html"].split("{")
    text = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}")
        text.append(values[name] + rest)
    return Page("".join(text))


def as_text(numbers: Any) -> str:
    """16-bit numbers for the page: little-endian, in base64."""
    return base64.b64encode(np.ascontiguousarray(numbers, "<u2").tobytes()).decode("ascii")


def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
