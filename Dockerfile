# The service as a small image: no compiler, no torch, weights inside, any user but root, a read-only root is fine.
#   docker build -t mt-repair .
#   docker run --rm --read-only --publish 127.0.0.1:8080:8080 --env MT_REPAIR_KEYS_REQUIRED=false mt-repair
FROM python:3.11-slim-bookworm AS build
COPY . /source
RUN /source/scripts/install /source /opt/mt-repair

FROM python:3.11-slim-bookworm
COPY --from=build /opt/mt-repair /opt/mt-repair
ENV PATH=/opt/mt-repair/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MT_REPAIR_MODEL_DIR=/opt/mt-repair/models/repair-en \
    MT_REPAIR_LM_DIR=/opt/mt-repair/models/lm-en \
    MT_REPAIR_NAMES_DIR=/opt/mt-repair/models/names-en \
    MT_REPAIR_HOST=0.0.0.0 \
    MT_REPAIR_PORT=8080
USER 10001:10001
WORKDIR /opt/mt-repair
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["mt-repair", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["mt-repair"]
CMD ["serve"]
