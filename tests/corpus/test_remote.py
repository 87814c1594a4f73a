"""Files that fsspec reaches."""

import builtins
import contextlib
import gzip
import io
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import firth
from firth.cli import cli
from firth.corpus import remote
from firth.corpus.cutting import Part, Piece, cut
from firth.corpus.encoding import encode
from firth.corpus.paths import expand
from firth.corpus.pieces import encode_piece
from firth.corpus.remote import RemoteFile, as_address, is_address, shown
from firth.errors import SourceError
from tests.helpers.pieces import bytes_of, in_pieces
from tests.helpers.tables import write
from tests.helpers.text import TEXT

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def memory():
    """A file system in memory, with nothing in it."""
    system = fsspec.filesystem("memory")
    with contextlib.suppress(FileNotFoundError):
        system.rm("/bucket", recursive=True)
    yield system
    with contextlib.suppress(FileNotFoundError):
        system.rm("/bucket", recursive=True)


def names(address):
    return [str(path) for path in expand(address)]


def test_encode__of_an_address_is_that_of_the_same_file_here(memory, text):
    memory.pipe("/bucket/a.txt", text.read_bytes())
    here = encode(text)
    there = encode("memory://bucket/a.txt")
    assert there.folder == here.folder  # found by its content
    assert encode(f"file://{text}").folder == here.folder
    fresh = encode("memory://bucket/a.txt", text.parent / "fresh")
    assert fresh.about["source"] == "memory://bucket/a.txt"
    assert fresh.ids.tolist() == here.ids.tolist()


def test_encode__of_folders_and_globs_at_an_address(memory, tmp_path):
    source = tmp_path / "bucket"
    for name in ("a/b.txt", "a.txt", "c/d/e.txt", ".hidden", "c/.git/f.txt", "z.dat"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(f"words of {name}\n")
        memory.pipe(f"/bucket/{name}", f"words of {name}\n".encode())
    for base in ("memory://bucket", f"file://{source}"):
        assert names(base) == [f"{base}/{name}" for name in ("a/b.txt", "a.txt", "c/d/e.txt", "z.dat")]
        assert names(f"{base}/") == names(base)
        assert names(f"{base}/*.txt") == [f"{base}/a.txt"]
        assert names(f"{base}/**/*.txt") == [f"{base}/{name}" for name in ("a/b.txt", "a.txt", "c/d/e.txt")]
        assert names(f"{base}/?.dat") == [f"{base}/z.dat"]
        assert encode(base).folder == encode(source).folder


def test_encode__of_packed_files_archives_and_columns_at_an_address(memory, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    (tmp_path / "text").write_text(TEXT)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "text", "text")
    (tmp_path / "a.gz").write_bytes(gzip.compress(TEXT.encode()))
    write(pyarrow, tmp_path / "a.parquet", text=TEXT.split("\n"))
    write(pyarrow, tmp_path / "a.arrow", text=TEXT.split("\n"))
    (tmp_path / "a.csv").write_text("text,n\nthe cat sat,1\n")
    for path in tmp_path.iterdir():
        memory.pipe(f"/bucket/{path.name}", path.read_bytes())
        column = "text" if path.suffix in {".parquet", ".arrow", ".csv"} else None
        here = encode(path, column=column)
        assert encode(f"memory://bucket/{path.name}", column=column).folder == here.folder, path
        for way in ("memory://bucket", f"file://{tmp_path}"):
            to = tmp_path.with_name(f"{path.name} by {way[:4]}")
            assert encode(f"{way}/{path.name}", to, column=column).ids.tolist() == here.ids.tolist()


def test_encode__of_zip_archives_at_an_address(memory):
    import zipfile

    with zipfile.ZipFile(file := io.BytesIO(), "w") as archive:
        archive.writestr("a.txt", "one text")
        archive.writestr("b.txt", "another text")
    memory.pipe("/bucket/a.zip", file.getvalue())
    assert encode("memory://bucket/a.zip").files == 2


def test_expand__leaves_out_what_firth_wrote_at_an_address(memory, text, tmp_path):
    encode(text, tmp_path / "encoded")
    for path in (tmp_path / "encoded").iterdir():
        memory.pipe(f"/bucket/encoded/{path.name}", path.read_bytes())
    memory.pipe("/bucket/a.txt", b"a text\n")
    memory.pipe("/bucket/kernels/0123456789abcdef/kernel", b"code")
    assert names("memory://bucket") == ["memory://bucket/a.txt"]
    assert names("memory://bucket/**") == ["memory://bucket/a.txt"]
    with pytest.raises(SourceError, match="memory://bucket/encoded is an encoded corpus of firth's, not text"):
        expand("memory://bucket/encoded")
    with pytest.raises(SourceError, match="no file matches"):
        expand("memory://bucket/encoded/*.jsonl")


def test_expand__of_an_address_where_nothing_is(memory):
    for address in ("memory://bucket/none.txt", "memory://bucket", f"file://{Path(__file__).parent}/none"):
        with pytest.raises(SourceError, match=f"there is no file or folder {address}, or none that"):
            expand(address)
    memory.pipe("/bucket/a.txt", b"a text\n")
    with pytest.raises(SourceError, match=r"no file matches memory://bucket/\*\.csv"):
        expand("memory://bucket/*.csv")
    with pytest.raises(SourceError, match="is an address in another"):
        expand("simplecache::memory://bucket/a.txt")


def test_expand__says_what_to_install(monkeypatch):
    with pytest.raises(SourceError, match="fsspec knows no protocol 'nonesuch'"):
        expand("nonesuch://bucket/a.txt")
    real = builtins.__import__

    def without(name, *of):
        if name.partition(".")[0] in {"paramiko", "fsspec"}.difference({allowed}):
            raise ImportError(f"No module named {name!r}")
        return real(name, *of)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delitem(sys.modules, "fsspec.implementations.sftp", raising=False)
    allowed = "fsspec"
    with pytest.raises(SourceError, match=r"reading sftp://host/a needs a package that is not installed.*paramiko"):
        expand("sftp://someone:secret@host/a")
    allowed = None
    with pytest.raises(SourceError, match=r"reading memory://a needs an extra: pip install 'firth\[remote\]'"):
        expand("memory://a")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError("Forbidden"), "may not be read with this machine's credentials for memory"),
        (OSError("the line is dead"), "cannot read memory://bucket/a.txt: OSError: the line is dead"),
        (RuntimeError("a driver's own"), "cannot read memory://bucket/a.txt: RuntimeError: a driver's own"),
    ],
)
@pytest.mark.parametrize("method", ["info", "open", "read"])
def test_encode__says_what_a_driver_raised(memory, monkeypatch, error, told, method, tmp_path):
    memory.pipe("/bucket/a.txt", TEXT.encode())

    def fail(*_, **__):
        raise error

    of = "MemoryFile" if method == "read" else "MemoryFileSystem"
    with monkeypatch.context() as patch, pytest.raises(SourceError, match=told) as found:
        patch.setattr(f"fsspec.implementations.memory.{of}.{method}", fail, raising=False)
        encode("memory://bucket/a.txt", tmp_path / "out")
    assert found.value.__cause__ is error


def test_names__have_nothing_that_lets_one_in(monkeypatch):
    secret = "https://someone:pass@host/folder/a.txt?signature=abc&expires=1"
    file = RemoteFile(secret)
    assert str(file) == "https://host/folder/a.txt"
    assert "pass" not in repr(file)
    assert file.name == "a.txt"
    assert shown("s3://bucket/a?.txt") == "s3://bucket/a?.txt"
    assert shown(f"cannot get {secret} now") == "cannot get https://host/folder/a.txt now"
    monkeypatch.setattr(remote, "_system", lambda address: 1 / 0)
    with pytest.raises(SourceError) as found:
        expand(secret)
    assert "pass" not in str(found.value)
    assert "abc" not in str(found.value)
    assert found.value.__cause__ is None


def test_piece__shows_nothing_that_lets_one_in():
    part = Part(0, "ftp://someone:pass@host/a.txt", 10, 10, None, None, 0, 1)
    assert repr(part) == "Part('ftp://host/a.txt')"
    assert repr(replace(part, begin=3, end=7)) == "Part('ftp://host/a.txt', 3 to 7)"


def test_source__an_address_in_a_list_is_a_path_or_a_text(memory):
    memory.pipe("/bucket/a.txt", b"one text\n")
    memory.pipe("/bucket/b.txt", b"another text\n")
    both = [Path("memory://bucket/a.txt"), Path("memory://bucket/b.txt")]
    assert encode(both).files == 2
    assert encode(Path("memory://bucket/a.txt")).files == 1
    with pytest.raises(SourceError, match=r"'s3://bucket/a.txt' is an address: for files, pass pathlib.Path"):
        encode(["s3://bucket/a.txt"])
    assert len(encode(["https://example.org", "is where it is"])) == 5
    assert len(encode(["s3://bucket/a.txt is where it is"])) == 5


def test_address__is_what_begins_with_a_protocol(tmp_path):
    assert is_address("s3://bucket/a.txt")
    assert is_address("simplecache::s3://bucket/a.txt")
    assert not is_address("a text about s3://bucket")
    assert not is_address("C://Users")
    assert as_address(Path("/a/b")) is None
    assert as_address("s3:/a") is None
    assert as_address(Path("file:///tmp/a")) == "file:///tmp/a"


def test_encode__of_a_file_at_an_address_that_changes_meanwhile(memory, tmp_path):
    memory.pipe("/bucket/a.txt", TEXT.encode())

    def change(_):
        memory.pipe("/bucket/a.txt", TEXT.encode())  # the same, but who knows

    with pytest.raises(SourceError, match=r"memory://bucket/a.txt changed while it was read"):
        encode("memory://bucket/a.txt", tmp_path / "out", report=change, threads=1)


def test_pieces__of_files_at_an_address(memory, tmp_path):
    text = TEXT * 20
    memory.pipe("/bucket/a.txt", text.encode())
    memory.pipe("/bucket/b.txt.gz", gzip.compress(text.encode()))
    pieces = cut("memory://bucket", piece_bytes=200)
    assert len(pieces) == 7
    assert pieces[0].parts[0].path == "memory://bucket/a.txt"
    encode("memory://bucket", tmp_path / "at once")
    in_pieces("memory://bucket", tmp_path / "in pieces", piece_bytes=200, owners=2)
    assert bytes_of(tmp_path / "in pieces") == bytes_of(tmp_path / "at once")
    memory.pipe("/bucket/a.txt", text.encode()[:-1])
    with pytest.raises(SourceError, match=r"memory://bucket/a.txt has 1,139 bytes, not the 1,140"):
        encode_piece(Piece.of_json(pieces[0].as_json()), tmp_path / "piece")
    memory.rm("/bucket/a.txt")
    with pytest.raises(SourceError, match=r"there is no file or folder memory://bucket/a.txt.*on all of them"):
        encode_piece(pieces[0], tmp_path / "piece")


@pytest.mark.parametrize("lines", [1, 7, 40])
def test_pieces__of_a_file_at_an_address_are_hashed_while_they_are_read(memory, tmp_path, monkeypatch, lines):
    monkeypatch.setattr("firth.corpus.fingerprints.CHUNK_BYTES", 64)
    monkeypatch.setattr("firth.corpus.decoding.BLOCK_BYTES", 50)
    memory.pipe("/bucket/a.txt", b"the cat\n" * 8 * lines + b"x" * (lines % 2))  # 40: no chunk is cut short
    memory.pipe("/bucket/b.txt.gz", gzip.compress(b"the cat\n" * 8 * lines))
    encode("memory://bucket", tmp_path / "at once")

    def fail(*_):
        raise AssertionError("a chunk is read only to be hashed")

    monkeypatch.setattr("firth.corpus.fingerprints.sha256_of", fail)
    in_pieces("memory://bucket", tmp_path / "in pieces", piece_bytes=128)
    assert bytes_of(tmp_path / "in pieces") == bytes_of(tmp_path / "at once")


def test_pieces__of_parquet_at_an_address(memory, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    path = write(pyarrow, tmp_path / "a.parquet", text=TEXT.split("\n") * 5)
    memory.pipe("/bucket/a.parquet", path.read_bytes())
    column = firth.column("memory://bucket/*.parquet", "text")
    assert len(cut(column, piece_bytes=1)) == 13
    encode(column, tmp_path / "at once")
    in_pieces(column, tmp_path / "in pieces", piece_bytes=1, owners=2)
    assert bytes_of(tmp_path / "in pieces") == bytes_of(tmp_path / "at once")


@pytest.mark.long
def test_command__trains_on_addresses(memory, tmp_path):
    memory.pipe("/bucket/a.txt", TEXT.encode() * 20)
    memory.pipe("/bucket/b.txt", TEXT.encode() * 20)
    of = ["memory://bucket/a.txt", "memory://bucket/b.txt", "-o", str(tmp_path / "model"), "--epochs", "1"]
    done = CliRunner().invoke(cli, ["train", *of])
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(cli, ["train", "memory://bucket/none", "-o", str(tmp_path / "other")])
    assert done.exit_code == 1
    assert "there is no file or folder memory://bucket/none" in str(done.exception)


def test_import__of_firth_does_not_load_fsspec(text):
    lines = f"""
import sys, firth
firth.encode({str(text)!r}, {str(text.parent / "out")!r})
assert "fsspec" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", lines], check=True)
