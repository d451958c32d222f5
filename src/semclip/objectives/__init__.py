"""Published training objectives: pure functions of features. `create("semclip")` builds one by name."""

from semclip.objectives.base import Features, Objective, Paper, Terms, create, weighted_sum

__all__ = ["Features", "Objective", "Paper", "Terms", "create", "weighted_sum"]
