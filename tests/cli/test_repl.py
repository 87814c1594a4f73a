import contextlib
import os
import select
import subprocess
import sys
import time

import pytest

from firth.cli.repl import Explorer, session
from firth.errors import FirthError


@pytest.fixture
def explorer(vectors):
    return Explorer(vectors, topn=3)


def lines_of(neighbors):
    return [f"{cosine:.4f}  {word}" for word, cosine in neighbors]


def test_answer__a_word_a_sum_and_an_analogy(explorer, vectors):
    assert explorer.answer("king") == lines_of(vectors.most_similar("king", topn=3))
    wanted = lines_of(vectors.most_similar(positive=["king", "42"], negative=["the"], topn=3))
    assert explorer.answer(" king - the + 42 ") == wanted
    assert explorer.answer("the : king :: 42") == wanted
    assert explorer.answer("") == []


def test_answer__similarity_and_the_odd_one_out(explorer, vectors):
    assert explorer.answer("king ~ queen") == [f"{vectors.similarity('king', 'queen'):.4f}"]
    assert explorer.answer("? king queen the") == [vectors.doesnt_match(["king", "queen", "the"])]


def test_answer__a_word_that_holds_a_sign_is_a_word(explorer, vectors):
    assert explorer.answer("a-b") == lines_of(vectors.most_similar("a-b", topn=3))
    assert explorer.answer("KING") == explorer.answer("king")


def test_answer__how_many_words_to_show(explorer):
    assert explorer.answer(":2") == []
    assert len(explorer.answer("king")) == 2


@pytest.mark.parametrize(
    "line", ["nobody", "king - nobody", "king : the :: nobody", "? king the", ":what", "+", "king ~"]
)
def test_answer__what_makes_no_sense_is_an_error(explorer, line):
    with pytest.raises((FirthError, ValueError)):
        explorer.answer(line)


def test_completions__begin_with_the_text_the_most_frequent_first(explorer):
    assert explorer.completions("") == explorer.vectors.words
    assert explorer.completions("k") == ["king"]
    assert explorer.completions("nobody") == []


def test_session__goes_on_after_an_error_until_the_end(vectors, monkeypatch, capsys):
    typed = iter(["king", "nobody", ":q", "queen"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(typed))
    session(vectors, topn=1)
    first, second = capsys.readouterr().out.splitlines()
    assert first == lines_of(vectors.most_similar("king", topn=1))[0]
    assert second.startswith("'nobody' is not in the vocabulary")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")
def test_session__at_a_terminal_completes_and_remembers(model, tmp_path):
    pty = pytest.importorskip("pty")
    pytest.importorskip("readline")
    folder = model.save(tmp_path / "m.firth")
    command = [sys.executable, "-m", "firth", "explore", str(folder), "-n", "1"]
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path / "state"), "TERM": "xterm"}

    def typed(text, until):
        ours, theirs = pty.openpty()
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
            os.close(theirs)
            seen, begun, sent = b"", time.monotonic(), False
            while until not in seen and time.monotonic() - begun < 20:
                if select.select([ours], [], [], 0.2)[0]:
                    seen += os.read(ours, 4096)
                if b"> " in seen and not sent:
                    os.write(ours, text)
                    sent = True
            os.write(ours, b"\n:q\n")
            while process.poll() is None and time.monotonic() - begun < 30:
                if select.select([ours], [], [], 0.2)[0]:
                    with contextlib.suppress(OSError):  # the other side is closed
                        os.read(ours, 4096)
            process.kill()
            os.close(ours)
            return seen.decode()

    found = model.most_similar("queen", topn=1)[0][0]
    assert found in typed(b"que\t\n", found.encode())
    assert "queen" in (tmp_path / "state" / "firth" / "history").read_text()
    assert "queen" in typed(b"\x1b[A", b"queen")  # the arrow up
