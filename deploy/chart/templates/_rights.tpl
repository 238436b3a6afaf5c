{{- /*
The rights of every user of Kafka, as `deploy/broker/access.py` has them: {USER: {"OPERATION TYPE NAME": PATTERN}}.
*/ -}}
{{- define "jiangbu.rights" -}}
{{- $users := dict -}}
{{- $listings := list -}}
{{- $trades := list "facts.listing.v1" -}}
{{- range .Values.whitelist.exchanges -}}
{{- $listings = append $listings (printf "exchange.%s.listings.v1" .id) -}}
{{- $trades = append $trades (printf "exchange.%s.trades.v1" .id) -}}
{{- $prefix := printf "exchange.%s." .id -}}
{{- $_ := set $users (printf "exchange.%s" .id) (dict
  (printf "Write topic %slistings.v1" $prefix) "literal"
  (printf "Write topic %strades.v1" $prefix) "literal"
  "Read topic logs.checkpoints.v1" "literal"
  (printf "Write transactionalId %s" $prefix) "prefix") -}}
{{- end -}}
{{- range list "bureau" "auditor" -}}
{{- $_ := set $users . (dict "Read topic incentive.awards.v1" "literal" (printf "Read group %s." .) "prefix") -}}
{{- end -}}
{{- $_ := set $users "backup" (dict "Read topic exchange." "prefix") -}}
{{- $facts := list "facts.first-listing.v1" "facts.first-purchase.v1" "facts.annual-total.v1" "facts.sign.v1" -}}
{{- range list
  (dict "user" "listing" "reads" $listings "publishes" (list "facts.listing.v1" "facts.first-listing.v1")
    "group" (printf "jiangbu.%s.listings" .Values.register) "transactionalId" (printf "jiangbu.%s.listings" .Values.register))
  (dict "user" "trade-ingest" "reads" $trades "publishes" (list "facts.first-purchase.v1" "facts.annual-total.v1" "facts.sign.v1")
    "group" (printf "jiangbu.%s.trades" .Values.register) "transactionalId" (printf "jiangbu.%s.trades" .Values.register))
  (dict "user" "incentive" "reads" $facts "publishes" (list "incentive.awards.v1")
    "group" "jiangbu.incentive" "transactionalId" "jiangbu.incentive.awards") -}}
{{- $rights := dict (printf "Read group %s" .group) "literal" (printf "Write transactionalId %s" .transactionalId) "literal" -}}
{{- range concat .reads .publishes (list "logs.checkpoints.v1") -}}
{{- $_ := set $rights (printf "Read topic %s" .) "literal" -}}
{{- end -}}
{{- range concat .publishes (list "logs.checkpoints.v1") -}}
{{- $_ := set $rights (printf "Write topic %s" .) "literal" -}}
{{- end -}}
{{- $_ := set $users .user $rights -}}
{{- end -}}
{{- toYaml $users -}}
{{- end -}}
