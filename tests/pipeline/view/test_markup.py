"""Texts as HTML: mathematics, code, differences, spans."""

import time

import pytest
from markupsafe import Markup

from pipeline.view.differences import compare, mark_brackets, mark_span
from pipeline.view.markup import draw_text
from pipeline.view.mathematics import draw_formula


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        (r"Let $x$ be \(y\), $$z$$ and \[w\].", 4),
        ("It costs $5 here and $7 there.", 0),
        ("From $5 to $10: $x$.", 1),
        (r"\$5 and \$6", 0),
        (r"He earns $\$$60 a day, and $\$$30 at night.", 2),
        (r"$\$60$ or $5\%$", 2),
        ("an open $x and no end", 0),
        ("$a\nb$", 0),
        (r"6\sqrt{2}", 1),
        (r"x \in \mathbb{R}", 1),
        (r"\text{even}", 1),
        (r"the \frac{1}{2} of it", 0),
        (r"C:\temp is full", 0),
        (r"\frac{", 0),
    ],
)
def test_formulas_are_told_from_money(text, formulas):
    assert draw_text(text).count("<math") == formulas


def test_money_of_tex_is_money():
    assert draw_text(r"\$42 of \$5, 5\%") == "$42 of $5, 5%"
    assert draw_text("`\\$HOME`") == r"<code>\$HOME</code>"


def test_a_fraction_is_drawn_and_its_source_is_kept():
    drawn = draw_text(r"$\frac{1}{2}$")

    assert "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>" in drawn
    assert r'title="\frac{1}{2}"' in drawn


@pytest.mark.parametrize("latex", [r"\frac{", r"\nonsense{x}", "x" * 3000, "{" * 90])
def test_what_cannot_be_drawn_is_shown_as_written(latex):
    assert draw_formula(latex) is None
    assert draw_text(f"$${latex}$$") in (
        Markup('<code class="tex">{}</code>').format(f"$${latex}$$"),
        Markup("{}").format(f"$${latex}$$"),
    )


@pytest.mark.parametrize(
    ("latex", "absent"),
    [
        (r"\href{javascript:alert(1)}{x}", "javascript"),
        (r"\style{background:red}{x}", "background"),
        (r"\class{a}{x}", "class"),
        (r"\text{<script>}", "<script"),
        (r"\text{&lt;script&gt;}", "<script"),
        (r'\mathrm{a"b}', 'a"b="'),
    ],
)
def test_a_formula_brings_no_link_style_or_tag(latex, absent):
    assert absent not in (draw_formula(latex) or "")


def test_code_is_coloured_and_escaped():
    drawn = draw_text('so:\n```python\nprint("<b>")\n```\ndone `x<y`')

    assert '<span class="nb">print</span>' in drawn
    assert "&lt;b&gt;" in drawn
    assert "<b>" not in drawn
    assert "<code>x&lt;y</code>" in drawn


@pytest.mark.parametrize(
    "text",
    [
        "\\(" * 50_000, "`" * 100_000, "```py\n" * 20_000, "$x{" * 30_000,
        "$x$ " * 30_000, "$" + "^" * 499 + "$", "$$" + r"\sqrt[" * 300 + "$$",
        "$" + r"\begin{matrix}" * 30 + "$",
    ],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_a_hostile_text_costs_seconds_at_most(text):
    start = time.process_time()
    draw_text.__wrapped__(text)
    assert time.process_time() - start < 5


def test_two_texts_differ_in_words():
    left, right = compare("Jun had 5 pears <b>", "Jun had 15 pears <b>")

    assert left == "Jun had <del>5</del> pears &lt;b&gt;"
    assert right == "Jun had <ins>15</ins> pears &lt;b&gt;"
    assert compare("same", "same") == ("same", "same")


def test_spans_are_marked_in_any_case_and_across_lines():
    assert mark_span("So compute\n3-3 <now>", "Compute 3-3") == (
        "So <mark>compute\n3-3</mark> &lt;now&gt;"
    )
    assert mark_span("as it is", None) == "as it is"
    assert mark_brackets("a ⟦b <c>⟧ d ⟦e") == "a <mark>b &lt;c&gt;</mark> d ⟦e"


def test_lines_of_an_environment_are_lines():
    text = r"$$\begin{aligned} a&=b \\ c&=d \end{aligned}$$"
    assert draw_text(text).count("<mtr>") == 2
    unknown = r"$\begin{equation} a&=b \end{equation}$"
    assert draw_text(unknown) == Markup('<code class="tex">{}</code>').format(unknown)
