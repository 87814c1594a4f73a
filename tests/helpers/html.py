"""What a table in HTML says."""

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows, self.is_in_a_cell = [], False

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        self.is_in_a_cell = tag in {"td", "th"} or (self.is_in_a_cell and tag == "br")
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.is_in_a_cell = self.is_in_a_cell and tag not in {"td", "th"}

    def handle_data(self, data):
        if self.is_in_a_cell:
            self.rows[-1][-1] += data


def rows_of(html):
    """The rows of a table, the texts of their cells; of a cell whose words are markup, not even these."""
    reader = _Reader()
    reader.feed(html)
    return reader.rows
