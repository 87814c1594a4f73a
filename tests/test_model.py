import copy
import json
import os
import pickle
import resource
import shutil
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from firth import load
from firth.errors import FirthError, FirthWarning, FormatError, OutputExistsError
from firth.model import Word2Vec
from firth.model_folder import OUTPUT, VECTORS, VOCABULARY
from firth.storage.tensors import map_tensor, write_tensor
from firth.vectors.subwords import Ngrams, Subwords
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary


def everything(model):
    return (
        model.words,
        model.vocabulary.counts.tolist(),
        model.vectors.tobytes(),
        model.output_vectors.tobytes(),
        model.config,
        model.history,
    )


def test_save__and_load_give_back_everything(model, tmp_path):
    folder = model.save(tmp_path / "deep" / "m.firth")
    again = load(folder)
    assert isinstance(again, Word2Vec)
    assert everything(again) == everything(model)
    assert everything(load(folder, verify=False)) == everything(model)


def test_save__words_of_any_kind_survive(model, tmp_path):
    words = ["new york", "line\nend", "\x00", "</script>", *model.words[4:]]
    odd = Word2Vec(Vocabulary(words, [1] * 8), model.vectors, model.output_vectors, model.config, model.history)
    assert load(odd.save(tmp_path / "m")).words == words


def test_save__writes_files_that_safetensors_reads(model, tmp_path):
    folder = model.save(tmp_path / "m")
    assert (load_file(folder / VECTORS)["vectors"] == model.vectors).all()
    assert (load_file(folder / OUTPUT)["output"] == model.output_vectors).all()


def test_save__vectors_of_other_programs_keep_words_bits_and_counts(vectors, tmp_path):
    vectors.export(tmp_path / "v.txt")
    loaded = load(tmp_path / "v.txt")
    again = load(loaded.save(tmp_path / "v.firth"))
    assert type(again) is WordVectors
    assert again.words == vectors.words
    assert again.vectors.tobytes() == vectors.vectors.tobytes()
    assert not again.vectors.flags.writeable
    assert not again.vocabulary.has_counts
    assert load(vectors.save(tmp_path / "v.firth", overwrite=True)).vocabulary == vectors.vocabulary
    with pytest.raises(OutputExistsError):
        vectors.save(tmp_path / "v.firth")


def test_save__vectors_with_ngrams_keep_them(vectors, tmp_path):
    rows = np.random.default_rng(0).normal(size=(7, 10)).astype(np.float32)
    parts = Subwords(Ngrams(2, 3, 7), vectors.vectors, np.arange(7, dtype=np.int32), rows)
    with_ngrams = WordVectors(vectors.vocabulary, vectors.vectors, parts)
    again = load(with_ngrams.save(tmp_path / "v.firth"))
    assert (again["kong"] == with_ngrams["kong"]).all()
    assert again.vectors.tobytes() == vectors.vectors.tobytes()


@pytest.mark.parametrize("name", ["model.json", VOCABULARY, VECTORS])
def test_load__vectors_that_were_saved_are_checked_as_models_are(vectors, tmp_path, name):
    folder = vectors.save(tmp_path / "v.firth")
    content = bytearray((folder / name).read_bytes())
    for at in (0, len(content) // 2, len(content) - 1):
        (folder / name).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(FormatError):
            load(folder)
    (folder / name).unlink()
    with pytest.raises(FormatError, match=name):
        load(folder)


def test_word2vec_load__of_vectors_that_were_not_trained_says_what_reads_them(vectors, tmp_path):
    folder = vectors.save(tmp_path / "v.firth")
    with pytest.raises(FormatError, match=r"nothing of their training: firth\.load reads it"):
        Word2Vec.load(folder)


@pytest.mark.parametrize("way", [load, Word2Vec.load])
def test_load__warns_once_of_vectors_that_are_not_finite(model, tmp_path, way):
    numbers = model.vectors.copy()
    numbers[2] = np.nan
    bad = Word2Vec(model.vocabulary, numbers, model.output_vectors, model.config, [])
    folder = bad.save(tmp_path / "m")
    with pytest.warns(FirthWarning, match="1 of 8 words have a vector that is not finite.*'queen'") as warned:
        way(folder)
    assert len(warned) == 1
    assert warned[0].filename == __file__
    way(folder, verify=False)


def test_load__maps_the_vectors(model, tmp_path):
    vectors = load(model.save(tmp_path / "m")).vectors
    assert not vectors.flags.owndata
    assert not vectors.flags.writeable


def test_save__never_overwrites_unasked(model, tmp_path):
    folder = model.save(tmp_path / "m")
    with pytest.raises(OutputExistsError, match="exists already"):
        model.save(folder)
    model.history.pop()
    model.save(folder, overwrite=True)
    assert len(load(folder).history) == 1
    assert os.listdir(tmp_path) == ["m"]


def test_save__overwrites_only_models(model, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.tex").write_text("years")
    for path in (tmp_path / "precious", tmp_path / "precious" / "thesis.tex"):
        with pytest.raises(FormatError, match="is not a model: firth will not overwrite it"):
            model.save(path, overwrite=True)
    assert (tmp_path / "precious" / "thesis.tex").read_text() == "years"


def test_save__over_the_model_it_was_loaded_from(model, tmp_path):
    folder = model.save(tmp_path / "m")
    again = load(folder)
    again.save(folder, overwrite=True)
    assert everything(load(folder)) == everything(model)


def test_save__a_full_disk_leaves_the_old_model_whole(model, tmp_path):
    """The limit on a file's size makes the system refuse the bytes, as a full disk does."""
    folder = model.save(tmp_path / "m")
    before = everything(load(folder))
    script = f"""
import numpy as np, resource, signal
from firth.model import Word2Vec
from firth.vocabulary import Vocabulary
from firth.config import TrainingConfig
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
words = Vocabulary([str(i) for i in range(5000)], [1] * 5000)
vectors = np.ones((5000, 50), np.float32)
Word2Vec(words, vectors, vectors, TrainingConfig(), []).save({str(folder)!r}, overwrite=True)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "File too large" in run.stderr
    assert everything(load(folder)) == before
    assert os.listdir(tmp_path) == ["m"]


def test_save__ctrl_c_in_the_middle_leaves_the_old_model_whole(model, tmp_path, monkeypatch):
    folder = model.save(tmp_path / "m")
    before = everything(load(folder))

    def interrupt(*_):
        raise KeyboardInterrupt

    model.history.clear()
    monkeypatch.setattr("firth.model.write_tensor", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.save(folder, overwrite=True)
    assert everything(load(folder)) == before
    assert os.listdir(tmp_path) == ["m"]


FILES = ["model.json", VOCABULARY, VECTORS, OUTPUT]


def look_at_everything(folder):
    return load(folder).output_vectors


@pytest.mark.parametrize("name", FILES)
def test_load__a_missing_file_is_named(model, tmp_path, name):
    folder = model.save(tmp_path / "m")
    (folder / name).unlink()
    with pytest.raises(FormatError, match=name):
        load(folder)


@pytest.mark.parametrize("name", FILES)
def test_load__a_file_cut_short_is_named(model, tmp_path, name):
    folder = model.save(tmp_path / "m")
    content = (folder / name).read_bytes()
    for size in (0, 1, len(content) // 2, len(content) - 1):
        (folder / name).write_bytes(content[:size])
        with pytest.raises(FormatError, match=f"{name}.*(cut short|altered)"):
            load(folder)


@pytest.mark.parametrize("name", FILES)
def test_load__an_altered_byte_is_noticed(model, tmp_path, name):
    folder = model.save(tmp_path / "m")
    content = bytearray((folder / name).read_bytes())
    for at in range(0, len(content), max(1, len(content) // 40)):
        (folder / name).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(FormatError):
            look_at_everything(folder)


def test_load__a_newer_model_asks_for_an_upgrade(model, tmp_path):
    folder = model.save(tmp_path / "m")
    about = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(about | {"version": 2, "written_by": "firth 9.0"}))
    with pytest.raises(FormatError, match=r"written by firth 9\.0 in version 2.*upgrade"):
        load(folder)


@pytest.mark.parametrize("content", ["[]", "{}", '{"format": "other"}', "[" * 100_000])
def test_load__what_is_not_a_model(tmp_path, content):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "model.json").write_text(content)
    with pytest.raises(FormatError):
        load(tmp_path / "m")
    with pytest.raises(FormatError, match="there is no model"):
        load(tmp_path / "none")


COPIES = {
    "as it is": lambda model: model,
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
    "pickled": lambda model: pickle.loads(pickle.dumps(model)),
}


@pytest.mark.parametrize("way", COPIES)
def test_load__what_was_loaded_is_whole_whatever_becomes_of_its_folder(model, vectors, tmp_path, way):
    folder = model.save(tmp_path / "m")
    copied = COPIES[way](load(folder))
    other = Word2Vec(model.vocabulary, -model.vectors, -model.output_vectors, model.config, [])
    other.save(folder, overwrite=True)
    assert np.array_equal(copied.output_vectors, model.output_vectors)
    copied = COPIES[way](load(folder))
    shutil.rmtree(folder)
    assert everything(load(copied.save(tmp_path / "again"))) == everything(other)
    assert np.array_equal(copied.choose("output").vectors, other.output_vectors)
    text = [["the", "king", "queen"]] * 30
    more, wanted = (m.train_more(text, epochs=1, min_count=1, sample=0, threads=1) for m in (copied, other))
    assert np.array_equal(more.output_vectors, wanted.output_vectors)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a fork")
def test_load__what_was_loaded_is_whole_in_a_forked_process(model, tmp_path):
    script = """
import multiprocessing, shutil, sys, firth
loaded = firth.load(sys.argv[1])
shutil.rmtree(sys.argv[1])
forked = multiprocessing.get_context("fork")
found = forked.Queue()
forked.Process(target=lambda: found.put((loaded.words, loaded.output_vectors.tobytes()))).start()
assert found.get(timeout=60) == (loaded.words, loaded.output_vectors.tobytes())
print(loaded.output_vectors.tobytes().hex())
"""
    folder = model.save(tmp_path / "m")
    done = subprocess.run(
        [sys.executable, "-c", script, folder], capture_output=True, text=True, timeout=90, check=True
    )
    assert done.stdout.strip() == model.output_vectors.tobytes().hex()


def test_pickle__of_altered_output_vectors_is_refused(model, tmp_path):
    folder = model.save(tmp_path / "m")
    loaded = load(folder)
    with (folder / OUTPUT).open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x7f")
    with pytest.raises(FormatError, match="altered"):
        pickle.dumps(loaded)


def test_output_vectors__may_be_absent(model):
    bare = Word2Vec(model.vocabulary, model.vectors, None, model.config, [])
    with pytest.raises(FirthError, match="no output vectors"):
        _ = bare.output_vectors


def test_tensors__strided_arrays_are_written_right(tmp_path):
    array = np.arange(60, dtype=np.float32).reshape(6, 10)
    for number, view in enumerate((array[:, 2:7], array.T, array[::2], np.asfortranarray(array), array[:0])):
        path = tmp_path / f"{number}.safetensors"
        write_tensor(path, "x", view)
        assert (map_tensor(path, "x") == view).all()
        assert map_tensor(path, "x").shape == view.shape


def test_tensors__numbers_that_lie_are_refused(tmp_path):
    path = tmp_path / "t.safetensors"
    save_file({"x": np.zeros((3, 4), np.float32), "i": np.zeros(3, np.int32)}, path)
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])

    def altered(**changes):
        text = json.dumps({"x": header["x"] | changes}).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + size :])

    for changes in (
        {"shape": [10**9, 10**9]},
        {"shape": [-3, -4]},
        {"shape": [3.0, 4]},
        {"data_offsets": [0, 48 * 10**9]},
        {"data_offsets": [48, 0]},
        {"data_offsets": [-48, 0]},
        {"data_offsets": "ab"},
        {"dtype": "F64"},
    ):
        altered(**changes)
        with pytest.raises(FormatError):
            map_tensor(path, "x")
    for lie in (b"", b"\x00" * 4, (2**63).to_bytes(8, "little"), (50).to_bytes(8, "little") + b"[" * 50):
        path.write_bytes(lie)
        with pytest.raises(FormatError):
            map_tensor(path, "x")
    path.write_bytes(content)
    with pytest.raises(FormatError, match="not of float32"):
        map_tensor(path, "i")
    with pytest.raises(FormatError, match="no tensor 'y'"):
        map_tensor(path, "y")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4e6


def test_notebook__shows_how_a_model_was_made(model):
    shown = model._repr_html_()
    assert "<b>Word2Vec</b>" in shown
    assert "4.000, 3.500" in shown
    assert "epochs=2" in shown


def test_model__is_shown_with_what_made_it(model):
    assert repr(model) == "Word2Vec(8 words, 10 dimensions, skip-gram with negative-sampling, 2 epochs)"
    assert repr(model.choose("mean")) == "WordVectors(8 words, 10 dimensions)"
