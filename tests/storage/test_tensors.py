"""safetensors files that firth writes are, byte for byte, those of the library of that name."""

import numpy as np
import pytest
import safetensors.numpy
from safetensors import safe_open

from firth.errors import FormatError
from firth.storage.tensors import WRITTEN, about_of, map_tensors, write_tensors

ABOUTS = ["", "plain", 'é "quoted" \\ \x7f\n\u2028😀']


def arrays():
    """Arrays of every kind and of many shapes."""
    found = {f"{name} of {size}": np.arange(size).astype(name) for name in WRITTEN for size in (1, 3)}
    shapes = {"no rows": (0, 5), "nothing": (0,), "one": (), "cube": (2, 3, 4), 'é"': (1, 1)}
    return found | {name: np.full(shape, 0.5, np.float32) for name, shape in shapes.items()}


@pytest.mark.parametrize("about", ABOUTS)
def test_tensors__have_the_bytes_that_the_library_writes(tmp_path, about):
    write_tensors(tmp_path / "a", arrays(), about)
    safetensors.numpy.save_file(arrays(), tmp_path / "b", metadata={"firth": about} if about else None)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert about_of(tmp_path / "a") == about


def test_tensors__that_are_no_contiguous_array_are_written_by_their_numbers(tmp_path):
    whole = np.arange(24, dtype=np.float32).reshape(4, 6)
    strided = {
        "columns": whole[:, :3],
        "turned": whole.T,
        "backwards": whole[::-1],
        "of the other end": whole.astype(">f4"),
    }
    write_tensors(tmp_path / "a", strided)
    with safe_open(tmp_path / "a", "np") as file:
        for name, array in strided.items():
            np.testing.assert_array_equal(file.get_tensor(name), array)
            np.testing.assert_array_equal(map_tensors(tmp_path / "a")[name], array)


def test_tensors__begin_where_numbers_of_eight_bytes_may(tmp_path):
    for length in range(9):
        write_tensors(tmp_path / "a", {"n" * length: np.ones(1)})
        assert int.from_bytes((tmp_path / "a").read_bytes()[:8], "little") % 8 == 0


@pytest.mark.parametrize("metadata", [b"5", b'{"other": "x"}', b"null"])
def test_about__is_nothing_where_a_file_says_nothing(tmp_path, metadata):
    header = b'{"__metadata__": %s}' % metadata
    (tmp_path / "a").write_bytes(len(header).to_bytes(8, "little") + header)
    assert about_of(tmp_path / "a") == ""
    (tmp_path / "a").write_bytes(b"\xff" * 20)
    with pytest.raises(FormatError, match="not a safetensors file"):
        about_of(tmp_path / "a")
