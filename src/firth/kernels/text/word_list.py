"""Lines of text, byte by byte."""

from __future__ import annotations

from firth.arrays import Int64, UInt8
from firth.jit.kernel import compiled

UNICODE_ESCAPE = ord("u")
_QUOTE, _BACKSLASH, _LINE_END, _ZERO, _TEN = ord('"'), ord("\\"), ord("\n"), ord("0"), ord("a") - 10


@compiled
def copy_lines(letters: UInt8, starts: Int64, places: Int64, out: UInt8) -> None:
    """Fill out with the lines at these places."""
    end = 0
    for i in range(places.shape[0]):
        for letter in range(starts[places[i]], starts[places[i] + 1]):
            out[end] = letters[letter]
            end += 1


@compiled
def put_lines(letters: UInt8, starts: Int64, at: Int64, out: UInt8) -> None:
    """Put each line to a place of its own: line i from out[at[i]] on."""
    for i in range(starts.shape[0] - 1):
        end = at[i]
        for letter in range(starts[i], starts[i + 1]):
            out[end] = letters[letter]
            end += 1


@compiled
def escape_lines(letters: UInt8, starts: Int64, escapes: UInt8, out: UInt8) -> int:
    """Write each line as a JSON string, and a line end; return how many bytes that is.

    `escapes` (256,) says what stands for a byte after a backslash; 0 where the byte itself stands there.
    """
    end = 0
    for i in range(starts.shape[0] - 1):
        out[end] = _QUOTE
        end += 1
        for at in range(starts[i], starts[i + 1] - 1):
            letter = letters[at]
            escape = escapes[letter]
            if escape == 0:
                out[end] = letter
                end += 1
                continue
            out[end], out[end + 1] = _BACKSLASH, escape
            end += 2
            if escape == UNICODE_ESCAPE:
                low = letter & 15
                out[end], out[end + 1], out[end + 2] = _ZERO, _ZERO, _ZERO + (letter >> 4)
                out[end + 3] = _ZERO + low if low < 10 else _TEN + low
                end += 4
        out[end], out[end + 1] = _QUOTE, _LINE_END
        end += 2
    return end
