"""Intelligence from outside: KEV, EPSS, MSRC, OSV, SOFA, winget."""
