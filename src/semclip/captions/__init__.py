"""Writing paraphrases, negations and absences."""
