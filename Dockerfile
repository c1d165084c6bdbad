# The worker's image: the pinned packages, the code, and a user who may write nothing of either.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /duecourse
COPY requirements.txt .
RUN pip install --require-hashes --requirement requirements.txt

COPY definitions definitions
COPY workflows workflows
COPY activities activities
COPY surfaces surfaces
COPY worker.py starter.py ./

RUN useradd --uid 1000 --no-create-home --home-dir /tmp duecourse
USER duecourse
CMD ["python", "worker.py"]
