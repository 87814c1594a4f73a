import io

import numpy as np
import pytest
from hypothesis import given, settings

from firth.config import TextConfig
from firth.corpus import scanning
from firth.corpus.decoding import read_blocks
from firth.corpus.scanning import Scanner, merge, scan
from firth.corpus.tokenizing import Block, standardize
from firth.jit import target
from firth.kernels.text import scanner as scanner_kernels
from tests.corpus.test_tokenizing import CONFIGS, LINES, TRICKY, sentences_slow

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="with the compiler off, text is split by Python")


def blocks_of(content: str, config: TextConfig) -> list[Block]:
    return [Block(text, 0) for text in read_blocks(io.BytesIO(content.encode()), "x", config)]


def sentences_scanned(blocks: list[Block], config: TextConfig, threads: int = 1) -> list[list[str]]:
    scanners = [Scanner(config) for _ in range(threads)]
    found = list(scan(blocks, scanners))
    lines, counts, id_of = merge(scanners)
    words = list(lines)
    sentences: list[list[str]] = [[]]
    for scanner, numbers, _ in found:
        for number in numbers.tolist():
            if number == 0:
                sentences.append([])
            else:
                sentences[-1].append(words[id_of[scanner][number]])
    tokens = [word for sentence in sentences for word in sentence]
    assert {word: tokens.count(word) for word in tokens} == dict(zip(words, counts.tolist(), strict=True))
    assert words == sorted(words, key=lambda word: (-tokens.count(word), word))
    return [s for s in sentences if s]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("block_bytes", [1, 7, 1 << 19])
@settings(max_examples=150, deadline=None)
@given(lines=LINES)
def test_scan__is_standardize_for_any_text_and_any_cut(config, block_bytes, lines):
    content = "\n".join(lines).lstrip("\ufeff")  # at the beginning of a file it would be a mark of the encoding
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("firth.corpus.decoding.BLOCK_BYTES", block_bytes)
        patch.setattr(scanning, "FIRST_CAPACITY", 2)
        blocks = blocks_of(content, config)
        assert sentences_scanned(blocks, config) == sentences_slow(content, config)
        assert sentences_scanned(blocks, config, threads=3) == sentences_slow(content, config)


def test_scan__every_character_is_what_python_takes_it_for():
    everything = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF and c not in (10, 13)]
    characters = [c for c in everything if ord(c) < 0x3100 or c.isspace() or c.lower() != c or ord(c) % 97 == 0]
    content = "\n".join(f"a{c}B{c}" for c in characters)
    config = TextConfig()
    scanner = Scanner(config)
    numbers = scanner.scan(content.encode())
    lines, _, (id_of,) = merge([scanner])
    words = list(lines)
    found = " ".join("\n" if number == 0 else words[id_of[number]] for number in numbers.tolist())
    assert found.split(" \n ") == [" ".join(standardize(line)) for line in content.split("\n")]


def test_scan__a_table_grows_with_its_words():
    random = np.random.default_rng(0)
    tokens = [f"w{n}" for n in random.integers(0, 30_000, 100_000)]
    content = " ".join(tokens)
    scanner = Scanner(TextConfig())
    numbers = scanner.scan(content.encode())
    words = ["", *scanner.words()]
    assert [words[n] for n in numbers.tolist()] == tokens
    assert len(set(words)) == len(words)


def test_scan__an_error_in_a_thread_comes_out():
    def broken():
        yield Block(b"one two\n", 8)
        raise OSError("gone")

    for threads in (1, 3):
        with pytest.raises(OSError, match="gone"):
            list(scan(broken(), [Scanner(TextConfig()) for _ in range(threads)]))


@pytest.mark.parametrize("word", ["x" * 3_000_000, "é" * 1_000_000, TRICKY * 3000])
def test_scan__takes_words_of_any_length(word):
    content = f"a {word} b {word}"
    assert sentences_scanned(blocks_of(content, TextConfig()), TextConfig(), 2) == sentences_slow(content, TextConfig())


def test_number_tokens__words_that_hash_alike_are_told_apart():
    tokens = scanner_kernels.Tokens(
        letters=np.frombuffer(b"ab\nba\nab\nc\n", np.uint8),
        starts=np.array([0, 3, 6, 9, 11, 11]),
        hashes=np.full(5, 7, np.uint64),
        keys=np.frombuffer(b"ab......ba......ab......c.......\0\0\0\0\0\0\0\0", np.int64),
    )
    table = Scanner(TextConfig()).table._replace(letters=np.empty(64, np.uint8))
    numbers = np.empty(5, np.int32)
    assert scanner_kernels.number_tokens(tokens, 0, 5, table, numbers) == 5
    assert numbers.tolist() == [1, 2, 1, 3, 0]
    assert table.words[1:4, scanner_kernels.COUNT].tolist() == [2, 1, 1]
    assert table.letters[:8].tobytes() == b"ab\nba\nc\n"
