"""The gate over all tenants: what each adds to the pooled evidence of a patch, what is concluded, what is held."""
