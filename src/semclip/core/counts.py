"""How many of something, in words."""


def counted(count: int, noun: str) -> str:
    """`1 photo`, `2,000 photos`. noun: in the singular, with a plural in s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
