"""What a result is of: all that changes its number. Results stand side by side only where that is the same."""

from collections.abc import Mapping, Sequence
from typing import Any

from semclip.evaluation.metrics.result import Result


def differences(first: Result, second: Result, models: bool = False) -> dict[str, tuple[Any, Any]]:
    """What was measured otherwise, with both values; with `models`, also which model it was measured on.

    Where files lie is no part of it. What one of the two does not say, as results of older versions, cannot differ.
    """
    mine, theirs = _measured(first), _measured(second)
    if mine["settings"] is None or theirs["settings"] is None:
        mine["settings"], theirs["settings"] = (r.data.get("options") for r in (first, second))
    if models:
        mine, theirs = {**mine, **_model(first)}, {**theirs, **_model(second)}
        if mine["weights (sha256)"] is None or theirs["weights (sha256)"] is None:  # then the name is all that is known
            mine["model"], theirs["model"] = first.model, second.model
    return {
        name: (value, theirs[name])
        for name, value in mine.items()
        if value is not None and theirs[name] is not None and _plain(value) != _plain(theirs[name])
    }


def conflict(results: Sequence[Result]) -> tuple[int, int, dict[str, tuple[Any, Any]]] | None:
    """Places of the first two results that were measured otherwise, and in what; None where all may stand together.

    Every two are compared: what one does not say, and cannot differ in, two others may say differently.
    """
    others: list[tuple[int, Any]] = []  # the first of each kind
    for place, result in enumerate(results):
        for before, _ in others:
            if found := differences(results[before], result):
                return before, place, found
        known = _plain([_measured(result), result.data.get("options")])
        if all(known != kind for _, kind in others):
            others.append((place, known))
    return None


def _measured(result: Result) -> dict[str, Any]:
    data = result.data
    return {
        "benchmark": result.benchmark,
        "benchmark version": result.version,
        "protocol": result.protocol,
        "file (sha256)": data.get("sha256") or None,
        "files (sha256)": {path: str(file["sha256"]) for path, file in (data.get("files") or {}).items()},
        "split": data.get("split"),
        "settings": data.get("settings"),
        "allow_missing": bool(data.get("allow_missing")),
        "limit": data.get("limit") or 0,
        "templates": data.get("templates"),
        "class names": data.get("classes"),
        "texts (sha256)": data.get("texts_sha256") or None,
        "pictures (sha256)": data.get("pictures_sha256") or None,
        "items (sha256)": data.get("items_sha256") or None,
        "precision": result.encoder.get("precision"),
    }


def _model(result: Result) -> dict[str, Any]:
    said = result.encoder
    return {
        "weights (sha256)": said.get("weights_sha256") or None,
        "preprocessing": said.get("preprocessing"),
        "activation": said.get("activation"),
    }


def in_words(differences: Mapping[str, tuple[Any, Any]]) -> str:
    """The differences for a message; long values are cut at the first place where they differ."""
    return "; ".join(f"{name}: {_short(a, b)} and {_short(b, a)}" for name, (a, b) in differences.items())


def _plain(value: Any) -> Any:
    """As it is after being written as JSON and read again."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _short(value: Any, other: Any, most: int = 60) -> str:
    mine, theirs = repr(_plain(value)), repr(_plain(other))
    if len(mine) <= most:
        return mine
    start = next((i for i, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), len(theirs))
    start = max(0, start - most // 2)
    return f"{'...' * (start > 0)}{mine[start : start + most]}..."
