import os
import shutil
import subprocess
import sys
import tarfile
import threading

import pytest
from click.testing import CliRunner

import firth
from firth.cli import cli
from firth.config import TextConfig
from firth.corpus.encoding import encode
from firth.corpus.paths import expand, own_kind
from firth.corpus.sources import as_source, files
from firth.errors import SourceError


def names(found, folder):
    return [path.relative_to(folder).as_posix() for path in found]


def write(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"one {path.stem}\n")


def test_folder__linked_folders_are_followed_each_real_file_once(tmp_path):
    folder, outside = tmp_path / "in", tmp_path / "outside"
    write(folder, "b.txt", "deep/d.txt", "deep/e.txt")
    write(outside, "x.txt", "below/y.txt")
    (folder / "a").symlink_to(outside, target_is_directory=True)
    (folder / "again").symlink_to(outside / "below", target_is_directory=True)
    (folder / "0").symlink_to(folder / "deep", target_is_directory=True)
    (folder / "c.txt").symlink_to(folder / "b.txt")
    (folder / "f.txt").symlink_to(outside / "x.txt")
    found = expand(folder)
    assert names(found, folder) == ["a/below/y.txt", "a/x.txt", "b.txt", "deep/d.txt", "deep/e.txt"]
    assert expand(f"{folder}/**") == found


def test_folder__circles_of_links_end(tmp_path):
    folder = tmp_path / "in"
    write(folder, "a.txt", "deep/b.txt")
    write(tmp_path, "beside.txt")
    (folder / "deep" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "deep" / "here").symlink_to(".", target_is_directory=True)
    (folder / "above").symlink_to("..", target_is_directory=True)
    assert names(expand(folder), folder) == ["a.txt", "deep/b.txt"]
    assert names(expand(f"{folder}/deep/**/*.txt"), folder) == ["deep/b.txt"]


def test_folder__a_link_to_nothing_is_named(tmp_path):
    write(tmp_path, "a.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "gone.txt")
    with pytest.raises(SourceError, match=r"b\.txt is a link to nothing \(.*gone\.txt\)"):
        expand(tmp_path)


def test_folder__without_a_file_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"^the folder .*empty holds no files$"):
        as_source(tmp_path / "empty")


@pytest.fixture
def used(small_text, tmp_path, monkeypatch):
    """A folder with a text, and all that firth may have put beside it."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    text = small_text.rename(folder / "text.txt")
    encode(text, folder / "text.encoded")
    encode(text, cache=folder / "cache")
    model = firth.train(text, epochs=1, vector_size=8, min_count=1, cache=folder / "cache", progress=False)
    model.save(folder / "model")

    def stop(event):
        if getattr(event, "epoch", 0) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        firth.train(text, epochs=3, vector_size=8, min_count=1, checkpoints=folder / "other.checkpoints", progress=stop)
    kernels = folder / "machine code" / "kernels" / ("0123456789abcdef")
    kernels.mkdir(parents=True)
    (kernels / "a.kernel").write_bytes(b"\0\xff")
    return folder


def test_folder__what_firth_made_is_no_text(used):
    assert names(expand(used), used) == ["text.txt"]
    assert names(expand(f"{used}/**"), used) == ["text.txt"]
    assert {own_kind(path) for path in used.rglob("*") if path.is_dir()} == {
        None,
        "a model",
        "an encoded corpus",
        "a checkpoint",
        "a cache",
    }
    for name, kind in (("model", "a model"), ("other.checkpoints/checkpoint-000001", "a checkpoint")):
        with pytest.raises(SourceError, match=f"{name} is {kind} of firth's, not text"):
            files([used / name])


@pytest.mark.parametrize("pack", ["gztar", "zip"])
@pytest.mark.parametrize("turned", [False, True])
def test_archive__what_firth_made_is_no_text_in_any_order(used, tmp_path, pack, turned):
    made = shutil.make_archive(str(tmp_path / "all"), pack, used)
    if turned and pack == "gztar":
        with tarfile.open(made) as archive, tarfile.open(tmp_path / "turned.tar", "w") as out:
            for member in reversed(archive.getmembers()):
                out.addfile(member, archive.extractfile(member) if member.isreg() else None)
        made = tmp_path / "turned.tar"
    source = as_source(made)
    assert encode(source).ids.tobytes() == encode(used / "text.txt").ids.tobytes()
    assert source.files_read == 1


def test_archive__of_a_user_with_files_of_the_same_names_is_text(tmp_path):
    write(tmp_path, "in/model.json", "in/sub/words.jsonl", "in/vocabulary.json", "in/a/vectors.safetensors")
    source = as_source(shutil.make_archive(str(tmp_path / "all"), "tar", tmp_path / "in"))
    encode(source)
    assert source.files_read == 4


def test_folder__of_a_user_with_files_of_the_same_names_is_text(tmp_path):
    write(tmp_path, "model.json", "sub/corpus.json", "sub/state.json")
    assert names(expand(tmp_path), tmp_path) == ["model.json", "sub/corpus.json", "sub/state.json"]


def test_command__in_the_folder_of_its_text_goes_on(small_text, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    small_text.rename(folder / "text.txt")
    command = ["train", str(folder), "-o", str(folder / "model"), "--epochs", "2", "--vector-size", "8", "--json"]
    first = CliRunner().invoke(cli, command, catch_exceptions=False)
    again = CliRunner().invoke(cli, [*command, "--overwrite", "--resume"], catch_exceptions=False)
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.output == again.output
    encode(folder / "text.txt", folder / "encoded")
    encoded = CliRunner().invoke(cli, ["train", str(folder / "encoded"), *command[2:], "--overwrite"])
    assert encoded.exit_code == 0, encoded.output
    assert encoded.output == first.output


def test_reading__tells_how_many_files_it_read(tmp_path):
    write(tmp_path, "a.txt", "b.txt", "c/d.txt")
    seen = []
    encode(tmp_path, report=seen.append)
    assert seen[-1].files == 3
    command = ["train", str(tmp_path), "-o", str(tmp_path / "m"), "--cache", str(tmp_path / "k"), "--progress"]
    result = CliRunner().invoke(cli, [*command, "--min-count=1", "--epochs=1", "--sample=0", "--vector-size=4"])
    assert "from 3 files" in result.output


@pytest.fixture
def pipe(tmp_path):
    """A named pipe, and a writer that writes some text and notes whether it could."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    done = []

    def write_text():
        try:
            with path.open("wb") as file:
                for _ in range(3000):
                    file.write(b"one two three\n" * 10)
                    file.flush()
            done.append("all written")
        except BrokenPipeError:
            done.append("nobody reads")

    writer = threading.Thread(target=write_text, daemon=True)
    writer.start()
    yield path, done
    writer.join(20)
    assert not writer.is_alive()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX's")
def test_pipe__is_read_once(pipe):
    path, done = pipe
    reader = threading.Thread(target=lambda: done.append(len(encode(path))), daemon=True)
    reader.start()
    reader.join(60)
    assert set(done) == {"all written", 90_000}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX's")
def test_pipe__is_read_once_by_the_command(pipe, tmp_path):
    path, done = pipe
    command = [sys.executable, "-m", "firth", "train", str(path), "-o", str(tmp_path / "m"), "--epochs", "1", "--json"]
    result = subprocess.run([*command, "--vector-size", "4"], capture_output=True, text=True, timeout=240, check=False)
    assert result.returncode == 0, result.stderr
    assert '"words": 3' in result.stdout
    assert '"tokens_of_these_words": 90000' in result.stdout
    assert done == ["all written"]


def test_file__is_read_to_the_same_blocks_as_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("firth.corpus.decoding.BLOCK_BYTES", 700)
    (tmp_path / "a.txt").write_text("word " * 400)
    sizes = [len(block.text) for block in as_source(tmp_path / "a.txt").blocks(TextConfig())]
    assert sizes == [700, 700, 600, 1]
