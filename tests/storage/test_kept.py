"""What is kept for the next time."""

import json
import os
import time

from click.testing import CliRunner

import firth
from firth.cli.common import cli
from firth.storage import kept as of_cache
from firth.storage.kept import DAY_SECONDS, beyond, kept, remove_old_corpora, remove_old_kernels


def run(*arguments):
    """The command's exit code and output."""
    result = CliRunner().invoke(cli, arguments)
    return result.exit_code, result.output


def corpora(root, *days):
    """Corpora of ten words each, used so many days ago."""
    for number, ago in enumerate(days):
        text = root / f"{number}.txt"
        text.write_text(f"w{number} " * 10)
        folder = firth.encode(text, cache=root / "corpora").folder
        for file in folder.iterdir():
            os.utime(file, (time.time() - ago * DAY_SECONDS,) * 2)
    return [one.source.rpartition("/")[2] for one in kept(root, ["corpora"])]


def test_kept__is_listed_by_use_and_goes_by_age_and_size(tmp_path):
    assert corpora(tmp_path, 20, 1, 100) == ["1.txt", "0.txt", "2.txt"]
    found = kept(tmp_path, ["corpora"])
    assert [round(one.days) for one in found] == [1, 20, 100]
    assert beyond(found, days=20.5) == found[2:]
    assert beyond(found, most_bytes=found[0].bytes + 1) == found[1:]
    assert beyond(found, most_bytes=sum(one.bytes for one in found)) == []


def test_corpora__go_when_they_are_old_or_many_and_stay_when_they_are_used(tmp_path, monkeypatch):
    corpora(tmp_path, 20, 1, 100)
    remove_old_corpora(tmp_path / "corpora")
    assert [one.source.rpartition("/")[2] for one in kept(tmp_path)] == ["1.txt", "0.txt"]
    monkeypatch.setattr(of_cache, "MOST_BYTES", 1)
    firth.encode(tmp_path / "0.txt", cache=tmp_path / "corpora")  # used now
    corpora_before = kept(tmp_path)
    remove_old_corpora(tmp_path / "corpora")
    assert kept(tmp_path) == corpora_before  # used in the last week
    corpora(tmp_path, 8)
    remove_old_corpora(tmp_path / "corpora")
    assert [one.source.rpartition("/")[2] for one in kept(tmp_path)] == ["1.txt"]


def test_cache__lists_and_clears(tmp_path):
    corpora(tmp_path, 20, 1)
    code, out = run("cache", "--cache", str(tmp_path), "--json")
    assert code == 0
    assert [one["source"].rpartition("/")[2] for one in json.loads(out)] == ["1.txt", "0.txt"]
    code, out = run("cache", "--cache", str(tmp_path), "--clear", "--days", "10")
    assert code == 0
    assert "0.txt" in out
    assert "removed" in out
    assert [one.source.rpartition("/")[2] for one in kept(tmp_path)] == ["1.txt"]
    assert run("cache", "--cache", str(tmp_path), "--clear")[0] == 0
    assert "nothing" in run("cache", "--cache", str(tmp_path))[1]


def kernels(root, name, days=None):
    """A folder of machine code that was used so many days ago; an empty one where no days are given."""
    folder = root / "kernels" / name
    folder.mkdir(parents=True)
    if days is not None:
        for file in (folder / "dot-1.kernel", folder / "used"):
            file.touch()
            os.utime(file, (time.time() - days * DAY_SECONDS,) * 2)
    return folder


def test_kernels__go_when_they_were_not_used_for_long(tmp_path):
    old, recent = kernels(tmp_path, "0" * 16, days=91), kernels(tmp_path, "1" * 16, days=89)
    being_made, own = kernels(tmp_path, "2" * 16), kernels(tmp_path, "3" * 16)
    remove_old_kernels(own)
    assert not old.exists()
    assert recent.is_dir()
    assert being_made.is_dir()  # empty, by another process
    assert own.is_dir()


def test_kernels__that_were_used_lately_stay_however_old_they_are(tmp_path):
    loaded = kernels(tmp_path, "0" * 16, days=300)
    (loaded / "used").touch()
    remove_old_kernels(kernels(tmp_path, "1" * 16))
    assert (loaded / "dot-1.kernel").is_file()


def test_kernels__in_use_never_go(tmp_path):
    own = kernels(tmp_path, "0" * 16, days=300)
    remove_old_kernels(own)
    assert own.is_dir()


def test_kernels__no_folder_of_another_name_goes(tmp_path):
    of_a_user = kernels(tmp_path, "cuda", days=300)
    remove_old_kernels(kernels(tmp_path, "0" * 16))
    assert of_a_user.is_dir()
