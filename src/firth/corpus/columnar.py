"""Parquet and Arrow files, read by pyarrow where it is installed: a column of text or of lists as a source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

import numpy as np

from firth.config import TextConfig
from firth.corpus.decoding import BLOCK_BYTES
from firth.corpus.fingerprints import content_fingerprint
from firth.corpus.in_memory import TokenLists
from firth.corpus.prose import as_lines, is_prose
from firth.corpus.remote import FilePath, RemoteFile
from firth.corpus.rows import VALUES_WANTED, no_column, no_value
from firth.corpus.tabular import ARROW, PARQUET
from firth.corpus.text_files import at_rest
from firth.corpus.tokenizing import Batch, Block, Source
from firth.data_frames import library
from firth.errors import SourceError, shortened

BATCH_ROWS = 1 << 14
MOST_BYTES = 1 << 30
"""Lists of more than this are not joined by Arrow, whose strings have 32 bits for their places."""


def is_columnar(path: FilePath) -> bool:
    """Whether this is a Parquet or Arrow file. A pipe is none, and is not opened: it can be read once."""
    if not path.is_file():
        return False
    with _opened(path) as file:
        return file.read(len(ARROW)).startswith((PARQUET, ARROW))


def _opened(path: FilePath) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error


def column_of_files(files: ColumnarFiles, name: str, skip_nulls: bool, ids: str | None = None) -> Source:
    """A column of Parquet or Arrow files, with that of ids, if one is named."""
    kinds = {_kind_of_column(path, name) for path in files.paths}
    if len(kinds) > 1:
        raise SourceError(f"the column {shortened(name)} holds text in some files, and lists in others")
    found = (TextColumn if kinds == {"text"} else ListColumn)(files.paths, name, skip_nulls)
    if ids is not None:
        for path in files.paths:
            with OpenTable(path) as table:
                if ids not in table.names:
                    raise no_column(f"{path} has", ids, table.names)
        found.id_name = ids
    return found


def _kind_of_column(path: FilePath, name: str) -> str:
    with OpenTable(path) as table:
        if name not in table.names:
            raise no_column(f"{path} has", name, table.names)
        kind, types = table.schema.field(name).type, table.pyarrow.types
    if is_text(kind, types):
        return "text"
    lists = (
        types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind) or types.is_list_view(kind)
    )
    if lists and (is_text(kind.value_type, types) or types.is_integer(kind.value_type)):
        return "lists"
    held = shortened(str(kind))[1:-1]
    raise SourceError(f"the column {shortened(name)} of {path} holds {held}: {VALUES_WANTED}")


def is_text(kind: Any, types: Any) -> bool:
    """Whether a type of Arrow's is one of strings, also of those that are kept once each."""
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


class ColumnarFiles(NamedTuple):
    """Parquet and Arrow files."""

    paths: Sequence[FilePath]

    @property
    def name(self) -> str:
        """What they are called."""
        return str(self.paths[0]) if len(self.paths) == 1 else f"{len(self.paths)} files"


class OpenTable:
    """A Parquet or Arrow file, opened by pyarrow. Use it as a context manager."""

    def __init__(self, path: FilePath):
        self.path = path
        with _opened(path) as file:
            self.start = file.read(8)
        try:
            import pyarrow
        except ImportError as error:
            raise SourceError(f"reading {path} needs pyarrow: pip install pyarrow") from error
        self.pyarrow = pyarrow

    def __enter__(self) -> OpenTable:
        try:
            if self.start.startswith(PARQUET):
                from pyarrow import parquet

                self.file: Any = parquet.ParquetFile(self._opened())
                self.schema, self.rows = self.file.schema_arrow, self.file.metadata.num_rows
            elif self.start.startswith(ARROW):
                self.file = self.pyarrow.ipc.open_file(self._opened())
                self.schema, self.rows = self.file.schema, None
            else:
                raise SourceError(f"{self.path} is neither a Parquet nor an Arrow file")
            self.names: list[str] = self.schema.names
        except SourceError:
            raise
        except (self.pyarrow.ArrowException, OSError, ValueError, LookupError) as error:
            raise SourceError(f"cannot read {self.path}: {error}") from error
        return self

    def _opened(self) -> Any:
        """The file, mapped if it is on this machine."""
        if isinstance(self.path, RemoteFile):
            return self.path.open("rb")
        return self.path if self.start.startswith(PARQUET) else self.pyarrow.memory_map(str(self.path))

    def __exit__(self, *_: object) -> None:
        if hasattr(self.file, "close"):
            self.file.close()

    @property
    def row_groups(self) -> list[int]:
        """How many rows each group of rows of a Parquet file has."""
        if self.rows is None:
            return []
        about = self.file.metadata
        return [about.row_group(number).num_rows for number in range(about.num_row_groups)]

    @property
    def row_group_bytes(self) -> list[int]:
        """How many bytes each group of rows of a Parquet file has."""
        return [self.file.metadata.row_group(number).total_byte_size for number in range(len(self.row_groups))]

    def batches(self, name: str, groups: range | None = None) -> Iterator[Any]:
        """The column's arrays, batch after batch. Of a Parquet file, those of some groups of rows alone, if they are
        given.
        """
        return (batch.column(0) for batch in self.batches_of([name], groups))

    def batches_of(self, names: list[str], groups: range | None = None) -> Iterator[Any]:
        """Batches of some columns, each with places and text that are whole: pyarrow does not look."""
        try:
            for batch in self._batches(names, groups):
                batch.validate(full=True)
                yield batch
        except (self.pyarrow.ArrowException, OSError, ValueError, LookupError) as error:
            raise SourceError(f"{self.path} is damaged: {error}") from error

    def _batches(self, names: list[str], groups: range | None) -> Iterator[Any]:
        if self.rows is not None:
            some = None if groups is None else list(groups)
            yield from self.file.iter_batches(BATCH_ROWS, row_groups=some, columns=names)
        else:
            for number in range(self.file.num_record_batches):
                yield self.file.get_batch(number).select(names)


class FileColumn(Source):
    """What columns of files have in common. Of some Parquet files, some groups of rows alone may be read."""

    def __init__(self, paths: Sequence[FilePath], column: str, skip_nulls: bool, groups: Sequence[range | None] = ()):
        self.paths = paths
        self.column = column
        self.skip_nulls = skip_nulls
        self.groups = groups or [None] * len(paths)
        self.name = f"{column!r} of {ColumnarFiles(paths).name}"
        self.total_bytes = sum(path.stat().st_size for path in paths)

    def fingerprint(self, config: TextConfig, threads: int = 1) -> str | None:
        """A hash of the files' content, of the column's name, and of how it is split."""
        return content_fingerprint(self.paths, config, threads, **self.how_read())

    def how_read(self) -> dict[str, Any]:
        """What a fingerprint has of how the column is found."""
        return {"column": self.column, "skip_nulls": self.skip_nulls}

    def documents(self, config: TextConfig) -> Iterator[Any]:
        """The column's values, row by row."""
        for array, _ in self.arrays(config):
            yield from array.to_pylist()

    def arrays(self, config: TextConfig) -> Iterator[tuple[Any, int]]:
        """The column's Arrow arrays without nulls, each with the bytes of the files that have been done with it."""
        return ((batch.column(0), done) for batch, done in self._batches([self.column]))

    def identified(self, config: TextConfig) -> Iterator[tuple[Any, Any]]:
        """The column's values, row by row, each with its id."""
        if self.id_name is None:
            yield from super().identified(config)
            return
        for batch, _ in self._batches([self.column, self.id_name]):
            ids, values = batch.column(self.id_name).to_pylist(), batch.column(self.column).to_pylist()
            yield from zip(ids, values, strict=True)

    def _batches(self, names: list[str]) -> Iterator[tuple[Any, int]]:
        """Batches of columns, without the rows in which the column has a null, each with the bytes that are done."""
        bytes_before = self.files_read = 0
        for path, groups in zip(self.paths, self.groups, strict=True):
            self.files_read += groups is None or groups.start == 0
            with at_rest(path) as size, OpenTable(path) as table:
                rows = sum(table.row_groups[: groups.start]) if groups else 0
                for batch in table.batches_of(names, groups):
                    array = batch.column(self.column if len(names) > 1 else 0)
                    if array.null_count and not self.skip_nulls:
                        row = rows + array.is_null().to_pylist().index(True) + 1
                        raise no_value(f"row {row:,}", self.column, str(path))
                    rows += len(array)
                    share = rows / table.rows if table.rows else 0
                    whole = batch.filter(array.is_valid()) if array.null_count else batch
                    yield whole, bytes_before + int(share * size)
            bytes_before += size


class TextColumn(FileColumn):
    """A column of strings in Parquet or Arrow files; a row is a line of text, or several."""

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        """All text, in order."""
        for array, bytes_read in self.arrays(config):
            for part in _parts(array.cast("large_string")):
                if is_prose(config):
                    texts = [as_lines(text, config) for text in part.to_pylist()]
                    yield Block("\n".join([*texts, ""]).encode("utf-8"), bytes_read)
                else:
                    yield Block(_joined(part, "\n"), bytes_read)


class ListArrays(TokenLists):
    """Lists of tokens in arrays of Arrow's; each is a sentence."""

    def arrays(self, config: TextConfig) -> Iterator[tuple[Any, int]]:
        """Arrays of lists, none of them null, each with the bytes of the files that have been done with it."""
        raise NotImplementedError

    def documents(self, config: TextConfig) -> Iterator[list[Any]]:
        """The lists, row by row."""
        for array, _ in self.arrays(config):
            yield from array.to_pylist()

    def _arrays(self, config: TextConfig) -> Iterator[tuple[Any, int]]:
        """The same; notes whether all of them hold whole numbers."""
        types = library("pyarrow.types")
        self.has_integers = True
        for array, bytes_read in self.arrays(config):
            self.has_integers = self.has_integers and types.is_integer(array.type.value_type)
            yield array, bytes_read

    def blocks(self, config: TextConfig) -> Iterator[Block]:
        """All text, in order."""
        rows = 0
        for array, bytes_read in self._arrays(config):
            for part in _parts(_of_strings(array)):
                if (lines := _as_lines(part)) is not None:
                    yield Block(lines, bytes_read)
                else:
                    for block in TokenLists(part.to_pylist(), rows).blocks(config):
                        yield block._replace(bytes_read=bytes_read)
                rows += len(part)

    def batches(self, config: TextConfig) -> Iterator[Batch]:
        """All tokens, in order."""
        rows = 0
        for array, bytes_read in self._arrays(config):
            for batch in TokenLists(array.to_pylist(), rows).batches(config):
                yield batch._replace(bytes_read=bytes_read)
            rows += len(array)


class ListColumn(FileColumn, ListArrays):
    """A column of lists of tokens in Parquet or Arrow files; a row is a sentence."""


def _parts(array: Any) -> Iterator[Any]:
    """Some rows of an Arrow array at a time, as many as make a block: one at least, whatever its size."""
    rows = max(1, BLOCK_BYTES * len(array) // max(1, int(array.nbytes)))
    for start in range(0, len(array), rows):
        yield array[start : start + rows]


def _joined(strings: Any, mark: str) -> bytes:
    """The strings of an Arrow array, each with a mark behind it."""
    import pyarrow
    from pyarrow import compute

    whole = pyarrow.ListArray.from_arrays(pyarrow.array([0, len(strings)], pyarrow.int32()), strings.cast("string"))
    text: bytes = compute.binary_join(whole, mark)[0].as_buffer().to_pybytes()
    return text + mark.encode()


def _of_strings(lists: Any) -> Any:
    """An Arrow array of lists of any kind, none of them null, as lists of strings: its size tells what text it is."""
    import pyarrow
    from pyarrow import compute

    ends = np.cumsum(compute.list_value_length(lists).to_numpy(zero_copy_only=False))
    starts = pyarrow.array(np.concatenate([[0], ends]), "int64")
    return pyarrow.LargeListArray.from_arrays(starts, compute.list_flatten(lists).cast("large_string"))


def _as_lines(lists: Any) -> bytes | None:
    """The tokens of lists of strings as lines, an empty one after each list; None where tokens have to be looked at one
    by one: some may be no tokens, or hold what a line does not.
    """
    import pyarrow
    from pyarrow import compute

    tokens = lists.flatten()
    if tokens.null_count or tokens.nbytes >= MOST_BYTES or compute.min(compute.binary_length(tokens)).as_py() == 0:
        return None
    places = lists.offsets.to_numpy()
    starts = pyarrow.array(places - places[0], "int32")
    text = _joined(compute.binary_join(pyarrow.ListArray.from_arrays(starts, tokens.cast("string")), "\n"), "\n\n")
    line_ends = len(tokens) - np.count_nonzero(np.diff(places)) + 2 * len(lists)
    return None if b"\t" in text or text.count(b"\n") > line_ends else text
