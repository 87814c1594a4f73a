"""Events in long form: what pandas' and polars' groupby give, of any table, in the order of the table's sessions."""

import datetime
import gzip
import io
import itertools
import json

import numpy as np
import pytest
from click.testing import CliRunner

import firth
from firth.cli import cli
from firth.corpus import events
from firth.corpus.cutting import cut
from firth.corpus.encoding import encode
from firth.errors import SourceError

pyarrow = pytest.importorskip("pyarrow")
pandas = pytest.importorskip("pandas")

ROWS = [
    {"session": "b", "item": 30, "time": 5, "price": 1.0},
    {"session": "a", "item": 10, "time": 2, "price": 1.0},
    {"session": "b", "item": 20, "time": 1, "price": 1.0},
    {"session": "a", "item": 11, "time": 2, "price": 1.0},
    {"session": "c", "item": 30, "time": 0, "price": 1.0},
    {"session": "b", "item": 21, "time": 10, "price": 1.0},
]
BY_TIME = [[20, 30, 21], [10, 11], [30]]
BY_ROW = [[30, 20, 21], [10, 11], [30]]


def sentences(source):
    """The sentences of a source, as answers give their words."""
    corpus = encode(source)
    words = corpus.vocabulary().typed_words
    return [[words[i] for i in corpus.ids[a:b]] for a, b in itertools.pairwise(corpus.sentence_starts)]


def events_of(table, **options):
    return firth.column(table, "item", **{"group_by": "session", "order_by": "time"} | options)


def written(rows, path, suffix):
    """A table in a file."""
    if suffix == ".csv":
        pandas.DataFrame(rows).to_csv(path, index=False)
    elif suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif suffix == ".parquet":
        pytest.importorskip("pyarrow.parquet").write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=2)
    else:
        table = pyarrow.Table.from_pylist(rows)
        with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
    return path


TABLES = {
    "rows": lambda rows: rows,
    "a generator": iter,
    "pandas": pandas.DataFrame,
    "polars": lambda rows: pytest.importorskip("polars").DataFrame(rows),
    "arrow": pyarrow.Table.from_pylist,
    "pandas by categories": lambda rows: pandas.DataFrame(rows).astype({"session": "category", "item": "category"}),
}


@pytest.mark.parametrize("table", TABLES)
def test_events__of_tables_in_memory_are_sentences_by_session_in_order(table):
    assert sentences(events_of(TABLES[table](ROWS))) == BY_TIME
    assert sentences(events_of(TABLES[table](ROWS), order_by=None)) == BY_ROW


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".arrow"])
def test_events__of_files_are_sentences_by_session_in_order(tmp_path, suffix):
    path = written(ROWS, tmp_path / f"a{suffix}", suffix)
    kind = str if suffix == ".csv" else int  # CSV has no numbers
    assert sentences(events_of(path)) == [[kind(item) for item in some] for some in BY_TIME]
    halves = [written(some, tmp_path / f"{n}{suffix}", suffix) for n, some in enumerate((ROWS[:3], ROWS[3:]))]
    assert sentences(events_of(halves)) == [[kind(item) for item in some] for some in BY_TIME]
    assert encode(events_of(path)).files == 1


def test_events__of_a_stream_and_of_packed_rows(tmp_path):
    text = written(ROWS, tmp_path / "a.jsonl", ".jsonl").read_bytes()
    assert sentences(events_of(io.BytesIO(text))) == BY_TIME
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(text))
    assert sentences(events_of(tmp_path / "a.jsonl.gz")) == BY_TIME


@pytest.mark.parametrize("seed", range(5))
def test_events__are_those_of_groupby(seed):
    random = np.random.default_rng(seed)
    n = 5000
    frame = pandas.DataFrame(
        {
            "session": random.integers(0, 300, n),
            "item": random.integers(-50, 50, n),
            "time": random.integers(0, 40, n) if seed % 2 else random.normal(size=n).round(1),
        }
    )
    ordered = frame.sort_values("time", kind="stable")
    of_session = {key: group["item"].tolist() for key, group in ordered.groupby("session", sort=False)}
    wanted = [of_session[session] for session in dict.fromkeys(frame["session"])]
    assert sentences(events_of(frame)) == wanted
    polars = pytest.importorskip("polars")
    lists = polars.from_pandas(frame).group_by("session", maintain_order=True).agg(polars.col("item").sort_by("time"))
    by_polars = lists["item"].to_list()
    assert [sorted(some) for some in by_polars] == [sorted(some) for some in wanted]  # which may break ties otherwise
    as_lists = pandas.DataFrame({"items": wanted})
    assert (encode(events_of(frame)).ids == encode(firth.column(as_lists, "items")).ids).all()


def test_events__of_equal_time_stay_in_the_order_of_the_table():
    random = np.random.default_rng(1)
    rows = [{"session": int(s), "item": i, "time": int(t)} for i, (s, t) in enumerate(random.integers(0, 3, (900, 2)))]
    for session in sentences(events_of(rows)):
        times = [rows[item]["time"] for item in session]
        assert times == sorted(times)
        assert session == sorted(session, key=lambda item: (rows[item]["time"], item))


@pytest.mark.parametrize("batch", [1, 2, 4])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_events__do_not_depend_on_how_rows_are_batched(tmp_path, monkeypatch, batch, suffix):
    path = written(ROWS, tmp_path / f"a{suffix}", suffix)
    wanted = sentences(events_of(path, skip_nulls=True))
    monkeypatch.setattr(events, "BATCH_ROWS", batch)
    monkeypatch.setattr("firth.corpus.columnar.BATCH_ROWS", batch)
    monkeypatch.setattr(events, "TOKENS_AT_A_TIME", batch)
    assert sentences(events_of(path)) == wanted


HOLES = [None, float("nan")]


@pytest.mark.parametrize("table", ["rows", "pandas", "polars", "arrow"])
@pytest.mark.parametrize("column", ["session", "item", "time"])
@pytest.mark.parametrize("hole", HOLES, ids=str)
def test_events__without_a_value_are_an_error_or_left_out(table, column, hole):
    rows = [dict(row) for row in ROWS]
    if column == "session":
        for row in rows:
            row["session"] = float(ord(row["session"]))
    rows[2][column] = hole
    if hole is not None and table in {"polars", "arrow"}:
        rows = [row | {column: float(row[column])} for row in rows]
    with pytest.raises(SourceError, match=f"row 3 of '{column}' has no value: leave such rows out"):
        encode(events_of(TABLES[table](rows)))
    wanted = sentences(events_of(TABLES[table](rows[:2] + rows[3:])))
    assert sentences(events_of(TABLES[table](rows), skip_nulls=True)) == wanted
    assert wanted[0] == [30, 21]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_events__of_files_without_a_value_are_named_by_their_row(tmp_path, suffix):
    rows = [dict(row) for row in ROWS]
    rows[4]["time"] = None
    path = written(rows, tmp_path / f"a{suffix}", suffix)
    where = {".csv": "line 6", ".jsonl": "line 5", ".parquet": "row 5"}[suffix]
    with pytest.raises(SourceError, match=rf"{where} of 'time' in .*a{suffix} has no value"):
        encode(events_of(path))
    assert [[int(item) for item in some] for some in sentences(events_of(path, skip_nulls=True))] == BY_TIME[:2]


DAY = datetime.datetime(2026, 1, 31, 9)


@pytest.mark.parametrize(
    "time",
    [
        lambda n: DAY + datetime.timedelta(minutes=n),
        lambda n: DAY.replace(tzinfo=datetime.UTC) + datetime.timedelta(minutes=n),
        lambda n: DAY.date() + datetime.timedelta(days=n),
        lambda n: datetime.time(1, n),
        lambda n: datetime.timedelta(minutes=n),
        str,
        lambda n: f"{n / 10}",
        lambda n: f"2026-01-{n + 1:02}",
        lambda n: f"2026-01-31 09:{n:02}:00",
        lambda n: f"2026-01-31T09:{n:02}:00.{'5' * (n % 3 + 1)}Z",
        lambda n: f"2026-01-31T{9 + n % 2:02}:{n:02}:00+0{n % 2}:00",
        lambda n: n / 7,
        lambda n: 2**62 + n,
    ],
    ids=range(13),
)
def test_events__are_ordered_by_numbers_and_times_also_as_text(time):
    rows = [row | {"time": time(row["time"])} for row in ROWS]
    for table in ("rows", "pandas", "arrow"):
        assert sentences(events_of(TABLES[table](rows))) == BY_TIME


@pytest.mark.parametrize(
    "times",
    [["12/31/2025"] * 6, ["a", "b", "c", "d", "e", "f"], ["nan"] * 6, ["1", "2026-01-31", "2", "3", "4", "5"]],
)
def test_events__cannot_be_ordered_by_other_text(times):
    rows = [row | {"time": time} for row, time in zip(ROWS, times, strict=True)]
    with pytest.raises(SourceError, match=r"ordered by numbers, dates or times; .* ISO 8601"):
        encode(events_of(rows))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"item": [1]}, "'item' holds list.*: with group_by each row is an event, with one item"),
        ({"item": 1.5}, "holds no ids, but fractions"),
        ({"item": True}, "'item' holds bool"),
        ({"time": [1]}, "'time' holds list"),
        ({"time": True}, "'time' holds bool"),
        ({"session": [1]}, "'session' holds list.*, which tells no sessions apart"),
    ],
)
def test_events__of_other_values_are_an_error(change, message):
    with pytest.raises(SourceError, match=message):
        encode(events_of([row | change for row in ROWS]))


AS_TEXT = [[str(item) for item in some] for some in BY_TIME]


@pytest.mark.parametrize("batch", [1, 4, 100])
def test_events__with_one_item_of_text_are_all_text(tmp_path, monkeypatch, batch):
    monkeypatch.setattr(events, "BATCH_ROWS", batch)
    mixed = [row | {"item": str(row["item"]) if n > 3 else row["item"]} for n, row in enumerate(ROWS)]
    mixed[0]["item"] = float(mixed[0]["item"])  # as pandas makes them of a column with holes
    for table in (mixed, pandas.DataFrame(mixed)):
        assert sentences(events_of(table)) == AS_TEXT
    of_file = written(mixed[1:], tmp_path / "a.jsonl", ".jsonl")
    assert sentences(events_of(of_file)) == [["10", "11"], ["20", "21"], ["30"]]
    paths = [written(some, tmp_path / f"{n}.parquet", ".parquet") for n, some in enumerate((mixed[:4], mixed[4:]))]
    assert sentences(events_of(paths)) == AS_TEXT
    holes = pandas.DataFrame([*mixed, ROWS[0] | {"item": None}])
    assert sentences(events_of(holes, skip_nulls=True)) == AS_TEXT


def test_events__of_several_kinds_are_an_error(tmp_path):
    mixed = [row | {"session": 1 if n > 3 else row["session"]} for n, row in enumerate(ROWS)]
    for table in (mixed, pandas.DataFrame(mixed)):
        with pytest.raises(
            SourceError, match=r"'session' holds values of several kinds.*frame\['session'\].astype\(str\)"
        ):
            encode(events_of(table))
    paths = [written(some, tmp_path / f"{n}.parquet", ".parquet") for n, some in enumerate((mixed[:4], mixed[4:]))]
    with pytest.raises(SourceError, match="values of several kinds"):
        encode(events_of(paths))
    for table in (ROWS, pandas.DataFrame(ROWS)):
        large = [row | {"time": 2**70} for row in ROWS]
        with pytest.raises(SourceError, match="'time' holds values of several kinds, or too large"):
            encode(events_of(large if table is ROWS else pandas.DataFrame(large)))


def test_events__have_ids_of_64_bits_without_a_sign(tmp_path, monkeypatch):
    large = [row | {"item": 2**63 + row["item"] if n > 2 else row["item"]} for n, row in enumerate(ROWS)]
    wanted = [[20, 30, 2**63 + 21], [10, 2**63 + 11], [2**63 + 30]]
    for batch in (1, 4, 100):
        monkeypatch.setattr(events, "BATCH_ROWS", batch)
        assert sentences(events_of(large)) == wanted
    paths = [tmp_path / "small.parquet", tmp_path / "large.parquet"]
    for path, some, kind in zip(paths, (large[:3], large[3:]), ("int32", "uint64"), strict=True):
        table = pyarrow.Table.from_pylist(
            some, pyarrow.schema([("session", "string"), ("item", kind), ("time", "int64")])
        )
        pytest.importorskip("pyarrow.parquet").write_table(table, path)
    assert sentences(events_of(paths)) == wanted
    for wrong in (-1, 2**64):
        with pytest.raises(SourceError, match="values of several kinds"):
            encode(events_of([*large, ROWS[0] | {"item": wrong}]))


def test_events__of_a_column_that_comes_twice_are_an_error(tmp_path):
    twice = pyarrow.Table.from_pylist(ROWS).append_column("item", pyarrow.array(range(6)))
    pytest.importorskip("pyarrow.parquet").write_table(twice, tmp_path / "a.parquet")
    frame = pandas.concat([pandas.DataFrame(ROWS), pandas.DataFrame({"item": range(6)})], axis=1)
    for table in (twice, tmp_path / "a.parquet", frame):
        with pytest.raises(SourceError, match="2 columns 'item': give them names of their own"):
            encode(events_of(table))


@pytest.mark.parametrize("table", ["rows", "pandas", "polars", "arrow", ".csv", ".jsonl", ".parquet"])
def test_events__with_empty_text_have_no_value(tmp_path, table):
    rows = [row | {"item": "" if n == 2 else str(row["item"])} for n, row in enumerate(ROWS)]
    given = TABLES[table](rows) if table in TABLES else written(rows, tmp_path / f"a{table}", table)
    with pytest.raises(SourceError, match=r"(row|line) [34] of 'item'.* has no value: leave such rows out"):
        encode(events_of(given))
    assert sentences(events_of(given, skip_nulls=True)) == [["30", "21"], *AS_TEXT[1:]]


def test_events__without_a_key_are_left_out():
    rows = [*ROWS, {"session": "a", "time": 3}]
    with pytest.raises(SourceError, match="row 7 of 'item' has no value: leave such rows out"):
        encode(events_of(rows))
    assert sentences(events_of(rows, skip_nulls=True)) == BY_TIME
    with pytest.raises(SourceError, match="the rows have no column 'items': there are 'item', 'session'"):
        encode(firth.column(rows, "items", group_by="session", skip_nulls=True))


ZONE = datetime.timezone(datetime.timedelta(hours=5))


@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize("kind", [lambda time: time, str, lambda time: time.time().replace(tzinfo=time.tzinfo)])
def test_events__with_and_without_a_time_zone_cannot_be_ordered(tmp_path, monkeypatch, batch, kind):
    times = [DAY.replace(tzinfo=ZONE if n % 2 else None) for n in range(6)]
    rows = [row | {"time": kind(time)} for row, time in zip(ROWS, times, strict=True)]
    tables = [rows, pandas.DataFrame(rows)]
    if batch == 1 and not isinstance(rows[0]["time"], datetime.time):  # which Arrow knows without a zone
        monkeypatch.setattr(events, "BATCH_ROWS", batch)
        tables += [[written([row], tmp_path / f"{n}.arrow", ".arrow") for n, row in enumerate(rows)]]
    elif batch == 1:
        return
    for table in tables:
        with pytest.raises(SourceError, match="'time' holds times with and without a time zone"):
            encode(events_of(table))


def test_events__at_times_of_day_in_several_zones_cannot_be_ordered():
    times = [datetime.time(9, n, tzinfo=zone) for n, zone in enumerate((ZONE, datetime.UTC))]
    with pytest.raises(SourceError, match="or times of day in several"):
        encode(events_of([row | {"time": time} for row, time in zip(ROWS[:2], times, strict=True)]))
    same = [row | {"time": datetime.time(9, row["time"], tzinfo=ZONE)} for row in ROWS]
    assert sentences(events_of(same)) == BY_TIME


def test_events__of_several_time_zones_are_ordered_also_over_batches(monkeypatch):
    rows = [
        {"session": 1, "item": 1, "time": DAY.replace(tzinfo=datetime.UTC)},
        {"session": 1, "item": 2, "time": DAY.replace(tzinfo=ZONE)},  # five hours before
    ]
    for batch in (1, 100):
        monkeypatch.setattr(events, "BATCH_ROWS", batch)
        assert sentences(events_of(rows)) == [[2, 1]]


@pytest.mark.parametrize("batch", [2, 100])
def test_events__keep_the_nanoseconds_and_refuse_dates_with_times(monkeypatch, batch):
    monkeypatch.setattr(events, "BATCH_ROWS", batch)
    start = pandas.Timestamp("2026-01-31 09:00", tz="UTC") - pandas.Timedelta(7, "ns")  # one has no nanoseconds
    rows = [{"session": 1, "item": n, "time": start + pandas.Timedelta(9 - n, "ns")} for n in range(4)]
    for table in (rows, pandas.DataFrame(rows), pandas.DataFrame(rows).astype({"time": object})):
        assert sentences(events_of(table)) == [[3, 2, 1, 0]]
    for time in (
        lambda n: pandas.Timedelta(n, "ns"),
        lambda n: np.timedelta64(n, "s"),
        lambda n: np.datetime64(n, "ns"),
    ):
        rows = [{"session": 1, "item": n, "time": time(9 - n)} for n in range(4)]
        assert sentences(events_of(rows)) == [[3, 2, 1, 0]]
    rows = [
        {"session": 1, "item": n, "time": np.datetime64(time)} for n, time in enumerate(("2026-01-02", "2026-01-01T05"))
    ]
    assert sentences(events_of(rows)) == [[1, 0]]
    with pytest.raises(SourceError, match="all as dates, or all as times"):
        encode(events_of([ROWS[0] | {"time": DAY.date()}, ROWS[1] | {"time": DAY}]))


@pytest.mark.parametrize(
    "times",
    [
        ["1700000000000000001", "1700000000000000000", "1.5"],
        ["18446744073709551615", "18446744073709551614", "-2.5"],
        ["1700000000.123456789123", "1700000000.123456789122", "1e3"],
    ],
)
def test_events__keep_the_order_of_long_numbers_beside_fractions(tmp_path, times):
    rows = [{"session": 1, "item": n, "time": time} for n, time in enumerate(times)]
    for table in (rows, written(rows, tmp_path / "a.csv", ".csv")):
        assert [int(item) for item in sentences(events_of(table))[0]] == [2, 1, 0]
    with pytest.raises(SourceError, match="whole numbers of 17 digits or more, and others"):
        encode(events_of([{"session": 1, "item": 1, "time": time} for time in ("1700000000000000001", "1e300")]))


def test_events__need_their_columns(tmp_path):
    for table in (*(TABLES[kind](ROWS) for kind in ("pandas", "polars", "arrow")), *_files(tmp_path)):
        with pytest.raises(SourceError, match=r"no column 'sesion': there are .*'session'"):
            encode(events_of(table, group_by="sesion"))
    with pytest.raises(SourceError, match="row 1 has no column 'sesion': there are 'session'"):
        encode(events_of(ROWS, group_by="sesion"))
    with pytest.raises(SourceError, match="name the column of the sessions, group_by="):
        firth.column(ROWS, "item", order_by="time")
    with pytest.raises(SourceError, match="not one event"):
        encode(events_of([]))
    with pytest.raises(SourceError, match="cannot take a column of an int"):
        encode(events_of(7))


@pytest.mark.parametrize("column", ["session", "item", "time"])
def test_events__of_polars_objects_are_an_error_that_says_how_to_give_them_a_type(column):
    polars = pytest.importorskip("polars")
    typed = polars.DataFrame(ROWS)
    frame = typed.with_columns(polars.Series(column, typed[column].to_list(), dtype=polars.Object))
    with pytest.raises(SourceError, match=f"the column '{column}' has polars' dtype Object"):
        encode(events_of(frame))
    again = frame.with_columns(polars.Series(column, frame[column].to_list()))
    assert sentences(events_of(again)) == sentences(events_of(typed))


def _files(folder):
    return [written(ROWS, folder / f"a{suffix}", suffix) for suffix in (".csv", ".jsonl", ".parquet")]


def test_events__in_a_column_that_has_two_uses():
    assert sentences(firth.column(ROWS, "item", group_by="session", order_by="item")) == [[20, 21, 30], [10, 11], [30]]
    assert sentences(firth.column(ROWS, "item", group_by="item")) == [[30, 30], [10], [20], [11], [21]]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_events__of_files_are_kept_by_their_content_and_columns(tmp_path, suffix):
    path = written(ROWS, tmp_path / f"a{suffix}", suffix)
    first = encode(events_of(path))
    assert encode(events_of(path)).folder == first.folder
    others = [events_of(path, order_by=None), events_of(path, group_by="time"), events_of(path, skip_nulls=True)]
    assert len({first.folder, *(encode(other).folder for other in others)}) == 4
    written(ROWS[:4], path, suffix)
    assert sentences(events_of(path)) != BY_TIME
    assert encode(events_of(ROWS)).about["fingerprint"] is None


def test_events__are_encoded_on_one_machine(tmp_path):
    with pytest.raises(SourceError, match="only files can be cut into pieces, not 'item' by 'session' of "):
        cut(events_of(written(ROWS, tmp_path / "a.parquet", ".parquet")))


def test_command__trains_on_events(tmp_path):
    rows = [row | {"session": f"{row['session']}{n}"} for n in range(20) for row in ROWS]
    path = written(rows, tmp_path / "events.parquet", ".parquet")
    arguments = ["train", str(path), "-o", str(tmp_path / "m.firth"), "--column", "item", "--group-by", "session"]
    settings = ["--order-by", "time", "--min-count", "1", "--epochs", "2", "--vector-size", "4", "--quiet"]
    run = CliRunner().invoke(cli, [*arguments, *settings], catch_exceptions=False)
    assert run.exit_code == 0, run.output
    source = firth.column(path, "item", group_by="session", order_by="time")
    same = firth.train(source, min_count=1, epochs=2, vector_size=4, progress=False)
    loaded = firth.load(tmp_path / "m.firth")
    assert (loaded.vectors == same.vectors).all()
    assert loaded.vocabulary.integers
    assert loaded.provenance[0].source == "'item' by 'session' of events.parquet"
    wrong = CliRunner().invoke(cli, ["train", str(path), "-o", str(tmp_path / "n.firth"), "--group-by", "session"])
    assert wrong.exit_code == 2
    assert "name the --column" in wrong.output
