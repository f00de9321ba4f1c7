"""YAML and pydantic in, core's policy out."""
