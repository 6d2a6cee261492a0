"""Finding the texts in html, and putting others in their place."""

import time

import pytest

from cognitive.markup import TextNodes


def shouted(markup: str) -> str:
    nodes = TextNodes(markup)
    return nodes.with_texts([text.upper() for text in nodes.texts])


@pytest.mark.parametrize(
    ("markup", "result"),
    [
        ("<p>Hello <b>you</b> &amp; me</p>", "<p>HELLO <b>YOU</b> &amp; ME</p>"),
        ("a < b and c", "A &lt; B AND C"),
        ("I <3 you", "I &lt;3 YOU"),
        ("one<br>two<hr/>three", "ONE<br>TWO<hr/>THREE"),
        ("<p>x<code>no <b>no</b></code> y</p>", "<p>X<code>no <b>no</b></code> Y</p>"),
        ("<code>a<code>b</code>c</code>d", "<code>a<code>b</code>c</code>D"),
        ("<p translate='no'>Foo</p>bar", "<p translate='no'>Foo</p>BAR"),
        ('<b class="x notranslate">Foo</b>bar', '<b class="x notranslate">Foo</b>BAR'),
        ('<b class="notranslated">foo</b>', '<b class="notranslated">FOO</b>'),
        ("<script>if (a<b) {}</script>yes", "<script>if (a<b) {}</script>YES"),
        ("<!-- c > d --><i>t</i>", "<!-- c > d --><i>T</i>"),
        ('<a title="a > b" href="x">l</a>', '<a title="a > b" href="x">L</a>'),
        ("&lt;b&gt; nice", "&lt;B&gt; NICE"),
        ("1 &amp; 2 <b>3</b>", "1 &amp; 2 <b>3</b>"),
        ("<p>  spaced\n</p>", "<p>  SPACED\n</p>"),
        ("<!DOCTYPE html><?xml a?><p>a</p>", "<!DOCTYPE html><?xml a?><p>A</p>"),
        ("open <b", "OPEN <b"),
        ("open <!-- never closed", "OPEN <!-- never closed"),
        ("", ""),
    ],
)
def test_only_texts_change(markup: str, result: str) -> None:
    assert shouted(markup) == result


def test_what_is_put_in_is_escaped() -> None:
    assert TextNodes("<p>x</p>").with_texts(["<script>&"]) == "<p>&lt;script&gt;&amp;</p>"


@pytest.mark.parametrize(
    "piece", ["<a ", "<!--", "<a href='", '<a b="', "</", "<", "<p>", "&#", "a<b"]
)
def test_hostile_html_takes_no_more_time_than_other_html(piece: str) -> None:
    started = time.process_time()
    shouted(piece * 50_000)
    # The standard library's parser takes minutes for some of these.
    assert time.process_time() - started < 5
