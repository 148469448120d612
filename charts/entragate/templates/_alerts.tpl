{{/*
What to be told of, and woken for (critical). The label `service` is that of the metrics Service, by which a ServiceMonitor finds the Pods. Prometheus
calls a label `exported_…` where the target has one of the same name.
*/}}
{{- define "entragate.alerts" -}}
{{- $of := printf "namespace=%q,service=\"%s-metrics\"" .Release.Namespace (include "entragate.fullname" .) -}}
- alert: EntragateDown
  expr: absent(up{ {{- $of -}} } == 1)
  for: 2m
  severity: critical
  summary: No Pod of Entragate answers Prometheus.
  description: Most likely nothing behind it can be reached. Look at the Pods, their Events and their log. If they are ready, Prometheus can not reach port 9090, as where a NetworkPolicy forbids it.
- alert: EntragateNotServing
  expr: max(entragate_ready{ {{- $of -}} }) == 0
  for: 2m
  severity: critical
  summary: Pods run, and none is ready.
  description: Every request is answered with 503. A Pod that starts has to read the whole cluster and the Secret with the keys first. `/readyz` says what it waits for, the log why; most often the API server, a permission or a CustomResourceDefinition.
- alert: EntragatePodNotReady
  expr: min by (pod) (entragate_ready{ {{- $of -}} }) == 0
  for: 15m
  severity: warning
  summary: A Pod runs, and does not become ready.
  description: The others serve what it should. `/readyz` of that Pod says what it waits for, and its log why. Where no worker serves, memory or the number of processes is at its limit most often.
- alert: EntragateConfigurationStale
  expr: max by (pod) (entragate_config_age_seconds{ {{- $of -}} }) > 600
  for: 1m
  severity: warning
  summary: A Pod serves by a configuration that is older than 10 minutes.
  description: It has lost the API server, or can not apply what changed. Traffic goes on; changes of Ingresses, Policies and endpoints do not arrive. entragate_kube_failures_total and the log say why. Do not restart Pods, since one that starts can not read the cluster either. "A change could not be applied" in the log tells of a defect of Entragate, so please report it.
- alert: EntragateConfigurationOutdated
  expr: max by (pod) (entragate_config_outdated{ {{- $of -}} }) > 0
  for: 0m
  severity: critical
  summary: A Pod denies everything.
  description: It has lost the API server, or could not apply what changed, for longer than maxConfigAge allows. It serves again by itself as soon as it can read the cluster. entragate_kube_failures_total and the log say what keeps it from that.
- alert: EntragateWatchLost
  expr: max by (pod, kind) (entragate_kube_watches_lost{ {{- $of -}} }) > 0
  for: 10m
  severity: warning
  summary: A Pod does not watch all objects of one kind.
  description: Changes of this kind do not arrive, or not those of one namespace where rbac.namespaces lists them; the log says of which. entragate_kube_failures_total says why, as its label cause. With forbidden a permission is missing, so look at rbac.create and at the Roles; with not-found a CustomResourceDefinition is missing, so apply the folder crds of the chart.
- alert: EntragateObjectUnreadable
  expr: max by (kind) (entragate_kube_unreadable_objects{ {{- $of -}} }) > 0
  for: 10m
  severity: warning
  summary: Objects are malformed.
  description: What they protect is denied. The log and `entragate check --cluster` name them. Correct them; a CustomResourceDefinition older than the controller lets such objects through, and a newer one allows fields that it does not know.
- alert: EntragateSecretMissing
  expr: max by (outcome) (entragate_kube_secrets{ {{- $of -}} ,outcome!="present"}) > 0
  for: 15m
  severity: warning
  summary: Secrets that objects refer to are missing or can not be read.
  description: Hosts without their certificate get the default one, or TLS handshakes for them fail; without the credential of an IdentityProvider nobody new can sign in. `entragate check --cluster`, Events of the Ingresses and conditions of the IdentityProviders name them. Make the Secret, or correct its name.
- alert: EntragateCertificateExpires
  expr: min by (exported_namespace, secret) (entragate_certificate_expiry_timestamp_seconds{ {{- $of -}} }) - time() < 7 * 86400
  for: 1h
  severity: warning
  summary: A certificate expires within a week.
  description: Whoever renews the Secret has not done so. Look at its Certificate where cert-manager does it, else write a new certificate into the Secret; it is served within a minute.
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
  description: Traffic goes on; statuses, Events and keys are not written. While the API server is away this is so by itself. Else the log says why the Lease can not be renewed; most often a permission.
- alert: EntragateStatusPending
  expr: max by (pod) (entragate_status_pending{ {{- $of -}} }) > 0 and on (pod) entragate_leader{ {{- $of -}} } == 1
  for: 15m
  severity: warning
  summary: Objects do not show what became of them.
  description: Statuses or Events can not be written, and what is shown may be out of date. entragate_status_failures_total says why, as its label cause, and the log names the objects.
- alert: EntragateSignOutsWaiting
  expr: max by (pod) (entragate_revocations_waiting{ {{- $of -}} }) > 0
  for: 5m
  severity: warning
  summary: Sign-outs are known to one Pod only.
  description: The API server does not take Revocations. Other Pods let those sessions in until their own bounds end. Do not restart this Pod, since what waits ends with it. The log says why; the waiting ones are written as soon as it is possible.
- alert: EntragateSignOutsLost
  expr: sum(increase(entragate_revocations_dropped_total{ {{- $of -}} }[1h])) > 0
  for: 0m
  severity: critical
  summary: Sign-outs were dropped since too many waited.
  description: Sessions that were signed out go on in other Pods until their own bounds end. As soon as the API server takes it, write a Revocation with the present time in spec.before and without spec.user; everybody signs in again, silently where the session at the identity provider still stands.
- alert: EntragateSignInsFail
  expr: sum(rate(entragate_requests_total{ {{- $of -}} ,decision="own",status=~"5.."}[5m])) > 0
  for: 5m
  severity: critical
  summary: Sign-ins fail, and not because of who signs in.
  description: Nobody new gets in, and who is signed in has until maxStale (60 minutes). The log line "A sign-in failed for a reason that is not the user" has Entra's AADSTS number or what else is wrong, and docs/entra-setup.md what to do. Most often the client secret has expired (AADSTS7000222), or Pods can not reach the identity provider.
- alert: EntragateBackendFailures
  expr: sum(rate(entragate_upstream_failures_total{ {{- $of -}} }[5m])) / sum(rate(entragate_requests_total{ {{- $of -}} }[5m])) > 0.05
  for: 10m
  severity: warning
  summary: Backends fail more than 5 % of requests.
  description: Apps, or the way to them, are at fault. The label code of entragate_upstream_failures_total says how they fail, and the access log names route, code and detail.
- alert: EntragateConnectionsRefused
  expr: sum by (cap) (rate(entragate_connections_refused_total{ {{- $of -}} }[5m])) > 0
  for: 5m
  severity: warning
  summary: Connections are refused past a cap.
  description: With cap worker, all clients together hold more connections than a worker serves, so add Pods. With cap client, one address does; where it is a load balancer, name it in trustedProxies.
{{- end -}}
