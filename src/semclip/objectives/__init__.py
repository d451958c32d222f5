"""Published training objectives: pure functions of features. `create("semclip")` builds one by name."""

from semclip.objectives.base import Features, Objective, Paper, Terms, create
from semclip.objectives.weighted_sum import weighted_sum

__all__ = ["Features", "Objective", "Paper", "Terms", "create", "weighted_sum"]
