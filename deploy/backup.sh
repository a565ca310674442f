#!/bin/sh
# Copies the settings, the config and the SQLite file to the folder of the weekday, or to the one that
# is named, with the commit that can read them. Cron runs it daily. If it fails, an alert is sent,
# because cron's mail goes nowhere on a new machine.
set -eu
umask 077
alert() {
    cd /opt/brightsheet/.venv/bin
    # The addresses may hold passwords, and every user can read the arguments of a command.
    ./dotenv --file /etc/brightsheet.env run -- sh -c \
        'APPRISE_URLS=$ALERT_URLS ./apprise --title Brightsheet --body "The daily backup failed."'
}
trap '[ $? = 0 ] || alert' EXIT
copy=${1:-$(date +%u)}
mkdir -p /var/backups/brightsheet/"$copy"
cd /var/backups/brightsheet/"$copy"
cp /etc/brightsheet.* .
# PostgreSQL has backups of its own.
if ! grep -q "^DATABASE_URL=['\"]\?postgres" /etc/brightsheet.env; then
    sqlite3 -readonly /var/lib/brightsheet/brightsheet.sqlite3 ".backup brightsheet.sqlite3"
fi
git -C /opt/brightsheet rev-parse HEAD > commit
