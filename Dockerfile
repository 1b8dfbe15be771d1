# The server: Debian, Python, the packages of the hashed lock, and the code. PostGIS runs beside it (docker-compose.yml).
FROM python:3.11-slim-bookworm AS packages
RUN python -m venv /opt/phuongso
COPY requirements.lock /
RUN /opt/phuongso/bin/pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes -r /requirements.lock

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /srv/phuongso --shell /usr/sbin/nologin phuongso \
    && install -d -o phuongso -g phuongso /srv/phuongso /var/lib/phuongso
COPY --from=packages /opt/phuongso /opt/phuongso
WORKDIR /srv/phuongso
COPY server server
COPY schema schema
COPY geo geo
COPY maps maps
ENV PATH=/opt/phuongso/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PHUONGSO_HOST=0.0.0.0 \
    PHUONGSO_VAR=/var/lib/phuongso
USER phuongso
VOLUME /var/lib/phuongso
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
ENTRYPOINT ["python", "-m", "server"]
CMD ["serve"]
