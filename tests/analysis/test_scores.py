"""Scores are shown in a line, and in notebooks as tables."""

import pytest

import firth
from firth.analysis.scores import (
    AnalogyAnswer,
    AnalogyScore,
    OutlierAnswer,
    OutlierScore,
    PairAnswer,
    PairScore,
    Section,
)
from tests.helpers.html import rows_of

PAIRS = tuple(PairAnswer("a", "b", 1.0, 0.5) for _ in range(5000))
ANALOGIES = tuple(AnalogyAnswer(("a", "b", "c"), "d", "d", "e", True, False) for _ in range(5000))
FAMILY = Section("family", 4000, 1000, 1000, 500, ANALOGIES)
RIVERS = Section("<rivers>", 0, 5000, 0, 0, ANALOGIES)
PAIR_SCORE = PairScore("men", 0.71234, 0.6, 0.8, 4900, 100, 1e-9, 0.7, 1e-8, PAIRS)
ANALOGY_SCORE = AnalogyScore("google", 0.25, 0.125, 4000, 6000, 300_000, (FAMILY, RIVERS))
OUTLIER_SCORE = OutlierScore("8-8-8", 0.5, 0.75, 64, 0, tuple(OutlierAnswer(("a",) * 8, "b", "b") for _ in range(64)))


@pytest.mark.parametrize(
    ("score", "shown"),
    [
        (
            PAIR_SCORE,
            "PairScore('men': Spearman 0.7123 (0.6000 to 0.8000), Pearson 0.7000, 4,900 pairs, 100 with unknown words)",
        ),
        (FAMILY, "Section('family': 3CosAdd 0.2500, 3CosMul 0.1250, 4,000 questions, 1,000 with unknown words)"),
        (RIVERS, "Section('<rivers>': 0 questions, 5,000 with unknown words)"),
        (
            ANALOGY_SCORE,
            "AnalogyScore('google': 3CosAdd 0.2500, 3CosMul 0.1250, 4,000 questions, 6,000 with unknown words,"
            " 2 sections)",
        ),
        (
            OUTLIER_SCORE,
            "OutlierScore('8-8-8': accuracy 0.5000, mean position 0.7500, 64 outliers, 0 with unknown words)",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_score__is_shown_in_one_line_without_its_answers(score, shown):
    assert repr(score) == shown


def test_score__is_a_table_in_a_notebook():
    table = rows_of(ANALOGY_SCORE._repr_html_())
    assert ["family", "0.2500", "0.1250", "4,000", "1,000"] in table
    assert ["<rivers>", "", "", "0", "5,000"] in table
    assert rows_of(PAIR_SCORE._repr_html_())[1][:2] == ["Spearman", "0.7123"]
    assert rows_of(OUTLIER_SCORE._repr_html_())[1][:3] == ["0.5000", "0.7500", "64"]


def test_scores__every_answer_is_a_row_of_a_data_frame(vectors, tmp_path):
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    tests = {
        "pairs.txt": "the\tking\t3\nking\tqueen\t9\nthe\tqueen\t2\nking\tnobody\t1\n",
        "analogies.txt": ": one\nthe king queen 42\nthe king queen nobody\n",
        "outliers.txt": "the\nking\nqueen\n\n42\n",
    }
    frames = []
    for name, text in tests.items():
        (tmp_path / name).write_text(text)
        score = firth.evaluate(vectors, tmp_path / name)
        frames.append(score.to_pandas())
        assert score.to_polars().columns == list(frames[-1].columns)
        assert score.to_arrow().num_rows == len(frames[-1])
    pairs, analogies, outliers = frames
    assert list(pairs.columns) == ["first", "second", "score", "cosine"]
    assert pairs["score"].tolist() == [3, 9, 2, 1]
    assert pairs["cosine"][1] == pytest.approx(vectors.similarity("king", "queen"))
    assert pairs["cosine"].isna().tolist() == [False, False, False, True]
    assert analogies.iloc[0, :5].tolist() == ["one", "the", "king", "queen", "42"]
    assert outliers["group"].tolist()[0] == ["the", "king", "queen"]
    assert outliers["wanted"].tolist() == ["42"]
