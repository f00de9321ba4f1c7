"""The API for people and programs, under /api/v1; described by its own OpenAPI document."""

from patchring.api.people.app import people_api

__all__ = ["people_api"]
