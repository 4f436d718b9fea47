"""Ten mistakes and their fixes."""

from __future__ import annotations

from typing import Any

SCENARIOS: list[dict[str, Any]] = []
