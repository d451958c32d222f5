"""Exports: a model as a folder that another library reads, one file each."""
