# Sourced by ./dev test: what the tests need from the system. PostgreSQL 15 is Debian's; the embedded one needs nothing.
if is_root && on_debian && [ ! -x /usr/lib/postgresql/15/bin/postgres ]; then
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    # The tests make their own cluster; Debian's default one would only stand in the way.
    mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  fi
  apt-cache show postgresql-15 >/dev/null 2>&1 || apt-get update -qq >/dev/null 2>&1 || true
  if apt-cache show postgresql-15 >/dev/null 2>&1; then need_packages postgresql-15; fi
fi

# The orders of versions are held to rpm's own.
if is_root && on_debian && ! command -v rpm >/dev/null 2>&1; then need_packages rpm; fi

# The page is looked at in Debian's chromium, and by axe-core from npm; without them those tests skip and say so.
if is_root && on_debian && [ ! -x /usr/bin/chromium ] && apt-cache show chromium >/dev/null 2>&1; then
  need_packages chromium fonts-dejavu-core
fi
if command -v npm >/dev/null 2>&1 && [ ! -e .tools/axe/node_modules/axe-core/axe.min.js ]; then
  mkdir -p .tools/axe
  npm install --silent --no-save --no-audit --no-fund --prefix .tools/axe axe-core@4.14.1 >/dev/null 2>&1 || true
fi
