"""Shared by all packages: the data record, protocols, registry, config, errors, seeds. Imports no torch."""
