"""One whole process each, from a text file to saved vectors, as their users run them: what `compare/peers.py` compares.

one_whole PROGRAM TEXT OUTPUT SEED EPOCHS THREADS, in the peers' environment for gensim and fastText.
"""

import sys

from benchmarks._lib.corpora import SETTINGS

program, text, output, seed, epochs, threads = *sys.argv[1:4], *map(int, sys.argv[4:7])

if program == "firth":
    import firth

    model = firth.train(
        text, seed=seed, epochs=epochs, threads=threads, progress=False, cache=f"{output}.cache", **SETTINGS
    )
    model.export(output, format="word2vec binary", overwrite=True)
elif program in {"gensim", "gensim-sentences"}:
    from gensim.models import Word2Vec
    from gensim.models.word2vec import LineSentence

    corpus = {"corpus_file": text} if program == "gensim" else {"sentences": LineSentence(text)}
    Word2Vec(
        **corpus, sg=1, alpha=0.025, seed=seed, workers=threads, epochs=epochs, **SETTINGS
    ).wv.save_word2vec_format(output, binary=True)
elif program == "fasttext":
    import fasttext

    model = fasttext.train_unsupervised(
        text, model="skipgram", dim=SETTINGS["vector_size"], ws=SETTINGS["window"], neg=SETTINGS["negative"],
        t=SETTINGS["sample"], minCount=SETTINGS["min_count"], minn=0, maxn=0, lr=0.025,
        epoch=epochs, thread=threads, verbose=0,
    )  # fmt: skip
    words = model.get_words()
    with open(output, "wb") as file:  # noqa: PTH123
        file.write(f"{len(words)} {SETTINGS['vector_size']}\n".encode())
        file.writelines(word.encode() + b" " + model.get_word_vector(word).tobytes() + b"\n" for word in words)
