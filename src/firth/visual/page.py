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
ON_LIGHT = 'body[data-jp-theme-light="true"], body[data-vscode-theme-kind*="light"], [data-md-color-scheme="default"]'
ON_DARK = 'body[data-jp-theme-light="false"], body[data-vscode-theme-kind*="dark"], [data-md-color-scheme="slate"]'
"""How JupyterLab, VS Code and our site mark whether they are light or dark; elsewhere, the system's choice holds."""
THEMES = f":is({ON_LIGHT}) .firth-page {{ color-scheme: light }} :is({ON_DARK}) .firth-page {{ color-scheme: dark }}"


@dataclass(frozen=True)
class Page:
    """One HTML file. A notebook shows it in place.

    Parameters
    ----------
    html : str
        All of the file.
    """

    html: str

    def __repr__(self) -> str:
        return f"Page({len(self.html):,} characters of HTML)"

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
        frame = f'class="firth-page" style="width: 100%; border: 1px solid #8886" height="{FRAME_HEIGHT}"'
        allowed, content = 'sandbox="allow-scripts allow-downloads"', html.escape(self.html)
        return f'<style>{THEMES}</style><iframe {frame} {allowed} srcdoc="{content}"></iframe>'


def show(path: Path) -> bool:
    """Open a page in the user's browser; whether one could be found."""
    return webbrowser.open(path.absolute().as_uri())


def assemble(title: str, data: dict[str, Any]) -> Page:
    """The page with this data, as the script wants it."""
    parts = {"html": _part("page.html"), "css": _part("page.css"), "js": _part("picture.js") + _part("page.js")}
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
