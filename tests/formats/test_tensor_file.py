"""safetensors, with the words beside them or within."""

import json
import struct

import numpy as np
import pytest
import safetensors.numpy

from firth import export, load
from firth.errors import FormatError


def test_safetensors__of_a_model_s_own_folder_come_with_the_counts_beside(model, tmp_path):
    folder = model.save(tmp_path / "m.firth")
    for limit in (None, 3):
        inner = load(folder / "vectors.safetensors", limit=limit)
        assert inner.words == model.words[:limit]
        assert inner.vocabulary.counts.tolist() == model.vocabulary.counts[:limit].tolist()
    vocabulary = json.loads((folder / "vocabulary.json").read_bytes())
    for counts in ([1], [0.5] * 8, [-1] * 8, "12345678", [1 << 63] * 8, {"a": 1}):
        (folder / "vocabulary.json").write_text(json.dumps(vocabulary | {"counts": counts}))
        with pytest.raises(FormatError, match="cannot be read: the counts do not fit the 8 words"):
            load(folder / "vectors.safetensors")
    (folder / "vocabulary.json").write_text(json.dumps({"words": model.words}))
    assert not load(folder / "vectors.safetensors").vocabulary.has_counts


def test_safetensors__are_read_as_they_were_written(tmp_path, vectors):
    export(vectors, tmp_path / "v.safetensors")
    again = load(tmp_path / "v.safetensors")
    assert again.words == vectors.words
    assert (again.vectors == vectors.vectors).all()


def test_safetensors__with_the_words_of_a_model_or_a_tokenizer(tmp_path, model):
    folder = model.save(tmp_path / "m.firth")
    assert load(folder / "vectors.safetensors").words == model.words
    safetensors.numpy.save_file({"embeddings": np.eye(3, dtype=np.float32)}, tmp_path / "model.safetensors")
    with pytest.raises(FormatError, match="needs its words beside it, one a line"):
        load(tmp_path / "model.safetensors")
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {"b": 2, "[PAD]": 0, "a": 1}}}))
    assert load(tmp_path / "model.safetensors")["a"].tolist() == [0, 1, 0]
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": [["x", -1.0]]}}))
    with pytest.raises(FormatError, match="3 vectors, but there are 1 words"):
        load(tmp_path / "model.safetensors")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(FormatError, match="cannot be read"):
        load(tmp_path / "model.safetensors")


def test_safetensors__of_two_tensors_or_none_are_refused(tmp_path):
    for tensors in ({"a": np.eye(2, dtype=np.float32), "b": np.eye(2, dtype=np.float32)}, {}):
        safetensors.numpy.save_file(tensors, tmp_path / "v.safetensors")
        with pytest.raises(FormatError, match=r"has the tensors (a, b|\(none\)): wanted one"):
            load(tmp_path / "v.safetensors")
    safetensors.numpy.save_file({"a": np.eye(2) > 0}, tmp_path / "v.safetensors")
    with pytest.raises(FormatError, match="'a' is of numbers that firth does not read"):
        load(tmp_path / "v.safetensors")


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int8])
def test_safetensors__of_other_numbers_are_read_as_float32(tmp_path, dtype):
    safetensors.numpy.save_file({"embeddings": np.array([[1, -2], [3, 5]], dtype)}, tmp_path / "v.safetensors")
    (tmp_path / "words.txt").write_text("a\nb\n")
    found = load(tmp_path / "v.safetensors")
    assert found.vectors.dtype == np.float32
    assert found["b"].tolist() == [3, 5]


def test_safetensors__of_bfloat16(tmp_path):
    header = json.dumps({"v": {"dtype": "BF16", "shape": [2, 1], "data_offsets": [0, 4]}}).encode()
    numbers = b"".join(struct.pack("<f", number)[2:] for number in (1.5, -2))
    (tmp_path / "v.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + numbers)
    (tmp_path / "words.txt").write_text("a\nb\n")
    assert load(tmp_path / "v.safetensors").vectors.tolist() == [[1.5], [-2]]


def test_safetensors__of_model2vec_with_a_mapping_and_weights(tmp_path):
    """A token's vector is weights[id] * embeddings[mapping[id]], as in model2vec's `_encode_helper`."""
    tensors = {
        "embeddings": np.array([[1, 2], [3, 4]], np.float16),
        "mapping": np.array([1, 0, 1]),
        "weights": np.array([1.0, 10, 0.5]),
    }
    safetensors.numpy.save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {"a": 0, "b": 1, "c": 2}}}))
    found = load(tmp_path / "model.safetensors")
    assert (found.words, found.vectors.tolist()) == (["a", "b", "c"], [[3, 4], [10, 20], [1.5, 2]])
    assert load(tmp_path / "model.safetensors", limit=2).vectors.tolist() == [[3, 4], [10, 20]]
    assert load(tmp_path).vectors.tolist() == found.vectors.tolist()  # the folder, as it is downloaded
    safetensors.numpy.save_file(tensors | {"mapping": np.array([1, 0, 2])}, tmp_path / "model.safetensors")
    with pytest.raises(FormatError, match="'mapping' does not lead to 2 vectors"):
        load(tmp_path / "model.safetensors")
