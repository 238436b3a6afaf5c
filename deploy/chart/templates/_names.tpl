{{- define "jiangbu.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- /* The Secret of a holder: (dict "root" $ "holder" HOLDER) */ -}}
{{- define "jiangbu.secret" -}}
{{- printf "%s%s" (.root.Values.secrets.prefix | default (printf "%s-" (include "jiangbu.name" .root))) .holder -}}
{{- end -}}

{{- define "jiangbu.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/name: jiangbu
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- /* Labels by which pods are selected: (dict "root" $ "component" NAME) */ -}}
{{- define "jiangbu.selector" -}}
app.kubernetes.io/name: jiangbu
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "jiangbu.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{- define "jiangbu.kafka" -}}
{{- printf "%s-kafka" (include "jiangbu.name" .) -}}
{{- end -}}

{{- define "jiangbu.postgres" -}}
{{- printf "%s-postgres" (include "jiangbu.name" .) -}}
{{- end -}}

{{- define "jiangbu.ports" -}}
listing: 8001
trade-ingest: 8002
incentive: 8003
{{- end -}}

{{- /* The Secret with the authority of Kafka's certificates; empty if it is the system's. */ -}}
{{- define "jiangbu.kafkaAuthority" -}}
{{- if .Values.kafka.strimzi -}}{{ include "jiangbu.kafka" . }}-cluster-ca-cert{{- else -}}{{ .Values.kafka.caSecret }}{{- end -}}
{{- end -}}

{{- /* The URL of a database: (dict "root" $ "user" USER "database" NAME "standbys" BOOL) */ -}}
{{- define "jiangbu.databaseUrl" -}}
{{- $postgres := .root.Values.postgresql -}}
{{- if $postgres.cloudnativepg -}}
{{- $host := printf "%s-%s" (include "jiangbu.postgres" .root) (ternary "ro" "rw" .standbys) -}}
postgresql://{{ .user }}@{{ $host }}:5432/{{ .database }}?sslmode=verify-full&sslrootcert=/etc/postgres/ca.crt
{{- else -}}
postgresql://{{ .user }}@{{ $postgres.host }}:{{ $postgres.port }}/{{ .database }}?{{ $postgres.parameters }}
{{- end -}}
{{- end -}}
