# Sentence Lab for everyone who is not on a Space:
#
#   docker build -t sentence-lab .
#   docker run --rm -p 7860:7860 sentence-lab
#
# TORCH_INDEX: the package index of PyTorch's CPU builds, as its install page names it. Without it
# the image holds the build for NVIDIA GPUs, several gigabytes more.
FROM python:3.12-slim
ARG TORCH_INDEX=""

RUN useradd --create-home --uid 1000 lab
WORKDIR /lab
COPY requirements.txt .
RUN pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r requirements.txt

COPY --chown=lab app.py LICENSE README.md ./
COPY --chown=lab assets assets
COPY --chown=lab ingest ingest
COPY --chown=lab encoder encoder
COPY --chown=lab explore explore
COPY --chown=lab ui ui
USER lab

# What UMAP compiles at its first fit, twenty seconds of work, is kept in the image.
ENV NUMBA_CACHE_DIR=/home/lab/.cache/numba
RUN python -c "from explore.project import warm; warm()"

ENV GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860 PYTHONUNBUFFERED=1
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", \
  "import json, os, urllib.request as u; \
  port = os.environ['GRADIO_SERVER_PORT']; \
  assert json.load(u.urlopen(f'http://127.0.0.1:{port}/gradio_api/health'))['ok']"]
# The process itself is told to end, with no shell before it.
CMD ["python", "app.py"]
