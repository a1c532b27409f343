#!/usr/bin/env bash
# Workers of `prime-rs batch` on Slurm: each task of the array is one worker. They end when no job is left.
#
# Submit the job first (`prime-rs batch submit`), then:
#
#   sbatch slurm.sh
#
# The file ~/.config/prime-batch.env has the settings, and only you can read it (chmod 600):
#
#   PRIME_API_KEY=…
#   PRIME_BATCH_LEDGER=postgres://prime:…@postgres.example.com/batch
#   TEMPORAL_ADDRESS=temporal.example.com:7233
#
#SBATCH --job-name=prime-batch-worker
#SBATCH --array=1-16
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=1G
#SBATCH --time=24:00:00
#SBATCH --output=prime-batch-%A-%a.log
# 15 minutes before the time is over, the worker ends the intake and finishes what is in flight.
#SBATCH --signal=B:TERM@900
#SBATCH --requeue
set -euo pipefail

set -a
# shellcheck disable=SC1091
source "$HOME/.config/prime-batch.env"
set +a

# The shell is replaced, so that the worker gets the signal.
exec prime-rs batch worker --until-done
