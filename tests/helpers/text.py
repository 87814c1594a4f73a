"""Texts that trip people up, and how they are split, slowly."""

import re

from hypothesis import strategies as st

from firth.config import TextConfig
from firth.corpus.tokenizing import standardize

TEXT = "the cat sat on the mat\n\nthe dog sat\nÉcole école ÉCOLE\n"
# what trips people up: Unicode spaces, final sigma, letters whose lower case is longer, marks, emoji, separators
TRICKY = "aB'.,;- \t\r\x0b\x0c\x1c\x1f\x85\xa0\u1680\u2003\u2028\u3000ΑΣσİßÉe\u0301Жक्\u200d😀\ufeff\x00漢"
LINES = st.lists(st.text(st.one_of(st.sampled_from(TRICKY), st.characters(codec="utf-8")), max_size=40), max_size=8)


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
