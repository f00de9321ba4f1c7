"""Scores of vectors: examples with their scores from FIRST's documents; what is no vector has none."""

import pytest

from patchring.app.findings.cvss import score_of, tenths_of


@pytest.mark.parametrize(
    ("vector", "tenths"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 98),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 61),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 93),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 75),
        ("", None),
        ("CVSS:3.1/AV:N", None),
        ("CVSS:9.9/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", None),
        ("high", None),
    ],
)
def test_scores(vector: str, tenths: int | None) -> None:
    assert tenths_of(vector) == tenths


def test_what_a_feed_says_counts_before_its_vector() -> None:
    assert score_of({"cvss_tenths": 42, "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}) == 42
