"""Cells run by a real kernel, as a notebook runs them."""

import pytest


def executed(cells, folder, *, allow_errors=False):
    """A notebook of these cells, with their outputs."""
    nbclient = pytest.importorskip("nbclient", reason="needs the dependency group check")
    pytest.importorskip("ipykernel", reason="needs the dependency group check")
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    resources = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(
        notebook, timeout=120, allow_errors=allow_errors, kernel_name="python3", resources=resources
    ).execute()
    return notebook
