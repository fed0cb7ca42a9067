# The command `xoxzo` in an image: the simulator, and the workers of campaigns. compose.yaml shows how both are used.
FROM python:3.13-slim AS build
WORKDIR /source
COPY . .
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.13-slim
COPY --from=build /wheels /wheels
COPY requirements/image.txt /wheels/
RUN python -m pip install --no-cache-dir --require-hashes -r /wheels/image.txt \
    && python -m pip install --no-cache-dir --no-deps --no-index /wheels/*.whl \
    && rm -r /wheels \
    && useradd --create-home --uid 10001 xoxzo \
    && install -d -o xoxzo -m 0700 /data
USER 10001
WORKDIR /data
EXPOSE 8080
ENTRYPOINT ["xoxzo"]
CMD ["simulator", "--host", "0.0.0.0", "--port", "8080"]
