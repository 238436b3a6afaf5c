from shared.migrate import run_environment

run_environment()
