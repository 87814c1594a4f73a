"""A session at the terminal: words and analogies typed, neighbors shown."""

from __future__ import annotations

import contextlib
import sys
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs

from firth.errors import FirthError
from firth.vectors.word_vectors import Neighbors, WordVectors

COMPLETIONS = 50
HISTORY_LINES = 1000
HELP = """a word · king - man + woman · man : king :: woman · king ~ queen · ? king queen axe · :20 · :q"""


class Explorer:
    """What a session knows: the vectors, and how many words to show."""

    def __init__(self, vectors: WordVectors, topn: int = 10):
        self.vectors = vectors
        self.topn = topn
        self._sorted: list[str] | None = None

    def answer(self, line: str) -> list[str]:
        """The lines that answer a line. Raises `FirthError` for words that are not known, and what makes no sense."""
        line = line.strip()
        if not line or line.startswith(":"):
            return self._command(line[1:].strip()) if line else []
        if line in self.vectors:
            found = self.vectors.most_similar(line, topn=self.topn)
        elif line.startswith("?"):
            return [self.vectors.doesnt_match(self._words(line[1:]))]
        elif "~" in line:
            a, _, b = line.partition("~")
            return [f"{self.vectors.similarity(self._word(a), self._word(b)):.4f}"]
        elif "::" in line:
            left, _, c = line.partition("::")
            a, _, b = left.partition(":")
            found = self.vectors.analogy(self._word(a), self._word(b), self._word(c), topn=self.topn)
        else:
            found = self._sum(line)
        return [f"{cosine:.4f}  {word}" for word, cosine in found]

    def completions(self, text: str) -> list[str]:
        """Words that begin with a text, the most frequent first."""
        if self._sorted is None:
            self._sorted = sorted(self.vectors.words)
        first = bisect_left(self._sorted, text)
        found = []
        for word in self._sorted[first:]:
            if not word.startswith(text):
                break
            found.append(word)
        return sorted(found, key=self.vectors.vocabulary.id)[:COMPLETIONS]

    def _command(self, text: str) -> list[str]:
        if text.isdecimal() and int(text) > 0:
            self.topn = int(text)
            return []
        raise FirthError(f"try: {HELP}")

    def _sum(self, line: str) -> Neighbors:
        """Words added and subtracted: + and - stand between spaces, as words may hold them."""
        positive: list[str] = []
        negative: list[str] = []
        side = positive
        for part in line.split():
            if part in {"+", "-"} and part not in self.vectors:
                side = positive if part == "+" else negative
            else:
                side.append(self._word(part))
                side = positive
        if not positive and not negative:
            raise FirthError(f"try: {HELP}")
        return self.vectors.most_similar(positive=positive, negative=negative, topn=self.topn)

    def _words(self, text: str) -> list[str]:
        words = [self._word(part) for part in text.split()]
        if len(words) < 3:
            raise FirthError("which does not belong: wanted three words at least")
        return words

    def _word(self, text: str) -> str:
        word = text.strip()
        if word not in self.vectors and word.lower() in self.vectors:
            return word.lower()
        self.vectors[word]  # raises, with near spellings, if it is not known
        return word


def session(vectors: WordVectors, *, topn: int = 10) -> None:
    """Ask and answer until the end of the input. At a terminal, with completion and history."""
    explorer = Explorer(vectors, topn)
    interactive = sys.stdin.isatty()
    if interactive:
        print(f"{len(vectors):,} words. {HELP}")
    with _line_editing(explorer) if interactive else contextlib.nullcontext():
        for line in _lines("> " if interactive else ""):
            if line.strip() in {":q", ":quit", ":exit"}:
                return
            try:
                for answer in explorer.answer(line):
                    print(answer)
            except FirthError as error:
                print(error)
        if interactive:
            print()


def _lines(prompt: str) -> Iterator[str]:
    while True:
        try:
            yield input(prompt)
        except EOFError:
            return


@contextlib.contextmanager
def _line_editing(explorer: Explorer) -> Iterator[None]:
    """Completion and history, where the system has a library for them."""
    try:
        import readline
    except ImportError:
        yield
        return
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: there is no home
        readline.read_history_file(_history())
    found: list[str] = []

    def complete(text: str, state: int) -> Any:
        if state == 0:
            found[:] = explorer.completions(text)
        return found[state] if state < len(found) else None

    readline.set_completer(complete)
    readline.set_completer_delims(" ")
    readline.parse_and_bind("bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete")
    readline.set_history_length(HISTORY_LINES)
    try:
        yield
    finally:
        readline.set_completer(None)
        with contextlib.suppress(OSError, RuntimeError):
            _history().parent.mkdir(parents=True, exist_ok=True)
            readline.write_history_file(_history())


def _history() -> Path:
    """The file of what has been asked. Raises `RuntimeError` where there is no home."""
    history = Path(platformdirs.user_state_path("firth")) / "history"
    if not history.is_absolute():
        raise RuntimeError(f"there is no home for {history}")
    return history
