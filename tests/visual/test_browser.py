"""Every control of the map, in a real browser."""

import base64
import os
import shutil
import time
from xml.etree import ElementTree

import numpy as np
import pytest

from firth.vectors.word_vectors import WordVectors
from firth.visual.map import Page, word_map
from firth.vocabulary import Vocabulary

SPECIAL = [
    "</script>",
    "<img src=x onerror=document.title='hit'>",
    "北京大学",
    "مدينة",
    "नमस्ते",
    "😀🎉",
    "a\u202eb",
    "&amp;",
    "Zoë",
]
WORDS = SPECIAL + [f"word{i}" for i in range(2000)]


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="the extra firth[browser] is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as started:
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        launched = started.chromium.launch(executable_path=program, args=arguments)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    random = np.random.default_rng(0)
    numbers = (4 * random.normal(size=(12, 16)))[np.arange(len(WORDS)) % 12] + random.normal(size=(len(WORDS), 16))
    vectors = WordVectors(Vocabulary(WORDS, range(len(WORDS) * 3, 0, -3)), numbers.astype(np.float32))
    columns = {"part": {word: "noun" if i % 2 else "verb" for i, word in enumerate(WORDS[:50])}}
    return word_map(vectors, projection="pca", columns=columns).save(tmp_path_factory.mktemp("map") / "map.html")


@pytest.fixture
def page(browser, path):
    """The map as a user has it open; at the end, nothing was complained about and nothing asked for from outside."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, color_scheme="light")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened, complaints, requests = context.new_page(), [], []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto(path.as_uri())
    wait_until(opened, "window.atlas && atlas.labels.length > 0")
    yield opened
    assert complaints == []
    assert [url for url in requests if not url.startswith(("data:", "blob:"))] == [path.as_uri()]
    context.close()


def wait_until(page, condition):
    """Playwright's own waiting evaluates text as code, which the page does not allow."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        time.sleep(0.025)
    raise AssertionError(f"it did not come about that {condition}")


def view(page):
    return page.evaluate("atlas.view")


def settle(page):
    """Wait until nothing flies any more."""
    before = None
    for _ in range(100):
        now = view(page)
        if now == before:
            return
        before = now
        page.wait_for_timeout(60)
    raise AssertionError("the map does not come to rest")


def place(page, word):
    x, y = page.evaluate("word => atlas.placeOf(word)", word)
    box = page.locator("#map").bounding_box()
    return box["x"] + x, box["y"] + y


def test_map__labels_are_frequent_words_and_as_one_zooms_more_appear(page):
    first = page.evaluate("atlas.labels")
    assert {"北京大学", "نमस्ते"} & set(first) or "word0" in first or len(first) > 5
    page.mouse.move(600, 400)
    for _ in range(6):
        page.mouse.wheel(0, -300)
    page.wait_for_timeout(100)
    assert view(page)["scale"] > 20 * 600
    assert set(page.evaluate("atlas.labels")) - set(first)


def test_map__dragging_moves_it_and_all_brings_it_back(page):
    before = view(page)
    page.mouse.move(600, 400)
    page.mouse.down()
    page.mouse.move(700, 450, steps=4)
    page.mouse.up()
    moved = view(page)
    assert (moved["left"] - before["left"], moved["top"] - before["top"]) == pytest.approx((100, 50))
    page.click("#all")
    settle(page)
    assert view(page) == pytest.approx(before)


def test_map__buttons_wheel_double_click_and_keys_zoom(page):
    start = view(page)["scale"]
    page.click("#nearer")
    assert view(page)["scale"] == pytest.approx(1.5 * start)
    page.click("#farther")
    assert view(page)["scale"] == pytest.approx(start)
    page.mouse.dblclick(600, 400)
    assert view(page)["scale"] == pytest.approx(2 * start)
    page.focus("#map")
    page.keyboard.press("-")
    assert view(page)["scale"] == pytest.approx(2 * start / 1.5)
    page.keyboard.press("+")
    left = view(page)["left"]
    page.keyboard.press("ArrowLeft")
    assert view(page)["left"] == left + 80
    page.keyboard.press("0")
    settle(page)
    assert view(page)["scale"] == pytest.approx(start)


def test_search__completes_flies_there_and_shows_the_neighbors(page):
    page.keyboard.press("/")
    page.keyboard.type("word17")
    offered = page.locator("#found li").all_text_contents()
    assert offered[0] == "word17"
    assert all("word17" in word for word in offered)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    settle(page)
    assert page.evaluate("atlas.selected") == "word17"
    x, y = place(page, "word17")
    box = page.locator("#map").bounding_box()
    assert (x, y) == pytest.approx((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2), abs=2)
    assert page.locator("#word").text_content() == "word17"
    assert page.locator("#neighbors li").count() == 12
    cosines = [float(text) for text in page.locator("#neighbors span").all_text_contents()]
    assert cosines == sorted(cosines, reverse=True)


def test_search__what_is_not_there_is_said(page):
    page.fill("#search", "nowhere")
    assert page.locator("#found").text_content() == "not on this map"
    page.keyboard.press("Enter")
    assert page.evaluate("atlas.selected") is None


def test_search__by_pointer(page):
    page.fill("#search", "word170")
    page.locator("#found li").nth(1).dispatch_event("pointerdown")
    settle(page)
    assert page.evaluate("atlas.selected").startswith("word170")


def test_click__selects_a_word_and_a_neighbor_leads_on(page):
    page.mouse.move(*place(page, "word3"))
    page.mouse.click(*place(page, "word3"))
    chosen = page.evaluate("atlas.selected")
    assert chosen
    neighbor = page.locator("#neighbors button").first
    wanted = neighbor.text_content()
    neighbor.click()
    settle(page)
    assert page.evaluate("atlas.selected") == wanted
    page.keyboard.press("Escape")
    assert page.evaluate("atlas.selected") is None
    assert page.locator("#panel").is_hidden()


def test_hover__tells_the_word_and_its_count(page):
    page.mouse.move(*place(page, "word5"))
    assert " · " in page.locator("#tip").text_content()
    page.mouse.move(5, 795)


def test_box__lists_a_region_and_copies_it(page):
    page.click("#box")
    assert page.locator("#box").get_attribute("aria-pressed") == "true"
    x, y = place(page, "word9")
    page.mouse.move(x - 30, y - 30)
    page.mouse.down()
    page.mouse.move(x + 30, y + 30, steps=3)
    page.mouse.up()
    region = page.evaluate("atlas.region")
    assert "word9" in region
    assert page.locator("#region-title").text_content() == f"{len(region)} words"
    page.click("#copy")
    wait_until(page, "document.getElementById('copied').textContent === 'copied'")
    assert page.evaluate("navigator.clipboard.readText()").split("\n") == region
    page.click("#close")
    assert page.evaluate("atlas.region") is None


def test_lasso__takes_what_is_within_and_shift_draws_a_box(page):
    page.click("#lasso")
    x, y = place(page, "word20")
    page.mouse.move(x - 25, y - 25)
    page.mouse.down()
    for dx, dy in ((25, -25), (25, 25), (-25, 25), (-25, -20)):
        page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()
    within = page.evaluate("atlas.region")
    assert "word20" in within
    page.click("#move")
    page.keyboard.down("Shift")
    page.mouse.move(x - 25, y - 25)
    page.mouse.down()
    page.mouse.move(x + 25, y + 25, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert set(page.evaluate("atlas.region")) == set(within)


def test_colors__by_cluster_frequency_and_a_column_of_ones_own(page):
    names = page.locator("#color option").all_text_contents()
    assert names[-2:] == ["frequency", "part"]
    assert page.locator("#color").input_value() == "part"
    assert page.locator("#key div").all_text_contents() == ["verb", "noun", "not known"]
    pictures = [page.locator("#points").screenshot()]
    for name in names[:-1]:
        page.select_option("#color", name)
        page.wait_for_timeout(60)
        pictures.append(page.locator("#points").screenshot())
    assert len(set(pictures)) == len(names)
    page.select_option("#color", "frequency")
    assert "3 times" in page.locator("#key").text_content()


def test_size_and_theme__change_the_picture(page):
    before = page.locator("#points").screenshot()
    page.uncheck("#size")
    page.wait_for_timeout(60)
    even = page.locator("#points").screenshot()
    page.click("#theme")
    page.wait_for_timeout(60)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert len({before, even, page.locator("#points").screenshot()}) == 3


def test_legend__says_how_the_map_was_made(page):
    assert "PCA keeps" in page.locator("#made").text_content()
    page.click("#legend summary")
    assert page.locator("#made").is_hidden()


@pytest.mark.parametrize("word", SPECIAL)
def test_words__of_any_script_are_shown_as_text(page, word):
    page.fill("#search", word)
    page.keyboard.press("Enter")
    settle(page)
    assert page.evaluate("atlas.selected") == word
    assert page.locator("#word").text_content() == word
    assert page.title() == "Map of words"


def test_resize__keeps_the_middle(page):
    page.click("#nearer")
    before = view(page)
    middle = [(600 - before["left"]) / before["scale"]]
    page.set_viewport_size({"width": 500, "height": 900})
    page.wait_for_timeout(200)
    after = view(page)
    assert (250 - after["left"]) / after["scale"] == pytest.approx(middle[0], abs=1e-6)


def test_notebook__shows_the_map_in_a_frame(browser, path, tmp_path):
    frame = Page(path.read_text("utf-8"))._repr_html_()
    (tmp_path / "notebook.html").write_text(f"<!doctype html><p>a notebook</p>{frame}", "utf-8")
    page = browser.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto((tmp_path / "notebook.html").as_uri())
    page.wait_for_timeout(500)
    inner = page.frames[1]
    wait_until(inner, "window.atlas !== undefined && atlas.labels.length > 0")
    inner.fill("#search", "word17")
    inner.press("#search", "Enter")
    assert inner.evaluate("atlas.selected") == "word17"
    assert downloaded(page, "png", inner)[0] == "map-of-words-word17.png"
    assert complaints == []
    page.close()


DARK_MARKS = ['data-jp-theme-light="false"', 'data-vscode-theme-kind="vscode-dark"', 'data-md-color-scheme="slate"']
LIGHT_MARKS = ['data-jp-theme-light="true"', 'data-vscode-theme-kind="vscode-light"', ""]


@pytest.mark.parametrize(("mark", "theme"), [(m, "dark") for m in DARK_MARKS] + [(m, "light") for m in LIGHT_MARKS])
def test_notebook__its_theme_is_that_of_the_map(browser, path, tmp_path, mark, theme):
    frame = Page(path.read_text("utf-8"))._repr_html_()
    (tmp_path / "notebook.html").write_text(f"<!doctype html><html><body {mark}>{frame}</body></html>", "utf-8")
    page = browser.new_page(color_scheme="no-preference")
    page.goto((tmp_path / "notebook.html").as_uri())
    page.wait_for_timeout(300)
    wait_until(page.frames[1], "window.atlas !== undefined")
    assert page.frames[1].evaluate("document.documentElement.dataset.theme") == theme
    page.close()


def test_theme__follows_the_system_as_it_changes(page):
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.emulate_media(color_scheme="dark")
    wait_until(page, "document.documentElement.dataset.theme === 'dark'")


def test_projection__of_two_the_better_one_is_shown_first(browser, tmp_path):
    pytest.importorskip("openTSNE", reason="the extra firth[map] is not installed")
    words = [f"word{i}" for i in range(60)]
    numbers = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    path = word_map(WordVectors(Vocabulary(words, [1] * 60), numbers)).save(tmp_path / "map.html")
    page = browser.new_page()
    page.goto(path.as_uri())
    wait_until(page, "window.atlas !== undefined")
    assert page.locator("#projection").input_value() == "t-SNE"
    assert "perplexity" in page.locator("#made").text_content()
    before = place(page, "word1")
    page.select_option("#projection", "PCA")
    settle(page)
    assert place(page, "word1") != before
    page.close()


def test_touch__two_fingers_zoom(browser, path):
    context = browser.new_context(viewport={"width": 400, "height": 700}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(path.as_uri())
    wait_until(page, "window.atlas !== undefined")
    start = view(page)["scale"]
    session = context.new_cdp_session(page)

    def touch(kind, *points):
        fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    touch("touchStart", (180, 350))
    touch("touchStart", (180, 350), (220, 350))
    for spread in (20, 40, 60, 80):
        touch("touchMove", (180 - spread, 350), (220 + spread, 350))
    touch("touchEnd")
    page.wait_for_timeout(100)
    assert view(page)["scale"] > 3 * start
    context.close()


SVG = "{http://www.w3.org/2000/svg}"
DIFFERENCE = """async ([one, other]) => {
  const pixelsOf = async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = new OffscreenCanvas(1200, 700), context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#808080"; context.fillRect(0, 0, 1200, 700);
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, 1200, 700);
    return context.getImageData(0, 0, 1200, 700).data;
  };
  const [a, b] = [await pixelsOf(one), await pixelsOf(other)];
  let sum = 0, ink = 0;
  for (let i = 0; i < a.length; i++) {
    sum += Math.abs(a[i] - b[i]);
    ink += Math.abs(a[i] - a[i % 4]); // how far from the ground, whose color the first pixel has
  }
  return sum / ink;
}"""
"""How much of a picture is elsewhere in another: 0 where they are the same, above 1 where nothing is at its place."""
CANVASES = """() => {
  const both = document.createElement("canvas"), points = document.getElementById("points");
  both.width = points.width; both.height = points.height;
  for (const name of ["points", "over"]) both.getContext("2d").drawImage(document.getElementById(name), 0, 0);
  return both.toDataURL();
}"""
"""What the map shows, without the panel and the legend, which lie over it."""


def downloaded(page, button, frame=None):
    """The name and the content of the file that a button gives."""
    with page.expect_download() as waiting:
        (frame or page).click(f"#{button}")
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def as_url(content, kind):
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def difference(browser, one, other):
    page = browser.new_page()
    try:
        return page.evaluate(DIFFERENCE, [one, other])
    finally:
        page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", ["as opened", "a word", "a region"])
def test_picture__is_what_is_seen(browser, page, state, theme):
    if theme == "dark":
        page.click("#theme")
    page.click("#legend summary")
    elsewhere = page.evaluate(CANVASES)
    if state == "a word":
        page.fill("#search", "word17")
        page.keyboard.press("Enter")
    elif state == "a region":
        page.mouse.move(300, 200)
        page.keyboard.down("Shift")
        page.mouse.down()
        page.mouse.move(600, 500, steps=3)
        page.mouse.up()
        page.keyboard.up("Shift")
    settle(page)
    page.wait_for_timeout(100)
    seen, labels = page.evaluate(CANVASES), page.evaluate("atlas.labels")
    for kind, mime in (("png", "png"), ("svg", "svg+xml")):
        name, content = downloaded(page, kind)
        assert name == ("map-of-words-word17" if state == "a word" else "map-of-words") + f".{kind}"
        assert difference(browser, seen, as_url(content, mime)) < 0.4  # 0.20 and 0.26 here: letters have other edges
        if state == "a word":
            assert difference(browser, elsewhere, as_url(content, mime)) > 0.8
    drawn = ElementTree.fromstring(content)
    ground = drawn.find(f"{SVG}rect").get("fill")
    assert ground == ("rgb(20,23,26)" if theme == "dark" else "rgb(255,255,255)")
    texts = drawn.findall(f"{SVG}text")
    assert [text.text for text in texts if text.get("stroke") is None] == labels
    mark = "#fb923c" if theme == "dark" else "#c2410c"
    assert len(drawn.findall(f"{SVG}line")) == (12 if state == "a word" else 0)
    near = {"word17", *page.locator("#neighbors button").all_text_contents()} if state == "a word" else set()
    assert {text.text for text in texts if text.get("fill") == mark} == near & set(labels)
    assert page.evaluate(CANVASES) == seen


def test_picture__has_the_key_of_the_colors_where_the_legend_is_open(page):
    _, content = downloaded(page, "svg")
    texts = [text.text for text in ElementTree.fromstring(content).findall(f"{SVG}text")]
    assert texts[-4:] == ["part", "verb", "noun", "not known"]
    page.select_option("#color", "frequency")
    _, content = downloaded(page, "svg")
    drawn = ElementTree.fromstring(content)
    assert "3 times" in drawn.findall(f"{SVG}text")[-1].text
    assert len(drawn.findall(f"{SVG}rect")) == 2 + 120
    assert drawn.find(f"{SVG}title").text == "Map of words"
    assert "PCA keeps" in drawn.find(f"{SVG}desc").text


def test_picture__of_pixels_has_two_for_each_of_the_screen(page):
    _, content = downloaded(page, "png")
    box = page.locator("#map").bounding_box()
    sizes = [int.from_bytes(content[at : at + 4], "big") for at in (16, 20)]
    assert sizes == [2 * round(box["width"]), 2 * round(box["height"])]


def test_picture__words_stand_in_a_drawing_as_text_whatever_they_hold(browser, tmp_path):
    words = ["<b>&amp;", 'quo"te', "a\x01b\x0cc", "\ufffe", "long" * 100, "مدينة", "𝔘𝔫𝔦"]
    numbers = np.random.default_rng(0).normal(size=(len(words), 4)).astype(np.float32)
    made = word_map(WordVectors(Vocabulary(words, [1] * len(words)), numbers), projection="pca", title="Ein/Atlas: ß")
    page = browser.new_page()
    page.goto(made.save(tmp_path / "map.html").as_uri())
    wait_until(page, "window.atlas !== undefined")
    name, content = downloaded(page, "svg")
    assert name == "ein-atlas-ß.svg"
    labels = [text for text in ElementTree.fromstring(content).findall(f"{SVG}text") if text.get("stroke") is None]
    shown = {text.text for text in labels}
    assert {"<b>&amp;", 'quo"te', "a\ufffdb\ufffdc", "\ufffd", "مدينة", "𝔘𝔫𝔦"} <= shown
    (cut,) = [word for word in shown if word.startswith("long")]
    assert cut.endswith("…")
    assert ("long" * 100).startswith(cut[:-1])
    assert 20 < len(cut) < 100
    page.close()


def test_a_large_map__is_painted_at_once_and_moves_without_stutter(browser, tmp_path):
    random = np.random.default_rng(0)
    words = [f"word{i}" for i in range(30_000)]
    vectors = WordVectors(Vocabulary(words, range(30_000, 0, -1)), random.normal(size=(30_000, 20)).astype(np.float32))
    begun = time.perf_counter()
    path = word_map(vectors, projection="pca").save(tmp_path / "map.html")
    assert time.perf_counter() - begun < 20
    assert path.stat().st_size < 10e6
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.goto(path.as_uri())
    wait_until(page, "window.atlas !== undefined")
    assert page.evaluate("atlas.firstPaint") < 4000  # 0.7 s here; the machine may be busy
    page.mouse.move(600, 400)
    for _ in range(10):
        page.mouse.wheel(0, -100)
        page.wait_for_timeout(20)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(600 + 10 * step, 400)
    page.mouse.up()
    begun = time.perf_counter()
    for kind in ("svg", "png"):
        _, content = downloaded(page, kind)
        assert 50_000 < len(content) < 5e6
    assert time.perf_counter() - begun < 10
    assert sorted(page.evaluate("atlas.frames"))[len(page.evaluate("atlas.frames")) // 2] < 60  # milliseconds; 8 here
    page.close()
