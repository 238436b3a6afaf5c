{{- define "jiangbu.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "jiangbu.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- /* What every pod has besides containers and volumes. */ -}}
{{- define "jiangbu.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "jiangbu.podSecurity" . | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Image and confinement of every container. */ -}}
{{- define "jiangbu.container" -}}
image: {{ include "jiangbu.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- include "jiangbu.containerSecurity" . | nindent 2 }}
{{- end -}}

{{- /* Settings of a Kafka user: (dict "root" $ "user" NAME "folder" PATH) */ -}}
{{- define "jiangbu.kafkaSettings" -}}
{{- $kafka := .root.Values.kafka -}}
- {name: KAFKA_BOOTSTRAP_SERVERS, value: {{ ternary (printf "%s-kafka-bootstrap:9093" (include "jiangbu.kafka" .root)) $kafka.bootstrapServers $kafka.strimzi | quote }}}
- {name: KAFKA_SECURITY_PROTOCOL, value: {{ ternary "SASL_SSL" $kafka.securityProtocol $kafka.strimzi }}}
{{- if include "jiangbu.kafkaAuthority" .root }}
- {name: KAFKA_SSL_CA_FILE, value: /etc/kafka/ca.crt}
{{- end }}
- {name: KAFKA_SASL_MECHANISM, value: SCRAM-SHA-512}
- {name: KAFKA_SASL_USERNAME, value: {{ .user }}}
- {name: KAFKA_SASL_PASSWORD_FILE, value: {{ .folder }}/kafka-password}
{{- end -}}

{{- define "jiangbu.registers" -}}
{{- $name := include "jiangbu.name" . -}}
{{ .Values.register }}=http://{{ $name }}-listing:8001,http://{{ $name }}-trade-ingest:8002
{{- end -}}

{{- /* Settings of a service's programs: (dict "root" $ "service" NAME) */ -}}
{{- define "jiangbu.settings" -}}
{{- $database := replace "-" "_" .service -}}
{{- $role := printf "%s_service" $database -}}
{{ include "jiangbu.kafkaSettings" (dict "root" .root "user" .service "folder" "/secrets") }}
- {name: DATABASE_URL, value: {{ include "jiangbu.databaseUrl" (dict "root" .root "user" $role "database" $database "standbys" false) | quote }}}
{{- if and .root.Values.postgresql.cloudnativepg (gt (int .root.Values.postgresql.instances) 1) }}
- {name: DATABASE_READ_URL, value: {{ include "jiangbu.databaseUrl" (dict "root" .root "user" $role "database" $database "standbys" true) | quote }}}
{{- end }}
- {name: DATABASE_PASSWORD_FILE, value: /secrets/database-password}
- {name: SIGNING_KEY_FILE, value: /secrets/signing-key}
- {name: API_KEYS_FILE, value: /apis/api-keys.yaml}
- {name: EXCHANGES_FILE, value: /etc/jiangbu/exchanges.yaml}
- {name: REGISTER, value: {{ .root.Values.register }}}
- {name: REGISTERS, value: {{ include "jiangbu.registers" .root | quote }}}
{{- if eq .service "incentive" }}
- {name: SERVICE_KEY_FILE, value: /service/api-key}
- {name: SESSION_KEY_FILE, value: /secrets/session-key}
{{- if .root.Values.policy }}
- {name: POLICY_FILE, value: /etc/jiangbu/policy.yaml}
{{- end }}
{{- end }}
{{- range $name, $value := .root.Values.settings }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end -}}

{{- /* Mounts of the authorities of both engines. */ -}}
{{- define "jiangbu.authorityMounts" -}}
{{- if include "jiangbu.kafkaAuthority" . }}
- {name: kafka-ca, mountPath: /etc/kafka, readOnly: true}
{{- end }}
{{- if .Values.postgresql.cloudnativepg }}
- {name: postgres-ca, mountPath: /etc/postgres, readOnly: true}
{{- end }}
{{- end -}}

{{- define "jiangbu.authorityVolumes" -}}
{{- with include "jiangbu.kafkaAuthority" . }}
- name: kafka-ca
  secret: {secretName: {{ . }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- if .Values.postgresql.cloudnativepg }}
- name: postgres-ca
  secret: {secretName: {{ include "jiangbu.postgres" . }}-ca, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end -}}

{{- /* Mounts of a program: (dict "root" $ "service" NAME "kind" KIND) */ -}}
{{- define "jiangbu.programMounts" -}}
- {name: config, mountPath: /etc/jiangbu, readOnly: true}
- {name: secrets, mountPath: /secrets, readOnly: true}
{{- if eq .kind "api" }}
- {name: apis, mountPath: /apis, readOnly: true}
{{- end }}
{{- if eq .service "incentive" }}
- {name: service, mountPath: /service, readOnly: true}
{{- end }}
- {name: tmp, mountPath: /tmp}
{{ include "jiangbu.authorityMounts" .root }}
{{- end -}}

{{- define "jiangbu.programVolumes" -}}
- name: config
  configMap: {name: {{ include "jiangbu.name" .root }}-config}
- name: secrets
  secret: {secretName: {{ include "jiangbu.secret" (dict "root" .root "holder" .service) }}, defaultMode: 0440}
{{- if eq .kind "api" }}
- name: apis
  secret: {secretName: {{ include "jiangbu.secret" (dict "root" .root "holder" "apis") }}, defaultMode: 0440}
{{- end }}
{{- if eq .service "incentive" }}
- name: service
  secret: {secretName: {{ include "jiangbu.secret" (dict "root" .root "holder" "service") }}, defaultMode: 0440}
{{- end }}
- name: tmp
  emptyDir: {medium: Memory, sizeLimit: 64Mi}
{{ include "jiangbu.authorityVolumes" .root }}
{{- end -}}

{{- /* The volume with `database-password` of PostgreSQL's admin. */ -}}
{{- define "jiangbu.adminSecret" -}}
secret:
  {{- if .Values.postgresql.cloudnativepg }}
  secretName: {{ include "jiangbu.postgres" . }}-superuser
  items: [{key: password, path: database-password}]
  {{- else }}
  secretName: {{ include "jiangbu.secret" (dict "root" . "holder" "postgres") }}
  {{- end }}
  defaultMode: 0440
{{- end -}}
