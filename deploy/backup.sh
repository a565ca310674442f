#!/bin/sh
# Copies the settings, the config, and the SQLite file, one copy for each day of the week. Cron runs it
# daily. If it fails, an alert is sent, because cron's mail goes nowhere on a new machine.
set -eu
umask 077
alert() {
    cd /opt/brightsheet/.venv/bin
    ./dotenv --file /etc/brightsheet.env run -- \
        sh -fc './apprise --title Brightsheet --body "The daily backup failed." $ALERT_URLS'
}
trap '[ $? = 0 ] || alert' EXIT
mkdir -p /var/backups/brightsheet
cd /var/backups/brightsheet
cp /etc/brightsheet.* .
# PostgreSQL has backups of its own.
if ! grep -q "^DATABASE_URL=['\"]\?postgres" /etc/brightsheet.env; then
    sqlite3 -readonly /var/lib/brightsheet/brightsheet.sqlite3 ".backup $(date +%u).sqlite3"
fi
