# syntax=docker/dockerfile:1
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go build -trimpath -ldflags="-s -w" -o /prickle ./cmd/prickle

# The binary needs glibc and libstdc++ (DuckDB), and certificates for what it calls.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /project prickle \
 && install -d -o prickle -g prickle /project /project/data
COPY --from=build /prickle /usr/local/bin/prickle
USER prickle
WORKDIR /project
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["prickle", "status"]
ENTRYPOINT ["prickle"]
CMD ["run"]
