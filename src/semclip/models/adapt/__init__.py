"""What of a model trains: frozen parts, the last blocks of a tower, LoRA; and what that comes to, group by group."""
