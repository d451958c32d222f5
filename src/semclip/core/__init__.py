"""What every room shares: the record, protocols, registry, config, errors, seeds. Imports no torch."""
