"""Cold start: words and items that are treated as unknown, induced from a few contexts, beside what training gave them.

200 words of some 50 to 1,000 occurrences are held out of the matrix A and of all contexts. `cosine` is that of the
induced with the trained vector, `kept` the share of the trained vector's ten neighbors that the induced one has, each
also for the mean of the context words alone, without A. The hit rate asks for the item after a held-out one, among the
ten nearest.
"""

import itertools
import random
from typing import Any

import numpy as np

import firth
from benchmarks._lib.corpora import wiki100
from benchmarks._lib.results import Cell, Column, arguments, finish
from benchmarks.compare.daily import PARAGRAPHS, USUAL, sessions

CONTEXTS = (1, 3, 10, 30, 100)
HELD_OUT, FEWEST, MOST = 200, 50, 1000
TOPN = 10
Sentences = list[list[str]]


def held_out_of(model: firth.WordVectors) -> list[str]:
    """Words that are neither rare nor among the most frequent."""
    usual = [word for word in model.words if FEWEST <= model.count(word) <= MOST]
    return random.Random(1).sample(usual, HELD_OUT)


def contexts_of(words: list[str], text: Sentences) -> dict[str, Sentences]:
    """For each word, sentences that have it, as many as are needed, chosen at random."""
    found: dict[str, Sentences] = {word: [] for word in words}
    for i in random.Random(2).sample(range(len(text)), len(text)):
        for word in found.keys() & set(text[i]):
            if len(found[word]) < max(CONTEXTS):
                found[word].append(text[i])
    return found


def neighbors(model: firth.WordVectors, vectors: Any) -> list[set[str]]:
    """The nearest words of each vector."""
    return [{word for word, _ in near} for near in model.most_similar(np.array(vectors), topn=TOPN)]


def close(carte: firth.Alacarte, trained: Any, vectors: Any) -> list[float]:
    """The mean cosine with the trained vectors, and the mean share of their neighbors that are kept."""
    cosine = np.mean([carte.vectors.similarity(one, other) for one, other in zip(trained, vectors, strict=True)])
    both = zip(neighbors(carte.vectors, trained), neighbors(carte.vectors, vectors), strict=True)
    return [float(cosine), float(np.mean([len(one & other) / TOPN for one, other in both]))]


def hits(model: firth.WordVectors, vector_of: dict[str, Any], asked: list[tuple[str, str]]) -> float:
    """How often the next item is among the nearest of a held-out one, itself left out."""
    known = [(a, b) for a, b in asked if a in vector_of]
    answers = model.most_similar(np.array([vector_of[a] for a, _ in known]), topn=TOPN + 1)
    near = ([word for word, _ in found if word != a][:TOPN] for (a, _), found in zip(known, answers, strict=True))
    return float(np.mean([b in some for (_, b), some in zip(known, near, strict=True)]))


def rows_of(name: str, text: Sentences, asked: list[tuple[str, str]] | None) -> list[list[Cell]]:
    """One row for each number of contexts, and one for the trained vectors."""
    model = firth.train(text, **USUAL)
    words = held_out_of(model)
    carte = firth.alacarte(model, text, held_out=words)
    mean = firth.alacarte(model, transform=np.eye(model.vector_size), held_out=words)
    contexts = contexts_of(words, text)
    trained = model[words]
    rows: list[list[Cell]] = []
    for n in CONTEXTS:
        made, plain = ([one.vector(contexts[word][:n], word=word) for word in words] for one in (carte, mean))
        hit = hits(model, dict(zip(words, made, strict=True)), asked) if asked else None
        rows.append([name, str(n), *close(carte, trained, made), *close(carte, trained, plain), hit])
        print(rows[-1], flush=True)
    hit = hits(model, dict(zip(words, trained, strict=True)), asked) if asked else None
    return [*rows, [name, "trained", 1.0, 1.0, None, None, hit]]


def main() -> None:
    options = arguments(__doc__)
    found, asked = sessions()
    with wiki100().open(encoding="utf-8") as file:
        text = [firth.standardize(line) for line in itertools.islice(file, PARAGRAPHS)]
    rows = [*rows_of("items of sessions", found, asked), *rows_of("words of Wikipedia", text, None)]
    names = ("cosine", "kept", "cosine, mean alone", "kept, mean alone", "hit rate @10")
    columns = [Column("what"), Column("contexts"), *(Column(name, 3) for name in names)]
    finish("induction", f"{HELD_OUT} held-out words each, default settings, one seed", columns, rows, save=options.save)


if __name__ == "__main__":
    main()
