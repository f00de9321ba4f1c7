"""Permits: the one place that lets something begin. Runs in the signer process alone."""

from patchring.app.permits.office import PermitOffice

__all__ = ["PermitOffice"]
