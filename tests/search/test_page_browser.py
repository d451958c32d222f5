"""The page in a real browser: searched, a chip flipped, a photo opened, and back."""

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from semclip.search.page.app import create_app
from semclip.search.page.guard import Guard
from semclip.search.page.server import Server, listen
from semclip.search.page.session import Session
from tests.search.fakes import FakeIndex, FakePhoto, draw_photos

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium")
QUERY = '"red circle" -"blue square"'
EVIL = '<img src=x onerror="window.hacked = 1">\u202e\n.png'


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[FakePhoto]:
    photos = draw_photos(tmp_path_factory.mktemp("photos"), 150)
    return [*photos, FakePhoto("evil", EVIL, photos[0].file, 320, 240, frozenset({EVIL}))]


@contextmanager
def served(open_index: Callable[[], FakeIndex], port: int = 0) -> Iterator[Server]:
    bound = listen(Session(open_index, "here"), "127.0.0.1", port)
    bound.session.start()
    server = uvicorn.Server(uvicorn.Config(Guard(create_app(bound.session)), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound.listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield bound
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def address(photos: list[FakePhoto]) -> Iterator[str]:
    with served(lambda: FakeIndex(photos)) as bound:
        yield bound.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright.expect.set_options(timeout=60_000)  # a busy machine is slow, and that is no mistake of the page
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """The open page; a test fails when the script throws, or asks anybody but the server."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    thrown: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_selector(".tile")
    yield page
    context.close()
    assert thrown == []
    assert [url for url in asked if not url.startswith((address, "blob:"))] == []


def search(page: Any, text: str) -> None:
    page.keyboard.press("/")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def scroll_to_the_end(page: Any, count: int) -> None:
    tiles = page.locator(".tile")
    while (shown := tiles.count()) < count:
        tiles.nth(shown - 1).scroll_into_view_if_needed()
        playwright.expect(tiles.nth(shown)).to_be_attached()


def parts_of_first(page: Any) -> str:
    return str(page.locator(".tile").first.get_attribute("aria-label"))


def percents(label: str) -> list[int]:
    return [int(number) for number in re.findall(r"(\d+) %", label)]


def test_search_flip_open_and_back(page: Any) -> None:
    expect = playwright.expect
    search(page, QUERY)
    expect(page.locator(".chip")).to_have_count(2)
    wanted, excluded = percents(parts_of_first(page))
    assert wanted > 80 > 20 > excluded

    page.get_by_role("button", name="blue square: not wanted").click()  # leaves it out
    expect(page.locator(".chip.off")).to_have_count(1)
    page.get_by_role("button", name="blue square: off").click()  # wants it
    expect(page.locator(".chip.want")).to_have_count(2)
    expect(page.locator(".tile").first).to_have_attribute("aria-label", re.compile("[89]. %.*[89]. %"))
    assert page.evaluate("document.activeElement.closest('.chip') !== null")  # the focus has stayed

    first = page.locator(".tile").first
    first.click()
    view = page.get_by_role("dialog")
    expect(view).to_be_visible()
    expect(view.locator(".bars li")).to_have_count(2)
    expect(view.locator("img")).not_to_have_js_property("naturalWidth", 0)
    expect(view.locator("img")).to_have_attribute("src", re.compile("/picture/"), timeout=60_000)
    page.keyboard.press("ArrowRight")
    expect(view.get_by_role("button", name="Previous photo")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(view).to_be_hidden()
    page.go_back()
    page.go_back()
    expect(page.locator(".chip.not")).to_have_count(1)
    expect(page.locator("#q")).to_have_value(QUERY)


def test_what_is_shown_is_not_said_to_be_held_back(page: Any, photos: list[FakePhoto]) -> None:
    expect = playwright.expect
    search(page, QUERY)
    expect(page.locator("#count")).to_have_text(f"The best 60 of {len(photos)} photos")
    scroll_to_the_end(page, len(photos))
    last = page.locator("li.shows").last
    expect(last.locator(".badge")).to_have_text("ranked lower: blue square")
    last.locator(".tile").click()
    expect(page.locator("#view .why")).to_have_text(
        "It seems to show blue square, which you don’t want: that lowered its score."
    )
    page.keyboard.press("Escape")
    expect(page.locator("#view")).to_be_hidden()
    search(page, "after:2023")
    expect(page.locator("#count")).to_have_text(
        f"{len(photos)} photos meet the conditions, in the order of their paths"
    )


def test_two_words_behind_a_dash(page: Any) -> None:
    search(page, "red circle -blue square")
    playwright.expect(page.locator(".chip")).to_have_count(3)
    page.get_by_role("button", name='red circle -"blue square"').click()
    playwright.expect(page.locator(".chip")).to_have_count(2)
    playwright.expect(page.locator("#q")).to_have_value('red circle -"blue square"')


def test_what_belongs_together_is_said_beside_the_chips(page: Any) -> None:
    search(page, "circle OR square -blue")
    playwright.expect(page.locator("#chips")).to_contain_text("together: circle or (square, minus blue)")


def test_a_denial_that_is_not_read_is_named(page: Any) -> None:
    search(page, "a circle that is never blue")
    playwright.expect(page.locator("#chips")).to_contain_text("“never” is read as a word like any other.")


def test_a_query_that_is_too_long_is_not_cut(page: Any) -> None:
    page.locator("#q").fill("a " * 50_000)
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#notice")).to_contain_text("99,999 characters is too long")
    playwright.expect(page.locator("#notice")).to_contain_text("below 2,000")
    page.locator("#q").fill("red circle")
    page.keyboard.press("Enter")
    playwright.expect(page.locator(".chip")).to_have_count(1)
    playwright.expect(page.locator("#notice")).to_be_hidden()


def test_the_arrow_keys_walk_the_grid(page: Any) -> None:
    page.locator(".tile").first.focus()
    below = page.evaluate(
        "[...document.querySelectorAll('.tile')].find((t, i, all) => t.getBoundingClientRect().top > "
        "all[0].getBoundingClientRect().top + 9).dataset.id"
    )
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.id") == below
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    second = page.locator(".tile").nth(1).get_attribute("data-id")
    assert page.evaluate("document.activeElement.dataset.id") == second
    page.keyboard.press("Enter")
    playwright.expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.id") == second
    assert page.locator('.tile[tabindex="0"]').count() == 1  # one stop of the Tab key


def test_more_photos_come_as_one_scrolls(page: Any, photos: list[FakePhoto]) -> None:
    assert page.locator(".tile").count() < len(photos)
    scroll_to_the_end(page, len(photos))
    shown = page.locator(".tile").evaluate_all("tiles => tiles.map(tile => tile.dataset.id)")
    assert sorted(shown) == sorted(photo.id for photo in photos)


def test_reports_that_come_together_stop_no_photos(browser: Any, address: str, photos: list[FakePhoto]) -> None:
    page = browser.new_page()
    page.add_init_script(
        "window.IntersectionObserver = class { constructor(told) { window.told = told; } observe() {} disconnect() {} }"
    )
    page.goto(address)
    playwright.expect(page.locator(".tile")).to_have_count(60)
    page.evaluate("told([{ isIntersecting: false }, { isIntersecting: true }])")
    playwright.expect(page.locator(".tile")).to_have_count(120)
    page.close()


def test_a_new_search_begins_at_the_top(page: Any, photos: list[FakePhoto]) -> None:
    scroll_to_the_end(page, len(photos))
    page.locator(".tile").last.click()
    page.keyboard.press("Escape")
    playwright.expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.evaluate("scrollY") > 0  # a photo opened and closed stays where it was
    search(page, QUERY)
    playwright.expect(page.locator(".chip")).to_have_count(2)
    assert page.evaluate("scrollY") == 0


def test_side_by_side_marks_what_the_plain_sentence_lets_in(page: Any) -> None:
    expect = playwright.expect
    search(page, QUERY)
    page.get_by_label("Side by side").check()
    ours, literal = page.locator(".column").first, page.locator(".column").last
    expect(literal.locator(".verdict b")).to_have_text(re.compile(r"^[1-9]\d* of the first 10$"))
    expect(ours.locator(".verdict b")).to_have_text("0 of the first 10")
    assert literal.locator("li.shows").count() > 0


def test_a_hostile_name_is_only_text(page: Any) -> None:
    page.goto(page.url.split("?")[0] + "?photo=evil")
    view = page.get_by_role("dialog")
    playwright.expect(view).to_be_visible()
    assert view.locator(".path").text_content() == EVIL
    assert page.evaluate("window.hacked") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_dropped_picture_joins_the_query(page: Any, photos: list[FakePhoto]) -> None:
    page.set_input_files("#file", photos[3].file)
    playwright.expect(page.locator(".chip .label")).to_have_text("like your picture")
    assert "like" in page.url


def test_an_unreadable_query_shows_where(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    search(page, QUERY)
    playwright.expect(page.locator(".chip")).to_have_count(2)
    search(page, "sea " * 20 + "beach (people" + " sand" * 10)
    playwright.expect(page.locator("#notice")).to_be_visible()
    playwright.expect(page.locator(".chip")).to_have_count(0)  # those were of the query before
    where = page.locator("#notice pre")
    caret = where.text_content().splitlines()[-1].index("^") + 0.5
    letter = "pre => pre.scrollWidth / Math.max(...pre.textContent.split('\\n').map(line => line.length))"
    seen = caret * where.evaluate(letter) - where.evaluate("pre => pre.scrollLeft")
    assert 0 < seen < where.evaluate("pre => pre.clientWidth")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_screen(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    search(page, QUERY)
    page.get_by_label("Side by side").check()
    page.wait_for_selector(".columns.both .tile")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_it_waits_for_the_model_and_lives_through_a_restart(browser: Any, photos: list[FakePhoto]) -> None:
    expect, loaded = playwright.expect, threading.Event()

    class Slow(FakeIndex):
        def load_model(self) -> None:
            loaded.wait(30)

    page = browser.new_page()
    with served(lambda: Slow(photos)) as bound:
        port = bound.port
        page.goto(f"{bound.url}?q=green+square")
        expect(page.locator("#notice h2")).to_have_text("The model is loading.")
        expect(page.locator(".tile").first).to_be_visible()  # photos to look at meanwhile
        loaded.set()
        expect(page.locator(".chip .label")).to_have_text("green square")
        expect(page.locator("#notice")).to_be_hidden()
    page.locator("#q").fill("red circle")
    page.keyboard.press("Enter")
    expect(page.locator("#notice h2")).to_have_text("The server has stopped.")
    assert page.locator(".tile").count() > 0  # what was there stays
    with served(lambda: FakeIndex(photos), port):
        expect(page.locator(".chip .label")).to_have_text("red circle")
        expect(page.locator("#notice")).to_be_hidden()
    page.close()


def test_plus_and_minus_ask_for_more_and_less_like_a_photo(page: Any) -> None:
    expect = playwright.expect
    page.locator(".tile").nth(2).focus()
    page.keyboard.press("+")
    expect(page.locator(".chip.want")).to_have_count(1)
    expect(page.locator(".tile").first).to_be_focused()  # of the new photos, so that the keys go on
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("-")
    expect(page.locator(".chip.want")).to_have_count(1)
    expect(page.locator(".chip.not")).to_have_count(1)
