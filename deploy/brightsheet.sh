#!/bin/sh
# A command of Brightsheet with the service's settings and folder; root installs it as `brightsheet`.
cd /var/lib/brightsheet || exit
ENV_FILE=/etc/brightsheet.env exec /opt/brightsheet/.venv/bin/brightsheet "$@"
