"""What a notebook shows of each result: a table that is safe, not too long, and readable on any ground."""

import copy
import pickle
import re

import numpy as np
import pytest

import firth
from firth.history import EpochResult, History
from firth.html_table import LONGEST_CELL, MOST_ROWS, cell, facts_table, html_table
from tests.helpers.html import rows_of

NASTY = ["<b>x</b>", "a&b", 'q"u', "it's", "</td>", "<script>"]
TEXT = [[*NASTY[:3], "king", "queen"], [*NASTY[3:], "king", "axe"]] * 40


@pytest.fixture(scope="module")
def models():
    settings = {"vector_size": 4, "epochs": 2, "min_count": 1, "sample": 0, "progress": False}
    return [firth.train(TEXT, seed=seed, **settings) for seed in (1, 2)]


@pytest.fixture(scope="module")
def results(models):
    """Everything that functions of the package return and a notebook's cell may end with."""
    one, other = models
    compared = firth.compare(one, other)
    stable = firth.stability(models, topn=3)
    drifted = firth.drift(one, other, topn=3)
    return {
        "model": one,
        "vectors": one.choose("mean"),
        "history": one.history,
        "provenance": one.provenance[0],
        "settings": one.config,
        "settings of a text": firth.TextConfig(),
        "vocabulary": one.vocabulary,
        "words": one.words,
        "corpus": firth.encode(TEXT),
        "phrases": firth.find_phrases(TEXT, min_count=1, threshold=0.1),
        "neighbors": one.most_similar("king"),
        "neighbors of many": one.most_similar(["king", *NASTY]),
        "analogy": one.analogy("king", "queen", "axe", method="mul"),
        "comparison": compared,
        "most moved": compared.most_moved(),
        "neighbors before and after": compared.neighbors("king"),
        "neighbors of many before and after": compared.neighbors(["king", *NASTY]),
        "stability": stable,
        "least stable": stable.least_stable(),
        "drift": drifted,
        "most drifted": drifted.most_drifted(),
        "pairs": firth.skipgrams([1, 2, 3], 4),
        "examples": firth.training_examples([[1, 2, 3, 4]], 8, window_size=2),
    }


NAMES = [
    "model", "vectors", "history", "provenance", "settings", "settings of a text", "vocabulary", "words", "corpus",
    "phrases", "neighbors", "neighbors of many", "analogy", "comparison", "most moved", "neighbors before and after",
    "neighbors of many before and after", "stability", "least stable", "drift", "most drifted", "pairs", "examples",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_result__is_a_table_in_a_notebook_with_words_as_text_and_no_colors(results, name):
    assert set(results) == set(NAMES)
    shown = results[name]._repr_html_()
    assert len(rows_of(shown)) > 1
    assert set(re.findall(r"</?(\w+)", shown)) <= {"b", "table", "tr", "th", "td", "br"}
    assert set(re.findall(r'style="([^"]*)"', shown)) <= {"text-align: left"}
    assert "color" not in re.sub(r">[^<]*<", "><", shown)


def test_result__every_line_of_a_table_has_as_many_cells_as_its_header(results):
    for name, result in results.items():
        rows = rows_of(result._repr_html_())
        assert {len(row) for row in rows} == {len(rows[0])}, name


def test_corpus__says_what_it_was_read_from_but_not_where_that_is(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("the king\n" * 9)
    shown = dict(rows_of(firth.encode(tmp_path / "a.txt", tmp_path / "one")._repr_html_()))
    assert shown["source"] == "a.txt"
    assert (shown["files"], shown["sentences"], shown["tokens"]) == ("1", "9", "18")
    both = firth.train([tmp_path / "a.txt", tmp_path / "b.txt"], min_count=1, sample=0, epochs=1, progress=False)
    assert "2 files (18 sentences" in both._repr_html_()
    assert str(tmp_path) not in both._repr_html_()


def test_neighbors__of_many_are_a_line_each_and_rows_of_a_data_frame(models):
    pandas = pytest.importorskip("pandas")
    asked = ["king", models[0]["queen"], "<b>x</b>"]
    found = models[0].most_similar(asked, topn=2)
    lines = rows_of(found._repr_html_())[1:]
    assert [line[0] for line in lines] == ["king", "vector 1", "<b>x</b>"]
    assert lines[0][1] == ", ".join(f"{word} {cosine:.2f}" for word, cosine in found[0])
    frame = found.to_pandas()
    assert frame.columns.tolist() == ["asked", "rank", "word", "cosine"]
    pandas.testing.assert_series_equal(frame["rank"], pandas.Series([1, 2] * 3, name="rank"))
    assert frame["word"].tolist() == [word for near in found for word, _ in near]
    assert len(models[0].most_similar([]).to_pandas()) == 0
    assert rows_of(models[0].most_similar([])._repr_html_()) == [["word", "neighbors"]]


def test_results__the_digits_of_ids_are_not_grouped():
    text = [[10_000, 20_000, 30_000], [10_000, 20_000, 40_000]] * 30
    one, other = (
        firth.train(text, sample=0, min_count=1, vector_size=2, epochs=1, seed=s, progress=False) for s in (1, 2)
    )
    found = one.most_similar(10_000)
    assert {type(word) for word, _ in found} == {int}
    compared = firth.compare(one, other)
    shown = [found, one.most_similar([10_000]), one.vocabulary, compared, compared.most_moved()]
    shown += [
        compared.neighbors(10_000),
        compared.neighbors([10_000]),
        firth.stability([one, other], topn=2).least_stable(),
    ]
    for result in shown:
        cells = [cell for row in rows_of(result._repr_html_()) for cell in row]
        assert {"10000", "20000", "30000", "40000"} & set(" ".join(cells).split()), result
        assert not any("0,000" in cell for cell in cells), result


def test_results__that_are_lists_stay_what_they_are_when_copied(results):
    for name in ("neighbors", "neighbors of many", "history", "least stable", "analogy"):
        result = results[name]
        for other in (copy.copy(result), copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
            assert other == result == list(result)
            assert other._repr_html_() == result._repr_html_()


def test_vocabulary__is_a_data_frame_with_counts_where_they_are_known(models):
    pytest.importorskip("pandas")
    frame = models[0].vocabulary.to_pandas()
    assert frame["word"].tolist() == models[0].words
    assert frame["count"].tolist() == models[0].vocabulary.counts.tolist()
    assert firth.Vocabulary(["a"], [0]).to_pandas().columns.tolist() == ["word"]


def test_history__has_a_column_of_what_was_held_out_only_if_something_was():
    assert rows_of(History([EpochResult(1, 2.5, 10)])._repr_html_()) == [
        ["epoch", "loss", "pairs"],
        ["1", "2.5000", "10"],
    ]
    held_out = History([EpochResult(1, 2.5, 1234, 2.625)])
    assert rows_of(held_out._repr_html_())[1] == ["1", "2.5000", "1,234", "2.6250"]


def test_history__of_many_epochs_is_a_line_of_the_first_and_the_last():
    history = History([EpochResult(n, float(n), 1) for n in range(1, 51)])
    assert history.losses_in_a_line() == "1.000, 2.000, 3.000, 4.000, 5.000, 6.000, 7.000, 8.000, …, 50.000"
    assert History(history[:10]).losses_in_a_line().endswith("9.000, 10.000")


def test_table__a_long_one_ends_with_how_many_more_there_are():
    rows = rows_of(html_table("", ["n"], ([n] for n in range(1_300))))
    assert rows[-1] == ["… and 1,250 more"]
    assert len(rows) == MOST_ROWS + 2
    assert rows_of(html_table("", ["n"], [[n] for n in range(MOST_ROWS)]))[-1] == [f"{MOST_ROWS - 1}"]
    of_words = firth.Vocabulary([f"w{n}" for n in range(10_000)], [1] * 10_000)
    assert rows_of(of_words._repr_html_())[-1] == ["… and 9,950 more"]


def test_table__text_is_on_the_left_with_its_header_and_numbers_where_the_notebook_puts_them():
    shown = html_table("", ["word", "n"], [["a", 1]])
    left = ' style="text-align: left"'
    assert shown == f"<table><tr><th{left}>word</th><th>n</th></tr><tr><td{left}>a</td><td>1</td></tr></table>"


def test_table__a_long_cell_is_cut_and_half_a_character_replaced():
    (_, (text, half)) = rows_of(html_table("", ["a", "b"], [["x" * 5_000, "a\ud800b"]]))
    assert len(text) == LONGEST_CELL
    assert text.endswith("x…")
    assert half == "a?b"


def test_facts__of_a_list_each_is_on_a_line_of_its_own():
    shown = facts_table("<t>", {"n": 1_000, "texts": ["a<b", "c"]})
    assert shown.startswith("<b>&lt;t&gt;</b>")
    assert rows_of(shown) == [["n", "1,000"], ["texts", "a<bc"]]
    assert "a&lt;b<br>c" in shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (np.float32(0.5), "0.5000"),
        (np.int64(1234), "1,234"),
        (1e-7, "1.0e-07"),
        (0.0, "0.0000"),
        ("x", "x"),
    ],
)
def test_cell__numbers_are_shown_alike_whether_pythons_or_numpys(value, shown):
    assert cell(value) == shown


def test_page__is_shown_in_a_line_where_there_is_no_notebook(models):
    assert re.fullmatch(r"Page\([\d,]+ characters of HTML\)", repr(firth.word_map(models[0], projection="pca")))
