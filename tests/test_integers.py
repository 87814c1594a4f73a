"""Words that were whole numbers in their source: known by their digits, and numbers again in answers and tables."""

import enum
import json
import re

import numpy as np
import pytest
from click.testing import CliRunner

import firth
import firth.gensim
from firth.cli import cli
from firth.corpus.assembling import encode_in_pieces
from firth.corpus.cutting import PIECE_BYTES
from firth.errors import FormatError
from firth.vocabulary import Vocabulary
from tests.helpers.pieces import OneAfterTheOther
from tests.helpers.tables import write

SETTINGS = {"min_count": 1, "sample": 0, "epochs": 1, "vector_size": 4, "progress": False}
SESSIONS = [[4711, 5, -7], [5, -7, 4711]] * 10


class Color(enum.IntEnum):
    RED = 1


@pytest.fixture
def items():
    return firth.train(SESSIONS, **SETTINGS)


def vocabulary_of(source):
    return firth.encode(source).vocabulary()


@pytest.mark.parametrize(
    "sentence",
    [
        [1, 2, -3],
        np.array([1, 2, 255], np.uint8),
        np.array([1, -2], np.int64),
        [np.int16(1), 2, np.uint64(2**63)],
        (1, 2**64 - 1),
        [-(2**63), 2**63 - 1],
        [3.0, 4],
        [Color.RED, 2],
    ],
    ids=str,
)
def test_token_lists__of_whole_numbers_are_integers(sentence):
    found = vocabulary_of([[1], sentence, []])
    assert found.integers
    assert sorted(found.typed_words) == sorted({1, *map(int, sentence)})
    assert all(type(word) is int for word in found.typed_words)
    assert [str(word) for word in found.typed_words] == found.words


@pytest.mark.parametrize(
    "sentence",
    [["1", 2], ["007"], [True, 1], [np.bool_(True), 1], [1.5, 2], [1e300], [2**64], [-1, 2**63], ["a"]],
    ids=str,
)
def test_token_lists__with_anything_else_are_text(sentence):
    found = vocabulary_of([[1, 2], [3], sentence])
    assert not found.integers
    assert found.typed_words is found.words


def test_text__of_digits_is_text(tmp_path):
    (tmp_path / "a.txt").write_text("1 2 3\n007 2\n")
    assert not vocabulary_of(tmp_path / "a.txt").integers
    assert not vocabulary_of(["1 2 3"]).integers
    assert not vocabulary_of([["1", "2"]]).integers


def test_token_lists__are_integers_in_every_batch_or_in_none(monkeypatch):
    monkeypatch.setattr("firth.corpus.in_memory.BATCH_TOKENS", 4)
    assert vocabulary_of([[1, 2, 3]] * 5).integers
    assert not vocabulary_of([["a", 2, 3], *[[1, 2, 3]] * 5]).integers
    assert not vocabulary_of([*[[1, 2, 3]] * 5, ["a", 2, 3]]).integers


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".jsonl"])
def test_columns__of_lists_of_integers_are_integers(tmp_path, suffix):
    pyarrow = pytest.importorskip("pyarrow")

    def written(name, lists):
        if suffix != ".jsonl":
            return write(pyarrow, tmp_path / f"{name}{suffix}", items=lists)
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps({"items": some}) + "\n" for some in lists))
        return tmp_path / f"{name}.jsonl"

    numbers, texts = written("numbers", [[1, 2], [], [3]]), written("texts", [["1", "2"], ["x"]])
    assert vocabulary_of(firth.column(numbers, "items")).typed_words == [1, 2, 3]
    assert not vocabulary_of(firth.column(texts, "items")).integers
    assert not vocabulary_of(firth.column([numbers, texts], "items")).integers
    assert not vocabulary_of(firth.column([texts, numbers], "items")).integers


def test_data_frames__with_lists_of_integers_are_integers():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"items": SESSIONS})
    assert vocabulary_of(firth.column(frame, "items")).integers
    assert vocabulary_of(firth.column(pandas.DataFrame({"items": [np.array([1, 2])]}), "items")).integers


@pytest.mark.parametrize("lists", [[[1, 2], [3, 4]] * 50, [["1", "2"], ["3", "4"]] * 50, [[1, 2]] * 50 + [["x"]] * 50])
def test_pieces__have_integers_where_the_whole_has(tmp_path, lists):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"items": some}) + "\n" for some in lists))
    whole = firth.encode(firth.column(path, "items"))
    pieces = encode_in_pieces(path, tmp_path / "c", None, OneAfterTheOther(), column="items", piece_bytes=300)
    assert pieces.vocabulary().integers == whole.vocabulary().integers == (lists[-1] == [3, 4])
    assert (tmp_path / "c" / "corpus.json").read_bytes() == (whole.folder / "corpus.json").read_bytes()
    assert path.stat().st_size < PIECE_BYTES


def test_corpus__of_text_says_nothing_of_integers(tmp_path):
    firth.encode(["a b"], tmp_path / "text")
    firth.encode([[1, 2]], tmp_path / "lists")
    assert "integers" not in json.loads((tmp_path / "text" / "corpus.json").read_text())
    assert json.loads((tmp_path / "lists" / "corpus.json").read_text())["integers"] is True


def test_answers__are_integers_and_questions_either(items):
    assert items.words == ["-7", "4711", "5"]
    assert {word for word, _ in items.most_similar(4711)} == {5, -7}
    assert items.most_similar("4711") == items.most_similar(4711) == items.most_similar(np.uint16(4711))
    assert items.most_similar([4711, 5], topn=1, among=[-7])[0][0][0] == -7
    assert items.analogy(4711, 5, -7, topn=None) == items.analogy(4711, 5, -7, topn=None, method="add") == []
    assert type(items.doesnt_match([4711, "5", -7])) is int
    assert set(items.closer_than(4711, 5)) <= {-7}
    assert items.most_similar_to_given(4711, [5, -7]) in {5, -7}


def test_text__has_answers_in_text():
    model = firth.train([[str(item) for item in session] for session in SESSIONS], **SETTINGS)
    assert {word for word, _ in model.most_similar(4711)} == {"5", "-7"}


def test_integers__are_what_a_model_saves_and_loads(items, tmp_path):
    items.save(tmp_path / "m.firth")
    firth.WordVectors(items.vocabulary, items.vectors).save(tmp_path / "v.firth")
    for name in ("m.firth", "v.firth"):
        assert firth.load(tmp_path / name).most_similar(5) == items.most_similar(5)
    about = json.loads((tmp_path / "m.firth" / "model.json").read_text())
    assert about["integers"] is True
    firth.train([["a", "b", "c"]] * 10, **SETTINGS).save(tmp_path / "text.firth")
    assert "integers" not in json.loads((tmp_path / "text.firth" / "model.json").read_text())


def test_integers__go_through_parquet_and_json_lines(items, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    for name in ("m.parquet", "m.jsonl"):
        items.export(tmp_path / name)
        assert firth.load(tmp_path / name).most_similar(5) == items.most_similar(5)
    assert parquet.read_table(tmp_path / "m.parquet")["word"].type == pyarrow.int64()
    assert json.loads((tmp_path / "m.jsonl").read_text().splitlines()[0])["word"] == -7
    items.export(tmp_path / "m.csv")
    assert not firth.load(tmp_path / "m.csv").vocabulary.integers  # CSV has no types


def test_arrow__has_int64_or_uint64_words():
    pyarrow = pytest.importorskip("pyarrow")
    for words, kind in (([1, -(2**63)], "int64"), ([1, 2**63], "uint64"), (["1", "x"], "string"), ([1, "2"], "string")):
        table = firth.WordVectors(words, np.eye(2)).to_arrow()
        assert table["word"].type == getattr(pyarrow, kind)()
        assert table["word"].to_pylist() == (words if kind != "string" else [str(word) for word in words])


def test_parquet__with_a_column_of_other_numbers_is_refused(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    for words in ([1.5, 2.0], [True, False], [1, None]):
        table = pyarrow.table({"word": words, "vector": [[1.0, 0.0], [0.0, 1.0]]})
        parquet.write_table(table, tmp_path / "m.parquet")
        with pytest.raises(FormatError, match="wanted strings or whole numbers"):
            firth.load(tmp_path / "m.parquet")


def test_about__joins_a_catalogue_by_integers(items):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    catalogue = pandas.DataFrame({"id": [4711, 5], "name": ["cologne", "pen"]})
    frame = items.to_arrow().to_pandas().merge(catalogue, left_on="word", right_on="id")
    assert dict(zip(frame["word"], frame["name"], strict=True)) == {4711: "cologne", 5: "pen"}
    assert items.to_arrow(about=catalogue)["name"].to_pylist() == [None, "cologne", "pen"]


def test_results__are_frames_with_integers(items):
    pandas = pytest.importorskip("pandas")
    other = firth.train(SESSIONS, **SETTINGS | {"seed": 2})
    two = firth.WordVectors(items.words, items.vectors)  # of text
    for result in (
        items.most_similar(5),
        firth.drift(other, items, topn=1),
        firth.stability([items, other], topn=1),
    ):
        assert pandas.api.types.is_integer_dtype(result.to_pandas()["word"])
    wide = [firth.WordVectors(range(10), np.random.default_rng(seed).normal(size=(10, 4))) for seed in (1, 2)]
    compared = firth.compare(*wide)
    assert pandas.api.types.is_integer_dtype(compared.to_pandas()["word"])
    assert {word for word, _ in compared.most_moved(2, without=[compared.most_moved(1)[0][0]])} <= set(range(10))
    assert "neighbors before" in compared._repr_html_()
    assert firth.drift(other, two, topn=1).words == items.words  # text on one side
    assert firth.stability([items, two], topn=1).mean == 1


def test_drift__is_asked_for_integers(items):
    found = firth.drift(items, items, topn=1)
    assert found.rows([4711]) == found.rows(["4711"])
    assert found.rows([4711])[0][0] == 4711
    assert found.most_drifted(1)[0][0] in {4711, 5, -7}


def test_changes__keep_integers_while_all_words_are(items):
    assert items.select([5, 4711]).vocabulary.typed_words == [5, 4711]
    assert items.first(2).vocabulary.integers
    assert items.remove(5).vocabulary.integers
    assert items.add([6, "8"], np.ones((2, 4))).vocabulary.typed_words[-2:] == [6, 8]
    assert items.with_counts([3, 2, 1]).vocabulary.integers
    for text in ("new", "007", "1_000", "１"):
        mixed = items.add(text, np.ones(4))
        assert not mixed.vocabulary.integers
        assert mixed.most_similar(5, topn=1, among=[4711])[0][0] == "4711"


def test_train_more__keeps_integers(items):
    more = items.train_more([[5, 6], [6, 4711]] * 10, min_count=1, sample=0, progress=False)
    assert set(more.vocabulary.typed_words) == {-7, 4711, 5, 6}
    named = items.train_more([[5, "six"], ["six", 4711]] * 10, min_count=1, sample=0, progress=False)
    assert not named.vocabulary.integers
    kept = firth.train(SESSIONS, **SETTINGS, keep_words=["5"], stop_words=["-7"])
    assert kept.vocabulary.typed_words == [4711, 5]


@pytest.fixture
def with_twins():
    """A model of ids that differ by their signs."""
    return firth.train([[-10, 10, 20], [10, -10, 30]] * 50, **SETTINGS)


def test_texts__of_ids_are_split_at_white_space_alone(with_twins):
    texts = firth.TextVectors(with_twins, weights="mean").fit()
    np.testing.assert_array_equal(texts.transform(["-10", "10"]), with_twins[[-10, 10]])
    asked = firth.TextVectors(with_twins, weights="mean", config=firth.TextConfig()).fit()
    np.testing.assert_array_equal(asked.transform(["-10"])[0], with_twins[10])


def test_texts__of_ids_become_words_as_written_when_a_model_learns_more(with_twins):
    more = with_twins.train_more(["-10 20"] * 40, epochs=1, progress=False)
    assert [more.count(item) for item in (-10, 10, 20)] == [140, 100, 90]


def test_texts__of_ids_are_contexts_as_written(with_twins):
    carte = firth.alacarte(with_twins, transform=np.eye(4))
    np.testing.assert_allclose(carte.vector(["-10 99"], word=99), with_twins[-10], rtol=1e-6)
    np.testing.assert_allclose(carte.vector(["10 -99"], word=-99), with_twins[10], rtol=1e-6)


def test_texts__of_ids_are_embedded_as_written_by_the_command(with_twins, tmp_path):
    with_twins.save(tmp_path / "m.firth")
    (tmp_path / "texts.txt").write_text("-10\n10\n")
    arguments = ["embed", "m.firth", "texts.txt", "-o", "v.npy", "--weights", "mean"]
    command = [str(tmp_path / one) if "." in one else one for one in arguments]
    assert CliRunner().invoke(cli, command, catch_exceptions=False).exit_code == 0
    np.testing.assert_array_equal(np.load(tmp_path / "v.npy"), with_twins[[-10, 10]])


def test_static_embedding__of_ids_keeps_their_signs(with_twins, tmp_path):
    with_twins.export(tmp_path / "f", format="static embedding")
    tokenizer = json.loads((tmp_path / "f" / "tokenizer.json").read_text())
    assert {"-10", "10", "20", "30"} < set(tokenizer["model"]["vocab"])
    dropped = [step["pattern"]["Regex"] for step in tokenizer["normalizer"]["normalizers"] if step["content"] == ""]
    assert dropped
    assert not any(re.search(pattern, "-10") for pattern in dropped)


def test_text_config__of_words_is_that_of_the_text(items, tmp_path):
    assert items.text_config == firth.TextConfig(lowercase=False, strip_punctuation=False)
    of_text = firth.train(["A b. a B,"] * 9, **SETTINGS, lowercase=False)
    assert of_text.text_config == firth.TextConfig(lowercase=False)
    assert firth.WordVectors(["a"], np.ones((1, 2))).text_config == firth.TextConfig()
    assert firth.WordVectors([1], np.ones((1, 2))).text_config == items.text_config


def test_vocabulary__has_integers_only_if_all_words_are():
    assert Vocabulary(["1", "-2"], [1, 1], integers=True).typed_words == [1, -2]
    for word in ("02", "+2", "2.0", " 2", "", "-0", "two", "9" * 5000):
        assert Vocabulary(["1", word], [1, 1], integers=True).typed_words == ["1", word]


def test_vocabulary__of_numbers_has_them_as_text_and_as_numbers():
    for found in (Vocabulary([7, 10], [2, 1]), Vocabulary.from_counts({10: 1, np.int32(7): 2})):
        assert found.words == ["7", "10"]
        assert found.typed_words == [7, 10]
        assert found.id(10) == found.id("10") == 1
    mixed = Vocabulary.from_counts({10: 1, "ten": 2})
    assert mixed.words == mixed.typed_words == ["ten", "10"]


@pytest.fixture
def shops(tmp_path):
    """Two models of the same items, in folders."""
    models = [firth.WordVectors(range(4700, 4730), np.random.default_rng(seed).normal(size=(30, 4))) for seed in (1, 2)]
    return models, [str(model.save(tmp_path / f"{n}.firth")) for n, model in enumerate(models)]


COMMANDS = [
    ("similar", "4711"),
    ("similar", "4711", "4712", "--json"),
    ("analogy", "4711", "4712", "4713"),
    *(("drift", *more) for more in ((), ("--csv",), ("--json",))),
    *(("stability", *more) for more in ((), ("--csv",), ("--json",))),
    *(("compare", *more) for more in ((), ("4711", "4712"), ("--csv",), ("--json",))),
    ("info",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands__show_ids_as_they_are(shops, command):
    name, *more = command
    _, folders = shops
    models = folders if name in {"drift", "stability", "compare"} else folders[:1]
    result = CliRunner().invoke(cli, [name, *models, *more], catch_exceptions=False)
    assert result.exit_code == 0
    assert re.search(r"\b47\d\d\b", result.output)
    assert not re.search(r"\b4,7\d\d\b", result.output)


def test_notebooks__show_ids_as_they_are(shops):
    models, _ = shops
    shown = [
        firth.drift(*models),
        firth.stability(models),
        firth.compare(*models),
        models[0].most_similar(4711),
        models[0],
    ]
    for result in shown:
        assert re.search(r"\b47\d\d\b", result._repr_html_())
        assert not re.search(r"\b4,7\d\d\b", result._repr_html_() + repr(result))


def test_index__answers_with_integers():
    pytest.importorskip("faiss")
    vectors = firth.WordVectors(range(1000), np.random.default_rng(1).normal(size=(1000, 8)))
    found = firth.build_index(vectors).most_similar(17, topn=5)
    assert {type(word) for word, _ in found} == {int}


@pytest.fixture
def as_columns():
    pd = pytest.importorskip("pandas")
    polars, pyarrow = map(pytest.importorskip, ("polars", "pyarrow"))
    return [
        pd.Series,
        lambda words: pd.Series(words, index=range(7, 7 + len(words))),
        lambda words: pd.Series(words, dtype=float),
        pd.Index,
        lambda words: pd.array(words, dtype="Int64"),
        polars.Series,
        pyarrow.array,
        lambda words: pyarrow.chunked_array([words]),
        np.array,
        tuple,
    ]


def test_columns__are_several_words_wherever_words_are_taken(items, as_columns):
    some = [4711, 5]
    for column in (make(some) for make in as_columns):
        assert items.most_similar(column, topn=1) == items.most_similar(some, topn=1)
        assert items.select(column).vocabulary.typed_words == some
        assert items.remove(column).vocabulary.typed_words == [-7]
        assert items.unit_vectors(column).tolist() == items.unit_vectors(some).tolist()
        assert items.most_similar_to_given(-7, column) == items.most_similar_to_given(-7, some)
        assert sorted(dict(items.most_similar(-7, among=column))) == sorted(some)
        assert firth.Vocabulary(column, [2, 1]).words == ["4711", "5"]
        if not isinstance(column, np.ndarray) or column.dtype.kind != "f":
            assert items.most_similar(positive=column, topn=1) == items.most_similar(positive=some, topn=1)
        if not isinstance(column, tuple):  # which may be a token
            assert items[column].tolist() == items[some].tolist()


def test_doesnt_match__takes_a_column_with_any_index(items):
    pd = pytest.importorskip("pandas")
    three = [4711, 5, -7]
    assert items.doesnt_match(pd.Series(three, index=[3, 2, 9])) == items.doesnt_match(three)


def test_one_number__is_added_and_subtracted_as_one_word_is(items):
    assert items.most_similar(positive=4711) == items.most_similar(positive=["4711"])
    assert items.most_similar(positive=5, negative=np.int64(-7)) == items.most_similar(positive=["5"], negative=["-7"])
    with pytest.raises(ValueError, match="one by one"):
        items.most_similar(5, positive=4711)
    assert items.unit_vectors(5).tolist() == items.unit_vectors(["5"]).tolist()


def test_frozen_ids__keep_their_vectors(items):
    pd = pytest.importorskip("pandas")
    for frozen in ([4711], {4711}, np.array([4711]), pd.Series([4711]), 4711, "4711", [4711.0]):
        more = firth.train(SESSIONS, start=items, frozen=frozen, **SETTINGS)
        assert more[4711].tolist() == items[4711].tolist()
        assert more[5].tolist() != items[5].tolist()


@pytest.mark.parametrize("ids", [[5], (5,), {5}, np.array([5]), [5.0], range(5, 6)], ids=repr)
def test_lists_of_words__hold_ids(ids):
    assert firth.TrainingConfig(stop_words=ids, connector_words=ids).stop_words == ("5",)
    assert sorted(firth.train(SESSIONS, stop_words=ids, **SETTINGS).words) == ["-7", "4711"]
    kept = firth.train([*SESSIONS, [99, 4711]], keep_words=np.array([99]), **SETTINGS | {"min_count": 2})
    assert 99 in kept
    with pytest.raises(firth.ConfigError, match="stop_words and keep_words both have '5'"):
        firth.TrainingConfig(stop_words=ids, keep_words=["5"])


def test_from_counts__adds_the_counts_of_one_word_in_several_forms():
    found = Vocabulary.from_counts({10: 3, "10": 2, 11: 4}, min_count=4)
    assert (found.words, found.counts.tolist(), found.integers) == (["10", "11"], [5, 4], False)
    assert Vocabulary.from_counts({10.0: 3, 11: 4}).typed_words == [11, 10]
    assert firth.WordVectors([10, 11], np.eye(2)).with_counts({10: 3, "10": 2}).count(10) == 5
    assert len(Vocabulary.from_counts({})) == 0


def test_from_counts__takes_what_pandas_counts():
    pd = pytest.importorskip("pandas")
    found = Vocabulary.from_counts(pd.Series([11, 10, 11]).value_counts())
    assert (found.typed_words, found.counts.tolist()) == ([11, 10], [2, 1])


def test_one_number__is_one_word_where_a_list_is_usual(items):
    assert firth.drift(items, items, topn=1).rows(5) == firth.drift(items, items, topn=1).rows(["5"])
    held_out = firth.alacarte(items, transform=np.eye(4), held_out=5)
    assert 5 not in held_out.vectors
    with pytest.raises(ValueError, match="among is a list of words"):
        items.most_similar(5, among=4711)


def test_word_vectors__know_a_float_by_the_text_that_look_ups_give_it():
    vectors = firth.WordVectors([10.0, 11.0], np.eye(2))
    assert vectors.vocabulary.typed_words == [10, 11]
    assert vectors[10.0].tolist() == vectors[10].tolist() == [1, 0]


def test_stability__is_told_of_ids(items):
    pd = pytest.importorskip("pandas")
    vectors = firth.WordVectors([10, 11, 12], np.eye(3))
    for words in (10, [10.0], pd.Series([10])):
        assert firth.stability([vectors, vectors], topn=1, words=words).words == [10]


def test_phrases__join_ids():
    sessions = [[1, 2, 3], [4, 1, 2], [3, 4, 5]] * 50
    found = firth.train(sessions, phrase_passes=1, phrase_threshold=1e-9, **SETTINGS).phrases
    joined = found.join([1, 2, 3])
    assert joined == found.join(["1", "2", "3"]) == ["1_2", "3"]
    assert firth.Phrases([{(1, 2): 3.0}]).join([1, 2, np.int64(9)]) == ["1_2", "9"]


def test_gensims_phrases__join_ids():
    phrases = firth.gensim.Phrases([[1, 2, 3], [4, 1, 2]] * 9, min_count=1, threshold=0.1)
    assert phrases[[1, 2, 9]] == ["1_2", "9"]
    assert list(phrases[[[1, 2, 9]]]) == [["1_2", "9"]]
    assert [word for word, _ in phrases.analyze_sentence([1, 2, 9])] == ["1_2", "9"]
    assert list(phrases.find_phrases([[1, 2]])) == ["1_2"]


def test_info__says_whether_words_are_whole_numbers(items, tmp_path):
    items.save(tmp_path / "items")
    firth.WordVectors(["a", "7"], np.eye(2)).save(tmp_path / "words")
    told = [CliRunner().invoke(cli, ["info", str(tmp_path / name)]).output for name in ("items", "words")]
    assert "words are whole numbers: yes\n" in told[0]
    assert "words are whole numbers: no\n" in told[1]
    known = json.loads(CliRunner().invoke(cli, ["info", str(tmp_path / "items"), "--json"]).output)
    assert known["words_are_whole_numbers"] is True
