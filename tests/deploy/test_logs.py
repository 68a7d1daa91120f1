"""What the logs tell, and what they must not."""

from __future__ import annotations

import pytest
import structlog

from nop import logs


def test_a_traceback_tells_where_and_what_but_no_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(token: str) -> None:
        raise ValueError("the peer broke off")

    logs.configure()
    try:
        try:
            fail("-".join(("a", "secret", "token")))
        except ValueError:
            structlog.get_logger().exception("pull failed", source="tata")
    finally:
        structlog.reset_defaults()
    told = capsys.readouterr().err
    assert "pull failed" in told and "source=tata" in told and "the peer broke off" in told
    assert "in fail" in told and "a-secret-token" not in told
