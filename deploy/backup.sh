#!/bin/sh
# Copies the settings, the config and the SQLite file to the folder of the weekday, or to the one that
# is named, with the commit that can read them. Cron runs it daily. If it fails, the folder stays as
# it was, and an alert is sent, because cron's mail goes nowhere on a new machine.
set -eu
umask 077
alert() {
    cd /opt/brightsheet/.venv/bin
    # The addresses may hold passwords, and every user can read the arguments of a command.
    ./dotenv --file /etc/brightsheet.env run -- sh -c \
        'APPRISE_URLS=$ALERT_URLS ./apprise --title Brightsheet --body "$1"' \
        sh "The backup to $copy on $(uname -n) failed. To see why: /etc/cron.daily/brightsheet-backup $name"
}
name=${1:-$(date +%u)}
copy=/var/backups/brightsheet/$name
trap '[ $? = 0 ] || { rm -rf "$copy.new"; alert; }' EXIT
rm -rf "$copy.new"
mkdir -p "$copy.new"
cd "$copy.new"
cp /etc/brightsheet.* .
# PostgreSQL has backups of its own.
if ! grep -q "^DATABASE_URL=['\"]\?postgres" /etc/brightsheet.env; then
    sqlite3 -readonly /var/lib/brightsheet/brightsheet.sqlite3 ".backup brightsheet.sqlite3"
    [ "$(sqlite3 brightsheet.sqlite3 "PRAGMA quick_check")" = ok ] || {
        echo "The database is damaged." >&2
        exit 1
    }
fi
git -C /opt/brightsheet rev-parse HEAD > commit
rm -rf "$copy"
mv "$copy.new" "$copy"
