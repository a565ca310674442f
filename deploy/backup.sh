#!/bin/sh
# Copies the SQLite file, one copy for each day of the week, the settings and the config; cron runs it daily.
set -eu
umask 077
mkdir -p /var/backups/brightsheet
cd /var/backups/brightsheet
sqlite3 -readonly /var/lib/brightsheet/brightsheet.sqlite3 ".backup $(date +%u).sqlite3"
cp /etc/brightsheet.* .
