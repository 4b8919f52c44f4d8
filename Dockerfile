# Dateline for one computer or several: docs/scale.md and compose.yaml. Linted, and never built where it was written.
#
#   docker build -t dateline .                          # the small model is included
#   docker build -t dateline --build-arg READER=standard .   # and the standard one, 1.12 GB
#   docker run -p 127.0.0.1:7860:7860 -v dateline:/data dateline
#
# Other models are mounted at /models, or run on a server (DATELINE_MODEL=openai:NAME@http://host/v1).
FROM python:3.11-slim-bookworm AS build
# The compiler is for llama-cpp-python, where no finished wheel fits.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends -y build-essential cmake \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.txt requirements-milvus.txt requirements-postgresql.txt requirements-telemetry.txt ./
COPY tools/install.py tools/
RUN python tools/install.py /opt/dateline \
    && /opt/dateline/bin/pip install --no-cache-dir -r requirements-milvus.txt \
        -r requirements-postgresql.txt -r requirements-telemetry.txt
COPY . .
RUN /opt/dateline/bin/pip install --no-cache-dir --no-deps .
ARG READER=""
RUN mkdir /models \
    && if [ -n "$READER" ]; then DATELINE_CACHE=/models /opt/dateline/bin/dateline reader get "$READER"; fi

FROM python:3.11-slim-bookworm
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --no-install-recommends -y libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin dateline \
    && install -d -m 700 -o dateline /data
COPY --from=build /opt/dateline /opt/dateline
COPY --from=build /models /models
ENV PATH=/opt/dateline/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    DATELINE_DATA=/data \
    DATELINE_CACHE=/models
USER 10001
VOLUME /data
EXPOSE 7860
# A collection of some size is read at the start.
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/health/live', timeout=4)"]
ENTRYPOINT ["dateline"]
CMD ["serve", "--listen", "--host", "0.0.0.0", "--port", "7860", "--no-browser"]
