"""The page in a real Chromium: what is seen, clicked and pressed, and what attacks."""

import json
from pathlib import Path

import pytest

from tests.support.browser import Watch, open_browser, serve_view
from tests.support.project import ITEM, run_in


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = run_in(tmp_path_factory.mktemp("project"))
    with serve_view(folder) as address:
        yield address


@pytest.fixture
def page(browser, address):
    """A fresh page, on which nothing may go wrong."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    watch = Watch(page)
    yield page
    context.close()
    assert watch.errors == []


def texts(page, selector: str) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(selector).all_inner_texts()]


def test_the_funnel_opens_into_the_rows_behind_a_reason(page, tmp_path: Path):
    page.goto("/")
    assert texts(page, ".tile b") == ["6", "4", "2"]

    page.get_by_role("link", name="exact duplicate 1").click()
    page.wait_for_url("**/rows?**")
    assert texts(page, "td.c-id") == ["a/00001"]
    assert texts(page, "td.c-fate") == ["✗ exact duplicate by dedup_exact"]

    page.get_by_role("link", name="a/00001").click()
    page.wait_for_url("**/row?**")
    assert texts(page, ".life strong") == ["pool", "quality", "ask", "dedup_exact"]
    assert texts(page, ".pair h3") == ["a/00001", "a/00000"]
    shot = tmp_path / "row.png"
    page.screenshot(path=shot)
    assert shot.stat().st_size > 10_000


def test_a_leak_stands_beside_the_benchmark_item_with_what_both_share(page):
    page.goto("/row?id=a/00002")

    assert texts(page, ".pair > article .text") == [ITEM, ITEM]
    assert texts(page, ".pair > article mark") == [ITEM.rstrip("?")] * 2
    assert "exam/00000" in texts(page, ".pair h3")


def test_hits_mark_what_both_share_and_say_whether_the_row_left(page):
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="Hits").click()
    page.wait_for_url("**/hits")

    assert texts(page, ".hit .head a") == ["a/00002"]
    assert texts(page, ".hit mark") == [ITEM.rstrip("?")] * 2
    assert "✗ dropped" in texts(page, ".hit .chip")


def test_samples_open_into_what_was_written(page):
    page.goto("/row?id=a/00004")
    assert page.locator(".sample").count() == 4
    assert texts(page, ".votes .n") == ["2 of 4", "2 of 4"]
    page.locator(".sample summary").first.click()
    assert texts(page, ".sample[open] .completion") == ["it is 6"]

    page.get_by_role("navigation").get_by_role("link", name="Samples").click()
    page.locator("aside a", has_text="wrong").click()
    page.wait_for_url("**correct=false**")
    assert set(texts(page, ".sample summary .chip")) == {"✗ wrong"}


def test_filters_narrow_the_list_and_stay_in_the_address(page):
    page.goto("/rows")
    page.locator("aside a", has_text="too_easy").click()
    page.wait_for_url("**reason=too_easy**")
    assert texts(page, "td.c-id") == ["a/00003"]

    page.locator("a.chip.active").click()
    page.wait_for_url("**/rows?table=rows")
    assert page.locator("td.c-id").count() == 6

    page.locator("[data-search]").fill("3+3")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=3%2B3**")
    assert texts(page, "td.c-id") == ["a/00004"]


def test_what_is_searched_for_is_marked_in_the_list_and_in_the_row(page):
    page.goto("/rows?q=/ADD|3[%2B]3/")
    assert page.evaluate(FOUND) == ["3+3"]
    page.locator("td.c-id a").click()
    page.wait_for_url("**/row?**")
    assert page.evaluate(FOUND) == ["3+3"]
    page.go_back()
    assert page.url.endswith("/rows?q=/ADD|3[%2B]3/")
    page.goto("/rows?q=(%3F<x>")  # nothing in JavaScript's patterns either
    assert page.evaluate(FOUND) == []


FOUND = "() => [...CSS.highlights.get('found') ?? []].map(String)"


def test_a_click_on_a_pass_rate_filters_by_it(page):
    page.goto("/rows")
    page.get_by_role("link", name="pass rate 1, rows: 1").click()
    page.wait_for_url("**min=1.0&max=1.0")
    assert texts(page, "td.c-id") == ["a/00003"]


def test_rows_are_taken_away_and_a_row_is_copied(page):
    page.goto("/rows?source=a&reason=exact_duplicate")
    page.locator(".take summary").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="JSON lines").click()
    (line,) = Path(waiting.value.path()).read_text().splitlines()
    assert json.loads(line)["id"] == "a/00001"

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/row?id=a/00001")
    page.get_by_role("link", name="JSON").click()
    page.get_by_role("link", name="copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert json.loads(copied)["twin"] == "a/00000"


def test_keys_walk_through_rows_and_pages(page):
    page.goto("/rows")
    page.keyboard.press("?")
    assert page.locator("dialog[open]").is_visible()
    page.keyboard.press("Escape")

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Escape")

    for key in "jjk":
        page.keyboard.press(key)
    first = page.locator("tr.row").first
    assert "selected" in first.get_attribute("class")
    page.keyboard.press("Enter")
    page.wait_for_url("**/row?**")
    before = page.url
    page.keyboard.press("j")
    page.wait_for_url(lambda url: url != before)
    page.keyboard.press("u")
    page.wait_for_url("**/rows**")
    assert page.locator("tr.selected").get_attribute("id") == "r1"
    page.keyboard.press("j")
    assert page.locator("tr.selected").get_attribute("id") == "r2"
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.wait_for_url(lambda url: url.endswith("/"))


def test_a_reviewer_marks_rows_one_after_the_other(page):
    page.goto("/row?id=a/00003&table=rows&sort=-id&at=2")
    page.locator("[name=note]").fill("too easy, truly")
    page.locator("[name=reviewer]").fill("Ann")
    page.locator("[name=reviewer]").press("Tab")
    page.keyboard.press("2")
    page.wait_for_url("**id=a%2F00002**")
    page.keyboard.press("1")
    page.wait_for_url("**id=a%2F00001**")

    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/reviews")
    assert texts(page, "tbody tr") == [
        "a/00002 ▲ good Ann",
        "a/00003 ▼ bad too easy, truly Ann",
    ]


def test_a_question_in_sql_is_asked_and_its_address_can_be_shared(page):
    page.goto("/sql")
    page.locator("textarea").fill("select id from dropped where stage = 'difficulty'")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/sql?sql=**")
    assert texts(page, "tbody td") == ["a/00003"]
    page.goto(page.url)
    page.locator("tbody a").click()
    page.wait_for_url("**/row?id=a%2F00003")


PATHS = (
    "/", "/rows?q=1", "/row?id=a/00001&at=1", "/row?id=a/00004", "/hits", "/samples",
    "/suspects", "/reviews", "/sql?sql=from+rows",
)  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), [("light", 1360), ("dark", 420)])
def test_every_page_can_be_read_and_its_controls_have_names(
    browser, address, scheme, width
):
    """WCAG 2.1: contrast of 4.5 (1.4.3), reflow (1.4.10), headings, names (4.1.2)."""
    context = browser.new_context(
        base_url=address,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    found = {}
    for path in PATHS:
        page.goto(path)
        contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) > 10, path
        found[path] = [text for text, ratio in contrasts if ratio < 4.5]
        found[path] += page.evaluate(MISTAKES)
    context.close()

    assert found == {path: [] for path in PATHS}


MISTAKES = """() => {
  const found = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) found.push(`wider than the window: ${scrollWidth}`);
  const levels = [...document.querySelectorAll("main :is(h1, h2, h3, h4)")]
    .filter((e) => e.checkVisibility()).map((e) => Number(e.tagName[1]));
  if (!levels.includes(1)) found.push("no h1");
  levels.forEach((level, n) => {
    const last = n ? levels[n - 1] : level;
    if (level > last + 1) found.push(`h${level} behind h${last}`);
  });
  const controls = "a, button, summary, select, textarea, input:not([type=hidden])";
  for (const control of document.querySelectorAll(controls)) {
    const name = control.getAttribute("aria-label") || control.innerText?.trim()
      || [...control.labels ?? []].map((label) => label.innerText).join("");
    if (control.checkVisibility() && !name) found.push(control.outerHTML);
  }
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    if (!document.querySelector(link.hash)) found.push(link.outerHTML);
  }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return [...found, ...ids.filter((id, n) => ids.indexOf(id) !== n)];
}"""


CONTRASTS = """() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parse(colour).map((v) => v / 255).map(
      (v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if ((parse(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const leaves = [...document.querySelectorAll("main *, header *")].filter(
    (e) => e.checkVisibility() && !e.closest("svg") &&
      [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  return leaves.map((e) => {
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
    return [e.textContent.trim().slice(0, 40),
      (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  });
}"""
