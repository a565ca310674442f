# The receiver with its worker. State is in /data (SQLite) unless DATABASE_URL names PostgreSQL.
FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /opt/brightsheet
COPY requirements.txt ./
RUN /opt/brightsheet/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE app.py brightsheet.py connections.py server.py ./
COPY config config
COPY sync sync
COPY emulator emulator
COPY demo demo
RUN /opt/brightsheet/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim
COPY --from=build /opt/brightsheet /opt/brightsheet
RUN mkdir /data && chown 10001 /data
# HOME: a library looks for one, and the user has no entry in the image.
ENV PATH=/opt/brightsheet/bin:$PATH \
    HOME=/data \
    PYTHONUNBUFFERED=1 \
    PORT=8000 \
    DATABASE_URL=sqlite:////data/brightsheet.sqlite3
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
CMD ["brightsheet", "serve"]
