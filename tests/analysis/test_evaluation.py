import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.analysis.correlation import spearman
from firth.analysis.evaluation import evaluate
from firth.analysis.scores import AnalogyScore, OutlierScore, PairScore
from firth.errors import FormatError
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary


def vectors_of(**words):
    return WordVectors(Vocabulary(words, range(len(words), 0, -1)), np.array(list(words.values()), np.float32))


PLANE = vectors_of(
    man=[1, 0, 0, 1], woman=[0, 1, 0, 1], king=[1, 0, 1, 1], queen=[0, 1, 1, 1], Man=[0, 0, 1, 0], boy=[3, 0, 0, 2]
)


def written(tmp_path, text, name="test.txt"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_spearman__of_equal_numbers_takes_the_mean_rank():
    assert spearman(np.array([1.0, 2, 3]), np.array([10.0, 20, 30])) == 1
    assert spearman(np.array([1.0, 2, 3]), np.array([3.0, 2, 1])) == -1
    # by hand: ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4
    assert_allclose(spearman(np.array([0.0, 5, 5, 9]), np.array([1.0, 2, 3, 4])), 4.5 / np.sqrt(4.5 * 5))
    assert np.isnan(spearman(np.ones(3), np.array([1.0, 2, 3])))


@pytest.mark.parametrize("separator", ["\t", ",", " ", ";"])
def test_word_pairs__in_any_columns_with_a_header_and_comments(tmp_path, separator):
    lines = ["# a comment", "word|other|Human", "man|woman|3", "man|king|5", "KING|Queen|4", "man|horse|1"]
    score = evaluate(PLANE, written(tmp_path, "\n".join(lines).replace("|", separator)))
    assert isinstance(score, PairScore)
    assert (score.pairs, score.missing) == (3, 1)
    cosines = [PLANE.similarity(a, b) for a, b in (("man", "woman"), ("man", "king"), ("king", "queen"))]
    assert_allclose(score.spearman, spearman(np.array([3.0, 5, 4]), np.array(cosines)))
    assert score.low <= score.spearman <= score.high


def test_word_pairs__the_score_is_the_first_number_after_the_words(tmp_path):
    text = "word1\tword2\tPOS\tSimLex999\nman\twoman\tN\t1.0\nman\tking\tN\t2.0\nking\tqueen\tN\t3.0\n"
    assert evaluate(PLANE, written(tmp_path, text)).pairs == 3


@pytest.mark.parametrize("separator", ["\t", ",", " ", ";"])
def test_word_pairs__a_field_without_end_is_refused_or_no_word(tmp_path, separator):
    """Python's reader of CSV raises an error of its own for more than 128 KB."""
    lines = ["man|woman|3", "man|king|5", f'man|"{"x" * 200_000}|4']
    with pytest.raises(FormatError) as raised:
        evaluate(PLANE, written(tmp_path, "\n".join(lines * 2).replace("|", separator)), columns=(1, 2, 4))
    assert len(str(raised.value)) < 2000


def test_word_pairs__the_interval_is_narrower_with_more_pairs(tmp_path):
    random = np.random.default_rng(1)
    many = vectors_of(**{f"w{i}": random.normal(size=8) for i in range(50)})
    scores = []
    for pairs in (20, 400):
        ids = random.integers(0, 50, (pairs, 2))
        lines = [f"w{i}\tw{j}\t{many.similarity(f'w{i}', f'w{j}') + random.normal()}" for i, j in ids]
        scores.append(evaluate(many, written(tmp_path, "\n".join(lines))))
    few, more = (score.high - score.low for score in scores)
    assert more < few / 2


def test_analogies__by_section_without_the_words_asked_about(tmp_path):
    text = ": royal\nman king woman queen\nwoman queen man king\nman king woman boy\n: none\nman king woman horse\n"
    score = evaluate(PLANE, written(tmp_path, text))
    assert isinstance(score, AnalogyScore)
    assert [(s.name, s.questions, s.missing) for s in score.sections] == [("royal", 3, 0), ("none", 0, 1)]
    assert score.sections[0].right_add == 2
    assert_allclose(score.add, 2 / 3)
    assert score.sections[1].add is None
    assert score.missing == 1


def test_analogies__are_the_greatest_by_adding_and_by_multiplying(tmp_path):
    """Against loops over all words in float64."""
    random = np.random.default_rng(5)
    words = [f"w{i}" for i in range(40)]
    vectors = vectors_of(**{word: random.normal(size=6) for word in words})
    questions = [random.choice(words, 4, replace=False).tolist() for _ in range(300)]
    cosine = {(a, b): vectors.similarity(a, b) for a in words for b in words}
    right = [0, 0]
    for a, b, c, wanted in questions:
        others = [w for w in words if w not in {a, b, c}]
        right[0] += max(others, key=lambda d: cosine[d, b] - cosine[d, a] + cosine[d, c]) == wanted
        right[1] += max(others, key=lambda d: (1 + cosine[d, b]) * (1 + cosine[d, c]) / (1 + cosine[d, a])) == wanted
    score = evaluate(vectors, written(tmp_path, "\n".join(" ".join(q) for q in questions)))
    assert [score.sections[0].right_add, score.sections[0].right_mul] == right


def test_evaluate__only_the_most_frequent_words_are_looked_at(tmp_path):
    score = evaluate(PLANE, written(tmp_path, "man woman king queen\nman king woman queen\n"), first_words=4)
    assert score.first_words == 4
    with pytest.raises(FormatError, match="none of the 1 analogies"):
        evaluate(PLANE, written(tmp_path, "man king woman queen\n"), first_words=3)


def test_evaluate__of_words_that_differ_in_case_the_most_frequent_counts(tmp_path):
    score = evaluate(PLANE, written(tmp_path, "MAN woman 1\nman KING 2\nking queen 3"))
    assert score.pairs == 3
    assert_allclose(score.spearman, spearman(np.array([1.0, 2, 3]), np.array([0.5, 2 / 6**0.5, 2 / 3])))


def test_evaluate__words_that_are_not_finite_are_unknown(tmp_path):
    random = np.random.default_rng(2)
    words = [f"w{i}" for i in range(40)]
    numbers = random.normal(size=(40, 6)).astype(np.float32)
    bad = numbers.copy()
    bad[7], bad[8, 2] = np.nan, np.inf
    kept = words[:7] + words[9:]
    broken, without = WordVectors(words, bad), WordVectors(kept, np.delete(numbers, [7, 8], axis=0))
    questions = [random.choice(kept, 3, replace=False).tolist() for _ in range(100)]
    answers = [without.analogy(*question, topn=1)[0][0] for question in questions]
    lines = [" ".join([*q, d]) for q, d in zip(questions, answers, strict=True)]
    asked = written(tmp_path, "\n".join([*lines, "w1 w2 w7 w3"]))
    score = evaluate(broken, asked)
    assert (score.add, score.questions, score.missing) == (1, 100, 1)
    assert score.mul == evaluate(without, asked).mul
    pairs = written(tmp_path, "".join(f"w{i}\tw{i + 1}\t{i}\n" for i in range(39)), "pairs.txt")
    scores = [evaluate(vectors, pairs) for vectors in (broken, without)]
    assert scores[0].spearman == scores[1].spearman
    assert scores[0].missing == 3
    groups = written(tmp_path, "w1\nw2\nw3\nw7\n\nw9\nw8\n", "groups.txt")
    scores = [evaluate(vectors, groups) for vectors in (broken, without)]
    assert scores[0] == scores[1]
    assert (scores[0].groups, scores[0].missing) == (1, 1)


def test_outliers__one_file_and_a_folder(tmp_path):
    group = "man\nboy\nking\n\nqueen\nhorse\n"
    score = evaluate(PLANE, written(tmp_path, group))
    assert isinstance(score, OutlierScore)
    assert (score.groups, score.missing) == (1, 1)
    assert score.accuracy == 1
    assert score.position == 1
    folder = tmp_path / "groups"
    folder.mkdir()
    written(folder, group, "a.txt")
    written(folder, "queen\nwoman\n\nboy\nking\n", "b.txt")
    assert evaluate(PLANE, folder).groups == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("man woman 1\nman king\n", "line 2: wanted two words and a number"),
        (": s\nman king woman\n", "line 2: wanted four words, got 3"),
        ("horse cow 1\nsheep goat 2\n", "of the 2 pairs"),
        ("man\nwoman\n", "an empty line, and outliers"),
    ],
)
def test_evaluate__a_file_that_is_not_whole_is_an_error_that_says_where(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        evaluate(PLANE, written(tmp_path, text))


def test_evaluate__not_text(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"\xff\xfe\x00")
    for test in (path, tmp_path):  # a folder is of outliers
        with pytest.raises(FormatError, match=r"x\.bin is not UTF-8"):
            evaluate(PLANE, test)


SIMILAR = [("man", "king"), ("king", "queen"), ("man", "queen"), ("woman", "queen"), ("man", "boy"), ("boy", "woman")]
"""Pairs whose scores, below, are in the order of their cosines: Spearman is 1."""


def scored():
    return [(a, b, round(5 * PLANE.similarity(a, b) + 1, 2)) for a, b in SIMILAR]


def rows_like(layout, rows):
    return "\n".join(layout.format(i=i, a=a, b=b, s=s, d=str(s).replace(".", ",")) for i, (a, b, s) in enumerate(rows))


PAIR_LAYOUTS = {
    "pandas": (",word1,word2,score\n", "{i},{a},{b},{s}"),
    "pandas without names": (",0,1,2\n", "{i},{a},{b},{s}"),
    "pandas, tabs": ("\tword1\tword2\tscore\n", "{i}\t{a}\t{b}\t{s}"),
    "pandas, index from elsewhere": (",word1,word2,score\n", "9{i}7{i},{a},{b},{s}"),
    "index, no header": ("", "{i} {a} {b} {s}"),
    "index from 1 in quotes": ("", '"1{i}" "{a}" "{b}" {s}'),
    "R": ('"word1" "word2" "score"\n', '"1{i}" "{a}" "{b}" {s}'),
    "quoted": ('"word1","word2","score"\n', '"{a}","{b}","{s}"'),
    "semicolons and decimal commas": ("Wort 1;Wort 2;Wert\n", "{a};{b};{d}"),
    "quoted decimal commas": ("a,b,score\n", '{a},{b},"{d}"'),
    "spaces and decimal commas": ("", "{a} {b} {d}"),
    "SimLex": ("word1\tword2\tPOS\tSimLex999\tconc(w1)\tconcQ\n", "{a}\t{b}\tN\t{s}\t2.{i}\t{i}"),
    "SCWS": ("", '{i}\t{a}\tn\t{b}\tn\tthe <b> {a} </b> sat\ta "<b> {b} </b>\tgo\t{s}\t1{i}.0\t0.0'),
    "score first": ("", "{s}\t{a}\t{b}"),
    "index and score first": ("", "{i}\t{a}\t{b}\t{s}"),
    "MEN, lemmas": ("", "{a}-n {b}-n {s}"),
    "a constant before the score": ("", "{a} {b} 1 {s}"),
    "spaces behind commas": ("", "{a}, {b}, {s}"),
}


@pytest.mark.parametrize("name", PAIR_LAYOUTS)
def test_word_pairs__words_and_score_are_known_by_their_content(tmp_path, name):
    header, layout = PAIR_LAYOUTS[name]
    score = evaluate(PLANE, written(tmp_path, header + rows_like(layout, scored())))
    assert (score.pairs, score.missing) == (6, 0)
    assert_allclose(score.spearman, 1)


@pytest.mark.parametrize(
    "layout",
    [
        "{a} {b} {i} {s}",  # the running index may be a rank
        "{a},{b},3,{i}",  # 3,5 may be 3.5
        "{i} {s} {a} {b}",
        "{i} {a} {b}",  # no score
        "9{i}7 {a} {b}",  # nor here: these are ids
        "{a}\t{b}\tking\t{s}\n{b}\t{a}\tqueen\t{s}",  # three words
    ],
)
def test_word_pairs__columns_in_doubt_are_refused_until_they_are_named(tmp_path, layout):
    path = written(tmp_path, rows_like(layout, scored()))
    with pytest.raises(FormatError, match=r"There are 1: .*; 2: .*Say which: --columns"):
        evaluate(PLANE, path)


def test_word_pairs__columns_are_those_asked_for(tmp_path):
    path = written(tmp_path, rows_like("{i} {s} {a} {b} {i}", scored()))
    assert_allclose(evaluate(PLANE, path, columns=(3, 4, 2)).spearman, 1)
    assert_allclose(evaluate(PLANE, path, columns=[4, 3, 2]).spearman, 1)
    analogies = written(tmp_path, ": royal\nman king woman queen\n", "questions.txt")
    assert evaluate(PLANE, analogies, columns=(3, 4, 2)).add == 1  # the command may have several test sets
    by_index = evaluate(PLANE, path, columns=(3, 4, 5)).spearman
    assert_allclose(by_index, spearman(np.arange(6.0), np.array([s for _, _, s in scored()])))
    with pytest.raises(FormatError, match=r"line 2: wanted two words and a number in the columns 3, 4, 9"):
        evaluate(PLANE, path, columns=(3, 4, 9))
    for wrong in ((1, 2), (1, 1, 2), (0, 1, 2)):
        with pytest.raises(ValueError, match="three different numbers from 1"):
            evaluate(PLANE, path, columns=wrong)


def test_word_pairs__tokens_may_be_numbers(tmp_path):
    items = vectors_of(**{"12": [1, 0], "55": [1, 1], "7": [0, 1], "8": [-1, 1]})
    score = evaluate(items, written(tmp_path, "12 55 0.7\n12 7 0.1\n12 8 -0.7\n"))
    assert score.pairs == 3
    assert_allclose(score.spearman, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("man,woman,3\nnew, old york,man,4\nking,queen,2", "line 2 has 4 columns, those before 3"),
        ("man;woman;3,5\nking;queen;2.5\nman;boy;1", "some numbers have a decimal comma, and some a point"),
        ("man\twoman\t3\nking\tqueen\t\nman\tboy\t2\nboy\tman\t3", "line 2: wanted two words and a number"),
        ("man woman 3\nking queen 1e999\nman boy 2\nboy man 1", "line 2: wanted two words and a number"),
        ("album\talbums\nmouse\tmice/mouses\n", "two words a line and no score.*album albums apple apples"),
    ],
)
def test_word_pairs__what_is_no_pair_with_a_score_is_an_error(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        evaluate(PLANE, written(tmp_path, text))


def test_word_pairs__pearson_and_p_values_are_those_of_the_cosines(tmp_path):
    scipy = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(3)
    many = vectors_of(**{f"w{i}": random.normal(size=8) for i in range(30)})
    ids = random.integers(0, 30, (60, 2))
    cosines = [many.similarity(f"w{i}", f"w{j}") for i, j in ids]
    theirs = [cosine + random.normal() for cosine in cosines]
    lines = "\n".join(f"w{i} w{j} {score}" for (i, j), score in zip(ids, theirs, strict=True))
    score = evaluate(many, written(tmp_path, lines))
    linear, ranks = scipy.pearsonr(theirs, cosines), scipy.spearmanr(theirs, cosines)
    assert_allclose([score.pearson, score.pearson_p], [linear.statistic, linear.pvalue], rtol=1e-7)
    assert_allclose([score.spearman, score.spearman_p], [ranks.statistic, ranks.pvalue], rtol=1e-7)


def test_word_pairs__each_has_both_scores(tmp_path):
    score = evaluate(PLANE, written(tmp_path, "MAN woman 1\nman horse 2\nking queen 3\nman king 2"))
    assert [(a.first, a.second, a.score) for a in score.answers] == [
        ("MAN", "woman", 1),
        ("man", "horse", 2),
        ("king", "queen", 3),
        ("man", "king", 2),
    ]
    assert [a.cosine for a in score.answers] == [
        PLANE.similarity("man", "woman"),
        None,
        PLANE.similarity("king", "queen"),
        PLANE.similarity("man", "king"),
    ]


def test_word_pairs__unknown_words_count_as_cosine_zero_on_request(tmp_path):
    path = written(tmp_path, "man woman 3\nman king 5\nman horse 9\nking queen 4")
    cosines = [PLANE.similarity("man", "woman"), PLANE.similarity("man", "king"), 0, PLANE.similarity("king", "queen")]
    score = evaluate(PLANE, path, unknown="wrong")
    assert (score.pairs, score.missing) == (4, 1)
    assert_allclose(score.spearman, spearman(np.array([3.0, 5, 9, 4]), np.array(cosines)))
    assert_allclose(score.pearson, np.corrcoef([3, 5, 9, 4], cosines)[0, 1])
    assert evaluate(PLANE, path).pairs == 3
    with pytest.raises(ValueError, match="'skip' or 'wrong'"):
        evaluate(PLANE, path, unknown="zero")


def test_analogies__each_question_has_its_answers(tmp_path):
    text = ": royal\nman king woman queen\nman king woman boy\nMan king woman horse\n"
    (section,) = evaluate(PLANE, written(tmp_path, text)).sections
    right, wrong, unknown = section.answers
    assert (right.question, right.wanted, right.add, right.right_add) == (
        ("man", "king", "woman"),
        "queen",
        "queen",
        True,
    )
    assert (wrong.wanted, wrong.add, wrong.right_add, wrong.right_mul) == ("boy", "queen", False, False)
    assert (unknown.question, unknown.add, unknown.mul, unknown.right_add) == (
        ("Man", "king", "woman"),
        None,
        None,
        False,
    )


def test_analogies__unknown_words_count_as_wrong_on_request(tmp_path):
    path = written(tmp_path, ": a\nman king woman queen\nman king woman horse\n: b\nman cow woman horse\n")
    score = evaluate(PLANE, path, unknown="wrong")
    assert (score.questions, score.missing) == (3, 2)
    assert_allclose(score.add, 1 / 3)
    assert [(s.questions, s.missing, s.add) for s in score.sections] == [(2, 1, 0.5), (1, 1, 0)]
    with pytest.raises(FormatError, match="none of the 1 analogies"):
        evaluate(PLANE, written(tmp_path, "man cow woman horse\n"), unknown="wrong")


def test_outliers__each_group_has_its_answer(tmp_path):
    score = evaluate(PLANE, written(tmp_path, "man\nboy\nking\n\nqueen\nhorse\n"), unknown="wrong")
    assert [(a.group, a.wanted, a.found) for a in score.answers] == [
        (("man", "boy", "king"), "queen", "queen"),
        (("man", "boy", "king"), "horse", None),
    ]
    assert (score.groups, score.missing, score.accuracy, score.position) == (2, 1, 0.5, 0.5)
    (answer,) = evaluate(PLANE, written(tmp_path, "woman\nqueen\nboy\n\nking\n")).answers
    assert answer.found == "boy"


def test_evaluate__case_counts_on_request(tmp_path):
    pairs = written(tmp_path, "Man king 1\nMAN king 2\nman king 3\nqueen king 4\n")
    score = evaluate(PLANE, pairs, case_sensitive=True)
    assert score.missing == 1
    cosines = [
        PLANE.similarity("Man", "king"),
        None,
        PLANE.similarity("man", "king"),
        PLANE.similarity("queen", "king"),
    ]
    assert [a.cosine for a in score.answers] == cosines
    questions = written(tmp_path, "man king woman Queen\nman king woman queen\n", "q.txt")
    assert evaluate(PLANE, questions, case_sensitive=True).missing == 1
    assert evaluate(PLANE, questions).add == 1
    groups = written(tmp_path, "man\nboy\nking\n\nQueen\nqueen\n", "g.txt")
    assert evaluate(PLANE, groups, case_sensitive=True).missing == 1
