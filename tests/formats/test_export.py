"""What is written for other programs, and reads back the same."""

import dataclasses

import numpy as np
import pytest

from firth import export, load, train
from firth.errors import FirthWarning, FormatError, OutputExistsError, UnwritableWordError
from firth.formats import read
from firth.model import Word2Vec
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary
from tests.helpers.formats import LONG, SUFFIXES, words_like


@pytest.mark.parametrize("name", SUFFIXES)
def test_export__reads_back_word_for_word_and_bit_for_bit(vectors, tmp_path, name):
    numbers = vectors.vectors.copy()
    numbers[0, :4] = [1e-38, -3.4e38, 0.1, 1 / 3]
    original = WordVectors(vectors.vocabulary, numbers)
    written = export(original, tmp_path / name)
    assert sorted(written) == sorted(tmp_path.iterdir())
    again = load(tmp_path / name)
    assert again.words == original.words
    assert again.vectors.dtype == np.float32
    assert again.vectors.tobytes() == numbers.tobytes()


@pytest.mark.parametrize("name", SUFFIXES)
def test_export__a_word_it_cannot_hold_is_refused_before_anything_is_written(vectors, tmp_path, name):
    bad = {"tsv": "tab\there", "ors": "line\nend"}.get(name[-3:], "new york")
    with pytest.raises(
        UnwritableWordError, match=r"cannot hold the word '(new york|tab.+here|line.+end)'.*white space"
    ):
        export(words_like(vectors, ["fine", bad]), tmp_path / name)
    with pytest.raises(UnwritableWordError, match=r"'' \(and 1 more\)"):
        export(words_like(vectors, ["fine", "", bad]), tmp_path / name)
    assert not list(tmp_path.iterdir())


SPACED = ["new york", "fine", "a\tb c"]


@pytest.mark.parametrize("name", ["v.txt", "v.vec", "v.bin", "v.glove"])
def test_export__words_with_spaces_are_replaced_or_left_out_on_request_and_never_in_silence(vectors, tmp_path, name):
    spaced = words_like(vectors, SPACED).with_counts([9, 5, 2])
    format = "glove" if name == "v.glove" else None
    with pytest.warns(FirthWarning, match="2 of 3 words have white space.*written with _: 'new_york', 'a_b_c'"):
        export(spaced, tmp_path / name, format=format, spaces="replace")
    again = load(tmp_path / name, format=format, counts=tmp_path / f"{name}.counts.txt")
    assert (again.words, again.vocabulary.counts.tolist()) == (["new_york", "fine", "a_b_c"], [9, 5, 2])
    assert again.vectors.tobytes() == spaced.vectors.tobytes()
    with pytest.warns(FirthWarning, match=r"2 of 3 words are left out, as .* cannot hold them: 'new york', 'a\\tb c'"):
        export(spaced, tmp_path / name, format=format, spaces="skip", overwrite=True)
    again = load(tmp_path / name, format=format, counts=tmp_path / f"{name}.counts.txt")
    assert (again.words, again.vocabulary.counts.tolist()) == (["fine"], [5])
    assert again["fine"].tolist() == spaced["fine"].tolist()


def test_export__of_a_tree_leaves_words_out_as_their_vectors_alone_are_written(model, tmp_path):
    config = dataclasses.replace(model.config, objective="hierarchical-softmax")
    words = Vocabulary(["new york", *model.words[1:]], model.vocabulary.counts)
    tree = Word2Vec(words, model.vectors, model.output_vectors, config, [])
    with pytest.warns(FirthWarning, match="left out"):
        export(tree, tmp_path / "v.txt", spaces="skip")
    assert load(tmp_path / "v.txt").words == model.words[1:]


def test_export__words_that_would_become_one_are_refused(vectors, tmp_path):
    for words in (["new york", "new_york"], ["a b", "x", "a\tb"]):
        with pytest.raises(
            UnwritableWordError, match=r"'(new york|a\\tb)' would be written as '(new_york|a_b)', as would"
        ):
            export(words_like(vectors, words), tmp_path / "v.txt", spaces="replace")
    assert not list(tmp_path.iterdir())


def test_export__what_cannot_be_replaced_or_left_out_is_refused(vectors, tmp_path):
    with pytest.raises(UnwritableWordError, match="'': it is empty"):
        export(words_like(vectors, ["a", ""]), tmp_path / "v.txt", spaces="replace")
    with pytest.raises(UnwritableWordError, match="none of the 2 words: 'a b', ''"):
        export(words_like(vectors, ["a b", ""]), tmp_path / "v.txt", spaces="skip")
    with pytest.raises(ValueError, match="'error', 'replace' or 'skip', not 'drop'"):
        export(vectors, tmp_path / "v.txt", spaces="drop")
    with pytest.warns(FirthWarning, match="1 of 2 words are left out"):
        export(words_like(vectors, ["a", ""]), tmp_path / "v.txt", spaces="skip")
    assert load(tmp_path / "v.txt").words == ["a"]


def test_export__the_other_formats_replace_what_they_cannot_hold(vectors, tmp_path):
    for name in ("v.tsv", "v.safetensors"):
        with pytest.warns(FirthWarning, match="written with _"):
            export(words_like(vectors, ["new york", "a\nb"]), tmp_path / name, spaces="replace")
        assert load(tmp_path / name).words == ["new york", "a_b"]


def test_export__a_folder_of_firths_keeps_all(vectors, model, tmp_path):
    for kept in (vectors, model):
        (folder,) = export(kept, tmp_path / f"{type(kept).__name__}.firth")
        again = load(folder)
        assert type(again) is type(kept)
        assert again.vocabulary == kept.vocabulary
        assert again.vectors.tobytes() == kept.vectors.tobytes()
        with pytest.raises(OutputExistsError):
            export(kept, folder)
    odd = words_like(vectors, ["", "new york", "a\nb"])
    assert load(export(odd, tmp_path / "odd.firth")[0]).words == odd.words
    (tmp_path / "file.firth").write_text("a 1 2\n")
    with pytest.raises(FormatError, match="would be a folder"):
        load(tmp_path / "file.firth")


def test_export__words_with_spaces_survive_in_tsv(vectors, tmp_path):
    words = ["new york", " a ", "b\u2028c", "d\u3000e", '"']
    export(words_like(vectors, words), tmp_path / "vectors.tsv")
    assert load(tmp_path / "vectors.tsv").words == words


@pytest.mark.parametrize("name", SUFFIXES)
def test_export__unicode_white_space_and_marks_survive(vectors, tmp_path, name):
    words = ["a\u00a0b", "a\u2028b", "\ufeffx", "e\u0301", "😀", "\x85"]
    export(words_like(vectors, words), tmp_path / name)
    assert load(tmp_path / name).words == words


@pytest.mark.parametrize("name", SUFFIXES)
def test_export__never_overwrites_unasked(vectors, tmp_path, name):
    paths = export(vectors, tmp_path / name)
    before = [path.read_bytes() for path in paths]
    paths[0].unlink()
    if len(paths) > 1:  # the words alone are in the way too
        with pytest.raises(OutputExistsError):
            export(vectors, tmp_path / name)
    export(vectors, tmp_path / name, overwrite=True)
    with pytest.raises(OutputExistsError):
        export(vectors, tmp_path / name)
    assert [path.read_bytes() for path in paths] == before


def test_export__an_unknown_ending_is_answered_with_the_known(vectors, tmp_path):
    with pytest.raises(FormatError, match=r"\.txt/\.vec \(word2vec text\)"):
        export(vectors, tmp_path / "v.docx")
    export(vectors, tmp_path / "v.docx", format="tsv")
    assert read(tmp_path / "v.docx", format="tsv").words == vectors.words
    with pytest.raises(FormatError, match="no format is called 'pdf'"):
        export(vectors, tmp_path / "v", format="pdf")


@pytest.mark.parametrize(
    ("ending", "format"), [("txt", "word2vec text"), (".VEC", "word2vec text"), ("jsonl", "json lines")]
)
def test_export__an_ending_names_a_format(vectors, tmp_path, ending, format):
    for path, name in (("a", ending), ("b", format)):
        export(vectors, tmp_path / path, format=name, counts=False)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert read(tmp_path / "a", format=ending).words == vectors.words


def test_export__the_ending_bin_names_what_it_does_in_a_files_name(small_text, tmp_path):
    model = train(small_text, vector_size=4, epochs=1, max_n=3, buckets=50, progress=False)
    for path, format in (("m.bin", None), ("m", "bin")):
        export(model, tmp_path / path, format=format)
        assert read(tmp_path / path, format=format).subwords is not None


@pytest.mark.parametrize("format", [None, "csv"])
@pytest.mark.parametrize(("name", "packer"), [("v.csv.gz", "gzip"), ("v.csv.BZ2", "bzip2"), ("v.txt.zst", "zstd")])
def test_export__the_name_of_a_packed_file_is_refused(vectors, tmp_path, name, packer, format):
    with pytest.raises(FormatError, match=rf"unpacked: write v\.\w+, and pack that \({packer}\)"):
        export(vectors, tmp_path / name, format=format)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", SUFFIXES)
def test_export__messages_quote_the_beginning_of_a_long_word(vectors, tmp_path, name):
    with pytest.raises(UnwritableWordError) as wrong:
        export(words_like(vectors, [f"{LONG} \t\n"]), tmp_path / name)
    assert len(str(wrong.value)) < 300
