import socket
import sys
import urllib.request

import numpy as np
import pytest

import firth
from firth.errors import FirthError, FirthWarning
from firth.formats import read
from firth.tutorial import walkthrough
from firth.vectors.word_vectors import WordVectors
from firth.visual.tensorboard import serve_folder, write_projector
from firth.vocabulary import Vocabulary

pytest.importorskip("tensorboardX", reason="needs the extra tensorboard")


def scalars(folder):
    """What TensorBoard itself reads from the logs."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    log = accumulator.EventAccumulator(str(folder)).Reload()
    return {tag: [(e.step, e.value) for e in log.Scalars(tag)] for tag in log.Tags()["scalars"]}


@pytest.mark.filterwarnings("ignore")
def test_log__of_training_by_rounds(small_text, tmp_path, monkeypatch):
    monkeypatch.setattr("firth.training.chunks.CHUNK_TOKENS", 500)
    model = firth.train(small_text, epochs=2, sample=0.0, progress=False, tensorboard=tmp_path / "logs")
    found = scalars(tmp_path / "logs")
    assert set(found) == {"loss", "learning_rate", "words_per_second"}
    assert found["loss"][-1][0] == 2 * 3600
    assert np.isclose(found["loss"][-1][1], model.history[-1].loss)
    assert min(value for _, value in found["words_per_second"]) > 0


@pytest.mark.filterwarnings("ignore")
def test_log__of_minibatches_and_the_projectors_folder(tmp_path):
    random = np.random.default_rng(0)
    words = [f"w{i}" for i in range(40)]
    (tmp_path / "t.txt").write_text("\n".join(" ".join(random.choice(words, 8)) for _ in range(200)))
    *_, result = walkthrough.run(tmp_path / "t.txt", tmp_path / "out", epochs=3, tensorboard=True)
    found = scalars(tmp_path / "out" / "logs")
    assert {"loss", "accuracy", "learning_rate", "validation_loss", "examples_per_second"} <= set(found)
    assert [step for step, _ in found["loss"]] == [1, 2, 3]
    assert np.allclose([value for _, value in found["loss"]], [m.loss for m in result.history])
    config = (tmp_path / "out" / "logs" / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "vectors.tsv"' in config
    assert read(tmp_path / "out" / "logs" / "vectors.tsv").words == result.vectors.words


def test_projector__shows_the_first_rows_that_it_can(tmp_path, monkeypatch):
    monkeypatch.setattr("firth.visual.tensorboard.PROJECTOR_ROWS", 3)
    vectors = WordVectors(Vocabulary(list("abcde"), [5, 4, 3, 2, 1]), np.eye(5, dtype=np.float32))
    folder = write_projector(vectors, tmp_path / "p")
    assert read(folder / "vectors.tsv").words == ["a", "b", "c"]


def test_projector__leaves_out_what_it_could_not_show(tmp_path):
    folder = write_projector(WordVectors(["a", "b", "c"], [[1, 0], [np.nan, 0], [0, 1]]), tmp_path / "p")
    assert read(folder / "vectors.tsv").words == ["a", "c"]
    assert (folder / "vectors.tsv").read_text() == "1.0\t0.0\n0.0\t1.0\n"


def test_projector__a_word_with_a_tab_is_still_one_row(tmp_path):
    with pytest.warns(FirthWarning, match="written with _: 'a_b'"):
        folder = write_projector(WordVectors(["a\tb", "c"], [[1, 0], [0, 1]]), tmp_path / "p")
    assert (folder / "metadata.tsv").read_text() == "a_b\nc\n"


def test_log__without_the_extra_names_it(small_text, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(FirthError, match=r"firth\[tensorboard\]"):
        firth.train(small_text, epochs=1, progress=False, tensorboard=tmp_path)


def test_serve_folder__on_this_machine_only_until_the_end(tmp_path, vectors):
    pytest.importorskip("tensorboard", reason="the extra firth[tensorboard] is not installed")
    folder = write_projector(vectors, tmp_path / "projector")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with serve_folder(folder, port) as (process, address):
        assert address == f"http://127.0.0.1:{port}/#projector"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/data/plugin/projector/runs", timeout=30) as answer:
            assert answer.status == 200
        with pytest.raises(FirthError, match=f"port {port} is in use"), serve_folder(folder, port):
            pass
        assert process.poll() is None
    assert process.poll() is not None
