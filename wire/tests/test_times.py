"""Times: what is read, and how it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import times

MOMENTS = st.integers(-62_135_596_800_000, 253_402_300_799_999)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:00z", 0),
        ("1970-01-01 00:00:00Z", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:00:00-01:00", 0),
        ("1970-01-01T01:00:00 01:00", 0),
        ("1970-01-01T00:00:00.5Z", 500),
        ("1970-01-01T00:00:00.1239999Z", 123),
        ("1969-12-31T23:59:59.001Z", -999),
        ("2026-11-25T10:00:00.000000+00:00", 1_795_600_800_000),
    ],
)
def test_any_rfc_3339_time_is_read(text: str, milliseconds: int) -> None:
    assert times.parse(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-11-25", "2026-11-25T10:00:00", "2026-02-30T00:00:00Z", "25/11/2026"]
    + ["0000-01-01T00:00:00Z", "2026-11-25T24:00:00Z", "2026-11-25T10:00:00+25:00"]
    + ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "٢٠٢٦-11-25T10:00:00Z"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        times.parse(text)


def test_seconds_are_truncated_never_rounded() -> None:
    assert times.to_wire(1_743_057_609_999) == "2025-03-27T06:40:09Z"
    assert times.to_wire(-1) == "1969-12-31T23:59:59Z"


@given(MOMENTS)
def test_what_is_written_reads_back_to_the_second(milliseconds: int) -> None:
    assert times.parse(times.to_wire(milliseconds)) == milliseconds // 1000 * 1000


@given(MOMENTS)
def test_a_link_reads_back_to_the_millisecond(milliseconds: int) -> None:
    assert times.parse_link(times.to_link(milliseconds)) == milliseconds


def test_links_are_written_as_the_real_service_does() -> None:
    assert times.to_link(0) == "1/1/1970 12:00:00 AM +00:00"
    assert times.to_link(1_743_057_609_000) == "3/27/2025 06:40:09 AM +00:00"
