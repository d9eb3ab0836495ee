# Recipes of daily work; `just` lists them.

# List the recipes.
default:
    @just --list

# Show Rollcall against simulated vendors: no account, no AWS.
demo:
    cargo run --bin demo

# Run all checks.
test:
    ./tests/run

# Run what takes less than half a minute: formatting, clippy, and the tests that start no process.
fast:
    ./tests/run fast

# Format, and run clippy.
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets -- -D warnings

# Accept changed schemas of events and answers, changed tables, a changed template, changed costs.
accept:
    ROLLCALL_ACCEPT=1 cargo test --package rollcall-engine --test schemas
    ROLLCALL_ACCEPT=1 cargo test --package rollcall-c1 --test c1 schemas
    ROLLCALL_ACCEPT=1 cargo test --package rollcall-published --test published
    ROLLCALL_ACCEPT=1 cargo test --package rollcall-cli --bin rollcall template
    cd tests/infra && ROLLCALL_ACCEPT=1 ../python -m unittest test_costs.Costs.test_the_tables_of_the_readme_are_what_is_printed

# Measure calls, time, memory and size on this machine.
bench:
    cargo build --release --package rollcall-c1 --package rollcall-confluence --package rollcall-elastic --package rollcall-temporalcloud --package rollcall-bench
    target/release/bench

# Build the functions for AWS (arm64 or x86_64), and package them.
build architecture="arm64" *options:
    infra/build {{architecture}} {{options}}

# Check the size of the deployed functions. `./tests/run` does it when Cargo.lock, a profile or infra/ has changed.
size architecture="arm64":
    infra/size {{architecture}}

# Start a simulated AWS to deploy to. It installs what it needs from PyPI into target/venv first.
aws:
    tests/python tests/infra/local_aws.py

# Simulate every vendor, or one, for trying things by hand: `just simulate confluence --sample small`.
simulate vendor="all" *options:
    cargo run --bin simulate -- {{vendor}} {{options}}

# Check a snapshot with the independent reader (needs python3 with protobuf and zstandard).
check snapshot:
    python3 tests/c1z.py check {{snapshot}}
