# Two targets, for the processor that `--platform` names:
#
#   docker build -t rollcall .                                        an image of the command line
#   docker build --target functions --output target/functions .       the functions, as <name>/bootstrap
#
# Everything is compiled on Amazon Linux 2023, where Lambda runs it (provided.al2023). Its glibc, 2.34, is older than that
# of the command line's base image: a binary that is linked against it starts on both.

FROM rust:1.94-bookworm AS rust

FROM amazonlinux:2023 AS source
# hadolint ignore=DL3041
RUN dnf install -y gcc && dnf clean all
COPY --from=rust /usr/local/cargo /usr/local/cargo
COPY --from=rust /usr/local/rustup /usr/local/rustup
ENV CARGO_HOME=/usr/local/cargo RUSTUP_HOME=/usr/local/rustup PATH=/usr/local/cargo/bin:$PATH
WORKDIR /src
COPY . .

FROM source AS build-cli
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo build --locked --release --bin rollcall

FROM source AS build-functions
# One word for each option, hence no quotes.
# hadolint ignore=SC2046
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    cargo build --locked --release --bins $(sed -n 's/^name = "\(rollcall-.*\)"/--package \1/p' functions/*/Cargo.toml) \
    && for source in functions/*/src/bin/*.rs; do \
        name="$(basename "$source" .rs)" \
        && install -D "target/release/$name" "/functions/$name/bootstrap" || exit 1; \
    done

FROM scratch AS functions
COPY --from=build-functions /functions /

# No shell and no package manager. Credentials come at run time, never at build time.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build-cli /src/target/release/rollcall /usr/local/bin/rollcall
USER 65532
WORKDIR /home/nonroot
ENTRYPOINT ["/usr/local/bin/rollcall"]
