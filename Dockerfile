# The tag moves. For a release name the image by its digest, which `make base-digest` asks of the registry:
# docker build --build-arg BASE=python:3.11-slim@sha256:… .
ARG BASE=python:3.11-slim
FROM ${BASE}

WORKDIR /srv/spnlab
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

COPY spncore spncore
COPY spnlab spnlab
COPY app app
COPY data data
COPY .streamlit .streamlit
COPY streamlit_app.py ./

# The real NLTCS where the builder reaches its source; without it the lab says that it uses the synthetic twin.
ENV SPNLAB_DATA_DIR=/srv/datasets/spnlab
RUN XDG_CACHE_HOME=/srv/datasets python -m spncore data fetch nltcs \
    || echo "NLTCS was not fetched; the image uses the synthetic twin"

# Everything is compiled here, since nothing but /tmp and /data can be written at run time; HOME is for Streamlit.
# A volume that Docker makes for /data is this user's; of a folder of the host the log says what to do where it is not.
RUN python -m compileall -q spncore spnlab app streamlit_app.py && mkdir /data && chown 10001:10001 /data
# Streamlit's welcome would ask a server outside for this one's address, and stand between the lines of the log.
ENV HOME=/tmp XDG_CACHE_HOME=/data/cache SPNLAB_STORE=/data/spnlab.db PYTHONDONTWRITEBYTECODE=1 SPNLAB_LOG=json \
    STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE=true
USER 10001
EXPOSE 8501
VOLUME /data

# Below a path that the proxy keeps, STREAMLIT_SERVER_BASE_URL_PATH tells both the lab and this check.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; parts = ('http://127.0.0.1:8501', os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'), '_stcore/health'); assert u.urlopen('/'.join(filter(None, parts)), timeout=2).read() == b'ok'"]
CMD ["python", "-m", "spnlab", "--address", "0.0.0.0", "--port", "8501"]
