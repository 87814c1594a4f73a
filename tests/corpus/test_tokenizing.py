import bz2
import gzip
import io
import lzma
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.config import TextConfig
from firth.corpus import decoding
from firth.corpus.decoding import read_blocks
from firth.corpus.encoding import encode
from firth.corpus.tokenizing import SENTENCE_END, split_block, standardize, tokenize, word_of
from firth.errors import CorpusError, SourceError
from firth.storage.packed import decompressed

# what trips people up: Unicode spaces, final sigma, letters whose lower case is longer, marks, emoji, separators
TRICKY = "aB'.,;- \t\r\x0b\x0c\x1c\x1f\x85\xa0\u1680\u2003\u2028\u3000ΑΣσİßÉe\u0301Жक्\u200d😀\ufeff\x00漢"
LINES = st.lists(st.text(st.one_of(st.sampled_from(TRICKY), st.characters(codec="utf-8")), max_size=40), max_size=8)


def sentences_fast(content: bytes, config: TextConfig) -> list[list[str]]:
    raw = [token for block in read_blocks(io.BytesIO(content), "x", config) for token in split_block(block, config)]
    sentences: list[list[str]] = [[]]
    for token in raw:
        if token == SENTENCE_END:
            sentences.append([])
        elif word := word_of(token, config):
            sentences[-1].append(word)
    return [s for s in sentences if s]


def sentences_slow(content: str, config: TextConfig) -> list[list[str]]:
    return [s for line in re.split("[\r\n]", content) if (s := standardize(line, config))]


CONFIGS = [
    TextConfig(),
    TextConfig(lowercase=False),
    TextConfig(strip_punctuation=False),
    TextConfig(separator=","),
    TextConfig(separator=",,"),
    TextConfig(separator="a,a"),
    TextConfig(separator=" a", lowercase=False),
    TextConfig(separator="a", lowercase=False),
    TextConfig(separator="aΣa"),
    TextConfig(separator="\t", strip_punctuation=False),
    TextConfig(separator="\u2003"),
]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("block_bytes", [1, 7, 1 << 21])
@settings(max_examples=150, deadline=None)
@given(lines=LINES)
def test_split_block__is_standardize_for_any_text_and_any_cut(config, block_bytes, lines):
    content = "\n".join(lines).lstrip("\ufeff")  # at the beginning of a file it would be a mark of the encoding
    before, decoding.BLOCK_BYTES = decoding.BLOCK_BYTES, block_bytes
    try:
        assert sentences_fast(content.encode(), config) == sentences_slow(content, config)
    finally:
        decoding.BLOCK_BYTES = before


@settings(max_examples=200, deadline=None)
@given(lines=LINES)
def test_tokenize__is_standardize_for_many_lines(lines):
    for config in CONFIGS:
        assert tokenize(lines, config) == [standardize(line, config) for line in lines]
        joined = ["".join(line.split("\n")) for line in lines]
        assert tokenize(joined, config) == [standardize(line, config) for line in joined]


def test_standardize__is_the_tutorials():
    assert standardize("We'll GO,  to the end!") == ["well", "go", "to", "the", "end"]
    assert standardize("-- ... !") == []


def test_standardize__each_part_can_be_switched_off():
    assert standardize("We'll GO", TextConfig(lowercase=False)) == ["Well", "GO"]
    assert standardize("We'll GO", TextConfig(strip_punctuation=False)) == ["we'll", "go"]
    assert standardize("New York, USA ,,x", TextConfig(separator=",")) == ["new york", "usa", "x"]


def test_unicode_space__is_all_that_python_splits_at():
    spaces = [c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace() and c not in "\r\n"]
    assert len(spaces) > 20
    joined = "x".join(spaces).join("ab").encode()
    config = TextConfig()
    assert sentences_fast(joined, config) == [["a", *"x" * (len(spaces) - 1), "b"]]


def test_read_blocks__loses_nothing_of_a_line_longer_than_many_blocks(monkeypatch):
    monkeypatch.setattr(decoding, "BLOCK_BYTES", 100)
    line = " ".join(f"w{i}" for i in range(3000))
    assert sentences_fast(line.encode(), TextConfig()) == [line.split()]
    word = "x" * 5000
    assert sentences_fast(word.encode(), TextConfig()) == [[word]]


@pytest.mark.parametrize("separator", [None, ","])
def test_read_blocks__a_token_without_end_is_refused(separator, monkeypatch):
    """A packed file of a megabyte may hold a gigabyte of one letter: it would all be kept until the token ends."""
    monkeypatch.setattr(decoding, "BLOCK_BYTES", 100)
    monkeypatch.setattr(decoding, "LONGEST_TOKEN_BYTES", 1 << 20)
    config, just = TextConfig(separator=separator), b"a" * (1 << 20)
    assert len(b"".join(read_blocks(io.BytesIO(just + b"\nb"), "x", config))) == (1 << 20) + 3
    read = io.BytesIO(just * 50)
    with pytest.raises(SourceError, match="x has a token of more than 1 MB"):
        list(read_blocks(read, "x", config))
    assert read.tell() < 2 << 20


def test_read_blocks__drops_a_byte_order_mark():
    assert sentences_fast(b"\xef\xbb\xbfone two", TextConfig()) == [["one", "two"]]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "cp1252", "utf-8-sig"])
def test_read_blocks__reads_the_encoding_asked_for(encoding, monkeypatch):
    monkeypatch.setattr(decoding, "BLOCK_BYTES", 5)
    content = "École élan\nnaïve"
    assert sentences_fast(content.encode(encoding), TextConfig(encoding=encoding)) == [
        ["école", "élan"],
        ["naïve"],
    ]


@pytest.mark.parametrize("block_bytes", [3, 1 << 20])
def test_read_blocks__names_the_line_of_bytes_that_are_not_utf8(block_bytes, monkeypatch):
    monkeypatch.setattr(decoding, "BLOCK_BYTES", block_bytes)
    content = b"fine\nfine too\nna\xefve\nrest"
    with pytest.raises(SourceError, match="x, line 3: byte 0xef is not utf-8"):
        sentences_fast(content, TextConfig())
    assert sentences_fast(content, TextConfig(errors="ignore"))[2] == ["nave"]
    assert sentences_fast(content, TextConfig(errors="replace"))[2] == ["na\ufffdve"]


def test_read_blocks__names_a_cut_character_at_the_end():
    with pytest.raises(SourceError, match="line 2"):
        sentences_fast("one\ntwö".encode()[:-1], TextConfig())


def zstd_compress(content: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.compress(content)
    return pytest.importorskip("zstandard").ZstdCompressor().compress(content)


PACKERS = {"gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zstd": zstd_compress}
CONTENT = ("\n".join(f"line number {i} {i * i}" for i in range(20_000))).encode()


@pytest.mark.parametrize("packer", PACKERS)
def test_decompressed__knows_a_packed_file_by_its_first_bytes(packer):
    packed = PACKERS[packer](CONTENT)
    assert decompressed(io.BytesIO(packed), "x").read() == CONTENT
    two_members = packed + PACKERS[packer](b"\nmore")
    assert decompressed(io.BytesIO(two_members), "x").read() == CONTENT + b"\nmore"


def test_decompressed__leaves_plain_text_alone():
    for content in (b"", b"BZh is not how bzip2 files begin", b"plain"):
        assert decompressed(io.BytesIO(content), "x").read() == content


@pytest.mark.parametrize("packer", PACKERS)
def test_read_blocks__says_that_a_packed_file_is_cut_short(packer):
    cut = PACKERS[packer](CONTENT)[:-3000]
    with pytest.raises(SourceError, match="damaged or cut short"):
        list(read_blocks(decompressed(io.BytesIO(cut), "x"), "x", TextConfig()))


@pytest.mark.parametrize("packer", PACKERS)
def test_read_blocks__says_that_a_packed_file_is_damaged(packer):
    packed = bytearray(PACKERS[packer](CONTENT))
    packed[len(packed) // 2] ^= 0xFF
    packed[len(packed) // 2 + 9] ^= 0xFF
    with pytest.raises(SourceError, match="damaged or cut short"):
        list(read_blocks(decompressed(io.BytesIO(bytes(packed)), "x"), "x", TextConfig()))


def test_dropped_punctuation__is_pythons_ascii_punctuation():
    assert standardize(string.punctuation + "a") == ["a"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_read_blocks__wide_text_is_not_taken_for_utf8(encoding):
    """Without its mark, UTF-16 is valid UTF-8 with zero bytes between the letters: words that nobody would find."""
    content = ("the king and the queen\n" * 9).encode(encoding)
    with pytest.raises(SourceError, match=f"looks like {encoding} text.*encoding='{encoding}'"):
        list(read_blocks(io.BytesIO(content), "x.txt", TextConfig()))
    text = b"".join(read_blocks(io.BytesIO(content), "x.txt", TextConfig(encoding=encoding)))
    assert text.startswith(b"the king")


def test_read_blocks__a_zero_byte_now_and_then_is_text():
    content = b"one\0two three\n" * 9
    assert b"".join(read_blocks(io.BytesIO(content), "x.txt", TextConfig())).startswith(content)


UNPACK = """
import sys
from pathlib import Path
from pathlib import Path
from firth.storage.packed import decompressed
from firth.corpus.decoding import BLOCK_BYTES
peak = lambda: int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) >> 10
with open(sys.argv[1], "rb") as file:
    unpacked = decompressed(file, "x")
    unpacked.read(1)
    before, size = peak(), 1
    while block := unpacked.read(BLOCK_BYTES):
        size += len(block)
print(size, peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not tell a process's peak")
@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_decompressed__a_small_file_that_holds_a_large_one_takes_no_memory(pack, tmp_path):
    once = 400 if pack is zstd_compress else 20
    (tmp_path / "x").write_bytes(pack(bytes(once << 20)) * (400 // once))
    assert (tmp_path / "x").stat().st_size < 1 << 20
    run = subprocess.run([sys.executable, "-c", UNPACK, tmp_path / "x"], capture_output=True, text=True, check=True)
    size, megabytes = map(int, run.stdout.split())
    assert size == 400 << 20
    assert megabytes < 80


READ = {
    "right-to-left marks": "\u202eking\u202c \u200fqueen\n".encode(),
    "mixed line ends": b"a b\r\nc d\re f\ng h",
    "a long word": b"x" * 3_000_000 + b" y\n",
    "zeros": b"a " * 300 + bytes(100_000) + b" a\n",  # at its beginning they are warned of
    "one word again and again": b"a " * 500_000 + b"b",
}
REFUSED = {
    "lone surrogates": b"king \xed\xa0\x80 queen\n",
    "only white space": b" \t\v\f\n" * 50_000,
    "every byte": bytes(range(256)) * 500,
    "a cut character": b"king queen\n\xe2\x82",
}


@pytest.mark.parametrize("content", READ.values(), ids=READ)
def test_hostile_text__is_read_as_standardize_says(content, tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes(content)
    corpus = encode(path)
    words = corpus.vocabulary().words
    wanted = [word for line in content.decode().split("\n") for word in standardize(line)]
    assert [words[i] for i in corpus.ids.tolist()] == wanted


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_hostile_text__is_refused_by_an_error_that_names_the_file(content, tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes(content)
    with pytest.raises((SourceError, CorpusError), match=r"x\.txt"):
        encode(path)
