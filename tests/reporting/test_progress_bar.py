"""What a training shows where nobody sees a bar: lines of a log."""

import logging
import re

import firth

TEXT = ["one two three four five six seven"] * 300
QUICK = {"vector_size": 8, "epochs": 2, "min_count": 1, "sample": 0}


def test_log__has_what_was_read_and_a_line_for_each_epoch(caplog):
    with caplog.at_level(logging.INFO, logger="firth"):
        firth.train(TEXT, **QUICK, progress=False, validation=0.1)
    lines = [record.getMessage() for record in caplog.records if "compiling" not in record.getMessage()]
    assert lines[0] == "read 2,400 tokens"  # sentence ends among them
    assert [bool(re.fullmatch(r"epoch \d/2: loss \d\.\d{4}, held out \d\.\d{4}", line)) for line in lines[1:]] == [
        True,
        True,
    ]


def test_log__is_silent_where_nobody_listens(capsys):
    firth.train(TEXT, **QUICK)
    assert capsys.readouterr() == ("", "")
