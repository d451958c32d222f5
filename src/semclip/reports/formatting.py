"""Formatting of numbers for people: percent, points, intervals, p-values."""

from collections.abc import Sequence

#: Units whose numbers are shown in hundredths: proportions of items, and differences of them.
_SHARES = ("share", "difference")


def words(name: str) -> str:
    """`paraphrase_over_negation` as "Paraphrase over negation", `caption_true_r10` as "Caption true R@10"."""
    parts = [f"R@{p[1:]}" if p[:1] == "r" and p[1:].isdigit() else p for p in name.split("_")]
    text = " ".join(parts)
    return text[:1].upper() + text[1:]


def number(value: float, unit: str = "share") -> str:
    """A proportion as "81.2 %", a difference as "+3.1 points", a cosine as "0.312", else three digits and the unit."""
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "difference":
        return difference(value, unit)
    return minus(f"{value:.3f}" if unit in ("", "cosine") else f"{value:.3g} {unit}")


def value(mean: float, unit: str = "share", spread: float | None = None) -> str:
    """A mean over seeds with its standard deviation: "81.2 ± 0.4 %"; without one, as `number`."""
    text = number(mean, unit)
    if spread is None:
        return text
    digits, _, after = text.partition(" ")
    deviation = f"{100 * spread:.1f}" if unit in _SHARES else f"{spread:.3f}"
    return f"{digits} ± {deviation} {after}".rstrip()


def difference(value: float, unit: str = "share") -> str:
    """A signed difference: "+21.3 points" for proportions and their differences."""
    scale, digits, after = (100, 1, " points") if unit in _SHARES else (1, 3, "")
    rounded = round(scale * value, digits) + 0.0  # no "-0.0"
    return minus(f"{rounded:+.{digits}f}{after}")


def interval(bounds: Sequence[float] | None, unit: str = "share", signed: bool = False) -> str:
    """A 95 % interval as "[79.1, 83.0]"; "" where there is none."""
    if bounds is None:
        return ""
    scale, digits = (100, 1) if unit in _SHARES else (1, 3)
    sign = "+" if signed or unit == "difference" else ""
    low, high = (minus(f"{scale * b:{sign}.{digits}f}") for b in bounds)
    return f"[{low}, {high}]"


def minus(text: str) -> str:
    """Numbers with a true minus sign, which lines up with plus."""
    return text.replace("-", "\N{MINUS SIGN}")


def p_value(p: float) -> str:
    """A p-value as people write it: "p < 0.001" or "p = 0.032"."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def count(value: float) -> str:
    """A whole number with thousands separated: 38,400."""
    return f"{value:,.0f}"


def listing(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"; "" for none."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def duration(seconds: float) -> str:
    """Seconds as people say them: "42 s", "12.5 min", "3.1 h"."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"
