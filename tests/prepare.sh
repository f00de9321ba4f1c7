# Sourced by ./dev test: what the tests need from the system. PostgreSQL 15 is Debian's; the embedded one needs nothing.
if is_root && on_debian && [ ! -x /usr/lib/postgresql/15/bin/postgres ]; then
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    # The tests make their own cluster; Debian's default one would only stand in the way.
    mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  fi
  apt-cache show postgresql-15 >/dev/null 2>&1 || apt-get update -qq >/dev/null 2>&1 || true
  if apt-cache show postgresql-15 >/dev/null 2>&1; then need_packages postgresql-15; fi
fi
