# The receiver with its worker. State is in /data (SQLite) unless DATABASE_URL names PostgreSQL.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.txt requirements-demo.txt ./
# requirements-demo.txt has setuptools, which builds the wheel; it isn't in the final image.
RUN pip install --no-cache-dir --require-hashes -r requirements-demo.txt \
    && python -m venv --without-pip /opt/brightsheet \
    && pip --python /opt/brightsheet/bin/python install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE app.py brightsheet.py server.py ./
COPY config config
COPY sync sync
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel . \
    && pip --python /opt/brightsheet/bin/python install --no-cache-dir --no-deps /wheel/*.whl

FROM python:3.11-slim
RUN pip uninstall --yes wheel setuptools pip && mkdir /data && chown 10001 /data
COPY --from=build /opt/brightsheet /opt/brightsheet
# A library needs HOME, and the user has no entry in the image.
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
