{{/*
What to be woken for. The label `service` is that of the metrics Service, by which a ServiceMonitor finds the Pods. Prometheus calls a label
`exported_…` where the target has one of the same name.
*/}}
{{- define "entragate.alerts" -}}
{{- $of := printf "namespace=%q,service=\"%s-metrics\"" .Release.Namespace (include "entragate.fullname" .) -}}
- alert: EntragateDown
  expr: absent(up{ {{- $of -}} } == 1)
  for: 2m
  severity: critical
  summary: No Pod of Entragate answers.
  description: Nothing behind it can be reached. Look at the Pods and their log.
- alert: EntragateConfigurationStale
  expr: max by (pod) (entragate_config_age_seconds{ {{- $of -}} }) > 600
  for: 1m
  severity: warning
  summary: A Pod serves by a configuration that is older than 10 minutes.
  description: It has lost the API server, or can not apply what changed. Traffic goes on; changes of Ingresses, Policies and endpoints do not arrive. entragate_kube_failures_total and the log say why.
- alert: EntragateConfigurationOutdated
  expr: max by (pod) (entragate_config_outdated{ {{- $of -}} }) > 0
  for: 0m
  severity: critical
  summary: A Pod denies everything.
  description: It has lost the API server, or could not apply what changed, for longer than maxConfigAge allows. It serves again as soon as it can.
- alert: EntragateWatchLost
  expr: min by (pod, kind) (entragate_kube_watches{ {{- $of -}} }) == 0
  for: 10m
  severity: warning
  summary: A Pod has no watch of one kind of object.
  description: Changes of this kind do not arrive. entragate_kube_failures_total says why; forbidden means a missing permission, not-found a missing CustomResourceDefinition.
- alert: EntragateObjectUnreadable
  expr: max by (kind) (entragate_kube_unreadable_objects{ {{- $of -}} }) > 0
  for: 10m
  severity: warning
  summary: Objects are malformed.
  description: What they protect is denied. The log names them; a CustomResourceDefinition older than the controller lets such objects through.
- alert: EntragateSecretMissing
  expr: max by (outcome) (entragate_kube_secrets{ {{- $of -}} ,outcome!="present"}) > 0
  for: 15m
  severity: warning
  summary: Secrets that objects refer to are missing or can not be read.
  description: Hosts without their certificate get the default one, or 421. Events of the Ingresses and conditions of the IdentityProviders name them.
- alert: EntragateCertificateExpires
  expr: min by (exported_namespace, secret) (entragate_certificate_expiry_timestamp_seconds{ {{- $of -}} }) - time() < 7 * 86400
  for: 1h
  severity: warning
  summary: A certificate expires within a week.
  description: Whoever renews the Secret has not done so.
- alert: EntragateDefinitionOutdated
  expr: max by (crd) (entragate_crd_outdated{ {{- $of -}} }) > 0
  for: 15m
  severity: warning
  summary: A CustomResourceDefinition is older than the controller.
  description: Fields that it does not know are lost when they are written. Apply the folder crds of the chart, as its notes say.
- alert: EntragateNoLeader
  expr: sum(entragate_leader{ {{- $of -}} }) != 1
  for: 10m
  severity: warning
  summary: Not exactly one Pod holds the Lease.
  description: Traffic goes on; statuses, Events and keys are not written.
- alert: EntragateStatusPending
  expr: max by (pod) (entragate_status_pending{ {{- $of -}} }) > 0 and on (pod) entragate_leader{ {{- $of -}} } == 1
  for: 15m
  severity: warning
  summary: Objects do not show what became of them.
  description: Statuses or Events can not be written. entragate_status_failures_total says why.
- alert: EntragateSignOutsWaiting
  expr: max by (pod) (entragate_revocations_waiting{ {{- $of -}} }) > 0
  for: 5m
  severity: warning
  summary: Sign-outs are known to one Pod only.
  description: The API server does not take Revocations. Other Pods let those sessions in until their own bounds end.
- alert: EntragateSignOutsLost
  expr: sum(increase(entragate_revocations_dropped_total{ {{- $of -}} }[1h])) > 0
  for: 0m
  severity: critical
  summary: Sign-outs were dropped since too many waited.
  description: Sessions that were signed out go on in other Pods until their own bounds end.
- alert: EntragateBackendFailures
  expr: sum(rate(entragate_upstream_failures_total{ {{- $of -}} }[5m])) / sum(rate(entragate_requests_total{ {{- $of -}} }[5m])) > 0.05
  for: 10m
  severity: warning
  summary: Backends fail more than 5 % of requests.
  description: The access log names routes and backends.
- alert: EntragateConnectionsRefused
  expr: sum by (cap) (rate(entragate_connections_refused_total{ {{- $of -}} }[5m])) > 0
  for: 5m
  severity: warning
  summary: Connections are refused past a cap.
  description: One client, or all together, hold more connections than one worker serves. Add Pods, or look at who it is.
{{- end -}}
