#!/usr/bin/env bash
# Generates and compiles a crate for each document in corpus.tsv, and writes a table of results.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: corpus.sh <output folder>}
mkdir -p "$out/documents" "$out/crates"
cargo build --quiet --package openapi-codegen || exit 1
codegen=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/openapi-codegen

members=()
table="| document | generates | seconds | notes | compiles |\n|---|---|---|---|---|\n"
declare -A row
while IFS=$'\t' read -r name address; do
  case "$name" in ''|'#'*) continue ;; esac
  document="$out/documents/$name"
  if ! curl --silent --show-error --fail --location --max-time 60 --output "$document" "$address"; then
    row[$name]="| $name | download failed | | |"
    continue
  fi
  start=$(date +%s.%N)
  if timeout 60 "$codegen" generate "$document" --name "$name" --out "$out/crates/$name" \
      --runtime crates/openapi-runtime --skip-unsupported 2> "$out/$name.log" > /dev/null; then
    result=yes
    members+=("$name")
  else
    result="no: $(grep '^error' "$out/$name.log" | head -n 1 | cut -c 1-200 | tr '|' '/')"
  fi
  seconds=$(printf '%.1f' "$(echo "$(date +%s.%N) - $start" | bc)")
  row[$name]="| $name | $result | $seconds | $(grep -c '^note' "$out/$name.log") |"
done < "$here/corpus.tsv"

{
  echo '[workspace]'
  echo 'resolver = "3"'
  printf 'members = ['
  for name in "${members[@]}"; do printf '"crates/%s", ' "$name"; done
  echo ']'
} > "$out/Cargo.toml"
sed -i '/^# This crate does not belong to the workspace/,$d' "$out"/crates/*/Cargo.toml
for name in "${members[@]}"; do
  if (cd "$out" && cargo check --quiet --package "$name" 2> "$name.check"); then
    row[$name]+=" yes |"
  else
    row[$name]+=" no: $(grep '^error' "$out/$name.check" | head -n 1 | cut -c 1-200 | tr '|' '/') |"
  fi
done
printf '%b' "$table" > "$out/table.md"
for name in $(printf '%s\n' "${!row[@]}" | sort); do echo "${row[$name]}" >> "$out/table.md"; done
cat "$out/table.md"
