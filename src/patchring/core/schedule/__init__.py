"""When: maintenance windows and blackouts, right across daylight-saving changes and short months."""
