"""What the server writes as JSON."""

from hypothesis import given
from hypothesis import strategies as st

from wire.strict_json import render, render_fast

texts = st.text(st.characters(exclude_categories=["Cs"]))
plain = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | texts
bodies = st.recursive(
    plain, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=30
)


@given(bodies)
def test_the_fast_way_writes_the_same_bytes(body: object) -> None:
    assert render_fast(body) == render(body)
