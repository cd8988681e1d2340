from __future__ import annotations

import pytest
from astronomer.runtime.time_bound import within


def test_a_question_s_error_is_the_asker_s() -> None:
    def ask() -> None:
        raise LookupError("x")

    with pytest.raises(LookupError, match="x"):
        within(30, ask)
