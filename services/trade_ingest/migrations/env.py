from shared.postgres.migrate import run_environment

run_environment()
