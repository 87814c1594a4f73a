"""How good after 30, 60, 120 and 300 seconds of one processor: firth and gensim on wiki100; a table and a picture.

Each program trains as much as it can in the time, by its own speed: whole epochs, or one on the beginning of the corpus
where there is no time for a whole one. The seconds are those it did take, training alone.
"""

from typing import Any

from benchmarks._lib.corpora import DATA, WORK, cut, wiki100, words_of
from benchmarks._lib.drawing import Panel, draw
from benchmarks._lib.processes import peers_python, python_of, run
from benchmarks._lib.results import Column, arguments, finish

ROOM = 0.97
"""Of the time is aimed at: the last epoch must be done."""
TESTS = ("WordSim-353", "SimLex-999", "analogies")


def measure(program: str, budgets: list[int], seed: int) -> list[dict[str, Any]]:
    """What a program comes to in each of the budgets."""
    corpus, python = wiki100(), python_of(program)
    megabytes, words, found = corpus.stat().st_size / 1e6, words_of(corpus), []
    run(python, f"one_{program}", cut(corpus, 1), 1, 1, 1)
    speed = run(python, f"one_{program}", cut(corpus, 10), 1, 1, 1, cpu=True)["words_per_cpu_second"]
    for budget in budgets:
        epochs = speed * budget * ROOM / words
        text = corpus if epochs >= 1 else cut(corpus, round(megabytes * epochs, 1))
        vectors = WORK / f"{program}-{budget}-seconds.bin"
        speed = run(python, f"one_{program}", text, seed, max(1, int(epochs)), 1, vectors, cpu=True)[
            "words_per_cpu_second"
        ]
        seconds = words_of(text) * max(1, int(epochs)) / speed
        scores = run(peers_python(), "one_evaluation", vectors, DATA)
        found.append({"program": program, "seconds": seconds, "epochs": epochs, **scores})
        print(found[-1], flush=True)
    return found


def main() -> None:
    options = arguments(__doc__, seed=1, budgets="30,60,120,300")
    budgets = [int(seconds) for seconds in options.budgets.split(",")]
    found = {program: measure(program, budgets, options.seed) for program in ("firth", "gensim")}
    if options.save:
        draw(
            "budget",
            [
                Panel(
                    test,
                    "seconds of one processor",
                    {program: [(row["seconds"], row[test]) for row in rows] for program, rows in found.items()},
                )
                for test in TESTS
            ],
        )
    columns = [Column("program"), Column("seconds", 0), Column("epochs", 2), *(Column(test, 3) for test in TESTS)]
    rows = [list(row.values()) for rows in found.values() for row in rows]
    finish("budget", "Scores by seconds of one processor, training alone; one seed", columns, rows, save=options.save)


if __name__ == "__main__":
    main()
