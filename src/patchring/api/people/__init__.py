"""JSON for people and programs: `/api/v1`, described by OpenAPI."""

from patchring.api.people.app import people_api

__all__ = ["people_api"]
