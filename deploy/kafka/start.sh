#!/usr/bin/env bash
# Starts the secured broker in a container of apache/kafka. At its first start the storage is formatted, with the one
# user that must be there before any other can be made: the admin.
#
#   start.sh [NAME=VALUE ...]     further settings of the broker; they override server.properties
#
# KAFKA_ADMIN_PASSWORD_FILE   the admin's password; read at the first start
# KAFKA_OUTSIDE_ADDRESS       HOST:PORT under which exchanges reach the OUTSIDE listener (default localhost:9094)
# KAFKA_INSIDE_ADDRESS        HOST:PORT under which services reach the INSIDE listener (default kafka:9092)
# KAFKA_TLS_FILE              PEM file with the key (PKCS #8, not encrypted) and its certificates: TLS on OUTSIDE
# KAFKA_DATA                  folder for the records (default /var/lib/kafka/data/kraft)
# KAFKA_HEAP_OPTS             memory (default -Xmx512m)
set -euo pipefail
umask 077

here=$(cd "$(dirname "$0")" && pwd)
data=${KAFKA_DATA:-/var/lib/kafka/data/kraft}
work=$(mktemp -d)
config=$work/server.properties
export PATH=$PATH:/opt/kafka/bin LOG_DIR=$work
export KAFKA_HEAP_OPTS=${KAFKA_HEAP_OPTS:--Xmx512m}
export KAFKA_LOG4J_OPTS=${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=$here/log4j2.xml}

fail() { echo "错误 / error: $*" >&2; exit 2; }
random() { head -c "$1" /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

# The password of the node's connections to itself: nobody else needs it, so each start generates one.
node=$(random 24)
login='org.apache.kafka.common.security.plain.PlainLoginModule required'
{
  cat "$here/server.properties"
  echo "log.dirs=$data"
  echo "advertised.listeners=NODE://127.0.0.1:9095,INSIDE://${KAFKA_INSIDE_ADDRESS:-kafka:9092},OUTSIDE://${KAFKA_OUTSIDE_ADDRESS:-localhost:9094}"
  for listener in controller node; do
    echo "listener.name.$listener.plain.sasl.jaas.config=$login username=\"node\" password=\"$node\" user_node=\"$node\";"
  done
  if [ -n "${KAFKA_TLS_FILE:-}" ]; then
    [ -r "$KAFKA_TLS_FILE" ] || fail "KAFKA_TLS_FILE: 无法读取 / cannot be read: $KAFKA_TLS_FILE"
    echo 'listener.security.protocol.map=CONTROLLER:SASL_PLAINTEXT,NODE:SASL_PLAINTEXT,INSIDE:SASL_PLAINTEXT,OUTSIDE:SASL_SSL'
    echo 'listener.name.outside.ssl.keystore.type=PEM'
    echo "listener.name.outside.ssl.keystore.location=$KAFKA_TLS_FILE"
  fi
  for setting in "$@"; do
    echo "$setting"
  done
} >"$config"

if [ ! -e "$data/meta.properties" ]; then
  file=${KAFKA_ADMIN_PASSWORD_FILE:-}
  [ -n "$file" ] || fail 'KAFKA_ADMIN_PASSWORD_FILE: 未设置 / is not set'
  [ -r "$file" ] || fail "KAFKA_ADMIN_PASSWORD_FILE: 无法读取 / cannot be read: $file"
  password=$(<"$file")
  [[ $password =~ ^[A-Za-z0-9_-]{16,}$ ]] ||
    fail 'KAFKA_ADMIN_PASSWORD_FILE: 须为至少 16 个字母、数字、_ 或 - / must be 16 or more letters, digits, _ or -'
  id=$(random 16)
  while [[ $id == -* ]]; do id=$(random 16); done
  # Arguments go in a file, because every program of the container can read a command line.
  arguments=$work/format
  echo "kafka.tools.StorageTool format -t $id -c $config --add-scram SCRAM-SHA-512=[name=admin,password=$password]" >"$arguments"
  # The output is shown only on failure: it contains what the broker stores of the password.
  kafka-run-class.sh "@$arguments" >"$work/said" 2>&1 || { tail -n 5 "$work/said" >&2; fail '无法格式化 / cannot format'; }
  rm "$arguments" "$work/said"
fi
exec kafka-run-class.sh kafka.Kafka "$config"
