"""SemCLIP's projection basis: a few orthonormal directions of text space, drawn from a seed or given by the user."""

import torch
from torch import Tensor

from semclip.core.errors import UserError

_WHERE = "objective 'semclip'"


def orthonormal_rows(seed: int, count: int, width: int) -> Tensor:
    """(count, width) orthonormal rows from a seed, float32; drawn on the CPU, so the same on every device."""
    if count > width:
        raise UserError(
            f"{count} orthogonal projections do not fit into {width} dimensions",
            where=_WHERE,
            fix=f"set num_projections to {width} or less",
        )
    rows = torch.randn(count, width, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    for i in range(count):
        for earlier in rows[:i]:  # modified Gram-Schmidt: subtract one by one, not all at once
            rows[i] -= rows[i].dot(earlier) * earlier
        rows[i] /= rows[i].norm().clamp(min=1e-6)
    return rows.float()


def explicit_rows(basis: list[list[float]]) -> Tensor:
    """Explicit rows as a float64 tensor (k, D); any rows, orthonormal or not, but no broken ones."""
    if len({len(row) for row in basis}) != 1:
        raise UserError("the rows of `basis` differ in length", where=_WHERE, fix="give k rows of D numbers each")
    rows = torch.tensor(basis, dtype=torch.float64)
    if not rows.isfinite().all() or not (rows.norm(dim=1) > 0).all():
        raise UserError(
            "`basis` has a row of zeros or a number that is not finite",
            where=_WHERE,
            fix="give k rows of D finite numbers each, none all zero",
        )
    if rows.shape[0] > rows.shape[1]:
        raise UserError(
            f"`basis` has {rows.shape[0]} rows of width {rows.shape[1]}",
            where=_WHERE,
            fix="give at most as many rows as the embedding is wide",
        )
    return rows
