import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.config import TextConfig
from firth.corpus.encoding import encode
from firth.corpus.sources import as_source
from firth.errors import SourceError

FILES = {
    "a.txt": b"one two\nthree",
    "b/c.txt": b"two two four",
    "b/packed.txt.gz": gzip.compress(b"five one\nsix two"),
    "b/" + "long name " * 20 + ".txt": "Élan three".encode(),
}
HIDDEN = {".git/x": b"not this", "b/._c.txt": b"\0\5\x16\7nor this"}
PACKED = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
FORMATS = {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def tar(files, format=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name in ("b", ".git"):
            folder = tarfile.TarInfo(name)
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
        for name, content in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("z.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "a.txt"
        archive.addfile(link)
    return out.getvalue()


def zip_of(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b/", b"")
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.fixture
def of_folder(tmp_path):
    """The bytes of the corpus that the same files make in a folder."""
    folder = tmp_path / "files"
    for name, content in (FILES | HIDDEN).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return content_of(encode(folder))


def content_of(corpus):
    arrays = (corpus.ids, corpus.sentence_starts, corpus.counts)
    return [*map(bytes, arrays), corpus.words(len(corpus.counts))]


def in_order(files):
    """As a folder has them."""
    return dict(sorted(files.items(), key=lambda item: item[0].split("/")))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("ending", PACKED)
def test_tar__is_read_as_its_files_in_a_folder(tmp_path, of_folder, ending, format):
    content = PACKED[ending](tar(in_order(FILES | HIDDEN), FORMATS[format]))
    path = tmp_path / "corpus.of.any.name"
    path.write_bytes(content)
    corpus = encode(path)
    assert content_of(corpus) == of_folder
    assert "ustar" not in corpus.words(len(corpus.counts))
    assert content_of(encode(io.BytesIO(content))) == of_folder


def test_tar__packed_with_zstd(tmp_path, of_folder):
    zstandard = pytest.importorskip("zstandard")
    path = tmp_path / "corpus.tar.zst"
    path.write_bytes(zstandard.ZstdCompressor().compress(tar(in_order(FILES))))
    assert content_of(encode(path)) == of_folder


def test_tar__without_a_magic(tmp_path):
    content = bytearray(tar({"a.txt": b"one two"}))
    for first in range(0, len(content), 512):
        header = content[first : first + 512]
        if header[257:262] == b"ustar":
            header[257:512] = bytes(255)
            checksum = sum(header[:148]) + sum(header[156:]) + 8 * ord(" ")
            header[148:156] = b"%06o\0 " % checksum
            content[first : first + 512] = header
    (tmp_path / "old.tar").write_bytes(content)
    assert sorted(encode(tmp_path / "old.tar").vocabulary().words) == ["one", "two"]


def test_zip__is_read_as_its_files_in_a_folder(tmp_path, of_folder):
    path = tmp_path / "corpus.of.any.name"
    path.write_bytes(zip_of(in_order(FILES | HIDDEN)))
    assert content_of(encode(path)) == of_folder
    assert content_of(encode(io.BytesIO(path.read_bytes()))) == of_folder


def test_archive__in_an_archive_and_in_a_folder(tmp_path):
    inner = gzip.compress(tar({"b.txt": b"three four"}))
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.tar").write_bytes(tar({"a.txt": b"one two", "inner.tgz": inner}))
    (tmp_path / "files" / "z.zip").write_bytes(zip_of({"c.txt": b"five six", "inner.tar": inner}))
    source = as_source(tmp_path / "files")
    text = b"".join(block.text for block in source.blocks(TextConfig()))
    assert text == b"one two\nthree four\nfive six\nthree four\n"
    assert source.files_read == 4


def test_archive__keeps_the_order_it_has(tmp_path):
    (tmp_path / "a.tar").write_bytes(tar({"z.txt": b"one two", "a.txt": b"three"}))
    assert b"".join(block.text for block in as_source(tmp_path / "a.tar").blocks(TextConfig())) == b"one two\nthree\n"


@pytest.mark.filterwarnings("ignore:.*has NUL bytes:firth.errors.FirthWarning")
def test_archive__that_was_encoded_as_text_by_an_older_version_is_read_again(tmp_path, monkeypatch):
    path = tmp_path / "a.tar"
    path.write_bytes(tar({"a.txt": b"one two"}))
    with monkeypatch.context() as of_old:
        of_old.setattr("firth.corpus.text_files.is_archive", lambda path: False)
        of_old.setattr("firth.corpus.archives._is_tar", lambda start: False)
        assert len(encode(path)) == 6
    assert len(encode(path)) == 2


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_tar__cut_short_anywhere_is_named(tmp_path, packed):
    whole = tar({"a.txt": b"one two " * 200, "b.txt": b"three"})
    end = whole.rstrip(b"\0")
    path = tmp_path / "cut.tar"
    for size in range(600, len(end), 97):
        path.write_bytes(packed(whole[:size]))
        with pytest.raises(SourceError, match=r"cut\.tar.* (damaged|cut short)"):
            encode(path)


def test_zip__damaged_is_named(tmp_path):
    whole = bytearray(zip_of({"a.txt": b"one two " * 200}))
    path = tmp_path / "a.zip"
    path.write_bytes(whole[:-30])
    with pytest.raises(SourceError, match=r"the archive .*a\.zip cannot be read"):
        encode(path)
    whole[whole.index(b"a.txt") + 10] ^= 255
    path.write_bytes(whole)
    with pytest.raises(SourceError, match=r"a\.zip/a\.txt is packed, and damaged"):
        encode(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tar({".hidden": b"one"}), "the archive .* holds no files"),
        (zip_of({}), "the archive .* holds no files"),
        (zip_of({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}), "is a document"),
        (gzip.compress(zip_of({"a.txt": b"one"})), "is a zip archive that is packed"),
        (tar({"a.zip": zip_of({"a.txt": b"one"})}), r"corpus/\./a\.zip is a zip archive that is packed"),
        (tar({"a.parquet": b"PAR1" + bytes(9)}), r"corpus/\./a\.parquet is a table"),
        (tar({"a.png": b"\x89PNG\r\n"}), r"corpus/\./a\.png, line 1: byte 0x89"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(99), "is a 7z archive"),
        (b"Rar!\x1a\x07\1\0" + bytes(99), "is a rar archive"),
        (b"070701" + b"0" * 104 + b"a.txt\0one two", "is a cpio archive"),
        (b"\x1f\x9d\x90abc", "packed with compress"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is a PDF"),
    ],
    ids=lambda value: repr(value)[-40:],
)
def test_archive__that_cannot_be_read_is_named(tmp_path, content, message):
    (tmp_path / "corpus").write_bytes(content)
    with pytest.raises(SourceError, match=message) as raised:
        encode(tmp_path / "corpus")
    assert "latin-1" not in str(raised.value) or "png" in message


def test_tar__a_name_without_end_is_refused_before_memory_is_asked_for(tmp_path):
    header = tarfile.TarInfo("a")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    content = tar({"a.txt": b"one two"})[: -10240 + 512] + header.tobuf(tarfile.GNU_FORMAT) + bytes(1024)
    (tmp_path / "a.tar").write_bytes(content)
    with pytest.raises(SourceError, match="damaged or cut short"):
        encode(tmp_path / "a.tar")


def test_archive__that_goes_down_without_end_is_refused(tmp_path):
    content = tar({"a.txt": b"one two"})
    for _ in range(12):
        content = gzip.compress(tar({"a.tgz": content}))
    (tmp_path / "a.tgz").write_bytes(content)
    with pytest.raises(SourceError, match="does it hold itself"):
        encode(tmp_path / "a.tgz")


SOME = [
    tar(FILES),
    tar(FILES, tarfile.GNU_FORMAT),
    zip_of(FILES),
    gzip.compress(tar({"a.txt": b"one two"})),
]


@pytest.mark.filterwarnings("ignore:.* It is read as text:firth.errors.FirthWarning")
@settings(max_examples=300, deadline=None)
@given(which=st.sampled_from(SOME), seed=st.integers(0, 2**32), changes=st.integers(1, 8))
def test_archive__with_any_bytes_changed_is_read_or_refused(which, seed, changes):
    random = np.random.default_rng(seed)
    content = bytearray(which[: random.integers(1, len(which) + 1)] if seed % 3 == 0 else which)
    for at in random.integers(0, min(len(content), 4000), changes):
        content[at] = random.integers(0, 256)
    source = as_source(io.BytesIO(content))
    try:
        size = sum(len(block.text) for block in source.blocks(TextConfig(errors="replace")))
    except SourceError:
        return
    assert size < 1 << 20


def test_tar__a_size_that_lies_is_refused_at_once(tmp_path):
    for size in (10**6, 1 << 33, 1 << 62):
        header = tarfile.TarInfo("a.txt")
        header.size = size
        (tmp_path / "a.tar").write_bytes(header.tobuf(tarfile.GNU_FORMAT) + b"one two".ljust(512, b"\0"))
        with pytest.raises(SourceError, match="cut short"):
            encode(tmp_path / "a.tar")
        hidden = header.replace(name=".hidden").tobuf(tarfile.GNU_FORMAT)
        (tmp_path / "a.tar").write_bytes(hidden + bytes(1024))
        with pytest.raises(SourceError, match="cut short"):
            encode(tmp_path / "a.tar")


def test_text__that_only_begins_as_an_archive_does_is_text(tmp_path):
    (tmp_path / "a.txt").write_bytes((b"ustar " * 200)[5:] + b"PK %PDF- 070701 LZIP")
    assert "ustar" in encode(tmp_path / "a.txt").vocabulary().words
